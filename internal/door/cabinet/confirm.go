package cabinet

import (
	"errors"
	"net/http"
	"net/url"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/fault"
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
	q, err := d.Transfers.ReadQuote(who, x.Quote)
	stale := errors.Is(err, transfer.ErrQuoteExpired)
	if err != nil && !stale {
		leaveNotice(w, noticeDraft)
		return seeOther(w, r, "/transfer")
	}
	cards, err := d.cards(r)
	if err != nil {
		return err
	}
	left, err := d.Limits.Left(r.Context(), who, client.Standing{})
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
		Page: d.shown(w, r), Payee: payee(q.To), From: from.shown, Quote: *showQuote(q, from, left), Message: x.Message,
		Hidden: []ui.Hidden{{Name: "draft", Value: token}}, BackHref: "/transfer?" + url.Values{"draft": {token}}.Encode(),
		Expires: q.Until, Stale: stale,
	}
	if tries <= warnTries {
		v.TriesLeft = tries
	}
	v.Errors = problems
	return d.render(w, r, status, ConfirmPage(v))
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
	if err == nil {
		_, err = d.stepUp(w, r, c.form.Get("passcode"))
	}
	switch {
	case errors.Is(err, access.ErrPaused):
		t, _ := until(err)
		return d.renderLocked(w, r, t)
	case err != nil && fault.CodeOf(err) == fault.Unauthenticated:
		next, kept := d.keepConfirm(r)
		return d.loginFor(w, r, next, kept, err)
	case err != nil:
		return d.confirmAgain(w, r, x, at(err, "passcode"))
	}
	done, err := d.send(r, x)
	if err == nil {
		leaveNotice(w, noticeSent)
		return seeOther(w, r, "/transfers/"+done.Text())
	}
	if fault.CodeOf(err) != fault.Busy {
		x.Key = d.IDs.New()
	}
	return d.confirmAgain(w, r, x, err)
}

// send orders the transfer with the proof that its own text was confirmed.
func (d *Door) send(r *http.Request, x draft) (transfer.Receipt, error) {
	in := of(r).session
	order, err := d.Transfers.Order(in.Client, x.Quote, x.Message)
	if err != nil {
		return transfer.Receipt{}, err
	}
	return d.Transfers.ToFriend(r.Context(), transfer.ToFriend{
		Client: in.Client, Key: ledgerKey(x.Key), Quote: x.Quote, Message: x.Message,
		Proof: transfer.Proved(order, transfer.ByPasscode, in.ID.Text("se")),
	})
}

func (d *Door) confirmAgain(w http.ResponseWriter, r *http.Request, x draft, err error) error {
	if !onForm(err) {
		return err
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
