package ledger

import (
	"testing"

	"github.com/jackc/pgx/v5/stdlib"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db/dbtest"
)

// TestNoScans: the plans of the batch writer are made while every table is
// empty, and they must still not scan one that has grown since.
func TestNoScans(t *testing.T) {
	h := newHouse(t, dbtest.Open(t, dbtest.Postgres(t), clock.System()), "", Options{})
	clients.Add(100)
	a, b := h.account(1, 100_000), h.account(2, 0)
	pool := stdlib.OpenDB(*h.db.Pgx())
	defer pool.Close()
	scanned := func() (n int64) {
		h.Helper()
		// What a connection has counted is shown once it is idle for a second,
		// or at its end.
		if err := h.book.Close(); err != nil {
			t.Fatal(err)
		}
		if err := pool.QueryRow(`SELECT SUM(seq_tup_read) FROM pg_stat_user_tables
			WHERE schemaname = current_schema() AND relname IN ('account', 'txn', 'entry', 'hold', 'guard')`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := scanned()
	h = h.with(Options{})
	for range 40 {
		tr := transfer(1, a, b, 10)
		tr.Guards = []Guard{guard(1, 1_000_000, 10)}
		r := h.post(tr)
		h.post(Transaction{Owner: own(1), Key: freshKey(), Kind: KindReturn, Phase: Reversal, Refers: r.Txn, Legs: move(b, a, 3)})
	}
	if n := scanned() - before; n != 0 {
		t.Errorf("the book read %d rows by scanning tables", n)
	}
}
