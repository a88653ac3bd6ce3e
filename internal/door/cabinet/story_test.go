package cabinet_test

import (
	"net/url"
	"strings"
	"testing"

	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/topup"
)

// A newcomer orders a card, tops it up from another bank's card, sends money to
// a friend and sees the receipt; the friend has the money.
func TestNewcomerToReceipt(t *testing.T) {
	each(t, func(w *world) {
		friend := w.person(2, 0)
		me := w.browser()
		me.get("/").is(200)
		me.get("/order").is(200)
		w.takenOn(1, "Пётр", "Волков")
		me.firstLogin(1)
		me.get("/home").is(200).has("Пётр Волков")

		// Top-up below the free sum: the fee is shown before anything is charged.
		form := me.get("/topup").is(200).form("/topup")
		form.Set("amount", "1 000")
		form.Set("card_number", "4111 1111 1111 1111")
		form.Set("card_expiry", "12/28")
		form.Set("card_cvc", "123")
		form.Del("agreed")
		seen := me.post("/topup", form).is(200).has("30 ₽")
		if w.acquirer.asked != 0 {
			t.Fatal("charged before the fee was seen")
		}
		form = seen.form("/topup") // neither number nor CVC comes back: TestTheOtherBanksCardNeverComesBack
		form.Set("card_number", "4111 1111 1111 1111")
		form.Set("card_cvc", "123")
		there := me.post("/topup", form).is(303).header.Get("Location")
		if !strings.HasPrefix(there, otherBank+"/3ds/tu_") {
			t.Fatal("the other bank's page is at", there)
		}
		if again := me.post("/topup", form).is(303).header.Get("Location"); again != there || w.acquirer.asked != 1 {
			t.Errorf("a second tap leads to %s after %d charges", again, w.acquirer.asked)
		}
		key := there[strings.LastIndex(there, "/")+1:]
		back := "/topup/" + key
		w.acquirer.settle(key, topup.ChargeCharged, "")
		w.Wait(3e9)
		w.browser().get(back + "?state=refused").is(200) // another browser, nothing personal
		me.get(back).is(200).has("1 000", "•• 1111")
		me.get("/home").is(200).has("1 000,00 ₽")

		// Transfer.
		next := me.post("/transfer/recipient", url.Values{"phone": {friend.phone.E164()}}).to("/transfer")
		page := me.get(next).is(200).has("Анна С.")
		send := page.form("/transfer")
		send.Set("amount", "250,50")
		send.Set("message", "за обед")
		me.post("/transfer/quote", send).is(200).has("250,50 ₽")
		me.htmx("/transfer/quote", send).is(200).has("250,50 ₽")
		confirm := me.post("/transfer", send).to("/transfer/confirm")
		if strings.Contains(confirm, "message") || strings.Contains(confirm, "250%2C50") {
			t.Error("the address tells what is ordered:", confirm)
		}
		order := me.get(confirm).is(200).has("250,50 ₽", "Анна С.", "за обед", "749,50 ₽").form("/transfer/confirm")
		order.Set("passcode", "0000")
		wrong := me.post("/transfer/confirm", order).is(422)
		order = wrong.form("/transfer/confirm")
		order.Set("passcode", "7391")
		asked := me.post("/transfer/confirm", order).is(200) // no key: a code for this very text
		order = asked.form("/transfer/confirm")
		order.Set("code", w.Code(accesstest.Phone(1)))
		receipt := me.post("/transfer/confirm", order).to("/transfers/")
		me.get(receipt).is(200).has("250,50 ₽", "Анна С.", "за обед")
		if got := w.balance(friend.account); got != 25050 {
			t.Errorf("the friend has %d", got)
		}
		friend.get("/home").is(200).has("+250,50 ₽", "Пётр В.", "за обед")
		friend.get(receipt).is(404)
		me.get("/operations").is(200).has("Анна С.", "−250,50 ₽")
		op := strings.Replace(receipt, "/transfers/tr_", "/operations/op_", 1)
		me.get(op).is(200).has("за обед")
		me.get("/transfer?repeat=" + strings.TrimPrefix(receipt, "/transfers/")).is(200).has("за обед")
		me.get("/payments").is(200).has("Анна С.")

		// Logout and back in on the same device.
		out := me.post("/logout", nil)
		out.to("/login")
		if out.header.Get("Clear-Site-Data") != `"cache"` {
			t.Error("logout leaves the cache alone")
		}
		login := me.get(receipt).to("/login")
		in := me.get(login).is(200).has("Пётр").form("/login/passcode")
		in.Set("passcode", "7391")
		me.get(me.post("/login/passcode", in).to(receipt)).is(200).has("250,50 ₽")
	})
}

