package claim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// row is a claim as it is stored.
type row struct {
	id       id.ID
	client   client.ID
	key      ledger.Key
	print    ledger.Print
	account  ledger.AccountID
	amount   money.Amount
	fee      money.Amount
	token    []byte
	state    State
	version  int64
	way      Way
	payout   []byte // 16 bytes while Paying and once Done by one
	tries    int64  // payouts begun: of one that waits all were refused
	reason   string
	reminded bool
	sealed   []byte
	at       time.Time
	until    time.Time
	doneUS   int64
}

// details is what the two people alone may read.
type details struct {
	Phone   string      `json:"p"`
	Name    string      `json:"n"` // the sender, masked
	Message string      `json:"m,omitempty"`
	Order   id.ID       `json:"o"`
	Lang    locale.Lang `json:"l"`           // of the sender: his receiver's is not known
	To      string      `json:"t,omitempty"` // what the receiver chose, masked
	Bank    string      `json:"b,omitempty"` // … whose it is, in the language he reads
}

func (d details) phone() phone.Number { return phone.Number(d.Phone) }

func (r row) text() string { return r.id.Text(Prefix) }

func (r row) total() (money.Amount, error) { return r.amount.Add(r.fee) }

// ledgerKey names one posting of this claim.
func (r row) ledgerKey(what string) ledger.Key { return ledger.KeyOf("claim", what, r.text()) }

func (r row) place() vault.At { return vault.At{Table: "claim.details", Row: r.id.Bytes()} }

const columns = `id, client, key, print, account, currency, amount_minor, fee_minor, token, state, version, way, payout, tries, reason,
	reminded, details, at_us, until_us, done_us`

var (
	insert = db.NewInsert("claim",
		db.Col{Name: "id", Type: db.Bytes}, db.Col{Name: "client", Type: db.Int}, db.Col{Name: "key", Type: db.Bytes},
		db.Col{Name: "print", Type: db.Bytes}, db.Col{Name: "account", Type: db.Int}, db.Col{Name: "currency", Type: db.Int},
		db.Col{Name: "amount_minor", Type: db.Int}, db.Col{Name: "fee_minor", Type: db.Int}, db.Col{Name: "token", Type: db.Bytes},
		db.Col{Name: "state", Type: db.Int}, db.Col{Name: "version", Type: db.Int}, db.Col{Name: "way", Type: db.Int},
		db.Col{Name: "payout", Type: db.Bytes}, db.Col{Name: "tries", Type: db.Int}, db.Col{Name: "reason", Type: db.Text},
		db.Col{Name: "reminded", Type: db.Int}, db.Col{Name: "details", Type: db.Bytes}, db.Col{Name: "at_us", Type: db.Int},
		db.Col{Name: "until_us", Type: db.Int}, db.Col{Name: "done_us", Type: db.Int}, db.Col{Name: "next_us", Type: db.Int})

	qByID    = db.Query(`SELECT ` + columns + ` FROM claim WHERE id = $1`)
	qByKey   = db.Query(`SELECT ` + columns + ` FROM claim WHERE client = $1 AND key = $2`)
	qByToken = db.Query(`SELECT ` + columns + ` FROM claim WHERE token = $1`)
	// A client has some hundred links at most, and his own index finds them.
	qByPayout = db.Query(`SELECT ` + columns + ` FROM claim WHERE client = $1 AND payout = $2`)
	qLock     = db.Query(`SELECT ` + columns + ` FROM claim WHERE id = $1 {for_update}`)
	qOpen     = db.Query(`SELECT ` + columns + ` FROM claim WHERE client = $1 AND next_us IS NOT NULL ORDER BY id DESC LIMIT $2`)
	qLatest   = db.Query(`SELECT ` + columns + ` FROM claim WHERE client = $1 ORDER BY id DESC LIMIT $2`)
	qDue      = db.Query(`SELECT ` + columns + ` FROM claim WHERE next_us <= $1 ORDER BY next_us, id LIMIT $2`)
	qHowMany  = db.Query(`SELECT COUNT(*) FROM claim WHERE client = $1 AND next_us IS NOT NULL`)

	qStep = db.Query(`UPDATE claim SET state = $3, way = $4, payout = $5, tries = $6, reason = $7, details = $8, done_us = $9, next_us = $10,
		version = version + 1 WHERE id = $1 AND version = $2`)
	qRemind = db.Query(`UPDATE claim SET reminded = 1, next_us = $3, version = version + 1 WHERE id = $1 AND version = $2`)
	qLater  = db.Query(`UPDATE claim SET next_us = $3 WHERE id = $1 AND version = $2`)
)

func (s *Service) insert(ctx context.Context, tx db.Tx, r row) error {
	return tx.Insert(ctx, insert.Row(r.id.Bytes(), int64(r.client), r.key[:], r.print[:], int64(r.account), int64(r.amount.Cur),
		r.amount.Minor, r.fee.Minor, r.token, int64(r.state), int64(0), int64(0), []byte{}, int64(0), "",
		int64(0), r.sealed, r.at.UnixMicro(), r.until.UnixMicro(), int64(0), r.until.Add(-RemindAt).UnixMicro()))
}

