package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
)

// Limits of a worker.
const (
	batch       = 64
	hands       = 8                      // handlers that run at once
	lease       = time.Minute            // a taken event comes back after this
	handleIn    = 30 * time.Second       // a handler has less than the lease
	poll        = 500 * time.Millisecond // how long an event of another process may lie
	maxAttempts = 20
	backoffMin  = time.Second
	backoffMax  = 10 * time.Minute
)

// Handler does what an event asks for. An error makes the event come back
// later, unless it is [Final].
type Handler func(ctx context.Context, e Event) error

// Final marks an error after which trying again is useless.
func Final(err error) error { return finalError{err} }

type finalError struct{ error }

func (f finalError) Unwrap() error { return f.error }

var (
	// Taking counts as an attempt, so the counter is also the lease's epoch:
	// whoever finishes late, after another worker took over, changes nothing.
	//
	// The topics are one text, ",sms.send,other,": a replacement that changes
	// it is the one test of membership that both engines spell alike. What
	// another process knows is not even touched: a lease, an attempt and in
	// the end giving up would be this process's doing.
	qTake = db.Query(`UPDATE outbox SET due_us = $1, attempts = attempts + 1
		WHERE id IN (SELECT id FROM outbox WHERE due_us <= $2 AND replace($4, ',' || topic || ',', '') <> $4
			ORDER BY due_us, id LIMIT $3 {for_update} {skip_locked})
		RETURNING id, topic, owner, payload, attempts`)
	qDone  = db.Query(`DELETE FROM outbox WHERE id = $1 AND attempts = $2`)
	qAgain = db.Query(`UPDATE outbox SET due_us = $3 WHERE id = $1 AND attempts = $2`)
	qDead  = db.Query(`UPDATE outbox SET due_us = NULL WHERE id = $1 AND attempts = $2`)
	qCount = db.Query(`SELECT COUNT(*) FROM outbox WHERE due_us IS NOT NULL`)
	qLost  = db.Query(`SELECT COUNT(*) FROM outbox WHERE due_us IS NULL`)
)

// Worker hands due events to their handlers until it is stopped.
type Worker struct {
	db       *db.DB
	handlers map[string]Handler
	topics   string // of handlers, as the queries want them
	log      *slog.Logger
	wake     chan struct{}
}

// NewWorker makes a worker for the given topics. Events of other topics stay
// for a process that knows them.
func NewWorker(d *db.DB, handlers map[string]Handler, log *slog.Logger) *Worker {
	topics := ","
	for t := range handlers {
		topics += t + ","
	}
	return &Worker{db: d, handlers: handlers, topics: topics, log: log, wake: make(chan struct{}, 1)}
}

// Kick tells the worker that an event was just committed in this process.
func (w *Worker) Kick() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Run works until ctx ends and then waits for the handlers under way.
func (w *Worker) Run(ctx context.Context) {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		n, err := w.Once(ctx)
		if err != nil && ctx.Err() == nil {
			w.log.Error("outbox", "err", err)
		}
		if n == batch && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		case <-tick.C:
		}
	}
}

// Once takes the events that are due, handles them and tells how many there were.
func (w *Worker) Once(ctx context.Context) (int, error) {
	events, err := w.take(ctx)
	if err != nil || len(events) == 0 {
		return len(events), err
	}
	results := make([]error, len(events))
	gate := make(chan struct{}, hands)
	var wg sync.WaitGroup
	for i, e := range events {
		gate <- struct{}{}
		wg.Go(func() {
			defer func() { <-gate }()
			results[i] = w.handle(ctx, e)
		})
	}
	wg.Wait()
	return len(events), w.settle(context.WithoutCancel(ctx), events, results)
}

func (w *Worker) take(ctx context.Context) (events []Event, err error) {
	idle, err := w.idle(ctx)
	if err != nil || idle {
		return nil, err
	}
	err = w.db.Write(ctx, func(tx db.Tx) error {
		events = events[:0]
		now := tx.Now().UnixMicro()
		rows, err := tx.Rows(ctx, qTake, now+lease.Microseconds(), now, batch, w.topics)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var e Event
			var raw []byte
			if err := rows.Scan(&raw, &e.Topic, &e.Owner, &e.Payload, &e.Attempt); err != nil {
				return err
			}
			if e.ID, err = id.FromBytes(raw); err != nil {
				return err
			}
			events = append(events, e)
		}
		return rows.Err()
	})
	return events, err
}

var qAnyDue = db.Query(`SELECT 1 FROM outbox WHERE due_us <= $1 AND replace($2, ',' || topic || ',', '') <> $2 LIMIT 1`)

// idle looks before it takes: an empty look is far cheaper than an empty
// unit of work, and most looks are empty.
func (w *Worker) idle(ctx context.Context) (bool, error) {
	var one int
	err := w.db.Row(ctx, qAnyDue, w.db.Now().UnixMicro(), w.topics).Scan(&one)
	if errors.Is(err, db.ErrNoRows) {
		return true, nil
	}
	return false, err
}

func (w *Worker) handle(ctx context.Context, e Event) (err error) {
	ctx, cancel := context.WithTimeout(ctx, handleIn)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			// Not the value itself: it may hold what the event is about.
			err = fmt.Errorf("handler of %q panicked with %T\n%s", e.Topic, p, debug.Stack())
		}
	}()
	return w.handlers[e.Topic](ctx, e)
}

func (w *Worker) settle(ctx context.Context, events []Event, results []error) error {
	return w.db.Write(ctx, func(tx db.Tx) error {
		for i, e := range events {
			var err error
			var final finalError
			switch failed := results[i]; {
			case failed == nil:
				_, err = tx.Exec(ctx, qDone, e.ID.Bytes(), e.Attempt)
			case errors.As(failed, &final), e.Attempt >= maxAttempts:
				w.log.Error("outbox: given up", "topic", e.Topic, "event", e.ID.Text("ev"), "attempt", e.Attempt, "err", failed)
				_, err = tx.Exec(ctx, qDead, e.ID.Bytes(), e.Attempt)
			default:
				w.log.Warn("outbox: later", "topic", e.Topic, "event", e.ID.Text("ev"), "attempt", e.Attempt, "err", failed)
				_, err = tx.Exec(ctx, qAgain, e.ID.Bytes(), e.Attempt, tx.Now().Add(backoff(e.Attempt)).UnixMicro())
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func backoff(attempt int) time.Duration {
	d := backoffMin
	for range attempt - 1 {
		if d *= 2; d >= backoffMax {
			return backoffMax
		}
	}
	return d
}

// Stats tells how many events wait and how many were given up.
func Stats(ctx context.Context, r db.Reader) (waiting, dead int64, err error) {
	if err = r.Row(ctx, qCount).Scan(&waiting); err != nil {
		return
	}
	err = r.Row(ctx, qLost).Scan(&dead)
	return
}
