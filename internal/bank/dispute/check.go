package dispute

import (
	"context"
	"fmt"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/ledger"
)

// checkPage is how many rows a check holds in memory at a time.
const checkPage = 1000

var qAll = db.Query(`SELECT ` + columns + ` FROM dispute WHERE (client, id) > ($1, $2) ORDER BY client, id LIMIT $3`)

// Check compares disputes with the book (a ledger.Check): each accepted one has
// the posting it names, no posting lacks its dispute, and what the bank has
// out for disputes is what its account of disputes stands at.
func Check(ctx context.Context, r db.Reader) ([]ledger.Breach, error) {
	credits, out, err := claimed(ctx, r)
	if err != nil {
		return nil, err
	}
	wrong, err := posted(ctx, r, credits)
	if err != nil {
		return nil, err
	}
	for txn, d := range credits {
		wrong = append(wrong, breach(d, txn, fmt.Sprintf("returned %d, and the book has no such posting", d.Credit.Minor)))
	}
	a, err := ledger.AccountByID(ctx, r, ledger.Disputes)
	if err != nil {
		return nil, err
	}
	if a.Posted.Minor != -out {
		wrong = append(wrong, ledger.Breach{Rule: "dispute", Account: ledger.Disputes.String(), Detail: fmt.Sprintf("disputes have %d out, the account stands at %d", out, a.Posted.Minor)})
	}
	return wrong, nil
}

func breach(d Dispute, txn id.ID, detail string) ledger.Breach {
	return ledger.Breach{Rule: "dispute", Account: ledger.Disputes.String(), Txn: txn.Text("tr"), Detail: d.Text() + " is " + d.State.Word() + ": " + detail}
}

// claimed reads what the rows say: the credit behind each transaction, and how
// much is out altogether.
func claimed(ctx context.Context, r db.Reader) (credits map[id.ID]Dispute, out int64, err error) {
	credits = map[id.ID]Dispute{}
	owner, last := int64(0), []byte{}
	for {
		page, err := list(ctx, r, qAll, owner, last, int64(checkPage))
		if err != nil {
			return nil, 0, err
		}
		for _, d := range page {
			owner, last = int64(d.Client), d.ID.Bytes()
			if d.State == Accepted {
				credits[d.Txn] = d
				out += d.Credit.Minor - d.Recovered.Minor
			}
		}
		if len(page) < checkPage {
			return credits, out, nil
		}
	}
}

// posted walks the book; a dispute whose posting is found and agrees leaves credits.
func posted(ctx context.Context, r db.Reader, credits map[id.ID]Dispute) ([]ledger.Breach, error) {
	var out []ledger.Breach
	var after id.ID
	for {
		page, err := ledger.Records(ctx, r, after, checkPage)
		if err != nil {
			return nil, err
		}
		for _, t := range page {
			after = t.Txn
			if t.Kind != ledger.KindDispute || t.Refused() {
				continue
			}
			d, known := credits[t.Txn]
			if !known {
				out = append(out, ledger.Breach{Rule: "dispute", Txn: t.Txn.Text("tr"), Detail: "money was returned for no dispute"})
				continue
			}
			delete(credits, t.Txn)
			paid := int64(0)
			for _, l := range t.Legs {
				if !l.Account.Bank() {
					paid += l.Amount.Minor
				}
			}
			if paid != d.Credit.Minor {
				out = append(out, breach(d, t.Txn, fmt.Sprintf("returned %d, the book moved %d", d.Credit.Minor, paid)))
			}
		}
		if len(page) < checkPage {
			return out, nil
		}
	}
}
