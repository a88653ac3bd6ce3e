package order_test

import (
	"context"
	"strings"
	"testing"

	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/order/ordertest"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

var qCarry = db.Query(`UPDATE signed_order SET txn = $2 WHERE id = $1`)

// The check of the verification finds evidence of a payment that is not in the
// book, that was refused, and that was another client's.
func TestCheckFindsBrokenOrders(t *testing.T) {
	each(t, func(d *desk, anna banktest.Person) {
		pavel := d.Client("Павел", "Кузнецов", 1000)
		key, spki := ordertest.Key(1)
		f := some()
		signed, err := d.orders.Accept(pavel.ID, f.document(), order.ByDevice(id.ID{3}, spki, ordertest.Sign(d, key, f.document().Text)))
		if err != nil {
			d.Fatal(err)
		}
		post := func(who, from, to banktest.Person, kopecks int64, rows ...db.Row) id.ID {
			r, err := d.Book.Post(ctx, ledger.Transaction{
				Owner: int64(who.ID), Key: ledger.Key(d.IDs.New()), Kind: ledger.KindTransfer, Phase: ledger.Posted, Rows: rows,
				Legs: []ledger.Leg{{Account: from.Account, Amount: money.Rub(-kopecks)}, {Account: to.Account, Amount: money.Rub(kopecks)}},
			})
			if err != nil {
				d.Fatal(err)
			}
			return r.Txn
		}
		right := post(pavel, pavel, anna, 100_00, signed.Row())
		refused, others := post(pavel, pavel, anna, 100_000_00), post(anna, anna, pavel, 1_00)
		for _, s := range []struct {
			txn  []byte
			says string
		}{
			{right.Bytes(), ""}, {id.ID{1, 2, 3}.Bytes(), "names a transaction that the book does not have"}, {refused.Bytes(), "names a transaction that was refused"},
			{others.Bytes(), "names a transaction of client"}, {[]byte{1}, "names no transaction"}, {nil, ""}, {right.Bytes(), ""},
		} {
			d.Do(func(ctx context.Context, tx db.Tx) error {
				_, err := tx.Exec(ctx, qCarry, f.id.Bytes(), s.txn)
				return err
			})
			report, err := ledger.Verify(ctx, d.DB, order.Check)
			if err != nil {
				d.Fatal(err)
			}
			if s.says == "" {
				if len(report.Breaches) != 0 {
					d.Errorf("a right order: %+v", report.Breaches)
				}
				continue
			}
			if b := report.Breaches; len(b) != 1 || b[0].Rule != "order" || !strings.Contains(b[0].Detail, f.id.Text(order.Prefix)) || !strings.Contains(b[0].Detail, s.says) {
				d.Errorf("%s: %+v", s.says, b)
			}
		}
	})
}
