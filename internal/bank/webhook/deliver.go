package webhook

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

// How deliveries are tried: after 10, 20, 40 s … 4 h, twenty times, which is
// two days and a half.
const (
	pauseMin  = 10 * time.Second
	pauseMax  = 4 * time.Hour
	mostTries = 20
	tick      = time.Second
	batch     = 256
	perHook   = 4 // of one hook at a time: who answers slowly keeps nobody else waiting
	hands     = 8
	leaseOf   = time.Minute // longer than a call may take
	callIn    = 10 * time.Second
)

const deliveryColumns = `id, type, operation, state, tries, status, problem, at_us, next_us, done_us`

var (
	qDue  = db.Query(`SELECT client, id, hook, body, tries, next_us FROM webhook_delivery WHERE next_us <= $1 ORDER BY next_us, id LIMIT $2`)
	qTake = db.Query(`UPDATE webhook_delivery SET next_us = $4, tries = tries + 1 WHERE client = $1 AND id = $2 AND next_us = $3`)
	qDone = db.Query(`UPDATE webhook_delivery SET state = $3, status = $4, problem = $5, next_us = $6, done_us = $7 WHERE client = $1 AND id = $2 AND tries = $8`)

	qFails = db.Query(`UPDATE webhook SET failing_us = $3 WHERE client = $1 AND id = $2 AND failing_us = 0`)
	qWorks = db.Query(`UPDATE webhook SET failing_us = 0 WHERE client = $1 AND id = $2 AND failing_us <> 0`)

	qLog   = db.Query(`SELECT ` + deliveryColumns + ` FROM webhook_delivery WHERE client = $1 AND hook = $2 AND id < $3 ORDER BY id DESC LIMIT $4`)
	qAgain = db.Query(`UPDATE webhook_delivery SET state = $4, tries = 0, next_us = $5, done_us = 0 WHERE client = $1 AND hook = $2 AND id = $3`)
	// What is old and no longer needed to tell what a hook knows of an operation.
	qOld = db.Query(`DELETE FROM webhook_delivery WHERE at_us < $1 AND next_us IS NULL AND pending = 0`)
)

// Run reads feeds and delivers until ctx ends. Several processes may run it.
func (s *Service) Run(ctx context.Context) {
	var both sync.WaitGroup
	both.Go(func() { s.every(ctx, "read feeds", s.Look) })
	both.Go(func() { s.every(ctx, "look for deliveries", s.Deliver) })
	both.Wait()
}

