package cabinet_test

import (
	"maps"
	"net/url"
	"strings"
	"testing"

	"rocketbank/internal/bank/access/accesstest"
)

// C01, C02: whatever becomes of the top-up form, the other bank's card number
// and code stand in no answer; sum and date do, and a hint says why.
func TestTheOtherBanksCardNeverComesBack(t *testing.T) {
	w := lite(t)
	p, stranger := w.person(1, 0), w.person(2, 0)
	fields := p.get("/topup").is(200).form("/topup")
	const number, cvc = "4111 1111 1111 1111", "987"
	for name, value := range map[string]string{"amount": "1 000", "card_number": number, "card_expiry": "12/28", "card_cvc": cvc} {
		fields.Set(name, value)
	}
	clean := func(what string, a answer) {
		t.Helper()
		digits := strings.NewReplacer(" ", "", "\u00a0", "", "-", "").Replace(a.body + a.header.Get("Location"))
		if strings.Contains(digits, "411111111111") || strings.Contains(a.body, `"`+cvc+`"`) {
			t.Errorf("%s: the card came back", what)
		}
	}
	priced := maps.Clone(fields)
	priced.Del("card_number")
	seen := p.post("/topup/quote", priced).is(200).form("/topup").Get("agreed")
	const hint = "Номер карты введите ещё раз"
	for what, change := range map[string]url.Values{
		"fee not seen":        {},
		"bad sum":             {"amount": {"0"}},
		"limit":               {"amount": {"150001"}},
		"bad date":            {"card_expiry": {"13/28"}},
		"bad code":            {"card_cvc": {"9"}},
		"bad number":          {"card_number": {"4111 1111 1111 1112"}},
		"short number":        {"card_number": {"4111 1111 1111"}},
		"our own card":        {"card_number": {"5500000000000004"}, "agreed": {seen}},
		"number for date":     {"card_expiry": {number}},
		"number twice":        {"card_number": {number, number}},
		"number with NUL":     {"card_number": {number + "\x00"}},
		"dashes":              {"card_number": {"4111-1111-1111-1111"}},
		"unknown card":        {"to": {"cd_x"}},
		"somebody's own card": {"to": {stranger.card}},
	} {
		form := maps.Clone(fields)
		maps.Copy(form, change)
		for way, send := range map[string]func(string, url.Values) answer{"post": p.post, "htmx": p.htmx} {
			a := send("/topup", form)
			clean(what+" by "+way, a)
			if a.status == 404 {
				continue // a card that is not his: no form
			}
			if a.status != 200 && a.status != 422 {
				t.Fatalf("%s by %s: %d", what, way, a.status)
			}
			back := a.has(hint).form("/topup")
			if back.Get("card_number") != "" || back.Get("card_cvc") != "" || back.Get("amount") != form.Get("amount") {
				t.Errorf("%s by %s gives back %v", what, way, back)
			}
			if date := form.Get("card_expiry"); len(date) <= 7 && back.Get("card_expiry") != date {
				t.Errorf("%s by %s: the date is gone", what, way)
			}
		}
		clean(what+", price", p.post("/topup/quote", form))
		clean(what+", live price", p.htmx("/topup/quote", form))
	}
	if strings.Contains(p.get("/topup?card_number="+url.QueryEscape(number)).is(200).body, hint) {
		t.Error("an empty form asks again")
	}
	none := maps.Clone(fields)
	none.Set("card_number", " ")
	if strings.Contains(p.post("/topup", none).is(422).body, hint) {
		t.Error("asked for again, what was never typed")
	}
	// A refusal after the form, the page of another bank, a login on the way.
	again := p.topUpForm("150000")
	clean("on to the other bank", p.post("/topup", again).is(303))
	over := p.topUpForm("1000")
	clean("day limit", p.post("/topup", over).is(422).has(hint))
	w.Wait(6 * 60e9)
	out := p.post("/topup", fields)
	clean("session over", out)
	pass := p.get(out.to("/login")).is(200).form("/login/passcode")
	pass.Set("passcode", accesstest.Passcode)
	clean("after the login", p.get(p.post("/login/passcode", pass).to("/topup")).is(200))
}
