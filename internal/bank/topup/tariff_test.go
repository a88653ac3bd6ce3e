package topup_test

import (
	"errors"
	"strings"
	"testing"

	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/bank/topup"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// A price that is over, ran out or was given to somebody else charges no card;
// a repeat of what was started by it is answered.
func TestOnlyThePriceThatWasSeenIsCharged(t *testing.T) {
	each(t, func(d *desk) {
		done := d.cmd(1_000)
		if _, err := d.topups.Start(ctx, done); err != nil {
			d.Fatal(err)
		}
		stranger, late, old := d.cmd(1_000), d.cmd(1_000), d.cmd(1_000)
		stranger.Client = d.Client("Павел", "Кузнецов", 0).ID
		if _, err := d.topups.Start(ctx, stranger); !errors.Is(err, topup.ErrQuote) {
			d.Errorf("another's price: %v", err)
		}
		v, err := tariff.Parse(strings.Replace(tariff.Standard().Text(), "rule;topup;;;2999,99;1;30;;\nrule;topup;;3000;;0;;;\n", "rule;topup;;;;2;40;;1500\n", 1))
		if err != nil {
			d.Fatal(err)
		}
		v.Number, v.From = 2, d.Clock.Now().Add(tariff.Lead)
		if _, err := tariff.New(d.DB).Import(ctx, v, "test"); err != nil {
			d.Fatal(err)
		}
		d.Clock.Add(tariff.Lead)
		if _, err := d.topups.Start(ctx, old); !errors.Is(err, tariff.ErrChanged) {
			d.Errorf("by the old tariff: %v", err)
		}
		d.Clock.Add(topup.QuoteTTL - tariff.Lead)
		if _, err := d.topups.Start(ctx, late); !errors.Is(err, topup.ErrQuoteExpired) {
			d.Errorf("after its time: %v", err)
		}
		if again, err := d.topups.Start(ctx, done); err != nil || again.Total != money.Rub(1_030_00) {
			d.Errorf("a repeat: %+v, %v", again, err)
		}
		// Two prices count on the free part of the month: the second is refused.
		first, second := d.cmd(1_500), d.cmd(1_500)
		if got, err := d.topups.Start(ctx, first); err != nil || !got.Fee.IsZero() {
			d.Errorf("%+v, %v", got, err)
		}
		if got, err := d.topups.Start(ctx, second); !errors.Is(err, tariff.ErrChanged) || got.State != topup.Refused || got.Reason != "price" {
			d.Errorf("%+v, %v", got, err)
		}
		if asked, _ := d.other.counts(); asked != 2 {
			d.Errorf("%d charges", asked)
		}
		d.verified()
	})
}

var (
	spoilFee  = db.Query(`UPDATE topup SET fee_minor = fee_minor - 1`)
	spoilRule = db.Query(`UPDATE topup SET tariff_rule = tariff_rule + 1`)
)

// A top-up whose fee is not what its version says is found by verify.
func TestVerifyWorksFeesOutAgain(t *testing.T) {
	for name, spoil := range map[string]*db.Stmt{"fee": spoilFee, "rule": spoilRule} {
		t.Run(name, func(t *testing.T) {
			each(t, func(d *desk) {
				d.start(1_000)
				d.verified()
				err := d.DB.Write(ctx, func(tx db.Tx) error {
					_, err := tx.Exec(ctx, spoil)
					return err
				})
				if err != nil {
					d.Fatal(err)
				}
				report, err := ledger.Verify(ctx, d.DB, topup.Check)
				found := false
				for _, b := range report.Breaches {
					found = found || b.Rule == "tariff" && strings.Contains(b.Detail, "rule 1.")
				}
				if err != nil || !found {
					d.Errorf("%+v, %v", report.Breaches, err)
				}
			})
		})
	}
}
