package purchase

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// Result says how a clearing record met our books. Numbers are stored and
// never change; those above Settled are breaks for staff to look at.
type Result int16

// The results.
const (
	Exact   Result = 1 // what was held
	Within  Result = 2 // less, a part, or a tip within tolerance
	Settled Result = 3 // a refund or chargeback that needs nobody

	Above     Result = 4 // more than the hold and its tolerance
	NoHold    Result = 5 // nobody had asked; or the hold had expired
	NotOurs   Result = 6 // no card of ours
	NoTrace   Result = 7 // takes back a presentment that never came
	Surprises Result = 8 // a refund that nobody had announced
	Doubtful  Result = 9 // a refund that may be of a purchase whose client was paid for a dispute
)

// String is the stable word.
func (r Result) String() string {
	switch r {
	case Exact:
		return "exact"
	case Within:
		return "within"
	case Settled:
		return "settled"
	case Above:
		return "above"
	case NoHold:
		return "no_hold"
	case NotOurs:
		return "not_ours"
	case NoTrace:
		return "no_trace"
	case Surprises:
		return "surprise"
	case Doubtful:
		return "doubtful"
	}
	return "unknown"
}

// Report tells what an import did.
type Report struct {
	File    string
	Records int
	Repeats int // records that were there before
	Results map[Result]int
	Posted  money.Amount // net, from clients to the network
}

// ErrOtherFile tells that a file of this name with other content was imported.
var ErrOtherFile = fault.New(fault.Conflict, "purchase.clearing_other_file")

var iItem = db.NewInsert("clearing_item",
	db.Col{Name: "arn", Type: db.Text}, db.Col{Name: "kind", Type: db.Int}, db.Col{Name: "file", Type: db.Text}, db.Col{Name: "line", Type: db.Int},
	db.Col{Name: "client", Type: db.Int}, db.Col{Name: "auth", Type: db.Bytes}, db.Col{Name: "result", Type: db.Int}, db.Col{Name: "amount_minor", Type: db.Int},
	db.Col{Name: "held_minor", Type: db.Int}, db.Col{Name: "txn", Type: db.Bytes}, db.Col{Name: "at_us", Type: db.Int}, db.Col{Name: "seen_us", Type: db.Int})

// Import posts a clearing file. Each record lands once, in a unit of work of
// its own: an import that was killed goes on where it was, a file that comes
// twice changes nothing, one of the same name with other content is refused.
func (s *Service) Import(ctx context.Context, f File) (Report, error) {
	out := Report{File: f.ID, Records: len(f.Records), Results: map[Result]int{}, Posted: money.Rub(0)}
	err := s.d.DB.Write(ctx, func(tx db.Tx) error { return s.rows.begin(ctx, tx, f) })
	if err != nil {
		return out, err
	}
	for _, r := range f.Records {
		res, fresh, err := s.clear(ctx, f.ID, r)
		if err != nil {
			return out, fmt.Errorf("line %d: %w", r.Line, err)
		}
		if !fresh {
			out.Repeats++
			continue
		}
		out.Results[res]++
		if res != NotOurs && res != NoTrace {
			if r.credit() {
				out.Posted.Minor -= r.Billing.Minor
			} else {
				out.Posted.Minor += r.Billing.Minor
			}
		}
	}
	return out, s.d.DB.Write(ctx, func(tx db.Tx) error { return s.rows.done(ctx, tx, f.ID) })
}

// item is what is written down of a record.
type item struct {
	client client.ID
	auth   id.ID
	result Result
	sum    money.Amount
	held   money.Amount
	txn    id.ID
}

// clear posts one record; fresh is false when it was posted before.
func (s *Service) clear(ctx context.Context, file string, r Record) (Result, bool, error) {
	f, err := s.d.Cards.ByNumber(r.Number.Reveal())
	ours := !errors.Is(err, card.ErrMissing)
	if err != nil && ours {
		return 0, false, err
	}
	var it item
	fresh := false
	err = s.d.DB.Write(ctx, func(tx db.Tx) error {
		it, fresh = item{result: NotOurs, held: money.Rub(0)}, false
		_, found, err := s.rows.item(ctx, tx, r.ARN, r.Kind)
		if found || err != nil {
			return err
		}
		fresh = true
		if ours {
			switch {
			case r.Kind == Undone:
				it, err = s.undo(ctx, tx, r, f)
			case r.credit():
				it, err = s.refund(ctx, tx, r, f)
			default:
				it, err = s.present(ctx, tx, r, f)
			}
			if err != nil {
				return err
			}
		}
		return tx.Insert(ctx, iItem.Row(r.ARN, int64(r.Kind), file, r.Line, int64(it.client), it.auth.Bytes(), int64(it.result), r.Billing.Minor,
			it.held.Minor, it.txn.Bytes(), tx.Now().UnixMicro(), nil))
	})
	if err == nil && fresh && it.client != 0 {
		s.tell(it.client)
	}
	return it.result, fresh, err
}

