package payout

import (
	"context"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
)

// Times the tests wait for.
const (
	TakeOver = takeOver
	PollMax  = pollMax
)

// May is the table of steps.
func May(from, to State) bool { return may(from, to) }

// Hold reserves an order and stops there, as a process that dies leaves it.
func (s *Service) Hold(ctx context.Context, cmd Send) (id.ID, error) {
	q, err := s.quote(cmd.Client, cmd.Quote)
	if err != nil {
		return id.ID{}, err
	}
	print := s.print(q.from, q.to, q.price.Amount, q.price.Fee, cmd.Message)
	_, t, err := s.transaction(ctx, cmd, q, print, cmd.Message, nil)
	if err != nil {
		return id.ID{}, err
	}
	r, err := s.d.Book.Post(ctx, t)
	return r.Txn, err
}

// Secret tells whether the receiver's whole number is still kept.
func (s *Service) Secret(ctx context.Context, payout id.ID) (bool, error) {
	r, err := find(ctx, s.d.DB, qByID, payout.Bytes())
	return len(r.secret) > 0, err
}

// Damage writes a wrong state or sum over a payout's row.
func (s *Service) Damage(ctx context.Context, payout id.ID, state State) error {
	r, err := find(ctx, s.d.DB, qByID, payout.Bytes())
	if err != nil {
		return err
	}
	return s.d.DB.Write(ctx, func(tx db.Tx) error {
		_, err := tx.Exec(ctx, qStep, r.id.Bytes(), r.version, int64(state), r.reason, r.reference, filled(r.posting), r.number,
			micro(r.sent), micro(r.done), r.details, filled(r.secret), nil)
		return err
	})
}
