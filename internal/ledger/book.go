package ledger

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
)

// defaultQueue is what one second can serve on a small machine.
const defaultQueue = 16384

// Options say how a book is opened. Zero values work.
type Options struct {
	Clock   clock.Clock  // business time; the machine's clock when nil
	IDs     *id.Source   // made from real time when nil
	Log     *slog.Logger // silent when nil
	Writers int          // PostgreSQL batch writers, 1 or 2; 0 means the default
	Queue   int          // how many may wait; 0 means the default
}

// Book writes money on either engine. It is safe for concurrent use, and
// several processes may have a Book on one PostgreSQL.
type Book struct {
	db    *db.DB
	clock clock.Clock
	ids   *id.Source
	log   *slog.Logger
	lease int // slot of the bank's accounts that PostTx uses

	queue   *queue
	writers []*writer
	wg      sync.WaitGroup

	timeMu sync.Mutex
	last   time.Time

	down  atomic.Pointer[halt]
	stats struct{ batches, served, retries, poisoned atomic.Int64 }
}

// NewBook opens the book on a migrated database and starts its writers.
func NewBook(ctx context.Context, d *db.DB, o Options) (*Book, error) {
	if o.Clock == nil {
		o.Clock = clock.System()
	}
	if o.IDs == nil {
		o.IDs = id.NewSource(time.Now)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if o.Queue == 0 {
		o.Queue = defaultQueue
	}
	if o.Writers == 0 {
		o.Writers = defaultWriters
	}
	if d.Engine() == db.SQLite {
		o.Writers = 1
	}
	b := &Book{db: d, clock: o.Clock, ids: o.IDs, log: o.Log, queue: newQueue(o.Queue, o.Writers)}
	engines := make([]engine, 0, o.Writers)
	for range o.Writers {
		if d.Engine() == db.SQLite {
			engines = append(engines, newLite(d))
			continue
		}
		e, err := newPostgres(ctx, d, o.Log)
		if err != nil {
			for _, e := range engines {
				e.close()
			}
			return nil, fmt.Errorf("open the book: %w", err)
		}
		engines = append(engines, e)
	}
	if d.Engine() == db.Postgres {
		b.lease = rand.IntN(slots) // #nosec G404 -- spreads load, hides nothing
	}
	b.wg.Add(len(engines))
	for i, e := range engines {
		b.writers = append(b.writers, &writer{b: b, number: i, eng: e})
		go b.writers[i].loop()
	}
	return b, nil
}

// Post applies a transaction and answers when it is durable. A refusal is an
// answer with Receipt.Reason set; the errors are those of receipt.go. When ctx
// ends while the transaction is already taken, the answer is
// ErrUnknownOutcome and the money may move: ask again with the same key.
func (b *Book) Post(ctx context.Context, t Transaction) (Receipt, error) {
	if err := ctx.Err(); err != nil {
		return Receipt{}, err
	}
	if err := b.Healthy(); err != nil {
		if b.doubts(&t) {
			return Receipt{}, ErrUnknownOutcome.Because(err)
		}
		return Receipt{}, ErrBusy.Because(err)
	}
	if err := b.complete(&t); err != nil {
		return Receipt{}, err
	}
	r := newRequest(t)
	if !b.queue.put(r) {
		return Receipt{}, ErrBusy
	}
	select {
	case o := <-r.answer:
		return o.receipt, o.err
	case <-ctx.Done():
		if r.state.CompareAndSwap(waiting, cancelled) {
			return Receipt{}, ctx.Err()
		}
		select {
		case o := <-r.answer:
			return o.receipt, o.err
		default:
			return Receipt{}, ErrUnknownOutcome.Because(ctx.Err())
		}
	}
}

func (b *Book) complete(t *Transaction) error { return t.complete(b.ids) }

// complete checks what needs no database and gives identifier and print.
func (t *Transaction) complete(ids *id.Source) error {
	for i, row := range t.Rows {
		if row.Insert == nil {
			return misuse("carried row %d has no statement", i)
		}
		for _, v := range row.Args {
			if p, ok := v.(Place); ok && (p.what == placeSeq || p.what == placeBalance) && (p.leg < 0 || p.leg >= len(t.Legs)) {
				return misuse("carried row %d names leg %d", i, p.leg)
			}
		}
	}
	if t.ID.IsZero() {
		t.ID = ids.New()
	}
	if t.Print == (Print{}) {
		t.Print = t.ownPrint()
	}
	// The caller's slices stay his, also when he gives up before the batch.
	t.Legs, t.Guards, t.Rows = slices.Clone(t.Legs), slices.Clone(t.Guards), slices.Clone(t.Rows)
	return nil
}

// ownPrint hashes what was ordered, for callers that have no canonical text.
func (t *Transaction) ownPrint() Print {
	b := binary.AppendVarint(nil, int64(t.Kind))
	b = binary.AppendVarint(b, int64(t.Phase))
	b = append(b, t.Refers[:]...)
	b = binary.AppendVarint(b, int64(t.Hold))
	for _, f := range []bool{t.Final, t.Over} {
		b = append(b, '0')
		if f {
			b[len(b)-1] = '1'
		}
	}
	for _, l := range t.Legs {
		b = binary.AppendVarint(b, int64(l.Account))
		b = binary.AppendVarint(b, l.Amount.Minor)
		b = binary.AppendVarint(b, int64(l.Amount.Cur))
	}
	return PrintOf(string(b))
}

// now is the business time of a batch; it never runs backwards.
func (b *Book) now() time.Time {
	now := b.clock.Now().UTC().Truncate(time.Microsecond)
	b.timeMu.Lock()
	defer b.timeMu.Unlock()
	if now.Before(b.last) {
		return b.last
	}
	b.last = now
	return now
}

// Healthy tells why the book takes no more transactions; nil while it does.
func (b *Book) Healthy() error {
	if h := b.down.Load(); h != nil {
		return h.cause
	}
	return b.db.Healthy() // a unit of work may have met the broken disk first
}

// halt is why the book stopped and whose outcome is unknown since.
type halt struct {
	cause    error
	doubtful map[ownerKey]bool
}

// stop refuses everything from now on: a full or broken disk does not heal by
// trying again.
func (b *Book) stop(err error, doubtful ...*request) {
	h := &halt{cause: err, doubtful: map[ownerKey]bool{}}
	for _, r := range doubtful {
		h.doubtful[ownerKey{r.t.Owner, r.t.Key}] = true
	}
	if b.down.CompareAndSwap(nil, h) {
		b.log.Error("ledger: stopped", "cause", err)
	}
}

// doubts tells that the commit at which the book stopped held this key, so
// that asking again must not be answered with "nothing happened" either.
func (b *Book) doubts(t *Transaction) bool {
	h := b.down.Load()
	return h != nil && h.doubtful[ownerKey{t.Owner, t.Key}]
}

// Stats counts what the batch writers did since the book was opened.
type Stats struct {
	Waiting  int   // transactions in the queue now
	Batches  int64 // commits, retries not counted
	Served   int64 // transactions that went through them
	Retries  int64 // batches that had to run again
	Poisoned int64 // transactions that no batch could write; each is a bug of ours
}

// Stats reads the counters.
func (b *Book) Stats() Stats {
	return Stats{
		Waiting: b.queue.waiting(), Batches: b.stats.batches.Load(), Served: b.stats.served.Load(),
		Retries: b.stats.retries.Load(), Poisoned: b.stats.poisoned.Load(),
	}
}

// Close answers everybody who waits and stops the writers.
func (b *Book) Close() error {
	b.queue.close()
	b.wg.Wait()
	return nil
}

// ExpireDue gives back up to limit holds whose time is over and tells how
// many. Several workers and restarts are harmless: the key of such a void is
// made of the transaction it ends.
func (b *Book) ExpireDue(ctx context.Context, limit int) (int, error) {
	due, err := DueHolds(ctx, b.db, b.now(), limit)
	if err != nil {
		return 0, err
	}
	answers := make(chan error, len(due))
	var gone atomic.Int64
	for _, h := range due {
		go func() {
			r, err := b.Post(ctx, Transaction{
				Owner: BankOwner, Key: expiryKey(h.Txn), Kind: KindExpiry,
				Phase: Void, Refers: h.Txn, Hold: h.Account,
			})
			if err == nil && !r.Refused() && !r.Replay {
				gone.Add(1)
			}
			answers <- err
		}()
	}
	for range due {
		if e := <-answers; e != nil && fault.CodeOf(e) != fault.Busy {
			err = errors.Join(err, e)
		}
	}
	return int(gone.Load()), err
}

func expiryKey(txn id.ID) Key { return KeyOf("expire", string(txn[:])) }
