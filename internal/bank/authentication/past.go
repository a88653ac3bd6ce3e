package authentication

import (
	"context"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/rail/threeds"
)

// Asked is a question of a shop whether it is the holder who buys, as its
// holder may read it: no message, value, address or browser is in it.
type Asked struct {
	ID       id.ID
	Card     id.ID
	Last4    string
	Shop     string
	Amount   string // «4990.00 RUB»
	At       time.Time
	Outcome  Fate
	ByHolder bool // he was asked and answered; else it was decided without him
}

// maxPast bounds what Past gives: the newest questions.
const maxPast = 1000

var qPast = db.Query(`SELECT ` + columns + ` FROM authentication WHERE client = $1 ORDER BY id DESC LIMIT $2`)

// Past lists what shops asked about a client's cards, the newest first, for
// the copy of his own data.
func (s *Service) Past(ctx context.Context, who client.ID) (out []Asked, err error) {
	rows, err := s.d.DB.Rows(ctx, qPast, int64(who), int64(maxPast))
	if err != nil {
		return nil, fmt.Errorf("past authentications: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		r, err := s.scan(rows)
		if err != nil {
			return nil, err
		}
		one := Asked{
			ID: r.id, Card: r.card, Last4: r.details.Last4, Shop: r.details.Shop, Amount: r.sum().plain(), At: r.at, Outcome: s.fate(r), ByHolder: r.method != "",
		}
		if r.status == threeds.Attempted {
			one.Outcome = Approved // the shop may go on, and nobody was asked
		}
		out = append(out, one)
	}
	return out, rows.Err()
}
