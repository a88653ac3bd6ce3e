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

// maxPage bounds every list.
const maxPage = 1000

var (
	// An account of the bank is the sum over its slots; a client's is one row.
	qAccountByID = db.Query(`SELECT MIN(id), MIN(owner), MIN(kind), MIN(currency), MAX(CASE WHEN closed THEN 1 ELSE 0 END),
		MIN(floor_minor), CAST(SUM(balance_minor) AS bigint), CAST(SUM(reserved_minor) AS bigint), CAST(SUM(version) AS bigint)
		FROM account WHERE id >= $1 AND id < $2 HAVING COUNT(*) > 0`)
	qAccountsOf = db.Query(`SELECT id, owner, kind, currency, CASE WHEN closed THEN 1 ELSE 0 END, floor_minor, balance_minor, reserved_minor, version
		FROM account WHERE owner = $1 ORDER BY id LIMIT $2`)
	qEntries = db.Query(`SELECT e.seq, e.txn, e.amount_minor, e.balance_minor, a.currency
		FROM entry AS e JOIN account AS a ON a.id = e.account WHERE e.account = $1 AND e.seq < $2 ORDER BY e.seq DESC LIMIT $3`)
	qUsed     = db.Query(`SELECT used_minor FROM guard WHERE owner = $1 AND name = $2 AND win = $3`)
	qHoldRead = db.Query(`SELECT txn, account, amount_minor, posted_minor, released_minor, reversed_minor, expires_us FROM hold WHERE txn = $1`)
	qDue      = db.Query(`SELECT txn, account, amount_minor, posted_minor, released_minor, reversed_minor, expires_us
		FROM hold WHERE expires_us IS NOT NULL AND expires_us <= $1 ORDER BY expires_us, txn LIMIT $2`)
)

// AccountByID reads one account; ErrForeignAccount when there is none. An
// account of the bank is the sum over its slots.
func AccountByID(ctx context.Context, r db.Reader, a AccountID) (Account, error) {
	to := a + 1
	if a.Bank() {
		a = a.base()
		to = a + slots
	}
	out, err := scanAccount(r.Row(ctx, qAccountByID, int64(a), int64(to)))
	if errors.Is(err, db.ErrNoRows) {
		return Account{}, ErrForeignAccount
	}
	return out, err
}

// AccountsOf reads an owner's accounts in the order of their opening.
func AccountsOf(ctx context.Context, r db.Reader, owner int64) ([]Account, error) {
	if owner <= BankOwner {
		return nil, misuse("accounts of owner %d", owner)
	}
	return list(ctx, r, qAccountsOf, func(s scanner) (Account, error) { return scanAccount(s) }, owner, maxPage)
}

func scanAccount(s scanner) (Account, error) {
	var a Account
	var closed, posted, reserved int64
	var cur money.Currency
	var floor sql.NullInt64
	if err := s.Scan(&a.ID, &a.Owner, &a.Kind, &cur, &closed, &floor, &posted, &reserved, &a.Version); err != nil {
		return Account{}, err
	}
	a.Closed, a.NoFloor = closed != 0, !floor.Valid
	a.Posted, a.Reserved = money.Amount{Minor: posted, Cur: cur}, money.Amount{Minor: reserved, Cur: cur}
	a.Floor = money.Amount{Minor: floor.Int64, Cur: cur}
	return a, nil
}

// Entry is one line of an account.
type Entry struct {
	Account AccountID
	Seq     int64
	Txn     id.ID
	Amount  money.Amount
	Posted  money.Amount // balance after
}

// Entries reads a page of an account's history, newest first: entries with a
// sequence below before (0 for the newest page).
func Entries(ctx context.Context, r db.Reader, a AccountID, before int64, limit int) ([]Entry, error) {
	if before <= 0 {
		before = 1<<63 - 1
	}
	return list(ctx, r, qEntries, func(s scanner) (Entry, error) {
		e := Entry{Account: a}
		var txn []byte
		var cur money.Currency
		if err := s.Scan(&e.Seq, &txn, &e.Amount.Minor, &e.Posted.Minor, &cur); err != nil {
			return e, err
		}
		e.Amount.Cur, e.Posted.Cur = cur, cur
		var err error
		e.Txn, err = id.FromBytes(txn)
		return e, err
	}, int64(a), before, min(limit, maxPage))
}

// Usage is how much of a limit counter is taken in its current window.
type Usage struct {
	Name   GuardName
	Window Window
	Used   money.Amount
}

// Used reads the counters of an owner for the windows of a moment: one line
// per guard asked for, of which Name, Window and the currency of Cap count.
func Used(ctx context.Context, r db.Reader, owner int64, at time.Time, asked ...Guard) ([]Usage, error) {
	out := make([]Usage, len(asked))
	for i, g := range asked {
		g.Owner = owner
		k := guardKeyOf(g, at)
		out[i] = Usage{Name: g.Name, Window: g.Window, Used: money.Amount{Cur: g.Cap.Cur}}
		err := r.Row(ctx, qUsed, k.owner, int64(k.name), k.win).Scan(&out[i].Used.Minor)
		if err != nil && !errors.Is(err, db.ErrNoRows) {
			return nil, fmt.Errorf("read limit counter: %w", err)
		}
	}
	return out, nil
}

// Record is a transaction as the book keeps it.
type Record struct {
	Receipt
	Owner  int64
	Key    Key
	Print  Print
	Kind   Kind
	Refers id.ID
	Legs   []Leg // Account and Amount
}

// Find reads the transaction of an owner's key; false when the key is unused.
func Find(ctx context.Context, r db.Reader, owner int64, key Key) (Record, bool, error) {
	return record(scanTxn(r.Row(ctx, qKey, owner, key[:])))
}

// ByID reads a transaction; false when there is none.
func ByID(ctx context.Context, r db.Reader, txn id.ID) (Record, bool, error) {
	return record(scanTxn(r.Row(ctx, qOrigin, txn[:])))
}

func record(s *stored, ok bool, err error) (Record, bool, error) {
	if err != nil || !ok {
		return Record{}, false, err
	}
	rec, _, err := s.record()
	return rec, err == nil, err
}

// Hold is the tally of a transaction that is open or was given back.
type Hold struct {
	Txn      id.ID
	Account  AccountID
	Amount   money.Amount
	Posted   money.Amount
	Released money.Amount
	Reversed money.Amount
	Expires  time.Time // zero when it never expires or is closed
}

// HoldOf reads the tally of a transaction; false when it has none.
func HoldOf(ctx context.Context, r db.Reader, txn id.ID) (Hold, bool, error) {
	h, ok, err := scanHold(r.Row(ctx, qHoldRead, txn[:]))
	if err != nil || !ok {
		return Hold{}, false, err
	}
	return h.public(money.RUB), true, nil // client accounts are roubles only for now
}

// DueHolds reads holds whose time was over at a moment, the oldest first.
func DueHolds(ctx context.Context, r db.Reader, at time.Time, limit int) ([]Hold, error) {
	return list(ctx, r, qDue, func(s scanner) (Hold, error) {
		h, _, err := scanHold(s)
		if err != nil {
			return Hold{}, err
		}
		return h.public(money.RUB), nil
	}, at.UnixMicro(), min(limit, maxPage))
}

// list reads all rows of a bounded query.
func list[T any](ctx context.Context, r db.Reader, q *db.Stmt, scan func(scanner) (T, error), args ...any) (out []T, err error) {
	rows, err := r.Rows(ctx, q, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		x, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, rows.Err()
}
