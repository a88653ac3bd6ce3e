package topup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// row is a top-up as it is stored.
type row struct {
	id        id.ID
	client    client.ID
	key       ledger.Key
	print     [16]byte
	account   ledger.AccountID
	amount    money.Amount
	fee       money.Amount
	price     tariff.Price // zero Version: older than versions of the tariff
	state     State
	reason    string
	left      money.Amount
	version   int64
	hold      id.ID
	operation []byte // 16 bytes once done
	action    []byte
	details   []byte
	at        time.Time
	sentMicro int64
	asked     int64 // µs: when a page last had the acquirer asked
	tries     int64
}

// details is what only the client may read.
type details struct {
	Card string `json:"c"` // first 6 and last 4
}

func (r row) text() string { return r.id.Text(Prefix) }

func (r row) total() (money.Amount, error) { return r.amount.Add(r.fee) }

func (r row) place(column string) vault.At {
	return vault.At{Table: "topup." + column, Row: r.id.Bytes()}
}

// errStale tells that somebody else took the next step meanwhile.
var errStale = errors.New("topup: another step was taken meanwhile")

// errStep is a broken invariant: a step that the machine does not have.
type errStep struct{ from, to State }

func (e errStep) Error() string { return fmt.Sprintf("topup: no step from %s to %s", e.from, e.to) }

const columns = `id, client, key, print, account, currency, amount_minor, fee_minor, state, reason, left_minor, version,
	hold, operation, action, details, at_us, sent_us, asked_us, tries, tariff, tariff_rule, free_minor`

var (
	insert = db.NewInsert("topup",
		db.Col{Name: "id", Type: db.Bytes}, db.Col{Name: "client", Type: db.Int}, db.Col{Name: "key", Type: db.Bytes},
		db.Col{Name: "print", Type: db.Bytes}, db.Col{Name: "account", Type: db.Int}, db.Col{Name: "currency", Type: db.Int},
		db.Col{Name: "amount_minor", Type: db.Int}, db.Col{Name: "fee_minor", Type: db.Int}, db.Col{Name: "state", Type: db.Int},
		db.Col{Name: "reason", Type: db.Text}, db.Col{Name: "left_minor", Type: db.Int}, db.Col{Name: "version", Type: db.Int},
		db.Col{Name: "hold", Type: db.Bytes}, db.Col{Name: "operation", Type: db.Bytes}, db.Col{Name: "action", Type: db.Bytes},
		db.Col{Name: "details", Type: db.Bytes}, db.Col{Name: "at_us", Type: db.Int}, db.Col{Name: "sent_us", Type: db.Int},
		db.Col{Name: "asked_us", Type: db.Int}, db.Col{Name: "tries", Type: db.Int}, db.Col{Name: "next_us", Type: db.Int},
		db.Col{Name: "tariff", Type: db.Int}, db.Col{Name: "tariff_rule", Type: db.Int}, db.Col{Name: "free_minor", Type: db.Int})

	qByID  = db.Query(`SELECT ` + columns + ` FROM topup WHERE id = $1`)
	qByKey = db.Query(`SELECT ` + columns + ` FROM topup WHERE client = $1 AND key = $2`)
	qLock  = db.Query(`SELECT ` + columns + ` FROM topup WHERE id = $1 {for_update}`)
	qOpen  = db.Query(`SELECT ` + columns + ` FROM topup WHERE client = $1 AND next_us IS NOT NULL ORDER BY id DESC LIMIT $2`)
	qDue   = db.Query(`SELECT id, next_us FROM topup WHERE next_us <= $1 ORDER BY next_us, id LIMIT $2`)

	qStep = db.Query(`UPDATE topup SET state = $3, reason = $4, left_minor = $5, operation = $6, action = $7, sent_us = $8, next_us = $9,
		version = version + 1 WHERE id = $1 AND version = $2`)
	qLater = db.Query(`UPDATE topup SET next_us = $2 WHERE id = $1 AND next_us IS NOT NULL`)
	// Taking a due top-up moves its time: that is the lease, and whoever comes
	// second finds another time.
	qTake = db.Query(`UPDATE topup SET next_us = $3, tries = tries + 1 WHERE id = $1 AND next_us = $2`)
	qAsk  = db.Query(`UPDATE topup SET asked_us = $2 WHERE id = $1 AND asked_us <= $3 AND next_us IS NOT NULL`)
)

