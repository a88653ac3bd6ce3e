package ledger

import (
	"testing"
	"time"

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
	// A connection's counts are shown some time after its end; the number of
	// inserted transactions tells that they have arrived.
	scanned := func(txns int64) (n int64) {
		h.Helper()
		if err := h.book.Close(); err != nil {
			t.Fatal(err)
		}
		for inserted := int64(-1); inserted < txns; time.Sleep(10 * time.Millisecond) {
			if err := pool.QueryRow(`SELECT SUM(seq_tup_read), SUM(CASE relname WHEN 'txn' THEN n_tup_ins ELSE 0 END) FROM pg_stat_user_tables
				WHERE schemaname = current_schema() AND relname IN ('account', 'txn', 'entry', 'hold', 'guard')`).Scan(&n, &inserted); err != nil {
				t.Fatal(err)
			}
		}
		return n
	}
	before := scanned(0)
	h = h.with(Options{})
	for range 40 {
		tr := transfer(1, a, b, 10)
		tr.Guards = []Guard{guard(1, 1_000_000, 10)}
		r := h.post(tr)
		h.post(Transaction{Owner: own(1), Key: freshKey(), Kind: KindReturn, Phase: Reversal, Refers: r.Txn, Legs: move(b, a, 3)})
	}
	if n := scanned(80) - before; n != 0 {
		t.Errorf("the book read %d rows by scanning tables", n)
	}
}
