package cabinet_test

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/door/web/webtest"
)

func proved(pairs ...string) url.Values {
	f := url.Values{"passcode": {accesstest.Passcode}}
	for i := 0; i < len(pairs); i += 2 {
		f.Set(pairs[i], pairs[i+1])
	}
	return f
}

// cardOf reads a card by its outside name.
func (p *person) cardOf(outside string) card.Card {
	p.w.Helper()
	which, err := id.Parse(card.Prefix, outside)
	if err != nil {
		p.w.Fatal(err)
	}
	k, err := p.w.Cards.ByID(ctx, p.id, which)
	if err != nil {
		p.w.Fatal(err)
	}
	return k
}

// asStaff does something to a card by the bank's hand.
func (w *world) asStaff(fn func(tx db.Tx) error) {
	w.Helper()
	if err := w.DB.Write(ctx, func(tx db.Tx) error { return fn(tx) }); err != nil {
		w.Fatal(err)
	}
}

// card gives the name of the card that an answer leads to.
func (a answer) card() string {
	a.w.Helper()
	return strings.TrimPrefix(a.to("/cards/"), "/cards/")
}

// newCard fills the form of a new card as its page has it.
func (p *person) newCard(kind string, pairs ...string) url.Values {
	p.w.Helper()
	f := p.get("/cards/new?kind=" + kind).is(200).form("/cards/new")
	for i := 0; i < len(pairs); i += 2 {
		f.Set(pairs[i], pairs[i+1])
	}
	return f
}

// A card is stopped by one tap and works again by another; what the bank or
// «Это не я» stopped, the client cannot start.
func TestFreezeByTap(t *testing.T) {
	each(t, func(w *world) {
		p, thief := w.person(1, 100), w.person(2, 0)
		at := "/cards/" + p.card
		freeze, thaw := url.Values{"state": {"frozen"}}, url.Values{"state": {"active"}}
		p.get(at).is(200).has("Заморозить карту", "Одним касанием", "Mastercard World", "Банк «Орбита»")
		thief.post(at+"/freeze", freeze).is(404)
		for range 2 { // the second tap says the same
			p.post(at+"/freeze", freeze).to(at)
		}
		p.get(at).is(200).has("Заморозили вы", "Заморозили карту")
		p.get("/home").is(200).has("заморожена")
		if k := p.cardOf(p.card); k.State != card.Frozen || k.FrozenBy != card.ByClient {
			t.Fatalf("%+v", k)
		}
		for range 2 {
			p.post(at+"/freeze", thaw).to(at)
		}
		p.get(at).is(200).has("Карта снова в строю", "Работает")
		p.post(at+"/freeze", url.Values{"state": {"gone"}}).is(400)

		w.asStaff(func(tx db.Tx) error {
			return w.Cards.Freeze(ctx, tx, p.id, p.cardOf(p.card).ID, card.ByBank, "staff:st_1")
		})
		a := p.get(at).is(200).has("Карту заморозил банк", "Позвоните нам")
		if strings.Contains(a.body, `role="switch"`) || strings.Contains(a.body, at+"/requisites") {
			t.Error("a card that the bank froze has a switch or shows its requisites")
		}
		p.post(at+"/freeze", thaw).is(422).has("Эту карту разморозим после разговора с вами")
		p.post(at+"/requisites", proved()).is(422)
		p.post(at+"/close", url.Values{"sure": {"1"}}).is(422)
		p.post("/cards/new", p.newCard("virtual")).is(422).has("после разговора")
		if k := p.cardOf(p.card); k.State != card.Frozen || k.FrozenBy != card.ByBank {
			t.Fatalf("%+v", k)
		}
	})
}

var bare = regexp.MustCompile(`550000\d{10}`)

