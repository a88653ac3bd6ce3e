package ledgerbench

import (
	"context"
	"testing"
	"time"

	"rocketbank/internal/base/bench"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
)

func TestBenchAgreesWithTheBook(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, hot := range []float64{0, 0.5} { // the second run empties the first one's database
			f, err := Run(context.Background(), d, Config{
				Load: bench.Load{Callers: 8, For: 200 * time.Millisecond}, Accounts: 200, Hot: hot,
			})
			if err != nil || f.Ops == 0 || f.Errors != 0 || f.P50 <= 0 || f.P99 < f.P50 {
				t.Errorf("%+v %v", f, err)
			}
		}
	})
}

func TestBenchRefusesAPeoplesDatabase(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := d.Stamp(context.Background(), db.Live); err != nil {
			t.Fatal(err)
		}
		if _, err := Run(context.Background(), d, Config{Load: bench.Load{Callers: 1, For: time.Millisecond}, Accounts: 2}); err == nil {
			t.Error("a bench emptied a live database")
		}
	})
}
