package payout

import (
	"context"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// Returns is a room that has payouts begun out of accounts of the bank. It hears
// of those that come back: the sum belongs to somebody and must not lie there.
type Returns interface {
	// Returned is asked before the unit of work that credits the account, and
	// gives what else is to be done in it; nil when it is nothing.
	Returned(ctx context.Context, owner client.ID, payout id.ID) (func(context.Context, db.Tx) error, error)
}

// Tell has a room hear of what comes back. It is called once, before Return.
func (s *Service) Tell(r Returns) { s.returns = r }

var qReturned = db.Query(`SELECT COUNT(*) FROM payout WHERE id = $1 AND state = $2`)

// WasReturned tells whether the other side sent a payout back, for a ledger.Check.
func WasReturned(ctx context.Context, r db.Reader, payout id.ID) (bool, error) {
	var n int
	err := r.Row(ctx, qReturned, payout.Bytes(), int64(Returned)).Scan(&n)
	return n == 1, err
}

// ErrReturn: the other side returns what it cannot return: a payout that it did
// not take, or another sum.
var ErrReturn = fault.New(fault.Refused, "payout.return")

// ErrReturnEarly: it is not known yet that the other side took it; the return
// has to come again.
var ErrReturnEarly = fault.New(fault.Busy, "payout.return_early")

// Return credits what the other side sends back of a payout that was done
// (pacs.004): the whole sum, once; our fee stays. Told again, it changes nothing.
// An answer that this payout was done must have come first.
func (s *Service) Return(ctx context.Context, payout id.ID, amount money.Amount, reference string) error {
	r, err := find(ctx, s.d.DB, qByID, payout.Bytes())
	if err != nil {
		return err
	}
	if r.state == Returned {
		return nil
	}
	switch {
	case amount != r.amount:
		return ErrReturn
	case !r.state.Final():
		return ErrReturnEarly
	case r.state != Done:
		return ErrReturn
	}
	var also func(context.Context, db.Tx) error
	if !r.told && s.returns != nil {
		if also, err = s.returns.Returned(ctx, r.client, r.id); err != nil {
			return fmt.Errorf("payout %s: return: %w", r.text(), err)
		}
	}
	was := r
	err = s.d.DB.Write(ctx, func(tx db.Tx) error {
		r = was
		if _, err := lock(ctx, tx, &r); err != nil {
			return err
		}
		r.reference = cut(reference)
		op, err := s.credit(ctx, tx, r)
		if err != nil {
			return err
		}
		if err := step(ctx, tx, &r, Returned, time.Time{}); err != nil {
			return err
		}
		if also != nil {
			return also(ctx, tx)
		}
		if !r.told {
			return nil
		}
		return s.tell(ctx, tx, r.client, op)
	})
	if err != nil {
		return fmt.Errorf("payout %s: return: %w", r.text(), err)
	}
	if s.d.Live != nil {
		s.d.Live.Kick(r.client)
	}
	if s.d.Outbox != nil {
		s.d.Outbox.Kick()
	}
	return nil
}

// credit posts a returned sum to the account it left, with a feed row where the
// payout has one.
func (s *Service) credit(ctx context.Context, tx db.Tx, r row) (op id.ID, err error) {
	debit, err := r.amount.Neg()
	if err != nil {
		return op, err
	}
	op = s.d.Operations.NewID()
	t := ledger.Transaction{
		ID: op, Owner: int64(r.client), Key: r.ledgerKey("return"), Kind: ledger.KindPayout, Phase: ledger.Posted,
		Legs: []ledger.Leg{{Account: ways[r.way].settle, Amount: debit}, {Account: r.account, Amount: r.amount}},
	}
	if r.told {
		d, err := s.openDetails(r)
		if err != nil {
			return op, err
		}
		feed, err := s.d.Operations.Row(operation.Operation{
			ID: op, Client: r.client, Account: r.account, Kind: operation.PayoutReturn, State: operation.Done, Amount: r.amount, Fee: money.Amount{Cur: r.amount.Cur},
			Details: operation.Details{Name: d.Name, Payout: &operation.PayoutDetails{
				Way: r.way.String(), To: d.Title, BankRU: d.BankRU, BankEN: d.BankEN, Reference: r.reference, For: r.id,
			}},
		})
		if err != nil {
			return op, err
		}
		t.Rows = []db.Row{feed}
	}
	got, err := s.d.Book.PostTx(ctx, tx, t)
	if err == nil && got[0].Refused() {
		err = fmt.Errorf("refused: %s", got[0].Reason)
	}
	return op, err
}