// C03: number, date and CVC stand in one answer, after a fresh proof, which is
// not kept and goes by itself; every time is a line of the audit trail.
func TestC03_RequisitesOnce(t *testing.T) {
	each(t, func(w *world) {
		p, thief := w.person(1, 0), w.person(2, 0)
		at := "/cards/" + p.card
		seen := func() int {
			return strings.Count(webtest.Rows(t, w.DB, "audit"), "card.shown")
		}
		closed := func(a answer) answer {
			t.Helper()
			if bare.MatchString(a.body) || a.header.Get("Refresh") != "" || a.header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: %v\n%s", a.at, a.header, text(a.body))
			}
			return a
		}
		closed(p.get(at).is(200))
		closed(p.get(at + "/requisites").is(200)).has("покажем на минуту")
		closed(p.post(at+"/requisites", url.Values{}).is(422))
		closed(p.post(at+"/requisites", url.Values{"passcode": {anotherPasscode}}).is(422)).has("Реквизиты")
		closed(thief.post(at+"/requisites", proved()).is(404))
		if seen() != 0 {
			t.Fatal("something was shown")
		}
		a := p.post(at+"/requisites", proved()).is(200)
		number := bare.FindString(a.body)
		k := p.cardOf(p.card)
		if number == "" || !strings.HasSuffix(number, k.Last4) || a.header.Get("Cache-Control") != "no-store" || a.header.Get("Refresh") != "60; url="+at {
			t.Fatalf("%v\n%s", a.header, text(a.body))
		}
		a.has(k.Expires(), "ANNA SOKOLOVA", "Скопировать", number[:4]+" "+number[4:8])
		if !regexp.MustCompile(`id="cvc" hidden>\d{3}<`).MatchString(a.body) || seen() != 1 {
			t.Errorf("no CVC, or %d lines in the trail", seen())
		}
		closed(p.get(at + "/requisites").is(200))
		closed(p.get(at).is(200))
		if strings.Contains(w.log.String(), number) {
			t.Error("the log holds the number")
		}

		// The CVC of a virtual card changes from then on; back takes a proof.
		p.post(at+"/requisites", url.Values{"cvc": {"moves"}}).to(at + "/requisites")
		p.post(at+"/requisites", url.Values{"cvc": {"moves"}}).to(at + "/requisites")
		p.post(at+"/requisites", proved()).is(200).has("сменится в")
		p.post(at+"/requisites", url.Values{"cvc": {"stays"}}).is(422)
		if !p.cardOf(p.card).DynamicCVC {
			t.Error("the CVC stays without a proof")
		}
		p.post(at+"/requisites", proved("cvc", "stays")).to(at + "/requisites")
		if p.cardOf(p.card).DynamicCVC {
			t.Error("the CVC still changes")
		}
	})
}

// A page's key makes one card, whoever taps twice; another's page with the same
// key makes his own.
func TestOnePageOneCard(t *testing.T) {
	each(t, func(w *world) {
		p, other := w.person(1, 0), w.person(2, 0)
		form := p.newCard("virtual", "name", "Для подписок", "art", "mint", "use", "one_shot", "ceiling", "5 000", "dynamic", "1")
		first := p.post("/cards/new", form).card()
		if again := p.post("/cards/new", form).card(); again != first {
			t.Errorf("%s, then %s", first, again)
		}
		if his := other.post("/cards/new", form).card(); his == first {
			t.Error("two clients have one card")
		}
		k := p.cardOf(first)
		if k.State != card.Active || k.Name != "Для подписок" || k.Art != card.Mint || !k.Rules.OneShot || k.Rules.Ceiling.Minor != 5000_00 || !k.DynamicCVC {
			t.Errorf("%+v", k)
		}
		shop := p.cardOf(p.post("/cards/new", p.newCard("virtual", "use", "merchant")).card())
		if shop.Rules.Merchant != card.FirstMerchant {
			t.Errorf("%+v", shop.Rules)
		}
		plastic := p.newCard("plastic", "address", "Москва, Мясницкая ул., 12, кв. 34", "wish", "Позвоните за час")
		one := p.post("/cards/new", plastic).card()
		if two := p.post("/cards/new", plastic).card(); one != two {
			t.Errorf("%s, then %s", one, two)
		}
		p.get("/cards/"+one).is(200).has("Как едет карта", "Мясницкая", "Позвоните за час", "Заказана")
		p.get("/cards").is(200).has("Для подписок", "Ещё не включена", "Новая карта", "Основная", "Банк «Орбита»")
		if all, err := w.Cards.Of(ctx, p.id); err != nil || len(all) != 4 {
			t.Fatal(len(all), err)
		}
		for what, c := range map[string]struct {
			form url.Values
			want int
			says string
		}{
			"no key":       {p.newCard("virtual", "key", ""), 409, "Страница устарела"},
			"another kind": {p.newCard("virtual", "kind", "golden"), 400, ""},
			"another use":  {p.newCard("virtual", "use", "all"), 400, ""},
			"a ceiling":    {p.newCard("virtual", "ceiling", "-5"), 422, ""},
			"a picture":    {p.newCard("virtual", "art", "gold"), 422, "Такого рисунка нет"},
			"a long name":  {p.newCard("virtual", "name", strings.Repeat("я", 31)), 422, "до 30 знаков"},
			"no address":   {p.newCard("plastic", "address", "дом"), 422, "Напишите адрес целиком"},
			"a long wish":  {p.newCard("plastic", "address", "Москва, Мясницкая ул., 12", "wish", strings.Repeat("я", 201)), 422, "до 200 знаков"},
		} {
			a := p.post("/cards/new", c.form)
			if a.status != c.want || !strings.Contains(text(a.body), c.says) {
				t.Errorf("%s: %d\n%s", what, a.status, text(a.body))
			}
		}
		for range 7 {
			p.post("/cards/new", p.newCard("virtual")).card()
		}
		p.post("/cards/new", p.newCard("virtual")).is(422).has("Таких карт уже 10")
		if all, err := w.Cards.Of(ctx, p.id); err != nil || len(all) != 11 {
			t.Fatal(len(all), err)
		}
	})
}