// every does one of the two again and again, so that slow receivers do not keep
// feeds from being read.
func (s *Service) every(ctx context.Context, what string, do func(context.Context) (int, error)) {
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		if _, err := do(ctx); err != nil && ctx.Err() == nil {
			s.d.Log.Error("webhook: "+what, "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

type due struct {
	client   client.ID
	id, hook id.ID
	body     []byte
	tries    int64
	next     int64
}

// Deliver sends what is due now and tells how much was.
func (s *Service) Deliver(ctx context.Context) (int, error) {
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
			if err := s.send(ctx, d); err != nil && ctx.Err() == nil {
				s.d.Log.Error("webhook: deliver", "delivery", d.id.Text(DeliveryPrefix), "err", err)
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
	of := map[id.ID]int{}
	for rows.Next() {
		var d due
		var who int64
		var raw, hook []byte
		if err := rows.Scan(&who, &raw, &hook, &d.body, &d.tries, &d.next); err != nil {
			return nil, err
		}
		d.client = client.ID(who)
		if d.id, err = id.FromBytes(raw); err != nil {
			return nil, err
		}
		if d.hook, err = id.FromBytes(hook); err != nil {
			return nil, err
		}
		if of[d.hook]++; of[d.hook] > perHook {
			continue
		}
		out = append(out, d)
	}
	return out, rows.Err()
}

// send takes one delivery under a lease and tries it.
func (s *Service) send(ctx context.Context, d due) error {
	mine := false
	err := s.d.DB.Write(ctx, func(tx db.Tx) error {
		n, err := tx.Exec(ctx, qTake, int64(d.client), d.id.Bytes(), d.next, s.d.Now().Add(leaseOf).UnixMicro())
		mine = n == 1
		return err
	})
	if err != nil || !mine {
		return err
	}
	d.tries++
	h, err := s.hook(ctx, d.client, d.hook)
	if errors.Is(err, ErrMissing) {
		// Removed meanwhile; this one was written down beside it.
		return s.d.DB.Write(ctx, func(tx db.Tx) error {
			_, err := tx.Exec(ctx, qForget, int64(d.client), d.hook.Bytes())
			return err
		})
	}
	if err != nil {
		return err
	}
	alive, err := s.d.Tokens.TokenAlive(ctx, d.client, h.Token)
	if err != nil {
		return err
	}
	if !alive {
		return s.Remove(ctx, d.client, d.hook) // it lived as long as its token
	}
	secret, err := s.d.Vault.OpenText(vault.Secret, secretAt(h.ID), h.secret)
	if err != nil {
		return errors.Join(err, s.note(ctx, d, Answer{Problem: "refused"}))
	}
	body, err := s.d.Vault.Open(vault.PII, bodyAt(d.id), d.body)
	if err != nil {
		return errors.Join(err, s.note(ctx, d, Answer{Problem: "refused"}))
	}
	limited, cancel := context.WithTimeout(ctx, callIn)
	defer cancel()
	return s.note(context.WithoutCancel(ctx), d, s.d.Caller.Post(limited, h.URL, vault.Hide(secret), d.id.Text(DeliveryPrefix), body))
}

// note writes down what came of a try.
func (s *Service) note(ctx context.Context, d due, a Answer) error {
	now := s.d.Now().UnixMicro()
	state, next, done := Delivered, any(nil), now
	if a.Problem != "" {
		state, next, done = Waiting, s.d.Now().Add(pause(d.tries)).UnixMicro(), 0
		if d.tries >= mostTries {
			state, next, done = GivenUp, nil, now
		}
	}
	return s.d.DB.Write(ctx, func(tx db.Tx) error {
		if _, err := tx.Exec(ctx, qDone, int64(d.client), d.id.Bytes(), int64(state), int64(a.Status), a.Problem, next, done, d.tries); err != nil {
			return err
		}
		if a.Problem != "" {
			_, err := tx.Exec(ctx, qFails, int64(d.client), d.hook.Bytes(), now)
			return err
		}
		_, err := tx.Exec(ctx, qWorks, int64(d.client), d.hook.Bytes())
		return err
	})
}

// pause gives the wait after so many tries.
func pause(tries int64) time.Duration { return min(pauseMin<<min(tries-1, 20), pauseMax) }

// LogPage bounds a page of the log of deliveries.
const LogPage = 50

// Log lists a hook's deliveries of the last thirty days before one, the newest
// first; a zero one begins with the newest. ErrMissing for another's hook.
func (s *Service) Log(ctx context.Context, who client.ID, hook, before id.ID) (page []Delivery, next id.ID, err error) {
	if _, err := s.hook(ctx, who, hook); err != nil {
		return nil, next, err
	}
	if before.IsZero() {
		for i := range before {
			before[i] = 0xff
		}
	}
	rows, err := s.d.DB.Rows(ctx, qLog, int64(who), hook.Bytes(), before.Bytes(), int64(LogPage+1))
	if err != nil {
		return nil, next, fmt.Errorf("deliveries: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		d, err := scanDelivery(rows)
		if err != nil {
			return nil, next, fmt.Errorf("deliveries: %w", err)
		}
		page = append(page, d)
	}
	if len(page) > LogPage {
		page = page[:LogPage]
		next = page[LogPage-1].ID
	}
	return page, next, rows.Err()
}

func scanDelivery(from interface{ Scan(...any) error }) (d Delivery, err error) {
	var raw, op []byte
	var state, at, done int64
	var next *int64
	if err = from.Scan(&raw, &d.Type, &op, &state, &d.Tries, &d.Status, &d.Problem, &at, &next, &done); err != nil {
		return d, err
	}
	d.State, d.At, d.Done = State(state), moment(at), moment(done) // #nosec G115 -- stored from one
	if next != nil {
		d.Next = moment(*next)
	}
	if d.ID, err = id.FromBytes(raw); err != nil {
		return d, err
	}
	d.Operation, err = id.FromBytes(op)
	return d, err
}

// Redeliver sends a document again, the same to the byte; its receiver tells it
// by its identifier.
func (s *Service) Redeliver(ctx context.Context, who client.ID, hook, delivery id.ID) error {
	return s.d.DB.Write(ctx, func(tx db.Tx) error {
		n, err := tx.Exec(ctx, qAgain, int64(who), hook.Bytes(), delivery.Bytes(), int64(Waiting), s.d.Now().UnixMicro())
		if err == nil && n == 0 {
			err = ErrMissing
		}
		return err
	})
}

// Sweep forgets deliveries older than thirty days of business time.
func (s *Service) Sweep(ctx context.Context) error {
	return s.d.DB.Write(ctx, func(tx db.Tx) error {
		_, err := tx.Exec(ctx, qOld, tx.Now().Add(-keepFor).UnixMicro())
		return err
	})
}
