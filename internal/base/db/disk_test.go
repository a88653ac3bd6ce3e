package db_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/tier"
)

var qHas = db.Query(`SELECT COUNT(*) FROM setting WHERE name = $1`)

func put(d *db.DB, name, value string) error {
	ctx := context.Background()
	return d.Write(ctx, func(tx db.Tx) error { _, err := tx.Exec(ctx, qPut, name, value); return err })
}

func has(t *testing.T, d *db.DB, name string) bool {
	t.Helper()
	var n int
	if err := d.Row(context.Background(), qHas, name).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n == 1
}

// A commit whose sync fails is in the file and yet not acknowledged: after a
// crash it is there, so nobody may be told that it is not. Nothing is written
// on top of it until the next start.
func TestFailedCommitIsUnknown(t *testing.T) {
	disk := dbtest.NewDisk(t)
	d := dbtest.Open(t, disk.URL(), clock.System())
	if err := put(d, "before", "x"); err != nil || d.Healthy() != nil {
		t.Fatal(err, d.Healthy())
	}
	disk.Break(dbtest.Fault{Ops: dbtest.Syncs, At: 1})
	if err := put(d, "lost", "x"); !errors.Is(err, db.ErrUnknownOutcome) {
		t.Errorf("told %v", err)
	}
	if !disk.Mend() {
		t.Fatal("nothing was synced")
	}
	if d.Healthy() == nil {
		t.Error("it goes on")
	}
	if err := put(d, "after", "x"); !errors.Is(err, db.ErrBusy) || errors.Is(err, db.ErrUnknownOutcome) {
		t.Errorf("afterwards told %v, want busy", err)
	}
	if err := d.WithWriter(context.Background(), func(*sql.Conn) error { return nil }); !errors.Is(err, db.ErrBusy) {
		t.Errorf("the connection was lent: %v", err)
	}
	again := dbtest.Open(t, disk.After(t), clock.System())
	if !has(t, again, "before") || !has(t, again, "lost") || has(t, again, "after") {
		t.Error("the crash did not bring the lost commit back: this test shows nothing")
	}
	if again.Healthy() != nil {
		t.Error(again.Healthy())
	}
}

// When SQLite gives a whole transaction up by itself, nobody of the batch is
// told that his work is durable, and nothing of it is.
func TestWholeTransactionRolledBack(t *testing.T) {
	ctx := context.Background()
	big := strings.Repeat("x", 1<<20)
	for name, swallows := range map[string]bool{"told": false, "swallowed": true} {
		t.Run(name, func(t *testing.T) {
			d := dbtest.Open(t, dbtest.SQLite(t), clock.System())
			if err := d.WithWriter(ctx, func(c *sql.Conn) error {
				var pages int
				if err := c.QueryRowContext(ctx, "PRAGMA page_count").Scan(&pages); err != nil {
					return err
				}
				_, err := c.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", pages+10))
				return err
			}); err != nil {
				t.Fatal(err)
			}
			units := map[string]func(tx db.Tx) error{
				"a": func(tx db.Tx) error { _, err := tx.Exec(ctx, qPut, "a", "x"); return err },
				"b": func(tx db.Tx) error {
					_, err := tx.Exec(ctx, qPut, "b", big)
					if err == nil {
						t.Error("the disk is not full")
					}
					if !swallows {
						return err
					}
					tx.Row(ctx, qTouch, "b").Scan(new(string))
					if rows, err := tx.Rows(ctx, qTouch, "b"); err == nil {
						rows.Next()
						rows.Close()
					}
					tx.Exec(ctx, qPut, "b", "x")
					return nil
				},
				"c": func(tx db.Tx) error { _, err := tx.Exec(ctx, qPut, "c", "x"); return err },
			}
			var wg sync.WaitGroup
			told := map[string]error{}
			var mu sync.Mutex
			hold := make(chan struct{})
			wg.Go(func() { d.Write(ctx, func(db.Tx) error { <-hold; return nil }) })
			for _, n := range []string{"a", "b", "c"} {
				time.Sleep(20 * time.Millisecond) // they queue in this order
				wg.Go(func() {
					err := d.Write(ctx, units[n])
					mu.Lock()
					defer mu.Unlock()
					told[n] = err
				})
			}
			time.Sleep(20 * time.Millisecond)
			close(hold)
			wg.Wait()
			for n, err := range told {
				if stored := has(t, d, n); stored != (err == nil) {
					t.Errorf("%s: told %v, stored %v", n, err, stored)
				}
				if errors.Is(err, db.ErrUnknownOutcome) || n != "b" && err != nil && fault.CodeOf(err) != fault.Busy {
					t.Errorf("%s: told %v, want busy", n, err)
				}
			}
			if told["b"] == nil {
				t.Error("b was told that all is well")
			}
			if err := put(d, "later", "x"); err != nil || !has(t, d, "later") {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

var qTouch = db.Query(`INSERT INTO setting (name, value) VALUES ($1, 'x') RETURNING value`)

// TestEveryDiskFault breaks each write and each sync in turn, in every way a
// disk breaks, and holds all answers against what a crash and a clean start
// find: what was acknowledged is there, what was denied is not.
func TestEveryDiskFault(t *testing.T) {
	empty := dbtest.SQLite(t)
	made := dbtest.Open(t, empty, clock.System())
	if err := made.Close(); err != nil {
		t.Fatal(err)
	}
	for name, f := range dbtest.Faults() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			step := tier.Count(6, 1, 1)
			if f.Ops == dbtest.Syncs {
				step = 1 // there are few
			}
			for at := 1; ; at += step {
				f.At = at
				if !faultRound(t, empty, f) {
					if at < 8 {
						t.Errorf("only %d operations", at)
					}
					return
				}
				if t.Failed() {
					return
				}
			}
		})
	}
}

// faultRound does some work with one fault and tells whether it came.
func faultRound(t *testing.T, empty string, f dbtest.Fault) bool {
	t.Helper()
	ctx := context.Background()
	disk := dbtest.NewDisk(t)
	disk.Load(t, empty)
	d, err := db.Open(ctx, disk.URL(), db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dbtest.Squeeze(t, d)
	disk.Break(f)
	told := map[string]error{}
	var mu sync.Mutex
	for i := range 4 {
		var wg sync.WaitGroup
		for j := range 4 {
			wg.Go(func() {
				n := fmt.Sprint(i, ".", j)
				err := put(d, n, strings.Repeat("x", 6000))
				mu.Lock()
				defer mu.Unlock()
				told[n] = err
			})
		}
		wg.Wait()
	}
	crashed := dbtest.Open(t, disk.After(t), clock.System())
	d.Close() // may fail: the disk may still be broken
	came := disk.Mend()
	clean := dbtest.Open(t, disk.URL(), clock.System())
	for n, err := range told {
		if errors.Is(err, db.ErrUnknownOutcome) {
			continue
		}
		for when, d := range map[string]*db.DB{"a crash": crashed, "a clean end": clean} {
			if stored := has(t, d, n); stored != (err == nil) {
				t.Errorf("fault %+v: %s was told %v, after %s it is stored: %v", f, n, err, when, stored)
			}
		}
	}
	return came
}
