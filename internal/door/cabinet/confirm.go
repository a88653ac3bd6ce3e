package cabinet

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
	"rocketbank/internal/ledger"
)

func (d *Door) getConfirm(w http.ResponseWriter, r *http.Request) error {
	x, ok := d.openDraft(of(r).session.Client, r.URL.Query().Get("draft"))
	if !ok {
		leaveNotice(w, noticeDraft)
		return seeOther(w, r, "/transfer")
	}
	return d.renderConfirm(w, r, http.StatusOK, x, nil, 0)
}

// renderConfirm shows what is about to happen: to whom, how much, from where,
// what is left. An offer that ran out is shown without a passcode field.
func (d *Door) renderConfirm(w http.ResponseWriter, r *http.Request, status int, x draft, problems ui.Errors, tries int) error {
	who := of(r).session.Client
	q, err := d.Transfers.ReadQuote(r.Context(), who, x.Quote)
	if errors.Is(err, tariff.ErrChanged) {
		x.changed, err = true, nil
	}
	if x.changed && err == nil {
		q, err = d.priceAnew(r, &x, q)
	}
	stale := errors.Is(err, transfer.ErrQuoteExpired)
	if err != nil && !stale {
		leaveNotice(w, noticeDraft)
		return seeOther(w, r, "/transfer")
	}
	cards, err := d.wallet(r)
	if err != nil {
		return err
	}
	in := of(r).session
	left, err := d.Limits.Left(r.Context(), who, in.Standing)
	if err != nil {
		return err
	}
	from, ok := byAccount(cards, q.From)
	if !ok {
		return ledger.ErrForeignAccount
	}
	token, err := d.sealDraft(who, x)
	if err != nil {
		return err
	}
	v := ConfirmView{
		Page: d.shown(w, r), Payee: payee(q.To), From: from.shown, Quote: *showQuote(q, from, left), Message: x.Message, Changed: x.changed,
		Hidden: []ui.Hidden{{Name: "draft", Value: token}}, BackHref: "/transfer?" + url.Values{"draft": {token}}.Encode(),
		Expires: q.Until, Stale: stale, Keyed: in.Kind == access.Keyed, Caps: shownCaps(left), CodeSent: d.passed(in, x), Phone: of(r).client.Phone.E164(),
	}
	if v.Quote.Rule, err = d.Tariffs.Words(r.Context(), v.P, q.Price, ""); err != nil {
		return err
	}
	if !stale {
		doc, err := d.Transfers.Order(who, x.Quote, x.Message)
		if err != nil {
			return err
		}
		v.Order = doc.Text
	}
	if v.Passkeys, err = d.hasPasskeys(r); err != nil {
		return err
	}
	if tries <= warnTries {
		v.TriesLeft = tries
	}
	v.Errors = problems
	return d.render(w, r, status, ConfirmPage(v))
}

// priceAnew asks the same at the price of now. What was confirmed of the old
// price counts no more; the key stays, so that who was answered already does
// not send twice.
func (d *Door) priceAnew(r *http.Request, x *draft, was transfer.Quote) (transfer.Quote, error) {
	q, err := d.Transfers.Quote(r.Context(), of(r).session.Client, was.From, was.To.Token, was.Amount)
	if err != nil {
		return q, err
	}
	x.Quote, x.Session, x.Passed = q.Token, id.ID{}, 0
	return q, nil
}

// passedFor is how long a right passcode waits for the code of the same order.
const passedFor = 5 * time.Minute

// passed tells whether the passcode of this order was already right in this
// session; the draft that says so is sealed.
func (d *Door) passed(in access.Session, x draft) bool {
	return x.Session == in.ID && d.Now().Before(time.Unix(x.Passed, 0).Add(passedFor))
}

// postConfirm moves the money once. The key came with the page: a second tap,
// another tab and a repeated POST get the receipt of the first. A refusal is
// remembered under its key, so the page that shows it carries a fresh one; an
// answer that was lost is asked for again with the same.
func (d *Door) postConfirm(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	x, ok := d.openDraft(c.session.Client, c.form.Get("draft"))
	if !ok {
		leaveNotice(w, noticeDraft)
		return seeOther(w, r, "/transfer")
	}
	err := errors.Join(c.form.Faults()...)
	var doc order.Document
	if err == nil {
		doc, err = d.Transfers.Order(c.session.Client, x.Quote, x.Message)
	}
	var signed order.Signed
	var asked bool
	if err == nil {
		signed, asked, err = d.sign(w, r, &x, doc)
	}
	switch {
	case errors.Is(err, access.ErrPaused):
		t, _ := until(err)
		return d.renderLocked(w, r, t)
	case err != nil && fault.CodeOf(err) == fault.Unauthenticated:
		next, kept := d.keepConfirm(r)
		return d.loginFor(w, r, next, kept, err)
	case errors.Is(err, order.ErrNotSigned):
		return d.unproved(w, r, route{keep: d.keepConfirm}, c, access.ErrProof)
	case err != nil:
		return d.confirmAgain(w, r, x, err)
	case asked:
		return d.renderConfirm(w, r, http.StatusOK, x, nil, 0)
	}
	done, err := d.Transfers.ToFriend(r.Context(), transfer.ToFriend{
		Client: c.session.Client, Key: ledgerKey(x.Key), Quote: x.Quote, Message: x.Message, Signed: signed, Standing: c.session.Standing,
	})
	if err == nil {
		leaveNotice(w, noticeSent)
		return seeOther(w, r, "/transfers/"+done.Text())
	}
	if fault.CodeOf(err) != fault.Busy {
		x.Key = d.IDs.New()
	}
	return d.confirmAgain(w, r, x, err)
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

// postConfirmAsk starts the confirmation of an order by a passkey, which signs
// the hash of the order's text.
func (d *Door) postConfirmAsk(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	x, ok := d.openDraft(c.session.Client, c.form.Get("draft"))
	if !ok {
		return d.scriptRefusal(w, r, transfer.ErrQuoteExpired)
	}
	doc, err := d.Transfers.Order(c.session.Client, x.Quote, x.Message)
	if err != nil {
		return d.scriptRefusal(w, r, err)
	}
	options, err := d.Access.BeginPasskeyOrder(r.Context(), c.session, []byte(doc.Text))
	if err != nil {
		return d.scriptRefusal(w, r, err)
	}
	return ceremony(w, options, "")
}

func (d *Door) confirmAgain(w http.ResponseWriter, r *http.Request, x draft, err error) error {
	if !web.OnForm(err) {
		return err
	}
	if errors.Is(err, tariff.ErrChanged) { // the page says it with the new price
		x.changed = true
		return d.renderConfirm(w, r, web.Status(err), x, nil, 0)
	}
	problems, broken := explain(d.page(r).P, err)
	if broken != nil {
		return broken
	}
	return d.renderConfirm(w, r, web.Status(err), x, problems, left(err))
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
