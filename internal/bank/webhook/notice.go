package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

// How the feeds are read.
const (
	hookPage = 500
	// slack is how far a posting's time may lie behind the moment it is seen.
	slack    = 2 * time.Minute
	feedPage = 100
	// remember is how far a hook's mark may lag before it is written anew while
	// nothing happens: a write for each look would be most of the work.
	remember = 10 * time.Minute
)

var (
	qAllHooks = db.Query(`SELECT ` + hookColumns + ` FROM webhook WHERE id > $1 ORDER BY id LIMIT $2`)
	qSeen     = db.Query(`UPDATE webhook SET seen_us = $3 WHERE client = $1 AND id = $2 AND seen_us < $3`)
	qTold     = db.Query(`INSERT INTO webhook_delivery (client, id, hook, operation, step, type, pending, body, at_us, state, tries, status, problem, next_us, done_us)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, '', $11, 0) ON CONFLICT (hook, operation, step, type) DO NOTHING`)
	qKnown   = db.Query(`SELECT step, pending FROM webhook_delivery WHERE hook = $1 AND operation = $2 ORDER BY id`)
	qPending = db.Query(`SELECT DISTINCT operation FROM webhook_delivery WHERE hook = $1 AND pending = 1 LIMIT 1000`)
	qLooking = db.Query(`SELECT DISTINCT hook FROM webhook_delivery WHERE pending = 1`)
	qSettled = db.Query(`UPDATE webhook_delivery SET pending = 0 WHERE hook = $1 AND operation = $2`)
)

// Look reads the feeds of whoever has hooks and writes down what is to be told;
// it tells how many deliveries came of it.
func (s *Service) Look(ctx context.Context) (int, error) {
	made, after := 0, []byte{}
	for {
		page, err := s.rows(ctx, qAllHooks, after, int64(hookPage))
		if err != nil {
			return made, err
		}
		quiet, err := s.quiet(ctx, page)
		if err != nil {
			return made, err
		}
		for _, r := range page {
			after = r.ID.Bytes()
			if quiet(r) {
				continue
			}
			n, err := s.lookFor(ctx, r)
			made += n
			if err != nil && ctx.Err() == nil { // one that cannot be read keeps no other from being told
				s.d.Log.Error("webhook: read a feed", "hook", r.Text(), "err", err)
			}
		}
		if len(page) < hookPage {
			return made, nil
		}
	}
}

// quiet tells, of a page of hooks, those for which nothing can have happened:
// their clients have no new operation and none that is on its way.
func (s *Service) quiet(ctx context.Context, page []row) (func(row) bool, error) {
	now := s.d.DB.Now()
	var clients []client.ID
	for _, r := range page {
		clients = append(clients, r.client)
	}
	slices.Sort(clients)
	marks, err := s.d.Operations.NewSince(ctx, slices.Compact(clients), now.Add(-slack))
	if err != nil {
		return nil, err
	}
	busy := map[client.ID]bool{}
	for _, m := range marks {
		busy[m.Client] = true
	}
	looking, err := s.ids(ctx, qLooking)
	if err != nil {
		return nil, err
	}
	return func(r row) bool {
		return !busy[r.client] && !slices.Contains(looking, r.ID) && now.Sub(r.seen) < remember
	}, nil
}

