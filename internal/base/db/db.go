package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"rocketbank/internal/base/clock"
)

// ErrNoRows is what a single-row query gives when there is no row.
var ErrNoRows = sql.ErrNoRows

// Reader runs queries that change nothing. A DB and a Tx are both Readers.
type Reader interface {
	// Rows runs a query; the caller closes the rows.
	Rows(ctx context.Context, q *Stmt, args ...any) (*sql.Rows, error)
	// Row runs a query for at most one row.
	Row(ctx context.Context, q *Stmt, args ...any) *sql.Row
	// Engine tells which database answers.
	Engine() Engine
}

// Tx is a unit of work.
type Tx interface {
	Reader
	// Exec runs a statement and gives the number of rows it touched.
	Exec(ctx context.Context, q *Stmt, args ...any) (int64, error)
	// Insert runs registered insertions.
	Insert(ctx context.Context, rows ...Row) error
	// Now is the business time of the whole unit of work, in UTC.
	Now() time.Time
	// AfterCommit keeps a function that runs once the unit of work is durable.
	AfterCommit(func())
}

// Options say how a database is opened.
type Options struct {
	Clock   clock.Clock // business time; the machine's clock when nil
	Readers int         // SQLite readers or PostgreSQL pool size; 0 means the default
	Exists  bool        // refuse an SQLite file that is not there instead of making an empty one
}

// DB is an open database of either engine.
type DB struct {
	engine Engine
	clock  clock.Clock
	dsn    string

	pool  *sql.DB  // PostgreSQL: everything; SQLite: readers
	stmts sync.Map // SQLite readers: *Stmt → *sql.Stmt
	lite  *liteWriter
	pgcfg *pgx.ConnConfig
}

// Open opens the database that url names: sqlite:PATH or postgres://….
// It does not create or migrate anything but SQLite's empty file.
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	if o.Clock == nil {
		o.Clock = clock.System()
	}
	switch {
	case strings.HasPrefix(url, "sqlite:"):
		return openLite(ctx, strings.TrimPrefix(url, "sqlite:"), o)
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		return openPostgres(ctx, url, o)
	}
	return nil, fmt.Errorf("the database address must start with sqlite: or postgres://")
}

// Engine tells which database stands behind d.
func (d *DB) Engine() Engine { return d.engine }

// Now is the business time, in UTC and whole microseconds.
func (d *DB) Now() time.Time { return d.clock.Now().UTC().Truncate(time.Microsecond) }

// Rows runs a query outside any unit of work.
func (d *DB) Rows(ctx context.Context, q *Stmt, args ...any) (*sql.Rows, error) {
	if d.engine == Postgres {
		return d.pool.QueryContext(ctx, q.postgres, args...)
	}
	s, err := d.prepared(ctx, q)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

// Row runs a query for one row outside any unit of work.
func (d *DB) Row(ctx context.Context, q *Stmt, args ...any) *sql.Row {
	if d.engine == Postgres {
		return d.pool.QueryRowContext(ctx, q.postgres, args...)
	}
	s, err := d.prepared(ctx, q)
	if err != nil {
		return d.pool.QueryRowContext(ctx, q.sqlite, args...) // gives the same error
	}
	return s.QueryRowContext(ctx, args...)
}

// prepared keeps one statement per query for the SQLite readers, because
// compiling the text costs more than running it.
func (d *DB) prepared(ctx context.Context, q *Stmt) (*sql.Stmt, error) {
	if s, ok := d.stmts.Load(q); ok {
		return s.(*sql.Stmt), nil
	}
	s, err := d.pool.PrepareContext(ctx, q.sqlite)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", q.where, err)
	}
	if old, lost := d.stmts.LoadOrStore(q, s); lost {
		s.Close()
		return old.(*sql.Stmt), nil
	}
	return s, nil
}

// Read gives fn one snapshot of the whole database.
func (d *DB) Read(ctx context.Context, fn func(Reader) error) error {
	o := &sql.TxOptions{ReadOnly: true}
	if d.engine == Postgres {
		o.Isolation = sql.LevelRepeatableRead
	}
	t, err := d.pool.BeginTx(ctx, o)
	if err != nil {
		return err
	}
	defer t.Rollback()
	return fn(&snapshot{t, d.engine})
}

// Write runs fn as one unit of work and makes it durable. fn may run again.
// After ErrUnknownOutcome it may be durable or not; after any other error it
// is not.
func (d *DB) Write(ctx context.Context, fn func(Tx) error) error {
	if d.engine == Postgres {
		return d.writePostgres(ctx, fn)
	}
	return d.lite.write(ctx, d.Now, fn)
}

// WithWriter lends SQLite's only writing connection, outside any transaction.
// The ledger's batches use it; nobody else should. fn passes an error of its
// COMMIT through CommitFailed and gives the result back.
func (d *DB) WithWriter(ctx context.Context, fn func(*sql.Conn) error) error {
	if d.engine != SQLite {
		return errors.New("db: only SQLite has a single writer")
	}
	return d.lite.exclusive(ctx, fn)
}

// Healthy tells why nothing is written any more until the next start; nil
// while it is. Only SQLite stops, after a commit of unknown outcome.
func (d *DB) Healthy() error {
	if d.lite == nil {
		return nil
	}
	return d.lite.healthy()
}

// Pgx gives the settings for a connection outside the pool (PostgreSQL).
func (d *DB) Pgx() *pgx.ConnConfig { return d.pgcfg.Copy() }

// Ping asks whether the database answers.
func (d *DB) Ping(ctx context.Context) error { return d.pool.PingContext(ctx) }

// Close waits for the units of work under way and closes every connection.
func (d *DB) Close() error {
	var err error
	if d.lite != nil {
		err = d.lite.close()
	}
	d.stmts.Range(func(_, s any) bool { s.(*sql.Stmt).Close(); return true })
	return errors.Join(err, d.pool.Close())
}

type snapshot struct {
	*sql.Tx
	engine Engine
}

func (s *snapshot) Engine() Engine { return s.engine }
func (s *snapshot) Rows(ctx context.Context, q *Stmt, args ...any) (*sql.Rows, error) {
	return s.QueryContext(ctx, q.SQL(s.engine), args...)
}
func (s *snapshot) Row(ctx context.Context, q *Stmt, args ...any) *sql.Row {
	return s.QueryRowContext(ctx, q.SQL(s.engine), args...)
}