// A card has a name and a picture of its owner's, and one of them is the main one.
func TestLookOfACard(t *testing.T) {
	w := lite(t)
	p := w.person(1, 300)
	second := p.post("/cards/new", p.newCard("virtual")).card()
	form := p.get("/cards/" + second).is(200).form("/cards/" + second + "/look")
	form.Set("name", "На отпуск")
	form.Set("art", "flame")
	form.Set("main", "1")
	p.post("/cards/"+second+"/look", form).to("/cards/" + second)
	k := p.cardOf(second)
	if k.Name != "На отпуск" || k.Art != card.Flame || !k.Main || p.cardOf(p.card).Main {
		t.Errorf("%+v", k)
	}
	home := p.get("/home").is(200).has("На отпуск", "Карта ", "300,00")
	if strings.Index(home.body, "/cards/"+second) > strings.Index(home.body, "/cards/"+p.card) {
		t.Error("the main card is not the first")
	}
	form.Set("name", strings.Repeat("я", 31))
	p.post("/cards/"+second+"/look", form).is(422).has("до 30 знаков")
	form.Set("name", "")
	p.post("/cards/"+second+"/look", form).to("/cards/" + second)
	p.get("/cards/" + second).is(200).has("Основная")
}

// A pause is from tomorrow to the same day three months ahead, it names who
// will not be paid, and its owner may end it.
func TestPauseOfACard(t *testing.T) {
	each(t, func(w *world) {
		p := w.person(1, 0)
		at := "/cards/" + p.card
		w.clock.Set(banktest.Noon) // one clock for both engines
		w.Uses.Regular = []string{"Music Cloud"}
		p.get(at+"/suspend").is(200).has("Music Cloud", "Эти списания не пройдут", "На три месяца, до 22 февраля 2027", "На неделю, до 29 ноября")
		for _, bad := range []string{"2026-11-22", "2026-11-21", "2027-02-23", "2026-02-30", "23.13.2026", "завтра", ""} {
			a := p.post(at+"/suspend", url.Values{"until": {bad}}).is(422).has("не дольше чем на три месяца")
			if !strings.Contains(a.body, `aria-invalid="true"`) {
				t.Errorf("%q: no field is marked", bad)
			}
		}
		for _, good := range []string{"2026-11-23", "22.02.2027", "2027-02-22"} {
			for range 2 {
				p.post(at+"/suspend", url.Values{"until": {good}}).to(at)
			}
			if k := p.cardOf(p.card); k.State != card.Suspended {
				t.Fatalf("%s: %+v", good, k)
			}
			p.get(at).is(200).has("На паузе до")
			p.get(at + "/suspend").is(200).has("Вернуть в строй сейчас")
			for range 2 {
				p.post(at+"/suspend", url.Values{"resume": {"1"}}).to(at)
			}
		}
		p.post(at+"/suspend", url.Values{"offer": {"2026-11-29"}, "until": {""}}).to(at)
		// The day has come, and the worker has not said so yet.
		w.clock.Set(time.Date(2026, 11, 28, 21, 0, 1, 0, time.UTC))
		p.get(at).is(200).has("Работает")
		p.get("/home").is(200)
		// A month of a day that the next month has not is its last day.
		w.clock.Set(time.Date(2027, 1, 31, 9, 0, 0, 0, time.UTC))
		p.get(at+"/suspend").is(200).has("На месяц, до 28 февраля", "На три месяца, до 30 апреля")
	})
}

