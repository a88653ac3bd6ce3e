package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"rocketbank/internal/base/fault"
)

// Limits of the SQLite writer.
const (
	liteQueue     = 1024 // closures that may wait; more are told to come back
	liteBatch     = 256  // closures in one commit
	liteBusyMilli = 5000 // how long another process may hold the file
	// A checkpoint runs inside some unlucky commit: rarer ones cost less in
	// sum (measured: 1,000 pages instead of 16,000 cost 10–15 % of a transfer).
	liteCheckpointPages = 16000
)

// ErrBusy tells that too many callers wait for the database.
var ErrBusy = fault.New(fault.Busy, "db.busy")

func openLite(ctx context.Context, path string, o Options) (*DB, error) {
	if path == "" {
		return nil, errors.New("the database address needs a file, as in sqlite:PATH")
	}
	if err := writable(path); err != nil {
		return nil, err
	}
	readers := o.Readers
	if readers == 0 {
		readers = max(4, 2*runtime.NumCPU())
	}
	w, err := sql.Open("sqlite", liteDSN(path, false))
	if err != nil {
		return nil, err
	}
	w.SetMaxOpenConns(1)
	conn, err := w.Conn(ctx)
	if err != nil {
		w.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if err := assertPragmas(ctx, conn); err != nil {
		conn.Close()
		w.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	r, err := sql.Open("sqlite", liteDSN(path, true))
	if err != nil {
		conn.Close()
		w.Close()
		return nil, err
	}
	r.SetMaxOpenConns(readers)
	r.SetMaxIdleConns(readers)
	d := &DB{engine: SQLite, clock: o.Clock, dsn: path, pool: r, lite: &liteWriter{
		pool: w, conn: conn, stmts: map[*Stmt]*sql.Stmt{}, queue: make(chan *job, liteQueue), done: make(chan struct{}),
	}}
	go d.lite.loop()
	return d, nil
}

// writable explains an unusable folder before SQLite gives its bare number.
func writable(path string) error {
	dir := filepath.Dir(path)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("cannot write %s: %w; name a folder that this user may write to", path, errors.Unwrap(err))
	}
	if err := f.Close(); err != nil {
		return err
	}
	probe, err := os.CreateTemp(dir, ".probe-*")
	if err != nil {
		return fmt.Errorf("cannot write into %s: %w; name a folder that this user may write to", dir, errors.Unwrap(err))
	}
	probe.Close()
	return os.Remove(probe.Name())
}

func liteDSN(path string, reader bool) string {
	q := url.Values{}
	for _, p := range []string{
		fmt.Sprintf("busy_timeout(%d)", liteBusyMilli), "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
		"cache_size(-65536)", "temp_store(MEMORY)", fmt.Sprintf("wal_autocheckpoint(%d)", liteCheckpointPages),
	} {
		q.Add("_pragma", p)
	}
	if reader {
		q.Add("_pragma", "query_only(1)")
	}
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}
	return u.String()
}

// assertPragmas refuses to run on a connection that would forget committed
// money: with synchronous=NORMAL a power cut loses acknowledged commits.
func assertPragmas(ctx context.Context, c *sql.Conn) error {
	for name, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"} {
		var got string
		if err := c.QueryRowContext(ctx, "PRAGMA "+name).Scan(&got); err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		if got != want {
			return fmt.Errorf("SQLite refused %s=%s (it is %s): this file system cannot keep money safe", name, want, got)
		}
	}
	return nil
}

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
// at once. When the commit itself fails, everybody's work is gone.
func (w *liteWriter) commit(batch []*job) {
	ctx := context.Background()
	fail := func(err error) {
		for _, j := range batch {
			if j.err == nil {
				j.err = err
			}
		}
	}
	if _, err := w.conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		fail(liteError(err))
		return
	}
	good := 0
	for _, j := range batch {
		if w.one(ctx, j); j.err == nil && j.panic == nil {
			good++
		}
	}
	end := "COMMIT"
	if good == 0 {
		end = "ROLLBACK"
	}
	if _, err := w.conn.ExecContext(ctx, end); err != nil {
		w.conn.ExecContext(ctx, "ROLLBACK") // it may still be open
		fail(fmt.Errorf("commit: %w", liteError(err)))
	}
}

func (w *liteWriter) one(ctx context.Context, j *job) {
	if _, j.err = w.conn.ExecContext(ctx, "SAVEPOINT unit"); j.err != nil {
		return
	}
	u := &unit{run: w.conn, engine: SQLite, now: j.now(), prepare: w.prepared}
	func() {
		defer func() { j.panic = recover() }()
		j.err = j.fn(u)
	}()
	j.after = u.after
	if j.err != nil || j.panic != nil {
		if _, err := w.conn.ExecContext(ctx, "ROLLBACK TO unit"); err != nil {
			j.err = errors.Join(j.err, err)
		}
	}
	if _, err := w.conn.ExecContext(ctx, "RELEASE unit"); err != nil {
		j.err = errors.Join(j.err, err)
	}
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
	return fn(w.conn)
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

func liteError(err error) error {
	var e *sqlite.Error
	if errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY {
		return ErrBusy.Because(err)
	}
	return err
}
