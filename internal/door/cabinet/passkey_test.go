package cabinet_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
)

// asked is what a page's script gets to ask the browser for a passkey.
type asked struct {
	Options json.RawMessage `json:"options"`
	Ref     string          `json:"ref"`
	Error   string          `json:"error"`
}

func (a answer) ceremony(status int) asked {
	a.w.Helper()
	a.is(status)
	var out asked
	if err := json.Unmarshal([]byte(a.body), &out); err != nil {
		a.w.Fatalf("%s: %v in %s", a.at, err, a.body)
	}
	if (status == 200) != (len(out.Options) > 0 && out.Error == "") {
		a.w.Fatalf("%s: %d with %s", a.at, status, a.body)
	}
	return out
}

// made adds a passkey through the profile.
func (p *person) made(a *accesstest.Authenticator, name string) answer {
	p.w.Helper()
	c := p.post("/profile/passkeys/begin", url.Values{"passcode": {accesstest.Passcode}}).ceremony(200)
	made, err := a.Create(c.Options)
	if err != nil {
		p.w.Fatal(err)
	}
	return p.confirmed(p.post("/profile/passkeys", url.Values{"passcode": {accesstest.Passcode}, "ref": {c.Ref}, "name": {name}, "passkey": {string(made)}}))
}

// confirmed signs the change that a page shows before it is made, if it is one
// that is an order.
func (b *browser) confirmed(a answer) answer {
	b.w.Helper()
	if a.status != 200 || !strings.Contains(a.body, `action="/profile/change"`) {
		return a
	}
	return b.post("/profile/change", a.form("/profile/change"))
}

// passkeyOf gives the name a form has for the client's only passkey.
func (w *world) passkeyOf(p *person) string {
	w.Helper()
	all, err := w.Access.Passkeys(ctx, p.id)
	if err != nil || len(all) != 1 {
		w.Fatal(len(all), err)
	}
	return all[0].ID.Text(access.PasskeyPrefix)
}

// A passkey is added by who has just proved himself, named, and removed by the
// passcode or by the passkey itself; nothing less does.
func TestPasskeysOfTheProfile(t *testing.T) {
	each(t, func(w *world) {
		p, a := w.person(1, 0), accesstest.NewAuthenticator()
		p.post("/profile/ask", url.Values{}).ceremony(404) // there is none to ask for
		for name, passcode := range map[string]string{"no passcode": "", "a wrong passcode": "0000"} {
			if c := p.post("/profile/passkeys/begin", url.Values{"passcode": {passcode}}).ceremony(422); c.Error == "" {
				t.Errorf("%s: nothing is said", name)
			}
		}
		p.made(a, "Ключ на связке").to("/profile/passkeys")
		p.get("/profile/passkeys").is(200).has("Ключ на связке", "Ещё не использован")

		// Each of these adds nothing.
		c := p.post("/profile/passkeys/begin", url.Values{"passcode": {accesstest.Passcode}}).ceremony(200)
		b := accesstest.NewAuthenticator()
		good, err := b.Create(c.Options)
		if err != nil {
			t.Fatal(err)
		}
		spoilt := accesstest.NewAuthenticator()
		spoilt.Origin = "https://bank.example.evil"
		foreign, err := spoilt.Create(c.Options)
		if err != nil {
			t.Fatal(err)
		}
		with := func(change map[string]string) url.Values {
			f := url.Values{"passcode": {accesstest.Passcode}, "ref": {c.Ref}, "name": {"Второй"}, "passkey": {string(good)}}
			for name, v := range change {
				f.Set(name, v)
			}
			return f
		}
		for _, x := range []struct {
			what   string
			change map[string]string
			status int
		}{
			{"no passcode", map[string]string{"passcode": ""}, 422},
			{"a wrong passcode", map[string]string{"passcode": "0000"}, 422},
			{"no name", map[string]string{"name": ""}, 422},
			{"another ceremony", map[string]string{"ref": "pc_x"}, 409},
			{"no answer", map[string]string{"passkey": "{}"}, 422},
			{"another site's answer", map[string]string{"passkey": string(foreign)}, 422},
		} {
			if got := p.post("/profile/passkeys", with(x.change)).status; got != x.status && !(x.status == 422 && got == 409) {
				t.Errorf("%s: %d, want %d", x.what, got, x.status)
			}
		}
		key := w.passkeyOf(p) // still one

		p.get("/profile/passkeys?rename=" + key).is(200)
		p.post("/profile/passkeys", url.Values{"rename": {key}, "name": {" "}}).is(422)
		p.post("/profile/passkeys", url.Values{"rename": {key}, "name": {"Телефон Ани"}}).to("/profile/passkeys")
		p.get("/profile/passkeys").is(200).has("Телефон Ани")

		p.get("/profile/passkeys?remove=" + key).is(200).has("Удалить этот ключ входа?")
		p.post("/profile/passkeys", url.Values{"remove": {key}}).is(422)
		p.post("/profile/passkeys", url.Values{"remove": {key}, "passcode": {"0000"}}).is(422)
		w.passkeyOf(p)
		step := p.post("/profile/ask", url.Values{}).ceremony(200)
		proof, err := a.Get(step.Options)
		if err != nil {
			t.Fatal(err)
		}
		p.confirmed(p.post("/profile/passkeys", url.Values{"remove": {key}, "ref": {step.Ref}, "passkey": {string(proof)}})).to("/profile/passkeys")
		if all, err := w.Access.Passkeys(ctx, p.id); err != nil || len(all) != 0 {
			t.Errorf("%d passkeys, %v", len(all), err)
		}
	})
}

