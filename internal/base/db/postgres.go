package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Limits of the PostgreSQL pool and of repeating a unit of work.
const (
	pgPool      = 20
	pgTries     = 6
	pgIdle      = 5 * time.Minute
	pgConnectIn = 10 * time.Second
)

// ErrUnknownOutcome tells that the connection was lost or the disk failed
// while a commit was under way: the work may or may not be done, and only its
// key can tell.
var ErrUnknownOutcome = errors.New("db: the outcome of the commit is unknown")

func openPostgres(ctx context.Context, url string, o Options) (*DB, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("the database address cannot be read; it looks like postgres://user:password@host:5432/name")
	}
	if cfg.RuntimeParams["application_name"] == "" {
		cfg.RuntimeParams["application_name"] = "rocketbank"
	}
	cfg.ConnectTimeout = pgConnectIn
	cfg.OnNotice = func(c *pgconn.PgConn, n *pgconn.Notice) {
		if NotReplicated(n) {
			c.CustomData()[notReplicated] = true
		}
	}
	pool := stdlib.OpenDB(*cfg)
	n := o.Readers
	if n == 0 {
		n = pgPool
	}
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n)
	pool.SetConnMaxIdleTime(pgIdle)
	d := &DB{engine: Postgres, clock: o.Clock, dsn: url, pool: pool, pgcfg: cfg}
	if err := d.assertDurable(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	return d, nil
}

// assertDurable refuses a server that acknowledges what it may forget.
func (d *DB) assertDurable(ctx context.Context) error {
	var fsync, commit string
	if err := d.pool.QueryRowContext(ctx, "SELECT current_setting('fsync'), current_setting('synchronous_commit')").Scan(&fsync, &commit); err != nil {
		return fmt.Errorf("PostgreSQL at %s:%d does not answer: %w; check the address, the password and that the server runs", d.pgcfg.Host, d.pgcfg.Port, cause(err))
	}
	if fsync != "on" || commit == "off" {
		return fmt.Errorf("PostgreSQL runs with fsync=%s and synchronous_commit=%s and would lose acknowledged payments; switch both on", fsync, commit)
	}
	return nil
}

// cause strips the password-bearing wrapper that pgx puts around dial errors.
func cause(err error) error {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return errors.New(pe.Message)
	}
	for {
		in := errors.Unwrap(err)
		if in == nil {
			return err
		}
		err = in
	}
}

func (d *DB) writePostgres(ctx context.Context, fn func(Tx) error) error {
	for try := 1; ; try++ {
		err, committing := d.tryPostgres(ctx, fn)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, ErrUnknownOutcome):
			return err
		case committing && (lostConnection(err) || ctx.Err() != nil):
			return fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
		case try == pgTries || !(Retriable(err) || lostConnection(err)) || ctx.Err() != nil:
			return err
		}
		time.Sleep(time.Duration(1+rand.IntN(20*try)) * time.Millisecond) // #nosec G404 -- jitter, not a secret
	}
}

func (d *DB) tryPostgres(ctx context.Context, fn func(Tx) error) (err error, committing bool) {
	conn, err := d.pool.Conn(ctx)
	if err != nil {
		return err, false
	}
	defer conn.Close()
	if _, err := unreplicated(conn); err != nil { // forget what somebody else was told
		return err, false
	}
	t, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err, false
	}
	defer t.Rollback()
	u := &unit{run: t, engine: Postgres, now: d.Now()}
	if err := fn(u); err != nil {
		return err, false
	}
	if err := t.Commit(); err != nil {
		return err, true
	}
	if lost, err := unreplicated(conn); lost || err != nil {
		return fmt.Errorf("%w: it did not reach its replica (%v)", ErrUnknownOutcome, err), true
	}
	u.committed()
	return nil, true
}

// notReplicated is where a connection keeps that NotReplicated was told.
const notReplicated = "not replicated"

// NotReplicated tells the notice by which PostgreSQL says that a commit is
// made here, but perhaps not where a failover would look: not durable. The
// name of the routine stays the same in every language of the server.
func NotReplicated(n *pgconn.Notice) bool {
	return n.Routine == "SyncRepWaitForLSN" || strings.Contains(n.Message, "synchronous replication")
}

// unreplicated tells, once, whether the connection has got such a notice.
func unreplicated(c *sql.Conn) (lost bool, err error) {
	err = c.Raw(func(raw any) error {
		pc, ok := raw.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("db: %T is no connection to PostgreSQL", raw)
		}
		data := pc.Conn().PgConn().CustomData()
		_, lost = data[notReplicated]
		delete(data, notReplicated)
		return nil
	})
	return lost, err
}

// Retriable tells an error after which the whole unit of work may run again:
// serialization failure, deadlock, lock not available, read-only transaction
// (a node not yet promoted), and SQLite's busy.
func Retriable(err error) bool {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		switch pe.Code {
		case "40001", "40P01", "55P03", "25006":
			return true
		}
	}
	var se *sqlite.Error
	return errors.As(err, &se) && se.Code()&0xff == sqlite3.SQLITE_BUSY
}

func lostConnection(err error) bool {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		switch pe.Code[:2] {
		case "08", "57": // connection exception, operator intervention
			return true
		}
		return false
	}
	return errors.Is(err, sql.ErrConnDone) || pgconn.Timeout(err) || errors.Is(err, context.DeadlineExceeded) || isNetwork(err)
}

// IsUnique tells that a row with the same key exists already.
func IsUnique(err error) bool {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return pe.Code == "23505"
	}
	var se *sqlite.Error
	return errors.As(err, &se) && (se.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || se.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY || se.Code() == sqlite3.SQLITE_CONSTRAINT_ROWID)
}
