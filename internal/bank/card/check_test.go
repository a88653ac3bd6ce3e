package card_test

import (
	"context"
	"strings"
	"testing"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/base/db"
	"rocketbank/internal/ledger"
)

var qMove = db.Query(`UPDATE card SET account = $2 WHERE id = $1`)

// The check of the verification finds a card on an account that is not there,
// and one on somebody else's.
func TestCheckFindsBrokenCards(t *testing.T) {
	each(t, func(d *desk) {
		anna, pavel := d.Client("Анна", "Соколова", 100), d.Client("Павел", "Кузнецов", 100)
		c := d.issued(anna)
		d.issued(pavel)
		for _, s := range []struct {
			account ledger.AccountID
			says    string
		}{{anna.Account, ""}, {1 << 40, "an account that the book does not have"}, {pavel.Account, "an account of client"}, {ledger.World, "an account of client 0"}, {anna.Account, ""}} {
			d.Do(func(ctx context.Context, tx db.Tx) error {
				_, err := tx.Exec(ctx, qMove, c.ID.Bytes(), int64(s.account))
				return err
			})
			report, err := ledger.Verify(bg, d.DB, card.Check)
			if err != nil {
				d.Fatal(err)
			}
			if s.says == "" {
				if len(report.Breaches) != 0 {
					d.Errorf("a right card: %+v", report.Breaches)
				}
				continue
			}
			if b := report.Breaches; len(b) != 1 || b[0].Rule != "card" || b[0].Account != s.account.String() || !strings.Contains(b[0].Detail, c.ID.Text(card.Prefix)) || !strings.Contains(b[0].Detail, s.says) {
				d.Errorf("on %v: %+v", s.account, b)
			}
		}
	})
}
