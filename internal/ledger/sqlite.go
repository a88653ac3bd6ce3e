package ledger

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
)

// lite applies batches on SQLite's only writing connection, through the raw
// driver: database/sql would cost another tenth of the processor.
type lite struct {
	db    *db.DB
	conn  driver.Conn // the connection that stmts belong to
	stmts map[string]driver.Stmt
	args  []driver.NamedValue
}

func newLite(d *db.DB) *lite { return &lite{db: d, stmts: map[string]driver.Stmt{}} }

func (l *lite) close() {
	ctx := context.Background()
	err := l.db.WithWriter(ctx, func(c *sql.Conn) error {
		return c.Raw(func(raw any) error {
			if raw == l.conn {
				l.forget()
			}
			return nil
		})
	})
	_ = err // a database that is closed already has taken its statements along
}

func (l *lite) forget() {
	for _, s := range l.stmts {
		s.Close()
	}
	clear(l.stmts)
}

func (l *lite) apply(ctx context.Context, at time.Time, batch []*request, _ bool) (outs []outcome, _ []bool, err error) {
	orders := make([]*order, len(batch))
	for i, r := range batch {
		orders[i] = &r.order
		r.t.spread(0)
	}
	stuck := l.db.WithWriter(ctx, func(c *sql.Conn) error {
		return c.Raw(func(raw any) error {
			conn, ok := raw.(driver.Conn)
			if !ok {
				return fmt.Errorf("ledger: %T is no driver connection", raw)
			}
			if conn != l.conn {
				clear(l.stmts)
				l.conn = conn
			}
			outs, err = l.transact(at, orders)
			if errors.Is(err, db.ErrUnknownOutcome) {
				return err // this the database has to know too: it stops
			}
			return nil
		})
	})
	if stuck != nil && err == nil {
		return nil, nil, fmt.Errorf("%w: %w", errStuck, stuck)
	}
	return outs, nil, liteError(err)
}

func (l *lite) transact(at time.Time, orders []*order) (outs []outcome, err error) {
	if err := l.exec("BEGIN IMMEDIATE"); err != nil {
		return nil, err
	}
	open := true
	defer func() {
		if open { // also after a failed COMMIT, which may leave it open
			if e := l.exec("ROLLBACK"); e != nil && err == nil {
				err = e
			}
		}
	}()
	st, err := l.load(at, orders)
	if err != nil {
		return nil, err
	}
	p, outs, err := decideSafely(st, at, orders)
	if err != nil || p.empty() {
		return outs, err
	}
	if err := l.write(p); err != nil {
		return nil, err
	}
	if err := l.exec("COMMIT"); err != nil {
		return nil, db.CommitFailed(err)
	}
	open = false
	return outs, nil
}

const (
	liteAccounts = `SELECT id, owner, currency, closed, floor_minor, balance_minor, reserved_minor, version
		FROM account WHERE id IN (SELECT value FROM json_each($1))`
	liteTxn  = `t.id, t.owner, t.key, t.print, t.kind, t.phase, t.refused, t.refused_detail, t.refers, t.legs, t.guards, t.at_us`
	liteKeys = `SELECT ` + liteTxn + ` FROM json_each($1) AS j CROSS JOIN txn AS t
		ON t.owner = j.value ->> 0 AND t.key = unhex(j.value ->> 1)`
	liteOrigins = `SELECT ` + liteTxn + ` FROM json_each($1) AS j CROSS JOIN txn AS t ON t.id = unhex(j.value)`
	liteHolds   = `SELECT h.txn, h.account, h.amount_minor, h.posted_minor, h.released_minor, h.reversed_minor, h.expires_us
		FROM json_each($1) AS j CROSS JOIN hold AS h ON h.txn = unhex(j.value)`
	liteGuards = `SELECT g.owner, g.name, g.win, g.used_minor FROM json_each($1) AS j CROSS JOIN guard AS g
		ON g.owner = j.value ->> 0 AND g.name = j.value ->> 1 AND g.win = j.value ->> 2`
)

