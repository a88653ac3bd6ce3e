package ledger

import (
	"bytes"
	"database/sql"
	"errors"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/base/tier"
)

// wire stands between the book and PostgreSQL and cuts the line when told.
type wire struct {
	listener        net.Listener
	network, server string
	// cutReply drops the line instead of passing the server's answer to a
	// COMMIT on; cutOrder drops it when the COMMIT goes out, and lets the
	// server have it only after hold.
	cutReply, cutOrder atomic.Bool
	hold               time.Duration
	cuts               atomic.Int64
	wg                 sync.WaitGroup
}

// newWire gives a wire to the database at dsn and the address of its near end.
func newWire(t *testing.T, dsn string) (*wire, string) {
	t.Helper()
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{}
	w.network, w.server = pgconn.NetworkAddress(cfg.Host, cfg.Port)
	if w.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	w.accept(w.listener)
	t.Cleanup(func() { w.listener.Close(); w.wg.Wait() })
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(cfg.User, cfg.Password), Host: w.listener.Addr().String(), Path: cfg.Database,
		RawQuery: url.Values{"sslmode": {"disable"}, "search_path": {cfg.RuntimeParams["search_path"]}}.Encode(),
	}
	return w, u.String()
}

func (w *wire) accept(l net.Listener) {
	w.wg.Add(1)
	go func() {
		defer w.wg.Done()
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			w.wg.Add(1)
			go func() { defer w.wg.Done(); w.carry(c) }()
		}
	}()
}

func (w *wire) carry(client net.Conn) {
	server, err := net.Dial(w.network, w.server)
	if err != nil {
		client.Close()
		return
	}
	var ends sync.WaitGroup
	ends.Add(2)
	go func() { // orders
		defer ends.Done()
		defer server.Close()
		w.pass(server, client, func(b []byte) bool {
			// s9 is INSERT txn, see pgStatements: the COMMIT is right behind it.
			if !bytes.Contains(b, []byte("\x00s9\x00")) || !w.cutOrder.CompareAndSwap(true, false) {
				return false
			}
			w.cuts.Add(1)
			client.Close()
			time.Sleep(w.hold)
			server.Write(b)
			time.Sleep(w.hold / 4)
			return true
		})
	}()
	go func() { // answers
		defer ends.Done()
		defer client.Close()
		w.pass(client, server, func(b []byte) bool {
			if !bytes.Contains(b, []byte("COMMIT\x00")) || !w.cutReply.CompareAndSwap(true, false) {
				return false
			}
			w.cuts.Add(1)
			return true
		})
	}()
	ends.Wait()
}

