package payout

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// row is a payout as it is stored. Its identifier is also that of the pending
// transaction, and of the feed row where it has one.
type row struct {
	id        id.ID
	client    client.ID
	print     [16]byte
	way       Way
	account   ledger.AccountID
	amount    money.Amount
	price     tariff.Price // zero Version: it was not priced
	state     State
	reason    string
	reference string
	version   int64
	told      bool // it has a row in the client's feed
	posting   []byte
	number    int64
	sent      time.Time // zero until sent
	at        time.Time
	done      time.Time
	tries     int64
	details   []byte
	secret    []byte
}

func (r row) text() string { return r.id.Text(Prefix) }

func (r row) total() (money.Amount, error) { return r.amount.Add(r.price.Fee) }

func (r row) place(column string) vault.At {
	return vault.At{Table: "payout." + column, Row: r.id.Bytes()}
}

// ledgerKey names one posting of this payout.
func (r row) ledgerKey(what string) ledger.Key { return ledger.KeyOf("payout", what, r.text()) }

// legs move the sum to whoever settles the way, and the fee to us.
func (r row) legs() ([]ledger.Leg, error) {
	total, err := r.total()
	if err != nil {
		return nil, err
	}
	debit, err := total.Neg()
	if err != nil {
		return nil, err
	}
	from := ledger.Leg{Account: r.account, Amount: debit}
	if !r.account.Bank() {
		from.Owner = int64(r.client)
	}
	legs := []ledger.Leg{from, {Account: ways[r.way].settle, Amount: r.amount}}
	if r.price.Fee.Positive() {
		legs = append(legs, ledger.Leg{Account: ledger.Fees, Amount: r.price.Fee})
	}
	return legs, nil
}

// errStale tells that somebody else took the next step meanwhile.
var errStale = errors.New("payout: another step was taken meanwhile")

// errStep is a broken invariant: a step that the machine does not have.
type errStep struct{ from, to State }

func (e errStep) Error() string { return fmt.Sprintf("payout: no step from %s to %s", e.from, e.to) }

const columns = `id, client, print, way, account, currency, amount_minor, fee_minor, tariff, tariff_rule, free_minor, state, reason, reference,
	version, told, posting, number, sent_us, at_us, done_us, tries, details, secret`

var (
	insert = db.NewInsert("payout",
		db.Col{Name: "id", Type: db.Bytes}, db.Col{Name: "client", Type: db.Int}, db.Col{Name: "print", Type: db.Bytes},
		db.Col{Name: "way", Type: db.Int}, db.Col{Name: "account", Type: db.Int}, db.Col{Name: "currency", Type: db.Int},
		db.Col{Name: "amount_minor", Type: db.Int}, db.Col{Name: "fee_minor", Type: db.Int}, db.Col{Name: "tariff", Type: db.Int},
		db.Col{Name: "tariff_rule", Type: db.Int}, db.Col{Name: "free_minor", Type: db.Int}, db.Col{Name: "state", Type: db.Int},
		db.Col{Name: "reason", Type: db.Text}, db.Col{Name: "reference", Type: db.Text}, db.Col{Name: "version", Type: db.Int},
		db.Col{Name: "told", Type: db.Int}, db.Col{Name: "posting", Type: db.Bytes}, db.Col{Name: "number", Type: db.Int},
		db.Col{Name: "sent_us", Type: db.Int}, db.Col{Name: "at_us", Type: db.Int}, db.Col{Name: "done_us", Type: db.Int},
		db.Col{Name: "tries", Type: db.Int}, db.Col{Name: "next_us", Type: db.Int}, db.Col{Name: "details", Type: db.Bytes}, db.Col{Name: "secret", Type: db.Bytes})

	qByID   = db.Query(`SELECT ` + columns + ` FROM payout WHERE id = $1`)
	qLock   = db.Query(`SELECT ` + columns + ` FROM payout WHERE id = $1 {for_update}`)
	qAll    = db.Query(`SELECT ` + columns + ` FROM payout WHERE id > $1 ORDER BY id LIMIT $2`)
	qLatest = db.Query(`SELECT ` + columns + ` FROM payout WHERE client = $1 AND told = 1 ORDER BY id DESC LIMIT $2`)
	qDue    = db.Query(`SELECT id, next_us FROM payout WHERE next_us <= $1 ORDER BY next_us, id LIMIT $2`)

	qStep = db.Query(`UPDATE payout SET state = $3, reason = $4, reference = $5, posting = $6, number = $7, sent_us = $8, done_us = $9,
		details = $10, secret = $11, next_us = $12, version = version + 1 WHERE id = $1 AND version = $2`)
	qLater = db.Query(`UPDATE payout SET next_us = $2 WHERE id = $1 AND next_us IS NOT NULL`)
	// Taking a due payout moves its time: that is the lease, and whoever comes
	// second finds another time.
	qTake  = db.Query(`UPDATE payout SET next_us = $3, tries = tries + 1 WHERE id = $1 AND next_us = $2`)
	qTried = db.Query(`UPDATE payout SET tries = tries + 1 WHERE id = $1 AND next_us IS NOT NULL`)
	// qNumber counts the instructions of a day.
	qNumber = db.Query(`INSERT INTO payout_number (day, used) VALUES ($1, 1)
		ON CONFLICT (day) DO UPDATE SET used = payout_number.used + 1 RETURNING used`)
)

