package ledger

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/stdlib"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/tier"
)

// count gives how often a test tries, by tier.
func count(standard, ci, soak int) int {
	return map[tier.Tier]int{tier.Default: standard, tier.CI: ci, tier.Soak: soak}[tier.Now()]
}

// together runs n things at the same moment and waits for all.
func together(n int, do func(i int)) {
	var wg sync.WaitGroup
	gate := make(chan struct{})
	for i := range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			<-gate
			do(i)
		}()
	}
	close(gate)
	wg.Wait()
}

// ruleAThousandRetriesPostOnce (M04): one key, many parallel attempts from
// two instances, one payment of the whole balance, one answer for everybody.
func ruleAThousandRetriesPostOnce(a *house) {
	t, b := a.T, a.second()
	x, y := a.account(1, 100), a.account(2, 0)
	tr := transfer(1, x, y, 100)
	var first atomic.Int64
	var ids sync.Map
	together(1000, func(i int) {
		h := a
		if i%2 == 0 {
			h = b
		}
		r, err := h.book.Post(bg, tr)
		if err != nil || r.Refused() {
			t.Errorf("attempt %d: %+v %v", i, r, err)
		}
		if !r.Replay {
			first.Add(1)
		}
		ids.Store(r.Txn, true)
	})
	if first.Load() != 1 {
		t.Errorf("%d of 1000 were the first", first.Load())
	}
	seen := 0
	ids.Range(func(any, any) bool { seen++; return true })
	if seen != 1 {
		t.Errorf("%d identifiers", seen)
	}
	a.balance(x, 0, 0)
	a.balance(y, 100, 0)
}

// ruleNoFalseRefusal: two instances, one key, the payer's whole balance, a
// little jitter; the loser must be told "posted". It catches a key query
// before the account lock.
func ruleNoFalseRefusal(a *house) {
	t, b := a.T, a.second()
	x, y := a.account(1, 10), a.account(2, 0)
	for range count(100, 1000, 20000) {
		tr := transfer(1, x, y, 10)
		together(2, func(i int) {
			time.Sleep(rand.N(3 * time.Millisecond))
			if r, err := []*house{a, b}[i].book.Post(bg, tr); err != nil || r.Refused() {
				t.Errorf("told %v %v for a payment that was made", r.Reason, err)
			}
		})
		x, y = y, x
		if t.Failed() {
			return
		}
	}
}

// ruleLimitEdge (M05): 200 parallel payments at the edge of a limit that lets
// exactly 70 of them through, from two accounts of one client and two instances.
func ruleLimitEdge(a *house) {
	t, b := a.T, a.second()
	x := []AccountID{a.account(1, 10_000), a.account(1, 10_000)}
	y := a.account(2, 0)
	var posted, refused atomic.Int64
	together(200, func(i int) {
		tr := transfer(1, x[i%2], y, 10)
		tr.Guards = []Guard{guard(1, 705, 10), {Owner: own(1), Name: GuardOutgoing, Window: CalendarMonth, Cap: money.Rub(100_000), Amount: money.Rub(10)}}
		r, err := []*house{a, b}[i/2%2].book.Post(bg, tr)
		switch {
		case err != nil:
			t.Error(err)
		case r.Reason == LimitReached && r.Guard == 0 && r.Left == money.Rub(5):
			refused.Add(1)
		case r.Reason == Accepted:
			posted.Add(1)
		default:
			t.Errorf("%+v", r)
		}
	})
	if posted.Load() != 70 || refused.Load() != 130 || a.used(1, guard(1, 0, 0)) != 700 {
		t.Errorf("%d posted, %d refused, %d used", posted.Load(), refused.Load(), a.used(1, guard(1, 0, 0)))
	}
	a.balance(y, 700, 0)
}

// ruleLoadOfTwoInstances mixes everything from many callers of two books:
// transfers both ways, limits, replays, refusals, units of work beside the
// batches. Snapshots read meanwhile always sum to the same (R8), and
// PostgreSQL sees no deadlock, because everybody locks in one order.
func ruleLoadOfTwoInstances(a *house) {
	t, b := a.T, a.second()
	const clients, start = 12, 1000
	var acc []AccountID
	for i := range clients {
		acc = append(acc, a.account(int64(i+1), start))
	}
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Add(1)
		go func() {
			defer readers.Done()
			for {
				select {
				case <-stop:
					return
				default:
					a.snapshotSums(acc, clients*start)
					time.Sleep(5 * time.Millisecond)
				}
			}
		}()
	}
	callers, each := count(100, 500, 500), count(10, 20, 200)
	together(2*callers, func(i int) {
		h := []*house{a, b}[i%2]
		r := rand.New(rand.NewPCG(uint64(i), 7))
		for range each {
			from := r.IntN(clients)
			to := (from + 1 + r.IntN(clients-1)) % clients
			tr := transfer(int64(from+1), acc[from], acc[to], int64(r.IntN(300)+1))
			if r.IntN(3) == 0 {
				tr.Guards = []Guard{guard(int64(from+1), 100_000, tr.Legs[1].Amount.Minor)}
			}
			for range 1 + r.IntN(2) { // some come back with the same key
				if err := h.anyhow(tr, r.IntN(20) == 0); err != nil {
					t.Error(err)
					return
				}
			}
		}
	})
	close(stop)
	readers.Wait()
	if n := a.deadlocks(); n > 0 {
		t.Errorf("%d deadlocks: somebody locks out of order", n)
	}
}

// anyhow posts by the book or inside a unit of work.
func (h *house) anyhow(tr Transaction, unit bool) error {
	if !unit {
		_, err := h.book.Post(bg, tr)
		return err
	}
	for try := 0; ; try++ {
		err := h.db.Write(bg, func(tx db.Tx) error {
			_, err := h.book.PostTx(bg, tx, tr)
			return err
		})
		if fault.CodeOf(err) != fault.Busy || try == 20 {
			return err
		}
		time.Sleep(rand.N(10 * time.Millisecond))
	}
}

