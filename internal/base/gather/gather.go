// Package gather answers the same question of many requests with one query.
//
// While one query runs, the questions that come meanwhile gather behind it and
// go together next; alone, a request pays its own query and nothing more. There
// is no cache: a question is answered only by a query that began after it had
// come, so that what was committed before is seen.
package gather

import (
	"context"
	"errors"
	"math/bits"
	"sync"
	"time"
)

// Ask is one request's question with its answer.
type Ask[Q, A any] struct {
	Question Q
	Answer   A
	Err      error // what this question alone failed with
	lead     chan bool
}

// Reader answers a batch of at least one: it sets Answer or Err of each. What
// it returns failed all of them.
type Reader[Q, A any] func(ctx context.Context, batch []*Ask[Q, A]) error

// Lookup gathers questions of one kind. Its methods may be called at once.
type Lookup[Q, A any] struct {
	most   int
	within time.Duration
	read   Reader[Q, A]

	mu      sync.Mutex
	leading bool // somebody is at the database
	waiting []*Ask[Q, A]
}

// errPanicked is told to those who shared a query with the one that led it and
// met a bug there; the leader himself has the panic.
var errPanicked = errors.New("gather: the query that was to answer panicked")

// New makes a lookup that asks at most so many questions at once. A query has a
// time of its own: whoever leads asks for others too, who stay when he goes away.
func New[Q, A any](most int, within time.Duration, read Reader[Q, A]) *Lookup[Q, A] {
	return &Lookup[Q, A]{most: most, within: within, read: read}
}

// Find answers one question.
func (l *Lookup[Q, A]) Find(q Q) (A, error) {
	a := &Ask[Q, A]{Question: q, lead: make(chan bool, 1)}
	l.mu.Lock()
	l.waiting = append(l.waiting, a)
	first := !l.leading
	l.leading = true
	l.mu.Unlock()
	if first || <-a.lead { // true: it is your turn to ask for all; false: answered
		l.serve(a)
	}
	return a.Answer, a.Err
}

// serve asks for everybody who waits, the leader among them, and hands the
// lead on to the first who came meanwhile.
func (l *Lookup[Q, A]) serve(leader *Ask[Q, A]) {
	l.mu.Lock()
	n := min(len(l.waiting), l.most)
	batch := l.waiting[:n:n]
	l.waiting = l.waiting[n:]
	l.mu.Unlock()
	answered := false
	defer func() { // also when the reader panics: nobody must wait for ever
		for _, a := range batch {
			if !answered && a != leader {
				a.Err = errPanicked
			}
			if a != leader {
				a.lead <- false
			}
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.leading = len(l.waiting) > 0; l.leading {
			l.waiting[0].lead <- true
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), l.within)
	defer cancel()
	if err := l.read(ctx, batch); err != nil {
		for _, a := range batch {
			a.Err = err
		}
	}
	answered = true
}

// Powers makes one statement for 1, 2, 4 … most questions, so that few
// statements serve all batches.
func Powers[T any](most int, statement func(n int) T) []T {
	var out []T
	for n := 1; n <= most; n *= 2 {
		out = append(out, statement(n))
	}
	return out
}

// Padded gives the place of the least of Powers that holds a list, and the list
// with its last member repeated up to that many.
func Padded[T any](list []T) (place int, padded []T) {
	place = bits.Len(uint(len(list) - 1)) // #nosec G115 -- a batch is never empty
	padded = append(padded, list...)
	for len(padded) < 1<<place {
		padded = append(padded, list[len(list)-1])
	}
	return place, padded
}
