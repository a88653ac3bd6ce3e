package cabinet

import (
	"errors"
	"net/http"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/door/web"
)

// passedFor is how long a right passcode waits for the code of the same order.
const passedFor = 5 * time.Minute

// passed tells whether the passcode of this order was already right in this
// session; the draft that says so is sealed.
func (d *Door) passed(in access.Session, x draft) bool {
	return x.Session == in.ID && d.Now().Before(time.Unix(x.Passed, 0).Add(passedFor))
}

// sign has the order's own text confirmed: by a passkey; by the passcode and
// the device's key; or, where there is neither, by the passcode and a code that
// is sent for exactly this text. asked: that code is on its way.
func (d *Door) sign(w http.ResponseWriter, r *http.Request, x *draft, doc order.Document) (signed order.Signed, asked bool, err error) {
	c := of(r)
	in, f := c.session, c.form
	switch {
	case f.Get("passkey") != "":
		signed, err = d.signedByPasskey(r, doc)
		return signed, false, err
	case in.Kind == access.Keyed:
		if _, err := d.stepUp(w, r, f.Get("passcode")); err != nil {
			return signed, false, at(err, "passcode")
		}
		signed, err = d.Orders.Accept(in.Client, doc, order.ByDevice(in.Device, in.Key(), unbase64(f.Get("signature"))))
		return signed, false, err
	}
	asker := order.Asker{Client: in.Client, Session: in.ID, Device: in.Device, Lang: d.page(r).P.Lang(), IP: web.VisitOf(r).IP}
	if !d.passed(in, *x) {
		if _, err := d.stepUp(w, r, f.Get("passcode")); err != nil {
			return signed, false, at(err, "passcode")
		}
		x.Session, x.Passed = in.ID, d.Now().Unix()
	} else if f.Get("again") == "" {
		signed, err = d.Orders.AcceptCode(r.Context(), asker, doc, f.Get("code"))
		return signed, false, at(err, "code")
	}
	_, err = d.Orders.SendCode(r.Context(), asker, doc)
	if errors.Is(err, order.ErrResendEarly) && f.Get("again") == "" {
		err = nil // it is on its way already
	}
	return signed, true, at(err, "code")
}

// signedByPasskey takes the passkey's answer of a form over an order's text.
func (d *Door) signedByPasskey(r *http.Request, doc order.Document) (order.Signed, error) {
	in := of(r).session
	p, err := d.Access.CheckPasskeyOrder(r.Context(), in, []byte(doc.Text), []byte(of(r).form.Get("passkey")))
	if err != nil {
		return order.Signed{}, err
	}
	return d.Orders.Accept(in.Client, doc, order.ByPasskey(p.Passkey, p.PublicKey, p.AuthData, p.ClientData, p.Signature))
}

// stepUp takes a fresh passcode inside the session and gives the browser the
// session's new token (A16).
func (d *Door) stepUp(w http.ResponseWriter, r *http.Request, passcode string) (access.Proof, error) {
	ok, err := d.Access.ConfirmPasscode(r.Context(), of(r).session, passcode)
	if err != nil {
		return access.Proof{}, err
	}
	web.SetCookie(w, sessionCookie, ok.SessionToken.Reveal(), 0)
	return ok.Proof, nil
}
