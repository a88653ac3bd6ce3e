package transfer_test

import (
	"errors"
	"strings"
	"testing"

	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// friendsPay keeps version 2, in force in tariff.Lead, by which a friend costs
// one per cent above the first 1 000 ₽ of a month.
func friendsPay(d desk) {
	d.Helper()
	v, err := tariff.Parse(strings.Replace(tariff.Standard().Text(), "rule;friend;;;;0;;;", "rule;friend;;;;1;;;1000", 1))
	if err != nil {
		d.Fatal(err)
	}
	v.Number, v.From = 2, d.Clock.Now().Add(tariff.Lead)
	if _, err := tariff.New(d.DB).Import(ctx, v, "test"); err != nil {
		d.Fatal(err)
	}
}

// prices gives what verify says of the fees.
func prices(d desk) []ledger.Breach {
	d.Helper()
	report, err := ledger.Verify(ctx, d.DB, operation.Check, operation.CheckPrices)
	if err != nil {
		d.Fatal(err)
	}
	return report.Breaches
}

// What was shown is charged or nothing is: a quote of another tariff is refused,
// a repeat of what was done by it is answered, and the free part of a month is
// given once however many quotes counted on it.
func TestTariffBetweenQuoteAndConfirmation(t *testing.T) {
	each(t, func(d desk, anna, friend banktest.Person) {
		pavel := d.payee(anna, friend.Phone)
		done := d.order(anna, pavel, 100_00, "")
		if _, err := d.transfers.ToFriend(ctx, done); err != nil {
			d.Fatal(err)
		}
		old := d.order(anna, pavel, 800_00, "")
		friendsPay(d)
		d.Clock.Add(tariff.Lead)
		for range 2 {
			if _, err := d.transfers.ToFriend(ctx, old); !errors.Is(err, tariff.ErrChanged) {
				d.Errorf("by the old price: %v", err)
			}
		}
		if q, err := d.transfers.ReadQuote(ctx, anna.ID, old.Quote); !errors.Is(err, tariff.ErrChanged) || q.Amount != money.Rub(800_00) || q.To.Token == "" {
			d.Error(q, err)
		}
		if r, err := d.transfers.ToFriend(ctx, done); err != nil || !r.Replay {
			d.Errorf("a repeat: %+v, %v", r, err)
		}
		// Two quotes count on the same free part: the second is asked again.
		first, second := d.order(anna, pavel, 800_00, ""), d.order(anna, pavel, 800_00, "")
		if r, err := d.transfers.ToFriend(ctx, first); err != nil || !r.Fee.IsZero() {
			d.Errorf("%+v, %v", r, err)
		}
		if _, err := d.transfers.ToFriend(ctx, second); !errors.Is(err, tariff.ErrChanged) {
			d.Errorf("the free part twice: %v", err)
		}
		q, err := d.transfers.Quote(ctx, anna.ID, anna.Account, pavel.Token, money.Rub(800_00))
		if err != nil || q.Fee != money.Rub(6_00) || q.Price.Version != 2 || q.Price.Free != money.Rub(200_00) {
			d.Errorf("%+v, %v", q, err)
		}
		if r, err := d.transfers.ToFriend(ctx, d.order(anna, pavel, 800_00, "")); err != nil || r.Fee != money.Rub(6_00) {
			d.Errorf("%+v, %v", r, err)
		}
		if got := d.Balance(anna.Account); got != 400_000_00-100_00-800_00-806_00 {
			d.Errorf("the payer has %d", got)
		}
		if list := prices(d); len(list) > 0 {
			d.Errorf("%+v", list)
		}
	})
}

var (
	spoilFee  = db.Query(`UPDATE operation SET fee_minor = fee_minor + 1, amount_minor = amount_minor - 1 WHERE kind = 1 AND fee_minor > 0`)
	spoilFree = db.Query(`UPDATE operation SET free_minor = free_minor + 100 WHERE kind = 1 AND fee_minor > 0`)
	spoilRule = db.Query(`UPDATE operation SET tariff_rule = 1 WHERE kind = 1 AND fee_minor > 0`)
	spoilList = db.Query(`UPDATE operation SET tariff = 7 WHERE kind = 1 AND fee_minor > 0`)
	spoilTime = db.Query(`UPDATE operation SET at_us = 1000 WHERE kind = 1 AND fee_minor > 0`)
)

// A fee that is not what its version says is found.
func TestVerifyWorksFeesOutAgain(t *testing.T) {
	for name, spoil := range map[string]*db.Stmt{"fee": spoilFee, "free part": spoilFree, "rule": spoilRule, "version": spoilList, "time": spoilTime} {
		t.Run(name, func(t *testing.T) {
			each(t, func(d desk, anna, friend banktest.Person) {
				pavel := d.payee(anna, friend.Phone)
				friendsPay(d)
				d.Clock.Add(tariff.Lead)
				if _, err := d.transfers.ToFriend(ctx, d.order(anna, pavel, 1_800_00, "")); err != nil {
					d.Fatal(err)
				}
				if list := prices(d); len(list) > 0 {
					d.Fatalf("%+v", list)
				}
				err := d.DB.Write(ctx, func(tx db.Tx) error {
					_, err := tx.Exec(ctx, spoil)
					return err
				})
				if err != nil {
					d.Fatal(err)
				}
				found := false
				for _, x := range prices(d) {
					found = found || x.Rule == "tariff"
				}
				if !found {
					d.Error("nobody noticed")
				}
			})
		})
	}
}
