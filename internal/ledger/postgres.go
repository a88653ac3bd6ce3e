package ledger

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"rocketbank/internal/base/db"
)

const (
	// defaultWriters is how many batches a process has under way on
	// PostgreSQL: while one waits for its commit, the other decides. The queue
	// sees to it that they never meet on a row; four are slower than two.
	defaultWriters = 2

	pgConnectTime = 5 * time.Second
	pgBatchTime   = 20 * time.Second // after which a silent server counts as lost
)

// postgres applies batches on a connection of its own: two round trips each.
type postgres struct {
	cfg  *pgconn.Config
	log  *slog.Logger
	name string // of this writer's connections, so that a lost one can be ended
	slot int

	conn  *pgconn.PgConn
	lost  bool // an earlier connection may still be at work on the server
	stmts map[string]*pgconn.StatementDescription
	// unsafe is set when the server says that a commit did not reach its replica.
	unsafe bool
}

func newPostgres(ctx context.Context, d *db.DB, log *slog.Logger) (*postgres, error) {
	raw := make([]byte, 8)
	rand.Read(raw)
	p := &postgres{cfg: &d.Pgx().Config, log: log, name: "rocketbank-ledger-" + hex.EncodeToString(raw), slot: int(raw[0]) % slots}
	for name, value := range map[string]string{
		"application_name": p.name,
		// Every statement finds its rows by key, whatever the tables hold: one
		// plan for ever, which the empty tables of a new database must not
		// talk into scanning. Planning anew for each batch would take a
		// quarter of the server's time.
		"plan_cache_mode":   "force_generic_plan",
		"enable_seqscan":    "off",
		"enable_bitmapscan": "off",
		"enable_hashjoin":   "off",
		"enable_mergejoin":  "off",

		"lock_timeout":                        "100ms",
		"statement_timeout":                   "10s",
		"idle_in_transaction_session_timeout": "10s",
	} {
		p.cfg.RuntimeParams[name] = value
	}
	p.cfg.ConnectTimeout = pgConnectTime
	p.cfg.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		p.unsafe = p.unsafe || db.NotReplicated(n)
	}
	return p, p.connect(ctx)
}