// find reads one row; ErrMissing when there is none.
func find(ctx context.Context, from db.Reader, q *db.Stmt, args ...any) (row, error) {
	r, err := scan(from.Row(ctx, q, args...))
	if errors.Is(err, db.ErrNoRows) {
		return r, ErrMissing
	}
	return r, err
}

func all(ctx context.Context, from db.Reader, q *db.Stmt, args ...any) (out []row, err error) {
	rows, err := from.Rows(ctx, q, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

func scan(from interface{ Scan(...any) error }) (row, error) {
	var r row
	var rawID, key, print []byte
	var owner, account, cur, amount, fee, state, way, reminded, at, until int64
	err := from.Scan(&rawID, &owner, &key, &print, &account, &cur, &amount, &fee, &r.token, &state, &r.version, &way, &r.payout, &r.tries, &r.reason,
		&reminded, &r.sealed, &at, &until, &r.doneUS)
	if err != nil {
		return r, err
	}
	if len(key) != 16 || len(print) != 16 {
		return r, fmt.Errorf("claim %x: malformed key", rawID)
	}
	r.key, r.print = ledger.Key(key), ledger.Print(print)
	if r.id, err = id.FromBytes(rawID); err != nil {
		return r, err
	}
	c := money.Currency(cur)                                                                                  // #nosec G115 -- stored from one
	r.client, r.account, r.state, r.way = client.ID(owner), ledger.AccountID(account), State(state), Way(way) // #nosec G115 -- stored from them
	r.amount, r.fee = money.Amount{Minor: amount, Cur: c}, money.Amount{Minor: fee, Cur: c}
	r.at, r.until, r.reminded = time.UnixMicro(at).UTC(), time.UnixMicro(until).UTC(), reminded != 0
	return r, nil
}

// spent tells that no further payout may be tried.
func (r row) spent() bool { return r.state == Waiting && r.tries >= MaxTries }

// next is when the worker looks at a claim that waits.
func (r row) next() time.Time {
	if !r.reminded {
		return r.until.Add(-RemindAt)
	}
	return r.until
}

// may tells whether a claim may go from one state to the next.
func may(from, to State) bool {
	switch from {
	case Waiting:
		return to == Paying || to == Done || to == Cancelled || to == Expired
	case Paying:
		return to == Waiting || to == Done
	case Done:
		return to == Returned
	}
	return false
}

// step takes a locked row to a state. r holds what it shall look like
// afterwards; next is when the worker looks again.
func step(ctx context.Context, tx db.Tx, r *row, to State, next time.Time) error {
	if !may(r.state, to) {
		return fmt.Errorf("claim %s: no step from %s to %s", r.text(), r.state, to)
	}
	var due any
	if to.Final() {
		r.doneUS = tx.Now().UnixMicro()
	} else {
		due = next.UnixMicro()
	}
	if r.payout == nil {
		r.payout = []byte{} // an empty value must not become NULL
	}
	n, err := tx.Exec(ctx, qStep, r.id.Bytes(), r.version, int64(to), int64(r.way), r.payout, r.tries, r.reason, r.sealed, r.doneUS, due)
	if err == nil && n != 1 {
		err = fmt.Errorf("claim %s: a step changed %d rows", r.text(), n)
	}
	r.state = to
	r.version++
	return err
}

func (s *Service) seal(r *row, d details) error {
	plain, err := json.Marshal(d)
	if err != nil {
		return err
	}
	r.sealed, err = s.d.Vault.Seal(vault.PII, r.place(), plain)
	return err
}

func (s *Service) details(r row) (d details, err error) {
	plain, err := s.d.Vault.Open(vault.PII, r.place(), r.sealed)
	if err != nil {
		return d, fmt.Errorf("claim %s: %w", r.text(), err)
	}
	if err := json.Unmarshal(plain, &d); err != nil {
		return d, fmt.Errorf("claim %s: malformed details", r.text()) // the cause may quote them
	}
	return d, nil
}

// view is a claim as its sender may see it.
func (s *Service) view(r row) (Link, error) {
	d, err := s.details(r)
	if err != nil {
		return Link{}, err
	}
	total, err := r.total()
	if err != nil {
		return Link{}, err
	}
	l := Link{
		ID: r.id, Order: d.Order, From: r.account, Phone: d.phone(), Amount: r.amount, Fee: r.fee, Total: total, Message: d.Message,
		State: r.state, Way: r.way, At: r.at, Until: r.until,
	}
	if r.state == Waiting {
		l.Reason, l.Spent = r.reason, r.spent()
	}
	if r.state.Final() {
		l.DoneAt = time.UnixMicro(r.doneUS).UTC()
	}
	return l, nil
}