// lookFor reads one hook's feed since its mark, and what was pending.
func (s *Service) lookFor(ctx context.Context, r row) (made int, err error) {
	now := s.d.DB.Now()
	f := operation.Filter{From: later(r.seen.Add(-slack), r.Created), Limit: feedPage}
	for {
		page, err := s.d.Operations.Feed(ctx, r.client, f)
		if err != nil {
			return made, err
		}
		for _, o := range page.Operations {
			n, err := s.tell(ctx, r, o)
			made += n
			if err != nil {
				return made, err
			}
		}
		if f.Before = page.Next; f.Before.IsZero() {
			break
		}
	}
	waiting, err := s.ids(ctx, qPending, r.ID.Bytes())
	if err != nil {
		return made, err
	}
	for _, op := range waiting {
		o, err := s.d.Operations.One(ctx, r.client, op)
		if err != nil {
			return made, err
		}
		n, err := s.tell(ctx, r, o)
		made += n
		if err != nil {
			return made, err
		}
	}
	if made == 0 && now.Sub(r.seen) < remember {
		return made, nil
	}
	return made, s.d.DB.Write(ctx, func(tx db.Tx) error {
		_, err := tx.Exec(ctx, qSeen, int64(r.client), r.ID.Bytes(), now.UnixMicro())
		return err
	})
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// ids reads a column of identifiers.
func (s *Service) ids(ctx context.Context, q *db.Stmt, args ...any) ([]id.ID, error) {
	rows, err := s.d.DB.Rows(ctx, q, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []id.ID
	for rows.Next() {
		var raw []byte
		if err := rows.Scan(&raw); err != nil {
			return nil, err
		}
		op, err := id.FromBytes(raw)
		if err != nil {
			return nil, err
		}
		out = append(out, op)
	}
	return out, rows.Err()
}

// step names how an operation stands: a hook hears of each once.
func step(o operation.Operation) int64 { return int64(o.State) }

// tell writes down what a hook is to be told of an operation, unless it was.
func (s *Service) tell(ctx context.Context, r row, o operation.Operation) (made int, err error) {
	var wanted []Family
	for _, f := range r.Events {
		if f.has(o.Kind) {
			wanted = append(wanted, f)
		}
	}
	if len(wanted) == 0 || o.At.Before(r.Created) {
		return 0, nil
	}
	if known, err := known(ctx, s.d.DB, r.ID, o.ID); err != nil || known[step(o)] && o.State == operation.Pending {
		return 0, err
	} else if known[step(o)] && len(known) == 1 {
		return 0, nil // never was on its way
	}
	err = s.d.DB.Write(ctx, func(tx db.Tx) error {
		made = 0
		known, err := known(ctx, tx, r.ID, o.ID)
		if err != nil {
			return err
		}
		if o.State != operation.Pending {
			// Whatever another process, which read it earlier, wrote down meanwhile.
			if _, err := tx.Exec(ctx, qSettled, r.ID.Bytes(), o.ID.Bytes()); err != nil {
				return err
			}
		} else if len(known) > 0 {
			return nil // it has gone on since it was read
		}
		if known[step(o)] {
			return nil
		}
		word := "created"
		if len(known) > 0 {
			word = "updated"
		}
		for _, f := range wanted {
			one, err := s.delivery(r.client, r.ID, o, string(f)+"."+word)
			if err != nil {
				return err
			}
			n, err := tx.Exec(ctx, qTold, one...)
			if err != nil {
				return err
			}
			made += int(n)
		}
		return nil
	})
	return made, err
}

// known gives the steps of an operation that a hook was told.
func known(ctx context.Context, from db.Reader, hook, op id.ID) (map[int64]bool, error) {
	rows, err := from.Rows(ctx, qKnown, hook.Bytes(), op.Bytes())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[int64]bool{}
	for rows.Next() {
		var step, pending int64
		if err := rows.Scan(&step, &pending); err != nil {
			return nil, err
		}
		out[step] = true
	}
	return out, rows.Err()
}

// document is what is posted.
type document struct {
	ID        string    `json:"id"`
	Type      string    `json:"type"`
	CreatedAt time.Time `json:"created_at"`
	Operation any       `json:"operation"`
}

func (s *Service) delivery(who client.ID, hook id.ID, o operation.Operation, word string) ([]any, error) {
	x, now := s.d.IDs.New(), s.d.DB.Now()
	body, err := json.Marshal(document{x.Text(DeliveryPrefix), word, now.UTC(), s.d.Document(o)})
	if err != nil {
		return nil, fmt.Errorf("document of %s: %w", o.Text(), err)
	}
	sealed, err := s.d.Vault.Seal(vault.PII, bodyAt(x), body)
	if err != nil {
		return nil, err
	}
	pending := int64(0)
	if o.State == operation.Pending {
		pending = 1
	}
	return []any{
		int64(who), x.Bytes(), hook.Bytes(), o.ID.Bytes(), step(o), word, pending, sealed, now.UnixMicro(), int64(Waiting), s.d.Now().UnixMicro(),
	}, nil
}

func bodyAt(x id.ID) vault.At { return vault.At{Table: "webhook_delivery.body", Row: x.Bytes()} }
