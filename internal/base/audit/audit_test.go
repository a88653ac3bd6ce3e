package audit_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
)

func entry(i int) audit.Entry {
	return audit.Entry{At: time.UnixMicro(int64(i)), Actor: "client", Client: int64(i), Act: "login", Subject: fmt.Sprint("dv_", i)}
}

func fill(t *testing.T, d *db.DB, n int) {
	t.Helper()
	ctx := context.Background()
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if err := d.Write(ctx, func(tx db.Tx) error { return audit.Append(ctx, tx, entry(i)) }); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func verify(t *testing.T, d *db.DB) (n int64, breaches []audit.Breach) {
	t.Helper()
	if err := d.Read(context.Background(), func(r db.Reader) (err error) {
		n, breaches, err = audit.Verify(context.Background(), r)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n, breaches
}

func TestChainHoldsUnderParallelWriters(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if n, bad := verify(t, d); n != 0 || len(bad) != 0 {
			t.Fatalf("empty trail: %d rows, %v", n, bad)
		}
		fill(t, d, 40)
		wrong := errors.New("rolled back")
		err := d.Write(context.Background(), func(tx db.Tx) error {
			if err := audit.Append(context.Background(), tx, entry(1), entry(2)); err != nil {
				return err
			}
			return wrong
		})
		if !errors.Is(err, wrong) {
			t.Fatal(err)
		}
		if n, bad := verify(t, d); n != 40 || len(bad) != 0 {
			t.Errorf("%d rows, %v; want 40 whole ones", n, bad)
		}
	})
}

var tampers = map[string]*db.Stmt{
	"alter":    db.Query(`UPDATE audit SET client = client + 1 WHERE seq = 5`),
	"delete":   db.Query(`DELETE FROM audit WHERE seq = 5`),
	"move":     db.Query(`UPDATE audit SET seq = -seq WHERE seq = 5`),
	"truncate": db.Query(`DELETE FROM audit WHERE seq > 8`),
	"add":      db.Query(`INSERT INTO audit (seq, at_us, actor, client, act, subject, details, hash) SELECT 11, at_us, actor, client, act, subject, details, hash FROM audit WHERE seq = 10`),
}

func TestTamperingIsFound(t *testing.T) {
	t.Parallel()
	for name, q := range tampers {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				fill(t, d, 10)
				ctx := context.Background()
				if err := d.Write(ctx, func(tx db.Tx) error { _, err := tx.Exec(ctx, q); return err }); err != nil {
					t.Fatal(err)
				}
				if _, bad := verify(t, d); len(bad) == 0 {
					t.Error("nobody noticed")
				}
			})
		})
	}
}