// Plastic: each step of its way is on its page; it works once its owner has it
// and proves himself; then he chooses a PIN that nobody guesses.
func TestPlasticOnItsWay(t *testing.T) {
	each(t, func(w *world) {
		p, thief := w.person(1, 0), w.person(2, 0)
		name := p.post("/cards/new", p.newCard("plastic", "address", "Москва, Мясницкая ул., 12, кв. 34")).card()
		at, k := "/cards/"+name, p.cardOf(name)
		paper := accesstest.Passport(p.phone)
		p.get(at + "/activate").is(200).has("когда курьер её отдаст")
		p.post(at+"/activate", proved()).is(409).has("когда курьер её отдаст")
		p.get(at + "/requisites").is(200).has("Реквизиты покажем, когда карта будет у вас")
		p.post(at+"/requisites", proved()).is(422)
		w.asStaff(func(tx db.Tx) error { return w.Cards.MakePlastic(ctx, tx, p.id, k.ID, "staff:st_1") })
		w.asStaff(func(tx db.Tx) error { return w.Cards.SendPlastic(ctx, tx, p.id, k.ID, "staff:st_1") })
		if a := p.get(at).is(200).has("У курьера"); strings.Contains(a.body, at+"/activate") {
			t.Error("a card with the courier can be activated")
		}
		w.asStaff(func(tx db.Tx) error {
			return w.Cards.HandOver(ctx, tx, p.id, k.ID, "staff:st_1", paper.Series+paper.Number)
		})
		p.get(at).is(200).has("Включить карту")
		thief.post(at+"/activate", proved()).is(404)
		p.post(at+"/activate", url.Values{"passcode": {anotherPasscode}}).is(422)
		p.post(at+"/activate", proved()).to(at + "/pin")
		if k = p.cardOf(name); k.State != card.Active {
			t.Fatalf("%+v", k)
		}
		p.get(at+"/pin").is(200).has("Карта включена", "Четыре цифры")
		p.get(at + "/activate").is(200).has("уже включена")
		for _, c := range []struct{ pin, repeat, says string }{
			{"1111", "1111", "подберут первым"}, {"1234", "1234", "подберут первым"}, {"2580", "2581", "не совпали"}, {"258", "258", "четыре цифры"}, {"", "", "четыре цифры"},
		} {
			a := p.post(at+"/pin", proved("pin", c.pin, "repeat", c.repeat)).is(422).has(c.says)
			if c.pin != "" && strings.Contains(a.body, `value="`+c.pin+`"`) {
				t.Error("the page gives a PIN back")
			}
		}
		p.post(at+"/pin", url.Values{"pin": {"2580"}, "repeat": {"2580"}}).is(422)
		thief.post(at+"/pin", proved("pin", "2580", "repeat", "2580")).is(404)
		if p.cardOf(name).PINSet {
			t.Fatal("a PIN was set")
		}
		p.post(at+"/pin", proved("pin", "2580", "repeat", "2580")).to(at)
		if !p.cardOf(name).PINSet {
			t.Fatal("no PIN was set")
		}
		p.post(at+"/pin", proved("ask", "unblock")).is(409).has("ПИН-код не заблокирован")
		for range 3 {
			w.asStaff(func(tx db.Tx) error {
				_, err := w.Cards.CountWrongPIN(ctx, tx, p.id, k.ID)
				return err
			})
		}
		p.get(at).is(200).has("ПИН-код заблокирован")
		p.get(at + "/pin").is(200).has("Его трижды ввели неверно")
		ask := p.get(at + "/pin?ask=unblock").is(200).form(at + "/pin")
		p.post(at+"/pin", ask).is(422)
		ask.Set("passcode", accesstest.Passcode)
		p.post(at+"/pin", ask).to(at)
		if k = p.cardOf(name); k.PINLeft != 3 {
			t.Errorf("%+v", k)
		}
		p.get("/cards/" + p.card + "/pin").is(200).has("У виртуальной карты нет ПИН-кода")
		p.post("/cards/"+p.card+"/pin", proved("pin", "2580", "repeat", "2580")).is(422)
		if regexp.MustCompile(`[^0-9a-z.]2580[^0-9a-z]`).MatchString(w.log.String()) {
			t.Error("the log holds the PIN")
		}
	})
}

