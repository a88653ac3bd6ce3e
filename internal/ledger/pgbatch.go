package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
)

// The statements of a batch. The key query comes after the account locks:
// each statement has its own snapshot, and only one taken after the wait sees
// what another process has just committed.
const (
	pgBegin    = `BEGIN`
	pgCommit   = `COMMIT`
	pgAccounts = `SELECT id, owner, currency, closed, floor_minor, balance_minor, reserved_minor, version
		FROM account WHERE id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE`
	pgAccountsSkip = pgAccounts + ` SKIP LOCKED`
	pgExist        = `SELECT id FROM account WHERE id = ANY($1::bigint[])`
	pgTxn          = `t.id, t.owner, t.key, t.print, t.kind, t.phase, t.refused, t.refused_detail, t.refers, t.legs, t.guards, t.at_us`
	pgKeys         = `SELECT ` + pgTxn + ` FROM unnest($1::bigint[], $2::bytea[]) AS u(owner, key)
		JOIN txn AS t ON t.owner = u.owner AND t.key = u.key`
	pgOrigins = `SELECT ` + pgTxn + ` FROM txn AS t WHERE t.id = ANY($1::bytea[])`
	pgHolds   = `SELECT txn, account, amount_minor, posted_minor, released_minor, reversed_minor, expires_us
		FROM hold WHERE txn = ANY($1::bytea[]) ORDER BY txn FOR NO KEY UPDATE`
	pgGuards = `SELECT g.owner, g.name, g.win, g.used_minor FROM unnest($1::bigint[], $2::smallint[], $3::integer[]) AS u(owner, name, win)
		JOIN guard AS g ON g.owner = u.owner AND g.name = u.name AND g.win = u.win
		ORDER BY g.owner, g.name, g.win FOR NO KEY UPDATE OF g`

	pgInsertTxn = `INSERT INTO txn (id, owner, key, print, kind, phase, refused, refused_detail, refers, legs, guards, at_us)
		SELECT *, $12::bigint FROM unnest($1::bytea[], $2::bigint[], $3::bytea[], $4::bytea[], $5::smallint[], $6::smallint[],
		$7::smallint[], $8::bigint[], $9::bytea[], $10::bytea[], $11::bytea[])`
	pgInsertEntry = `INSERT INTO entry (account, seq, txn, amount_minor, balance_minor)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bigint[], $5::bigint[])`
	// The updates divide by zero, and so undo the whole batch, unless they
	// changed exactly the rows they were given.
	pgUpdateAccount = `WITH done AS (UPDATE account AS a
		SET floor_minor = u.floor, balance_minor = u.balance, reserved_minor = u.reserved, version = u.version
		FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) AS u(id, floor, balance, reserved, version)
		WHERE a.id = u.id RETURNING 1)
		SELECT 1 / (count(*) = $6::bigint)::integer FROM done`
	pgInsertHold = `INSERT INTO hold (txn, account, amount_minor, posted_minor, released_minor, reversed_minor, expires_us)
		SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])`
	pgUpdateHold = `WITH done AS (UPDATE hold AS h
		SET amount_minor = u.amount, posted_minor = u.posted, released_minor = u.released, reversed_minor = u.reversed, expires_us = u.expires
		FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[]) AS u(txn, amount, posted, released, reversed, expires)
		WHERE h.txn = u.txn RETURNING 1)
		SELECT 1 / (count(*) = $7::bigint)::integer FROM done`
	// A counter that is new is inserted, never upserted: a race becomes an
	// error and another run instead of a silently overwritten limit.
	pgInsertGuard = `INSERT INTO guard (owner, name, win, used_minor)
		SELECT * FROM unnest($1::bigint[], $2::smallint[], $3::integer[], $4::bigint[])`
	pgUpdateGuard = `WITH done AS (UPDATE guard AS g SET used_minor = u.used
		FROM unnest($1::bigint[], $2::smallint[], $3::integer[], $4::bigint[]) AS u(owner, name, win, used)
		WHERE g.owner = u.owner AND g.name = u.name AND g.win = u.win RETURNING 1)
		SELECT 1 / (count(*) = $5::bigint)::integer FROM done`
)

