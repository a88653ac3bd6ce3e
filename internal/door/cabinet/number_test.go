package cabinet_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
)

type clerk string

func (c clerk) Name() string { return "Ирина К." }
func (c clerk) Ref() string  { return "sm_" + string(c) }

// renumber starts and approves a change to another number, as the contact
// centre does.
func renumber(w *world, p *person) (to string) {
	w.Helper()
	hash, err := w.Access.HashCodeWord(ctx, accesstest.CodeWord)
	if err != nil {
		w.Fatal(err)
	}
	if err := w.DB.Write(ctx, func(tx db.Tx) error { return w.Access.SetCodeWordHash(ctx, tx, p.id, hash) }); err != nil {
		w.Fatal(err)
	}
	if yes, err := w.Access.CheckCodeWord(ctx, p.id, clerk("a"), accesstest.CodeWord); err != nil || !yes {
		w.Fatal(yes, err)
	}
	next := accesstest.Phone(4711)
	c, err := w.Access.StartNumberChange(ctx, clerk("a"), p.id, next)
	if err != nil {
		w.Fatal(err)
	}
	if _, err := w.Access.ApproveNumberChange(ctx, clerk("b"), p.id, c.ID); err != nil {
		w.Fatal(err)
	}
	return next.E164()
}

// A number that staff changed becomes the client's on his own page, with the
// code that came to it.
func TestNumberInTheProfile(t *testing.T) {
	w := lite(t)
	p := w.person(1, 0)
	if page := text(p.get("/profile/number").is(200).body); !strings.Contains(page, "позвоните нам") {
		t.Error("nothing was started, and the page does not say how")
	}
	to := renumber(w, p)
	form := p.get("/profile/number").is(200).form("/profile/number")
	form.Set("send", "1")
	form.Set("passcode", accesstest.Passcode)
	a := p.post("/profile/number", form).is(200)
	if strings.Contains(a.body, to) {
		t.Error("the page holds the whole new number")
	}
	form = a.form("/profile/number")
	form.Del("send")
	form.Set("passcode", accesstest.Passcode)
	code := w.Code(accesstest.Phone(4711))
	form.Set("code", accesstest.Other(code))
	p.post("/profile/number", form).is(422)
	form.Set("code", code)
	order := p.post("/profile/number", form).is(200)
	if c, err := w.Clients.ByID(ctx, p.id); err != nil || c.Phone.E164() == to {
		t.Error("the number changed before its order was signed:", err)
	}
	p.post("/profile/change", order.form("/profile/change")).to("/profile/number")
	if c, err := w.Clients.ByID(ctx, p.id); err != nil || c.Phone.E164() != to {
		t.Error(c.Phone, err)
	}
}

// On a new device with the new number: a day of waiting, then the passcode.
func TestNumberOnANewDevice(t *testing.T) {
	w := lite(t)
	p := w.person(1, 0)
	to := renumber(w, p)
	b := w.browser()
	come := func() answer {
		b.post("/login", url.Values{"phone": {to}}).to("/login/code")
		b.post("/login/code", url.Values{"code": {w.Code(accesstest.Phone(4711))}}).to("/login/number")
		return b.get("/login/number").is(200)
	}
	if strings.Contains(come().body, `action="/login/number"`) {
		t.Error("there is no waiting")
	}
	b.post("/login/number", url.Values{"passcode": {accesstest.Passcode}}).is(200)
	w.Wait(25 * time.Hour)
	form := come().form("/login/number")
	form.Set("passcode", "8264")
	b.post("/login/number", form).is(422)
	form.Set("passcode", accesstest.Passcode)
	// A browser without a key confirms the order by a code for exactly its text.
	page := b.post("/login/number", form).is(200).has("отправили код", "what: change of a way in")
	if strings.Contains(page.body, p.phone.E164()) {
		t.Error("whoever has the new number reads the old one")
	}
	form = page.form("/login/number")
	form.Set("passcode", accesstest.Passcode)
	code := w.OrderCode(accesstest.Phone(4711))
	form.Set("code", accesstest.Other(code))
	b.post("/login/number", form).is(422)
	form.Set("code", code)
	b.post("/login/number", form).to("/home")
	b.get("/home").is(200)
	if who, err := w.Clients.HoldsPhone(ctx, w.DB, accesstest.Phone(4711)); err != nil || who != p.id {
		t.Error(who, err)
	}
	if _, err := w.Clients.HoldsPhone(ctx, w.DB, p.phone); err != error(client.ErrNobody) {
		t.Error("the old number:", err)
	}
}
