package payout

import (
	"context"
	"sync"
	"time"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
)

// Limits of the worker.
const (
	tick    = time.Second
	batch   = 32
	hands   = 8
	leaseOf = time.Minute // a taken payout comes back after this
)

// Run is the worker: it resolves what is open until ctx ends. Several processes
// may run it.
func (s *Service) Run(ctx context.Context) {
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		n, err := s.Step(ctx)
		if err != nil && ctx.Err() == nil {
			s.d.Log.Error("payout: look for open payouts", "err", err)
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

// due is an open payout whose time has come.
type due struct {
	id   id.ID
	next int64
}

// Step does what is due now and tells how many payouts were due.
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
			if err := s.resolve(ctx, d); err != nil && ctx.Err() == nil {
				s.d.Log.Error("payout: resolve", "payout", d.id.Text(Prefix), "err", err)
			}
		})
	}
	wg.Wait()
	return len(list), nil
}

func (s *Service) due(ctx context.Context) ([]due, error) {
	rows, err := s.d.DB.Rows(ctx, qDue, s.d.Now().UnixMicro(), int64(batch))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []due
	for rows.Next() {
		var raw []byte
		var d due
		if err := rows.Scan(&raw, &d.next); err != nil {
			return nil, err
		}
		if d.id, err = id.FromBytes(raw); err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, rows.Err()
}

// resolve takes one due payout under a lease and moves it on.
func (s *Service) resolve(ctx context.Context, d due) error {
	mine := false
	err := s.d.DB.Write(ctx, func(tx db.Tx) error {
		n, err := tx.Exec(ctx, qTake, d.id.Bytes(), d.next, s.d.Now().Add(leaseOf).UnixMicro())
		mine = n == 1
		return err
	})
	if err != nil || !mine {
		return err
	}
	return s.look(ctx, d.id)
}

// Hint asks about an open payout now: a late answer came, a callback. What it
// says by itself is not believed. ErrMissing when there is no such payout.
//
// The question counts as a try, so that whoever is still sending does not give
// the money back beside it.
func (s *Service) Hint(ctx context.Context, payout id.ID) error {
	err := s.d.DB.Write(ctx, func(tx db.Tx) error {
		_, err := tx.Exec(ctx, qTried, payout.Bytes())
		return err
	})
	if err != nil {
		return err
	}
	return s.look(ctx, payout)
}

func (s *Service) look(ctx context.Context, payout id.ID) error {
	r, err := find(ctx, s.d.DB, qByID, payout.Bytes())
	if err != nil {
		return err
	}
	switch r.state {
	case Reserved:
		// The process that took the order died before it told anybody. All that
		// the rail needs is written down, so the way is walked on.
		_, err = s.goOn(context.WithoutCancel(ctx), r)
	case Sent, Unknown:
		_, err = s.ask(ctx, r)
	case Refused:
		// The money is back with its sender. If the receiver has it too, only the
		// day's settlement shows it: somebody must look.
		s.d.Log.Error("a late word about a refused payout: compare it with the settlement", "payout", r.text(), "way", r.way.String(), "reason", r.reason)
	}
	return err
}
