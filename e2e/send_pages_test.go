package e2e

import (
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
	link := w.sendLink(d, who, "+79035550341", "500")
	r := walk{link.open(w.t, Opt{Within: 8 * time.Minute, Allow: []string{"status of 4"}}), w.all}
	r.gate("claim", daily)
	r.cost(strings.TrimPrefix(link.url, d.Cabinet))
}
