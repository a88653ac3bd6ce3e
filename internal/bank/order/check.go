package order

import (
	"context"
	"fmt"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/ledger"
)

// checkPage is how many rows a check holds in memory at a time.
const checkPage = 1000

var qMoney = db.Query(`SELECT id, client, txn FROM signed_order WHERE (id, client) > ($1, $2) AND txn IS NOT NULL ORDER BY id, client LIMIT $3`)

// carried is an order and the transaction that it says carried it out.
type carried struct {
	order, txn []byte
	client     int64
}

// Check compares signed orders with the book (a ledger.Check): an order that
// names a transaction names one that is there, was not refused and belongs to
// who signed. The evidence of a payment that never was is evidence of nothing.
func Check(ctx context.Context, r db.Reader) ([]ledger.Breach, error) {
	var out []ledger.Breach
	last := carried{order: []byte{}}
	for {
		page, err := carriedPage(ctx, r, last)
		if err != nil {
			return nil, err
		}
		for _, c := range page {
			last = c
			wrong, err := c.wrong(ctx, r)
			if err != nil {
				return nil, err
			}
			if wrong != "" {
				out = append(out, ledger.Breach{Rule: "order", Txn: named(c.txn, "tr"), Detail: fmt.Sprintf("order %s of client %d %s", named(c.order, Prefix), c.client, wrong)})
			}
		}
		if len(page) < checkPage {
			return out, nil
		}
	}
}

func carriedPage(ctx context.Context, r db.Reader, after carried) ([]carried, error) {
	rows, err := r.Rows(ctx, qMoney, after.order, after.client, int64(checkPage))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []carried
	for rows.Next() {
		var c carried
		if err := rows.Scan(&c.order, &c.client, &c.txn); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

// wrong tells what the book contradicts; empty when it agrees.
func (c carried) wrong(ctx context.Context, r db.Reader) (string, error) {
	x, err := id.FromBytes(c.txn)
	if err != nil {
		return "names no transaction", nil
	}
	t, found, err := ledger.ByID(ctx, r, x)
	switch {
	case err != nil:
		return "", err
	case !found:
		return "names a transaction that the book does not have", nil
	case t.Refused():
		return "names a transaction that was refused", nil
	case t.Owner != c.client:
		return fmt.Sprintf("names a transaction of client %d", t.Owner), nil
	}
	return "", nil
}

// named spells an identifier that may itself be the damage.
func named(raw []byte, prefix string) string {
	if x, err := id.FromBytes(raw); err == nil {
		return x.Text(prefix)
	}
	return fmt.Sprintf("%x", raw)
}
