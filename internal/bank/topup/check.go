package topup

import (
	"context"
	"fmt"

	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/ledger"
)

// checkPage is how many rows a check holds in memory at a time.
const checkPage = 1000

var qAll = db.Query(`SELECT ` + columns + ` FROM topup WHERE id > $1 ORDER BY id LIMIT $2`)

// Check compares top-ups with the book (a ledger.Check): an open one holds its
// sum, a done one was posted, a refused one holds nothing; and its fee is what
// the version of the tariff that was in force says.
func Check(ctx context.Context, r db.Reader) ([]ledger.Breach, error) {
	prices, err := tariff.ReadBook(ctx, r)
	if err != nil {
		return nil, err
	}
	var out []ledger.Breach
	last := []byte{}
	for {
		page, err := all(ctx, r, last)
		if err != nil {
			return nil, err
		}
		for _, t := range page {
			last = t.id.Bytes()
			wrong, err := t.wrong(ctx, r)
			if err != nil {
				return nil, err
			}
			if wrong != "" {
				out = append(out, ledger.Breach{Rule: "topup", Account: t.account.String(), Txn: t.hold.Text("tr"), Detail: t.text() + " is " + t.state.String() + ": " + wrong})
			}
			if t.price.Version == 0 {
				continue
			}
			if wrong := prices.Wrong(t.price, t.at); wrong != "" {
				out = append(out, ledger.Breach{Rule: "tariff", Account: t.account.String(), Txn: t.hold.Text("tr"), Detail: t.text() + " is priced " + wrong})
			}
		}
		if len(page) < checkPage {
			return out, nil
		}
	}
}

func all(ctx context.Context, r db.Reader, last []byte) ([]row, error) {
	rows, err := r.Rows(ctx, qAll, last, int64(checkPage))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []row
	for rows.Next() {
		t, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, rows.Err()
}

// wrong tells what the book contradicts; empty when it agrees.
func (t row) wrong(ctx context.Context, r db.Reader) (string, error) {
	total, err := t.total()
	if err != nil {
		return err.Error(), nil
	}
	h, held, err := ledger.HoldOf(ctx, r, t.hold)
	if err != nil {
		return "", err
	}
	open := h.Amount.Minor - h.Posted.Minor - h.Released.Minor
	switch {
	case t.state == Created && held:
		return "and yet the book holds it", nil
	case t.state.Final() && held && open != 0:
		return fmt.Sprintf("and yet %d are held", open), nil
	case t.state == Refused && held && h.Posted.Minor != 0:
		return "and yet it was posted", nil
	case !t.state.Final() && t.state != Created && !gaveUp(t.reason) && (!held || open != total.Minor):
		return fmt.Sprintf("and %d of %d are held", open, total.Minor), nil
	case t.state != Done:
		return "", nil
	}
	if len(t.operation) != 16 {
		return "without a posting", nil
	}
	rec, found, err := ledger.ByID(ctx, r, id.ID(t.operation))
	if err != nil {
		return "", err
	}
	if !found || rec.Refused() {
		return "and its posting is not in the book", nil
	}
	for _, l := range rec.Legs {
		if l.Account == t.account && l.Amount == t.amount {
			return "", nil
		}
	}
	return "and its posting credited something else", nil
}
