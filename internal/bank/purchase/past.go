package purchase

import (
	"context"
	"fmt"
	"strings"
	"time"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/gather"
)

// past is what is known of a message and its card's chip before it is judged,
// read in one query, and for many messages of a moment in the same one: a
// terminal waits for each of them.
type past struct {
	answered bool // this very message
	known    bool // one of its name was authorised, or taken back before it came
	stopped  bool // the chip
	counter  int  // the chip's highest; -1: none yet
}

// glanced is whose past is asked for: client, card, origin and message key.
type glanced [4]any

// pastsAtOnce is how many messages one query looks up, pastsTimeout how long it may take.
const (
	pastsAtOnce  = 32
	pastsTimeout = 5 * time.Second
)

const onePast = `SELECT %[1]d, EXISTS (SELECT 1 FROM card_message WHERE key = $%[5]d), EXISTS (SELECT 1 FROM card_auth WHERE client = $%[2]d AND origin = $%[4]d),
	EXISTS (SELECT 1 FROM card_chip WHERE client = $%[2]d AND card = $%[3]d AND blocked_us IS NOT NULL),
	COALESCE((SELECT MAX(atc) FROM card_counter WHERE client = $%[2]d AND card = $%[3]d), -1)`

var qPasts = gather.Powers(pastsAtOnce, func(n int) *db.Stmt {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = fmt.Sprintf(onePast, i, 4*i+1, 4*i+2, 4*i+3, 4*i+4)
	}
	return db.Query(strings.Join(parts, " UNION ALL "))
})

func (t tables) past(r Request, f card.Face) (past, error) {
	return t.pasts.Find(glanced{int64(f.Client), f.ID.Bytes(), r.of().key(f.ID), r.key()})
}

func readPasts(ctx context.Context, d db.Reader, batch []*gather.Ask[glanced, past]) error {
	place, padded := gather.Padded(batch)
	args := make([]any, 0, 4*len(padded))
	for _, a := range padded {
		args = append(args, a.Question[:]...)
	}
	rows, err := d.Rows(ctx, qPasts[place], args...)
	if err != nil {
		return fmt.Errorf("what is known of messages: %w", err)
	}
	defer rows.Close()
	read := 0
	for ; rows.Next(); read++ {
		var i int
		var p past
		if err := rows.Scan(&i, &p.answered, &p.known, &p.stopped, &p.counter); err != nil {
			return fmt.Errorf("what is known of messages: %w", err)
		}
		if i < len(batch) {
			batch[i].Answer = p
		}
	}
	if err := rows.Err(); err != nil || read < len(batch) {
		return fmt.Errorf("what is known of messages: %d rows for %d: %w", read, len(batch), err)
	}
	return nil
}
