package cabinet_test

import (
	"html"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/dispute"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
)

// buys writes a purchase by card into the client's feed and gives its page.
func (p *person) buys(shop string, roubles int64) string {
	p.w.Helper()
	feed := operation.New(p.w.DB, p.w.Vault)
	which, err := id.Parse("cd", p.card)
	if err != nil {
		p.w.Fatal(err)
	}
	sum := money.Rub(roubles * 100)
	o := operation.Operation{
		ID: feed.NewID(), Client: p.id, Account: p.account, Kind: operation.Purchase, State: operation.Done, Amount: money.Rub(-sum.Minor), Fee: money.Rub(0),
		Details: operation.Details{Name: shop, Purchase: &operation.PurchaseDetails{Card: which, MCC: "7832", City: "Moskva", Country: "643", Local: sum, Held: sum, Channel: "internet"}},
	}
	if err := p.w.DB.Write(ctx, func(tx db.Tx) error { return feed.Add(ctx, tx, o) }); err != nil {
		p.w.Fatal(err)
	}
	return "/operations/" + o.Text()
}

// disputes reports a problem with a purchase and gives the page of the dispute.
func (p *person) disputes(page string) string {
	p.w.Helper()
	return p.post(page+"/dispute", url.Values{"why": {"twice"}, "words": {"Заплатил один раз, списали два"}}).to("/disputes/")
}

// From the page of a purchase to the answer: the form keeps what was typed, a
// second tap opens nothing new, a question is answered, a dispute taken back.
func TestDisputeStory(t *testing.T) {
	w := lite(t)
	p := w.person(1, 1000)
	bought := p.buys("Kinoteatr", 500)
	p.get(bought).is(200).has("Сообщить об ошибке")
	p.get("/disputes").is(200).has("Обращений нет")
	form := p.get(bought+"/dispute").is(200).has("Kinoteatr", "22 декабря").form(bought + "/dispute")
	if form.Get("why") != "" {
		t.Error("a reason is chosen for him")
	}
	a := p.post(bought+"/dispute", url.Values{"why": {"other"}, "words": {"мало"}}).is(422)
	if !strings.Contains(a.body, `aria-invalid="true"`) || !strings.Contains(a.body, ">мало</textarea>") || a.form(bought+"/dispute").Get("why") != "other" {
		t.Error("what was typed is lost")
	}
	p.post(bought+"/dispute", url.Values{"why": {"mood"}, "words": {"Заплатил один раз"}}).is(422)
	page := p.disputes(bought)
	if again := p.disputes(bought); again != page {
		t.Errorf("a second tap leads to %s, not %s", again, page)
	}
	p.get(page).is(200).has("Списали дважды", "Разбираемся", "Заплатил один раз", "22 декабря")
	p.get(bought).is(200).has("Обращение", "ответим до")
	p.get(bought + "/dispute").to(page)
	p.get("/disputes").is(200).has("Списали дважды")

	p.post(page, url.Values{"act": {"answer"}, "words": {"Вот мой ответ"}}).is(409)
	p.post(page, url.Values{"act": {"sing"}}).is(400)
	key, err := id.Parse(dispute.Prefix, strings.TrimPrefix(page, "/disputes/"))
	if err != nil {
		t.Fatal(err)
	}
	by := dispute.By{Member: id.NewSource(time.Now).New(), Ref: "staff:st_1"}
	act := func(do func(tx db.Tx) error) {
		t.Helper()
		if err := w.DB.Write(ctx, do); err != nil {
			t.Fatal(err)
		}
	}
	act(func(tx db.Tx) error { return w.disputes.Take(ctx, tx, p.id, key, by) })
	act(func(tx db.Tx) error {
		return w.disputes.Ask(ctx, tx, p.id, key, by, "Какой номер заказа?")
	})
	p.get(page).is(200).has("Ждём вашего ответа", "Какой номер заказа?")
	p.post(page, url.Values{"act": {"answer"}, "words": {" "}}).is(422)
	p.post(page, url.Values{"act": {"answer"}, "words": {"Номер <b>15</b>"}}).to(page)
	p.get(page).is(200).has("Номер <b>15</b>", "Разбираемся")
	p.post(page, url.Values{"act": {"withdraw"}}).to(page)
	p.get(page).is(200).has("Отозвано")
	p.post(page, url.Values{"act": {"withdraw"}}).is(409)
	p.get(bought).is(200).has("Сообщить об ошибке")

	// The money comes from staff, and both pages say so.
	second := p.disputes(bought)
	if key, err = id.Parse(dispute.Prefix, strings.TrimPrefix(second, "/disputes/")); err != nil {
		t.Fatal(err)
	}
	act(func(tx db.Tx) error { return w.disputes.Accept(ctx, tx, p.id, key, by, money.Rub(500_00)) })
	credit := p.get(second).is(200).has("Деньги вернули", "500 ₽ уже на вашем счёте")
	at := strings.Index(credit.body, "/operations/op_")
	p.get("/operations").is(200).has("Возврат по обращению")
	if at < 0 {
		t.Error("the page does not lead to the money")
	}
	p.post(bought+"/dispute", url.Values{"why": {"twice"}, "words": {"Ещё раз о том же"}}).is(422).has("уже вернули")
	// What is no purchase has no such row and no such form.
	friend := w.person(2, 0)
	sent := strings.Replace(p.pay(friend, "10"), "/transfers/tr_", "/operations/op_", 1)
	if strings.Contains(p.get(sent).is(200).body, "/dispute") {
		t.Error("a transfer can be disputed")
	}
	p.get(sent + "/dispute").is(422)
}

