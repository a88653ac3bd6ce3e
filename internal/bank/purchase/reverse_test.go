package purchase_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/base/money"
)

func TestReversal(t *testing.T) {
	each(t, func(w *world) {
		r := w.msg(1000)
		w.ask(r, purchase.Approved)
		back := w.back(r)
		w.ask(back, purchase.Approved)
		w.stands(10_000, 0)
		w.newest(operation.Reversed, -1000)
		// Again, as a repeat and as a new message: already reversed is fine.
		again := back
		again.Repeat = true
		w.ask(again, purchase.Approved)
		w.ask(w.back(r), purchase.Approved)
		w.stands(10_000, 0)
		// Found by reference, card and sum where the original is not named.
		r = w.msg(300)
		w.ask(r, purchase.Approved)
		w.ask(w.back(r, func(b *purchase.Request) { b.Original = purchase.Origin{} }), purchase.Approved)
		w.stands(10_000, 0)
		w.sound()
	})
}

func TestPartialReversal(t *testing.T) {
	each(t, func(w *world) {
		r := w.msg(1000)
		w.ask(r, purchase.Approved)
		w.ask(w.back(r, func(b *purchase.Request) { b.Actual = money.Rub(400_00) }), purchase.Approved)
		w.stands(10_000, 400)
		w.newest(operation.Pending, -400)
		w.sound()
	})
}

func TestReversalOfPostedMoney(t *testing.T) {
	each(t, func(w *world) {
		r := w.msg(700, func(r *purchase.Request) { r.Class = purchase.Financial })
		w.ask(r, purchase.Approved)
		w.stands(9_300, 0)
		w.newest(operation.Done, -700)
		w.ask(w.back(r, func(b *purchase.Request) { b.Actual = money.Rub(200_00) }), purchase.Approved)
		w.stands(9_800, 0)
		w.ask(w.back(r), purchase.Approved)
		w.stands(10_000, 0)
		w.sound()
	})
}

// A reversal that comes first leaves a tombstone that its original never passes.
func TestReversalBeforeTheOriginal(t *testing.T) {
	each(t, func(w *world) {
		r := w.msg(1000)
		w.ask(w.back(r), purchase.Approved)
		w.ask(r, purchase.TwiceSent)
		again := r
		again.Repeat = true
		w.ask(again, purchase.TwiceSent)
		w.stands(10_000, 0)
		w.sound()
	})
}

// Original and reversal at the same moment, through two processes: nothing
// stays held, whichever is first.
func TestReversalWithTheOriginal(t *testing.T) {
	each(t, func(w *world) {
		other := w.service(w.Again())
		if w.DB.Engine().String() == "sqlite" {
			other = w.svc // one process has the file
		}
		for range 40 {
			r := w.msg(10)
			back := w.back(r)
			var wg sync.WaitGroup
			wg.Go(func() {
				if _, err := w.svc.Handle(context.Background(), r); err != nil {
					t.Error(err)
				}
			})
			wg.Go(func() {
				if a, err := other.Handle(context.Background(), back); err != nil || a.Reason != purchase.Approved {
					t.Error(a, err)
				}
			})
			wg.Wait()
		}
		w.stands(10_000, 0)
		w.sound()
	})
}

func TestLateAnswerIsGivenBack(t *testing.T) {
	each(t, func(w *world) {
		r := w.msg(1000)
		w.ask(r, purchase.Approved)
		if err := w.svc.Late(context.Background(), r); err != nil {
			t.Fatal(err)
		}
		w.stands(10_000, 0)
		w.ask(r, purchase.Unavailable) // what the network was told
		w.ask(w.back(r), purchase.Approved)
		w.sound()
	})
}

func TestHoldsExpire(t *testing.T) {
	each(t, func(w *world) {
		w.ask(w.msg(1000), purchase.Approved)
		pre := w.msg(2000, func(r *purchase.Request) { r.Condition = "06" })
		w.ask(pre, purchase.Approved)
		w.Clock.Add(8 * 24 * time.Hour)
		for range 2 {
			if _, err := w.svc.ExpireDue(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		w.stands(10_000, 2000)
		if o := w.feed()[1]; o.State != operation.Reversed || o.Details.Purchase.Reason != "expired" {
			t.Errorf("the expired one reads %v %q", o.State, o.Details.Purchase.Reason)
		}
		// A clearing that comes later is honoured, and told to staff.
		w.sound()
	})
}

func TestPreauthorisationAndCompletion(t *testing.T) {
	each(t, func(w *world) {
		pre := w.msg(2000, func(r *purchase.Request) { r.Condition = "06" })
		code := w.ask(pre, purchase.Approved).Code
		more := w.msg(500, func(r *purchase.Request) { r.RRN, r.Incremental = pre.RRN, true })
		w.ask(more, purchase.Approved)
		w.stands(10_000, 2500)
		w.newest(operation.Pending, -2500)
		w.ask(w.msg(9000, func(r *purchase.Request) { r.RRN, r.Incremental = pre.RRN, true }), purchase.NoFunds)
		w.stands(10_000, 2500)
		done := w.msg(2200, func(r *purchase.Request) {
			r.Class, r.Advice, r.Condition, r.RRN, r.Code, r.Chip = purchase.Financial, true, "06", pre.RRN, code, []byte{}
		})
		w.ask(done, purchase.Approved)
		w.stands(7_800, 0)
		w.sound()
	})
}

func TestAdvicesAreFacts(t *testing.T) {
	each(t, func(w *world) {
		stood := func(r *purchase.Request) {
			r.Advice, r.Outcome, r.Entry, r.Chip, r.Code = true, "00", "901", []byte{}, "STAND1"
		}
		w.ask(w.msg(12_000, stood), purchase.Approved) // more than there is: it happened
		w.stands(10_000, 12_000)
		w.ask(w.msg(5, stood, func(r *purchase.Request) { r.Outcome = "05" }), purchase.Approved)
		w.stands(10_000, 12_000)
		late := w.msg(40, stood)
		w.ask(w.back(late), purchase.Approved)
		w.ask(late, purchase.Approved) // acknowledged, and nothing is held
		w.stands(10_000, 12_000)
		w.sound()
	})
}

func TestCreditsAndRefunds(t *testing.T) {
	each(t, func(w *world) {
		oct := w.msg(500, func(r *purchase.Request) { r.Class, r.Process, r.Entry = purchase.Financial, purchase.CreditMC, "102" })
		w.ask(oct, purchase.Approved)
		w.stands(10_500, 0)
		w.newest(operation.Done, 500)
		// It is the client's by now; only a network that got no answer may take it back.
		w.ask(w.back(oct, func(b *purchase.Request) { b.Advice, b.TimedOut = false, false }), purchase.NotReversible)
		w.stands(10_500, 0)
		back := w.msg(300, func(r *purchase.Request) { r.Process, r.Entry = purchase.GiveBack, "102" })
		w.ask(back, purchase.Approved)
		w.stands(10_500, 0) // promised; money when it is cleared
		w.newest(operation.Pending, 300)
		w.sound()
	})
}
