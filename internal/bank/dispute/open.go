package dispute

import (
	"context"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/notice"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
)

// Claim is what a client says is wrong.
type Claim struct {
	Operation id.ID
	Reason    Reason
	Words     string
}

// Open opens a dispute about an operation. One that is open already is
// answered again as it stands (fresh is false): a form that comes twice, or a
// program that asks again, opens one.
func (s *Service) Open(ctx context.Context, who client.ID, n Claim) (d Dispute, fresh bool, err error) {
	if n.Reason.Word() == "" {
		return Dispute{}, false, ErrReason
	}
	least := 0
	if n.Reason == Other {
		least = minOther
	}
	words, err := worded(n.Words, least)
	if err != nil {
		return Dispute{}, false, err
	}
	o, err := s.d.Operations.One(ctx, who, n.Operation)
	if err != nil {
		return Dispute{}, false, err
	}
	if err := MayDispute(o, s.d.DB.Now()); err != nil {
		return Dispute{}, false, err
	}
	err = s.d.DB.Write(ctx, func(tx db.Tx) error {
		fresh = false
		before, err := list(ctx, tx, qAbout, int64(who), n.Operation.Bytes(), int64(maxTries))
		if err != nil {
			return err
		}
		for _, one := range before {
			switch {
			case !one.State.Over():
				d = one
				return nil
			case one.State == Accepted:
				return ErrPaid
			}
		}
		var open int64
		if err := tx.Row(ctx, qCountOpen, int64(who)).Scan(&open); err != nil {
			return err
		}
		if len(before) >= maxTries || open >= maxOpen {
			return ErrTooMany
		}
		sum, err := o.Amount.Neg()
		if err != nil {
			return err
		}
		now := tx.Now()
		d = Dispute{ID: s.d.IDs.New(), Client: who, Operation: n.Operation, Reason: n.Reason, State: Open, Sum: sum, Made: now, Promised: Promise(o, now), Changed: now}
		inserted, err := tx.Exec(ctx, qOpen, int64(who), d.ID.Bytes(), d.Operation.Bytes(), int64(d.Reason), sum.Minor, id.ID{}.Bytes(), now.UnixMicro(), d.Promised.UnixMicro())
		if err != nil {
			return err
		}
		if inserted == 0 { // another request opened it at this very moment
			now, err := list(ctx, tx, qAbout, int64(who), n.Operation.Bytes(), int64(1))
			if err == nil && len(now) == 1 {
				d = now[0]
			}
			return err
		}
		fresh = true
		if words != "" {
			if err := s.say(ctx, tx, d, ByClient, words); err != nil {
				return err
			}
		}
		if err := s.tell(ctx, tx, d, notice.DisputeOpened); err != nil {
			return err
		}
		return record(ctx, tx, who, byClient, "dispute.opened", d, d.Reason.Word())
	})
	if err != nil {
		return Dispute{}, false, err
	}
	if fresh {
		s.wake(who)
		s.kick()
	}
	return d, fresh, nil
}

// Answer gives the bank what it asked for.
func (s *Service) Answer(ctx context.Context, who client.ID, key id.ID, words string) error {
	words, err := worded(words, 1)
	if err != nil {
		return err
	}
	return s.own(ctx, who, func(tx db.Tx) error {
		d, err := s.living(ctx, tx, who, key)
		if err != nil {
			return err
		}
		if d.State != NeedsAnswer {
			return ErrNotAsked
		}
		if err := s.say(ctx, tx, d, ByClient, words); err != nil {
			return err
		}
		d.State = Open
		if err := d.set(ctx, tx); err != nil {
			return err
		}
		return record(ctx, tx, who, byClient, "dispute.answered", d, "")
	})
}

// Withdraw takes a dispute back.
func (s *Service) Withdraw(ctx context.Context, who client.ID, key id.ID) error {
	return s.own(ctx, who, func(tx db.Tx) error {
		d, err := s.living(ctx, tx, who, key)
		if err != nil {
			return err
		}
		d.State = Withdrawn
		if err := d.set(ctx, tx); err != nil {
			return err
		}
		return record(ctx, tx, who, byClient, "dispute.withdrawn", d, "")
	})
}

// own does what a client does with his dispute and wakes his pages.
func (s *Service) own(ctx context.Context, who client.ID, act func(db.Tx) error) error {
	err := s.d.DB.Write(ctx, act)
	if err == nil {
		s.wake(who)
	}
	return err
}

// living reads a dispute that is not over, which the unit of work has to itself.
func (s *Service) living(ctx context.Context, tx db.Tx, who client.ID, key id.ID) (Dispute, error) {
	d, err := scan(tx.Row(ctx, qLock, int64(who), key.Bytes()))
	if err == nil && d.State.Over() {
		err = ErrOver
	}
	return d, err
}
