package e2e

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/base/tier"
)

// TestSendPages holds the pages of every way of sending money to what TestPages
// holds the others to.
func TestSendPages(t *testing.T) {
	t.Parallel()
	d := startDemo(t, "")
	anya := d.Person("Аня")
	p := d.Open(t, Opt{Within: 15 * time.Minute, Allow: []string{"status of 4"}})
	w := walk{p, tier.Now() >= tier.CI || artefacts() != ""}
	p.Login(d, anya.Phone, anya.Passcode)

	w.phonePages(anya)
	w.linkPages(d, anya)
	w.friendPages()
	w.hookPages(d, anya)
}

// phonePages are those of a transfer to another bank, from its choice to the
// end. The card's form is among TestPages.
func (w walk) phonePages(who Person) {
	w.t.Helper()
	w.Go("/transfer")
	w.Fill("phone", elsewhere)
	w.Submit("Дальше")
	w.At("/transfer/bank")
	w.gate("banks", seldom)
	if w.all {
		banks := w.here()
		w.cost(banks)
		w.Fill("q", "Нет такого")
		w.Submit("Искать")
		w.gate("banks-none", seldom)
		w.Go(banks)
		w.leave(func() { w.Click("[aria-labelledby=h-banks] button") })
		w.gate("banks-nobody", seldom)
		w.Go(banks)
	}
	w.leave(func() { w.Click("[aria-labelledby=h-preferred] button") })
	w.At("/transfer/phone")
	form := w.here()
	w.quoted(func() { w.Fill("amount", "9999999") })
	w.Submit("Продолжить")
	w.gate("phone-out-error", seldom)
	w.quoted(func() { w.Fill("amount", "1000") })
	w.gate("phone-out", daily)
	w.Submit("Продолжить")
	w.At("/payout/confirm")
	confirm := w.here()
	w.gate("payout-confirm", seldom)
	w.cost(form)
	if w.all {
		w.cost(confirm)
	}
	w.Go(confirm)
	w.Fill("passcode", "1111")
	w.Submit("Перевести 1 000 ₽")
	w.gate("payout-confirm-error", seldom)
	w.payOut(who, "1 000", "Отправили 1 000 ₽")
	w.gate("payout", seldom)
	if !w.all {
		return
	}
	w.cost(w.Path())
	w.Go("/transfer/card")
	w.Fill("number", noCard)
	w.quoted(func() { w.Fill("amount", "500") })
	w.gate("card-out-fee", seldom)
	w.Submit("Продолжить")
	w.gate("payout-confirm-fee", seldom)
	w.payOut(who, "530", "Перевод не прошёл")
	w.gate("payout-refused", seldom)
	w.look("recipient-cards", "/transfer", seldom)
}

// payOut confirms a transfer to another bank and waits for its end.
func (w walk) payOut(who Person, total, end string) {
	w.t.Helper()
	w.Fill("passcode", who.Passcode)
	w.Submit("Перевести " + total + " ₽")
	w.AtPrefix("/payouts/po_")
	w.Sees(end)
}

// linkPages are those of money by a link: of the sender, and of the receiver,
// who is nobody's client.
func (w walk) linkPages(d *Demo, who Person) {
	w.t.Helper()
	w.look("link-form", "/transfer/link", seldom)
	w.look("links", "/links", seldom)
	link := w.sendLink(d, who, "+79035550341", "500")
	w.gate("link", seldom)
	if w.all {
		w.cost(link.page)
	}
	r := walk{link.open(w.t, Opt{Within: 8 * time.Minute, Allow: []string{"status of 4"}}), w.all}
	r.gate("claim", daily)
	r.cost(strings.TrimPrefix(link.url, d.Cabinet))
	if !w.all {
		return
	}
	r.Go(link.url)
	r.Submit("Получить код")
	r.gate("claim-code", seldom)
	code := link.phone.Code()
	r.Fill("code", other(code))
	r.Submit("Дальше")
	r.gate("claim-code-error", seldom)
	r.Fill("code", code)
	r.Submit("Дальше")
	r.gate("claim-where", seldom)
	r.Submit("На карту")
	r.gate("claim-card", seldom)
	r.Fill("card", "1234")
	r.Submit("Дальше")
	r.gate("claim-card-error", seldom)
	r.Submit("Другой способ")
	r.Submit("Кошелёк «Копилка»")
	r.gate("claim-wallet", seldom)
	r.Fill("wallet", "+79035550341")
	r.Submit("Дальше")
	r.gate("claim-plan", seldom)
	r.Submit("Получить 500 ₽")
	r.gate("claim-done", seldom)
	r.Go("/l/nothing")
	r.gate("claim-lost", seldom)
	w.Sees("Деньги получены")
	w.gate("link-done", seldom)
}

func (w walk) friendPages() {
	w.t.Helper()
	for name, path := range map[string]string{"friends": "/friends", "friend-new": "/friends/new"} {
		w.look(name, path, seldom)
	}
	if !w.all {
		return
	}
	w.Go("/friends/new")
	w.Submit("Добавить")
	w.gate("friend-new-error", seldom)
	w.Go("/friends")
	w.Submit("Павел")
	w.gate("friend", seldom)
	w.cost(w.Path())
	w.Press("Удалить из друзей")
	w.Sees("Человек исчезнет из списка")
	w.gate("friend-remove", seldom)
}

// hookPages are those of a webhook: with nothing told, with a delivery that
// failed and one that was taken.
func (w walk) hookPages(d *Demo, who Person) {
	w.t.Helper()
	if !w.all {
		return
	}
	calls := make(chan heard, 16)
	program := httptest.NewServer(http.HandlerFunc(func(a http.ResponseWriter, r *http.Request) {
		a.WriteHeader(http.StatusInternalServerError)
		calls <- heard{r.Header, nil}
	}))
	w.t.Cleanup(program.Close)
	code, hook := d.Call("POST", "/webhooks", who.Token, map[string]any{"url": program.URL, "events": []string{"operation"}},
		map[string]string{"Idempotency-Key": "hook-pages"})
	if code != http.StatusCreated {
		w.t.Fatalf("POST /webhooks: %d %v", code, hook)
	}
	page := "/profile/webhooks/" + hook["id"].(string)
	w.look("webhook-empty", page, seldom)
	d.Pay(who, d.Person("Павел").Phone, "10.00")
	next(w.t, calls)
	w.look("webhook", page, seldom)
	w.look("tokens-webhook", "/profile/tokens", seldom)
}
