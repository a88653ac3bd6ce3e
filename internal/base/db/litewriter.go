package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"
)

// errGone tells that SQLite has given the whole transaction up.
var errGone = errors.New("db: SQLite rolled the whole transaction back")

// job is a unit of work that waits for the writer.
type job struct {
	ctx   context.Context
	fn    func(Tx) error
	now   func() time.Time
	after []func()
	err   error
	panic any
	done  chan struct{}
}

// liteWriter owns SQLite's only writing connection.
type liteWriter struct {
	pool  *sql.DB
	mu    sync.Mutex // held while somebody uses conn
	conn  *sql.Conn
	stmts map[*Stmt]*sql.Stmt

	// gone tells that SQLite has rolled the transaction back by itself.
	gone atomic.Bool
	// stopped is the commit after which nothing is known for certain.
	stopped atomic.Pointer[error]

	closing sync.RWMutex // guards closed against late senders
	closed  bool
	queue   chan *job
	done    chan struct{}
}

func (w *liteWriter) write(ctx context.Context, now func() time.Time, fn func(Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	j := &job{ctx: context.WithoutCancel(ctx), fn: fn, now: now, done: make(chan struct{})}
	w.closing.RLock()
	if w.closed {
		w.closing.RUnlock()
		return sql.ErrConnDone
	}
	select {
	case w.queue <- j:
		w.closing.RUnlock()
	default:
		w.closing.RUnlock()
		return ErrBusy
	}
	<-j.done
	if j.panic != nil {
		panic(j.panic)
	}
	return j.err
}

func (w *liteWriter) loop() {
	defer close(w.done)
	for first := range w.queue {
		runtime.Gosched() // let those who wait join this commit
		batch := []*job{first}
	collect:
		for len(batch) < liteBatch {
			select {
			case j, ok := <-w.queue:
				if !ok {
					break collect
				}
				batch = append(batch, j)
			default:
				break collect
			}
		}
		w.mu.Lock()
		w.commit(batch)
		w.mu.Unlock()
		for _, j := range batch {
			if j.err == nil && j.panic == nil {
				for _, fn := range j.after {
					fn()
				}
			}
			close(j.done)
		}
	}
}

// commit runs each closure under a savepoint and makes all of them durable
// at once. When the commit itself fails, everybody's work is gone or in doubt.
func (w *liteWriter) commit(batch []*job) {
	ctx := context.Background()
	fail := func(err error) {
		for _, j := range batch {
			if j.err == nil {
				j.err = err
			}
		}
	}
	if err := w.healthy(); err != nil {
		fail(err)
		return
	}
	w.gone.Store(false)
	if _, err := w.conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		fail(liteError(err))
		return
	}
	good := 0
	for _, j := range batch {
		if err := w.one(ctx, j); err != nil {
			// The neighbours' work went with it, and what would run now would
			// be on its own, outside any transaction.
			w.conn.ExecContext(ctx, "ROLLBACK")
			fail(ErrBusy.Because(err))
			return
		}
		if j.err == nil && j.panic == nil {
			good++
		}
	}
	end := "COMMIT"
	if good == 0 {
		end = "ROLLBACK"
	}
	if _, err := w.conn.ExecContext(ctx, end); err != nil {
		w.conn.ExecContext(ctx, "ROLLBACK") // it may still be open
		if good > 0 {
			err = CommitFailed(err)
			w.distrust(err)
		}
		fail(fmt.Errorf("commit: %w", liteError(err)))
	}
}

// one runs a closure. The error tells that the whole transaction is over, not
// only this closure's part of it.
func (w *liteWriter) one(ctx context.Context, j *job) error {
	if _, err := w.conn.ExecContext(ctx, "SAVEPOINT unit"); err != nil {
		return err
	}
	u := &unit{run: w.conn, engine: SQLite, now: j.now(), prepare: w.prepared, gone: w.gone.Load}
	func() {
		defer func() { j.panic = recover() }()
		j.err = j.fn(u)
	}()
	j.after = u.after
	if w.gone.Load() {
		return errors.Join(errGone, j.err)
	}
	if j.err != nil || j.panic != nil {
		if _, err := w.conn.ExecContext(ctx, "ROLLBACK TO unit"); err != nil {
			return errors.Join(j.err, err)
		}
	}
	_, err := w.conn.ExecContext(ctx, "RELEASE unit")
	return err
}

func (w *liteWriter) prepared(ctx context.Context, q *Stmt) (*sql.Stmt, error) {
	if s, ok := w.stmts[q]; ok {
		return s, nil
	}
	s, err := w.conn.PrepareContext(ctx, q.sqlite)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", q.where, err)
	}
	w.stmts[q] = s
	return s, nil
}

func (w *liteWriter) exclusive(ctx context.Context, fn func(*sql.Conn) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := w.healthy(); err != nil {
		return err
	}
	err := fn(w.conn)
	w.distrust(err)
	return err
}

// watch learns of every rollback that SQLite does by itself: after a full
// disk, an I/O error or a lack of memory it undoes the whole transaction, all
// savepoints included, and each later statement would commit on its own.
func (w *liteWriter) watch() error {
	return w.conn.Raw(func(raw any) error {
		h, ok := raw.(sqlite.HookRegisterer)
		if !ok {
			return fmt.Errorf("db: %T tells nothing of its rollbacks", raw)
		}
		h.RegisterRollbackHook(func() { w.gone.Store(true) })
		return nil
	})
}

// distrust stops the writer after a commit of unknown outcome. The lost
// commit may be in the file and come back at the next start; and once the
// system has failed to write its memory to the disk it may drop it, so that a
// later commit that succeeds would prove nothing. Only a restart, which reads
// the file anew, knows what is there.
func (w *liteWriter) distrust(err error) {
	if errors.Is(err, ErrUnknownOutcome) {
		w.stopped.CompareAndSwap(nil, &err)
	}
}

func (w *liteWriter) healthy() error {
	if err := w.stopped.Load(); err != nil {
		return ErrBusy.Because(fmt.Errorf("stopped until the next start: %s", *err)) // not wrapped: this call did nothing
	}
	return nil
}

func (w *liteWriter) close() error {
	w.closing.Lock()
	if w.closed {
		w.closing.Unlock()
		return nil
	}
	w.closed = true
	close(w.queue)
	w.closing.Unlock()
	<-w.done
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.stmts {
		s.Close()
	}
	return errors.Join(w.conn.Close(), w.pool.Close())
}
