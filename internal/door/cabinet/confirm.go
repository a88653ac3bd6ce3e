package cabinet

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/bank/receiver"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
	"rocketbank/internal/ledger"
)

// ordered is a kind of order that a confirmation page asks for. What it does
// and how it is carried out is its own; how it is confirmed is the same for all.
type ordered interface {
	at() string    // address of the page
	start() string // where one begins anew
	// terms reads what the draft is about; of a quote that no longer counts they
	// come together with the error that says why.
	terms(r *http.Request, x draft) (terms, error)
	// outrun tells that such a quote is made anew on the page itself.
	outrun(err error) bool
	anew(r *http.Request, x draft, was terms) (terms, error)
	// edit is the form again, with what may be kept of it.
	edit(x draft, t terms, from owned, p *locale.Printer) (page string, kept draft)
	text(who client.ID, x draft) (order.Document, error)
	// carry does it, once per key, and gives the page that tells so.
	carry(r *http.Request, x draft, signed order.Signed) (page string, err error)
}

// terms are what an order would do: to whom, how much, at what price.
type terms struct {
	quote              string // its token
	from               ledger.AccountID
	to                 ui.Payee
	out                *PayoutTo    // who gets it, when he is no client of ours
	way                payout.Way   // … and how
	phone              phone.Number // … when that is by phone
	amount, fee, total money.Amount
	price              tariff.Price
	until              time.Time
}

// getConfirm shows what is about to happen.
func (d *Door) getConfirm(k ordered) serve {
	return func(w http.ResponseWriter, r *http.Request) error {
		x, ok := d.openDraft(of(r).session.Client, r.URL.Query().Get("draft"))
		if !ok {
			leaveNotice(w, noticeDraft)
			return seeOther(w, r, k.start())
		}
		return d.renderConfirm(w, r, k, http.StatusOK, x, nil, 0)
	}
}

// renderConfirm shows what is about to happen: to whom, how much, from where,
// what is left. An offer that ran out and that only its form can make anew is
// shown without a passcode field.
func (d *Door) renderConfirm(w http.ResponseWriter, r *http.Request, k ordered, status int, x draft, problems ui.Errors, tries int) error {
	who := of(r).session.Client
	t, err := k.terms(r, x)
	if k.outrun(err) {
		x.outrun, err = err, nil
	}
	if x.outrun != nil && err == nil {
		was := t
		if t, err = d.priceAnew(r, k, &x, was); errors.Is(err, receiver.ErrOld) {
			return d.receiverAgain(w, r, x, was, err)
		}
	}
	stale := errors.Is(err, transfer.ErrQuoteExpired)
	if err != nil && !stale {
		leaveNotice(w, noticeDraft)
		return seeOther(w, r, k.start())
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
	from, ok := byAccount(cards, t.from)
	if !ok {
		return ledger.ErrForeignAccount
	}
	token, err := d.sealDraft(who, x)
	if err != nil {
		return err
	}
	v := ConfirmView{
		Page: d.shown(w, r), Action: k.at(), Payee: t.to, Out: t.out, From: from.shown, Quote: *showQuote(t, from, left), Message: x.Message,
		Changed: errors.Is(x.outrun, tariff.ErrChanged), Late: x.outrun != nil && !errors.Is(x.outrun, tariff.ErrChanged),
		Hidden: []ui.Hidden{{Name: "draft", Value: token}}, Expires: t.until, Stale: stale, Keyed: in.Kind == access.Keyed,
		Caps: shownCaps(left), CodeSent: d.passed(in, x), Phone: of(r).client.Phone.E164(),
	}
	page, kept := k.edit(x, t, from, v.P)
	if token, err = d.sealDraft(who, kept); err != nil {
		return err
	}
	v.BackHref = page + "?" + url.Values{"draft": {token}}.Encode()
	if v.Quote.Rule, err = d.Tariffs.Words(r.Context(), v.P, t.price, t.out.bank()); err != nil {
		return err
	}
	if !stale {
		doc, err := k.text(who, x)
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
func (d *Door) priceAnew(r *http.Request, k ordered, x *draft, was terms) (terms, error) {
	t, err := k.anew(r, *x, was)
	if err != nil {
		return t, err
	}
	x.Quote, x.Session, x.Passed = t.quote, id.ID{}, 0
	return t, nil
}

// receiverAgain leads from a quote that outlived its receiver's look-up back to
// the banks, with everything that was typed.
func (d *Door) receiverAgain(w http.ResponseWriter, r *http.Request, x draft, was terms, old error) error {
	cards, err := d.wallet(r)
	if err != nil {
		return err
	}
	from, _ := byAccount(cards, was.from)
	typed := draft{From: from.shown.ID, Amount: d.page(r).P.MoneyInput(was.amount), Message: x.Message}
	return d.lookAgain(w, r, typed, receiver.Receiver{Phone: was.phone}, old)
}

// postConfirm carries the order out once. The key came with the page: a second
// tap, another tab and a repeated POST get the answer of the first. A refusal is
// remembered under its key, so the page that shows it carries a fresh one; an
// answer that was lost is asked for again with the same.
func (d *Door) postConfirm(k ordered) serve {
	return func(w http.ResponseWriter, r *http.Request) error {
		c := of(r)
		x, ok := d.openDraft(c.session.Client, c.form.Get("draft"))
		if !ok {
			leaveNotice(w, noticeDraft)
			return seeOther(w, r, k.start())
		}
		err := errors.Join(c.form.Faults()...)
		var doc order.Document
		if err == nil {
			doc, err = k.text(c.session.Client, x)
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
			next, kept := d.keepConfirm(k)(r)
			return d.loginFor(w, r, next, kept, err)
		case errors.Is(err, order.ErrNotSigned):
			return d.unproved(w, r, route{keep: d.keepConfirm(k)}, c, access.ErrProof)
		case err != nil:
			return d.confirmAgain(w, r, k, x, err)
		case asked:
			return d.renderConfirm(w, r, k, http.StatusOK, x, nil, 0)
		}
		page, err := k.carry(r, x, signed)
		if err == nil {
			leaveNotice(w, noticeSent)
			return seeOther(w, r, page)
		}
		if fault.CodeOf(err) != fault.Busy {
			x.Key = d.IDs.New()
		}
		return d.confirmAgain(w, r, k, x, err)
	}
}

// postConfirmAsk starts the confirmation of an order by a passkey, which signs
// the hash of the order's text.
func (d *Door) postConfirmAsk(k ordered) serve {
	return func(w http.ResponseWriter, r *http.Request) error {
		c := of(r)
		x, ok := d.openDraft(c.session.Client, c.form.Get("draft"))
		if !ok {
			return d.scriptRefusal(w, r, transfer.ErrQuoteExpired)
		}
		doc, err := k.text(c.session.Client, x)
		if err != nil {
			return d.scriptRefusal(w, r, err)
		}
		options, err := d.Access.BeginPasskeyOrder(r.Context(), c.session, []byte(doc.Text))
		if err != nil {
			return d.scriptRefusal(w, r, err)
		}
		return ceremony(w, options, "")
	}
}

func (d *Door) confirmAgain(w http.ResponseWriter, r *http.Request, k ordered, x draft, err error) error {
	if !web.OnForm(err) {
		return err
	}
	if k.outrun(err) { // the page says it with the new price
		x.outrun = err
		return d.renderConfirm(w, r, k, web.Status(err), x, nil, 0)
	}
	problems, broken := explain(d.page(r).P, err)
	if broken != nil {
		return broken
	}
	return d.renderConfirm(w, r, k, web.Status(err), x, problems, left(err))
}
