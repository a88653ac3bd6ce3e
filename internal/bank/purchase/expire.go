package purchase

import (
	"context"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
)

// How the worker looks for holds that nobody presented.
const (
	expireTick  = time.Second
	expireBatch = 200
)

// Run gives back holds whose time is over until ctx ends. Several processes may run it.
func (s *Service) Run(ctx context.Context) {
	t := time.NewTicker(expireTick)
	defer t.Stop()
	for {
		n, err := s.ExpireDue(ctx)
		if err != nil && ctx.Err() == nil {
			s.d.Log.Error("purchase: give back holds", "err", err)
		}
		if n == expireBatch && err == nil && ctx.Err() == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// ExpireDue gives back the holds that are over by business time and tells how
// many authorisations were due.
func (s *Service) ExpireDue(ctx context.Context) (int, error) {
	list, err := s.rows.due(ctx, s.d.DB, s.d.DB.Now(), expireBatch)
	if err != nil {
		return 0, err
	}
	for _, d := range list {
		if err := s.expire(ctx, d.client, d.id); err != nil {
			return 0, err
		}
	}
	return len(list), nil
}

// expire gives one authorisation's holds back. A clearing that comes later is
// honoured all the same.
func (s *Service) expire(ctx context.Context, who client.ID, one id.ID) error {
	err := s.d.DB.Write(ctx, func(tx db.Tx) error {
		a, found, err := s.rows.lock(ctx, tx, who, one)
		if err != nil || !found || a.state != Held || a.expires.IsZero() || a.expires.After(tx.Now()) {
			return err // somebody else was here
		}
		left, _, err := open(ctx, s.rows, tx, a)
		if err != nil {
			return err
		}
		ts := a.voids("expiry", left)
		a.state, a.expires = Expired, time.Time{}
		if a.posted.Positive() {
			a.state = Posted // a part was presented, the rest never came
		}
		if err := s.rows.set(ctx, tx, a); err != nil {
			return err
		}
		err = s.d.Operations.Change(ctx, tx, a.client, a.id, func(o *operation.Operation) {
			if a.state == Posted {
				o.State, o.Amount.Minor = operation.Done, -a.posted.Minor
				return
			}
			o.State, o.Details.Purchase.Reason = operation.Reversed, "expired"
		})
		if err != nil || len(ts) == 0 {
			return err
		}
		recs, err := s.d.Book.PostTx(ctx, tx, ts...)
		if err != nil {
			return err
		}
		for _, rec := range recs {
			if rec.Refused() {
				return fmt.Errorf("give back the hold of %s: %s", a.id.Text(Prefix), rec.Reason)
			}
		}
		return nil
	})
	if err == nil {
		s.tell(who)
	}
	return err
}
