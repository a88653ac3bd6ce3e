package dispute_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/dispute"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/ledger"
)

// A client says what is wrong: what may be disputed, with which words, how
// often, and until when he is promised an answer.
func TestOpen(t *testing.T) {
	each(t, func(w *world) {
		bought := w.buys("632609000001", 700)
		for name, c := range map[string]struct {
			n    dispute.Claim
			want error
		}{
			"no reason":        {dispute.Claim{Operation: bought.ID, Words: "Списали два раза"}, dispute.ErrReason},
			"a strange reason": {dispute.Claim{Operation: bought.ID, Reason: 9, Words: "Списали два раза"}, dispute.ErrReason},
			"other, in short":  {dispute.Claim{Operation: bought.ID, Reason: dispute.Other, Words: "  кратко  "}, dispute.ErrWords},
			"a book":           {dispute.Claim{Operation: bought.ID, Reason: dispute.Twice, Words: strings.Repeat("я", 1001)}, dispute.ErrWords},
			"unseen letters":   {dispute.Claim{Operation: bought.ID, Reason: dispute.Twice, Words: "a\u202eb"}, dispute.ErrWords},
			"no text":          {dispute.Claim{Operation: bought.ID, Reason: dispute.Twice, Words: "\xff"}, dispute.ErrWords},
			"nobody's":         {dispute.Claim{Operation: id.ID{7}, Reason: dispute.Twice}, operation.ErrMissing},
			"nothing taken":    {dispute.Claim{Operation: w.holds(0).ID, Reason: dispute.Twice}, dispute.ErrNoSubject},
		} {
			if _, _, err := w.svc.Open(bg, w.owner.ID, c.n); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", name, err, c.want)
			}
		}
		stranger := w.Client("Павел", "Кузнецов", 0)
		if _, _, err := w.svc.Open(bg, stranger.ID, dispute.Claim{Operation: bought.ID, Reason: dispute.Twice}); !errors.Is(err, operation.ErrMissing) {
			t.Error("another's purchase:", err)
		}

		w.told() // of the purchase
		d := w.opens(bought, dispute.Twice)
		if d.State != dispute.Open || d.Sum.Minor != 700_00 || !d.Promised.Equal(time.Date(2026, 12, 22, 20, 59, 59, 999_999_000, time.UTC)) {
			t.Errorf("%+v", d)
		}
		if told := w.told(); len(told) != 1 || told[0] != "Обращение о покупке (Test Shop) у нас. Ответим до 22 декабря 2026. Рокетбанк" {
			t.Errorf("%q", told)
		}
		again, fresh, err := w.svc.Open(bg, w.owner.ID, dispute.Claim{Operation: bought.ID, Reason: dispute.NotMe})
		if err != nil || fresh || again.ID != d.ID || again.Reason != dispute.Twice {
			t.Errorf("opened twice: %v %v %+v", fresh, err, again)
		}
		if whole := w.now(d); len(whole.Said) != 1 || whole.Said[0].By != dispute.ByClient || whole.Said[0].Text != "Заплатил один раз, списали два" {
			t.Errorf("%+v", whole.Said)
		}
		if _, err := w.svc.One(bg, stranger.ID, d.ID); !errors.Is(err, dispute.ErrMissing) {
			t.Error("another's dispute:", err)
		}

		// Abroad the law gives the bank twice as long.
		abroad := w.opens(w.buys("632609000002", 10, func(r *purchase.Record) { r.Country = "276" }), dispute.WrongSum)
		if abroad.Promised.Sub(d.Promised) != 30*24*time.Hour {
			t.Error("abroad:", abroad.Promised)
		}
		// Taken back and opened anew, three times in all.
		for range 2 {
			w.must(w.svc.Withdraw(bg, w.owner.ID, d.ID))
			if err := w.svc.Withdraw(bg, w.owner.ID, d.ID); !errors.Is(err, dispute.ErrOver) {
				t.Error("withdrawn twice:", err)
			}
			d = w.opens(bought, dispute.NotMe)
		}
		w.must(w.svc.Withdraw(bg, w.owner.ID, d.ID))
		if _, _, err := w.svc.Open(bg, w.owner.ID, dispute.Claim{Operation: bought.ID, Reason: dispute.NotMe}); !errors.Is(err, dispute.ErrTooMany) {
			t.Error("a fourth time:", err)
		}
		old := w.buys("632609000003", 10)
		w.Clock.Add(181 * 24 * time.Hour)
		if _, _, err := w.svc.Open(bg, w.owner.ID, dispute.Claim{Operation: old.ID, Reason: dispute.NotMe}); !errors.Is(err, dispute.ErrTooLate) {
			t.Error("after half a year:", err)
		}
		w.sound()
	})
}

