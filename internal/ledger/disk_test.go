package ledger

import (
	"context"
	"errors"
	"sync"
	"testing"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/base/tier"
)

// TestFailedCommitIsUnknown: the disk fails at the sync of a commit. The money
// moves when the process dies then, so the caller is told that nobody knows,
// again when he asks again, and the book takes nothing else.
func TestFailedCommitIsUnknown(t *testing.T) {
	disk := dbtest.NewDisk(t)
	h := newHouse(t, dbtest.Open(t, disk.URL(), clock.System()), disk.URL(), Options{})
	clients.Add(100)
	a, b := h.account(1, 100), h.account(2, 0)
	tr := transfer(1, a, b, 60)
	disk.Break(dbtest.Fault{Ops: dbtest.Syncs, At: 1})
	if _, err := h.book.Post(bg, tr); !errors.Is(err, ErrUnknownOutcome) {
		t.Errorf("told %v", err)
	}
	if !disk.Mend() {
		t.Fatal("nothing was synced")
	}
	if h.book.Healthy() == nil {
		t.Error("the book goes on")
	}
	if _, err := h.book.Post(bg, tr); !errors.Is(err, ErrUnknownOutcome) {
		t.Errorf("asked again, told %v", err)
	}
	if _, err := h.book.Post(bg, transfer(1, a, b, 1)); !errors.Is(err, ErrBusy) {
		t.Errorf("another transfer was told %v", err)
	}
	err := h.db.Write(bg, func(tx db.Tx) error { _, err := h.book.PostTx(bg, tx, transfer(1, a, b, 1)); return err })
	if !errors.Is(err, db.ErrBusy) {
		t.Errorf("a unit of work was told %v", err)
	}
	url := disk.After(t)
	again := newHouse(t, dbtest.Open(t, url, clock.System()), url, Options{})
	again.balance(a, 40, 0) // the crash brought it back
	if r := again.post(tr); !r.Replay || r.Refused() {
		t.Errorf("asked by key after the crash: %+v", r)
	}
	again.verified()
}

// TestUnitMeetsTheBrokenDisk: the book is not ready any more when a unit of
// work was first to meet the broken disk.
func TestUnitMeetsTheBrokenDisk(t *testing.T) {
	disk := dbtest.NewDisk(t)
	h := newHouse(t, dbtest.Open(t, disk.URL(), clock.System()), disk.URL(), Options{})
	clients.Add(100)
	a, b := h.account(1, 100), h.account(2, 0)
	disk.Break(dbtest.Fault{Ops: dbtest.Syncs, At: 1})
	err := h.db.Write(bg, func(tx db.Tx) error { _, err := h.book.PostTx(bg, tx, transfer(1, a, b, 1)); return err })
	disk.Mend()
	if !errors.Is(err, db.ErrUnknownOutcome) {
		t.Errorf("told %v", err)
	}
	if h.book.Healthy() == nil {
		t.Error("the book goes on")
	}
	if _, err := h.book.Post(bg, transfer(1, a, b, 1)); !errors.Is(err, ErrBusy) {
		t.Errorf("told %v", err)
	}
}

// TestEveryDiskFault breaks each write and each sync in turn, in every way a
// disk breaks, under transfers and units of work, and holds all answers
// against what a crash and a clean start find in the book.
func TestEveryDiskFault(t *testing.T) {
	url := dbtest.SQLite(t)
	h := newHouse(t, dbtest.Open(t, url, clock.System()), url, Options{})
	clients.Add(100)
	a, b := h.account(1, 1_000_000), h.account(2, 0)
	h.book.Close()
	if err := h.db.Close(); err != nil {
		t.Fatal(err)
	}
	for name, f := range dbtest.Faults() {
		t.Run(name, func(t *testing.T) {
			step := tier.Count(11, 1, 1)
			if f.Ops == dbtest.Syncs {
				step = 1 // there are few
			}
			for at := 1; ; at += step {
				f.At = at
				if !faultRound(t, url, f, a, b) {
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

// faultRound moves some money with one fault and tells whether it came.
func faultRound(t *testing.T, url string, f dbtest.Fault, a, b AccountID) bool {
	t.Helper()
	disk := dbtest.NewDisk(t)
	disk.Load(t, url)
	d, err := db.Open(bg, disk.URL(), db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dbtest.Squeeze(t, d)
	book, err := NewBook(bg, d, Options{})
	if err != nil {
		t.Fatal(err)
	}
	disk.Break(f)
	type answer struct {
		t   Transaction
		err error
	}
	var told []answer
	var mu sync.Mutex
	for range 4 {
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				tr := transfer(1, a, b, 1)
				var err error
				if i%3 == 0 {
					err = d.Write(bg, func(tx db.Tx) error { _, err := book.PostTx(bg, tx, tr); return err })
				} else {
					_, err = book.Post(bg, tr)
				}
				mu.Lock()
				defer mu.Unlock()
				told = append(told, answer{tr, err})
			})
		}
		wg.Wait()
	}
	crashed := disk.After(t)
	book.Close()
	d.Close() // may fail: the disk may still be broken
	came := disk.Mend()
	for when, url := range map[string]string{"a crash": crashed, "a clean end": disk.URL()} {
		d, err := db.Open(bg, url, db.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range told {
			if errors.Is(x.err, ErrUnknownOutcome) || errors.Is(x.err, db.ErrUnknownOutcome) {
				continue
			}
			var n int
			if err := d.Row(context.Background(), qKeyCount, x.t.Owner, x.t.Key[:]).Scan(&n); err != nil {
				t.Fatal(err)
			}
			if (n == 1) != (x.err == nil) {
				t.Errorf("fault %+v: told %v, after %s the transaction is there: %v", f, x.err, when, n == 1)
			}
		}
		(&house{T: t, db: d}).verified()
		d.Close()
	}
	return came
}

var qKeyCount = db.Query(`SELECT COUNT(*) FROM txn WHERE owner = $1 AND key = $2`)
