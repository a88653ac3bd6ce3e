package api_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/order/ordertest"
	"rocketbank/internal/bank/payout"
)

// cardOfZarya is another bank's card, by the table that comes with the program.
const cardOfZarya = "2200000000034821"

// network takes all money but 13 ₽, which it refuses, and 14 ₽, of which it says nothing.
type network struct{ sent []payout.Instruction }

func (n *network) Send(_ context.Context, i payout.Instruction) (payout.Outcome, error) {
	n.sent = append(n.sent, i)
	return n.Ask(context.Background(), i)
}

func (n *network) Ask(_ context.Context, i payout.Instruction) (payout.Outcome, error) {
	switch i.Amount.Minor {
	case 13_00:
		return payout.Outcome{State: payout.Declined, Reason: "no_such_card"}, nil
	case 14_00:
		return payout.Outcome{}, nil
	}
	return payout.Outcome{State: payout.Settled, Reference: "632811000017"}, nil
}

func toZarya(sum, from string) obj {
	return obj{"to": obj{"way": "card", "number": "2200 0000 0003 4821"}, "amount": rub(sum), "from": from}
}

// payoutQuote gives a quote of money for another bank's card with the signature over its text.
func (w *world) payoutQuote(p person, sum string) (quote, signature string) {
	w.Helper()
	q := w.post(p.transfer, "/payout-quotes", toZarya(sum, p.from()))
	if q.status != 200 {
		w.Fatal(q.status, q.raw)
	}
	return q.text("quote"), ordertest.Encoded(w, w.key, q.text("order_text"))
}

func (w *world) paysOut(p person, key, sum string) reply {
	w.Helper()
	quote, signature := w.payoutQuote(p, sum)
	return w.do(ask{method: "POST", path: "/api/v1/payouts", token: p.transfer, key: key, body: obj{"quote": quote, "signature": signature}})
}

// Money for another bank's card: the price with its reason, one payout for one
// key, an outcome that is told whatever it is, and the whole number nowhere.
func TestPayouts(t *testing.T) {
	each(t, func(w *world) {
		anna, pavel := w.person(1, 1000), w.person(2, 0)
		q := w.do(ask{method: "POST", path: "/api/v1/payout-quotes", token: anna.transfer, lang: "en", body: toZarya("100.00", anna.from())})
		if q.status != 200 || q.text("fee.amount") != "30.00" || q.text("total.amount") != "130.00" || q.text("to.number") != "220000******4821" ||
			q.text("to.bank") != "Zarya Bank" || q.text("tariff_rule") != "1.4" || q.text("rule") != "to Zarya Bank: 1.5%, at least ₽30" {
			t.Error(q.raw)
		}
		body := obj{"quote": q.text("quote"), "signature": ordertest.Encoded(w, w.key, q.text("order_text"))}
		send := func(key string) reply {
			return w.do(ask{method: "POST", path: "/api/v1/payouts", token: anna.transfer, key: key, body: body})
		}
		done := send("one")
		if done.status != 201 || done.text("state") != "done" || done.text("reference") != "632811000017" || done.header.Get("Location") != "/api/v1/payouts/"+done.text("id") {
			t.Error(done.raw)
		}
		if again := send("one"); again.status != 201 || again.text("id") != done.text("id") || again.header.Get("Idempotency-Replayed") != "true" {
			t.Error("a retry:", again.raw)
		}
		got := w.get(anna.reading, "/payouts/"+done.text("id"))
		list := w.get(anna.reading, "/payouts").body["payouts"].([]any)
		if got.text("total.amount") != "130.00" || len(list) != 1 || len(w.network.sent) != 1 {
			t.Error(got.raw, list)
		}
		feed := w.get(anna.reading, "/operations").body["operations"].([]any)[0].(obj)
		if feed["kind"] != "payout" || feed["payout"] != done.text("id") || feed["counterparty"] != "220000******4821" {
			t.Error(feed)
		}
		if r := w.get(anna.reading, "/receipts/"+done.text("order_id")); r.status != 200 || strings.Contains(r.raw, cardOfZarya) {
			t.Error(r.status, r.raw)
		}
		w.problem(w.get(pavel.reading, "/payouts/"+done.text("id")), 404, "payout.missing")
		refused := w.paysOut(anna, "two", "13.00")
		if refused.status != 201 || refused.text("state") != "refused" || refused.text("reason") != "no_such_card" || refused.text("reason_text") == "" {
			t.Error(refused.raw)
		}
		if silent := w.paysOut(anna, "three", "14.00"); silent.text("state") != "unknown" {
			t.Error(silent.raw)
		}
		a := w.get(anna.reading, "/accounts").body["accounts"].([]any)[0].(obj)
		if a["balance"].(obj)["amount"] != "870.00" || a["reserved"].(obj)["amount"] != "44.00" {
			t.Error(a)
		}
		if strings.Contains(w.log.String(), cardOfZarya) {
			t.Error("the log holds the number")
		}
	})
}

