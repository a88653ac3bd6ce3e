package cabinet_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/door/web/webtest"
)

// rulesOf is what the bank holds for a person's card.
func (w *world) rulesOf(p *person) card.Rules {
	w.Helper()
	x, err := id.Parse(card.Prefix, p.card)
	if err != nil {
		w.Fatal(err)
	}
	k, err := w.Cards.ByID(ctx, p.id, x)
	if err != nil {
		w.Fatal(err)
	}
	return k.Rules
}

// rules opens the page and gives its form as a browser would send it.
func (p *person) rules() (path string, form url.Values) {
	p.w.Helper()
	path = "/cards/" + p.card + "/rules"
	form = p.get(path).is(200).form(path)
	form.Set("do", "save")
	return path, form
}

// What is tighter holds at once; the page shows it as it was saved.
func TestCardRulesAreTightenedAtOnce(t *testing.T) {
	each(t, func(w *world) {
		p := w.person(1, 0)
		path, form := p.rules()
		p.post(path, form).is(422).has("менять нечего")
		form.Del("abroad")
		form.Del("magstripe")
		form.Set("per_day", "1 500,50")
		form.Set("cash_month", "30000")
		form.Add("group", "gambling")
		form.Set("country_name", "турция")
		form.Set("shop", "first")
		p.post(path, form).to(path)
		got := w.rulesOf(p)
		if got.Abroad || got.Magstripe || !got.Internet || got.Home.Day != money.Rub(1_500_50) || got.Cash.Month != money.Rub(30_000_00) || got.Home.Month.Cur != 0 ||
			len(got.MCCGroups) != 1 || got.MCCGroups[0] != card.Gambling || len(got.Countries) != 1 || got.Countries[0] != "792" || got.Merchant != card.FirstMerchant {
			w.Errorf("%+v", got)
		}
		a := p.get(path).is(200).has("Правила карты сохранены", "Турция", "1 500,50 ₽ в день", "30 000 ₽ в месяц")
		again := a.form(path)
		if again.Has("abroad") || again.Get("per_day") != "1500,50" || again.Get("country") != "792" || again.Get("group") != "gambling" || again.Get("shop") != "first" {
			w.Errorf("%v", again)
		}
		// A form that was cut off on its way shuts nothing.
		p.post(path, url.Values{"internet": {"1"}}).is(400)
		p.post(path, url.Values{}).is(400)
		if w.rulesOf(p).Chip != true {
			w.Error("a broken form changed the rules")
		}
	})
}

// What is looser is shown, confirmed by passcode and the device's key, and only
// then holds.
func TestLooserCardRulesAreSigned(t *testing.T) {
	each(t, func(w *world) {
		p := w.person(1, 0)
		path, form := p.rules()
		form.Del("abroad")
		form.Set("per_day", "500")
		p.post(path, form).to(path)

		_, form = p.rules()
		form.Set("abroad", "1")
		form.Del("chip")
		form.Set("per_day", "700")
		page := p.post(path, form).is(200).has("Откроется", "Операции за границей", "до 700 ₽", "Закроется", "Оплата по чипу", "looser rules of a card")
		if w.rulesOf(p).Abroad || !w.rulesOf(p).Chip {
			w.Fatal("the rules are looser without a signature")
		}
		order := page.form(path)
		key := p.key
		sign := func(passcode, text string) url.Values {
			out := url.Values{"offer": {order.Get("offer")}, "passcode": {passcode}}
			if text != "" {
				out.Set("signature", b64.EncodeToString(key.Sign(text)))
			}
			return out
		}
		p.post(path, sign("0000", p.order)).is(422).has("Операции за границей")
		p.post(path, sign(accesstest.Passcode, "")).is(403)
		p.post(path, sign(accesstest.Passcode, "another text")).is(403)
		if w.rulesOf(p).Abroad {
			w.Fatal("the rules are looser without a good signature")
		}
		// Another client's offer, and another card's, are worth nothing.
		other := w.person(2, 0)
		other.post("/cards/"+other.card+"/rules", sign(accesstest.Passcode, p.order)).to("/cards/" + other.card + "/rules")
		other.post(path, sign(accesstest.Passcode, p.order)).is(404)

		text := orderText(page)
		good := sign(accesstest.Passcode, text)
		p.post(path, good).to(path)
		if got := w.rulesOf(p); !got.Abroad || got.Chip || got.Home.Day != money.Rub(700_00) {
			w.Errorf("%+v", got)
		}
		p.get(path).is(200).has("Правила карты сохранены")
		p.post(path, good).to(path) // a second tap changes nothing and frightens nobody
		if words := p.get(path).is(200).body; strings.Contains(words, "начните заново") {
			w.Error("a second tap is told as a failure")
		}
		p.get("/profile/orders").is(200).has("послабление правил карты")

		// An offer over rules that are others by now is told so.
		_, form = p.rules()
		form.Set("chip", "1")
		page = p.post(path, form).is(200)
		order, text = page.form(path), orderText(page)
		_, tighter := p.rules()
		tighter.Del("atm")
		p.post(path, tighter).to(path)
		p.post(path, sign(accesstest.Passcode, text)).to(path)
		p.get(path).is(200).has("Правила успели измениться")
		if got := w.rulesOf(p); got.Chip || got.ATM {
			w.Errorf("%+v", got)
		}
		w.Wait(11 * time.Minute)
		p.post(path, sign(accesstest.Passcode, text)).to("/login") // the session is over as well
	})
}

