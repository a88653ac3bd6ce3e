package db_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
)

var (
	qPut = db.Query(`INSERT INTO setting (name, value) VALUES ($1, $2)`)
	qAll = db.Query(`SELECT COUNT(*) FROM setting`)
)

// Units of work that wait together share a commit: one that fails leaves
// nothing behind and does not disturb its neighbours.
func TestWriteIsolatesFailures(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, wrong := context.Background(), errors.New("wrong")
		var wg sync.WaitGroup
		for i := range 60 {
			wg.Go(func() {
				after := false
				err := d.Write(ctx, func(tx db.Tx) error {
					after = false
					tx.AfterCommit(func() { after = true })
					if _, err := tx.Exec(ctx, qPut, fmt.Sprint(i), "x"); err != nil {
						return err
					}
					if i%3 == 0 {
						return wrong
					}
					return nil
				})
				if bad := i%3 == 0; bad != errors.Is(err, wrong) || after == bad {
					t.Errorf("unit %d: err=%v after=%v", i, err, after)
				}
			})
		}
		wg.Wait()
		var n int
		if err := d.Row(ctx, qAll).Scan(&n); err != nil || n != 40 {
			t.Errorf("%d rows, %v; want 40", n, err)
		}
		err := d.Write(ctx, func(tx db.Tx) error { _, err := tx.Exec(ctx, qPut, "1", "again"); return err })
		if !db.IsUnique(err) {
			t.Errorf("double key gave %v", err)
		}
	})
}

// A mistyped name is told, and leaves no empty database behind.
func TestOpenWhatIsNotThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mistyped.db")
	if d, err := db.Open(context.Background(), "sqlite:"+path, db.Options{Exists: true}); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("opened %v, %v", d, err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the file was made: %v", err)
	}
}

// The server says, during the commit, that it gave up waiting for its replica:
// the row is here, but a failover would not know it.
func TestCommitDidNotReachItsReplica(t *testing.T) {
	ctx := context.Background()
	url := dbtest.Postgres(t)
	d := dbtest.Open(t, url, clock.System())
	raw, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if _, err := raw.ExecContext(ctx, dbtest.Unreplicated("setting")); err != nil {
		t.Fatal(err)
	}
	after := false
	err = d.Write(ctx, func(tx db.Tx) error {
		tx.AfterCommit(func() { after = true })
		_, err := tx.Exec(ctx, qPut, "a", "x")
		return err
	})
	if !errors.Is(err, db.ErrUnknownOutcome) || after || !has(t, d, "a") {
		t.Errorf("told %v, after=%v", err, after)
	}
	for range 5 { // a later unit on the same connection is not to blame
		if err := d.Write(ctx, func(tx db.Tx) error { _, err := tx.Exec(ctx, qDrop, "b"); return err }); err != nil {
			t.Errorf("then told %v", err)
		}
	}
}

var qDrop = db.Query(`DELETE FROM setting WHERE name = $1`)

// Whoever gives up while the commit is under way is not told that nothing
// happened.
func TestGivingUpInTheCommit(t *testing.T) {
	d := dbtest.Open(t, dbtest.Postgres(t), clock.System())
	ctx, cancel := context.WithCancel(context.Background())
	err := d.Write(ctx, func(tx db.Tx) error {
		defer cancel()
		_, err := tx.Exec(ctx, qPut, "a", "x")
		return err
	})
	if stored := has(t, d, "a"); !errors.Is(err, db.ErrUnknownOutcome) && stored != (err == nil) {
		t.Errorf("told %v, stored %v", err, stored)
	}
}

func TestWritePanicReachesTheCaller(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			d.Write(ctx, func(tx db.Tx) error { tx.Exec(ctx, qPut, "p", "x"); panic("broken invariant") })
		}()
		var n int
		if err := d.Row(ctx, qAll).Scan(&n); err != nil || n != 0 {
			t.Errorf("%d rows, %v; want none", n, err)
		}
	})
}

func TestStampRefusesAnotherKind(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		if err := d.Stamp(ctx, db.Demo); err != nil {
			t.Fatal(err)
		}
		if err := d.Stamp(ctx, db.Demo); err != nil {
			t.Errorf("second start: %v", err)
		}
		if err := d.Stamp(ctx, db.Live); err == nil {
			t.Error("a demo database was taken for a live one")
		}
	})
}

func TestReadIsOneSnapshot(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		err := d.Read(ctx, func(r db.Reader) error {
			var a, b int
			if err := r.Row(ctx, qAll).Scan(&a); err != nil {
				return err
			}
			if err := d.Write(ctx, func(tx db.Tx) error { _, err := tx.Exec(ctx, qPut, "n", "x"); return err }); err != nil {
				return err
			}
			if err := r.Row(ctx, qAll).Scan(&b); err != nil {
				return err
			}
			if a != b {
				t.Errorf("saw %d rows, then %d", a, b)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// Each statement gets its arrays right, also with absent values.
func TestInsertArrays(t *testing.T) {
	ins := db.NewInsert("setting", db.Col{Name: "name", Type: db.Text}, db.Col{Name: "value", Type: db.Text})
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		if err := d.Write(ctx, func(tx db.Tx) error { return tx.Insert(ctx, ins.Row("a", "1"), ins.Row("b", "2")) }); err != nil {
			t.Fatal(err)
		}
		if d.Engine() == db.Postgres {
			arrays, err := ins.Arrays([][]any{{"c", "3"}, {"d", "4"}})
			if err != nil {
				t.Fatal(err)
			}
			many := ins.Many()
			if err := d.Write(ctx, func(tx db.Tx) error { _, err := tx.Exec(ctx, many, arrays...); return err }); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := ins.Arrays([][]any{{"c", 3}}); err == nil {
			t.Error("a number went into a text column")
		}
	})
}
