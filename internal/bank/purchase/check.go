package purchase

import (
	"context"
	"fmt"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// checkPage is how many rows a check holds in memory at a time.
const checkPage = 1000

var qAll = db.Query(`SELECT ` + authColumns + ` FROM card_auth WHERE (client, id) > ($1, $2) ORDER BY client, id LIMIT $3`)

// Check compares authorisations with the book (a ledger.Check): what is held
// has its holds, what is over holds nothing.
func Check(ctx context.Context, r db.Reader) ([]ledger.Breach, error) {
	var out []ledger.Breach
	owner, last := int64(0), []byte{}
	for {
		page, err := checked(ctx, r, owner, last)
		if err != nil {
			return nil, err
		}
		for _, a := range page {
			owner, last = int64(a.client), a.id.Bytes()
			_, total, err := open(ctx, tables{}, r, a)
			if err != nil {
				return nil, err
			}
			if wrong := a.wrong(total); wrong != "" {
				out = append(out, ledger.Breach{Rule: "purchase", Account: a.account.String(), Txn: a.id.Text("tr"), Detail: a.id.Text(Prefix) + " is " + a.state.String() + ": " + wrong})
			}
		}
		if len(page) < checkPage {
			return out, nil
		}
	}
}

func checked(ctx context.Context, r db.Reader, owner int64, last []byte) ([]auth, error) {
	return authsOf(ctx, r, qAll, owner, last, int64(checkPage))
}

// wrong tells what the book contradicts; empty when it agrees.
func (a auth) wrong(held money.Amount) string {
	switch {
	case a.state == Held && a.kind != KindRefund && held.Minor != a.billing.Minor-a.posted.Minor:
		return fmt.Sprintf("and %d of %d are held", held.Minor, a.billing.Minor-a.posted.Minor)
	case a.state != Held && held.Minor != 0:
		return fmt.Sprintf("and yet %d are held", held.Minor)
	}
	return ""
}