// match finds the authorisation that a record presents: the same card and
// approval code, and reference where the record tells one; an open one before
// one that is over.
func (s *Service) match(ctx context.Context, tx db.Tx, r Record, f card.Face, refund bool) (auth, bool, error) {
	named := s.rows.byRRN
	what := r.RRN
	if what == "" {
		named, what = s.rows.byCode, r.Code
	}
	list, err := named(ctx, tx, f.Client, f.ID, what)
	if err != nil {
		return auth{}, false, err
	}
	var found auth
	for _, a := range list {
		if (a.kind == KindRefund) != refund || a.state == Reversed || r.Code != "" && a.code != r.Code || a.kind == KindCredit {
			continue
		}
		if found.id.IsZero() || found.state != Held && a.state == Held {
			found = a
		}
	}
	return found, !found.id.IsZero(), nil
}

func (s *Service) present(ctx context.Context, tx db.Tx, r Record, f card.Face) (item, error) {
	a, found, err := s.match(ctx, tx, r, f, false)
	if err != nil {
		return item{}, err
	}
	if !found {
		return s.unheld(ctx, tx, r, f)
	}
	posted, err := s.unpresented(ctx, tx, a)
	if err != nil {
		return item{}, err
	}
	if posted.Positive() {
		return s.presentPosted(ctx, tx, r, a, posted)
	}
	_, held, err := open(ctx, s.rows, tx, a)
	if err != nil {
		return item{}, err
	}
	it := item{client: f.Client, auth: a.id, held: held, result: s.compare(r, held)}
	if a.state == Expired || a.state == Posted && !held.Positive() {
		it.result = NoHold
	}
	it.txn, err = s.capture(ctx, tx, a, presented{key: r.key(), sum: r.Billing, local: r.Amount, final: r.Final})
	return it, err
}

// key makes the postings of a record happen once.
func (r Record) key() string { return fmt.Sprintf("clearing %d %s", r.Kind, r.ARN) }

// compare holds what is presented against what was held. Restaurants and bars
// may add a tip; a foreign sum may differ by the rate of the day.
func (s *Service) compare(r Record, held money.Amount) Result {
	switch {
	case r.Billing == held:
		return Exact
	case r.Billing.Minor < held.Minor:
		return Within
	}
	tolerance := int64(0)
	switch {
	case tipped(r.MCC):
		tolerance = held.Minor * s.d.Rules.Tip / 100
	case r.Amount.Cur != money.RUB:
		tolerance = held.Minor * rateTolerance / 100
	}
	if r.Billing.Minor-held.Minor <= tolerance {
		return Within
	}
	return Above
}

// rateTolerance is how far the rate of the clearing may lie above that of the hold, in percent.
const rateTolerance = 5

// tipped tells restaurants, bars and fast food (ISO 18245).
func tipped(mcc string) bool { return mcc == "5812" || mcc == "5813" || mcc == "5814" }

// unheld posts what nobody had asked for: the network has paid the merchant.
func (s *Service) unheld(ctx context.Context, tx db.Tx, r Record, f card.Face) (item, error) {
	a, op := s.fromRecord(r, f, tx.Now())
	it := item{client: f.Client, auth: a.id, result: NoHold, held: money.Rub(0), txn: a.id}
	return it, s.straight(ctx, tx, r, a, op, op.Amount, money.Rub(0))
}