var pgStatements = []string{
	pgBegin, pgCommit, pgAccounts, pgAccountsSkip, pgExist, pgKeys, pgOrigins, pgHolds, pgGuards,
	pgInsertTxn, pgInsertEntry, pgUpdateAccount, pgInsertHold, pgUpdateHold, pgInsertGuard, pgUpdateGuard,
}

// load begins the transaction, locks and reads: one round trip, and one more
// for the counters when something is given back.
func (p *postgres) load(w *wants, skip bool) (*state, error) {
	st := newState()
	ids := newColumn(oidInt8, len(w.accounts), 8)
	for _, a := range w.accounts {
		ids.int(int64(a))
	}
	owners, keys := newColumn(oidInt8, len(w.keys), 8), newColumn(oidBytea, len(w.keys), 16)
	for _, k := range w.keys {
		owners.int(k.owner)
		keys.bytes(k.key[:])
	}
	accounts := pgAccounts
	if skip {
		accounts = pgAccountsSkip
	}
	pipe := p.start()
	pipe.send(pgBegin)
	pipe.send(accounts, ids.done())
	pipe.send(pgKeys, owners.done(), keys.done())
	refers := len(w.refers) > 0
	if refers {
		list := newColumn(oidBytea, len(w.refers), 16)
		for _, x := range w.refers {
			list.bytes(x[:])
		}
		pipe.send(pgOrigins, list.done())
		pipe.send(pgHolds, list.done())
	} else if len(w.guards) > 0 {
		pipe.sendGuards(w.guards)
	}
	pipe.sync()
	pipe.rows(nil)
	pipe.rows(func(v [][]byte) error {
		a := &account{
			id: AccountID(pgInt(v[0])), owner: pgInt(v[1]), cur: money.Currency(pgInt(v[2])), closed: pgInt(v[3]) != 0,
			noFloor: v[4] == nil, floor: pgInt(v[4]), balance: pgInt(v[5]), reserved: pgInt(v[6]), version: pgInt(v[7]),
		}
		st.accounts[a.id] = a
		return nil
	})
	pipe.rows(func(v [][]byte) error { return st.remember(pgStored(v)) })
	if refers {
		pipe.rows(func(v [][]byte) error { return st.refer(pgStored(v)) })
		pipe.rows(func(v [][]byte) error {
			if len(v[0]) != 16 {
				return errBlob
			}
			h := &hold{
				txn: id.ID(v[0]), account: AccountID(pgInt(v[1])), amount: pgInt(v[2]), posted: pgInt(v[3]),
				released: pgInt(v[4]), reversed: pgInt(v[5]), expires: pgInt(v[6]),
			}
			st.holds[h.txn] = h
			return nil
		})
	} else if len(w.guards) > 0 {
		pipe.rows(st.pgGuard)
	}
	if err := pipe.end(); err != nil {
		return nil, p.classify(err, false)
	}
	if !refers {
		return st, nil
	}
	if w.giveBack(st); len(w.guards) == 0 {
		return st, nil
	}
	pipe = p.start()
	pipe.sendGuards(w.guards)
	pipe.sync()
	pipe.rows(st.pgGuard)
	if err := pipe.end(); err != nil {
		return nil, p.classify(err, false)
	}
	return st, nil
}

func (st *state) pgGuard(v [][]byte) error {
	k := guardKey{pgInt(v[0]), int16(pgInt(v[1])), pgInt(v[2])}
	st.guards[k] = &counter{key: k, used: pgInt(v[3]), stored: true}
	return nil
}