// A new device: phone, code, and still the existing passcode (A09).
func TestNewDevice(t *testing.T) {
	each(t, func(w *world) {
		p := w.person(1, 100)
		b := w.browser()
		first := b.get("/operations").to("/login")
		if first != "/login?next=%2Foperations" {
			t.Error(first)
		}
		form := b.get(first).is(200).form("/login")
		form.Set("phone", p.phone.E164())
		at := b.post("/login", form).to("/login/code")
		code := b.get(at).is(200).has("+7 916 •••-••-01").form("/login/code")
		code.Set("code", w.Code(p.phone))
		at = b.post("/login/code", code).to("/login/passcode")
		b.get("/home").to("/login") // a code alone opens nothing
		pass := b.get(at).is(200).form("/login/passcode")
		pass.Set("passcode", "9999")
		b.post("/login/passcode", pass).is(422)
		pass.Set("passcode", accesstest.Passcode)
		b.get(b.post("/login/passcode", pass).to("/operations")).is(200)
		b.get("/profile/devices").is(200)
		b.get("/login").to("/home")
		// The device is known now.
		b.post("/logout", nil)
		b.get("/login").is(200).has("Анна")
		b.get(b.post("/login", url.Values{"other": {"1"}, "next": {"/more"}}).to("/login")).is(200).form("/login")
	})
}

// A16: whoever logs in where somebody is already inside leaves no second
// session behind: a copied cookie of the old one opens nothing.
func TestLoginEndsTheSessionItReplaces(t *testing.T) {
	each(t, func(w *world) {
		p, other := w.person(1, 0), w.person(2, 0)
		copied := func(b *browser) *browser {
			thief := w.browser()
			u, _ := url.Parse(w.origin)
			for _, c := range b.client.Jar.Cookies(u) {
				if c.Name == "__Host-rb" {
					thief.cookie(c.Name, c.Value)
				}
			}
			thief.get("/home").is(200)
			return thief
		}
		ended := func(what string, thief *browser) {
			t.Helper()
			if loc := thief.get("/home").to("/login"); !strings.Contains(loc, "why=ended") {
				t.Errorf("%s: %s", what, loc)
			}
		}
		// The passcode on the known device, again.
		thief := copied(p.browser)
		p.post("/login/passcode", url.Values{"passcode": {accesstest.Passcode}}).to("/home")
		ended("known device", thief)
		p.get("/home").is(200)
		// Somebody else logs in on this browser with his phone.
		thief = copied(p.browser)
		p.post("/login", url.Values{"phone": {other.phone.E164()}}).to("/login/code")
		p.post("/login/code", url.Values{"code": {w.Code(other.phone)}}).to("/login/passcode")
		p.post("/login/passcode", url.Values{"passcode": {"9999"}, "way": {"flow"}}).is(422)
		thief.get("/home").is(200) // a login that failed ends nothing
		p.post("/login/passcode", url.Values{"passcode": {accesstest.Passcode}, "way": {"flow"}}).to("/home")
		ended("other client", thief)
		// A newcomer logs in on it for the first time.
		thief = copied(p.browser)
		w.takenOn(77, "Пётр", "Волков")
		p.firstLogin(77)
		ended("newcomer", thief)
		p.get("/home").is(200).has("Пётр Волков")
		other.get("/home").is(200) // his other devices are left alone
	})
}

// Five wrong codes: told how many are left, then a pause that a further code
// does not lift, also in another browser; the session's owner is not touched.
func TestWrongCodes(t *testing.T) {
	w := lite(t)
	p := w.person(1, 100)
	b := w.browser()
	b.post("/login", url.Values{"phone": {p.phone.E164()}}).to("/login/code")
	code := w.Code(p.phone)
	for i := range 5 {
		a := b.post("/login/code", url.Values{"code": {accesstest.Other(code)}})
		if a.status != 422 && (i < 4 || a.status != 429) {
			t.Fatalf("wrong code %d: %d", i+1, a.status)
		}
	}
	if a := b.post("/login/code", url.Values{"code": {code}}); a.status != 422 && a.status != 429 {
		t.Errorf("the right code after five wrong ones: %d", a.status)
	}
	b.get("/login/code").is(200)
	b.get("/home").to("/login")
	if a := b.post("/login/code", url.Values{"resend": {"1"}}); a.status == 303 {
		t.Error("a further code lifts the pause")
	}
	p.get("/home").is(200)
}
