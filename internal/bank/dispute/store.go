package dispute

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
)

const columns = `client, id, operation, reason, state, amount_minor, member, made_us, promised_us, changed_us, credit_minor, recovered_minor, txn`

var (
	qOpen = db.Query(`INSERT INTO dispute (` + columns + `) VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $8, $7, 0, 0, $6) ON CONFLICT DO NOTHING`)
	qOne  = db.Query(`SELECT ` + columns + ` FROM dispute WHERE client = $1 AND id = $2`)
	qLock = db.Query(`SELECT ` + columns + ` FROM dispute WHERE client = $1 AND id = $2 {for_update}`)
	qOf   = db.Query(`SELECT ` + columns + ` FROM dispute WHERE client = $1 ORDER BY id DESC LIMIT $2`)
	// The newest dispute of an operation comes first.
	qAbout     = db.Query(`SELECT ` + columns + ` FROM dispute WHERE client = $1 AND operation = $2 ORDER BY id DESC LIMIT $3`)
	qAboutLock = db.Query(`SELECT ` + columns + ` FROM dispute WHERE client = $1 AND operation = $2 AND state = 3 ORDER BY id DESC LIMIT 1 {for_update}`)
	qPaid      = db.Query(`SELECT ` + columns + ` FROM dispute WHERE client = $1 AND state = 3 AND credit_minor > recovered_minor ORDER BY id DESC LIMIT $2`)
	qMarks     = db.Query(`SELECT operation, id, state FROM dispute WHERE client = $1 AND operation >= $2 AND operation <= $3 ORDER BY id DESC LIMIT $4`)
	qCountOpen = db.Query(`SELECT CAST(COUNT(*) AS BIGINT) FROM dispute WHERE client = $1 AND state < 3`)
	qWaiting   = db.Query(`SELECT ` + columns + ` FROM dispute WHERE state = $1 AND (promised_us, client, id) > ($2, $3, $4)
		ORDER BY promised_us, client, id LIMIT $5`)
	qSet = db.Query(`UPDATE dispute SET state = $3, member = $4, changed_us = $5, credit_minor = $6, recovered_minor = $7, txn = $8 WHERE client = $1 AND id = $2`)

	qSay   = db.Query(`INSERT INTO dispute_word (client, id, dispute, author, body, at_us) VALUES ($1, $2, $3, $4, $5, $6)`)
	qSaid  = db.Query(`SELECT id, author, body, at_us FROM dispute_word WHERE client = $1 AND dispute = $2 ORDER BY at_us, id LIMIT $3`)
	qTurns = db.Query(`SELECT CAST(COUNT(*) AS BIGINT) FROM dispute_word WHERE client = $1 AND dispute = $2`)
)

// maxListed bounds every list.
const maxListed = 100

func scan(row interface{ Scan(...any) error }) (d Dispute, err error) {
	var key, op, member, txn []byte
	var made, promised, changed int64
	d.Sum, d.Credit, d.Recovered = money.Rub(0), money.Rub(0), money.Rub(0)
	err = row.Scan(&d.Client, &key, &op, &d.Reason, &d.State, &d.Sum.Minor, &member, &made, &promised, &changed, &d.Credit.Minor, &d.Recovered.Minor, &txn)
	if errors.Is(err, db.ErrNoRows) {
		return d, ErrMissing
	}
	if err != nil {
		return d, fmt.Errorf("read a dispute: %w", err)
	}
	for _, one := range []struct {
		raw []byte
		to  *id.ID
	}{{key, &d.ID}, {op, &d.Operation}, {member, &d.Member}, {txn, &d.Txn}} {
		if *one.to, err = id.FromBytes(one.raw); err != nil {
			return d, fmt.Errorf("dispute %x of client %d: %w", key, d.Client, err)
		}
	}
	d.Made, d.Promised, d.Changed = time.UnixMicro(made).UTC(), time.UnixMicro(promised).UTC(), time.UnixMicro(changed).UTC()
	return d, nil
}

