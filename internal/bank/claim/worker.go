package claim

import (
	"context"
	"time"

	"rocketbank/internal/base/db"
)

// Limits of the worker.
const (
	tick    = time.Second
	batch   = 100
	askMin  = 2 * time.Second // how soon a payout under way is asked about
	retryIn = time.Minute     // after a step that failed
)

// Run is the worker: it reminds, gives back what nobody took and follows
// payouts, until ctx ends. Several processes may run it.
func (s *Service) Run(ctx context.Context) {
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		n, err := s.Step(ctx)
		if err != nil && ctx.Err() == nil {
			s.d.Log.Error("claim: look for links that are due", "err", err)
		}
		if n == batch && err == nil && ctx.Err() == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// Step does what is due now and tells how many links were due. A link that
// fails waits a while, so that the others get their turn.
func (s *Service) Step(ctx context.Context) (int, error) {
	now := s.d.DB.Now()
	due, err := all(ctx, s.d.DB, qDue, now.UnixMicro(), int64(batch))
	if err != nil {
		return 0, err
	}
	for _, r := range due {
		var err error
		switch {
		case r.state == Paying:
			_, err = s.follow(ctx, r)
		case r.state != Waiting:
		case !now.Before(r.until):
			err = s.expire(ctx, r)
		default:
			err = s.remind(ctx, r)
		}
		if err != nil && ctx.Err() == nil {
			s.d.Log.Error("claim: step", "link", r.text(), "state", r.state.String(), "err", err)
			s.later(ctx, r, now.Add(retryIn))
		}
	}
	return len(due), nil
}

// later moves the time of a claim that nobody moved meanwhile.
func (s *Service) later(ctx context.Context, r row, next time.Time) {
	err := s.d.DB.Write(ctx, func(tx db.Tx) error {
		_, err := tx.Exec(ctx, qLater, r.id.Bytes(), r.version, next.UnixMicro())
		return err
	})
	if err != nil && ctx.Err() == nil {
		s.d.Log.Error("claim: put off", "link", r.text(), "err", err)
	}
}
