package card

import (
	"context"
	"errors"
	"fmt"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/ledger"
)

// checkPage is how many rows a check holds in memory at a time.
const checkPage = 1000

var qEvery = db.Query(`SELECT client, id, account FROM card WHERE (client, id) > ($1, $2) ORDER BY client, id LIMIT $3`)

// drawn is a card and the account that it draws on.
type drawn struct {
	client  int64
	card    []byte
	account ledger.AccountID
}

// Check compares cards with the book (a ledger.Check): each draws on an
// account that is there and belongs to the card's holder.
func Check(ctx context.Context, r db.Reader) ([]ledger.Breach, error) {
	var out []ledger.Breach
	last := drawn{card: []byte{}}
	for {
		page, err := drawnPage(ctx, r, last)
		if err != nil {
			return nil, err
		}
		for _, c := range page {
			last = c
			name := fmt.Sprintf("%x", c.card)
			if x, err := id.FromBytes(c.card); err == nil {
				name = x.Text(Prefix)
			}
			a, err := ledger.AccountByID(ctx, r, c.account)
			switch {
			case errors.Is(err, ledger.ErrForeignAccount):
				out = append(out, ledger.Breach{Rule: "card", Account: c.account.String(), Detail: "card " + name + " draws on an account that the book does not have"})
			case err != nil:
				return nil, err
			case a.Owner != c.client:
				out = append(out, ledger.Breach{Rule: "card", Account: c.account.String(), Detail: fmt.Sprintf("card %s of client %d draws on an account of client %d", name, c.client, a.Owner)})
			}
		}
		if len(page) < checkPage {
			return out, nil
		}
	}
}

func drawnPage(ctx context.Context, r db.Reader, after drawn) ([]drawn, error) {
	rows, err := r.Rows(ctx, qEvery, after.client, after.card, int64(checkPage))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []drawn
	for rows.Next() {
		var c drawn
		if err := rows.Scan(&c.client, &c.card, &c.account); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, rows.Err()
}
