package cabinet_test

import (
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/access/accesstest"
)

// One confirmation moves money once: tapped twice, repeated, from two tabs,
// after going back, at the same moment.
func TestOneTransfer(t *testing.T) {
	each(t, func(w *world) {
		p, friend := w.person(1, 1000), w.person(2, 0)
		path, form := p.confirmation(friend.phone, "100", "")
		receipt := p.post("/transfer/confirm", form).to("/transfers/")
		if again := p.post("/transfer/confirm", form).to("/transfers/"); again != receipt {
			t.Error("a replay made", again)
		}
		back := p.get(path).is(200).form("/transfer/confirm") // the back button, or another tab
		back.Set("passcode", accesstest.Passcode)
		if again := p.post("/transfer/confirm", back).to("/transfers/"); again != receipt {
			t.Error("the back button made", again)
		}
		if a := p.htmx("/transfer/confirm", form); a.status != 200 || a.header.Get("Hx-Redirect") != receipt {
			t.Error("by script:", a.status, a.header)
		}
		if got := w.balance(friend.account); got != 100_00 {
			t.Fatalf("the friend has %d", got)
		}
		// Many at once.
		_, form = p.confirmation(friend.phone, "50", "")
		var wg sync.WaitGroup
		seen := make(chan string, 8)
		for range cap(seen) {
			wg.Go(func() {
				a := p.post("/transfer/confirm", form)
				seen <- a.header.Get("Location")
			})
		}
		wg.Wait()
		close(seen)
		places := map[string]bool{}
		for s := range seen {
			places[s] = true
		}
		if len(places) != 1 {
			t.Errorf("one confirmation led to %v", places)
		}
		if got := w.balance(friend.account); got != 150_00 {
			t.Fatalf("the friend has %d", got)
		}
		// The same again on purpose is a transfer of its own.
		p.pay(friend, "100")
		if got := w.balance(friend.account); got != 250_00 {
			t.Fatalf("the friend has %d", got)
		}
	})
}

// A refusal says what is missing, keeps what was typed and carries a fresh key.
func TestRefusalsCanBeTriedAgain(t *testing.T) {
	each(t, func(w *world) {
		p, friend := w.person(1, 100), w.person(2, 0)
		form := p.get("/transfer?to=" + p.payeeToken(friend.phone)).is(200).form("/transfer")
		form.Set("amount", "440")
		form.Set("message", "за обед")
		a := p.post("/transfer", form).is(422).has("Не хватает 340 ₽")
		if kept := a.form("/transfer"); kept.Get("message") != "за обед" || kept.Get("amount") != "440" {
			t.Error(kept)
		}
		// The account is emptied between the form and the passcode.
		_, order := p.confirmation(friend.phone, "80", "за обед")
		p.pay(friend, "50")
		refused := p.post("/transfer/confirm", order).is(422).has("Не хватает 30 ₽")
		again := refused.form("/transfer/confirm")
		if again.Get("draft") == order.Get("draft") || again.Get("passcode") != "" {
			t.Error("the page after a refusal carries the old key or a passcode")
		}
		w.fund(p.account, 100)
		again.Set("passcode", accesstest.Passcode)
		p.post("/transfer/confirm", again).to("/transfers/")
		if got := w.balance(friend.account); got != 130_00 {
			t.Errorf("the friend has %d", got)
		}
		// The old key still answers what it answered.
		p.post("/transfer/confirm", order).is(422)
	})
}

// An offer that ran out is no order: the page offers a new calculation.
func TestStaleQuote(t *testing.T) {
	w := lite(t)
	p, friend := w.person(1, 100), w.person(2, 0)
	path, form := p.confirmation(friend.phone, "10", "")
	w.clock.Add(11 * time.Minute)
	if a := p.get(path).is(200); strings.Contains(a.body, `name="passcode"`) {
		t.Error("a stale offer asks for the passcode")
	}
	p.post("/transfer/confirm", form).is(422)
	if got := w.balance(friend.account); got != 0 {
		t.Errorf("the friend has %d", got)
	}
}