// A card that is replaced dies at once and its page leads to the new one; a
// closed one leaves the money where it is.
func TestEndOfACard(t *testing.T) {
	each(t, func(w *world) {
		p, friend := w.person(1, 500), w.person(2, 0)
		at := "/cards/" + p.card
		w.Uses.Regular = []string{"Music Cloud"}
		form := p.get(at+"/reissue").is(200).has("Music Cloud", "умрёт сразу").form(at + "/reissue")
		form.Set("why", "fraud")
		p.post(at+"/reissue", form).is(422).has("Выберите, что случилось")
		form = p.get(at + "/reissue").is(200).form(at + "/reissue")
		form.Set("why", "leaked")
		heir := p.post(at+"/reissue", form).card()
		if again := p.post(at+"/reissue", form).card(); again != heir || heir == p.card {
			t.Errorf("%s, then %s", heir, again)
		}
		old, k := p.cardOf(p.card), p.cardOf(heir)
		if old.State != card.Blocked || old.Why != card.Leaked || old.Heir != k.ID || k.State != card.Active || !k.Main {
			t.Errorf("%+v\n%+v", old, k)
		}
		p.get(at).is(200).has("Карта больше не работает", "Вместо неё", k.Last4)
		p.get(at + "/reissue").is(200).has("уже есть новая")
		p.get("/cards").is(200).has("Ещё 1 карта уже не работает")
		p.post(at+"/freeze", url.Values{"state": {"frozen"}}).is(409)
		p.post(at+"/requisites", proved()).is(409)
		p.post(at+"/look", url.Values{"name": {"Старая"}}).is(409)

		now := "/cards/" + heir
		w.Uses.Held = 2
		p.get(now+"/close").is(200).has("последняя карта", "навсегда")
		p.post(now+"/close", url.Values{}).is(400)
		p.post(now+"/close", url.Values{"sure": {"1"}}).is(422).has("Незавершённых операций по карте: 2")
		w.Uses.Held = 0
		for range 2 {
			p.post(now+"/close", url.Values{"sure": {"1"}}).to("/cards")
		}
		if p.cardOf(heir).State != card.Closed || w.balance(p.account) != 500_00 {
			t.Error("not closed, or the money is gone")
		}
		// Nothing is left to pay with; everything is still to be seen.
		p.get("/home").is(200).has("500", "Новая карта")
		p.get("/transfer?to=" + p.payeeToken(friend.phone)).is(200)
		p.post("/transfer", url.Values{"to": {p.payeeToken(friend.phone)}, "amount": {"10"}}).is(422).has("Карт не осталось")
		p.get("/topup").is(200)
		next := p.post("/cards/new", p.newCard("virtual")).card()
		p.get("/cards/" + next).is(200).has("500,00")
		p.card = next
		p.pay(friend, "10")
	})
}

// Bad input into every field of the forms of one's own card: told, never a
// 5xx, and no card changes.
func TestBadInputIntoCardForms(t *testing.T) {
	w := lite(t)
	p := w.person(1, 0)
	at := "/cards/" + p.card
	before := webtest.Rows(t, w.DB, "card", "card_number", "card_delivery")
	for path, fields := range map[string][]string{
		"/freeze": {"state"}, "/requisites": {"passcode", "ref"}, "/pin": {"passcode", "pin", "repeat", "ask"}, "/activate": {"passcode"},
		"/suspend": {"until", "offer"}, "/reissue": {"key", "why", "address", "wish"}, "/look": {"art"},
	} {
		for _, field := range fields {
			for name, value := range nasty() {
				form := url.Values{field: {value}}
				if field == "why" {
					form.Set("key", id.NewSource(w.DB.Now).New().Text("ky"))
				}
				if field == "art" {
					form.Set("name", "")
				}
				if field == "art" && value == "" {
					continue // the page's own choice
				}
				a := p.post(at+path, form)
				if a.status < 400 || a.status >= 500 || strings.Contains(a.body, "<script>alert") || strings.Contains(a.body, "\x00") {
					t.Errorf("%s, %s = %s: %d\n%s", path, field, name, a.status, text(a.body))
				}
			}
			if a := p.post(at+path, url.Values{field: {"1", "2"}}); a.status < 400 || a.status >= 500 {
				t.Errorf("%s with %s twice: %d", path, field, a.status)
			}
		}
	}
	if changed := webtest.Differ(before, webtest.Rows(t, w.DB, "card", "card_number", "card_delivery")); len(changed) > 0 {
		t.Error(strings.Join(changed, "\n"))
	}
	// A name may be almost anything that can be read, and comes back as it is.
	name := `<b>"я"</b> & 'ты'`
	p.post(at+"/look", url.Values{"name": {name}}).to(at)
	if a := p.get(at).is(200); !strings.Contains(a.body, html.EscapeString(name)) || strings.Contains(a.body, "<b>") {
		t.Error("the name is not escaped")
	}
}
