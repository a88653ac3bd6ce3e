package purchase

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
)

// ErrMissing: no such purchase, or not yours.
var ErrMissing = fault.New(fault.Missing, "purchase.missing")

// Purchase is an authorisation as its client may see it: where it stands and
// how it came there.
type Purchase struct {
	ID      id.ID
	Card    id.ID
	State   State
	Local   money.Amount
	Billing money.Amount // authorised
	Posted  money.Amount
	Code    string
	RRN     string
	At      time.Time
	Expires time.Time // until when the money is held; zero: nothing is
	Steps   []Step
}

// Step is one thing that happened to a purchase, the earliest first.
type Step struct {
	What string // held, presented, refunded, gave_back, chargeback, kept, undone, reversed, expired
	Sum  money.Amount
	At   time.Time // zero: the moment was not written down
}

var (
	qItemsOf = db.Query(`SELECT kind, amount_minor, at_us FROM clearing_item WHERE client = $1 AND auth = $2 ORDER BY at_us, arn, kind LIMIT 50`)
	qLately  = db.Query(`SELECT ` + authColumns + ` FROM card_auth WHERE client = $1 AND id >= $2 AND card = $3 AND state <> 5 ORDER BY id DESC LIMIT $4`)
	qOpenOf  = db.Query(`SELECT CAST(COUNT(*) AS BIGINT) FROM card_auth WHERE client = $1 AND card = $2 AND expires_us IS NOT NULL`)
)

// One reads a purchase by its operation; ErrMissing for what was declined or is
// somebody else's.
func (s *Service) One(ctx context.Context, who client.ID, op id.ID) (Purchase, error) {
	a, found, err := find(ctx, s.d.DB, qByID, int64(who), op.Bytes())
	if err != nil {
		return Purchase{}, err
	}
	if !found || a.state == Tombstone {
		return Purchase{}, ErrMissing
	}
	p := Purchase{
		ID: a.id, Card: a.card, State: a.state, Local: a.local, Billing: a.billing, Posted: a.posted, Code: a.code, RRN: a.rrn, At: a.at, Expires: a.expires,
	}
	if a.state == Held || len(a.holds) > 0 {
		p.Steps = append(p.Steps, Step{What: "held", Sum: a.billing, At: a.at})
	}
	rows, err := s.d.DB.Rows(ctx, qItemsOf, int64(who), op.Bytes())
	if err != nil {
		return Purchase{}, fmt.Errorf("clearing of a purchase: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var kind, sum, at int64
		if err := rows.Scan(&kind, &sum, &at); err != nil {
			return Purchase{}, err
		}
		what := map[int64]string{Presentment: "presented", Undone: "undone", Chargeback: "chargeback"}[kind]
		if a.kind == KindRefund && kind == Presentment {
			what = "refunded"
		}
		p.Steps = append(p.Steps, Step{What: what, Sum: money.Rub(sum), At: time.UnixMicro(at).UTC()})
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return Purchase{}, err
	}
	o, err := s.d.Operations.One(ctx, who, op)
	if err != nil {
		return Purchase{}, err
	}
	if o.Details.Purchase != nil {
		p.Steps = withReturns(p.Steps, *o.Details.Purchase)
	}
	switch a.state {
	case Reversed:
		p.Steps = append(p.Steps, Step{What: "reversed"})
	case Expired:
		p.Steps = append(p.Steps, Step{What: "expired"})
	}
	return p, nil
}

// withReturns adds what came back for a purchase, and of a refund what of it
// went to the bank, because the client had it already.
func withReturns(steps []Step, b operation.PurchaseDetails) []Step {
	for _, r := range b.Returns {
		what := "gave_back"
		if r.Chargeback {
			what = "chargeback"
		}
		if mine := r.Sum.Minor - r.Kept.Minor; mine > 0 {
			steps = append(steps, Step{What: what, Sum: money.Rub(mine), At: r.At})
		}
		if r.Kept.Positive() && !r.Refund.IsZero() { // else the record itself is a step
			steps = append(steps, Step{What: "kept", Sum: r.Kept, At: r.At})
		}
	}
	slices.SortStableFunc(steps, func(a, b Step) int { return a.At.Compare(b.At) })
	if b.Kept.Positive() && len(steps) > 0 {
		steps = append(steps, Step{What: "kept", Sum: b.Kept, At: steps[len(steps)-1].At})
	}
	return steps
}

// maxPast bounds what a dry run looks at.
const maxPast = 1000

// Past is one use of a card in the past, for those who ask what other rules
// would have done.
type Past = card.Past

// Since lists how a card was used since a moment, the newest first.
func (s *Service) Since(ctx context.Context, who client.ID, one id.ID, since time.Time) ([]Past, error) {
	list, err := s.lately(ctx, who, one, since)
	if err != nil {
		return nil, err
	}
	out := make([]Past, 0, len(list))
	for _, a := range list {
		if a.kind == KindRefund || a.kind == KindCredit {
			continue
		}
		at := a.attempt()
		op, err := s.d.Operations.One(ctx, who, a.id)
		if err != nil {
			return nil, err
		}
		at.Merchant = op.Details.Name
		out = append(out, Past{Operation: a.id, At: a.at, Attempt: at})
	}
	return out, nil
}

func (s *Service) lately(ctx context.Context, who client.ID, one id.ID, since time.Time) ([]auth, error) {
	return authsOf(ctx, s.d.DB, qLately, int64(who), floor(since), one.Bytes(), int64(maxPast))
}

// floor is the least identifier that could be made at a moment.
func floor(t time.Time) []byte {
	ms := uint64(max(0, t.UnixMilli()))
	return []byte{byte(ms >> 40), byte(ms >> 32), byte(ms >> 24), byte(ms >> 16), byte(ms >> 8), byte(ms)}
}

// Regular names the merchants that charge a card by themselves and did so since
// a moment: their next charge fails while the card is paused or replaced.
func (s *Service) Regular(ctx context.Context, who client.ID, one id.ID, since time.Time) ([]string, error) {
	list, err := s.lately(ctx, who, one, since)
	if err != nil {
		return nil, err
	}
	var out []string
	seen := map[string]bool{}
	for _, a := range list {
		if a.channel != card.OnFile || seen[string(a.shop)] {
			continue
		}
		seen[string(a.shop)] = true
		op, err := s.d.Operations.One(ctx, who, a.id)
		if err != nil {
			return nil, err
		}
		out = append(out, op.Details.Name)
	}
	return out, nil
}

// Open counts what a card still has held: it cannot be closed before.
func (s *Service) Open(ctx context.Context, tx db.Tx, who client.ID, one id.ID) (int, error) {
	var n int
	err := tx.Row(ctx, qOpenOf, int64(who), one.Bytes()).Scan(&n)
	return n, err
}