// Login by a passkey: on the browser that is known, on a new one that makes its
// key, and on none with a challenge that is used, another's or spoilt.
func TestLoginByPasskey(t *testing.T) {
	each(t, func(w *world) {
		p, a := w.person(1, 0), accesstest.NewAuthenticator()
		p.made(a, "Телефон").to("/profile/passkeys")
		begin := func(b *browser) asked { return b.post("/login/passkey/begin", url.Values{}).ceremony(200) }
		answered := func(c asked, spoil ...func(*accesstest.Answer)) url.Values {
			got, err := a.Get(c.Options, spoil...)
			if err != nil {
				t.Fatal(err)
			}
			return url.Values{"ref": {c.Ref}, "passkey": {string(got)}, "next": {"/payments"}}
		}
		// The browser that is known.
		p.post("/logout", url.Values{}).to("/login")
		p.get("/home").to("/login")
		form := answered(begin(p.browser))
		p.htmx("/login/passkey", form).is(200).header.Get("HX-Redirect")
		p.get("/home").is(200)
		if loc := p.get("/login").header.Get("Location"); loc != "/home" {
			t.Errorf("inside, /login leads to %q", loc)
		}
		p.get("/profile/devices").is(200).has("ключ")

		// A new browser with a key of its own becomes a device.
		fresh, key := w.browser(), accesstest.NewKey(t)
		c := begin(fresh)
		form = answered(c)
		e := key.Enrol(c.Ref)
		form.Set("device_key", b64.EncodeToString(e.PublicKey))
		form.Set("device_key_signature", b64.EncodeToString(e.Signature))
		fresh.post("/login/passkey", form).to("/payments")
		if got := fresh.get("/home").is(200); got.header.Get("Device-Nonce") == "" {
			t.Error("the new device has no key")
		}
		// The same answer again opens nothing.
		w.browser().post("/login/passkey", form).is(409)

		thief := w.browser()
		for what, x := range map[string]struct {
			form   url.Values
			status int
		}{
			"nothing":             {url.Values{}, 409},
			"no answer":           {url.Values{"ref": {begin(thief).Ref}, "passkey": {"{}"}}, 422},
			"another challenge":   {url.Values{"ref": {begin(thief).Ref}, "passkey": {answered(begin(thief)).Get("passkey")}}, 422},
			"another site":        {answered(begin(thief), func(x *accesstest.Answer) { x.Origin = "https://bank.example.evil" }), 422},
			"nobody at the stick": {answered(begin(thief), func(x *accesstest.Answer) { x.Flags &^= accesstest.UserVerified }), 422},
		} {
			got := thief.post("/login/passkey", x.form)
			if got.status != x.status {
				t.Errorf("%s: %d, want %d", what, got.status, x.status)
			}
			thief.get("/home").to("/login")
		}
		// The cookie of a device with a key is not enough, even with the passkey.
		stolen := w.browser()
		for _, c := range p.cookies() {
			if c.Name == "__Host-rbd" {
				stolen.cookie(c.Name, c.Value)
			}
		}
		stolen.post("/login/passkey", answered(begin(stolen))).is(403)
		stolen.get("/home").to("/login")
		// Removed, it opens nothing.
		p.confirmed(p.post("/profile/passkeys", url.Values{"remove": {w.passkeyOf(p)}, "passcode": {accesstest.Passcode}})).to("/profile/passkeys")
		last := w.browser()
		last.post("/login/passkey", answered(begin(last))).is(422)
	})
}
