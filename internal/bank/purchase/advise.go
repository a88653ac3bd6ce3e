package purchase

import (
	"context"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/money"
)

// advise writes down what was decided in our place or without us: a stand-in
// approval, a chip that decided by itself, a completion. It is never refused,
// even if the account goes below nought: it is a fact. What was declined
// elsewhere is only remembered.
func (s *Service) advise(ctx context.Context, r Request, f card.Face, was past) (Answer, error) {
	if r.Outcome != "" && r.Outcome != "00" && r.Outcome != "10" {
		return s.noted(ctx, r, f)
	}
	if was.known {
		return s.noted(ctx, r, f) // taken back before it came
	}
	if r.Class == Financial {
		if done, a, err := s.complete(ctx, r, f); done || err != nil {
			return a, err
		}
	}
	sum, why, err := s.billing(ctx, r)
	if err != nil {
		return Answer{}, err
	}
	if why != Approved || !sum.Positive() || s.sensible(r) != Approved {
		return s.noted(ctx, r, f)
	}
	v := &verdict{reason: Approved, was: was}
	if len(r.Chip) > 0 {
		// The counter is kept if the chip is right; what is wrong was not ours to stop.
		if err := s.chip(ctx, r, f, s.d.DB.Now(), v); err != nil {
			return Answer{}, err
		}
		if v.reason != Approved {
			v.rows = nil
		}
	}
	o := s.outline(r, f, sum)
	if r.Code != "" {
		o.a.code = r.Code
		o.op.Details.Purchase.Code = r.Code
	}
	a := Answer{Reason: Approved, Auth: o.a.id}
	t, err := s.transaction(r, f, v, o, a)
	if err != nil {
		return Answer{}, err
	}
	t.Guards = nil
	if !r.credit() {
		t.Legs[0].Force = true
		t.Guards = counted(f.Guards(attempt(r, sum), sum))
	}
	if promise(r) {
		return a, s.promised(ctx, t.Rows)
	}
	rec, err := s.d.Book.Post(ctx, t)
	if err != nil {
		return Answer{}, err
	}
	if rec.Refused() {
		return s.noted(ctx, r, f)
	}
	if rec.Replay {
		return s.elsewhere(ctx, r, f)
	}
	s.tell(f.Client)
	return a, nil
}

// noted acknowledges an advice that changes nothing.
func (s *Service) noted(ctx context.Context, r Request, f card.Face) (Answer, error) {
	a := Answer{Reason: Approved}
	return a, s.d.DB.Write(ctx, func(tx db.Tx) error { return s.remember(ctx, tx, r, f, a) })
}

// complete posts the sum of a pre-authorisation; done is false when there is
// none to complete, and then the advice posts by itself.
func (s *Service) complete(ctx context.Context, r Request, f card.Face) (done bool, a Answer, err error) {
	err = s.d.DB.Write(ctx, func(tx db.Tx) error {
		done, a = false, Answer{Reason: Approved}
		list, err := s.rows.byRRN(ctx, tx, f.Client, f.ID, r.RRN)
		if err != nil {
			return err
		}
		for _, held := range list {
			if held.state != Held || held.kind == KindRefund || r.Code != "" && held.code != r.Code {
				continue
			}
			sum := money.Rub(r.Amount.Minor)
			if r.Billing.Cur == money.RUB {
				sum = r.Billing
			} else if r.Amount.Cur != money.RUB {
				if held.local.Cur != r.Amount.Cur || held.local.Minor == 0 {
					return nil
				}
				// At the rate of the authorisation.
				if sum.Minor, err = money.MulDiv(r.Amount.Minor, held.billing.Minor, held.local.Minor); err != nil {
					return err
				}
			}
			done, a.Auth, a.Code = true, held.id, held.code
			if err := s.remember(ctx, tx, r, f, a); err != nil {
				return err
			}
			_, err = s.capture(ctx, tx, held, presented{key: string(r.key()), sum: sum, local: r.Amount, final: true})
			return err
		}
		return nil
	})
	if done && err == nil {
		s.tell(f.Client)
	}
	return done, a, err
}