// snapshotSums insists that one snapshot adds up: the clients' money is all there.
func (h *house) snapshotSums(acc []AccountID, want int64) {
	err := h.db.Read(bg, func(r db.Reader) error {
		sum := int64(0)
		for _, a := range acc {
			x, err := AccountByID(bg, r, a)
			if err != nil {
				return err
			}
			last, err := Entries(bg, r, a, 0, 1)
			if err != nil {
				return err
			}
			if len(last) != 1 || last[0].Posted != x.Posted || last[0].Seq != x.Version {
				h.Errorf("account %v has %v in entry %+v", a, x.Posted, last)
			}
			sum += x.Posted.Minor
		}
		if sum != want {
			h.Errorf("a snapshot sums to %d, want %d", sum, want)
		}
		return nil
	})
	if err != nil {
		h.Error(err)
	}
}

// deadlocks counts what the server's log of this database saw; nought on SQLite.
func (h *house) deadlocks() (n int64) {
	if h.db.Engine() == db.SQLite {
		return 0
	}
	pool := stdlib.OpenDB(*h.db.Pgx())
	defer pool.Close()
	if err := pool.QueryRow(`SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`).Scan(&n); err != nil {
		h.Fatal(err)
	}
	return n
}

// ruleImpatientCallers gives callers deadlines of 0–2 ms. Whoever is told
// "cancelled" has not paid; whoever is told "unknown" asks again by key and
// learns the truth; the money is where the answers say.
func ruleImpatientCallers(h *house) {
	t := h.T
	n := count(300, 2000, 20000)
	x, y := h.account(1, int64(n)), h.account(2, 0)
	var paid, unknown atomic.Int64
	one := func(int) {
		tr := transfer(1, x, y, 1)
		ctx, cancel := context.WithTimeout(bg, rand.N(2*time.Millisecond))
		defer cancel()
		r, err := h.book.Post(ctx, tr)
		if errors.Is(err, ErrUnknownOutcome) {
			unknown.Add(1)
			r, err = h.book.Post(bg, tr)
		}
		switch {
		case err == nil && !r.Refused():
			paid.Add(1)
		case !errors.Is(err, context.DeadlineExceeded):
			t.Errorf("%+v %v", r, err)
		}
	}
	const wave = 2000 // the queue holds them all: nobody is told «busy»
	for left := n; left > 0; left -= wave {
		together(min(left, wave), one)
	}
	t.Logf("%d of %d paid, %d had to ask again", paid.Load(), n, unknown.Load())
	h.balance(y, paid.Load(), 0)
}

func TestFullQueueIsBusyAtOnce(t *testing.T) {
	q := newQueue(2, 1)
	r := func() *request { return newRequest(Transaction{}) }
	first, second := q.put(r()), q.put(r())
	if !first || !second || q.put(r()) {
		t.Error("a queue of two takes two")
	}
	q.close()
	if q.put(r()) || len(q.next(0, 10)) != 2 || q.next(0, 10) != nil {
		t.Error("a closed queue serves those who wait and nobody else")
	}
}

// TestWritersPartTheQueue: what one writer has in flight the other leaves
// alone, and everything behind it on the same accounts.
func TestWritersPartTheQueue(t *testing.T) {
	q := newQueue(100, 2)
	put := func(from, to AccountID) *request {
		r := newRequest(transfer(1, from*slots, to*slots, 1))
		q.put(r)
		return r
	}
	first := put(2001, 2002)
	one := q.next(0, 10)
	behind, further, free := put(2002, 2003), put(2003, 2004), put(2005, 2006)
	two := q.next(1, 10)
	if len(one) != 1 || one[0] != first || len(two) != 1 || two[0] != free {
		t.Fatalf("took %d and %d", len(one), len(two))
	}
	q.done(one, nil)
	if rest := q.next(0, 10); len(rest) != 2 || rest[0] != behind || rest[1] != further {
		t.Fatalf("then took %d", len(rest))
	}
}

// TestAHeldAccountHoldsNobodyElse: a unit of work keeps one account locked
// for longer than a batch waits; payments between others go on, and those on
// the account are made afterwards.
func TestAHeldAccountHoldsNobodyElse(t *testing.T) {
	h := newHouse(t, dbtest.Open(t, dbtest.Postgres(t), clock.System()), "", Options{})
	held, y := h.account(1, 100), h.account(3, 0)
	x, z := h.account(2, 100), h.account(4, 0)
	locked, release := make(chan struct{}), make(chan struct{})
	free := sync.OnceFunc(func() { close(release) })
	t.Cleanup(free)
	var unit sync.WaitGroup
	unit.Add(1)
	go func() {
		defer unit.Done()
		if err := h.db.Write(bg, func(tx db.Tx) error {
			if _, err := h.book.PostTx(bg, tx, transfer(1, held, y, 1)); err != nil {
				return err
			}
			close(locked)
			<-release
			return nil
		}); err != nil {
			t.Error(err)
		}
	}()
	<-locked
	after := make(chan outcome, 1)
	go func() {
		r, err := h.book.Post(bg, transfer(1, held, y, 10))
		after <- outcome{r, err}
	}()
	for range 20 {
		h.post(transfer(2, x, z, 1))
	}
	select {
	case o := <-after:
		t.Errorf("the held account was debited: %+v", o)
	default:
	}
	free()
	if o := <-after; o.err != nil || o.receipt.Refused() {
		t.Errorf("%+v", o)
	}
	unit.Wait()
	h.balance(y, 11, 0)
	h.balance(z, 20, 0)
	h.verified()
}
