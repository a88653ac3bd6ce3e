package card

import (
	"context"
	"errors"
	"fmt"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/vault"
)

// errNotDemo tells that somebody asked a real bank for its clients' numbers.
var errNotDemo = errors.New("card: only a demo hands out the numbers of its people's cards")

// maxPressed bounds what a demo hands out.
const maxPressed = 500

var qPressed = db.Query(`SELECT client, ` + columns + `, pan FROM card ORDER BY client, id LIMIT $1`)

// Pressed is a card with its number, as a factory presses it.
type Pressed struct {
	Card
	Number vault.Hidden
	YYMM   string
}

// Pressed gives every card with its number, to the demo's own world and to
// nobody else: it works only in a database stamped as a demo.
func (s *Service) Pressed(ctx context.Context) ([]Pressed, error) {
	kind, err := s.db.Kind(ctx)
	if err != nil {
		return nil, err
	}
	if kind != db.Demo {
		return nil, errNotDemo
	}
	rows, err := s.db.Rows(ctx, qPressed, int64(maxPressed))
	if err != nil {
		return nil, fmt.Errorf("cards of the demo: %w", err)
	}
	defer rows.Close()
	var out []Pressed
	for rows.Next() {
		var r row
		var pan []byte
		if err := rows.Scan(append(append([]any{&r.client}, r.into()...), &pan)...); err != nil {
			return nil, fmt.Errorf("cards of the demo: %w", err)
		}
		c, err := s.open(&r)
		if err != nil {
			return nil, err
		}
		number, err := s.vault.OpenText(vault.PAN, at("card.pan", c.ID), pan)
		if err != nil {
			return nil, fmt.Errorf("number of card %s: %w", c.ID.Text(Prefix), err)
		}
		out = append(out, Pressed{c, vault.Hide(number), fmt.Sprintf("%02d%02d", c.Year%100, int(c.Month))})
	}
	return out, rows.Err()
}
