package purchase

import (
	"context"
	"slices"
	"time"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
)

// refund pays what a merchant gives back, announced before or not, or what a
// chargeback brought. A client whom the bank has paid for the same purchase,
// because it accepted his dispute, is not paid again: that part of the money is
// the bank's.
func (s *Service) refund(ctx context.Context, tx db.Tx, r Record, f card.Face) (item, error) {
	it := item{client: f.Client, result: Settled, held: money.Rub(0)}
	var promised auth
	if r.Kind == Presentment {
		a, found, err := s.match(ctx, tx, r, f, true)
		if err != nil {
			return item{}, err
		}
		posted := money.Rub(0)
		if found {
			if posted, err = s.unpresented(ctx, tx, a); err != nil {
				return item{}, err
			}
		}
		if posted.Positive() {
			return s.refundPosted(ctx, tx, r, f, a, posted)
		}
		if found && a.state == Held {
			promised, it.held = a, a.billing
		} else {
			it.result = Surprises
		}
	}
	src, err := s.source(ctx, tx, r, f)
	if err != nil {
		return item{}, err
	}
	if src.doubtful {
		it.result = Doubtful
	}
	kept, err := s.kept(ctx, tx, r, src)
	if err != nil {
		return item{}, err
	}
	if r.Kind == Chargeback && kept == r.Billing { // the client has it already, and no use for a line about it
		it.auth, it.txn = src.of.id, s.d.Operations.NewID()
		if err := s.returned(ctx, tx, r, src, id.ID{}, kept); err != nil {
			return item{}, err
		}
		return it, s.postClearing(ctx, tx, src.of, r, it.txn, money.Rub(0), kept)
	}
	moves := money.Rub(r.Billing.Minor - kept.Minor)
	if !promised.id.IsZero() {
		it.auth, it.txn = promised.id, s.d.Operations.NewID()
		return it, s.keepPromise(ctx, tx, r, promised, src, kept, it.txn)
	}
	r.Process = GiveBack
	a, op := s.fromRecord(r, f, tx.Now())
	op.Details.Purchase.For, op.Details.Purchase.Kept = src.of.id, kept
	cameBack(&op, r.Billing)
	if r.Kind == Chargeback {
		op.Details.Purchase.Reason = "chargeback"
	}
	it.auth, it.txn = a.id, a.id
	if err := s.returned(ctx, tx, r, src, a.id, kept); err != nil {
		return item{}, err
	}
	return it, s.straight(ctx, tx, r, a, op, moves, kept)
}

// keepPromise posts a refund that was announced by a message.
func (s *Service) keepPromise(ctx context.Context, tx db.Tx, r Record, a auth, src source, kept money.Amount, txn id.ID) error {
	if err := s.returned(ctx, tx, r, src, a.id, kept); err != nil {
		return err
	}
	a.state, a.posted, a.expires = Posted, r.Billing, time.Time{}
	if err := s.rows.set(ctx, tx, a); err != nil {
		return err
	}
	err := s.d.Operations.Change(ctx, tx, a.client, a.id, func(o *operation.Operation) {
		o.Txn, o.Details.Purchase.For, o.Details.Purchase.Kept = txn, src.of.id, kept
		cameBack(o, r.Billing)
	})
	if err != nil {
		return err
	}
	if kept.Positive() { // it was announced as his
		if err := tx.Insert(ctx, Told{Client: a.client, Operation: a.id}.event(s.d.Operations.NewID()).Row()); err != nil {
			return err
		}
	}
	return s.postClearing(ctx, tx, a, r, txn, money.Rub(r.Billing.Minor-kept.Minor), kept)
}

// refundPosted takes the record of a refund that a message has paid already.
// Money that the client has twice by now does not leave his account by itself:
// staff look at it.
func (s *Service) refundPosted(ctx context.Context, tx db.Tx, r Record, f card.Face, a auth, posted money.Amount) (item, error) {
	src, err := s.source(ctx, tx, r, f)
	if err != nil {
		return item{}, err
	}
	if err := s.returned(ctx, tx, r, src, a.id, money.Rub(0)); err != nil {
		return item{}, err
	}
	it, err := s.presentPosted(ctx, tx, r, a, posted)
	if err != nil {
		return item{}, err
	}
	if src.doubtful || src.paid {
		it.result = Doubtful
	}
	if src.of.id.IsZero() {
		return it, nil
	}
	return it, s.d.Operations.Change(ctx, tx, a.client, a.id, func(o *operation.Operation) { o.Details.Purchase.For = src.of.id })
}

// cameBack draws a refund that has come: what of it is the client's, or, when
// nothing is, the whole with the reason.
func cameBack(o *operation.Operation, came money.Amount) {
	kept := o.Details.Purchase.Kept.Minor
	o.State, o.Amount, o.Details.Purchase.Reason = operation.Done, money.Rub(came.Minor-kept), ""
	if kept > 0 && kept == came.Minor {
		o.State, o.Amount, o.Details.Purchase.Reason = operation.Reversed, came, "netted"
	}
}

// source is the purchase that a record gives money back for.
type source struct {
	of       auth // without an id: not known for certain
	paid     bool // its client was paid for a dispute, and not everything of it came back
	doubtful bool // not certain, and it may be one whose client was paid
}

