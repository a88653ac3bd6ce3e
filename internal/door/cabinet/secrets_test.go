package cabinet_test

import (
	"net/url"
	"testing"
	"time"

	"rocketbank/internal/bank/access/accesstest"
)

const anotherPasscode = "8264"

// A11: the passcode is changed by the old one, a code and the code word; what
// is missing or wrong changes nothing, and other sessions end.
func TestPasscodeIsChanged(t *testing.T) {
	each(t, func(w *world) {
		p := w.person(1, 0)
		p.get("/profile/passcode").is(200).has("Сменить код для входа")
		other := w.browser()
		other.post("/login", url.Values{"phone": {p.phone.E164()}}).to("/login/code")
		other.post("/login/code", url.Values{"code": {w.Code(p.phone)}}).to("/login/passcode")
		form := other.get("/login/passcode").is(200).form("/login/passcode")
		form.Set("passcode", accesstest.Passcode)
		other.post("/login/passcode", form).to("/home")

		p.post("/profile/passcode", url.Values{"send": {"1"}}).is(422)
		p.post("/profile/passcode", url.Values{"send": {"1"}, "passcode": {"0000"}}).is(422)
		w.Wait(time.Minute)
		p.post("/profile/passcode", url.Values{"send": {"1"}, "passcode": {accesstest.Passcode}}).is(200).has("Код отправлен на")
		code := w.Code(p.phone)
		good := url.Values{"passcode": {accesstest.Passcode}, "code": {code}, "code_word": {accesstest.CodeWord}, "new": {anotherPasscode}, "repeat": {anotherPasscode}}
		for _, x := range []struct{ what, field, value string }{
			{"no passcode", "passcode", ""},
			{"a wrong passcode", "passcode", "0000"},
			{"a weak one", "new", "1234"},
			{"not the same twice", "repeat", "8265"},
			{"a wrong code", "code", accesstest.Other(code)},
			{"a wrong code word", "code_word", "лошадка"},
			{"no code word", "code_word", ""},
		} {
			bad := url.Values{}
			for name, v := range good {
				bad[name] = v
			}
			bad.Set(x.field, x.value)
			if x.field == "new" {
				bad.Set("repeat", x.value)
			}
			if got := p.post("/profile/passcode", bad); got.status != 422 {
				t.Errorf("%s: %d\n%s", x.what, got.status, text(got.body))
			}
		}
		other.get("/home").is(200) // nothing has changed yet
		p.confirmed(p.post("/profile/passcode", good)).to("/more")
		p.get("/more").is(200)
		other.get("/home").to("/login")

		p.post("/logout", url.Values{}).to("/login")
		login := p.get("/login").is(200).form("/login/passcode")
		login.Set("passcode", accesstest.Passcode)
		p.post("/login/passcode", login).is(422)
		login = p.get("/login").is(200).form("/login/passcode")
		login.Set("passcode", anotherPasscode)
		p.post("/login/passcode", login).to("/home")
	})
}

// A11: a forgotten passcode. The contact centre starts it, never sets it: the
// phone, a day's wait on a new device and the code word come first.
func TestPasscodeIsRecovered(t *testing.T) {
	each(t, func(w *world) {
		p := w.person(1, 0)
		w.Wait(72 * time.Hour) // his device is no new one any more
		b := w.browser()
		b.get("/login/forgot").is(200)
		b.get("/login/recover").to("/login/forgot") // the phone is not proved
		b.post("/login/recover", url.Values{"code_word": {accesstest.CodeWord}}).to("/login/forgot")
		b.post("/login", url.Values{"phone": {p.phone.E164()}, "next": {"/login/recover"}}).to("/login/code")
		b.post("/login/code", url.Values{"code": {w.Code(p.phone)}, "next": {"/login/recover"}}).to("/login/recover")
		good := url.Values{"code_word": {accesstest.CodeWord}, "new": {anotherPasscode}, "repeat": {anotherPasscode}}
		b.get("/login/recover").is(200).has("Позвоните нам")
		b.post("/login/recover", good).is(200).has("Позвоните нам") // nobody has started it

		if yes, err := w.Access.CheckCodeWord(ctx, p.id, accesstest.Manager, accesstest.CodeWord); err != nil || !yes {
			t.Fatal(yes, err)
		}
		if _, err := w.Access.StartRecovery(ctx, accesstest.Manager, p.id); err != nil {
			t.Fatal(err)
		}
		b.get("/login/recover").is(200).has("можно с")
		b.post("/login/recover", good).is(200).has("можно с")
		b.get("/home").to("/login")

		w.Wait(24*time.Hour + time.Minute)
		b.post("/login", url.Values{"phone": {p.phone.E164()}, "next": {"/login/recover"}}).to("/login/code")
		b.post("/login/code", url.Values{"code": {w.Code(p.phone)}, "next": {"/login/recover"}}).to("/login/recover")
		b.get("/login/recover").is(200).has("придумайте код")
		for what, change := range map[string][2]string{
			"a wrong code word": {"code_word", "лошадка"}, "a weak one": {"new", "1111"}, "not the same twice": {"repeat", "9999"},
		} {
			bad := url.Values{}
			for name, v := range good {
				bad[name] = v
			}
			bad.Set(change[0], change[1])
			if got := b.post("/login/recover", bad); got.status != 422 {
				t.Errorf("%s: %d\n%s", what, got.status, text(got.body))
			}
		}
		// The key of the new browser signs the order that the page shows.
		page := b.get("/login/recover").is(200).has("what: change of a way in")
		key := accesstest.NewKey(w.T)
		e := key.Enrol(enrolIn.FindStringSubmatch(page.body)[1])
		good.Set("device_key", b64.EncodeToString(e.PublicKey))
		good.Set("device_key_signature", b64.EncodeToString(e.Signature))
		for _, other := range []string{"", "another text"} {
			good.Set("signature", b64.EncodeToString(key.Sign(other)))
			b.post("/login/recover", good).is(403)
		}
		good.Set("signature", b64.EncodeToString(key.Sign(orderText(page))))
		b.post("/login/recover", good).to("/home")
		b.get("/home").is(200)
		b.get("/profile/orders").is(200).has("Смена кода или номера")
		p.get("/home").to("/login")
	})
}
