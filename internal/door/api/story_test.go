package api_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/base/id"
)

// The whole friend transfer by API: who am I, what have I got, whose phone is
// it, what will it cost, send, look at it from both sides, send again.
func TestStory(t *testing.T) {
	each(t, func(w *world) {
		anna, pavel := w.person(1, 10_000), w.person(2, 0)

		me := w.get(anna.reading, "/me")
		if me.status != 200 || me.text("phone") != anna.phone.E164() || me.text("name") != "Анна Соколова" || !strings.HasPrefix(me.text("id"), "cl_") {
			t.Errorf("me: %d %s", me.status, me.raw)
		}
		if ct := me.header.Get("Content-Type"); ct != "application/json" {
			t.Errorf("content type %q", ct)
		}
		if me.header.Get("Cache-Control") != "no-store" || me.header.Get("X-Content-Type-Options") != "nosniff" || len(me.header["Set-Cookie"]) > 0 {
			t.Errorf("headers %v", me.header)
		}
		accounts := w.get(anna.reading, "/accounts").body["accounts"].([]any)
		if len(accounts) != 1 {
			t.Fatalf("accounts %v", accounts)
		}
		account := accounts[0].(obj)
		if account["id"] != anna.from() || account["available"].(obj)["amount"] != "10000.00" || account["balance"].(obj)["currency"] != "RUB" {
			t.Errorf("account %v", account)
		}
		cards := w.get(anna.reading, "/cards")
		card := cards.body["cards"].([]any)[0].(obj)
		if card["account"] != anna.from() || !strings.Contains(card["number"].(string), "******") || len(card["number"].(string)) != 16 ||
			card["state"] != "active" || len(card["expires"].(string)) != 5 {
			t.Errorf("card %v", card)
		}

		payee := w.payee(anna, pavel)
		quote := w.quote(anna.transfer, obj{"payee": payee, "amount": rub("1500.50"), "from": anna.from(), "message": "За кофе ☕"})
		if quote.status != 200 || quote.text("amount.amount") != "1500.50" || quote.text("fee.amount") != "0.00" || quote.text("total.amount") != "1500.50" ||
			quote.text("name") != "Анна С." || quote.text("from") != anna.from() {
			t.Fatalf("quote: %d %s", quote.status, quote.raw)
		}
		done := w.order(anna.transfer, "order-1", obj{"quote": quote.text("quote"), "message": "За кофе ☕"})
		if done.status != 201 || done.text("amount.amount") != "1500.50" || done.text("message") != "За кофе ☕" || done.text("balance.amount") != "8499.50" ||
			done.header.Get("Location") != "/api/v1/transfers/"+done.text("id") || done.header.Get("Idempotency-Replayed") != "" {
			t.Fatalf("transfer: %d %s %v", done.status, done.raw, done.header)
		}
		if got := w.get(anna.reading, "/transfers/"+done.text("id")); got.status != 200 || got.text("amount.amount") != "1500.50" ||
			got.text("message") != "За кофе ☕" || got.text("phone") != pavel.phone.E164() {
			t.Errorf("get transfer: %d %s", got.status, got.raw)
		}
		if r := w.order(anna.transfer, "order-2", obj{"payee": payee, "amount": rub("99.5"), "from": anna.from()}); r.status != 201 || r.text("amount.amount") != "99.50" {
			t.Errorf("the second: %d %s", r.status, r.raw)
		}
		if got := w.balance(anna); got != "8400.00 RUB" {
			t.Errorf("Anna has %s", got)
		}
		if got := w.balance(pavel); got != "1600.00 RUB" {
			t.Errorf("Pavel has %s", got)
		}

		feed := w.get(anna.reading, "/operations").body["operations"].([]any)
		if len(feed) != 2 {
			t.Fatalf("feed %v", feed)
		}
		first := feed[1].(obj)
		if first["kind"] != "transfer_out" || first["amount"].(obj)["amount"] != "-1500.50" || first["counterparty"] != "Анна С." ||
			first["message"] != "За кофе ☕" || first["transfer"] != done.text("id") || first["state"] != "done" {
			t.Errorf("operation %v", first)
		}
		if one := w.get(anna.reading, "/operations/"+first["id"].(string)); one.status != 200 || one.text("amount.amount") != "-1500.50" {
			t.Errorf("one operation: %d %s", one.status, one.raw)
		}
		incoming := w.get(pavel.reading, "/operations?limit=1")
		in := incoming.body["operations"].([]any)[0].(obj)
		if in["kind"] != "transfer_in" || in["amount"].(obj)["amount"] != "99.50" || in["phone"] != nil || in["transfer"] != nil {
			t.Errorf("incoming %v", in)
		}
		limits := w.get(anna.reading, "/limits")
		if limits.text("outgoing_day.left.amount") != "58400.00" || limits.text("outgoing_day.cap.amount") != "60000.00" ||
			limits.text("transfer.amount") != "58400.00" || limits.text("one_transfer.amount") != "100000.00" || limits.text("resets_at") != "2026-11-22T21:00:00Z" {
			t.Errorf("limits: %s", limits.raw)
		}
		w.quiet(anna, pavel)
	})
}

// quiet fails when the log holds what it must not (W08, STYLE §12).
func (w *world) quiet(people ...person) {
	w.Helper()
	log := w.log.String()
	if log == "" {
		w.Error("nothing was logged")
	}
	secrets := []string{"Соколова", "кофе", "Анна"}
	for _, p := range people {
		secrets = append(secrets, p.reading, p.transfer, p.phone.E164(), p.phone.E164()[2:])
	}
	for _, s := range secrets {
		if strings.Contains(log, s) {
			w.Errorf("the log holds %q", s)
		}
	}
}

