package cabinet

import (
	"errors"
	"net/http"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/authentication"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// purchaseRoutes is «Подтвердите покупку»: a purchase in the internet that
// waits for its holder's word. Forms name it in a field, so that a page of a
// passkey, of a signature and of a code post to one place.
func (d *Door) purchaseRoutes() []route {
	get, post := http.MethodGet, http.MethodPost
	return []route{
		{method: get, path: "/purchases/{id}", who: insider, serve: d.getAsked},
		{method: post, path: "/purchases/approve", who: insider, serve: d.postApprove, keep: keepAsked},
		{method: post, path: "/purchases/approve/ask", who: insider, serve: d.postApproveAsk},
		{method: post, path: "/purchases/deny", who: insider, serve: d.postDeny, keep: keepAsked},
	}
}

const purchasesPath = "/purchases/"

// keepAsked leads back to the purchase of a form that came too late for its session.
func keepAsked(r *http.Request) (string, bool) {
	x, err := formPurchase(r)
	if err != nil {
		return "/home", false
	}
	return purchasesPath + x.Text(authentication.Prefix), false
}

// formPurchase reads which purchase a form is about.
func formPurchase(r *http.Request) (id.ID, error) {
	return authentication.ParseID(of(r).form.Get("purchase"))
}

// asks lists the purchases that wait, for the home page.
func (d *Door) asks(r *http.Request, p ui.Page) ([]PurchaseAsk, error) {
	if d.Authentications == nil {
		return nil, nil // this bank asks nobody: there is no 3-D Secure
	}
	list, err := d.Authentications.Pending(r.Context(), of(r).session.Client)
	if err != nil {
		return nil, err
	}
	out := make([]PurchaseAsk, len(list))
	for i, w := range list {
		out[i] = d.shownAsk(p, w)
	}
	return out, nil
}

func (d *Door) shownAsk(p ui.Page, w authentication.Waiting) PurchaseAsk {
	out := PurchaseAsk{ID: w.Text(), Href: purchasesPath + w.Text(), Shop: w.Shop, Card: "••\u00a0" + w.Last4, At: w.At, Left: max(0, w.Until.Sub(d.Now()))}
	if w.Sum.Cur != 0 {
		out.Sum = w.Sum.Text(p.P)
	}
	return out
}

// asked finds a purchase of the client; missing where nobody asks.
func (d *Door) asked(r *http.Request, x id.ID) (authentication.Waiting, error) {
	if d.Authentications == nil {
		return authentication.Waiting{}, authentication.ErrMissing
	}
	return d.Authentications.One(r.Context(), of(r).session.Client, x)
}

func (d *Door) getAsked(w http.ResponseWriter, r *http.Request) error {
	x, err := pathID(r, authentication.Prefix)
	if err != nil {
		return err
	}
	one, err := d.asked(r, x)
	if err != nil {
		return err
	}
	return d.renderAsked(w, r, http.StatusOK, one, false, nil)
}

// renderAsked shows what is to be confirmed, or what has become of it.
func (d *Door) renderAsked(w http.ResponseWriter, r *http.Request, status int, one authentication.Waiting, sent bool, problems ui.Errors) error {
	c := of(r)
	v := AskedView{Page: d.shown(w, r), Fate: string(one.Fate), Keyed: c.session.Kind == access.Keyed, CodeSent: sent, Phone: c.client.Phone.E164()}
	v.Ask = d.shownAsk(v.Page, one)
	v.Path, v.Errors = v.Ask.Href, problems
	k, err := d.Cards.ByID(r.Context(), c.session.Client, one.Card)
	if err != nil {
		return err
	}
	v.Frozen = k.State == card.Frozen && k.FrozenBy == card.ByNotMe
	if one.Fate == authentication.Waits {
		doc, err := d.Authentications.Order(r.Context(), c.session.Client, one.ID)
		if errors.Is(err, authentication.ErrOver) {
			return seeOther(w, r, v.Ask.Href) // this very moment
		}
		if err != nil {
			return err
		}
		v.Order = doc.Text
		if v.Passkeys, err = d.hasPasskeys(r); err != nil {
			return err
		}
	}
	return d.render(w, r, status, AskedPage(v))
}

// postApprove is the holder's yes over the purchase's own text. What is over
// already, by a second tap or by a code in the shop, is shown as it ended.
func (d *Door) postApprove(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	one, err := d.formAsked(r)
	if err != nil {
		return err
	}
	here := purchasesPath + one.Text()
	var doc order.Document
	if err = errors.Join(c.form.Faults()...); err == nil {
		doc, err = d.Authentications.Order(r.Context(), c.session.Client, one.ID)
	}
	var signed order.Signed
	sent := c.form.Get("code") != ""
	if err == nil {
		signed, sent, err = d.signPurchase(w, r, doc, sent)
	}
	if err == nil && signed.Client() == 0 {
		return d.renderAsked(w, r, http.StatusOK, one, true, nil)
	}
	if err == nil {
		err = d.Authentications.Approve(r.Context(), c.session.Client, one.ID, signed)
	}
	switch {
	case err == nil, errors.Is(err, authentication.ErrOver):
		return seeOther(w, r, here)
	case errors.Is(err, access.ErrPaused):
		t, _ := until(err)
		return d.renderLocked(w, r, t)
	case errors.Is(err, order.ErrNotSigned):
		return d.unproved(w, r, route{keep: keepAsked}, c, access.ErrProof)
	case fault.CodeOf(err) == fault.Unauthenticated:
		return d.loginFor(w, r, here, false, err)
	case !web.OnForm(err):
		return err
	}
	problems, broken := explain(d.page(r).P, err)
	if broken != nil {
		return broken
	}
	return d.renderAsked(w, r, web.Status(err), one, sent, problems)
}

// formAsked finds the purchase that a form is about.
func (d *Door) formAsked(r *http.Request) (authentication.Waiting, error) {
	x, err := formPurchase(r)
	if err != nil {
		return authentication.Waiting{}, err
	}
	return d.asked(r, x)
}

// signPurchase has the purchase's text confirmed as a transfer's is: by a
// passkey; by the passcode and the device's key; or, where there is neither, by
// the passcode and a code for exactly this text. Nothing signed and no error:
// that code is on its way.
func (d *Door) signPurchase(w http.ResponseWriter, r *http.Request, doc order.Document, coded bool) (signed order.Signed, sent bool, err error) {
	in, f := of(r).session, of(r).form
	if f.Get("passkey") != "" {
		signed, err = d.signedByPasskey(r, doc)
		return signed, false, err
	}
	if _, err := d.stepUp(w, r, f.Get("passcode")); err != nil {
		return signed, coded, at(err, "passcode")
	}
	if in.Kind == access.Keyed {
		signed, err = d.Orders.Accept(in.Client, doc, in.DeviceEvidence(unbase64(f.Get("signature"))))
		return signed, false, err
	}
	asker := in.Asker(web.VisitOf(r).IP)
	asker.Lang = d.page(r).P.Lang()
	if coded && f.Get("again") == "" {
		signed, err = d.Orders.AcceptCode(r.Context(), asker, doc, f.Get("code"))
		return signed, true, at(err, "code")
	}
	_, err = d.Orders.SendCode(r.Context(), asker, doc)
	if errors.Is(err, order.ErrResendEarly) && f.Get("again") == "" {
		err = nil // it is on its way already
	}
	return signed, err == nil || coded, at(err, "code")
}

// postApproveAsk starts the confirmation by a passkey, which signs the hash of
// the purchase's text.
func (d *Door) postApproveAsk(w http.ResponseWriter, r *http.Request) error {
	one, err := d.formAsked(r)
	if err != nil {
		return d.scriptRefusal(w, r, err)
	}
	doc, err := d.Authentications.Order(r.Context(), of(r).session.Client, one.ID)
	if err != nil {
		return d.scriptRefusal(w, r, err)
	}
	options, err := d.Access.BeginPasskeyOrder(r.Context(), of(r).session, []byte(doc.Text))
	if err != nil {
		return d.scriptRefusal(w, r, err)
	}
	return ceremony(w, options, "")
}

// postDeny is «Это не я»: the shop is refused and the card frozen until the
// bank has talked to its holder. It needs no proof beyond the session: whoever
// says it can only lose a thief his time.
func (d *Door) postDeny(w http.ResponseWriter, r *http.Request) error {
	one, err := d.formAsked(r)
	if err == nil {
		err = errors.Join(of(r).form.Faults()...)
	}
	if err == nil {
		err = d.Authentications.Deny(r.Context(), of(r).session.Client, one.ID)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, purchasesPath+one.Text())
}
