package card

import (
	"context"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/notice"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
)

// Limits of the worker.
const (
	tick  = time.Second
	batch = 32
)

var (
	qDue = db.Query(`SELECT client, id, due_us FROM card WHERE due_us <= $1 ORDER BY due_us, client, id LIMIT $2`)
	// Each step asks for the time it was found with: of two workers, and of
	// the same one after a crash, one does it.
	qRemind = db.Query(`UPDATE card SET due_us = suspend_us WHERE client = $1 AND id = $2 AND due_us = $3 AND state = 4 AND suspend_us > $4`)
	qEnd    = db.Query(`UPDATE card SET state = 1, suspend_us = 0, due_us = NULL WHERE client = $1 AND id = $2 AND due_us = $3 AND state = 4 AND suspend_us <= $4`)
	// What was frozen meanwhile keeps its end and needs no reminder before it;
	// after it there is nothing to look for.
	qLater  = db.Query(`UPDATE card SET due_us = suspend_us WHERE client = $1 AND id = $2 AND due_us = $3 AND state = 2 AND suspend_us > $4`)
	qForget = db.Query(`UPDATE card SET due_us = NULL WHERE client = $1 AND id = $2 AND due_us = $3 AND state <> 4 AND NOT (state = 2 AND suspend_us > $4)`)
)

// Run is the worker: it reminds of the end of suspensions and ends them, until
// ctx ends. Several processes may run it.
func (s *Service) Run(ctx context.Context) {
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		n, err := s.Step(ctx)
		if err != nil && ctx.Err() == nil {
			s.log.Error("card: look for suspensions", "err", err)
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

// Step does what is due now and tells how many cards were due.
func (s *Service) Step(ctx context.Context) (int, error) {
	list, err := s.due(ctx)
	if err != nil {
		return 0, err
	}
	for _, d := range list {
		if err := s.db.Write(ctx, func(tx db.Tx) error { return s.look(ctx, tx, d) }); err != nil {
			return len(list), fmt.Errorf("card %s: %w", d.card.Text(Prefix), err)
		}
	}
	return len(list), nil
}

// due is a card that the worker has to look at.
type due struct {
	client client.ID
	card   id.ID
	at     int64
}

func (s *Service) due(ctx context.Context) ([]due, error) {
	rows, err := s.db.Rows(ctx, qDue, s.db.Now().UnixMicro(), int64(batch))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []due
	for rows.Next() {
		var d due
		var raw []byte
		if err := rows.Scan(&d.client, &raw, &d.at); err != nil {
			return nil, err
		}
		if d.card, err = id.FromBytes(raw); err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, rows.Err()
}

func (s *Service) look(ctx context.Context, tx db.Tx, d due) error {
	step := func(q *db.Stmt) (bool, error) {
		n, err := tx.Exec(ctx, q, int64(d.client), d.card.Bytes(), d.at, tx.Now().UnixMicro())
		return n == 1, err
	}
	if done, err := step(qEnd); done || err != nil {
		return s.said(ctx, tx, d, err, "card.resumed", notice.CardResumed)
	}
	if done, err := step(qRemind); done || err != nil {
		return s.said(ctx, tx, d, err, "card.reminded", notice.CardResumesSoon)
	}
	if done, err := step(qLater); done || err != nil {
		return err
	}
	_, err := step(qForget)
	return err
}

// said tells the client and the audit trail what has just happened.
func (s *Service) said(ctx context.Context, tx db.Tx, d due, err error, act string, what notice.CardWhat) error {
	if err != nil {
		return err
	}
	c, err := s.stand(ctx, tx, d.client, d.card)
	if err != nil {
		return err
	}
	if err := s.tell(ctx, tx, c, notice.CardNews{What: what, Until: c.Until}); err != nil {
		return err
	}
	return record(ctx, tx, d.client, bySystem, act, d.card.Text(Prefix))
}