// kept tells how much of a record is the bank's.
func (s *Service) kept(ctx context.Context, tx db.Tx, r Record, src source) (money.Amount, error) {
	if !src.paid {
		return money.Rub(0), nil
	}
	// The purchase before the dispute, as whoever accepts a dispute locks them.
	if _, err := s.d.Operations.Lock(ctx, tx, src.of.client, src.of.id); err != nil {
		return money.Amount{}, err
	}
	return s.d.Disputes.Recover(ctx, tx, src.of.client, src.of.id, r.Billing)
}

// returned writes into the operation of a purchase that money came back for it.
func (s *Service) returned(ctx context.Context, tx db.Tx, r Record, src source, refund id.ID, kept money.Amount) error {
	if src.of.id.IsZero() {
		return nil
	}
	return s.d.Operations.Change(ctx, tx, src.of.client, src.of.id, func(o *operation.Operation) {
		o.Details.Purchase.Returned(operation.Return{Refund: refund, Chargeback: r.Kind == Chargeback, Sum: r.Billing, Kept: kept, At: tx.Now()})
	})
}

// unrefund takes back, of a refund that was a mistake, what of it leaves the
// client's account and what the bank's account of disputes: the client's part first.
func (s *Service) unrefund(ctx context.Context, tx db.Tx, sum money.Amount, a auth) (mine, ours money.Amount, err error) {
	o, err := s.d.Operations.Lock(ctx, tx, a.client, a.id)
	if err != nil {
		return mine, ours, err
	}
	b := o.Details.Purchase
	mine = money.Rub(min(sum.Minor, a.posted.Minor-b.Kept.Minor))
	ours = money.Rub(sum.Minor - mine.Minor)
	if !b.For.IsZero() {
		err = s.d.Operations.Change(ctx, tx, a.client, b.For, func(o *operation.Operation) { o.Details.Purchase.Unreturned(a.id, sum, ours) })
	}
	if err == nil && ours.Positive() {
		err = s.d.Disputes.Unrecover(ctx, tx, a.client, b.For, ours)
	}
	return money.Rub(-mine.Minor), money.Rub(-ours.Minor), err
}

// source finds the purchase that money comes back for: by the presentment that
// the record names, by the reference and code of the purchase, and for a refund
// by the shop, when one purchase alone can be meant. A guess takes nobody's
// money: what is not certain and may concern a dispute that was paid is for staff.
func (s *Service) source(ctx context.Context, tx db.Tx, r Record, f card.Face) (source, error) {
	var paid []id.ID
	var err error
	if s.d.Disputes != nil {
		if paid, err = s.d.Disputes.Paid(ctx, tx, f.Client); err != nil {
			return source{}, err
		}
	}
	a, found, err := s.named(ctx, tx, r, f)
	if err == nil && !found {
		a, found, err = s.match(ctx, tx, r, f, false)
	}
	if err != nil || found {
		return source{of: a, paid: slices.Contains(paid, a.id)}, err
	}
	if r.Kind == Chargeback {
		return source{}, nil
	}
	return s.atShop(ctx, tx, r, f, paid)
}

// named finds the purchase by the presentment that a record names.
func (s *Service) named(ctx context.Context, tx db.Tx, r Record, f card.Face) (auth, bool, error) {
	if r.Original == "" {
		return auth{}, false, nil
	}
	it, found, err := s.rows.item(ctx, tx, r.Original, Presentment)
	if err != nil || !found || it.client != f.Client {
		return auth{}, false, err
	}
	a, found, err := s.rows.lock(ctx, tx, f.Client, it.auth)
	return a, found && a.kind < KindRefund, err
}

// Bounds of what a refund is looked for among.
const (
	refundAge = 180 * 24 * time.Hour // of the purchase
	maxAtShop = 100
)

// atShop looks for the one purchase of a card that a refund of the same shop
// can be for.
func (s *Service) atShop(ctx context.Context, tx db.Tx, r Record, f card.Face, paid []id.ID) (source, error) {
	list, err := s.rows.atShop(ctx, tx, f, tx.Now().Add(-refundAge), r.Acquirer, r.MCC)
	if err != nil {
		return source{}, err
	}
	shop := Clean(r.Merchant)
	var out source
	fits := 0
	for _, a := range list {
		o, err := s.d.Operations.One(ctx, a.client, a.id)
		if err != nil {
			return source{}, err
		}
		if o.Details.Name != shop {
			continue
		}
		out.doubtful = out.doubtful || slices.Contains(paid, a.id)
		if r.mayBeOf(a, o) {
			out.of = a
			fits++
		}
	}
	if fits != 1 || len(list) == maxAtShop {
		return source{doubtful: out.doubtful}, nil
	}
	return source{of: out.of, paid: slices.Contains(paid, out.of.id)}, nil
}

// mayBeOf tells whether a refund can be for a purchase: no more comes back than
// was paid, but for the rate of the day.
func (r Record) mayBeOf(a auth, o operation.Operation) bool {
	if a.local.Cur != r.Amount.Cur || o.Details.Purchase == nil {
		return false
	}
	most := a.posted.Minor
	if a.local.Cur != money.RUB {
		most += most * rateTolerance / 100
	}
	back, _ := o.Details.Purchase.CameBack()
	return r.Billing.Minor <= most-back.Minor
}
