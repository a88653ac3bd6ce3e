package purchase

import (
	"context"

	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/money"
)

// unpresented is what messages of the network have posted of an authorisation
// and no clearing record has presented yet: a financial message moves the money
// at once, and the clearing of the same purchase must not move it again.
func (s *Service) unpresented(ctx context.Context, tx db.Tx, a auth) (money.Amount, error) {
	presented, err := s.rows.presented(ctx, tx, a)
	return money.Rub(max(0, a.posted.Minor-presented)), err
}

// presentPosted takes a record of what is posted already. Only the difference
// moves; what a last record leaves over goes back.
func (s *Service) presentPosted(ctx context.Context, tx db.Tx, r Record, a auth, posted money.Amount) (item, error) {
	it := item{client: a.client, auth: a.id, held: posted, result: s.compare(r, posted)}
	due := r.Billing.Minor - posted.Minor
	if due == 0 || due < 0 && !r.Final {
		return it, nil
	}
	it.txn = s.d.Operations.NewID()
	a.posted.Minor += due
	if err := s.rows.set(ctx, tx, a); err != nil {
		return item{}, err
	}
	moves := money.Rub(-due)
	if a.kind == KindRefund {
		moves.Minor = due
	}
	err := s.d.Operations.Change(ctx, tx, a.client, a.id, func(o *operation.Operation) { o.Amount.Minor += moves.Minor })
	if err != nil {
		return item{}, err
	}
	return it, s.postClearing(ctx, tx, a, r, it.txn, moves, money.Rub(0))
}
