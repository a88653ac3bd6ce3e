package payout_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/tier"
	"rocketbank/internal/ledger"
)

// TestWhateverTheOtherSideDoes: for any sequence of its behaviours a client's
// money is what he had, less what was paid, less the fees of that; in the end
// nothing is held, and every payout is final (M13).
func TestWhateverTheOtherSideDoes(t *testing.T) {
	each(t, func(d *desk) {
		// More refusals than a day may have: they are what is played here.
		rules := limit.Standard()
		rules.CardRefusals = 1_000_000
		d.Limits = limit.New(d.DB, d.Vault, rules)
		d.payouts, d.orders = roomOf(d.Bank, d.other, d.real)
		for round := range tier.Count(12, 40, 400) {
			rng := rand.New(rand.NewPCG(7, uint64(round))) // #nosec G404,G115 -- a reproducible model
			d.other.fate = func() fate { return fate(rng.IntN(5)) }
			d.other.decide = func(payout.Instruction) payout.Outcome {
				if rng.IntN(3) == 0 {
					return payout.Outcome{State: payout.Declined, Reason: "declined"}
				}
				return payout.Outcome{State: payout.Settled}
			}
			for range 3 {
				to := card()
				if rng.IntN(2) == 0 {
					to = byPhone()
				}
				if _, err := d.payouts.Send(ctx, d.order(to, 1+rng.Int64N(3_000_00), "")); err != nil && fault.CodeOf(err) == fault.Broken {
					d.Fatal(err)
				}
				d.work(time.Duration(rng.IntN(60)) * time.Second)
			}
			if rng.IntN(4) == 0 { // another day, other limits
				d.Clock.Add(24 * time.Hour)
			}
		}
		d.other.fate = func() fate { return fine }
		for range 4 {
			d.work(time.Hour)
		}
		list, err := d.payouts.Latest(ctx, d.anna.ID, 100)
		if err != nil {
			d.Fatal(err)
		}
		want := int64(400_000_00)
		seen := int64(0)
		for _, p := range list {
			if !p.State.Final() {
				d.Errorf("%s is still %v", p.Text(), p.State)
			}
			if p.State == payout.Done {
				seen += p.Amount.Minor
			}
		}
		if len(list) < 100 && seen != d.other.paid() { // Latest is bounded
			d.Errorf("%d are said to be paid, %d were", seen, d.other.paid())
		}
		want -= d.other.paid() + d.Balance(ledger.Fees)
		a, err := ledger.AccountByID(ctx, d.DB, d.anna.Account)
		if err != nil || a.Posted.Minor != want || !a.Reserved.IsZero() {
			d.Errorf("Anna has %v and %v held, want %d; %v", a.Posted, a.Reserved, want, err)
		}
		if d.Balance(ledger.Network)+d.Balance(ledger.Phones) != d.other.paid() {
			d.Error("the other side is owed something else than it paid")
		}
		d.verified()
	})
}
