package payout_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

func declined(reason string) func(payout.Instruction) payout.Outcome {
	return func(payout.Instruction) payout.Outcome { return payout.Outcome{State: payout.Declined, Reason: reason} }
}

// ask prices a rouble for a target, as a form does.
func (d *desk) ask(to payout.Target) error {
	_, err := d.payouts.Quote(ctx, d.anna.ID, payout.Ask{From: d.anna.Account, To: to, Amount: money.Rub(1_00)})
	return err
}

// So many cards may be asked about in a day and no more, whatever was refused of
// them; other ways stay open, a repeat gets its answer, and tomorrow is anew.
func TestRefusedCardsAreCounted(t *testing.T) {
	each(t, func(d *desk) {
		spare, repeat := d.order(card(), 1_00, ""), payout.Send{}
		for _, reason := range []string{"bank_unavailable", ""} { // tells nothing of the card
			d.other.decide = declined(reason)
			if reason == "" {
				d.other.fate = func() fate { return unsent }
			}
			for range limit.Standard().CardRefusals {
				d.send(d.order(card(), 1_00, ""))
			}
		}
		d.other.fate, d.other.decide = newOther().fate, newOther().decide
		for range limit.Standard().CardRefusals {
			d.send(d.order(card(), 1_00, "")) // arrived
		}
		d.other.decide = declined("no_such_card")
		for range limit.Standard().CardRefusals {
			repeat = d.order(card(), 1_00, "")
			d.send(repeat)
		}
		told := len(d.other.told)
		if err := d.ask(card()); !errors.Is(err, limit.ErrCardRefusals) {
			d.Errorf("a form: %v", err)
		}
		if _, err := d.payouts.Send(ctx, spare); !errors.Is(err, limit.ErrCardRefusals) || len(d.other.told) != told {
			d.Errorf("one too many: %v", err)
		}
		if p := d.send(repeat); !p.Replay || p.State != payout.Refused {
			d.Errorf("a repeat: %+v", p)
		}
		if err := d.ask(byPhone()); err != nil {
			d.Errorf("another way: %v", err)
		}
		d.Clock.Add(24 * time.Hour)
		if p := d.send(d.order(card(), 1_00, "")); p.Reason != "no_such_card" {
			d.Errorf("the next day: %+v", p)
		}
		d.verified()
	})
}

// Many at once ask no more than one after the other, and what is too much never
// leaves: the money is back at once, in words.
func TestRefusedCardsUnderRaces(t *testing.T) {
	each(t, func(d *desk) {
		d.other.decide = declined("no_such_card")
		var orders []payout.Send
		for range 3 * limit.Standard().CardRefusals {
			orders = append(orders, d.order(card(), 1_00, ""))
		}
		var wg sync.WaitGroup
		for _, cmd := range orders {
			wg.Go(func() {
				p, err := d.payouts.Send(ctx, cmd)
				if err == nil && p.State != payout.Refused || err != nil && !errors.Is(err, limit.ErrCardRefusals) {
					d.Errorf("%+v, %v", p.State, err)
				}
			})
		}
		wg.Wait()
		if n := int64(len(d.other.told)); n > limit.Standard().CardRefusals {
			d.Errorf("%d cards were asked about", n)
		}
		if d.Balance(d.anna.Account) != 400_000_00 {
			d.Error("something stayed")
		}
		d.verified()
	})
}

// An answer that is not known yet counts until it is.
func TestOpenCardsCountUntilTheyArrive(t *testing.T) {
	each(t, func(d *desk) {
		d.other.fate = func() fate { return after }
		for range limit.Standard().CardRefusals {
			d.send(d.order(card(), 1_00, ""))
		}
		if err := d.ask(card()); !errors.Is(err, limit.ErrCardRefusals) {
			d.Errorf("with so many open: %v", err)
		}
		d.other.fate = newOther().fate
		d.work(time.Minute)
		if err := d.ask(card()); err != nil {
			d.Errorf("they arrived: %v", err)
		}
		d.verified()
	})
}

// What a room sends for a client counts as his own, and undoes its unit of work.
func TestRefusedCardsOfLinksCount(t *testing.T) {
	each(t, func(d *desk) {
		_, err := d.Book.Post(ctx, ledger.Transaction{
			Owner: ledger.BankOwner, Key: ledger.Key(d.IDs.New()), Kind: ledger.KindOpening, Phase: ledger.Posted,
			Legs: []ledger.Leg{{Account: ledger.World, Amount: money.Rub(-500_00)}, {Account: ledger.Transit, Amount: money.Rub(500_00)}},
		})
		if err != nil {
			d.Fatal(err)
		}
		d.other.decide = declined("expired")
		send := func() error {
			x := payout.Direct{Owner: d.anna.ID, Key: ledger.Key(d.IDs.New()), From: ledger.Transit, Amount: money.Rub(500_00), To: card()}
			p := d.IDs.New()
			err := d.DB.Write(ctx, func(tx db.Tx) (err error) { p, err = d.payouts.Begin(ctx, tx, x); return err })
			if err == nil {
				_, err = d.payouts.Go(ctx, p)
			}
			return err
		}
		for range limit.Standard().CardRefusals {
			if err := send(); err != nil {
				d.Fatal(err)
			}
		}
		if err := send(); !errors.Is(err, limit.ErrCardRefusals) || d.Balance(ledger.Transit) != 500_00 {
			d.Errorf("%v, %d in transit", err, d.Balance(ledger.Transit))
		}
		d.verified()
	})
}

func TestProbingHasWords(t *testing.T) {
	for _, lang := range []locale.Lang{locale.Russian, locale.English} {
		if got, other := locale.For(lang).T(payout.ReasonKey("probing")), locale.For(lang).T(payout.ReasonKey("declined")); got == other {
			t.Errorf("%s: %s", lang, got)
		}
	}
}