// Five minutes without a request end the session, and what was typed meets its
// owner again after the login, on the confirmation with the same key.
func TestExpiredSessionKeepsTheForm(t *testing.T) {
	each(t, func(w *world) {
		p, friend := w.person(1, 1000), w.person(2, 0)
		relogin := func(loc string) string {
			t.Helper()
			page := p.get(loc).is(200).has("Анна")
			form := page.form("/login/passcode")
			form.Set("passcode", accesstest.Passcode)
			return p.post("/login/passcode", form).is(303).header.Get("Location")
		}
		form := p.get("/transfer?to=" + p.payeeToken(friend.phone)).is(200).form("/transfer")
		form.Set("amount", "77,70")
		form.Set("message", "за чай")
		w.Wait(5*time.Minute + time.Second)
		loc := p.post("/transfer", form).to("/login")
		if !strings.Contains(loc, "why=idle") || !strings.Contains(loc, "kept=1") || strings.Contains(loc, "77%2C70") || strings.Contains(loc, "чай") {
			t.Error(loc)
		}
		back := relogin(loc)
		if kept := p.get(back).is(200).has("Анна С.").form("/transfer"); kept.Get("amount") != "77,70" || kept.Get("message") != "за чай" {
			t.Error(kept)
		}
		_, order := p.confirmation(friend.phone, "5", "")
		w.Wait(5*time.Minute + time.Second)
		back = relogin(p.post("/transfer/confirm", order).to("/login"))
		again := p.get(back).is(200).has("5 ₽").form("/transfer/confirm")
		if again.Get("passcode") != "" {
			t.Error("the passcode was kept")
		}
		again.Set("passcode", accesstest.Passcode)
		p.post("/transfer/confirm", again).to("/transfers/")
		// A POST that had gone through before the session ended is not done again.
		_, order = p.confirmation(friend.phone, "6", "")
		p.post("/transfer/confirm", order).to("/transfers/")
		w.Wait(5*time.Minute + time.Second)
		back = relogin(p.post("/transfer/confirm", order).to("/login"))
		again = p.get(back).is(200).form("/transfer/confirm")
		again.Set("passcode", accesstest.Passcode)
		p.post("/transfer/confirm", again).to("/transfers/")
		if got := w.balance(friend.account); got != 11_00 {
			t.Errorf("the friend has %d", got)
		}
		// Top-up: the sum is kept, the card is not.
		top := p.get("/topup").is(200).form("/topup")
		top.Set("amount", "3000")
		top.Set("card_number", "4111111111111111")
		top.Set("card_cvc", "123")
		w.Wait(5*time.Minute + time.Second)
		kept := p.get(relogin(p.post("/topup", top).to("/login"))).is(200).form("/topup")
		if kept.Get("amount") != "3000" || kept.Get("card_number") != "" || kept.Get("card_cvc") != "" {
			t.Error(kept)
		}
		// Somebody else's draft opens for nobody.
		stranger := w.person(3, 0)
		stranger.get(back).to("/transfer")
	})
}

// The passcode inside a session: five wrong ones pause the device and end it.
func TestWrongPasscodesInsideASession(t *testing.T) {
	w := lite(t)
	p, friend := w.person(1, 100), w.person(2, 0)
	_, form := p.confirmation(friend.phone, "10", "")
	form.Set("passcode", "0000")
	for range 4 {
		p.post("/transfer/confirm", form).is(422)
	}
	p.post("/transfer/confirm", form).is(429)
	p.get("/home").to("/login")
	p.get("/login").is(429)
	if got := w.balance(friend.account); got != 0 {
		t.Errorf("the friend has %d", got)
	}
}

// Devices, sessions and tokens in the profile.
func TestProfile(t *testing.T) {
	w := lite(t)
	p := w.person(1, 0)
	form := p.get("/profile/tokens?new=1").is(200).form("/profile/tokens")
	form["scope"] = []string{"read"}
	form.Set("name", "скрипт")
	form.Set("days", "30")
	form.Set("passcode", "0000")
	if a := p.post("/profile/tokens", form).is(422); !strings.Contains(a.body, "скрипт") {
		t.Error("the name is gone")
	}
	form.Set("passcode", accesstest.Passcode)
	made := p.post("/profile/tokens", form).is(201)
	i := strings.Index(made.body, "rb_")
	if i < 0 {
		t.Fatal("no token on the page:\n" + text(made.body))
	}
	secret := strings.FieldsFunc(made.body[i:], func(r rune) bool { return r == '<' || r == '"' || r == ' ' || r == '\n' })[0]
	tok, err := w.Access.ByToken(ctx, secret)
	if err != nil || tok.Client != p.id {
		t.Fatal(secret, err)
	}
	if again := p.post("/profile/tokens", form).is(201); !strings.Contains(again.body, secret) {
		t.Error("the form sent twice made two tokens")
	}
	if list := p.get("/profile/tokens").is(200); strings.Contains(list.body, secret) || !strings.Contains(list.body, "скрипт") {
		t.Error("the token is shown twice or not listed")
	}
	for _, bad := range []url.Values{
		{"name": {"x"}, "scope": {"root"}, "days": {"30"}, "passcode": {accesstest.Passcode}}, {"name": {"x"}, "days": {"30"}, "passcode": {accesstest.Passcode}},
		{"name": {"x"}, "scope": {"read"}, "days": {"100000"}, "passcode": {accesstest.Passcode}}, {"name": {""}, "scope": {"read"}, "days": {"30"}, "passcode": {accesstest.Passcode}},
		{"name": {strings.Repeat("x", 200)}, "scope": {"read"}, "days": {"30"}, "passcode": {accesstest.Passcode}}, {"name": {"x", "y"}, "scope": {"read"}, "days": {"30"}, "passcode": {accesstest.Passcode}},
	} {
		p.post("/profile/tokens", bad).is(422)
	}
	stranger := w.person(2, 0)
	stranger.post("/profile/tokens", url.Values{"revoke": {tok.ID.Text("tk")}}).is(404)
	p.post("/profile/tokens", url.Values{"revoke": {tok.ID.Text("tk")}}).to("/profile/tokens")
	if _, err := w.Access.ByToken(ctx, secret); err == nil {
		t.Error("a revoked token works")
	}

	// A second device is listed, and ended from the first.
	second := w.browser()
	entry, err := w.Access.FinishLogin(ctx, w.Proved(p.phone), accesstest.Passcode, accesstest.Home)
	if err != nil {
		t.Fatal(err)
	}
	second.cookie("__Host-rb", entry.SessionToken.Reveal())
	second.get("/home").is(200)
	dv := entry.Session.Device.Text("dv")
	if !strings.Contains(p.get("/profile/devices").is(200).body, dv) {
		t.Error("the second device is not listed")
	}
	stranger.post("/profile/devices", url.Values{"end": {dv}}).is(404)
	second.get("/home").is(200)
	p.post("/profile/devices", url.Values{"end": {dv}}).to("/profile/devices")
	p.get("/profile/devices").is(200).has("завершён")
	if loc := second.get("/home").to("/login"); !strings.Contains(loc, "why=ended") {
		t.Error(loc)
	}
	p.post("/profile/devices", url.Values{"all": {"1"}}).to("/profile/devices")
	p.get("/home").is(200)
}

