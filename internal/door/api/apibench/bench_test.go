package apibench_test

import (
	"context"
	"testing"
	"time"

	"rocketbank/internal/base/bench"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/door/api/apibench"
)

func TestBenchAgreesWithTheBook(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f, err := apibench.Run(context.Background(), d, apibench.Config{
			Load: bench.Load{Callers: 8, For: 200 * time.Millisecond}, Accounts: 200,
		})
		if err != nil || f.Ops == 0 || f.Errors != 0 || f.P50 <= 0 || f.P99 < f.P50 {
			t.Errorf("%+v %v", f, err)
		}
	})
}