// What is wrong with a request for a quote is told with its member.
func TestBadPayouts(t *testing.T) {
	w := lite(t, unlimited)
	anna := w.person(1, 1000)
	with := func(member string, value any) obj {
		o := toZarya("1.00", anna.from())
		if at, inside := strings.CutPrefix(member, "to."); inside {
			o["to"].(obj)[at] = value
		} else {
			o[member] = value
		}
		return o
	}
	for name, c := range map[string]struct {
		body        any
		status      int
		code, field string
	}{
		"no way":           {with("to.way", ""), 422, "api.required", "to.way"},
		"another way":      {with("to.way", "pigeon"), 422, "payout.closed", "to.way"},
		"no number":        {with("to.number", ""), 422, "api.required", "to.number"},
		"typo":             {with("to.number", "2200000000034812"), 422, "payout.card_swapped", "to.number"},
		"ours":             {with("to.number", "5500000000000004"), 422, "api.our_card", "to.number"},
		"unknown member":   {with("to.bank", "zarya"), 422, "api.unknown_field", ""},
		"no target":        {with("to", nil), 422, "api.required", "to.way"},
		"a text":           {with("to", "card"), 422, "api.wrong_type", "to"},
		"too much":         {with("amount", rub("100000.01")), 422, "limit.one_transfer", "amount"},
		"nothing":          {with("amount", rub("0.00")), 422, "amount.not_positive", "amount.amount"},
		"strange account":  {with("from", "ac_1"), 404, "payout.no_such_account", "from"},
		"hidden character": {with("message", "a\u202eb"), 422, "transfer.message_chars", "message"},
	} {
		r := w.post(anna.transfer, "/payout-quotes", c.body)
		if r.status != c.status || r.text("code") != c.code {
			t.Errorf("%s: %d %s", name, r.status, r.raw)
		}
		if c.field != "" && !strings.Contains(r.raw, `"`+c.field+`"`) {
			t.Errorf("%s names no %s: %s", name, c.field, r.raw)
		}
	}
	quote, signature := w.payoutQuote(anna, "10.00")
	w.problem(w.post(anna.transfer, "/payouts", obj{"quote": quote, "signature": signature}), 400, "api.idempotency_key")
	for name, body := range map[string]obj{"nobodys": {"quote": "x", "signature": signature}, "another-text": {"quote": quote, "signature": signature, "message": "x"}} {
		r := w.do(ask{method: "POST", path: "/api/v1/payouts", token: anna.transfer, key: name, body: body})
		if r.status != 422 && r.status != 403 {
			t.Error(name, r.status, r.raw)
		}
	}
	if len(w.network.sent) != 0 {
		t.Error("something was sent")
	}
}

// Cards are refused so often in a day, and then no more is asked of other banks.
func TestTooManyRefusedCards(t *testing.T) {
	w := lite(t, unlimited)
	anna := w.person(1, 1000)
	quote, signature := w.payoutQuote(anna, "10.00")
	for i := range limit.Standard().CardRefusals {
		w.paysOut(anna, fmt.Sprint("probe-", i), "13.00")
	}
	told := len(w.network.sent)
	r := w.post(anna.transfer, "/payout-quotes", toZarya("1.00", anna.from()))
	w.problem(r, 429, "limit.card_refusals")
	if r.header.Get("Retry-After") == "60" {
		t.Error("the day is not over in a minute")
	}
	late := w.do(ask{method: "POST", path: "/api/v1/payouts", token: anna.transfer, key: "late", body: obj{"quote": quote, "signature": signature}})
	w.problem(late, 429, "limit.card_refusals")
	if len(w.network.sent) != told {
		t.Error("it was sent")
	}
}