func pgStored(v [][]byte) *stored {
	s := &stored{
		id: v[0], owner: pgInt(v[1]), key: v[2], print: v[3], kind: pgInt(v[4]), phase: pgInt(v[5]), refused: pgInt(v[6]),
		refers: v[8], legs: v[9], guards: v[10], at: pgInt(v[11]),
	}
	if v[7] != nil {
		n := pgInt(v[7])
		s.detail = &n
	}
	return s
}

// write sends the whole plan and the commit: the second round trip.
func (p *postgres) write(pl *plan) error {
	pl.sort()
	pipe := p.start()
	pipe.sendPlan(pl)
	if err := pipe.sendCarried(pl.rows); err != nil {
		pipe.sync()
		pipe.drain()
		return errors.Join(err, pipe.end())
	}
	pipe.send(pgCommit)
	p.unsafe = false
	pipe.sync()
	pipe.drain() // the server's notice comes before the answer to COMMIT
	if err := pipe.end(); err != nil {
		if err = p.classify(err, true); p.unsafe && errors.Is(err, errUnknown) {
			// Told to end while it waited for the replica: the keys would be
			// found here, and that proves nothing.
			err = fmt.Errorf("%w: %w", errUnreplicated, err)
		}
		return err
	}
	if p.conn.TxStatus() != 'I' || pipe.tag != pgCommit {
		return errors.New("ledger: the commit answered " + pipe.tag)
	}
	if p.unsafe {
		return errUnreplicated
	}
	return nil
}

// pipeline is one round trip: statements out, results back in the same order.
type pipeline struct {
	p       *postgres
	raw     *pgconn.Pipeline
	pending int
	tag     string // of the last statement that ended
	err     error
}

var binaryFormat = []int16{1}

func (p *postgres) start() *pipeline {
	return &pipeline{p: p, raw: p.conn.StartPipeline(context.Background())}
}

func (x *pipeline) send(q string, params ...[]byte) {
	x.pending++
	x.raw.SendQueryStatement(x.p.stmts[q], params, binaryFormat, binaryFormat)
}

func (x *pipeline) sync() { x.note(x.raw.Sync()) }

func (x *pipeline) note(err error) {
	if x.err == nil {
		x.err = err
	}
}

// rows reads the result of the next statement.
func (x *pipeline) rows(each func([][]byte) error) {
	if x.err != nil {
		return
	}
	x.pending--
	got, err := x.raw.GetResults()
	if err != nil {
		x.note(err)
		return
	}
	r, ok := got.(*pgconn.ResultReader)
	if !ok {
		x.note(errors.New("ledger: unexpected answer in a pipeline"))
		return
	}
	for r.NextRow() {
		if each != nil {
			if err := each(r.Values()); err != nil {
				x.note(err)
			}
		}
	}
	tag, err := r.Close()
	x.tag = tag.String()
	x.note(err)
}

func (x *pipeline) drain() {
	for x.pending > 0 && x.err == nil {
		x.rows(nil)
	}
}

func (x *pipeline) end() error {
	err := x.raw.Close()
	if x.err != nil {
		return x.err
	}
	return err
}

func (x *pipeline) sendGuards(keys []guardKey) {
	owners, names, wins := newColumn(oidInt8, len(keys), 8), newColumn(oidInt2, len(keys), 2), newColumn(oidInt4, len(keys), 4)
	for _, k := range keys {
		owners.int(k.owner)
		names.int(int64(k.name))
		wins.int(k.win)
	}
	x.send(pgGuards, owners.done(), names.done(), wins.done())
}

// sendCarried sends the carried rows grouped by statement, in order of first appearance.
func (x *pipeline) sendCarried(rows []db.Row) error {
	groups := map[*db.Insert][]db.Row{}
	var order []*db.Insert
	for _, r := range rows {
		if groups[r.Insert] == nil {
			order = append(order, r.Insert)
		}
		groups[r.Insert] = append(groups[r.Insert], r)
	}
	for _, ins := range order {
		params, err := carriedColumns(ins, groups[ins])
		if err != nil {
			return err
		}
		x.send(ins.Many().SQL(db.Postgres), params...)
	}
	return nil
}