func (s *Service) insert(ctx context.Context, tx db.Tx, r row, next time.Time) error {
	return tx.Insert(ctx, insert.Row(r.id.Bytes(), int64(r.client), r.key[:], r.print[:], int64(r.account), int64(r.amount.Cur),
		r.amount.Minor, r.fee.Minor, int64(r.state), r.reason, r.left.Minor, r.version,
		r.hold.Bytes(), []byte{}, []byte{}, r.details, r.at.UnixMicro(), int64(0), int64(0), int64(0), next.UnixMicro(),
		r.price.Version, int64(r.price.Rule), r.price.Free.Minor))
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
	var rawID, key, print, hold []byte
	var owner, account, cur, amount, fee, state, left, at, version, rule, free int64
	err := from.Scan(&rawID, &owner, &key, &print, &account, &cur, &amount, &fee, &state, &r.reason, &left, &r.version,
		&hold, &r.operation, &r.action, &r.details, &at, &r.sentMicro, &r.asked, &r.tries,
		&version, &rule, &free)
	if err != nil {
		return r, err
	}
	if len(key) != 16 || len(print) != 16 {
		return r, fmt.Errorf("topup %x: malformed key", rawID)
	}
	r.key, r.print = ledger.Key(key), [16]byte(print)
	if r.id, err = id.FromBytes(rawID); err != nil {
		return r, err
	}
	if r.hold, err = id.FromBytes(hold); err != nil {
		return r, err
	}
	c := money.Currency(cur)
	r.client, r.account, r.state, r.at = client.ID(owner), ledger.AccountID(account), State(state), time.UnixMicro(at).UTC()
	r.amount, r.fee, r.left = money.Amount{Minor: amount, Cur: c}, money.Amount{Minor: fee, Cur: c}, money.Amount{Minor: left, Cur: c}
	r.price = tariff.Price{
		Version: version, Rule: int(rule), Kind: tariff.TopUp, Amount: r.amount, Free: money.Amount{Minor: free, Cur: c}, Fee: r.fee,
	}
	return r, nil
}

// step takes r to a state. r holds what it shall look like afterwards; next
// is when the worker looks again, which a final state needs no more.
func step(ctx context.Context, tx db.Tx, r *row, to State, next time.Time) error {
	if !may(r.state, to, gaveUp(r.reason)) {
		return errStep{r.state, to}
	}
	var due any
	if !to.Final() {
		due = next.UnixMicro()
	}
	n, err := tx.Exec(ctx, qStep, r.id.Bytes(), r.version, int64(to), r.reason, r.left.Minor,
		filled(r.operation), filled(r.action), r.sentMicro, due)
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

// filled keeps an empty value from becoming NULL: drivers read it back as nil.
func filled(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// view opens what the client may see.
func (s *Service) view(r row) (TopUp, error) {
	total, err := r.total()
	if err != nil {
		return TopUp{}, err
	}
	t := TopUp{
		ID: r.id, Account: r.account, Amount: r.amount, Fee: r.fee, Total: total, State: r.state, Created: r.at,
	}
	if r.state == Refused {
		t.Reason = r.reason
	}
	if len(r.operation) == 16 {
		t.Operation = id.ID(r.operation)
	}
	plain, err := s.d.Vault.Open(vault.PII, r.place("details"), r.details)
	if err != nil {
		return TopUp{}, fmt.Errorf("topup %s: %w", r.text(), err)
	}
	var d details
	if err := json.Unmarshal(plain, &d); err != nil {
		return TopUp{}, fmt.Errorf("topup %s: %w", r.text(), err)
	}
	t.Card = d.Card
	if r.state == Action {
		if t.ActionURL, err = s.d.Vault.OpenText(vault.PII, r.place("action"), r.action); err != nil {
			return TopUp{}, fmt.Errorf("topup %s: %w", r.text(), err)
		}
	}
	return t, nil
}