// A browser without a key confirms by passcode and a code for exactly the text.
func TestLooserCardRulesByCode(t *testing.T) {
	w := lite(t)
	p := w.person(1, 0)
	path, form := p.rules()
	form.Del("abroad")
	p.post(path, form).to(path)
	b := w.scriptless(p)
	form = b.get(path).is(200).form(path)
	form.Set("abroad", "1")
	offer := b.post(path, form).is(200).has("Операции за границей").form(path).Get("offer")
	b.post(path, url.Values{"offer": {offer}, "passcode": {"0000"}}).is(422)
	b.post(path, url.Values{"offer": {offer}, "passcode": {accesstest.Passcode}}).is(200).has("Код отправлен на")
	b.post(path, url.Values{"offer": {offer}, "passcode": {accesstest.Passcode}, "code": {"000000"}}).is(422)
	if w.rulesOf(p).Abroad {
		t.Fatal("the rules are looser without a code")
	}
	b.post(path, url.Values{"offer": {offer}, "passcode": {accesstest.Passcode}, "code": {w.Code(p.phone)}}).to(path)
	if !w.rulesOf(p).Abroad {
		t.Error("the rules are as they were")
	}
}

// A passkey confirms exactly the change that it was asked for, without a passcode.
func TestLooserCardRulesByPasskey(t *testing.T) {
	w := lite(t)
	p, other := w.person(1, 0), w.person(2, 0)
	path, form := p.rules()
	form.Del("abroad")
	form.Del("chip")
	p.post(path, form).to(path)
	loosen := func(what string) url.Values {
		_, form := p.rules()
		form.Set(what, "1")
		return p.post(path, form).is(200).form(path)
	}
	if plain := loosen("abroad"); plain.Get("offer") == "" {
		t.Fatal("no offer")
	}
	p.post(path+"/ask", loosen("abroad")).ceremony(404) // he has no passkey yet
	in := (&things{p: p}).in(w)
	stick, _ := w.WithPasskey(accesstest.Person{ID: p.id, Phone: p.phone, Key: p.key, Entry: access.Entry{Session: in}})
	answer := func(order url.Values) url.Values {
		got, err := stick.Get(p.post(path+"/ask", order).ceremony(200).Options)
		if err != nil {
			t.Fatal(err)
		}
		return url.Values{"offer": order["offer"], "passkey": {string(got)}}
	}
	chip, abroad := loosen("chip"), loosen("abroad")
	wrong := answer(chip)
	wrong["offer"] = abroad["offer"]
	if a := p.post(path, wrong); a.status < 400 {
		t.Errorf("the answer for another change: %d", a.status)
	}
	for _, bad := range []string{"x", "{}", strings.Repeat("A", 5000)} {
		if a := p.post(path, url.Values{"offer": abroad["offer"], "passkey": {bad}}); a.status < 400 || a.status >= 500 {
			t.Errorf("the answer %.10s: %d", bad, a.status)
		}
	}
	if got := w.rulesOf(p); got.Abroad || got.Chip {
		t.Fatalf("the rules are looser without a good answer: %+v", got)
	}
	other.post(path+"/ask", abroad).is(404)
	other.post("/cards/"+other.card+"/rules/ask", abroad).ceremony(422)
	p.post(path+"/ask", url.Values{"offer": {"x"}}).ceremony(422)
	good := answer(abroad)
	p.post(path, good).to(path)
	if got := w.rulesOf(p); !got.Abroad || got.Chip {
		t.Errorf("%+v", got)
	}
	p.get(path).is(200).has("Правила карты сохранены")
	p.post(path, good).to(path) // a second tap
	if words := p.get(path).is(200).body; strings.Contains(words, "начните заново") {
		t.Error("a second tap is told as a failure")
	}
	p.get("/profile/orders").is(200).has("послабление правил карты")
}