// The feed flags what is disputed for as long as somebody owes an answer, on
// every list of operations, and open pages learn of it live.
func TestDisputedRows(t *testing.T) {
	each(t, func(w *world) {
		p := w.person(1, 1000)
		bought := p.buys("Кинотеатр", 500)
		p.buys("Булочная", 100)
		const flag, asked = "разбираемся", "ждём ответа"
		flags := func(want string, times int) {
			t.Helper()
			for _, path := range []string{"/home", "/operations"} {
				page := p.get(path).is(200).body
				for _, words := range []string{flag, asked} {
					n := 0
					if words == want {
						n = times
					}
					if got := strings.Count(page, words); got != n {
						t.Errorf("%s says %q %d times, want %d", path, words, got, n)
					}
				}
			}
		}
		flags(flag, 0)
		events, stop := p.listen()
		defer stop()
		await(t, events, "hx-partial")
		page := p.disputes(bought)
		await(t, events, flag)
		flags(flag, 1)
		key, err := id.Parse(dispute.Prefix, strings.TrimPrefix(page, "/disputes/"))
		if err != nil {
			t.Fatal(err)
		}
		by := dispute.By{Member: id.NewSource(time.Now).New(), Ref: "staff:st_1"}
		for _, do := range []func(tx db.Tx) error{
			func(tx db.Tx) error { return w.disputes.Take(ctx, tx, p.id, key, by) },
			func(tx db.Tx) error {
				return w.disputes.Ask(ctx, tx, p.id, key, by, "Какой номер заказа?")
			},
		} {
			if err := w.DB.Write(ctx, do); err != nil {
				t.Fatal(err)
			}
		}
		flags(asked, 1)
		p.post(page, url.Values{"act": {"answer"}, "words": {"Номер 15"}}).to(page)
		await(t, events, flag)
		p.post(page, url.Values{"act": {"withdraw"}}).to(page)
		await(t, events, "Кинотеатр")
		flags(flag, 0)
	})
}

// A session that ends while a dispute is written loses nothing: what was said
// meets its owner after the login, and stands in no address.
func TestExpiredSessionKeepsADispute(t *testing.T) {
	w := lite(t)
	p := w.person(1, 1000)
	path := p.buys("Kinoteatr", 500) + "/dispute"
	for name, c := range map[string]struct{ words, kept string }{
		"some words": {"Заплатил <один> раз & списали два\nвот чек", "Заплатил <один> раз & списали два\nвот чек"},
		"a thousand": {strings.Repeat("я", 1001), strings.Repeat("я", 1000)},
		"too long":   {strings.Repeat("🧾", 1000), strings.Repeat("🧾", 562)},
		"nothing":    {"", ""},
	} {
		form := p.get(path).is(200).form(path)
		form.Set("why", "twice")
		form.Set("words", c.words)
		w.Wait(5*time.Minute + time.Second)
		login := p.post(path, form).to("/login")
		if !strings.Contains(login, "kept=1") || strings.Contains(login, "twice") {
			t.Errorf("%s: %s", name, login)
		}
		pass := p.get(login).is(200).form("/login/passcode")
		pass.Set("passcode", accesstest.Passcode)
		back := p.post("/login/passcode", pass).is(303).header.Get("Location")
		kept := p.get(back).is(200)
		_, words, _ := strings.Cut(kept.body, "<textarea")
		_, words, _ = strings.Cut(words, ">")
		words, _, _ = strings.Cut(words, "</textarea>")
		if kept.form(path).Get("why") != "twice" || html.UnescapeString(words) != c.kept {
			t.Errorf("%s: kept %d letters: %q", name, utf8.RuneCountInString(html.UnescapeString(words)), words)
		}
		if name == "some words" {
			w.person(2, 0).get(back).is(404)
			p.get(path + "?draft=x").to(path)
			p.get(path).is(200).has("Форма открыта слишком давно")
		}
	}
	page := p.disputes(strings.TrimSuffix(path, "/dispute"))
	w.Wait(5*time.Minute + time.Second)
	if login := p.post(page, url.Values{"act": {"answer"}, "words": {"Номер 15"}}).to("/login"); !strings.Contains(login, "kept=1") {
		t.Error(login)
	}
}
