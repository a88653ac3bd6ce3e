package authentication

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/rail/threeds"
)

// Pauses between attempts to tell a result: 2, 4, 8 s …
const (
	tellMin  = 2 * time.Second
	tellMax  = 5 * time.Minute
	tellHold = 15 * time.Second // an attempt is over by then, or its process is dead
)

// Finish gives the way back to the shop, after the directory was told (or
// could not be). ErrNotOver while the holder is still asked.
func (s *Service) Finish(ctx context.Context, acsTransID, token string) (Return, error) {
	r, err := s.own(ctx, acsTransID, token)
	if err != nil {
		return Return{}, err
	}
	if r.state == Awaited || r.state == Challenged {
		return Return{}, ErrNotOver
	}
	// What was decided is told to its end even if the browser goes away.
	if r, err = s.tell(context.WithoutCancel(ctx), r); err != nil {
		s.d.Log.Error("3-D Secure: tell a result", "authentication", r.id.Text(Prefix), "err", err)
	}
	return Return{
		URL: r.details.NotifyURL, ShopURL: r.details.ShopURL, Session: r.details.Session, Passed: r.status == threeds.Authenticated,
		CRes: threeds.EncodeCRes(threeds.CRes{ServerTransID: uuid(r.server), ACSTransID: uuid(r.id), Status: r.status}),
	}, nil
}

// tell posts the result once, unless it was told or somebody is at it: of this
// process he is waited for, another's has done it or will.
func (s *Service) tell(ctx context.Context, r row) (row, error) {
	if r.state != Decided && r.state != Telling {
		return r, nil
	}
	end, mine := s.telling.begin(r.id)
	if !mine {
		s.telling.wait(ctx, r.id)
		return s.byID(ctx, r.client, r.id)
	}
	defer end()
	if r.state == Telling {
		return r, nil // tried before: the worker goes on
	}
	return s.attempt(ctx, r)
}

// attempt takes the result under a lease, posts it and notes what came back.
func (s *Service) attempt(ctx context.Context, r row) (row, error) {
	was := r
	err := s.d.DB.Write(ctx, func(tx db.Tx) error {
		r = was
		r.tries++
		r.next = s.now().Add(tellHold)
		if r.state == Telling {
			return s.save(ctx, tx, &r)
		}
		return s.move(ctx, tx, &r, Telling)
	})
	if errors.Is(err, errStale) {
		return s.byID(ctx, was.client, was.id) // somebody else is at it
	}
	if err != nil {
		return was, err
	}
	told := s.post(ctx, r)
	taken := r
	err = s.d.DB.Write(ctx, func(tx db.Tx) error {
		r = taken
		switch {
		case told == nil:
			r.told, r.next = true, time.Time{}
			return s.move(ctx, tx, &r, Closed)
		case r.tries >= s.d.Rules.ResultTries:
			r.next = time.Time{}
			return s.move(ctx, tx, &r, Closed)
		}
		r.next = s.now().Add(min(tellMin<<min(r.tries-1, 10), tellMax))
		return s.save(ctx, tx, &r)
	})
	if told != nil {
		s.d.Log.Warn("3-D Secure: the directory did not take a result", "authentication", r.id.Text(Prefix), "try", r.tries, "err", told)
	}
	if errors.Is(err, errStale) {
		return s.byID(ctx, was.client, was.id)
	}
	return r, err
}

// post sends the stored result, the same bytes each time.
func (s *Service) post(ctx context.Context, r row) error {
	body, err := s.d.Vault.Open(vault.PII, r.place("result"), r.result)
	if err != nil {
		return err
	}
	sent, bad := threeds.ParseRReq(body)
	if bad != nil {
		return bad
	}
	answer, err := s.d.Directory.Send(ctx, r.details.DSURL, body)
	if err != nil {
		return err
	}
	res, bad := threeds.ParseRRes(answer)
	if bad == nil {
		bad = res.Against(sent)
	}
	if bad != nil {
		if e, ok := threeds.ParseErro(answer); ok {
			return fmt.Errorf("the directory answers %w", &e)
		}
		return bad
	}
	return nil
}

// telling knows which results are being told in this process, so that a page
// that comes meanwhile waits for the end.
type telling struct {
	mu sync.Mutex
	by map[id.ID]chan struct{}
}

func (t *telling) begin(x id.ID) (end func(), mine bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, busy := t.by[x]; busy {
		return nil, false
	}
	if t.by == nil {
		t.by = map[id.ID]chan struct{}{}
	}
	done := make(chan struct{})
	t.by[x] = done
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.by, x)
		close(done)
	}, true
}

// wait waits until nobody tells x.
func (t *telling) wait(ctx context.Context, x id.ID) {
	t.mu.Lock()
	done, busy := t.by[x]
	t.mu.Unlock()
	if !busy {
		return
	}
	select {
	case <-done:
	case <-ctx.Done():
	}
}