// connect opens a connection and compiles the statements. If an earlier
// connection was lost, the server is told to end it, so that its locks go.
func (p *postgres) connect(ctx context.Context) error {
	if p.conn != nil && !p.conn.IsClosed() {
		return nil
	}
	conn, err := pgconn.ConnectConfig(ctx, p.cfg)
	if err != nil {
		return fmt.Errorf("%w: %w", errOffline, err)
	}
	p.conn, p.stmts = conn, map[string]*pgconn.StatementDescription{}
	if err := conn.Conn().SetDeadline(time.Now().Add(pgBatchTime)); err != nil {
		p.drop()
		return fmt.Errorf("%w: %w", errOffline, err)
	}
	if p.lost {
		const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND pid <> pg_backend_pid()`
		if r := conn.ExecParams(ctx, end, [][]byte{[]byte(p.name)}, nil, nil, nil).Read(); r.Err != nil {
			p.log.Warn("ledger: cannot end a lost connection", "cause", r.Err)
		}
		p.lost = false
	}
	return p.prepare(ctx, pgStatements...)
}

// prepare compiles statements that this connection does not know yet.
func (p *postgres) prepare(ctx context.Context, texts ...string) error {
	for _, q := range texts {
		if p.stmts[q] != nil {
			continue
		}
		d, err := p.conn.Prepare(ctx, fmt.Sprintf("s%d", len(p.stmts)), q, nil)
		if err != nil {
			return p.classify(err, false)
		}
		p.stmts[q] = d
	}
	return nil
}

func (p *postgres) close() {
	if p.conn != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		p.conn.Close(ctx)
	}
}

// drop gives a connection up whose state is in doubt.
func (p *postgres) drop() {
	p.lost = true
	p.conn.Conn().Close()
	p.close()
}

func (p *postgres) apply(ctx context.Context, at time.Time, batch []*request, skip bool) (outs []outcome, deferred []bool, err error) {
	if err := p.connect(ctx); err != nil {
		return nil, nil, err
	}
	if err := p.conn.Conn().SetDeadline(time.Now().Add(pgBatchTime)); err != nil {
		p.drop()
		return nil, nil, fmt.Errorf("%w: %w", errAgain, err)
	}
	for _, r := range batch {
		r.t.spread(p.slot)
		for _, row := range r.t.Rows {
			if err := p.prepare(ctx, row.Insert.Many().SQL(db.Postgres)); err != nil {
				return nil, nil, err
			}
		}
	}
	outs, deferred, err = p.transact(at, batch, skip)
	if err != nil && p.conn.TxStatus() != 'I' && !p.conn.IsClosed() {
		if e := p.rollback(ctx); e != nil {
			p.drop()
		}
	}
	if p.conn.IsClosed() {
		p.lost = true
	}
	if errors.Is(err, errLocked) && !skip {
		return p.apply(ctx, at, batch, true)
	}
	return outs, deferred, err
}

func (p *postgres) rollback(ctx context.Context) error {
	_, err := p.conn.Exec(ctx, "ROLLBACK").ReadAll()
	return err
}

// errLocked tells that somebody else holds a row for longer than the batch waits.
var errLocked = fmt.Errorf("%w: a row is locked", errAgain)

func (p *postgres) transact(at time.Time, batch []*request, skip bool) (outs []outcome, deferred []bool, err error) {
	orders := make([]*order, len(batch))
	for i, r := range batch {
		orders[i] = &r.order
	}
	w := wantsOf(at, orders)
	st, err := p.load(w, skip)
	if err != nil {
		return nil, nil, err
	}
	if skip {
		if orders, deferred, err = p.reached(st, w, orders); err != nil {
			return nil, nil, err
		}
	}
	pl, decided, err := decideSafely(st, at, orders)
	if err != nil {
		return nil, nil, err
	}
	if pl.empty() {
		err = p.rollback(context.Background())
		if err != nil {
			err = p.classify(err, false)
		}
	} else {
		err = p.write(pl)
	}
	if err != nil {
		return nil, nil, err
	}
	if deferred == nil {
		return decided, nil, nil
	}
	outs = make([]outcome, len(batch))
	next := 0
	for i := range batch {
		if !deferred[i] {
			outs[i] = decided[next]
			next++
		}
	}
	return outs, deferred, nil
}

// reached tells locked accounts from accounts that do not exist, and parts
// the orders into those that can go on and those that have to wait.
func (p *postgres) reached(st *state, w *wants, orders []*order) (go_ []*order, deferred []bool, err error) {
	deferred = make([]bool, len(orders))
	missing := newColumn(oidInt8, 8, 8)
	for _, a := range w.accounts {
		if st.accounts[a] == nil {
			missing.int(int64(a))
		}
	}
	if missing.n == 0 {
		return orders, deferred, nil
	}
	locked := map[AccountID]bool{}
	pipe := p.start()
	pipe.send(pgExist, missing.done())
	pipe.sync()
	pipe.rows(func(v [][]byte) error { locked[AccountID(pgInt(v[0]))] = true; return nil })
	if err := pipe.end(); err != nil {
		return nil, nil, p.classify(err, false)
	}
	for i, o := range orders {
		deferred[i] = locked[o.t.Hold]
		for _, l := range o.t.Legs {
			deferred[i] = deferred[i] || locked[l.Account]
		}
		if !deferred[i] {
			go_ = append(go_, o)
		}
	}
	return go_, deferred, nil
}

// classify sorts an error by what has to be done about it. committing tells
// that the server may have got the COMMIT.
func (p *postgres) classify(err error, committing bool) error {
	var pe *pgconn.PgError
	if errors.As(err, &pe) && pe.SeverityUnlocalized == "ERROR" {
		// The transaction is over without a commit.
		switch pe.Code {
		case "55P03":
			return fmt.Errorf("%w: %w", errLocked, err)
		case "40P01", "40001":
			return fmt.Errorf("%w: %w", errAgain, err)
		case "25006": // a node that is not promoted yet, or no longer the primary
			p.drop()
			return fmt.Errorf("%w: %w", errAgain, err)
		case "53100", "58030":
			return fmt.Errorf("%w: %w", errFull, err)
		case "23505":
			// A race that the account locks do not cover: the next snapshot sees the row.
			if pe.ConstraintName == "txn_key_owner_key" || pe.ConstraintName == "guard_pkey" || pe.ConstraintName == "hold_pkey" {
				return fmt.Errorf("%w: %w", errAgain, err)
			}
		case "57014", "25P03": // the server's own time limits
			return fmt.Errorf("%w: %w", errAgain, err)
		}
		return err
	}
	// FATAL, or no answer at all: the connection is gone.
	p.drop()
	if committing {
		return fmt.Errorf("%w: %w", errUnknown, err)
	}
	return fmt.Errorf("%w: %w", errAgain, err)
}