// Two taps at once open one dispute.
func TestOpenAtOnce(t *testing.T) {
	each(t, func(w *world) {
		bought := w.buys("632609000001", 700)
		var wg sync.WaitGroup
		got := make([]dispute.Dispute, 4)
		for i := range got {
			wg.Go(func() {
				var err error
				if got[i], _, err = w.svc.Open(bg, w.owner.ID, dispute.Claim{Operation: bought.ID, Reason: dispute.Twice, Words: "два раза"}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, d := range got {
			if d.ID != got[0].ID || d.ID.IsZero() {
				t.Errorf("%s and %s", d.Text(), got[0].Text())
			}
		}
		if whole := w.now(got[0]); len(whole.Said) != 1 {
			t.Errorf("%d messages", len(whole.Said))
		}
	})
}

// The staff take, ask and refuse; each act at every place it may be tried at.
func TestStaff(t *testing.T) {
	each(t, func(w *world) {
		d := w.opens(w.buys("632609000001", 700), dispute.NotReceived)
		w.told()
		wants := func(what string, got, want error) {
			t.Helper()
			if !errors.Is(got, want) {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
		}
		wants("ask before taking", w.ask(d, w.maria, "Когда вы сделали заказ?"), dispute.ErrNotTaken)
		wants("refuse before taking", w.refuse(d, w.maria, "Магазин прислал подтверждение"), dispute.ErrNotTaken)
		wants("answer unasked", w.svc.Answer(bg, w.owner.ID, d.ID, "Вот ответ"), dispute.ErrNotAsked)
		w.must(w.take(d, w.maria))
		wants("take another's", w.take(d, w.oleg), dispute.ErrTaken)
		wants("ask in another's", w.ask(d, w.oleg, "Когда вы сделали заказ?"), dispute.ErrNotTaken)
		wants("ask nothing", w.ask(d, w.maria, " ? "), dispute.ErrWords)
		w.must(w.ask(d, w.maria, "Когда вы сделали заказ?"))
		if told := w.told(); len(told) != 1 || told[0] != "Есть вопрос о покупке (Test Shop). Ответьте в приложении. Рокетбанк" {
			t.Errorf("%q", told)
		}
		if now := w.now(d); now.State != dispute.NeedsAnswer || now.Said[1].By != dispute.ByBank {
			t.Errorf("%+v", now)
		}
		waiting, err := w.svc.Waiting(bg, dispute.NeedsAnswer, dispute.Dispute{}, 10)
		if err != nil || len(waiting) != 1 || waiting[0].ID != d.ID {
			t.Error(waiting, err)
		}
		wants("answer nothing", w.svc.Answer(bg, w.owner.ID, d.ID, "  "), dispute.ErrWords)
		w.must(w.svc.Answer(bg, w.owner.ID, d.ID, "Первого числа,\r\nномер 15"))
		if now := w.now(d); now.State != dispute.Open || now.Said[2].Text != "Первого числа,\nномер 15" || now.Member != w.maria.Member {
			t.Errorf("%+v", now)
		}
		w.must(w.do(func(tx db.Tx) error { return w.svc.Release(bg, tx, d.Client, d.ID, w.maria) }))
		wants("release what nobody has", w.do(func(tx db.Tx) error { return w.svc.Release(bg, tx, d.Client, d.ID, w.maria) }), dispute.ErrNotTaken)
		w.must(w.take(d, w.oleg))
		w.must(w.refuse(d, w.oleg, "Магазин прислал подтверждение доставки"))
		if told := w.told(); len(told) != 1 || told[0] != "Ответ на обращение о покупке (Test Shop) в приложении. Рокетбанк" {
			t.Errorf("%q", told)
		}
		wants("refuse again", w.refuse(d, w.oleg, "Магазин прислал подтверждение"), dispute.ErrOver)
		wants("take what is over", w.take(d, w.maria), dispute.ErrOver)
		wants("accept what is over", w.accept(d, 1), dispute.ErrOver)
		wants("withdraw what is over", w.svc.Withdraw(bg, w.owner.ID, d.ID), dispute.ErrOver)
		wants("nobody's", w.take(dispute.Dispute{Client: w.owner.ID, ID: id.ID{7}}, w.maria), dispute.ErrMissing)
		w.sound()
	})
}

// Accepted, the money comes once, from the bank's account of disputes; the
// network's chargeback fills that account and not the client's.
func TestAccept(t *testing.T) {
	each(t, func(w *world) {
		bought := w.buys("632609000001", 700)
		d := w.opens(bought, dispute.Twice)
		for _, roubles := range []int64{0, -1, 701} {
			if err := w.accept(d, roubles); !errors.Is(err, dispute.ErrSum) {
				t.Errorf("%d roubles: %v", roubles, err)
			}
		}
		held := w.opens(w.holds(50), dispute.NotMe)
		if err := w.accept(held, 50); !errors.Is(err, dispute.ErrNotCleared) {
			t.Error("what is only held:", err)
		}
		w.must(w.svc.Withdraw(bg, w.owner.ID, held.ID))
		w.told()
		w.must(w.accept(d, 600))
		if err := w.accept(d, 100); !errors.Is(err, dispute.ErrOver) {
			t.Error("accepted twice:", err)
		}
		now := w.now(d)
		credit, err := w.Operations.One(bg, w.owner.ID, now.Txn)
		if err != nil || now.State != dispute.Accepted || now.Credit.Minor != 600_00 || credit.Kind != operation.DisputeCredit || credit.Amount.Minor != 600_00 || credit.Details.Name != "Test Shop" {
			t.Errorf("%+v %+v %v", now, credit, err)
		}
		if told := w.told(); len(told) != 1 || told[0] != "Вернули 600\u00a0₽ по обращению (Test Shop). Рокетбанк" {
			t.Errorf("%q", told)
		}
		stands := func(client, bank int64) {
			t.Helper()
			if a, b := w.Balance(w.owner.Account), w.Balance(ledger.Disputes); a != client*100 || b != bank*100 {
				t.Errorf("the client has %d and the disputes %d kopecks, want %d and %d roubles", a, b, client, bank)
			}
			w.sound()
		}
		stands(9_900, -600)
		if _, _, err := w.svc.Open(bg, w.owner.ID, dispute.Claim{Operation: bought.ID, Reason: dispute.Twice}); !errors.Is(err, dispute.ErrPaid) {
			t.Error("once more:", err)
		}
		// The network pays in two parts: the first is the bank's, of the second what
		// the client has not had yet is his.
		w.clears(purchase.Chargeback, "632609000001", 400)
		stands(9_900, -200)
		w.clears(purchase.Chargeback, "632609000001", 300)
		stands(10_000, 0)
		if newest := w.Feed(w.owner.ID)[0]; newest.Kind != operation.Refund || newest.Amount.Minor != 100_00 {
			t.Errorf("%+v", newest)
		}
		// One that nobody had disputed here is the client's as before.
		w.buys("632609000009", 50)
		w.clears(purchase.Chargeback, "632609000009", 50)
		stands(10_000, 0)
	})
}

// Whoever is let go takes his words with him; the dispute itself stays in the book.
func TestShred(t *testing.T) {
	each(t, func(w *world) {
		d := w.opens(w.buys("632609000001", 700), dispute.Twice)
		w.must(w.do(func(tx db.Tx) error { return w.Vault.Shred(bg, tx, int64(w.owner.ID)) }))
		if now := w.now(d); len(now.Said) != 0 || now.Reason != dispute.Twice {
			t.Errorf("%+v", now)
		}
		w.sound()
	})
}

var (
	qLieSum = db.Query(`UPDATE dispute SET credit_minor = credit_minor + 1 WHERE state = 3`)
	qLieTxn = db.Query(`UPDATE dispute SET txn = operation, credit_minor = credit_minor - 1 WHERE state = 3`)
)

// verify finds a dispute that says something else than the book.
func TestCheck(t *testing.T) {
	each(t, func(w *world) {
		d := w.opens(w.buys("632609000001", 700), dispute.Twice)
		w.must(w.accept(d, 700))
		w.sound()
		for _, c := range []struct {
			lie  *db.Stmt
			want []string
		}{
			{qLieSum, []string{"returned 70001, the book moved 70000", "the account stands at -70000"}},
			{qLieTxn, []string{"the book has no such posting", "money was returned for no dispute"}},
		} {
			w.must(w.do(func(tx db.Tx) error { _, err := tx.Exec(bg, c.lie); return err }))
			found, err := dispute.Check(bg, w.DB)
			w.must(err)
			said := ""
			for _, b := range found {
				said += b.Detail + "\n"
			}
			for _, want := range c.want {
				if !strings.Contains(said, want) {
					t.Errorf("%q is not among\n%s", want, said)
				}
			}
		}
	})
}