// fromRecord makes the authorisation and operation of a record that had none.
func (s *Service) fromRecord(r Record, f card.Face, now time.Time) (auth, operation.Operation) {
	q := Request{Process: r.Process, Amount: r.Amount, Acquirer: r.Acquirer, RRN: r.RRN, MCC: r.MCC, Country: r.Country, STAN: r.ARN, Sent: "0", Class: Authorisation,
		Merchant: Merchant{Name: r.Merchant, City: r.City, Country: r.Country}}
	o := s.outline(q, f, r.Billing)
	o.a.origin, o.a.message = ledgerKey("origin", r), ledgerKey("message", r)
	o.a.state, o.a.posted, o.a.holds, o.a.expires, o.a.code, o.a.at = Posted, r.Billing, nil, time.Time{}, r.Code, now
	o.op.State, o.op.Details.Purchase.Code = operation.Done, r.Code
	return o.a, o.op
}

func ledgerKey(what string, r Record) []byte {
	k := ledger.KeyOf("clearing", what, r.key())
	return k[:]
}

// straight posts a record without a hold: what of it moves on the client's
// account, and what is the bank's.
func (s *Service) straight(ctx context.Context, tx db.Tx, r Record, a auth, op operation.Operation, moves, ours money.Amount) error {
	op.Txn = a.id
	if err := s.d.Operations.Add(ctx, tx, op); err != nil {
		return err
	}
	if err := tx.Insert(ctx, a.row(), Told{Client: a.client, Operation: a.id}.event(s.d.Operations.NewID()).Row()); err != nil {
		return err
	}
	return s.postClearing(ctx, tx, a, r, a.id, moves, ours)
}

// postClearing moves what a record without a hold moves; amount is what it does
// to the client's account, ours what it does to the bank's account of disputes.
func (s *Service) postClearing(ctx context.Context, tx db.Tx, a auth, r Record, txn id.ID, amount, ours money.Amount) error {
	legs := []ledger.Leg{{Account: ledger.Network, Amount: money.Rub(-amount.Minor - ours.Minor)}}
	if !ours.IsZero() {
		legs = append(legs, ledger.Leg{Account: ledger.Disputes, Amount: ours, Force: true})
	}
	if !amount.IsZero() {
		legs = append(legs, ledger.Leg{Account: a.account, Owner: int64(a.client), Amount: amount, Force: true})
	}
	recs, err := s.d.Book.PostTx(ctx, tx, ledger.Transaction{
		ID: txn, Owner: int64(a.client), Key: ledger.KeyOf(r.key()), Kind: ledger.KindPurchase, Phase: ledger.Posted, Legs: legs,
	})
	if err == nil && recs[0].Refused() {
		err = fmt.Errorf("clearing %s: %s", r.ARN, recs[0].Reason)
	}
	return err
}

// undo takes a presentment back.
func (s *Service) undo(ctx context.Context, tx db.Tx, r Record, f card.Face) (item, error) {
	it := item{client: f.Client, result: NoTrace, held: money.Rub(0)}
	was, found, err := s.rows.item(ctx, tx, r.ARN, Presentment)
	if err != nil || !found || was.client != f.Client || was.sum.Minor < r.Billing.Minor {
		return it, err
	}
	a, found, err := s.rows.lock(ctx, tx, f.Client, was.auth)
	if err != nil || !found || a.posted.Minor < r.Billing.Minor {
		return it, err
	}
	it.auth, it.txn, it.result = a.id, s.d.Operations.NewID(), Settled
	back, ours := r.Billing, money.Rub(0)
	if a.kind == KindRefund {
		if back, ours, err = s.unrefund(ctx, tx, r.Billing, a); err != nil {
			return item{}, err
		}
	}
	a.posted.Minor -= r.Billing.Minor
	switch {
	case a.state == Held: // a part of it: the hold does not grow by what comes back
		a.billing.Minor -= r.Billing.Minor
	case a.posted.IsZero():
		a.state = Reversed
	}
	if err := s.rows.set(ctx, tx, a); err != nil {
		return item{}, err
	}
	err = s.d.Operations.Change(ctx, tx, a.client, a.id, func(o *operation.Operation) {
		if a.state == Reversed {
			o.State, o.Details.Purchase.Reason = operation.Reversed, "taken_back"
			return
		}
		if a.kind == KindRefund {
			o.Details.Purchase.Kept.Minor += ours.Minor
			cameBack(o, a.posted)
			return
		}
		o.Amount.Minor += back.Minor
	})
	if err != nil {
		return item{}, err
	}
	return it, s.postClearing(ctx, tx, a, r, it.txn, back, ours)
}
