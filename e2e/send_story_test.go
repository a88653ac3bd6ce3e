package e2e

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// Somebody in another bank, whose phone nobody has sent money to before, and
// one whose bank takes its time (the sandbox's rail, docs/phonerail.md).
const (
	elsewhere     = "+79035550255"
	slowElsewhere = "+79035550210"
)

// Every way of sending money that is not to a client by phone: to another bank
// by phone, by a link, to a friend, and a program that hears of it. The links
// come last: one of them ends by the demo's clock.
func TestSendStories(t *testing.T) {
	t.Parallel()
	storyDemo(t, func(t *testing.T, d *Demo) {
		t.Run("by phone to another bank", func(t *testing.T) { toAnotherBankByPhone(t, d.in(t)) })
		t.Run("a friend is added and paid", func(t *testing.T) { paysFriend(t, d.in(t)) })
		t.Run("a webhook hears of a transfer", func(t *testing.T) { webhookHears(t, d.in(t)) })
		t.Run("money by a link", func(t *testing.T) { byLink(t, d.in(t)) })
		d.Verify()
	})
}

// maskedName is how another bank names its client: first name, patronymic, and
// of the surname one letter.
var maskedName = regexp.MustCompile(`\p{Lu}\p{Ll}+ \p{Lu}\p{Ll}+ \p{Lu}\.`)

// toAnotherBankByPhone sends money to somebody who is nobody's client here: the
// bank he prefers stands first, his name is seen before anything is confirmed,
// and the page tells when the money is there, also where it takes a while.
func toAnotherBankByPhone(t *testing.T, d *Demo) {
	who := d.Person("Света")
	p := d.Open(t, Opt{Mobile: true, Within: 5 * time.Minute, Allow: []string{"status of 4"}})
	p.Login(d, who.Phone, who.Passcode)
	before := d.Balance(who.Token)

	begun := p.taps
	p.Submit("Перевести")
	p.At("/transfer")
	p.Fill("phone", elsewhere)
	p.Submit("Дальше")
	p.At("/transfer/bank")
	p.Sees("Среди наших клиентов этого номера нет")
	first := "[aria-labelledby=h-preferred] button"
	bank := p.JS("document.querySelector(" + quote(first) + ").querySelector('.t-h3').textContent")
	p.leave(func() { p.Click(first) })
	p.At("/transfer/phone")
	name := maskedName.FindString(p.TextOf("main"))
	if name == "" || !strings.Contains(p.TextOf("main"), bank) {
		t.Errorf("before the sum one sees the name %q, of the bank %q%s", name, bank, p.where())
	}
	p.quoted(func() { p.Fill("amount", "1000") })
	p.Sees("Без комиссии")
	p.Submit("Продолжить")
	p.At("/payout/confirm")
	p.Sees(name)
	p.Sees(bank)
	taps := p.taps
	p.Fill("passcode", who.Passcode)
	p.taps = taps // the passcode is not counted
	p.Submit("Перевести 1 000 ₽")
	p.AtPrefix("/payouts/po_")
	p.Sees("Отправили 1 000 ₽")
	p.Sees("Банк получателя принял деньги")
	p.Sees(name)
	if taps := p.taps - begun; taps > 9 {
		t.Errorf("a transfer to a new phone in another bank took %d taps, at most 9", taps)
	}

	p.Go("/transfer")
	p.Fill("phone", slowElsewhere)
	p.Submit("Дальше")
	p.At("/transfer/bank")
	p.leave(func() { p.Click(first) })
	p.quoted(func() { p.Fill("amount", "200") })
	p.Submit("Продолжить")
	p.At("/payout/confirm")
	p.Fill("passcode", who.Passcode)
	p.Submit("Перевести 200 ₽")
	p.AtPrefix("/payouts/po_")
	p.SeesLate("Отправили 200 ₽") // live: nobody loads the page anew
	p.Go("/home")
	p.Sees(name)
	if got := before - d.Balance(who.Token); got != 1_200_00 {
		t.Errorf("%d kopecks left, want 120000", got)
	}
}

// paysFriend writes a friend into the book under a name of one's own and pays
// him from the transfer page with four taps.
func paysFriend(t *testing.T, d *Demo) {
	who, friend := d.Person("Света"), d.Person("Тимур")
	p := d.Open(t, Opt{Mobile: true, Within: 5 * time.Minute})
	p.Login(d, who.Phone, who.Passcode)
	before := d.Balance(friend.Token)

	p.Go("/friends")
	p.Submit("Тимур") // the demo has made everybody friends
	p.Press("Удалить из друзей")
	p.Sees("Человек исчезнет из списка")
	p.leave(func() { p.Click("button[value=remove]") })
	p.At("/friends")
	p.SeesNot("Тимур")
	p.Submit("Добавить друга")
	p.At("/friends/new")
	p.Fill("name", "Тимка с дачи")
	p.Fill("phone", friend.Phone)
	p.Choose("favourite", "1")
	p.Submit("Добавить")
	p.At("/friends")
	p.Sees("Тимка с дачи")

	p.Go("/home")
	begun := p.taps
	p.Submit("Перевести")
	p.At("/transfer")
	p.Submit("Тимка с дачи")
	p.At("/transfer")
	p.quoted(func() { p.Fill("amount", "310") })
	p.Sees("Тимур А.") // the bank's word, beside one's own
	p.Submit("Продолжить")
	p.At("/transfer/confirm")
	p.Confirm(who.Passcode)
	p.AtPrefix("/transfers/tr_")
	p.Sees("Отправили 310 ₽")
	if taps := p.taps - begun; taps > 4 {
		t.Errorf("a transfer to a friend took %d taps, at most 4", taps)
	}
	if got := d.Balance(friend.Token) - before; got != 310_00 {
		t.Errorf("the friend got %d kopecks, want 31000", got)
	}
}
