package payout

import (
	"context"
	"fmt"
	"slices"

	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// checkPage is how many rows a check holds in memory at a time.
const checkPage = 1000

// Check compares payouts with the book (a ledger.Check): an open one holds its
// sum, a done one was posted, a refused one holds nothing, and only a final one
// has forgotten the whole number; its fee is what the version of the tariff that
// was in force says.
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
		for _, p := range page {
			last = p.id.Bytes()
			wrong, err := p.wrong(ctx, r)
			if err != nil {
				return nil, err
			}
			if wrong != "" {
				out = append(out, ledger.Breach{Rule: "payout", Account: p.account.String(), Txn: p.id.Text("tr"), Detail: p.text() + " is " + p.state.String() + ": " + wrong})
			}
			if p.price.Version == 0 {
				continue
			}
			if wrong := prices.Wrong(p.price, p.at); wrong != "" {
				out = append(out, ledger.Breach{Rule: "tariff", Account: p.account.String(), Txn: p.id.Text("tr"), Detail: p.text() + " is priced " + wrong})
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
		p, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// wrong tells what the book contradicts; empty when it agrees.
func (r row) wrong(ctx context.Context, from db.Reader) (string, error) {
	total, err := r.total()
	if err != nil {
		return err.Error(), nil
	}
	h, held, err := ledger.HoldOf(ctx, from, r.id)
	if err != nil {
		return "", err
	}
	open := h.Amount.Minor - h.Posted.Minor - h.Released.Minor
	switch {
	case !held:
		return "and the book never held it", nil
	case h.Amount != total:
		return fmt.Sprintf("and the book held %d for a sum of %d", h.Amount.Minor, total.Minor), nil
	case !r.state.Final() && open != total.Minor:
		return fmt.Sprintf("and %d of %d are held", open, total.Minor), nil
	case r.state.Final() && open != 0:
		return fmt.Sprintf("and yet %d are held", open), nil
	case r.state.Final() && len(r.secret) > 0:
		return "and yet keeps the receiver's number", nil
	case r.state == Refused && h.Posted.Minor != 0:
		return "and yet it was posted", nil
	case r.state != Done && r.state != Returned:
		return "", nil
	case len(r.posting) != 16:
		return "without a posting", nil
	}
	rec, found, err := ledger.ByID(ctx, from, id.ID(r.posting))
	if err != nil {
		return "", err
	}
	if !found || rec.Refused() {
		return "and its posting is not in the book", nil
	}
	if !moves(rec, ways[r.way].settle, r.amount) {
		return "and its posting went somewhere else", nil
	}
	if r.state != Returned {
		return "", nil
	}
	back, found, err := ledger.Find(ctx, from, int64(r.client), r.ledgerKey("return"))
	if err != nil {
		return "", err
	}
	if !found || back.Refused() || !moves(back, r.account, r.amount) {
		return "and the book did not give it back", nil
	}
	return "", nil
}

// moves tells whether a transaction credited an account with so much.
func moves(t ledger.Record, to ledger.AccountID, amount money.Amount) bool {
	return slices.ContainsFunc(t.Legs, func(l ledger.Leg) bool { return l.Account.Of(to) && l.Amount == amount })
}