func list(ctx context.Context, r db.Reader, q *db.Stmt, args ...any) ([]Dispute, error) {
	rows, err := r.Rows(ctx, q, args...)
	if err != nil {
		return nil, fmt.Errorf("disputes: %w", err)
	}
	defer rows.Close()
	var out []Dispute
	for rows.Next() {
		d, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, rows.Err()
}

// set writes what changes in the life of a dispute.
func (d Dispute) set(ctx context.Context, tx db.Tx) error {
	_, err := tx.Exec(ctx, qSet, int64(d.Client), d.ID.Bytes(), int64(d.State), d.Member.Bytes(), tx.Now().UnixMicro(), d.Credit.Minor, d.Recovered.Minor, d.Txn.Bytes())
	if err != nil {
		return fmt.Errorf("change a dispute: %w", err)
	}
	return nil
}

// Of lists a client's disputes, newest first, without their messages.
func (s *Service) Of(ctx context.Context, who client.ID) ([]Dispute, error) {
	return list(ctx, s.d.DB, qOf, int64(who), int64(maxListed))
}

// About finds the newest dispute of an operation; false when there is none.
func (s *Service) About(ctx context.Context, who client.ID, op id.ID) (Dispute, bool, error) {
	all, err := list(ctx, s.d.DB, qAbout, int64(who), op.Bytes(), int64(1))
	if err != nil || len(all) == 0 {
		return Dispute{}, false, err
	}
	return all[0], true, nil
}

// Mark is how the newest dispute of an operation stands.
type Mark struct {
	ID    id.ID
	State State
}

// maxMarks bounds what one page of a feed may have: see operation.Filter and maxTries.
const maxMarks = 100 * maxTries

// Marks tells which operations of a page of the feed are or were disputed. A
// page without purchases costs nothing.
func (s *Service) Marks(ctx context.Context, who client.ID, page []operation.Operation) (map[id.ID]Mark, error) {
	var low, high id.ID
	for _, o := range page {
		if o.Kind != operation.Purchase && o.Kind != operation.Cash {
			continue
		}
		if low.IsZero() || slices.Compare(o.ID[:], low[:]) < 0 {
			low = o.ID
		}
		if slices.Compare(o.ID[:], high[:]) > 0 {
			high = o.ID
		}
	}
	if low.IsZero() {
		return nil, nil
	}
	rows, err := s.d.DB.Rows(ctx, qMarks, int64(who), low.Bytes(), high.Bytes(), int64(maxMarks))
	if err != nil {
		return nil, fmt.Errorf("disputed operations: %w", err)
	}
	defer rows.Close()
	out := map[id.ID]Mark{}
	for rows.Next() {
		var op, key []byte
		var m Mark
		if err := rows.Scan(&op, &key, &m.State); err != nil {
			return nil, err
		}
		if m.ID, err = id.FromBytes(key); err != nil {
			return nil, err
		}
		of, err := id.FromBytes(op)
		if err != nil {
			return nil, err
		}
		if _, newer := out[of]; !newer {
			out[of] = m
		}
	}
	return out, rows.Err()
}

// One reads a dispute of a client with its messages.
func (s *Service) One(ctx context.Context, who client.ID, key id.ID) (Dispute, error) {
	d, err := scan(s.d.DB.Row(ctx, qOne, int64(who), key.Bytes()))
	if err != nil {
		return Dispute{}, err
	}
	type message struct {
		Said
		id     []byte
		sealed []byte
	}
	var all []message
	rows, err := s.d.DB.Rows(ctx, qSaid, int64(who), key.Bytes(), int64(maxTurns))
	if err != nil {
		return Dispute{}, fmt.Errorf("messages of a dispute: %w", err)
	}
	for rows.Next() {
		var m message
		var at int64
		if err := rows.Scan(&m.id, &m.By, &m.sealed, &at); err != nil {
			return Dispute{}, errors.Join(err, rows.Close())
		}
		m.At = time.UnixMicro(at).UTC()
		all = append(all, m)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return Dispute{}, fmt.Errorf("messages of a dispute: %w", err)
	}
	for _, m := range all {
		word, err := id.FromBytes(m.id)
		if err != nil {
			return Dispute{}, err
		}
		plain, err := s.d.Vault.OpenFor(ctx, s.d.DB, int64(who), vault.PII, place(word), m.sealed)
		if errors.Is(err, vault.ErrShredded) {
			continue // the client was let go, and his words with him
		}
		if err != nil {
			return Dispute{}, fmt.Errorf("a message of dispute %s: %w", d.Text(), err)
		}
		m.Text = string(plain)
		d.Said = append(d.Said, m.Said)
	}
	return d, nil
}

// Line reads a dispute without its messages, for who has not opened it.
func (s *Service) Line(ctx context.Context, who client.ID, key id.ID) (Dispute, error) {
	return scan(s.d.DB.Row(ctx, qOne, int64(who), key.Bytes()))
}

// maxWaiting bounds a page of the staff's queue.
const maxWaiting = 200

// Waiting lists the disputes of a state, the most urgent first, for staff;
// after is the last one of the page before, the zero value begins.
func (s *Service) Waiting(ctx context.Context, state State, after Dispute, limit int) ([]Dispute, error) {
	from := int64(0)
	if !after.Promised.IsZero() {
		from = after.Promised.UnixMicro()
	}
	return list(ctx, s.d.DB, qWaiting, int64(state), from, int64(after.Client), after.ID.Bytes(), int64(min(max(limit, 1), maxWaiting)))
}