// carried is the payout as a row that lands with its hold.
func (r row) carried(next time.Time) db.Row {
	return insert.Row(r.id.Bytes(), int64(r.client), r.print[:], int64(r.way), int64(r.account), int64(r.amount.Cur),
		r.amount.Minor, r.price.Fee.Minor, r.price.Version, int64(r.price.Rule), r.price.Free.Minor, int64(Reserved),
		"", "", int64(0), flag(r.told), []byte{}, int64(0), int64(0), ledger.At(), int64(0), int64(0), next.UnixMicro(), r.details, r.secret)
}

func flag(on bool) int64 {
	if on {
		return 1
	}
	return 0
}

// find reads one row; ErrMissing when there is none.
func find(ctx context.Context, from db.Reader, q *db.Stmt, args ...any) (row, error) {
	r, err := scan(from.Row(ctx, q, args...))
	if errors.Is(err, db.ErrNoRows) {
		return r, ErrMissing
	}
	return r, err
}

func scan(from interface{ Scan(...any) error }) (row, error) {
	var r row
	var raw, print []byte
	var owner, way, account, cur, amount, fee, version, rule, free, state, told, sent, at, done int64
	err := from.Scan(&raw, &owner, &print, &way, &account, &cur, &amount, &fee, &version, &rule, &free, &state, &r.reason, &r.reference,
		&r.version, &told, &r.posting, &r.number, &sent, &at, &done, &r.tries, &r.details, &r.secret)
	if err != nil {
		return r, err
	}
	if len(print) != 16 {
		return r, fmt.Errorf("payout %x: malformed print", raw)
	}
	if r.id, err = id.FromBytes(raw); err != nil {
		return r, err
	}
	c := money.Currency(cur) // #nosec G115 -- stored from one
	rub := func(minor int64) money.Amount { return money.Amount{Minor: minor, Cur: c} }
	r.client, r.print, r.way, r.account = client.ID(owner), [16]byte(print), Way(way), ledger.AccountID(account) // #nosec G115 -- stored from one
	r.amount, r.state, r.told = rub(amount), State(state), told != 0                                             // #nosec G115 -- stored from one
	r.price = tariff.Price{Version: version, Rule: int(rule), Kind: ways[r.way].kind, Amount: r.amount, Free: rub(free), Fee: rub(fee)}
	r.sent, r.at, r.done = moment(sent), moment(at), moment(done)
	return r, nil
}

// moment reads a time that may not have come: nought.
func moment(micro int64) time.Time {
	if micro == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micro).UTC()
}

func micro(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// step takes r to a state. r holds what it shall look like afterwards; next is
// when the worker looks again, which a final state needs no more.
func step(ctx context.Context, tx db.Tx, r *row, to State, next time.Time) error {
	if !may(r.state, to) {
		return errStep{r.state, to}
	}
	var due any
	if to.Final() {
		r.secret = []byte{} // nobody needs the whole number any more
	} else {
		due = next.UnixMicro()
	}
	n, err := tx.Exec(ctx, qStep, r.id.Bytes(), r.version, int64(to), r.reason, r.reference, filled(r.posting), r.number,
		micro(r.sent), micro(r.done), r.details, filled(r.secret), due)
	if err != nil {
		return err
	}
	if n != 1 {
		return errStale
	}
	r.state = to
	r.version++
	return nil
}

// lock takes the payout's row before the ledger takes accounts; errStale when it
// has moved since r was read.
func lock(ctx context.Context, tx db.Tx, r *row) (now row, err error) {
	if now, err = find(ctx, tx, qLock, r.id.Bytes()); err == nil && now.version != r.version {
		err = errStale
	}
	return now, err
}

// filled keeps an empty value from becoming NULL: drivers read it back as nil.
func filled(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
