package cabinet_test

import (
	"fmt"
	"net/url"
	"testing"

	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/base/id"
)

// belongings is everything of a client that a form of somebody else could try to change.
func (o *things) belongings(w *world) string {
	w.Helper()
	in := o.in(w)
	devices, err1 := w.Access.Devices(ctx, o.p.id, in)
	tokens, err2 := w.Access.Tokens(ctx, o.p.id)
	passkeys, err3 := w.Access.Passkeys(ctx, o.p.id)
	alerts, err4 := w.Access.Alerts(ctx, in)
	cards, err5 := w.Cards.Of(ctx, o.p.id)
	for _, err := range []error{err1, err2, err3, err4, err5} {
		if err != nil {
			w.Fatal(err)
		}
	}
	if len(devices) != 2 || len(devices[0].Sessions)+len(devices[1].Sessions) != 2 || len(tokens) != 1 || len(passkeys) != 1 || len(alerts) != 1 || len(cards) != 1 {
		w.Fatalf("%d devices, %d tokens, %d passkeys, %d alerts, %d cards", len(devices), len(tokens), len(passkeys), len(alerts), len(cards))
	}
	return fmt.Sprint(devices, tokens, passkeys, alerts, cards, w.balance(o.p.account))
}

// W05: forms and pages that name a thing do not find another client's, tell
// nothing of it, and leave everything of both as it was.
func TestW05_AnothersThings(t *testing.T) {
	w := lite(t)
	friend := w.person(9, 0)
	o, thief := w.owner(1, friend), w.owner(2, friend)
	before, own := o.belongings(w), thief.belongings(w)
	draft, err := url.Parse(o.p.post("/transfer", url.Values{"to": {o.payee}, "from": {o.p.card}, "amount": {"25"}}).to("/transfer/confirm"))
	if err != nil {
		t.Fatal(err)
	}
	proof := func(pairs ...string) url.Values {
		f := url.Values{"passcode": {accesstest.Passcode}}
		for i := 0; i < len(pairs); i += 2 {
			f.Set(pairs[i], pairs[i+1])
		}
		return f
	}
	for _, c := range []struct {
		what, path string
		form       url.Values // nil: the page is asked for
		want       string
	}{
		{"end the sessions of a device", "/profile/devices", proof("end", o.device), "404"},
		{"end a session by its own name", "/profile/devices", proof("end", o.session), "404"},
		{"forget a device", "/profile/devices", proof("forget", o.device), "404"},
		{"ask to forget a device", "/profile/devices?forget=" + o.device, nil, "404"},
		{"revoke a token", "/profile/tokens", proof("revoke", o.token), "404"},
		{"remove a passkey", "/profile/passkeys", proof("remove", o.passkey), "404"},
		{"rename a passkey", "/profile/passkeys", proof("rename", o.passkey, "name", "мой"), "404"},
		{"ask to remove a passkey", "/profile/passkeys?remove=" + o.passkey, nil, "404"},
		{"ask to rename a passkey", "/profile/passkeys?rename=" + o.passkey, nil, "404"},
		{"«Это я» about an alert", "/alerts", proof("me", o.alert), "404"},
		{"«Не я» about an alert", "/alerts", proof("not_me", o.alert), "404"},
		{"send from his card", "/transfer", proof("from", o.p.card, "to", thief.payee, "amount", "10"), "404"},
		{"price a transfer from his card", "/transfer/quote", proof("from", o.p.card, "to", thief.payee, "amount", "10"), "422"},
		{"send to his payee", "/transfer", proof("from", thief.p.card, "to", o.payee, "amount", "10"), "422"},
		{"freeze his card", o.card + "/freeze", proof("state", "frozen"), "404"},
		{"name his card", o.card + "/look", proof("name", "моя", "art", "mint", "main", "1"), "404"},
		{"see his requisites", o.card + "/requisites", proof(), "404"},
		{"change his CVC", o.card + "/requisites", proof("cvc", "moves"), "404"},
		{"set his PIN", o.card + "/pin", proof("pin", "2580", "repeat", "2580"), "404"},
		{"activate his card", o.card + "/activate", proof(), "404"},
		{"pause his card", o.card + "/suspend", proof("until", "2026-12-01"), "404"},
		{"replace his card", o.card + "/reissue", proof("why", "lost", "key", (id.ID{1}).Text("ky")), "404"},
		{"close his card", o.card + "/close", proof("sure", "1"), "404"},
		{"top his card up", "/topup", proof("to", o.p.card, "amount", "1000"), "404"},
		{"repeat his transfer", "/transfer?repeat=" + o.transfer[len("/transfers/"):], nil, "404"},
		{"confirm his draft", "/transfer/confirm", proof("draft", draft.Query().Get("draft")), "303 /transfer"},
		{"open his draft", draft.RequestURI(), nil, "303 /transfer"},
	} {
		var got answer
		if c.form == nil {
			got = thief.p.get(c.path)
		} else {
			got = thief.p.post(c.path, c.form)
		}
		if got.said() != c.want {
			t.Errorf("%s: %s, want %s\n%s", c.what, got.said(), c.want, text(got.body))
		}
		if now := o.belongings(w); now != before {
			t.Errorf("%s changed\n%s\nto\n%s", c.what, before, now)
			before = now
		}
	}
	if now := thief.belongings(w); now != own {
		t.Errorf("his own things changed from\n%s\nto\n%s", own, now)
	}
	// The owner finds each of them under the same name.
	for _, path := range []string{"/profile/devices?forget=" + o.device, "/profile/passkeys?remove=" + o.passkey, "/profile/passkeys?rename=" + o.passkey, draft.RequestURI()} {
		o.p.get(path).is(200)
	}
	o.p.post("/profile/devices", url.Values{"end": {o.device}}).to("/profile/devices")
	o.p.post("/profile/tokens", url.Values{"revoke": {o.token}}).to("/profile/tokens")
	o.p.post("/alerts", url.Values{"me": {o.alert}}).to("/home")
	o.p.post("/profile/passkeys", proof("rename", o.passkey, "name", "Мой телефон")).to("/profile/passkeys")
	o.p.confirmed(o.p.post("/profile/passkeys", proof("remove", o.passkey))).to("/profile/passkeys")
	o.p.post("/profile/devices", url.Values{"forget": {o.device}}).to("/profile/devices")
}