// load reads what the orders touch: one query per table.
func (l *lite) load(at time.Time, orders []*order) (*state, error) {
	st, w := newState(), wantsOf(at, orders)
	err := l.query(liteAccounts, jsonList(w.accounts, func(b []byte, a AccountID) []byte {
		return strconv.AppendInt(b, int64(a), 10)
	}), func(v []driver.Value) error {
		a := &account{
			id: AccountID(whole(v[0])), owner: whole(v[1]), cur: money.Currency(whole(v[2])), closed: whole(v[3]) != 0,
			noFloor: v[4] == nil, floor: whole(v[4]), balance: whole(v[5]), reserved: whole(v[6]), version: whole(v[7]),
		}
		st.accounts[a.id] = a
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := l.query(liteKeys, jsonList(w.keys, appendKey), func(v []driver.Value) error {
		return st.remember(storedOf(v))
	}); err != nil {
		return nil, err
	}
	if len(w.refers) > 0 {
		ids := jsonList(w.refers, func(b []byte, x id.ID) []byte { return appendHex(append(b, '"'), x[:]) })
		if err := l.query(liteOrigins, ids, func(v []driver.Value) error { return st.refer(storedOf(v)) }); err != nil {
			return nil, err
		}
		if err := l.query(liteHolds, ids, func(v []driver.Value) error { return st.hold(v) }); err != nil {
			return nil, err
		}
		w.giveBack(st)
	}
	if len(w.guards) == 0 {
		return st, nil
	}
	err = l.query(liteGuards, jsonList(w.guards, func(b []byte, k guardKey) []byte {
		b = strconv.AppendInt(append(b, '['), k.owner, 10)
		b = strconv.AppendInt(append(b, ','), int64(k.name), 10)
		b = strconv.AppendInt(append(b, ','), k.win, 10)
		return append(b, ']')
	}), func(v []driver.Value) error {
		k := guardKey{whole(v[0]), int16(whole(v[1])), whole(v[2])}
		st.guards[k] = &counter{key: k, used: whole(v[3]), stored: true}
		return nil
	})
	return st, err
}

const (
	liteInsertTxn = `INSERT INTO txn (id, owner, key, print, kind, phase, refused, refused_detail, refers, legs, guards, at_us)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
	liteInsertEntry   = `INSERT INTO entry (account, seq, txn, amount_minor, balance_minor) VALUES ($1, $2, $3, $4, $5)`
	liteUpdateAccount = `UPDATE account SET floor_minor = $1, balance_minor = $2, reserved_minor = $3, version = $4 WHERE id = $5`
	liteInsertHold    = `INSERT INTO hold (txn, account, amount_minor, posted_minor, released_minor, reversed_minor, expires_us)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`
	liteUpdateHold = `UPDATE hold SET amount_minor = $1, posted_minor = $2, released_minor = $3, reversed_minor = $4, expires_us = $5
		WHERE txn = $6`
	liteInsertGuard = `INSERT INTO guard (used_minor, owner, name, win) VALUES ($1, $2, $3, $4)`
	liteUpdateGuard = `UPDATE guard SET used_minor = $1 WHERE owner = $2 AND name = $3 AND win = $4`
)

// write runs the plan. Rows go in the order of their keys, so that
// neighbours find their page still warm.
func (l *lite) write(p *plan) error {
	p.sort()
	for i := range p.txns {
		r := &p.txns[i]
		t := &r.o.t
		var detail any
		if r.no.reason != Accepted {
			detail = r.no.detail
		}
		if err := l.exec(liteInsertTxn, t.ID[:], t.Owner, t.Key[:], t.Print[:], int64(t.Kind), int64(t.Phase), int64(r.no.reason),
			detail, blob(t.refersBytes()), blob(encodeLegs(r.legs)), blob(encodeGuards(r.guards)), p.at.UnixMicro()); err != nil {
			return err
		}
	}
	for i := range p.entries {
		e := &p.entries[i]
		if err := l.exec(liteInsertEntry, int64(e.account), e.seq, e.txn[:], e.amount, e.balance); err != nil {
			return err
		}
	}
	for _, a := range p.accounts {
		if err := l.exec(liteUpdateAccount, a.floorValue(), a.balance, a.reserved, a.version, int64(a.id)); err != nil {
			return err
		}
	}
	for _, h := range p.holds {
		var err error
		if h.fresh {
			err = l.exec(liteInsertHold, h.txn[:], int64(h.account), h.amount, h.posted, h.released, h.reversed, h.expiresValue())
		} else {
			err = l.exec(liteUpdateHold, h.amount, h.posted, h.released, h.reversed, h.expiresValue(), h.txn[:])
		}
		if err != nil {
			return err
		}
	}
	for _, n := range p.guards {
		q := liteInsertGuard
		if n.stored {
			q = liteUpdateGuard
		}
		if err := l.exec(q, n.used, n.key.owner, int64(n.key.name), n.key.win); err != nil {
			return err
		}
	}
	for _, r := range p.rows {
		if err := l.exec(r.Insert.One().SQL(db.SQLite), r.Args...); err != nil {
			return fmt.Errorf("carried row (%s): %w", r.Insert.One().Where(), err)
		}
	}
	return nil
}

func (l *lite) stmt(q string) (driver.Stmt, error) {
	if s, ok := l.stmts[q]; ok {
		return s, nil
	}
	s, err := l.conn.Prepare(q)
	if err != nil {
		return nil, err
	}
	l.stmts[q] = s
	return s, nil
}

func (l *lite) bind(args []any) ([]driver.NamedValue, error) {
	l.args = l.args[:0]
	for i, v := range args {
		switch v.(type) {
		case nil, int64, []byte, string, bool:
		default: // carried rows may hold ints of any size
			var err error
			if v, err = driver.DefaultParameterConverter.ConvertValue(v); err != nil {
				return nil, err
			}
		}
		l.args = append(l.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return l.args, nil
}

func (l *lite) exec(q string, args ...any) error {
	s, err := l.stmt(q)
	if err != nil {
		return err
	}
	bound, err := l.bind(args)
	if err != nil {
		return err
	}
	_, err = s.(driver.StmtExecContext).ExecContext(context.Background(), bound)
	return err
}

func (l *lite) query(q string, list string, each func([]driver.Value) error) (err error) {
	s, err := l.stmt(q)
	if err != nil {
		return err
	}
	bound, err := l.bind([]any{list})
	if err != nil {
		return err
	}
	rows, err := s.(driver.StmtQueryContext).QueryContext(context.Background(), bound)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	vals := make([]driver.Value, len(rows.Columns()))
	for {
		if err := rows.Next(vals); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := each(vals); err != nil {
			return err
		}
	}
}

// liteError sorts an error by what has to be done about it.
func liteError(err error) error {
	if errors.Is(err, db.ErrUnknownOutcome) {
		return fmt.Errorf("%w: %w", errDoubtful, err)
	}
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fmt.Errorf("%w: %w", errStuck, err)
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CANTOPEN:
		return fmt.Errorf("%w: %w", errFull, err)
	}
	return err
}

func whole(v driver.Value) int64 {
	n, _ := v.(int64) // NULL is nought; STRICT tables hold nothing else
	return n
}

func bytesOf(v driver.Value) []byte {
	b, _ := v.([]byte)
	return slices.Clone(b)
}

// blob keeps an absent value NULL: a nil []byte in an interface is not nil.
func blob(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

func storedOf(v []driver.Value) *stored {
	s := &stored{
		id: bytesOf(v[0]), owner: whole(v[1]), key: bytesOf(v[2]), print: bytesOf(v[3]), kind: whole(v[4]), phase: whole(v[5]),
		refused: whole(v[6]), refers: bytesOf(v[8]), legs: bytesOf(v[9]), guards: bytesOf(v[10]), at: whole(v[11]),
	}
	if v[7] != nil {
		n := whole(v[7])
		s.detail = &n
	}
	return s
}

func (st *state) hold(v []driver.Value) error {
	b := bytesOf(v[0])
	if len(b) != 16 {
		return errBlob
	}
	st.holds[id.ID(b)] = &hold{
		txn: id.ID(b), account: AccountID(whole(v[1])), amount: whole(v[2]), posted: whole(v[3]),
		released: whole(v[4]), reversed: whole(v[5]), expires: whole(v[6]),
	}
	return nil
}

func jsonList[T any](list []T, one func([]byte, T) []byte) string {
	b := append(make([]byte, 0, 2+24*len(list)), '[')
	for i, x := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = one(b, x)
	}
	return string(append(b, ']'))
}

func appendKey(b []byte, k ownerKey) []byte {
	b = strconv.AppendInt(append(b, '['), k.owner, 10)
	b = appendHex(append(b, ',', '"'), k.key[:])
	return append(b, ']')
}

// appendHex writes the rest of a quoted hexadecimal text.
func appendHex(b, raw []byte) []byte {
	const digits = "0123456789abcdef"
	for _, x := range raw {
		b = append(b, digits[x>>4], digits[x&15])
	}
	return append(b, '"')
}
