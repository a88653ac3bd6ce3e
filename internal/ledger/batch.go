package ledger

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"rocketbank/internal/base/id"
)

// Limits of a batch.
const (
	maxBatch   = 1024 // requests in one commit
	batchTries = 5    // how often a batch runs again before its requests go one by one
	jitterMax  = 20 * time.Millisecond

	// A request whose account somebody else holds waits aside for parkTime and
	// then takes what it can get; every ownEvery-th time it queues for the
	// lock in a batch of its own; after maxDeferred the caller is told busy.
	// Together that is some two seconds.
	parkTime    = 10 * time.Millisecond
	ownEvery    = 5
	maxDeferred = 75
)

// engine applies batches on one database. Each writer has its own.
type engine interface {
	// apply decides and writes the orders in one database transaction and
	// commits it. Requests it could not lock are marked in deferred; with skip
	// it does not even wait for locks.
	apply(ctx context.Context, at time.Time, batch []*request, skip bool) (outs []outcome, deferred []bool, err error)
	close()
}

// Errors of an engine, by what has to be done about them.
var (
	errAgain   = errors.New("ledger: run the batch again")                // nothing was committed
	errUnknown = errors.New("ledger: the outcome of a commit is unknown") // look the keys up, then run again
	errFull    = errors.New("ledger: the database cannot be written")     // stop taking requests
	errStuck   = errors.New("ledger: another process holds the database") // busy for everybody
	errOffline = errors.New("ledger: the database does not answer")       // nothing was committed; busy after some tries
	// errUnreplicated: committed here, but perhaps not where a failover would
	// look; the outcome stays unknown until somebody asks by key.
	errUnreplicated = errors.New("ledger: a commit did not reach its replica")
	// errDoubtful: the disk failed inside a commit, and only the next start
	// can tell whether it is there. Stop taking requests; nobody of the batch
	// may be told that nothing happened.
	errDoubtful = errors.New("ledger: the disk failed during a commit")
)

// writer owns one engine and answers every request of its batches.
type writer struct {
	b      *Book
	number int
	eng    engine
}

func (w *writer) loop() {
	defer w.b.wg.Done()
	defer w.eng.close()
	for {
		batch := w.b.queue.next(w.number, maxBatch)
		if batch == nil {
			return
		}
		back := w.serve(batch)
		w.b.queue.done(batch, back)
	}
}

// serve answers a batch, whatever it takes, and gives back what must wait
// because somebody else holds its accounts.
func (w *writer) serve(batch []*request) (back []*request) {
	if err := w.b.Healthy(); err != nil {
		for _, r := range batch {
			r.doubt = r.doubt || w.b.doubts(&r.t)
		}
		w.fail(batch, ErrBusy.Because(err))
		return nil
	}
	var fresh, again []*request
	for _, r := range batch {
		switch {
		case r.deferred >= maxDeferred:
			w.fail([]*request{r}, ErrBusy)
		case r.deferred > 0 && r.deferred%ownEvery == 0:
			back = append(back, w.run([]*request{r}, false)...)
		case r.deferred > 0:
			again = append(again, r)
		default:
			fresh = append(fresh, r)
		}
	}
	if len(fresh) > 0 {
		back = append(back, w.run(fresh, false)...)
	}
	if len(again) > 0 {
		back = append(back, w.run(again, true)...)
	}
	return back
}

// run applies a batch with the rules of failure: run again, look up, halve.
func (w *writer) run(batch []*request, skip bool) (back []*request) {
	var err error
	for try := 0; try < batchTries; try++ {
		if try > 0 {
			w.b.stats.retries.Add(1)
			time.Sleep(time.Millisecond + rand.N(jitterMax)) // #nosec G404 -- jitter, not a secret
		}
		var outs []outcome
		var deferred []bool
		outs, deferred, err = w.eng.apply(context.Background(), w.b.now(), batch, skip)
		switch {
		case err == nil:
			w.b.stats.batches.Add(1)
			w.b.stats.served.Add(int64(len(batch)))
			return w.answer(batch, outs, deferred)
		case errors.Is(err, errUnknown):
			// Every run first locks the accounts, which the lost one must have
			// let go by then, and only then looks the keys up: so running
			// again under the same keys is the look-up.
			w.b.log.Warn("ledger: commit lost, looking its keys up", "batch", len(batch), "cause", err)
			for _, r := range batch {
				r.doubt = true
			}
		case errors.Is(err, errAgain), errors.Is(err, errOffline):
		case errors.Is(err, errStuck):
			w.fail(batch, ErrBusy.Because(err))
			return nil
		case errors.Is(err, errUnreplicated):
			for _, r := range batch {
				r.doubt = true
			}
			w.fail(batch, ErrBusy.Because(err))
			return nil
		case errors.Is(err, errDoubtful):
			for _, r := range batch {
				r.doubt = true
			}
			w.b.stop(err, batch...)
			w.fail(batch, ErrBusy.Because(err))
			return nil
		case errors.Is(err, errFull):
			w.b.stop(err)
			w.fail(batch, ErrBusy.Because(err))
			return nil
		default:
			return w.halve(batch, err)
		}
	}
	if len(batch) == 1 || errors.Is(err, errUnknown) || errors.Is(err, errOffline) {
		w.b.log.Error("ledger: batch given up", "batch", len(batch), "cause", err)
		w.fail(batch, ErrBusy.Because(err))
		return nil
	}
	for _, r := range batch {
		back = append(back, w.run([]*request{r}, skip)...)
	}
	return back
}

