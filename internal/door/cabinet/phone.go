package cabinet

import (
	"errors"
	"net/http"
	"net/url"

	"rocketbank/internal/bank/payout"
	"rocketbank/internal/bank/receiver"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// getPhoneOut is the form of a transfer to somebody in another bank.
func (d *Door) getPhoneOut(w http.ResponseWriter, r *http.Request) error {
	x, ok := d.openDraft(of(r).session.Client, r.URL.Query().Get("draft"))
	if !ok || x.To == "" {
		leaveNotice(w, noticeDraft)
		return seeOther(w, r, "/transfer")
	}
	return d.renderPhoneOut(w, r, http.StatusOK, x, nil)
}

// phoneOffer works a draft out. Errors are those that no form can show, and
// receiver.ErrOld or ErrToken of a receiver who has to be looked up again.
func (d *Door) phoneOffer(r *http.Request, x draft) (to receiver.Receiver, o outOffering, err error) {
	who := of(r).session.Client
	if to, err = d.Receivers.Read(who, x.To); err != nil {
		return to, o, err
	}
	target, err := d.Receivers.Target(who, x.To)
	if err != nil {
		return to, o, err
	}
	o, err = d.offerOut(r, target, tariff.PhoneOut, x.From, x.Amount)
	return to, o, err
}

// renderPhoneOut shows the form over a draft. A receiver whose name is to be
// checked again leads back to the banks, with everything that was typed.
func (d *Door) renderPhoneOut(w http.ResponseWriter, r *http.Request, status int, x draft, problems ui.Errors) error {
	to, o, err := d.phoneOffer(r, x)
	if err != nil {
		return d.lookAgain(w, r, x, to, err)
	}
	back, err := d.sealDraft(of(r).session.Client, backToBanks(x, to))
	if err != nil {
		return err
	}
	v := PhoneOutView{
		Page: d.shown(w, r), To: o.to, Token: x.To, Phone: to.Phone.E164(), From: x.From, Sources: shownCards(o.cards), Amount: x.Amount, Message: x.Message,
		Quote: o.quote, Rule: o.rule, LimitLeft: o.left.OutgoingDay.Left, LimitCap: o.left.OutgoingDay.Cap,
		ChangeHref: "/transfer/bank?" + url.Values{"draft": {back}}.Encode(),
	}
	if v.Free, v.FreeOf, err = d.Tariffs.FreeLeft(r.Context(), tariff.Ask{Client: of(r).session.Client, Kind: tariff.PhoneOut, Sum: o.ask.Amount}); err != nil {
		return err
	}
	v.Errors = problems
	return d.render(w, r, status, PhoneOutPage(v))
}

// backToBanks is the draft of the step before.
func backToBanks(x draft, to receiver.Receiver) draft {
	return draft{
		Phone: to.Phone.E164(), Bank: to.Bank, From: cut(x.From, keptShort), Amount: cut(x.Amount, keptShort), Message: cut(x.Message, keptLong),
	}
}

// lookAgain answers a token that holds no more: with the banks' page when it is
// only old, with the first step when it is nobody's.
func (d *Door) lookAgain(w http.ResponseWriter, r *http.Request, x draft, was receiver.Receiver, err error) error {
	old := errors.Is(err, receiver.ErrOld)
	if !old && !errors.Is(err, receiver.ErrToken) {
		return err
	}
	problems, broken := explain(d.page(r).P, err)
	if broken != nil {
		return broken
	}
	if old {
		return d.renderBanks(w, r, http.StatusUnprocessableEntity, backToBanks(x, was), "", problems)
	}
	return d.renderRecipient(w, r, http.StatusUnprocessableEntity, "", draft{From: x.From, Amount: x.Amount, Message: x.Message}, atField(problems, "phone"))
}

// postPhoneQuote answers «Рассчитать»: the fragment for the script, the whole
// page without one.
func (d *Door) postPhoneQuote(w http.ResponseWriter, r *http.Request) error {
	x := draftOf(of(r).form)
	to, o, err := d.phoneOffer(r, x)
	if err != nil {
		return d.lookAgain(w, r, x, to, err)
	}
	errs := append(of(r).form.Faults(), o.source)
	// What will be refused stands in the panel; an empty field is no mistake
	// while one types.
	if o.quote == nil && (!htmx(r) || !errors.Is(o.amount, locale.ErrAmountEmpty)) {
		errs = append(errs, o.amount)
	}
	problems, broken := explain(d.page(r).P, errs...)
	if broken != nil {
		return broken
	}
	if !htmx(r) {
		status := http.StatusOK
		if problems.Any() {
			status = http.StatusUnprocessableEntity
		}
		return d.renderPhoneOut(w, r, status, x, problems)
	}
	v := OutQuoteView{Page: d.page(r), To: o.to, Quote: o.quote, Rule: o.rule, LimitLeft: o.left.OutgoingDay.Left, LimitCap: o.left.OutgoingDay.Cap}
	if problems.Any() {
		v.Problem = problems[0].Text
	}
	return d.render(w, r, http.StatusOK, OutQuotePanel(v))
}

// postPhoneOut takes the form and leads to the confirmation. No money moves.
func (d *Door) postPhoneOut(w http.ResponseWriter, r *http.Request) error {
	x := draftOf(of(r).form)
	to, o, err := d.phoneOffer(r, x)
	if err != nil {
		return d.lookAgain(w, r, x, to, err)
	}
	message, err := transfer.CleanMessage(x.Message)
	if err != nil && !web.OnForm(err) {
		return err
	}
	errs := append(of(r).form.Faults(), o.amount, o.source, err)
	if errors.Join(errs...) == nil {
		if err = d.startPayout(w, r, o.ask, message); err == nil || !web.OnForm(err) {
			return err
		}
		errs = append(errs, at(err, "amount"))
	}
	problems, broken := explain(d.page(r).P, errs...)
	if broken != nil {
		return broken
	}
	status := http.StatusUnprocessableEntity
	if o.source != nil {
		status = web.Status(o.source) // somebody else's card is no slip of the pen
	}
	return d.renderPhoneOut(w, r, status, x, problems)
}

// repeatPhone fills the first step with whom money went to by phone. In which
// bank he wants it today is asked anew.
func (d *Door) repeatPhone(w http.ResponseWriter, r *http.Request, which id.ID) error {
	p, err := d.Payouts.One(r.Context(), of(r).session.Client, which)
	if err != nil {
		return err
	}
	if p.To.Way != payout.Phone {
		return payout.ErrMissing
	}
	x := draft{Amount: d.page(r).P.MoneyInput(p.Amount), Message: p.Message}
	cards, err := d.cards(r)
	if err != nil {
		return err
	}
	if k, ok := byAccount(cards, p.From); ok {
		x.From = k.shown.ID
	}
	return d.renderRecipient(w, r, http.StatusOK, phone.Number(p.To.Title).Pretty(), x, nil)
}
