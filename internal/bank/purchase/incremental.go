package purchase

import (
	"context"
	"fmt"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// maxHolds bounds the parts of one authorisation.
const maxHolds = 16

// first finds the open authorisation that an incremental one adds to: the same
// reference on the same card. The zero auth: none.
func (s *Service) first(ctx context.Context, r Request, f card.Face) (auth, error) {
	list, err := s.rows.byRRN(ctx, s.d.DB, f.Client, f.ID, r.RRN)
	if err != nil {
		return auth{}, err
	}
	for _, a := range list {
		if a.state == Held && a.acquirer == r.Acquirer && a.kind != KindRefund && len(a.holds) > 0 {
			return a, nil
		}
	}
	return auth{}, nil
}

// more adds to an authorisation: one more hold under the same operation. Each
// part may be refused on its own.
func (s *Service) more(ctx context.Context, r Request, f card.Face, v *verdict, sum money.Amount, first auth) (Answer, error) {
	if len(first.holds) >= maxHolds {
		return s.refuse(ctx, r, f, v, Answer{Reason: OverLimit, Switch: "count"})
	}
	a := Answer{Reason: Approved, Code: first.code, Auth: first.id, Part: s.d.Operations.NewID(), Chip: answerChip(v, true)}
	var rec ledger.Receipt
	var t ledger.Transaction
	err := s.d.DB.Write(ctx, func(tx db.Tx) error {
		open, found, err := s.rows.lock(ctx, tx, first.client, first.id)
		if err != nil {
			return err
		}
		if !found || open.state != Held {
			return fmt.Errorf("authorisation %s closed meanwhile", first.id.Text(Prefix))
		}
		if v.pinRight && f.PINTries > 0 {
			if err := s.d.Cards.PINRight(ctx, tx, f.Client, f.ID); err != nil {
				return err
			}
		}
		if err := tx.Insert(ctx, v.rows...); err != nil {
			return err
		}
		if err := s.remember(ctx, tx, r, f, a); err != nil {
			return err
		}
		open.holds = append(open.holds, a.Part)
		open.billing.Minor += sum.Minor
		if r.Amount.Cur == open.local.Cur {
			open.local.Minor += r.Amount.Minor
		}
		open.expires = tx.Now().Add(s.holdFor(open.kind))
		if err := s.rows.set(ctx, tx, open); err != nil {
			return err
		}
		err = s.d.Operations.Change(ctx, tx, open.client, open.id, func(o *operation.Operation) {
			o.Amount = money.Rub(-open.billing.Minor)
			o.Details.Purchase.Held, o.Details.Purchase.Local = open.billing, open.local
		})
		if err != nil {
			return err
		}
		t = ledger.Transaction{
			ID: a.Part, Owner: int64(f.Client), Key: ledger.Key(r.key()), Kind: ledger.KindPurchase, Phase: ledger.Pending,
			Legs: []ledger.Leg{
				{Account: f.Account, Owner: int64(f.Client), Amount: money.Rub(-sum.Minor)}, {Account: ledger.Network, Amount: sum},
			},
			Guards: f.Guards(attempt(r, sum), sum),
		}
		recs, err := s.d.Book.PostTx(ctx, tx, t)
		if err != nil {
			return err
		}
		if rec = recs[0]; rec.Refused() {
			return errRefused // nothing of this unit of work may stay
		}
		return nil
	})
	if err == errRefused { //nolint:errorlint // our own sentinel, returned as it is
		return s.refuse(ctx, r, f, &verdict{reason: NoFunds, chip: v.chip, rows: v.rows}, s.unfunded(f, t, rec))
	}
	if err != nil {
		return Answer{}, err
	}
	s.tell(f.Client)
	return a, nil
}

// errRefused undoes a unit of work whose money was refused.
var errRefused = fmt.Errorf("the ledger refused")

// open tells what each hold of an authorisation still has.
func open(ctx context.Context, rows store, r db.Reader, a auth) ([]money.Amount, money.Amount, error) {
	out, total := make([]money.Amount, len(a.holds)), money.Rub(0)
	for i, h := range a.holds {
		hold, found, err := rows.hold(ctx, r, h)
		if err != nil {
			return nil, total, err
		}
		out[i] = money.Rub(0)
		if found {
			out[i].Minor = hold.Amount.Minor - hold.Posted.Minor - hold.Released.Minor
		}
		total.Minor += out[i].Minor
	}
	return out, total, nil
}

// voids gives back every hold that has something left.
func (a auth) voids(key string, left []money.Amount) []ledger.Transaction {
	var out []ledger.Transaction
	for i, h := range a.holds {
		if left[i].Minor > 0 {
			out = append(out, ledger.Transaction{
				Owner: int64(a.client), Key: ledger.KeyOf("card void", key, string(h[:])), Kind: ledger.KindPurchase,
				Phase: ledger.Void, Refers: h, Hold: a.account,
			})
		}
	}
	return out
}
