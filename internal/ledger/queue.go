package ledger

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// request is a transaction that waits for its answer. It goes waiting → taken
// → answered; whoever wants to cancel must win waiting → cancelled. Requests
// are never pooled: a caller that gave up may still hold one.
type request struct {
	order
	state   atomic.Int32
	answer  chan outcome // room for one, so a vanished caller never blocks a writer
	touches []int64      // accounts and limit counters, see conflicts
	// doubt: a commit that may have held this request was lost on the way.
	doubt bool
	// deferred counts how often somebody else's lock sent it back.
	deferred int
}

const (
	waiting int32 = iota
	taken
	cancelled
)

func newRequest(t Transaction) *request {
	r := &request{answer: make(chan outcome, 1)}
	r.t = t
	r.touches = conflicts(&r.t)
	return r
}

// conflicts names what two writers of this process must not have in flight at
// once: accounts of clients, and owners of limit counters (as negative
// numbers). The bank's own accounts have a slot per writer, save for holds.
func conflicts(t *Transaction) []int64 {
	out := make([]int64, 0, len(t.Legs)+2)
	for _, l := range t.Legs {
		if !l.Account.Bank() || t.held(l) {
			out = append(out, int64(l.Account))
		}
	}
	if t.Hold != 0 {
		out = append(out, int64(t.Hold))
	}
	for i, g := range t.Guards {
		if i == 0 || g.Owner != t.Guards[i-1].Owner {
			out = append(out, ^g.Owner)
		}
	}
	return out
}

// reply answers once; the first answer counts.
func (r *request) reply(o outcome) {
	select {
	case r.answer <- o:
	default:
	}
}

// queue holds the requests that wait, in order of arrival.
type queue struct {
	mu      sync.Mutex
	more    *sync.Cond
	list    []*request
	limit   int
	writers int
	closed  bool
	parked  int           // groups of requests that wait aside
	busy    map[int64]int // what each of several writers has in flight: its number + 1
}

func newQueue(limit, writers int) *queue {
	q := &queue{limit: limit, writers: writers, busy: map[int64]int{}}
	q.more = sync.NewCond(&q.mu)
	return q
}

// put adds a request; false when the queue is full or closed.
func (q *queue) put(r *request) bool {
	q.mu.Lock()
	if q.closed || len(q.list) >= q.limit {
		q.mu.Unlock()
		return false
	}
	q.list = append(q.list, r)
	q.mu.Unlock()
	q.more.Signal()
	return true
}

// waiting tells how many wait.
func (q *queue) waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.list)
}

// next gives a writer everything it may have now, at most limit, and blocks
// while there is nothing; nil when the queue is closed and empty. There is no
// linger timer: the time of one commit is the collecting time of the next.
func (q *queue) next(writer, limit int) []*request {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		if len(q.list) > 0 {
			q.mu.Unlock()
			runtime.Gosched() // let those who are about to ask join
			q.mu.Lock()
			if batch := q.take(writer, limit); len(batch) > 0 {
				return batch
			}
		}
		if q.closed && len(q.list) == 0 && q.parked == 0 {
			return nil
		}
		if len(q.list) == 0 || len(q.busy) > 0 {
			q.more.Wait()
		}
	}
}

// take leaves requests whose accounts another writer has in flight, and
// everything behind them on the same accounts, so that the order per account stays.
func (q *queue) take(writer, limit int) []*request {
	var batch []*request
	var behind map[int64]bool
	keep := q.list[:0]
	for i, r := range q.list {
		if len(batch) == limit {
			keep = append(keep, q.list[i:]...)
			break
		}
		if q.blocked(r, writer, behind) {
			if behind == nil {
				behind = map[int64]bool{}
			}
			for _, x := range r.touches {
				behind[x] = true
			}
			keep = append(keep, r)
			continue
		}
		if r.state.Load() != taken && !r.state.CompareAndSwap(waiting, taken) {
			continue // cancelled while it waited
		}
		if q.writers > 1 {
			for _, x := range r.touches {
				q.busy[x] = writer + 1
			}
		}
		batch = append(batch, r)
	}
	clear(q.list[len(keep):])
	q.list = keep
	return batch
}

func (q *queue) blocked(r *request, writer int, behind map[int64]bool) bool {
	if q.writers == 1 {
		return false
	}
	for _, x := range r.touches {
		if w := q.busy[x]; w != 0 && w != writer+1 || behind[x] {
			return true
		}
	}
	return false
}

// done tells that a writer's batch is over. Requests that have to wait for a
// foreign lock are parked and come back before all others.
func (q *queue) done(batch, back []*request) {
	q.mu.Lock()
	for _, r := range batch {
		for _, x := range r.touches {
			delete(q.busy, x)
		}
	}
	if len(back) > 0 {
		q.parked++
		time.AfterFunc(parkTime, func() { q.unpark(back) })
	}
	q.mu.Unlock()
	q.more.Broadcast()
}

func (q *queue) unpark(back []*request) {
	q.mu.Lock()
	q.parked--
	q.list = append(append(make([]*request, 0, len(back)+len(q.list)), back...), q.list...)
	q.mu.Unlock()
	q.more.Broadcast()
}

// close lets nobody in any more; those who wait are still served.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.more.Broadcast()
}