// halve finds the one request that breaks its neighbours' batch: our bug, so
// it is counted and logged, and only the culprit gets the error.
func (w *writer) halve(batch []*request, err error) (back []*request) {
	if len(batch) == 1 {
		w.b.stats.poisoned.Add(1)
		w.b.log.Error("ledger: a transaction cannot be written", "txn", batch[0].t.ID.Text("tr"), "kind", batch[0].t.Kind, "cause", err)
		w.fail(batch, err)
		return nil
	}
	mid := len(batch) / 2
	back = w.run(batch[:mid], false)
	return append(back, w.run(batch[mid:], false)...)
}

func (w *writer) answer(batch []*request, outs []outcome, deferred []bool) (back []*request) {
	for i, r := range batch {
		if deferred != nil && deferred[i] {
			r.deferred++
			back = append(back, r)
			continue
		}
		o := outs[i]
		if r.doubt && o.receipt.Txn == r.t.ID {
			o.receipt.Replay = false // it is this caller's own first time that was found
		}
		r.reply(o)
	}
	return back
}

// fail answers everybody with an error; who may have been committed by a lost
// connection is never told that nothing happened.
func (w *writer) fail(batch []*request, err error) {
	for _, r := range batch {
		if r.doubt {
			r.reply(outcome{err: ErrUnknownOutcome.Because(err)})
			continue
		}
		r.reply(outcome{err: err})
	}
}

// wants is what the core needs to know for a batch, each list sorted the way
// it is locked: accounts by id, holds by transaction, guards by key.
type wants struct {
	accounts []AccountID
	keys     []ownerKey
	refers   []id.ID
	guards   []guardKey
}

func wantsOf(at time.Time, orders []*order) *wants {
	w := &wants{accounts: make([]AccountID, 0, 2*len(orders)), keys: make([]ownerKey, 0, len(orders))}
	for _, o := range orders {
		for _, l := range o.t.Legs {
			w.accounts = append(w.accounts, l.Account)
		}
		if o.t.Hold != 0 {
			w.accounts = append(w.accounts, o.t.Hold)
		}
		w.keys = append(w.keys, ownerKey{o.t.Owner, o.t.Key})
		if !o.t.Refers.IsZero() {
			w.refers = append(w.refers, o.t.Refers)
		}
		for _, g := range o.t.Guards {
			w.guards = append(w.guards, guardKeyOf(g, at))
		}
	}
	slices.Sort(w.accounts)
	w.accounts = slices.Compact(w.accounts)
	slices.SortFunc(w.refers, compareIDs)
	w.refers = slices.Compact(w.refers)
	w.sortGuards()
	return w
}

func (w *wants) sortGuards() {
	slices.SortFunc(w.guards, guardKey.compare)
	w.guards = slices.Compact(w.guards)
}

// giveBack adds the counters that the referred transactions had charged.
func (w *wants) giveBack(st *state) {
	for _, o := range st.origins {
		for _, g := range o.guards {
			w.guards = append(w.guards, g.key)
		}
	}
	w.sortGuards()
}

func compareIDs(a, b id.ID) int { return slices.Compare(a[:], b[:]) }

// spread resolves the bank's own accounts to the rows of one writer. What a
// hold reserves stays on the first row, where every writer finds it again.
func (t *Transaction) spread(lease int) {
	for i, l := range t.Legs {
		if l.Account.Bank() && !t.held(l) {
			t.Legs[i].Account = l.Account.slot(lease)
		}
	}
}

// held tells the leg that a hold is on.
func (t *Transaction) held(l Leg) bool {
	return t.Phase == Pending && l.Amount.Minor < 0 || t.Phase == Post && l.Account.base() == t.Hold
}

// empty tells that there is nothing to write: all replays and misuse.
func (p *plan) empty() bool { return len(p.txns) == 0 }
