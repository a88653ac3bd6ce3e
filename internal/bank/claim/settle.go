package claim

import (
	"context"
	"fmt"

	"rocketbank/internal/bank/payout"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
)

// send hands a payout that was begun to its way and takes what comes of it.
func (s *Service) send(ctx context.Context, r row, begun id.ID) (row, error) {
	p, err := s.d.Payouts.Go(ctx, begun)
	if err != nil {
		// It is written down and its own worker goes on with it.
		s.d.Log.Warn("claim: the payout gives no answer yet", "link", r.text(), "err", err)
		return r, nil
	}
	return s.settle(ctx, r, p)
}

// follow finds out what became of a payout under way.
func (s *Service) follow(ctx context.Context, r row) (row, error) {
	if r.state != Paying {
		return r, nil
	}
	x, err := id.FromBytes(r.payout)
	if err != nil {
		return r, fmt.Errorf("claim %s: %w", r.text(), err)
	}
	p, err := s.d.Payouts.Read(ctx, s.d.DB, x)
	if err != nil {
		return r, fmt.Errorf("claim %s: its payout: %w", r.text(), err)
	}
	return s.settle(ctx, r, p)
}

// settle takes the step that follows from a payout: done, or waiting again so
// that another way can be chosen. What the payout took out of transit it has
// put back itself when it is refused or was returned.
func (s *Service) settle(ctx context.Context, was row, p payout.Payout) (row, error) {
	r, moved := was, false
	err := s.d.DB.Write(ctx, func(tx db.Tx) (err error) {
		moved = false
		if r, err = find(ctx, tx, qLock, was.id.Bytes()); err != nil {
			return err
		}
		if r.state != Paying || string(r.payout) != string(p.ID.Bytes()) {
			return nil // somebody else took the step
		}
		switch p.State {
		case payout.Done:
			d, err := s.details(r)
			if err != nil {
				return err
			}
			moved = true
			return s.done(ctx, tx, &r, d)
		case payout.Refused, payout.Returned:
			moved = true
			return s.retry(ctx, tx, &r, reasonOf(p))
		}
		_, err = tx.Exec(ctx, qLater, r.id.Bytes(), r.version, tx.Now().Add(askMin).UnixMicro())
		return err
	})
	if err != nil {
		return was, err
	}
	if moved {
		s.tell(r.client)
	}
	return r, nil
}

// retry lets the receiver of a locked claim choose anew.
func (s *Service) retry(ctx context.Context, tx db.Tx, r *row, reason string) error {
	d, err := s.details(*r)
	if err != nil {
		return err
	}
	d.To, d.Bank = "", ""
	if err := s.seal(r, d); err != nil {
		return err
	}
	r.way, r.payout, r.reason = 0, []byte{}, reason
	return step(ctx, tx, r, Waiting, r.next())
}

// reasonOf is the stable word of why a payout was refused.
func reasonOf(p payout.Payout) string {
	if p.Reason == "" {
		return "declined"
	}
	return p.Reason
}
