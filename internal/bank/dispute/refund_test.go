package dispute_test

import (
	"errors"
	"fmt"
	"testing"

	"rocketbank/internal/bank/dispute"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// stands insists on what the client and the bank's account of disputes have, in roubles.
func (w *world) stands(client, bank int64) {
	w.Helper()
	if a, b := w.Balance(w.owner.Account), w.Balance(ledger.Disputes); a != client*100 || b != bank*100 {
		w.Errorf("the client has %d and the disputes %d kopecks, want %d and %d roubles", a, b, client, bank)
	}
	w.sound()
}

// givesBack imports a merchant's own refund of a purchase; it has a reference of its own.
func (w *world) givesBack(roubles int64, change ...func(*purchase.Record)) purchase.Record {
	w.Helper()
	var out purchase.Record
	w.clears(purchase.Presentment, "", roubles, append(change, func(r *purchase.Record) {
		r.Process = purchase.GiveBack
		if r.RRN == "" {
			r.Code = "ZZZZZZ"
		}
		out = *r
	})...)
	return out
}

// steps tells the timeline of an operation: what happened, and how many roubles it was.
func (w *world) steps(op id.ID) map[string]int64 {
	w.Helper()
	p, err := w.shops.One(bg, w.owner.ID, op)
	w.must(err)
	out := map[string]int64{}
	for _, s := range p.Steps {
		out[s.What] += s.Sum.Minor / 100
	}
	return out
}

func (w *world) isStep(op id.ID, what string, roubles int64) {
	w.Helper()
	if got := w.steps(op); got[what] != roubles {
		w.Errorf("%q of %d roubles, want %d: %v", what, got[what], roubles, got)
	}
}

func (w *world) breaks() map[purchase.Result]int {
	w.Helper()
	list, err := w.shops.Breaks(bg, purchase.Break{}, 100)
	w.must(err)
	out := map[purchase.Result]int{}
	for _, b := range list {
		out[b.Result]++
	}
	return out
}

// A merchant gives back what the bank has returned for a dispute already: up to
// that sum it is the bank's, the rest the client's, and both are told.
func TestRefundAfterAcceptance(t *testing.T) {
	each(t, func(w *world) {
		bought := w.buys("632609000001", 700)
		d := w.opens(bought, dispute.NotReceived)
		w.must(w.accept(d, 600))
		w.stands(9_900, -600)
		w.told()
		part := w.givesBack(250)
		w.stands(9_900, -350)
		w.isStep(bought.ID, "kept", 250)
		if told := w.told(); len(told) != 1 || told[0] != "Test Shop: возврат 250\u00a0₽. Эти деньги мы уже вернули вам по обращению. Рокетбанк" {
			t.Errorf("%q", told)
		}
		refund := w.Feed(w.owner.ID)[0]
		if refund.Kind != operation.Refund || refund.State != operation.Reversed || refund.Amount.Minor != 250_00 || refund.Details.Purchase.Reason != "netted" {
			t.Errorf("%+v", refund)
		}
		w.isStep(refund.ID, "kept", 250)
		// The same record again, also in another file, changes nothing.
		again := func(r *purchase.Record) { r.ARN = part.ARN }
		w.givesBack(250, again)
		w.stands(9_900, -350)
		// The rest: what the bank still lacks is the bank's, what is above it the client's.
		w.givesBack(450)
		w.stands(10_000, 0)
		w.isStep(bought.ID, "kept", 600)
		w.isStep(bought.ID, "gave_back", 100)
		if refund = w.Feed(w.owner.ID)[0]; refund.State != operation.Done || refund.Amount.Minor != 100_00 || refund.Details.Purchase.Kept.Minor != 350_00 {
			t.Errorf("%+v", refund)
		}
		if now := w.now(d); now.Recovered.Minor != 600_00 {
			t.Errorf("%+v", now)
		}
	})
}

// A refund that was a mistake is taken back where its parts went.
func TestRefundTakenBack(t *testing.T) {
	each(t, func(w *world) {
		bought := w.buys("632609000001", 700)
		w.must(w.accept(w.opens(bought, dispute.NotReceived), 600))
		refund := w.givesBack(700)
		w.stands(10_000, 0)
		back := func(roubles int64, arn string) {
			w.Helper()
			w.clears(purchase.Undone, refund.RRN, roubles, func(r *purchase.Record) { r.ARN, r.Process = arn, purchase.GiveBack })
		}
		back(300, refund.ARN) // first what came to the client
		w.stands(9_900, -200)
		back(300, refund.ARN) // once
		w.stands(9_900, -200)
		w.isStep(bought.ID, "kept", 400)
		w.isStep(bought.ID, "gave_back", 0)
		if o := w.Feed(w.owner.ID)[0]; o.State != operation.Reversed || o.Amount.Minor != 400_00 || o.Details.Purchase.Reason != "netted" {
			t.Errorf("%+v", o)
		}
		w.givesBack(200) // and what is missing comes after all
		w.stands(9_900, 0)
		w.isStep(bought.ID, "kept", 600)
	})
}

// The merchant was quicker: no more may be returned than what is left.
func TestRefundBeforeAcceptance(t *testing.T) {
	each(t, func(w *world) {
		bought := w.buys("632609000001", 700)
		d := w.opens(bought, dispute.NotReceived)
		w.givesBack(300)
		w.stands(9_600, 0)
		w.isStep(bought.ID, "gave_back", 300)
		if o, err := w.Operations.One(bg, w.owner.ID, bought.ID); err != nil || o.Outstanding().Minor != 400_00 {
			t.Error(o.Outstanding(), err)
		}
		if err := w.accept(d, 401); !errors.Is(err, dispute.ErrLeft) {
			t.Error("more than is left:", err)
		}
		if err := w.svc.MayReturn(bg, w.now(d), money.Rub(401_00)); !errors.Is(err, dispute.ErrLeft) {
			t.Error("more than is left may be proposed:", err)
		}
		w.must(w.accept(d, 400))
		w.stands(10_000, -400)
		w.givesBack(400) // once more: the bank's
		w.stands(10_000, 0)

		whole := w.buys("632609000002", 50)
		open := w.opens(whole, dispute.NotMe)
		w.givesBack(50)
		if err := w.accept(open, 1); !errors.Is(err, dispute.ErrLeft) {
			t.Error("everything came back:", err)
		}
		w.must(w.svc.Withdraw(bg, w.owner.ID, open.ID))
		if _, _, err := w.svc.Open(bg, w.owner.ID, dispute.Claim{Operation: whole.ID, Reason: dispute.NotMe}); !errors.Is(err, dispute.ErrCameBack) {
			t.Error("disputed though everything came back:", err)
		}
		w.stands(10_000, 0)
	})
}

// Which purchase a refund is for is never guessed with the client's money: by
// the presentment or the reference it names it is certain, by the shop only when
// one purchase alone can be meant; else staff look.
func TestRefundOfWhich(t *testing.T) {
	each(t, func(w *world) {
		first := w.buys("632609000001", 700)
		second := w.buys("632609000002", 700)
		w.buys("632609000003", 100, func(r *purchase.Record) { r.Merchant = "OTHER SHOP" })
		w.must(w.accept(w.opens(second, dispute.Twice), 700))
		w.stands(9_200, -700)
		w.givesBack(100, func(r *purchase.Record) { r.Merchant = "OTHER SHOP" }) // another shop: nobody doubts it
		w.stands(9_300, -700)
		if got := w.breaks(); got[purchase.Doubtful] != 0 {
			t.Errorf("%v", got)
		}
		w.givesBack(700) // which of two?
		w.stands(10_000, -700)
		if got := w.breaks(); got[purchase.Doubtful] != 1 {
			t.Errorf("%v", got)
		}
		w.givesBack(200, func(r *purchase.Record) { r.Original = w.arn(1) }) // the first one's: the client's
		w.stands(10_200, -700)
		w.isStep(first.ID, "gave_back", 200)
		w.givesBack(200, func(r *purchase.Record) { r.Original = w.arn(2) })
		w.stands(10_200, -500)
		w.givesBack(500, func(r *purchase.Record) { r.RRN = "632609000002" })
		w.stands(10_200, 0)
		w.isStep(second.ID, "kept", 700)
		w.givesBack(900) // more than any purchase there, and nothing is paid any more
		if got := w.breaks(); got[purchase.Doubtful] != 1 {
			t.Errorf("%v", got)
		}
		w.sound()
	})
}

// A refund that the shop's terminal announces: promised, it stands in the feed
// and ends there with the reason; one that the terminal paid at once is for staff.
func TestRefundByMessage(t *testing.T) {
	each(t, func(w *world) {
		trace := 0
		sends := func(class purchase.Class, roubles int64) purchase.Answer {
			w.Helper()
			trace++
			a, err := w.shops.Handle(bg, purchase.Request{
				Link: "test", Class: class, Number: w.number, Process: purchase.GiveBack, Amount: money.Rub(roubles * 100), STAN: fmt.Sprintf("%06d", trace),
				Sent: "1122090000", RRN: fmt.Sprintf("6326%08d", 900+trace), Acquirer: "123456", Entry: "102", Condition: "00", MCC: "5812", Country: "643",
				Merchant: purchase.Merchant{ID: "SHOP1", Name: "TEST SHOP", City: "MOSKVA", Country: "RU"},
			})
			if err != nil || a.Reason != purchase.Approved {
				w.Fatal(a.Reason, err)
			}
			return a
		}
		presents := func(a purchase.Answer, roubles int64) {
			w.Helper()
			w.givesBack(roubles, func(r *purchase.Record) { r.RRN, r.Code = fmt.Sprintf("6326%08d", 900+trace), a.Code })
		}
		bought := w.buys("632609000001", 700)
		d := w.opens(bought, dispute.NotReceived)
		w.must(w.accept(d, 500))
		promised := sends(purchase.Authorisation, 300)
		w.told()
		presents(promised, 300)
		w.stands(9_800, -200)
		if o, err := w.Operations.One(bg, w.owner.ID, promised.Auth); err != nil || o.State != operation.Reversed || o.Details.Purchase.Reason != "netted" || o.Amount.Minor != 300_00 {
			t.Errorf("%+v %v", o, err)
		}
		if told := w.told(); len(told) != 1 {
			t.Errorf("%q", told)
		}
		paid := sends(purchase.Financial, 100)
		w.stands(9_900, -200)
		presents(paid, 100)
		w.stands(9_900, -200)
		if got := w.breaks(); got[purchase.Doubtful] != 1 {
			t.Errorf("%v", got)
		}
		w.isStep(bought.ID, "gave_back", 100)
		w.isStep(bought.ID, "kept", 300)
	})
}
