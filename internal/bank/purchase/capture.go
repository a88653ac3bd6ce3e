package purchase

import (
	"context"
	"fmt"
	"time"

	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// presented is what a merchant presents for an authorisation.
type presented struct {
	key   string       // makes it happen once
	sum   money.Amount // in roubles
	local money.Amount
	final bool // nothing more will come: what is still held is given back
}

// capture posts what was presented from the holds of an authorisation, which
// the unit of work has locked: hold after hold, and what goes above the last
// one too. A clearing is never refused, so the account may go below nought.
// It gives the transaction of the posting.
func (s *Service) capture(ctx context.Context, tx db.Tx, a auth, p presented) (id.ID, error) {
	left, total, err := open(ctx, s.rows, tx, a)
	if err != nil {
		return id.ID{}, err
	}
	var ts []ledger.Transaction
	rest := p.sum.Minor
	post := func(i int, sum int64, over, final bool) {
		ts = append(ts, ledger.Transaction{
			ID: s.d.Operations.NewID(), Owner: int64(a.client), Key: ledger.KeyOf("card post", p.key, string(a.holds[i][:])),
			Kind: ledger.KindPurchase, Phase: ledger.Post, Refers: a.holds[i], Hold: a.account, Over: over, Final: final,
			Legs: []ledger.Leg{
				{Account: a.account, Owner: int64(a.client), Amount: money.Rub(-sum), Force: true}, {Account: ledger.Network, Amount: money.Rub(sum)},
			},
		})
	}
	last := -1
	for i := range a.holds {
		if left[i].Minor > 0 {
			last = i
		}
	}
	for i := range a.holds {
		if left[i].Minor == 0 {
			continue
		}
		part := min(rest, left[i].Minor)
		if i == last {
			part = rest
		}
		switch {
		case part > 0:
			post(i, part, part > left[i].Minor, p.final || part > left[i].Minor)
			rest -= part
		case p.final:
			ts = append(ts, ledger.Transaction{
				Owner: int64(a.client), Key: ledger.KeyOf("card rest", p.key, string(a.holds[i][:])), Kind: ledger.KindPurchase,
				Phase: ledger.Void, Refers: a.holds[i], Hold: a.account,
			})
		}
	}
	if rest > 0 { // nothing was held any more
		ts = append(ts, ledger.Transaction{
			ID: s.d.Operations.NewID(), Owner: int64(a.client), Key: ledger.KeyOf("card late", p.key), Kind: ledger.KindPurchase, Phase: ledger.Posted,
			Legs: []ledger.Leg{
				{Account: a.account, Owner: int64(a.client), Amount: money.Rub(-rest), Force: true}, {Account: ledger.Network, Amount: money.Rub(rest)},
			},
		})
	}
	a.posted.Minor += p.sum.Minor
	closed := p.final || total.Minor <= p.sum.Minor
	if closed {
		a.state, a.expires = Posted, time.Time{}
	}
	if err := s.cleared(ctx, tx, a, p, closed); err != nil {
		return id.ID{}, err
	}
	recs, err := s.d.Book.PostTx(ctx, tx, ts...)
	if err != nil {
		return id.ID{}, err
	}
	for _, rec := range recs {
		if rec.Refused() {
			return id.ID{}, fmt.Errorf("capture of authorisation %s: %s", a.id.Text(Prefix), rec.Reason)
		}
	}
	return ts[0].ID, nil
}

// cleared writes the authorisation and the client's operation after a capture.
func (s *Service) cleared(ctx context.Context, tx db.Tx, a auth, p presented, closed bool) error {
	if err := s.rows.set(ctx, tx, a); err != nil {
		return err
	}
	return s.d.Operations.Change(ctx, tx, a.client, a.id, func(o *operation.Operation) {
		o.Amount = money.Rub(-a.posted.Minor)
		if closed {
			o.State = operation.Done
		} else if a.billing.Minor > a.posted.Minor {
			o.Amount = money.Rub(-a.billing.Minor)
		}
		if p.local.Cur != 0 && closed && a.posted == p.sum {
			o.Details.Purchase.Local = p.local
		}
		o.Details.Purchase.Reason = ""
	})
}
