package e2e

import (
	"strings"
	"testing"
	"time"
)

// byLink sends money to phones of people whom the bank does not know: each of
// them takes it another way, one link is cancelled and one runs out.
func byLink(t *testing.T, d *Demo) {
	who := d.Person("Марина")
	s := d.Open(t, Opt{Within: 8 * time.Minute, Allow: []string{"status of 4"}})
	s.Login(d, who.Phone, who.Passcode)
	before := d.Balance(who.Token)
	for _, x := range []struct{ phone, sum, way, field, number, shown string }{
		{"+79035550331", "500", "На карту", "card", goodCard, "На карту другого банка"},
		{"+79035550332", "150", "Орбита", "mobile", "+79035550332", "На счёт телефона"},
		{"+79035550333", "250", "Кошелёк «Копилка»", "wallet", "+79035550333", "В кошелёк"},
	} {
		link := s.sendLink(d, who, x.phone, x.sum)
		r := link.open(t, Opt{Mobile: true})
		r.Sees("Марина О. отправляет вам")
		r.proveLink(link)
		r.Sees("отозвана лицензия") // a wallet that is closed is shown, with why
		r.Submit(x.way)
		r.Fill(x.field, x.number)
		r.Submit("Дальше")
		r.Sees("Всё верно?")
		r.Submit("Получить " + x.sum + " ₽")
		r.Sees("Деньги у вас")
		s.Sees("Деньги получены") // live
		s.Sees(x.shown)
		r.Shut()
		again := link.open(t, Opt{Mobile: true, Allow: []string{"status of 4"}})
		again.SeesNot("Получить код")
		again.Shut()
	}
	if got := before - d.Balance(who.Token); got != 900_00 {
		t.Errorf("three links took %d kopecks, want 90000", got)
	}

	link := s.sendLink(d, who, "+79035550334", "700")
	r := link.open(t, Opt{Mobile: true, Allow: []string{"status of 4"}})
	r.proveLink(link)
	s.Submit("Отменить и вернуть деньги")
	s.Sees("Перевод отменён")
	r.Submit("Кошелёк «Копилка»") // too late
	r.SeesNot("Номер кошелька")
	r.Go(link.url)
	r.Sees("Здесь ничего нет")
	r.Shut()

	expires(t, d, who, s)
	if got := before - d.Balance(who.Token); got != 900_00 {
		t.Errorf("after a cancelled and an expired link %d kopecks are gone, want 90000", got)
	}
}

// expires lets a week pass by the demo's clock: both are reminded a day ahead,
// then the money is back.
func expires(t *testing.T, d *Demo, who Person, s *Page) {
	link := s.sendLink(d, who, "+79035550335", "800")
	sender := d.Inbox(who.Phone)
	clock := Open(t, d.Sandbox, Opt{Within: 5 * time.Minute})
	clock.Go("/clock")
	sent := clock.bankDay()
	clock.passUntil(sent.AddDate(0, 0, 6))
	link.phone.Next("ждут вас до")
	sender.Next("ещё не получены")
	clock.passUntil(sent.AddDate(0, 0, 7))
	sender.Next("не получен за 7 дней")
	s.Go(link.page)
	s.Sees("Срок ссылки вышел")
	r := link.open(t, Opt{Mobile: true, Allow: []string{"status of 4"}})
	r.Sees("Здесь ничего нет")
}

// sentLink is money that waits behind a link.
type sentLink struct {
	d     *Demo
	phone *Inbox // of the receiver
	url   string // the link itself
	page  string // where the sender sees it
}

// sendLink walks from the menu to the page that waits for the receiver.
func (p *Page) sendLink(d *Demo, who Person, to, sum string) sentLink {
	p.t.Helper()
	phone := d.Inbox(to)
	p.Go("/transfer")
	p.Submit("По ссылке")
	p.At("/transfer/link")
	p.Fill("phone", to)
	p.Fill("amount", sum)
	p.Submit("Продолжить")
	p.At("/link/confirm")
	p.Fill("passcode", who.Passcode)
	p.Submit("Перевести " + sum + " ₽")
	p.AtPrefix("/links/lk_")
	p.Sees("Ждёт получателя")
	text := phone.Next("/l/").Text
	words := strings.Fields(text)
	url := words[len(words)-1]
	if !strings.HasPrefix(url, d.Cabinet+"/l/") {
		p.t.Fatalf("the SMS leads to %q: %s", url, text)
	}
	return sentLink{d, phone, url, p.Path()}
}

// open opens the link where the receiver reads his SMS: a browser of his own.
func (l sentLink) open(t testing.TB, o Opt) *Page {
	t.Helper()
	p := l.d.Open(t, o)
	p.Go(l.url)
	return p
}

// proveLink enters the code that comes to the receiver's phone.
func (p *Page) proveLink(l sentLink) {
	p.t.Helper()
	p.Submit("Получить код")
	p.Fill("code", l.phone.Code())
	p.Submit("Дальше")
	p.Sees("Куда зачислить?")
}
