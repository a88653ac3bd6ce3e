package e2e

import (
	"testing"
	"time"
)

// Cards of other banks in the sandbox: one that takes money at once, one that
// does not exist, and one whose bank answers when nobody waits any more.
const (
	goodCard = "2200 0000 0000 0004"
	noCard   = "2200 0000 0000 0145"
	lateCard = "2200 0000 0000 9021"
)

// toAnotherBank sends money to other banks' cards: bank, fee and limit are told
// while one types, and the page tells how it ended, live where it is late.
func toAnotherBank(t *testing.T, d *Demo) {
	who := d.Person("Марина")
	p := d.Open(t, Opt{Mobile: true, Within: 5 * time.Minute, Allow: []string{"status of 4"}})
	p.Login(d, who.Phone, who.Passcode)
	before := d.Balance(who.Token)
	send := func(card, amount, button string) {
		t.Helper()
		p.Go("/transfer")
		p.Click(`a[href="/transfer/card"]`)
		p.At("/transfer/card")
		p.Fill("number", card)
		p.quoted(func() { p.Fill("amount", amount) })
		p.Sees("Банк получателя: Банк Заря")
		p.Submit("Продолжить")
		p.At("/payout/confirm")
		p.Sees("в Банк Заря: 1,5 %, не меньше 30 ₽")
		p.Fill("passcode", who.Passcode)
		p.Submit(button)
		p.AtPrefix("/payouts/po_")
	}
	send(goodCard, "1000", "Перевести 1 030 ₽")
	p.Sees("Отправили 1 000 ₽")
	send(noCard, "500", "Перевести 530 ₽")
	p.Sees("Перевод не прошёл")
	p.Sees("Деньги у вас")
	send(lateCard, "200", "Перевести 230 ₽")
	p.Sees("Отправили 200 ₽") // the page waits for it by itself
	if got := before - d.Balance(who.Token); got != 1_260_00 {
		t.Errorf("%d kopecks left, want 126000", got)
	}
	p.Go("/home")
	p.Sees("На карту •• 0004")
	p.Sees("Не прошёл, деньги у вас")
}
