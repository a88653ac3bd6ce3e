package api_test

import (
	"strings"
	"sync"
	"testing"

	"rocketbank/internal/door/api"
)

var unlimited = api.Rate{PerSecond: -1}

// M04: a hundred retries at once post once, and all get the same answer.
func TestParallelRetries(t *testing.T) {
	each(t, func(w *world) {
		anna, pavel := w.person(1, 1000), w.person(2, 0)
		body := obj{"payee": w.payee(anna, pavel), "amount": rub("10.00"), "from": anna.from(), "message": "раз"}
		signed := w.signed(anna.transfer, body)
		const n = 100
		answers := make([]reply, n)
		errs := make([]error, n)
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				answers[i], errs[i] = w.try(ask{method: "POST", path: "/api/v1/transfers", token: anna.transfer, key: "one", body: signed})
			})
		}
		wg.Wait()
		fresh := 0
		for i, r := range answers {
			if errs[i] != nil || r.status != 201 {
				w.Fatalf("%v %d %s", errs[i], r.status, r.raw)
			}
			if r.raw != answers[0].raw || r.header.Get("Location") != answers[0].header.Get("Location") {
				w.Errorf("another answer: %s, %s", r.raw, answers[0].raw)
			}
			if r.header.Get("Idempotency-Replayed") == "" {
				fresh++
			}
		}
		if fresh != 1 {
			w.Errorf("%d answers were not replays", fresh)
		}
		if got := w.balance(anna); got != "990.00 RUB" {
			w.Errorf("Anna has %s", got)
		}
		// A new token of the same client repeats the same order.
		if r := w.order(w.second(anna), "one", body); r.status != 201 || r.header.Get("Idempotency-Replayed") != "true" {
			w.Errorf("under another token: %d %s", r.status, r.raw)
		}
		// Another body under the key is a conflict, another client's key is his own.
		body["message"] = "два"
		w.problem(w.order(anna.transfer, "one", body), 409, "transfer.key_reused")
		body["message"], body["amount"] = "раз", rub("10.01")
		w.problem(w.order(anna.transfer, "one", body), 409, "transfer.key_reused")
		if r := w.order(pavel.transfer, "one", obj{"payee": w.payee(pavel, anna), "amount": rub("1.00"), "from": pavel.from()}); r.status != 201 {
			w.Errorf("another client's key: %d %s", r.status, r.raw)
		}
	})
}

func (w *world) second(p person) string {
	w.Helper()
	secret, _ := w.token(p, 24*60*60*1e9, "transfer")
	return secret
}

// A refusal is an answer too: the same key gets it again, even when there is
// money by then; a new key gets the money through.
func TestRefusalIsRemembered(t *testing.T) {
	each(t, func(w *world) {
		anna, pavel := w.person(1, 5), w.person(2, 100)
		body := obj{"payee": w.payee(anna, pavel), "amount": rub("10.00"), "from": anna.from()}
		first := w.order(anna.transfer, "k1", body)
		w.problem(first, 422, "transfer.insufficient_funds")
		if first.header.Get("Idempotency-Replayed") != "" {
			w.Error("the first refusal says it is a replay")
		}
		if r := w.order(pavel.transfer, "fund", obj{"payee": w.payee(pavel, anna), "amount": rub("50.00"), "from": pavel.from()}); r.status != 201 {
			w.Fatalf("%d %s", r.status, r.raw)
		}
		again := w.order(anna.transfer, "k1", body)
		w.problem(again, 422, "transfer.insufficient_funds")
		if again.header.Get("Idempotency-Replayed") != "true" || again.text("values.missing.amount") != "5.00" {
			w.Errorf("replay: %v %s", again.header, again.raw)
		}
		if r := w.order(anna.transfer, "k2", body); r.status != 201 {
			w.Errorf("new key: %d %s", r.status, r.raw)
		}
	})
}

func TestIdempotencyKey(t *testing.T) {
	w := lite(t, unlimited)
	anna, pavel := w.person(1, 100), w.person(2, 0)
	body := obj{"payee": w.payee(anna, pavel), "amount": rub("1.00"), "from": anna.from()}
	w.problem(w.order(anna.transfer, "", body), 400, "api.idempotency_key")
	for _, key := range []string{"a b", strings.Repeat("k", 256), "ключ", "tab\there", "🔑"} {
		w.problem(w.order(anna.transfer, key, body), 400, "api.idempotency_key_form")
	}
	r := w.do(ask{method: "POST", path: "/api/v1/transfers", token: anna.transfer, body: w.signed(anna.transfer, body), header: map[string][]string{"Idempotency-Key": {"a", "b"}}})
	w.problem(r, 400, "api.idempotency_key_form")
	if got := w.balance(anna); got != "100.00 RUB" {
		t.Errorf("Anna has %s", got)
	}
	if r := w.order(anna.transfer, strings.Repeat("k", 255), body); r.status != 201 {
		t.Errorf("the longest key: %d %s", r.status, r.raw)
	}
}

// A quote that is over is refused, and what was done with it in time is still
// answered (the answer may have been lost on the way).
func TestExpiredQuote(t *testing.T) {
	each(t, func(w *world) {
		anna, pavel := w.person(1, 100), w.person(2, 0)
		quote := func() string {
			return w.quote(anna.transfer, obj{"payee": w.payee(anna, pavel), "amount": rub("1.00"), "from": anna.from()}).text("quote")
		}
		used, late := quote(), quote()
		done := w.order(anna.transfer, "used", obj{"quote": used})
		w.clock.Add(11 * 60 * 1e9)
		w.problem(w.order(anna.transfer, "late", obj{"quote": late}), 422, "transfer.quote_expired")
		if r := w.order(anna.transfer, "used", obj{"quote": used}); r.status != 201 || r.raw != done.raw || r.header.Get("Idempotency-Replayed") != "true" {
			w.Errorf("repeat: %d %s, first %s", r.status, r.raw, done.raw)
		}
	})
}

// A signed order is repeated days later: the remembered answer comes, and only
// a new order is refused.
func TestRepeatAfterThePayeesTokenRanOut(t *testing.T) {
	each(t, func(w *world) {
		anna, pavel := w.person(1, 100), w.person(2, 0)
		body := obj{"payee": w.payee(anna, pavel), "amount": rub("1.00"), "from": anna.from()}
		used, late := w.signed(anna.transfer, body), w.signed(anna.transfer, body)
		done := w.order(anna.transfer, "used", used)
		w.clock.Add(25 * 60 * 60 * 1e9)
		w.problem(w.order(anna.transfer, "late", late), 422, "transfer.quote_expired")
		w.problem(w.post(anna.transfer, "/quotes", body), 422, "transfer.payee_invalid")
		if r := w.order(anna.transfer, "used", used); r.status != 201 || r.raw != done.raw || r.header.Get("Idempotency-Replayed") != "true" {
			w.Errorf("repeat: %d %s, first %s", r.status, r.raw, done.raw)
		}
		if got := w.balance(anna); got != "99.00 RUB" {
			w.Errorf("Anna has %s", got)
		}
	})
}
