package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

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
	if err := writable(path, o.Exists); err != nil {
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
	lite := &liteWriter{pool: w, conn: conn, stmts: map[*Stmt]*sql.Stmt{}, queue: make(chan *job, liteQueue), done: make(chan struct{})}
	r, err := sql.Open("sqlite", liteDSN(path, true))
	if err == nil {
		err = lite.watch()
	}
	if err != nil {
		conn.Close()
		w.Close()
		return nil, err
	}
	r.SetMaxOpenConns(readers)
	r.SetMaxIdleConns(readers)
	d := &DB{engine: SQLite, clock: o.Clock, dsn: path, pool: r, lite: lite}
	go lite.loop()
	return d, nil
}

// writable explains an unusable folder before SQLite gives its bare number.
func writable(path string, exists bool) error {
	dir := filepath.Dir(path)
	flags := os.O_RDWR | os.O_CREATE
	if exists {
		flags = os.O_RDWR
	}
	f, err := os.OpenFile(path, flags, 0o600)
	if errors.Is(err, fs.ErrNotExist) && exists {
		return fmt.Errorf("there is no database %s; name one that exists, or make it with: rocketbank migrate up", path)
	}
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

func liteError(err error) error {
	var e *sqlite.Error
	if errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY {
		return ErrBusy.Because(err)
	}
	return err
}

// CommitFailed tells what an error of SQLite's COMMIT means. Only what is
// refused before anything is written leaves no doubt; after an error of the
// disk the whole transaction may be in the file already, and the next start
// would find it: that is ErrUnknownOutcome.
func CommitFailed(err error) error {
	var e *sqlite.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CONSTRAINT:
			return err
		}
	}
	return fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
}
