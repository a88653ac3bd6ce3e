package claim

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// Returned is what follows within the unit of work in which a payout of a link
// comes back (payout.Returns): the receiver has had his turn and may never look
// again, so the sum goes to the sender at once. Our fee stays, as it does with
// any payout. One that nobody has seen arrive yet is as good as refused.
func (s *Service) Returned(ctx context.Context, owner client.ID, payout id.ID) (func(context.Context, db.Tx) error, error) {
	was, err := find(ctx, s.d.DB, qByPayout, int64(owner), payout.Bytes())
	if errors.Is(err, ErrMissing) {
		return nil, nil // another room's
	}
	if err != nil {
		return nil, err
	}
	me, err := s.d.People.ByID(ctx, owner)
	if err != nil && !errors.Is(err, client.ErrNobody) {
		return nil, err
	}
	return func(ctx context.Context, tx db.Tx) error {
		r, err := find(ctx, tx, qLock, was.id.Bytes())
		if err != nil || string(r.payout) != string(payout.Bytes()) {
			return err
		}
		switch r.state {
		case Paying:
			err = s.retry(ctx, tx, &r, "declined")
		case Done:
			err = s.sentBack(ctx, tx, &r, me)
		default:
			return nil
		}
		if err == nil {
			tx.AfterCommit(func() { s.tell(owner) })
		}
		return err
	}, nil
}

// sentBack credits the sender of a locked claim that was done, with a row of its
// own in his feed, and tells him.
func (s *Service) sentBack(ctx context.Context, tx db.Tx, r *row, me client.Client) error {
	d, err := s.details(*r)
	if err != nil {
		return err
	}
	op := s.d.Operations.NewID()
	feed, err := s.d.Operations.Row(operation.Operation{
		ID: op, Client: r.client, Account: r.account, Kind: operation.PayoutReturn, State: operation.Done, Amount: r.amount,
		Fee: money.Amount{Cur: r.amount.Cur}, Details: operation.Details{Phone: d.Phone, Order: r.text()},
	})
	if err != nil {
		return err
	}
	debit, err := r.amount.Neg()
	if err != nil {
		return err
	}
	if err := step(ctx, tx, r, Returned, time.Time{}); err != nil {
		return err
	}
	if me.ID != 0 {
		if err := s.sayToSender(ctx, tx, me, "claim.sms_returned", locale.A("phone", d.phone().Pretty()), locale.A("amount", r.amount)); err != nil {
			return err
		}
	}
	got, err := s.d.Book.PostTx(ctx, tx, ledger.Transaction{
		ID: op, Owner: int64(r.client), Key: r.ledgerKey("returned"), Kind: ledger.KindLink, Phase: ledger.Posted, Rows: []db.Row{feed},
		Legs: []ledger.Leg{{Account: ledger.Transit, Amount: debit}, {Account: r.account, Owner: int64(r.client), Amount: r.amount}},
	})
	if err == nil && got[0].Refused() {
		err = fmt.Errorf("refused: %s", got[0].Reason)
	}
	if err != nil {
		return fmt.Errorf("credit what came back of %s: %w", r.text(), err)
	}
	return nil
}
