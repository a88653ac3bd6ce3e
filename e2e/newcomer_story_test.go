package e2e

import (
	"testing"
	"time"

	"rocketbank/internal/base/tier"
)

// The main job: a newcomer with a phone orders a card, fills it from another
// bank's card and sends money to a friend, who sits at another device and sees
// it at once. Told on both databases in every tier.
func TestNewcomerStory(t *testing.T) {
	t.Parallel()
	eachDemo(t, func(t *testing.T, d *Demo) {
		friend := d.Person("Павел")
		p := d.Open(t, Opt{Mobile: true, Within: 4 * time.Minute})
		f := d.Open(t, Opt{Within: 4 * time.Minute})

		p.Order(d, kira)
		p.Submit("На главную")
		p.At("/home")
		p.Sees("Привет, " + kira.first())
		p.Sees("Здесь пока тихо")
		if got := p.Total(); got != 0 {
			t.Errorf("a new account holds %d kopecks", got)
		}
		p.Live()

		p.Submit("Пополнить")
		p.At("/topup")
		p.TopUp(d, "20 000")
		p.Sees("20 000,00 ₽")
		p.Submit("На главную")
		p.SeesTotal(20_000_00)

		f.Login(d, friend.Phone, friend.Passcode)
		f.Live()
		inbox := d.Inbox(friend.Phone)
		before := f.Total()
		if api := d.Balance(friend.Token); api != before {
			t.Errorf("the friend's page says %d kopecks, the API %d", before, api)
		}
		f.JS("window.e2eStays=1")

		begun := p.taps
		p.Submit("Перевести")
		p.At("/transfer")
		p.Find(friend.Phone)
		p.Sees("Павел К.")
		p.SeesNot("Кузнецов")
		p.quoted(func() { p.Fill("amount", "5000,5") })
		p.Sees("Без комиссии")
		p.Sees("60 000 из 60 000 ₽") // nobody has met her with the passport yet
		p.Fill("message", "За билеты 🎬")
		p.Submit("Продолжить")
		p.At("/transfer/confirm")
		p.Sees("5 000,50 ₽")
		p.Sees("Павел К.")
		p.Sees("14 999,50 ₽") // what will be left
		p.Confirm(kira.Passcode)
		p.AtPrefix("/transfers/tr_")
		p.Sees("Отправили 5 000,50 ₽")
		p.Sees("Павел К.")
		p.Sees("За билеты 🎬")
		if taps := p.taps - begun; taps > 9 {
			t.Errorf("a transfer to a new recipient took %d taps, at most 9", taps)
		}

		f.SeesTotal(before + 5_000_50)
		f.Sees(kira.first() + " Л.")
		f.Sees("+5 000,50 ₽")
		f.Sees(kira.first() + " Л.: пришло 5 000,50 ₽") // and it is said
		if f.JS("window.e2eStays") != "1" {
			t.Error("the friend's page was loaded anew")
		}
		inbox.Next("5 000,50")

		p.Submit("На главную")
		p.SeesTotal(14_999_50)
		p.Sees("−5 000,50 ₽")
		p.SeesNot("Здесь пока тихо")
		f.Click("a[href^='/operations/']")
		f.AtPrefix("/operations/op_")
		f.Sees("За билеты 🎬")
		f.Sees("+5 000,50 ₽")

		// The second time the friend is known: fewer taps. He is looking at
		// another tab meanwhile and finds the money when he comes back.
		f.Go("/home")
		f.Live()
		f.Hide(true)
		begun = p.taps
		p.Submit("Перевести")
		p.Submit("Павел К.")
		p.quoted(func() { p.Fill("amount", "1000") })
		p.Submit("Продолжить")
		p.At("/transfer/confirm")
		p.Confirm(kira.Passcode)
		p.AtPrefix("/transfers/tr_")
		if taps := p.taps - begun; taps > 4 {
			t.Errorf("a transfer to a known friend took %d taps, at most 4", taps)
		}
		f.Hide(false)
		f.SeesTotal(before + 6_000_50)
		if got, want := d.Balance(friend.Token), before+6_000_50; got != want {
			t.Errorf("the API says the friend has %d kopecks, want %d", got, want)
		}
		d.Verify()
		if tier.Now() >= tier.CI { // and nothing of it is lost with the power
			for _, open := range []*Page{p, f} { // their streams are cut with it
				open.Allow("ERR_INCOMPLETE")
				open.Allow("ERR_CONNECTION")
			}
			d.Kill()
			d.Restart()
			p.Go("/home")
			p.SeesTotal(13_999_50)
			d.Verify()
		}
	})
}
