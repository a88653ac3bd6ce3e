package e2e

import (
	"testing"
	"time"

	"rocketbank/internal/base/tier"
)

// Somebody who reads English walks the client's path and meets no Russian
// word: not in the pages, not in what screen readers hear, not in errors.
func TestEnglishStory(t *testing.T) {
	t.Parallel()
	tier.AtLeast(t, tier.CI)
	storyDemo(t, func(t *testing.T, d *Demo) {
		friend, good := d.Person("Павел"), d.Card("good")
		p := d.Open(t, Opt{Mobile: true, Lang: "en-US", Within: 5 * time.Minute, Allow: []string{"status of 4"}})
		phone := d.Inbox(polly.Phone)
		p.Go("/")
		p.english("landing")
		p.Submit("Get a card")
		p.Fill("phone", "12")
		p.Submit("Get a code")
		p.english("order with errors")
		p.Fill("phone", polly.Phone)
		p.Submit("Get a code")
		p.At("/order/code")
		p.english("code")
		sms := phone.Next("Rocketbank card")
		if cyrillic.MatchString(sms.Text) {
			t.Errorf("the SMS is not English: %q", sms.Text)
		}
		p.Fill("code", sixDigits.FindStringSubmatch(sms.Text)[1])
		p.Submit("Next")
		p.At("/order/person")
		p.Fill("birth_date", "30.02.1990")
		p.Submit("Save and go on")
		p.english("person with errors")
		p.FillPerson(polly)
		p.FillPassport(polly)
		p.english("address")
		p.FillAddress(polly)
		p.english("photos")
		p.SendScans(polly)
		p.english("code word")
		p.FillWord(polly)
		p.At("/order/check")
		p.english("check")
		p.Submit("Send the application")
		p.At("/order/status")
		p.english("status")
		d.Approve(t, p.applicationNumber(), p)
		p.Go("/order/status")
		p.english("approved")
		p.FirstLogin(d, polly)
		p.english("card ready")
		p.Submit("Go home")
		p.At("/home")
		p.english("empty home")

		p.Go("/topup")
		p.quoted(func() { p.Fill("amount", "500") })
		p.english("top-up with a fee")
		p.quoted(func() { p.Fill("amount", "6000") })
		p.Fill("card_number", "4111 1111 1111 1112")
		p.Submit("Top up")
		p.english("top-up with errors")
		p.Fill("card_number", good.Number)
		p.Fill("card_expiry", good.Exp)
		p.Fill("card_cvc", good.CVC)
		p.Submit("Top up")
		p.Sees("Confirm the payment")
		p.Fill("code", good.Code)
		p.leave(func() { p.Click("#pay") })
		p.AtPrefix("/topup/tu_")
		p.Sees("Topped up by")
		p.english("top-up done")
		p.Go("/home")
		p.english("home")

		p.Go("/transfer")
		p.english("recipient")
		p.Fill("phone", "+79165559988")
		p.Submit("Next")
		p.At("/transfer/bank")
		p.english("banks")
		p.Submit("No bank known?")
		p.Sees("Nobody here has this number")
		p.english("not a client")
		p.Go("/transfer")
		p.Find(friend.Phone, "Next")
		p.quoted(func() { p.Fill("amount", "7000") })
		p.Sees("₽1,000 short")
		p.Submit("Continue")
		p.english("not enough money")
		p.quoted(func() { p.Fill("amount", "2500.50") })
		p.english("transfer")
		p.Submit("Continue")
		p.At("/transfer/confirm")
		p.english("confirm")
		p.Fill("passcode", "113355")
		p.Submit("Send ₽2,500.50")
		p.english("wrong passcode")
		p.Fill("passcode", polly.Passcode)
		p.Submit("Send ₽2,500.50")
		p.AtPrefix("/transfers/tr_")
		p.Sees("Sent ₽2,500.50")
		p.english("receipt")
		for _, path := range []string{"/operations", "/payments", "/more", "/profile/devices", "/profile/tokens", "/profile/settings", "/help", "/help/safety", "/offline", "/api/docs", "/no-such-page"} {
			p.Go(path)
			p.english(path)
		}
		p.Go("/more")
		p.Submit("Log out")
		p.At("/login")
		p.english("login")
	})
}

// english fails when anything a person reads or hears on the page has a
// Cyrillic letter, but for names of people and of the language itself.
func (p *Page) english(where string) {
	p.t.Helper()
	p.Until("document.documentElement.lang==='en'")
	found := p.JS(`(()=>{const out=[],say=s=>{
			const left=(s??'').replace(/Рокетбанк|Павел( К\.)?|ПК|Аня Соколова|Русский|Рус/g,'');
			if(/[А-Яа-яЁё]/.test(left))out.push(left.trim().slice(0,120))};
		say(document.title);
		const walk=document.createTreeWalker(document.body,NodeFilter.SHOW_TEXT);
		while(walk.nextNode())if(!walk.currentNode.parentElement.closest('script,style,[lang=ru]'))say(walk.currentNode.data);
		for(const e of document.body.querySelectorAll('*'))if(!e.closest('[lang=ru]'))for(const a of ['aria-label','placeholder','title','alt','data-busy','data-done'])say(e.getAttribute(a));
		return out.join(' | ')})()`)
	if found != "" {
		p.t.Errorf("%s speaks Russian: %s", where, found)
	}
}
