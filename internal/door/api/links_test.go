package api_test

import (
	"strings"
	"testing"

	"rocketbank/internal/bank/claim"
	"rocketbank/internal/bank/order/ordertest"
	"rocketbank/internal/ledger"
)

// linkPhone is nobody's of this bank.
const linkPhone = "+79035550199"

func toPhone(sum, from string) obj {
	return obj{"phone": "8 903 555-01-99", "amount": rub(sum), "from": from, "message": "за кино"}
}

// linkQuote gives a quote of a link without a message, with the signature over its text.
func (w *world) linkQuote(p person, sum string) (quote, signature string) {
	w.Helper()
	q := w.post(p.transfer, "/link-quotes", obj{"phone": linkPhone, "amount": rub(sum), "from": p.from()})
	if q.status != 200 {
		w.Fatal(q.status, q.raw)
	}
	return q.text("quote"), ordertest.Encoded(w, w.key, q.text("order_text"))
}

func (w *world) sendsLink(p person, key, sum string) reply {
	w.Helper()
	quote, signature := w.linkQuote(p, sum)
	r := w.do(ask{method: "POST", path: "/api/v1/links", token: p.transfer, key: key, body: obj{"quote": quote, "signature": signature}})
	if r.status != 201 {
		w.Fatal(r.status, r.raw)
	}
	return r
}

// Money by a link: the price, one link for one key, the list and the feed, the
// money back; what the link carries is in no answer.
func TestLinks(t *testing.T) {
	each(t, func(w *world) {
		anna, pavel := w.person(1, 1000), w.person(2, 0)
		q := w.do(ask{method: "POST", path: "/api/v1/link-quotes", token: anna.transfer, lang: "en", body: toPhone("100.00", anna.from())})
		if q.status != 200 || q.text("phone") != linkPhone || q.text("total.amount") != "100.00" || q.text("rule") == "" || !strings.Contains(q.text("order_text"), linkPhone) {
			t.Error(q.raw)
		}
		body := obj{"quote": q.text("quote"), "message": "за кино", "signature": ordertest.Encoded(w, w.key, q.text("order_text"))}
		send := func(key string) reply {
			return w.do(ask{method: "POST", path: "/api/v1/links", token: anna.transfer, key: key, body: body})
		}
		sent := send("one")
		if sent.status != 201 || sent.text("state") != "waiting" || sent.text("message") != "за кино" || sent.header.Get("Location") != "/api/v1/links/"+sent.text("id") || strings.Contains(sent.raw, claim.Path+"A") {
			t.Error(sent.raw)
		}
		for _, key := range []string{"one", "two"} { // under its key, and as the same order under another
			if again := send(key); again.status != 201 || again.text("id") != sent.text("id") || again.header.Get("Idempotency-Replayed") != "true" {
				t.Error("a retry:", again.raw)
			}
		}
		quote, signature := w.linkQuote(anna, "1.00")
		w.problem(w.do(ask{method: "POST", path: "/api/v1/links", token: anna.transfer, key: "one", body: obj{"quote": quote, "signature": signature}}), 409, "claim.key_reused")
		if got := w.balance(anna); got != "900.00 RUB" {
			t.Error(got)
		}
		feed := w.get(anna.reading, "/operations").body["operations"].([]any)[0].(obj)
		if feed["kind"] != "link_out" || feed["state"] != "pending" || feed["link"] != sent.text("id") {
			t.Error(feed)
		}
		if list := w.get(anna.reading, "/links").body["links"].([]any); len(list) != 1 || list[0].(obj)["phone"] != linkPhone {
			t.Error(list)
		}
		if r := w.get(anna.reading, "/receipts/"+sent.text("order_id")); r.status != 200 {
			t.Error(r.raw)
		}
		w.problem(w.get(pavel.reading, "/links/"+sent.text("id")), 404, "claim.missing")
		for range 2 { // said twice it comes back once
			if r := w.post(anna.transfer, "/links/"+sent.text("id")+"/cancel", nil); r.status != 200 || r.text("state") != "cancelled" || r.text("ended_at") == "" {
				t.Error(r.raw)
			}
		}
		if got := w.balance(anna); got != "1000.00 RUB" {
			t.Error(got)
		}
		if report, err := ledger.Verify(ctx, w.DB, claim.Check); err != nil || len(report.Breaches) > 0 {
			t.Error(err, report.Breaches)
		}
	})
}

// What is wrong with a request for a quote is told with its member.
func TestBadLinks(t *testing.T) {
	w := lite(t, unlimited)
	anna := w.person(1, 1000)
	with := func(member string, value any) obj {
		o := toPhone("1.00", anna.from())
		o[member] = value
		return o
	}
	for name, c := range map[string]struct {
		body        any
		status      int
		code, field string
	}{
		"no phone":         {with("phone", ""), 422, "api.required", "phone"},
		"no number":        {with("phone", "abc"), 422, "phone.invalid", "phone"},
		"a house's phone":  {with("phone", "+74955550123"), 422, "claim.phone", "phone"},
		"himself":          {with("phone", anna.phone.E164()), 422, "claim.self", "phone"},
		"a number":         {with("phone", 5), 422, "api.wrong_type", "phone"},
		"unknown member":   {with("bank", "zarya"), 422, "api.unknown_field", ""},
		"too much":         {with("amount", rub("100000.01")), 422, "limit.one_transfer", "amount"},
		"nothing":          {with("amount", rub("0.00")), 422, "amount.not_positive", "amount.amount"},
		"no account":       {with("from", ""), 422, "api.required", "from"},
		"strange account":  {with("from", "ac_1"), 404, "claim.no_such_account", "from"},
		"hidden character": {with("message", "a\u202eb"), 422, "transfer.message_chars", "message"},
	} {
		r := w.post(anna.transfer, "/link-quotes", c.body)
		if r.status != c.status || r.text("code") != c.code {
			t.Errorf("%s: %d %s", name, r.status, r.raw)
		}
		if c.field != "" && !strings.Contains(r.raw, `"`+c.field+`"`) {
			t.Errorf("%s names no %s: %s", name, c.field, r.raw)
		}
	}
	quote, signature := w.linkQuote(anna, "10.00")
	w.problem(w.post(anna.transfer, "/links", obj{"quote": quote, "signature": signature}), 400, "api.idempotency_key")
	for name, body := range map[string]obj{"nobodys": {"quote": "x", "signature": signature}, "another-text": {"quote": quote, "signature": signature, "message": "x"}} {
		r := w.do(ask{method: "POST", path: "/api/v1/links", token: anna.transfer, key: name, body: body})
		if r.status != 422 && r.status != 403 {
			t.Error(name, r.status, r.raw)
		}
	}
	for _, id := range []string{"x", "lk_", "po_06b3w5m8k9s6q0h2m4x6v8yrk4", "lk_06b3w5m8k9s6q0h2m4x6v8yrk4"} {
		w.problem(w.get(anna.reading, "/links/"+id), 404, "claim.missing")
		w.problem(w.post(anna.transfer, "/links/"+id+"/cancel", nil), 404, "claim.missing")
	}
	if got := w.balance(anna); got != "1000.00 RUB" {
		t.Error("something was sent:", got)
	}
}