// A dry run shows which operations the rules of the form would have refused,
// and saves nothing.
func TestCardRulesDryRun(t *testing.T) {
	each(t, func(w *world) {
		p := w.person(1, 0)
		at := w.clock.Now()
		w.Uses.Past = []card.Past{
			{Operation: id.ID{3}, At: at.Add(-time.Hour), Attempt: card.Attempt{Channel: card.Chip, Home: true, Country: "643", MCC: "5411", Merchant: "MAGNIT", Amount: money.Rub(900_00)}},
			{Operation: id.ID{2}, At: at.Add(-48 * time.Hour), Attempt: card.Attempt{Channel: card.Magstripe, Country: "840", MCC: "7995", Merchant: "CASINO", Amount: money.Rub(5_000_00)}},
			{Operation: id.ID{1}, At: at.Add(-50 * time.Hour), Attempt: card.Attempt{Channel: card.Chip, Cash: true, Home: true, Country: "643", MCC: "6011", Merchant: "ATM 7", Amount: money.Rub(2_000_00)}},
		}
		path, form := p.rules()
		form.Set("do", "try")
		p.post(path, form).is(200).has("не отказали бы ни одной операции", "Эти правила действуют сейчас")
		form.Del("atm")
		form.Add("group", "gambling")
		a := p.post(path, form).is(200).has("Отказали бы 2 операциям", "7 000 ₽", "CASINO", "Виды магазинов: Азартные игры", "ATM 7", "Снятие наличных", "Правила пока не сохранены")
		if strings.Contains(a.body, "MAGNIT") || !strings.Contains(a.body, "/operations/"+(id.ID{2}).Text("op")) {
			w.Error("the wrong operations")
		}
		if kept := a.form(path); kept.Has("atm") || kept.Get("group") != "gambling" {
			w.Errorf("what was typed is lost: %v", kept)
		}
		if got := w.rulesOf(p); !got.ATM || len(got.MCCGroups) > 0 {
			w.Errorf("a dry run changed the rules: %+v", got)
		}
		// One more country is added to the form and not to the card.
		form.Set("do", "add")
		form.Set("country_name", "USA")
		if kept := p.post(path, form).is(200).has("США").form(path); kept.Get("country") != "840" || kept.Get("country_name") != "" || kept.Has("atm") {
			w.Errorf("%v", kept)
		}
		// Long lists are cut and told so.
		for i := range 30 {
			one := w.Uses.Past[1]
			one.Operation, one.At = id.ID{9, byte(i)}, at.Add(-time.Duration(i+60)*time.Hour)
			w.Uses.Past = append(w.Uses.Past, one)
		}
		form.Set("do", "try")
		p.post(path, form).is(200).has("Отказали бы 32 операциям", "И ещё: 24")
		p.post("/profile/settings", url.Values{"sums": {"hidden"}}).is(303)
		if a := p.post(path, form).is(200); strings.Contains(text(a.body), "5 000") {
			w.Error("sums are shown though the eye is shut")
		}
	})
}