// Pages of the feed go by key and stay where they were while rows arrive.
func TestFeedPages(t *testing.T) {
	each(t, func(w *world) {
		anna, pavel := w.person(1, 10_000), w.person(2, 0)
		payee := w.payee(anna, pavel)
		send := func(key string) {
			t.Helper()
			w.clock.Add(time.Minute)
			if r := w.order(anna.transfer, key, obj{"payee": payee, "amount": rub("1.00"), "from": anna.from(), "message": key}); r.status != 201 {
				t.Fatalf("%d %s", r.status, r.raw)
			}
		}
		messages := func(r reply) (out []string) {
			for _, o := range r.body["operations"].([]any) {
				out = append(out, o.(obj)["message"].(string))
			}
			return out
		}
		for _, key := range []string{"a", "b", "c", "d", "e"} {
			send(key)
		}
		page := w.get(anna.reading, "/operations?limit=2")
		if got := strings.Join(messages(page), ""); got != "ed" || page.text("next") == "" {
			t.Errorf("first page %q next %q", got, page.text("next"))
		}
		send("f")
		page = w.get(anna.reading, "/operations?limit=2&before="+page.text("next"))
		if got := strings.Join(messages(page), ""); got != "cb" {
			t.Errorf("second page %q", got)
		}
		page = w.get(anna.reading, "/operations?limit=2&before="+page.text("next"))
		if got := strings.Join(messages(page), ""); got != "a" || page.body["next"] != nil {
			t.Errorf("last page %q next %v", got, page.body["next"])
		}
		// Noon is 12:00 in Moscow; b was sent at 12:02, d at 12:04.
		span := "/operations?from=" + url.QueryEscape("2026-11-22T12:02:00+03:00") + "&to=" + url.QueryEscape("2026-11-22T09:04:00Z")
		if got := strings.Join(messages(w.get(anna.reading, span)), ""); got != "cb" {
			t.Errorf("by time %q", got)
		}
		if got := strings.Join(messages(w.get(anna.reading, "/operations?from=2026-11-22")), ""); got != "fedcba" {
			t.Errorf("by day %q", got)
		}
		if got := strings.Join(messages(w.get(anna.reading, "/operations?to=2026-11-22")), ""); got != "" {
			t.Errorf("before the day %q", got)
		}
	})
}

// A refusal speaks the language asked for; its code, field and values do not change.
func TestLanguages(t *testing.T) {
	each(t, func(w *world) {
		anna, pavel := w.person(1, 100), w.person(2, 0)
		body := obj{"payee": w.payee(anna, pavel), "amount": rub("150.00"), "from": anna.from()}
		for lang, want := range map[string]string{"": "Не хватает 50 ₽", "ru": "Не хватает 50 ₽", "ru-RU,ru;q=0.9,en;q=0.8": "Не хватает 50 ₽", "en": "₽50", "en-GB, ru;q=0.5": "₽50", "de": "₽50"} {
			r := w.do(ask{method: "POST", path: "/api/v1/transfers", token: anna.transfer, key: "k", lang: lang, body: w.signed(anna.transfer, body)})
			w.problem(r, 422, "transfer.insufficient_funds")
			if !strings.Contains(strings.ReplaceAll(r.text("detail"), "\u00a0", " "), want) {
				t.Errorf("%q: %s", lang, r.text("detail"))
			}
			russian := lang == "" || strings.HasPrefix(lang, "ru")
			if got := strings.ContainsAny(r.text("detail"), "абвгдежзиклмнопрст"); got != russian {
				t.Errorf("%q answered %q", lang, r.text("detail"))
			}
			if want := map[bool]string{true: "ru", false: "en"}[russian]; r.header.Get("Content-Language") != want {
				t.Errorf("%q: Content-Language %q", lang, r.header.Get("Content-Language"))
			}
			if r.text("field") != "amount" || r.text("values.missing.amount") != "50.00" {
				t.Errorf("%q: field and values %s", lang, r.raw)
			}
		}
	})
}

// A token that was revoked is worthless at the next request, whichever process
// heard of it (W20); so is one whose time is over.
func TestRevokedAtOnce(t *testing.T) {
	clock := &banktest.Clock{}
	clock.Set(banktest.Noon)
	dbtest.EachURL(t, func(t *testing.T, url string) {
		w := open(t, dbtest.Open(t, url, clock), clock, unlimited)
		anna := w.person(1, 0)
		// Another process: its own pool and its own rooms on the same database.
		elsewhere := access.New(dbtest.Open(t, url, clock), w.Vault, id.NewSource(time.Now), w.Clients, access.Options{Host: "bank.example", Now: w.Now})
		for _, room := range []*access.Service{w.Access, elsewhere} {
			secret, token := w.token(anna, 24*time.Hour, access.ScopeRead)
			for range 3 {
				if r := w.get(secret, "/me"); r.status != 200 {
					t.Fatalf("%d %s", r.status, r.raw)
				}
			}
			if err := room.RevokeToken(ctx, anna.id, token.ID); err != nil {
				t.Fatal(err)
			}
			r := w.get(secret, "/me")
			w.problem(r, 401, "access.bad_token")
			if h := r.header.Get("WWW-Authenticate"); !strings.Contains(h, "invalid_token") {
				t.Errorf("challenge %q", h)
			}
		}
		w.Wait(25 * time.Hour)
		w.problem(w.get(anna.reading, "/me"), 401, "access.bad_token")
	})
}
