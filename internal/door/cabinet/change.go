package cabinet

import (
	"errors"
	"net/http"
	"strings"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// Dangerous changes end the same way: the page shows the order's own text, the
// client confirms exactly this, and the change lands together with his proof
// (M06).

// ends tells where a kind of change leads when it is done or given up.
func ends(doc order.Document) string {
	switch doc.Kind {
	case order.NewPasskey, order.RemovePasskey:
		return passkeysPath
	case order.NewFactor:
		if o, err := order.Parse(doc.Text); err == nil && o.Value("factor") == string(access.FactorPhone) {
			return "/profile/number"
		}
		return "/profile/passcode"
	}
	return "/more"
}

func (d *Door) renderChange(w http.ResponseWriter, r *http.Request, status int, o access.Offer, sent bool, problems ui.Errors) (err error) {
	c := of(r)
	v := ChangeView{
		Page: d.page(r), Offer: o.Token, Order: o.Order.Text, Keyed: c.session.Kind == access.Keyed, CodeSent: sent,
		Phone: c.client.Phone.E164(), Back: ends(o.Order),
	}
	v.Errors = problems
	if text, err := order.Parse(o.Order.Text); err == nil {
		v.Lines = readable(v.Page, text)
	}
	if v.Passkeys, err = d.hasPasskeys(r); err != nil {
		return err
	}
	return d.render(w, r, status, ChangePage(v))
}

// postChange carries a change out once its order is confirmed: by a passkey, by
// the device's key, or by a code that was sent for exactly this text.
func (d *Door) postChange(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	f := c.form
	o := access.Offer{Token: f.Get("offer")}
	var err error
	if o.Order, err = d.Access.Offered(c.session, o.Token); err != nil {
		leaveNotice(w, noticeDraft)
		return seeOther(w, r, "/more")
	}
	sent := f.Get("code") != ""
	var signed order.Signed
	if err = errors.Join(f.Faults()...); err == nil {
		signed, sent, err = d.signChange(r, o.Order, sent)
	}
	if err == nil && sent && signed.Client() == 0 {
		return d.renderChange(w, r, http.StatusOK, o, true, nil)
	}
	var done access.Done
	if err == nil {
		done, err = d.Access.CarryOut(r.Context(), c.session, o.Token, signed)
	}
	switch {
	case err == nil:
		return d.changed(w, r, o.Order, done)
	case errors.Is(err, order.ErrNotSigned):
		if _, known := d.Orders.Txn(r.Context(), c.session.Client, o.Order.ID); known == nil {
			return seeOther(w, r, ends(o.Order)) // a double tap: it is done
		}
		return d.unproved(w, r, route{}, c, access.ErrProof)
	case fault.CodeOf(err) == fault.Unauthenticated:
		return d.loginFor(w, r, ends(o.Order), false, err)
	case !web.OnForm(err):
		return err
	}
	problems, broken := explain(d.page(r).P, err)
	if broken != nil {
		return broken
	}
	return d.renderChange(w, r, web.Status(err), o, sent, problems)
}

// signChange takes the client's proof over the order's text, or sends the code
// that will be one: then sent is true and nothing is signed yet.
func (d *Door) signChange(r *http.Request, doc order.Document, coded bool) (signed order.Signed, sent bool, err error) {
	in, f := of(r).session, of(r).form
	switch {
	case f.Get("passkey") != "":
		signed, err = d.signedByPasskey(r, doc)
		return signed, false, err
	case in.Kind == access.Keyed:
		signed, err = d.Orders.Accept(in.Client, doc, in.DeviceEvidence(unbase64(f.Get("signature"))))
		return signed, false, err
	}
	asker := in.Asker(web.VisitOf(r).IP)
	asker.Lang = d.page(r).P.Lang()
	if coded {
		signed, err = d.Orders.AcceptCode(r.Context(), asker, doc, f.Get("code"))
		return signed, true, at(err, "code")
	}
	_, err = d.Orders.SendCode(r.Context(), asker, doc)
	if errors.Is(err, order.ErrResendEarly) {
		err = nil // it is on its way already
	}
	return signed, err == nil, at(err, "code")
}

// postChangeAsk starts the confirmation of a change by a passkey, which signs
// the hash of its order's text.
func (d *Door) postChangeAsk(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	doc, err := d.Access.Offered(c.session, c.form.Get("offer"))
	if err != nil {
		return d.scriptRefusal(w, r, err)
	}
	options, err := d.Access.BeginPasskeyOrder(r.Context(), c.session, []byte(doc.Text))
	if err != nil {
		return d.scriptRefusal(w, r, err)
	}
	return ceremony(w, options, "")
}

// changed leads on from a change that is done.
func (d *Door) changed(w http.ResponseWriter, r *http.Request, doc order.Document, done access.Done) error {
	to := ends(doc)
	switch {
	case done.Kind == order.NewPasskey:
		leaveNotice(w, noticePasskeyAdded)
	case done.Kind == order.RemovePasskey:
		leaveNotice(w, noticePasskeyGone)
	case done.Factor == access.FactorPasscode:
		d.Live.Kick(of(r).session.Client) // other sessions are over
		leaveNotice(w, noticePasscode)
		to = "/more"
	default:
		d.Live.Kick(of(r).session.Client)
	}
	return seeOther(w, r, to)
}

// shownOrders is how many signed changes the page lists.
const shownOrders = 100

// getOrders lists what the client signed besides transfers, each with its receipt.
func (d *Door) getOrders(w http.ResponseWriter, r *http.Request) error {
	v := OrdersView{Page: d.shown(w, r)}
	all, err := d.Orders.Changes(r.Context(), of(r).session.Client, shownOrders)
	if err != nil {
		return err
	}
	for _, x := range all {
		what := "cabinet.order_what." + strings.ToLower(strings.ReplaceAll(x.Kind.What(), " ", "_"))
		v.Orders = append(v.Orders, SignedOrder{What: v.P.T(what), Href: "/profile/orders/" + x.ID.Text(order.Prefix), At: x.At})
	}
	return d.render(w, r, http.StatusOK, OrdersPage(v))
}

// getOrderReceipt gives the receipt of one of them as a file.
func (d *Door) getOrderReceipt(w http.ResponseWriter, r *http.Request) error {
	which, err := pathID(r, order.Prefix)
	if err != nil {
		return err
	}
	raw, err := d.Orders.Receipt(r.Context(), of(r).session.Client, which)
	if err != nil {
		return err
	}
	return download(w, "application/json", "rocketbank-"+which.Text(order.Prefix)+".json", raw)
}
