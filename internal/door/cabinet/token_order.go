package cabinet

import (
	"errors"
	"net/http"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// offerToken begins a token that may send money: it needs the caller's public
// key and caps, and the client signs what it may do.
func (d *Door) offerToken(w http.ResponseWriter, r *http.Request, v TokensView, n access.NewToken) error {
	var errs []error
	key, err := order.ReadKey(v.Key)
	if err != nil {
		errs = append(errs, at(err, "public_key"))
	}
	n.PublicKey = key
	for _, c := range []struct {
		field, typed string
		to           *money.Amount
	}{{"per_order", v.PerOrder, &n.OrderCap}, {"per_day", v.PerDay, &n.DayCap}} {
		if *c.to, err = locale.ParseAmount(c.typed); err != nil {
			errs = append(errs, at(err, c.field))
		}
	}
	var offer string
	var doc order.Document
	if err = errors.Join(errs...); err == nil {
		offer, doc, err = d.Access.OfferToken(r.Context(), of(r).session.Client, n)
	}
	if err == nil {
		return d.renderTokenOrder(w, r, http.StatusOK, TokenOrderView{Offer: offer, Order: doc.Text}, nil)
	}
	if !web.OnForm(err) {
		return err
	}
	problems, broken := explain(d.page(r).P, err)
	if broken != nil {
		return broken
	}
	v.Errors = problems
	return d.renderTokens(w, r, web.Status(err), v)
}

func (d *Door) renderTokenOrder(w http.ResponseWriter, r *http.Request, status int, v TokenOrderView, problems ui.Errors) error {
	c := of(r)
	v.Page = d.page(r)
	v.Errors = problems
	v.Keyed, v.Phone = c.session.Kind == access.Keyed, c.client.Phone.E164()
	if o, err := order.Parse(v.Order); err == nil {
		v.Lines = readable(v.Page, o)
	}
	return d.render(w, r, status, TokenOrderPage(v))
}

// postTokenOrder makes the token that was offered, once its order is signed: by
// passcode and the device's key, or by passcode and a code for its text.
func (d *Door) postTokenOrder(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	f := c.form
	v := TokenOrderView{Offer: f.Get("offer"), CodeSent: f.Get("code") != ""}
	_, doc, err := d.Access.OfferedToken(c.session.Client, v.Offer)
	if err != nil {
		leaveNotice(w, noticeDraft)
		return seeOther(w, r, "/profile/tokens?new=1")
	}
	v.Order = doc.Text
	var secret string
	if err = errors.Join(f.Faults()...); err == nil {
		secret, v.CodeSent, err = d.signToken(w, r, v, doc)
	}
	switch {
	case err == nil && secret != "":
		return d.renderTokens(w, r, http.StatusCreated, TokensView{Fresh: secret, Days: tokenDays()[0]})
	case err == nil:
		return d.renderTokenOrder(w, r, http.StatusOK, v, nil)
	case errors.Is(err, access.ErrPaused):
		t, _ := until(err)
		return d.renderLocked(w, r, t)
	case errors.Is(err, order.ErrNotSigned):
		return d.unproved(w, r, route{}, c, access.ErrProof)
	case fault.CodeOf(err) == fault.Unauthenticated:
		return d.loginFor(w, r, "/profile/tokens?new=1", false, err)
	case !web.OnForm(err):
		return err
	}
	problems, broken := explain(d.page(r).P, err)
	if broken != nil {
		return broken
	}
	return d.renderTokenOrder(w, r, web.Status(err), v, problems)
}

// signToken gives the secret, or tells that a code for the text is on its way.
func (d *Door) signToken(w http.ResponseWriter, r *http.Request, v TokenOrderView, doc order.Document) (secret string, sent bool, err error) {
	s, err := d.signOrder(w, r, doc, v.CodeSent)
	if err != nil || !s.whole() {
		return "", s.sent, err
	}
	secret, err = d.tokens.do(doc.ID.Text(order.Prefix), d.Now(), func() (string, error) {
		_, hidden, err := d.Access.CreateSignedToken(r.Context(), s.proof, v.Offer, s.signed)
		return hidden.Reveal(), err
	})
	return secret, v.CodeSent, err
}

// signature is a fresh proof of who it is, and what he confirmed with it.
type signature struct {
	proof  access.Proof
	signed order.Signed
	sent   bool // a code for the text was sent: the page asks for it
}

// whole tells that the order is confirmed.
func (s signature) whole() bool { return s.signed.Client() != 0 }

// signOrder takes the passcode and the device's key, or the passcode and a code
// for exactly this text, which the first time is sent; coded: it was.
func (d *Door) signOrder(w http.ResponseWriter, r *http.Request, doc order.Document, coded bool) (s signature, err error) {
	c := of(r)
	s.sent = coded
	if s.proof, err = d.stepUp(w, r, c.form.Get("passcode")); err != nil {
		return s, at(err, "passcode")
	}
	asker := order.Asker{Client: c.session.Client, Session: c.session.ID, Device: c.session.Device, Lang: d.page(r).P.Lang(), IP: web.VisitOf(r).IP}
	switch {
	case c.session.Kind == access.Keyed:
		s.signed, err = d.Orders.Accept(c.session.Client, doc, order.ByDevice(c.session.Device, c.session.Key(), unbase64(c.form.Get("signature"))))
	case c.form.Get("code") == "":
		_, err = d.Orders.SendCode(r.Context(), asker, doc)
		if errors.Is(err, order.ErrResendEarly) {
			err = nil // it is on its way already
		}
		s.sent = err == nil
		err = at(err, "code")
	default:
		s.signed, err = d.Orders.AcceptCode(r.Context(), asker, doc, c.form.Get("code"))
		err = at(err, "code")
	}
	return s, err
}

// isUnsigned tells that the device's key did not sign the order, or not this one.
func isUnsigned(err error) bool {
	return errors.Is(err, order.ErrNotSigned) || errors.Is(err, card.ErrNotSigned)
}