// pass carries bytes until the line is cut.
func (w *wire) pass(to io.Writer, from io.Reader, cut func([]byte) bool) {
	buf := make([]byte, 1<<20)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if cut(buf[:n]) {
				return
			}
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// TestLostCommit cuts the line between the COMMIT and its answer, and between
// the order and the COMMIT that the server gets two seconds later. Either way
// there is one transfer, and the caller is told that it is made.
func TestLostCommit(t *testing.T) {
	direct := dbtest.Postgres(t)
	for _, late := range []time.Duration{0, 2 * time.Second} {
		t.Run(late.String(), func(t *testing.T) {
			w, through := newWire(t, direct)
			h := newHouse(t, dbtest.Open(t, direct, clock.System()), direct, Options{})
			cut := newHouse(t, dbtest.Open(t, through, clock.System()), through, Options{})
			clients.Add(100)
			a, b := h.account(1, 100), h.account(2, 0)
			cut.post(transfer(1, a, b, 1)) // every statement is known by now
			if w.hold = late; late > 0 {
				w.cutOrder.Store(true)
			} else {
				w.cutReply.Store(true)
			}
			tr := transfer(1, a, b, 60) // more than half: twice would be refused
			r := cut.post(tr)
			if w.cuts.Load() != 1 || r.Refused() || r.Replay {
				t.Errorf("%d cuts, told %+v", w.cuts.Load(), r)
			}
			time.Sleep(late + late/4)
			h.balance(a, 39, 0)
			if again := cut.post(tr); again.Txn != r.Txn || !again.Replay {
				t.Errorf("%+v", again)
			}
			h.verified()
		})
	}
}

// TestServerAway: while PostgreSQL does not answer, callers are told busy;
// when it is back, the same key works.
func TestServerAway(t *testing.T) {
	direct := dbtest.Postgres(t)
	w, through := newWire(t, direct)
	h := newHouse(t, dbtest.Open(t, direct, clock.System()), direct, Options{})
	cut := newHouse(t, dbtest.Open(t, through, clock.System()), through, Options{})
	clients.Add(100)
	a, b := h.account(1, 100), h.account(2, 0)
	addr := w.listener.Addr().String()
	w.listener.Close()
	for _, e := range cut.engines() {
		e.conn.Conn().Close()
	}
	tr := transfer(1, a, b, 60)
	if _, err := cut.book.Post(bg, tr); !errors.Is(err, ErrBusy) {
		t.Errorf("told %v while the server is away", err)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Skip("the port was taken meanwhile")
	}
	defer l.Close()
	w.accept(l)
	if r := cut.post(tr); r.Refused() || r.Replay {
		t.Errorf("%+v", r)
	}
	h.balance(a, 40, 0)
}

func (h *house) engines() (out []*postgres) {
	for _, w := range h.book.writers {
		out = append(out, w.eng.(*postgres))
	}
	return out
}

// TestRowCountIsChecked: an update that is given a row twice, or a row that
// is not there, changes fewer rows than the plan says and undoes the batch.
func TestRowCountIsChecked(t *testing.T) {
	h := newHouse(t, dbtest.Open(t, dbtest.Postgres(t), clock.System()), "", Options{})
	clients.Add(100)
	a := h.account(1, 100)
	e, err := newPostgres(bg, h.db, h.book.log)
	if err != nil {
		t.Fatal(err)
	}
	defer e.close()
	for name, list := range map[string][]*account{
		"twice":   {{id: a, balance: 1}, {id: a, balance: 2}},
		"missing": {{id: a, balance: 1}, {id: a + slots, balance: 1}},
	} {
		if _, err := e.load(&wants{accounts: []AccountID{a}}, false); err != nil {
			t.Fatal(err)
		}
		if err := e.write(&plan{accounts: list}); err == nil || errors.Is(err, errAgain) || e.conn.TxStatus() != 'E' {
			t.Errorf("%s: %v, transaction %c", name, err, e.conn.TxStatus())
		}
		if err := e.rollback(bg); err != nil {
			t.Fatal(err)
		}
	}
	h.balance(a, 100, 0)
}

// TestStuckFile: another process keeps SQLite's file to itself; callers are
// told busy, and the same key works when it lets go.
func TestStuckFile(t *testing.T) {
	if tier.Now() == tier.Default {
		t.Skip("takes as long as SQLite waits for the file, 5 s; runs in the ci and soak tiers")
	}
	url := dbtest.SQLite(t)
	h := newHouse(t, dbtest.Open(t, url, clock.System()), url, Options{})
	other := dbtest.Open(t, url, clock.System())
	clients.Add(100)
	a, b := h.account(1, 100), h.account(2, 0)
	tr := transfer(1, a, b, 60)
	err := other.WithWriter(bg, func(c *sql.Conn) error {
		if _, err := c.ExecContext(bg, "BEGIN IMMEDIATE"); err != nil {
			return err
		}
		if _, err := h.book.Post(bg, tr); !errors.Is(err, ErrBusy) {
			t.Errorf("told %v while the file is taken", err)
		}
		_, err := c.ExecContext(bg, "ROLLBACK")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if r := h.post(tr); r.Refused() || r.Replay {
		t.Errorf("%+v", r)
	}
	h.verified()
}
