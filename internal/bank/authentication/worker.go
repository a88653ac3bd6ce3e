package authentication

import (
	"context"
	"sync"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
)

// Limits of the worker.
const (
	tick       = time.Second
	batch      = 32
	hands      = 8
	sweepEvery = 10 * time.Minute
)

var qDue = db.Query(`SELECT client, id FROM authentication WHERE next_us <= $1 ORDER BY next_us, client, id LIMIT $2`)

// Run is the worker: it ends what is out of time and tells results until ctx
// ends. Several processes may run it.
func (s *Service) Run(ctx context.Context) {
	t := time.NewTicker(tick)
	defer t.Stop()
	swept := time.Time{}
	for {
		n, err := s.Step(ctx)
		if err != nil && ctx.Err() == nil {
			s.d.Log.Error("3-D Secure: look for what is due", "err", err)
		}
		if now := s.now(); err == nil && now.Sub(swept) >= sweepEvery {
			if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
				s.d.Log.Error("3-D Secure: sweep", "err", err)
			}
			swept = now
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

// due is an authentication whose time has come.
type due struct {
	client client.ID
	id     id.ID
}

// Step does what is due now and tells how many there were.
func (s *Service) Step(ctx context.Context) (int, error) {
	list, err := s.due(ctx)
	if err != nil {
		return 0, err
	}
	var wg sync.WaitGroup
	hand := make(chan struct{}, hands)
	for _, d := range list {
		hand <- struct{}{}
		wg.Go(func() {
			defer func() { <-hand }()
			if err := s.attend(ctx, d); err != nil && ctx.Err() == nil {
				s.d.Log.Error("3-D Secure", "authentication", d.id.Text(Prefix), "err", err)
			}
		})
	}
	wg.Wait()
	return len(list), nil
}

func (s *Service) due(ctx context.Context) ([]due, error) {
	rows, err := s.d.DB.Rows(ctx, qDue, micro(s.now()), int64(batch))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []due
	for rows.Next() {
		var who int64
		var raw []byte
		if err := rows.Scan(&who, &raw); err != nil {
			return nil, err
		}
		x, err := id.FromBytes(raw)
		if err != nil {
			return nil, err
		}
		out = append(out, due{client.ID(who), x})
	}
	return out, rows.Err()
}

// attend ends a challenge whose time is up and tells the result.
func (s *Service) attend(ctx context.Context, d due) error {
	r, err := s.byID(ctx, d.client, d.id)
	if err != nil {
		return err
	}
	if r.state == Awaited || r.state == Challenged {
		if err := s.change(ctx, &r, func(db.Tx, *row) error { return nil }); err != nil {
			return err
		}
	}
	switch {
	case r.state != Decided && r.state != Telling, r.next.IsZero(), s.now().Before(r.next):
		return nil // somebody was faster
	}
	end, mine := s.telling.begin(r.id)
	if !mine {
		return nil
	}
	defer end()
	_, err = s.attempt(ctx, r)
	return err
}
