package cabinet_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/base/vault"
)

// M06: a passkey is removed by an order that the device's key has signed over
// the text on the page; a second tap does nothing more, and the receipt, which
// its owner alone may download, verifies offline.
func TestM06_ChangeIsSigned(t *testing.T) {
	w := lite(t)
	friend := w.person(9, 0)
	o := w.owner(1, friend)
	proof := url.Values{"passcode": {accesstest.Passcode}, "remove": {o.passkey}}
	page := o.p.post("/profile/passkeys", proof).is(200)
	if !strings.Contains(text(page.body), "Удаление ключа входа") {
		t.Errorf("the page does not say what is signed: %s", text(page.body))
	}
	form := page.form("/profile/change")
	forged := url.Values{"offer": form["offer"], "signature": {b64.EncodeToString(o.p.key.Sign("another text"))}}
	if a := o.p.post("/profile/change", forged); a.status != 403 && a.status != 401 {
		t.Errorf("a signature over another text: %d", a.status)
	}
	if list, err := w.Access.Passkeys(ctx, o.p.id); err != nil || len(list) != 1 {
		t.Fatal("removed without a signature", err)
	}
	page = o.p.post("/profile/passkeys", proof).is(200) // the page of the text to be signed
	form = page.form("/profile/change")
	o.p.post("/profile/change", form).to("/profile/passkeys")
	o.p.post("/profile/change", form).to("/profile/passkeys") // a double tap
	if list, err := w.Access.Passkeys(ctx, o.p.id); err != nil || len(list) != 0 {
		t.Fatalf("%+v, %v", list, err)
	}
	listed := o.p.get("/profile/orders").is(200)
	for _, want := range []string{"Удаление ключа входа", "Новый ключ входа"} {
		if strings.Count(text(listed.body), want) != 1 {
			t.Errorf("%q is not among the signed orders once: %s", want, text(listed.body))
		}
	}
	orders := order.New(order.Deps{DB: w.DB, Vault: w.Vault})
	changes, err := orders.Changes(ctx, o.p.id, 10)
	if err != nil || len(changes) != 2 || changes[0].Kind != order.RemovePasskey {
		t.Fatalf("%+v, %v", changes, err)
	}
	at := "/profile/orders/" + changes[0].ID.Text(order.Prefix)
	raw := o.p.get(at).is(200)
	report, err := order.Verify([]byte(raw.body), orders.Keys())
	if err != nil || report.Order.Value("passkey") != o.passkey || !strings.HasPrefix(raw.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("%v: %s", err, raw.body)
	}
	if _, err := order.Verify([]byte(raw.body), order.Keys(vault.Ephemeral().ReceiptKeys())); err == nil {
		t.Error("another bank's key verifies the receipt")
	}
	friend.get(at).is(404)
	friend.post("/profile/change", form).to("/more") // another's offer opens nothing
}

// A device without a key confirms by a code that was sent for exactly this
// text; a wrong one changes nothing and is told on the same page.
func TestM06_ChangeByCode(t *testing.T) {
	w := lite(t)
	p := w.person(1, 0)
	in := (&things{p: p}).in(w)
	_, k := w.WithPasskey(accesstest.Person{ID: p.id, Phone: p.phone, Key: p.key, Entry: access.Entry{Session: in}})
	c := &person{browser: w.browser(), phone: p.phone}
	c.post("/login", url.Values{"phone": {p.phone.E164()}}).to("/login/code")
	c.post("/login/code", url.Values{"code": {w.Code(p.phone)}}).to("/login/passcode")
	login := c.get("/login/passcode").form("/login/passcode")
	login.Set("passcode", accesstest.Passcode)
	c.post("/login/passcode", login).to("/home")
	w.Wait(3 * time.Minute) // the login's own code was sent just before
	c.get("/home").is(200)
	page := c.post("/profile/passkeys", url.Values{"passcode": {accesstest.Passcode}, "remove": {k.ID.Text(access.PasskeyPrefix)}}).is(200)
	sent := c.post("/profile/change", page.form("/profile/change")).is(200)
	form := sent.form("/profile/change")
	code := w.OrderCode(p.phone)
	form.Set("code", accesstest.Other(code))
	c.post("/profile/change", form).is(422)
	if list, err := w.Access.Passkeys(ctx, p.id); err != nil || len(list) != 1 {
		t.Fatal("removed by a wrong code", err)
	}
	form.Set("code", code)
	c.post("/profile/change", form).to("/profile/passkeys")
	if list, err := w.Access.Passkeys(ctx, p.id); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
	changes, err := order.New(order.Deps{DB: w.DB, Vault: w.Vault}).Changes(ctx, p.id, 1)
	if err != nil || len(changes) != 1 {
		t.Fatal(changes, err)
	}
	raw := c.get("/profile/orders/" + changes[0].ID.Text(order.Prefix)).is(200).body
	report, err := order.Verify([]byte(raw), order.Keys(w.Vault.ReceiptKeys()))
	if err != nil || report.Evidence.Kind != order.Code {
		t.Errorf("%v: %s", err, raw)
	}
}
