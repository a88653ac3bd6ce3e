package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
)

// The statements of PostTx: one row each, the same on both engines. They take
// locks in the order of the batch writer: accounts by id, holds, guards.
var (
	qAccount = db.Query(`SELECT id, owner, currency, closed, floor_minor, balance_minor, reserved_minor, version
		FROM account WHERE id = $1 {for_update}`)
	qKey    = db.Query(`SELECT ` + txnColumns + ` FROM txn WHERE owner = $1 AND key = $2`)
	qOrigin = db.Query(`SELECT ` + txnColumns + ` FROM txn WHERE id = $1`)
	qHold   = db.Query(`SELECT txn, account, amount_minor, posted_minor, released_minor, reversed_minor, expires_us
		FROM hold WHERE txn = $1 {for_update}`)
	qGuard = db.Query(`SELECT used_minor FROM guard WHERE owner = $1 AND name = $2 AND win = $3 {for_update}`)
	// A counter is made before it is locked, so that two units of work that
	// both need a new one wait for each other instead of breaking a key.
	qNewGuard = db.Query(`INSERT INTO guard (owner, name, win, used_minor) VALUES ($1, $2, $3, 0) ON CONFLICT (owner, name, win) DO NOTHING`)

	qSetAccount = db.Query(`UPDATE account SET floor_minor = $1, balance_minor = $2, reserved_minor = $3, version = $4 WHERE id = $5`)
	qSetHold    = db.Query(`UPDATE hold SET amount_minor = $1, posted_minor = $2, released_minor = $3, reversed_minor = $4, expires_us = $5
		WHERE txn = $6`)
	qSetGuard = db.Query(`UPDATE guard SET used_minor = $1 WHERE owner = $2 AND name = $3 AND win = $4`)

	iTxn = db.NewInsert("txn", db.Col{Name: "id", Type: db.Bytes}, db.Col{Name: "owner", Type: db.Int}, db.Col{Name: "key", Type: db.Bytes},
		db.Col{Name: "print", Type: db.Bytes}, db.Col{Name: "kind", Type: db.Int}, db.Col{Name: "phase", Type: db.Int},
		db.Col{Name: "refused", Type: db.Int}, db.Col{Name: "refused_detail", Type: db.Int}, db.Col{Name: "refers", Type: db.Bytes},
		db.Col{Name: "legs", Type: db.Bytes}, db.Col{Name: "guards", Type: db.Bytes}, db.Col{Name: "at_us", Type: db.Int})
	iEntry = db.NewInsert("entry", db.Col{Name: "account", Type: db.Int}, db.Col{Name: "seq", Type: db.Int}, db.Col{Name: "txn", Type: db.Bytes},
		db.Col{Name: "amount_minor", Type: db.Int}, db.Col{Name: "balance_minor", Type: db.Int})
	iHold = db.NewInsert("hold", db.Col{Name: "txn", Type: db.Bytes}, db.Col{Name: "account", Type: db.Int}, db.Col{Name: "amount_minor", Type: db.Int},
		db.Col{Name: "posted_minor", Type: db.Int}, db.Col{Name: "released_minor", Type: db.Int}, db.Col{Name: "reversed_minor", Type: db.Int},
		db.Col{Name: "expires_us", Type: db.Int})
)

const txnColumns = `id, owner, key, print, kind, phase, refused, refused_detail, refers, legs, guards, at_us`

// PostTx applies transactions inside a unit of work, through the same core.
// Call it once per unit of work, with all its transactions, after the unit's
// own rows are locked and read; afterwards only insert and commit. A refusal
// is remembered only if the unit of work commits; an error must undo it.
func (b *Book) PostTx(ctx context.Context, tx db.Tx, ts ...Transaction) ([]Receipt, error) {
	orders := make([]*order, len(ts))
	for i := range ts {
		o := &order{t: ts[i]}
		if err := b.complete(&o.t); err != nil {
			return nil, err
		}
		o.t.spread(b.lease)
		orders[i] = o
	}
	st, err := loadUnit(ctx, tx, wantsOf(tx.Now(), orders))
	if err != nil {
		return nil, err
	}
	p, outs, err := decideSafely(st, tx.Now(), orders)
	if err != nil {
		return nil, err
	}
	receipts := make([]Receipt, len(outs))
	for i, o := range outs {
		if o.err != nil {
			return nil, o.err
		}
		receipts[i] = o.receipt
	}
	p.sort()
	if err := writeUnit(ctx, tx, p); err != nil {
		if db.IsUnique(err) {
			// Somebody else has just used the key for other accounts; the
			// next attempt will see it.
			return nil, ErrBusy.Because(err)
		}
		return nil, err
	}
	return receipts, nil
}