// Language, theme and the eye are chosen with and without a session.
func TestSettings(t *testing.T) {
	w := lite(t)
	p := w.person(1, 1234)
	for _, b := range []*browser{w.browser(), p.browser} {
		b.post("/profile/settings", url.Values{"lang": {"en"}, "back": {"/help"}}).to("/help")
		if a := b.get("/help").is(200); !strings.Contains(a.body, `lang="en"`) {
			t.Error("still Russian")
		}
		b.post("/profile/settings", url.Values{"theme": {"dark"}}).to("/profile/settings")
		if a := b.get("/help").is(200); !strings.Contains(a.body, `data-theme="dark"`) {
			t.Error("still light")
		}
		for _, bad := range []url.Values{{"lang": {"xx"}}, {"theme": {"<b>"}}, {"sums": {"maybe"}}, {"lang": {"ru", "en"}}} {
			if a := b.post("/profile/settings", bad); a.status < 400 || a.status >= 500 {
				t.Errorf("%v: %d", bad, a.status)
			}
		}
	}
	p.get("/home").is(200).has("1,234")
	p.post("/profile/settings", url.Values{"sums": {"hidden"}, "back": {"/home"}}).to("/home")
	if a := p.get("/home").is(200); strings.Contains(text(a.body), "1,234") {
		t.Error("the eye is shut and the sum is there")
	}
	if c, err := w.Clients.ByID(ctx, p.id); err != nil || c.Lang != "en" {
		t.Error("messages stay Russian", err)
	}
}

// «Сменить» keeps what was typed, under seal: an address tells no message (W08).
func TestChangingThePayeeKeepsTheForm(t *testing.T) {
	w := lite(t)
	p, friend, other := w.person(1, 1000), w.person(2, 0), w.person(3, 0)
	form := p.get("/transfer?to=" + p.payeeToken(friend.phone)).is(200).form("/transfer")
	form.Set("amount", "0")
	form.Set("message", strings.Repeat("🚀", 140))
	page := p.post("/transfer", form).is(422)
	i := strings.Index(page.body, `href="/transfer?draft=`)
	if i < 0 {
		t.Fatal("no way to change the payee")
	}
	link := strings.ReplaceAll(strings.SplitN(page.body[i+6:], `"`, 2)[0], "&amp;", "&")
	first := p.get(link).is(200).form("/transfer/recipient")
	first.Set("phone", other.phone.E164())
	next := p.post("/transfer/recipient", first).to("/transfer")
	again := p.get(next).is(200).form("/transfer")
	if again.Get("message") != form.Get("message") || again.Get("amount") != "0" {
		t.Error("not kept:", again)
	}
	again.Set("amount", "10")
	confirm := p.post("/transfer", again).to("/transfer/confirm")
	if len(confirm) > 3500 {
		t.Error("the longest address of a confirmation has", len(confirm), "bytes")
	}
	// It survives a login on the way.
	w.Wait(6 * time.Minute)
	login := p.get(confirm).to("/login")
	pass := p.get(login).is(200).form("/login/passcode")
	pass.Set("passcode", accesstest.Passcode)
	p.get(p.post("/login/passcode", pass).to("/transfer/confirm")).is(200).has("🚀")
	p.do("HEAD", "/events", nil, nil).is(200)
}