// Whose card it is decides everything; a closed one has no rules.
func TestCardRulesOfOthers(t *testing.T) {
	w := lite(t)
	p, other := w.person(1, 0), w.person(2, 0)
	path, form := p.rules()
	other.get(path).is(404)
	form.Del("chip")
	other.post(path, form).is(404)
	if !w.rulesOf(p).Chip {
		t.Error("another client changed the rules")
	}
	x, err := id.Parse(card.Prefix, p.card)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Cards.Close(ctx, p.id, x); err != nil {
		t.Fatal(err)
	}
	p.get(path).is(409)
	p.post(path, form).is(409)
}

// Nothing nasty in any field changes a rule or breaks the page.
func TestBadCardRules(t *testing.T) {
	w := lite(t)
	p := w.person(1, 0)
	path, good := p.rules()
	before := webtest.Rows(t, w.DB, "card")
	set := func(pairs ...string) url.Values {
		out := url.Values{}
		for name, values := range good {
			out[name] = values
		}
		for i := 0; i < len(pairs); i += 2 {
			out.Set(pairs[i], pairs[i+1])
		}
		return out
	}
	for _, sum := range []string{"0", "-1", "1e9", "NaN", "١٠٠", "1.001", "1.2.3", "100000000,01", "99999999999999999999", "💰", "0x10", "₽", strings.Repeat("9", 500)} {
		for _, field := range []string{"per_operation", "per_month", "abroad_day", "cash_operation", "ceiling"} {
			for _, do := range []string{"save", "try"} {
				a := p.post(path, set(field, sum, "do", do))
				if a.status != 422 || !strings.Contains(a.body, `id="`+field+`-err"`) {
					t.Errorf("%s = %s: %d", field, sum, a.status)
				}
			}
		}
	}
	for _, c := range []struct{ field, value, id string }{
		{"country_name", "Атлантида", "country_name-err"}, {"country_name", "Россия", "country_name-err"}, {"country_name", "643", "country_name-err"},
		{"country", "643", "errors"}, {"country", "999", "errors"}, {"country", "<b>", "errors"}, {"group", "money", "errors"}, {"group", "", "errors"},
		{"shop", "two", "merchant-err"}, {"shop", "one", "merchant-err"},
	} {
		for _, do := range []string{"save", "try"} {
			if a := p.post(path, set(c.field, c.value, "do", do)); a.status != 422 || !strings.Contains(a.body, `id="`+c.id+`"`) {
				t.Errorf("%s = %s: %d\n%s", c.field, c.value, a.status, text(a.body))
			}
		}
	}
	p.post(path, set("shop", "one", "merchant", strings.Repeat("Я", 61))).is(422)
	for name, value := range webtest.Nasty() {
		for field := range good {
			if field == "whole" || field == "do" {
				continue
			}
			a := p.post(path, set(field, value, "do", "try"))
			if a.status >= 500 || strings.Contains(a.body, "<script>alert") {
				t.Errorf("%s = %s: %d", field, name, a.status)
			}
		}
		if a := p.post(path, url.Values{"offer": {value}, "passcode": {value}, "signature": {value}, "code": {value}}); a.status >= 500 {
			t.Errorf("offer = %s: %d", name, a.status)
		}
	}
	twice := set()
	twice["per_day"] = []string{"1", "2"}
	p.post(path, twice).is(422)
	if changed := webtest.Differ(before, webtest.Rows(t, w.DB, "card")); len(changed) > 0 {
		t.Errorf("changed:\n%s", strings.Join(changed, "\n"))
	}
}

// scriptless lets a client in on a browser that has no key.
func (w *world) scriptless(p *person) *browser {
	w.Helper()
	b := w.browser()
	b.post("/login", url.Values{"phone": {p.phone.E164()}}).to("/login/code")
	b.post("/login/code", url.Values{"code": {w.Code(p.phone)}}).to("/login/passcode")
	form := b.get("/login/passcode").is(200).form("/login/passcode")
	form.Set("passcode", accesstest.Passcode)
	b.post("/login/passcode", form).to("/home")
	return b
}