func loadUnit(ctx context.Context, tx db.Tx, w *wants) (*state, error) {
	st := newState()
	for _, x := range w.accounts {
		a := &account{}
		var floor sql.NullInt64
		switch err := tx.Row(ctx, qAccount, int64(x)).Scan(&a.id, &a.owner, &a.cur, &a.closed, &floor, &a.balance, &a.reserved, &a.version); {
		case errors.Is(err, db.ErrNoRows):
		case err != nil:
			return nil, fmt.Errorf("lock account %v: %w", x, err)
		default:
			a.floor, a.noFloor = floor.Int64, !floor.Valid
			st.accounts[x] = a
		}
	}
	for _, k := range w.keys {
		s, ok, err := scanTxn(tx.Row(ctx, qKey, k.owner, k.key[:]))
		if err != nil {
			return nil, err
		}
		if ok {
			if err := st.remember(s); err != nil {
				return nil, err
			}
		}
	}
	for _, x := range w.refers {
		s, ok, err := scanTxn(tx.Row(ctx, qOrigin, x[:]))
		if err != nil {
			return nil, err
		}
		if ok {
			if err := st.refer(s); err != nil {
				return nil, err
			}
		}
	}
	for _, x := range w.refers {
		h, ok, err := scanHold(tx.Row(ctx, qHold, x[:]))
		if err != nil {
			return nil, err
		}
		if ok {
			st.holds[x] = h
		}
	}
	charged := len(w.guards)
	w.giveBack(st)
	for _, k := range w.guards {
		n := &counter{key: k, stored: true}
		if charged > 0 {
			if _, err := tx.Exec(ctx, qNewGuard, k.owner, int64(k.name), k.win); err != nil {
				return nil, err
			}
		}
		switch err := tx.Row(ctx, qGuard, k.owner, int64(k.name), k.win).Scan(&n.used); {
		case errors.Is(err, db.ErrNoRows): // lost, which verify tells: nothing to give back to
		case err != nil:
			return nil, err
		default:
			st.guards[k] = n
		}
	}
	return st, nil
}

func writeUnit(ctx context.Context, tx db.Tx, p *plan) error {
	rows := make([]db.Row, 0, len(p.txns)+len(p.entries)+len(p.holds)+len(p.rows))
	for i := range p.txns {
		r := &p.txns[i]
		t := &r.o.t
		var detail any
		if r.no.reason != Accepted {
			detail = r.no.detail
		}
		rows = append(rows, iTxn.Row(t.ID[:], t.Owner, t.Key[:], t.Print[:], int64(t.Kind), int64(t.Phase), int64(r.no.reason), detail,
			blob(t.refersBytes()), blob(encodeLegs(r.legs)), blob(encodeGuards(r.guards)), p.at.UnixMicro()))
	}
	for _, e := range p.entries {
		rows = append(rows, iEntry.Row(int64(e.account), e.seq, e.txn[:], e.amount, e.balance))
	}
	for _, a := range p.accounts {
		if err := one(tx.Exec(ctx, qSetAccount, a.floorValue(), a.balance, a.reserved, a.version, int64(a.id))); err != nil {
			return err
		}
	}
	for _, h := range p.holds {
		if h.fresh {
			rows = append(rows, iHold.Row(h.txn[:], int64(h.account), h.amount, h.posted, h.released, h.reversed, h.expiresValue()))
		} else if err := one(tx.Exec(ctx, qSetHold, h.amount, h.posted, h.released, h.reversed, h.expiresValue(), h.txn[:])); err != nil {
			return err
		}
	}
	for _, n := range p.guards {
		if err := one(tx.Exec(ctx, qSetGuard, n.used, n.key.owner, int64(n.key.name), n.key.win)); err != nil {
			return err
		}
	}
	return tx.Insert(ctx, append(rows, p.rows...)...)
}

// one insists that an update found exactly its row.
func one(n int64, err error) error {
	if err == nil && n != 1 {
		return fmt.Errorf("ledger: an update changed %d rows", n)
	}
	return err
}

type scanner interface{ Scan(...any) error }

func scanTxn(row scanner) (*stored, bool, error) {
	s := &stored{}
	err := row.Scan(&s.id, &s.owner, &s.key, &s.print, &s.kind, &s.phase, &s.refused, &s.detail, &s.refers, &s.legs, &s.guards, &s.at)
	if errors.Is(err, db.ErrNoRows) {
		return nil, false, nil
	}
	return s, err == nil, err
}

func scanHold(row scanner) (*hold, bool, error) {
	h := &hold{}
	var txn []byte
	var expires sql.NullInt64
	err := row.Scan(&txn, &h.account, &h.amount, &h.posted, &h.released, &h.reversed, &expires)
	if errors.Is(err, db.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	if len(txn) != 16 {
		return nil, false, errBlob
	}
	h.txn, h.expires = id.ID(txn), expires.Int64
	return h, true, nil
}

func (h *hold) public(cur money.Currency) Hold {
	sum := func(n int64) money.Amount { return money.Amount{Minor: n, Cur: cur} }
	out := Hold{
		Txn: h.txn, Account: h.account, Amount: sum(h.amount), Posted: sum(h.posted),
		Released: sum(h.released), Reversed: sum(h.reversed),
	}
	if h.expires != 0 {
		out.Expires = time.UnixMicro(h.expires).UTC()
	}
	return out
}
