package cardhostbench_test

import (
	"context"
	"testing"
	"time"

	"rocketbank/internal/base/bench"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/door/cardhost/cardhostbench"
)

func TestBenchAgreesWithTheBook(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for range 2 { // the second run empties the first one's database
			f, err := cardhostbench.Run(context.Background(), d, cardhostbench.Config{
				Load: bench.Load{Callers: 8, For: 200 * time.Millisecond}, Accounts: 40,
			})
			if err != nil || f.Ops == 0 || f.Errors != 0 || f.P50 <= 0 || f.P99 < f.P50 {
				t.Errorf("%+v %v", f, err)
			}
		}
	})
}
