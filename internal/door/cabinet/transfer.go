package cabinet

import (
	"errors"
	"net/http"
	"net/url"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// getTransfer is the form, or its first step while nobody is chosen. What was
// typed before comes back as a sealed draft; a recent payee is a sealed token.
// An address never carries a message.
func (d *Door) getTransfer(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	who := of(r).session.Client
	x := draft{To: q.Get("to"), From: cut(q.Get("from"), keptShort), Amount: cut(q.Get("amount"), keptShort)}
	switch {
	case q.Get("draft") != "":
		kept, ok := d.openDraft(who, q.Get("draft"))
		if !ok {
			leaveNotice(w, noticeDraft)
			return seeOther(w, r, "/transfer")
		}
		x = kept
	case q.Get("repeat") != "":
		if out, err := id.Parse(payout.Prefix, q.Get("repeat")); err == nil && d.Receivers.Open() {
			return d.repeatPhone(w, r, out)
		}
		t, err := id.Parse(transfer.Prefix, q.Get("repeat"))
		if err != nil {
			return web.ErrNotFound.Because(err)
		}
		again, err := d.Transfers.Repeat(r.Context(), who, t)
		if err != nil {
			return err
		}
		x = draft{To: again.To.Token, Amount: d.page(r).P.MoneyInput(again.Amount), Message: again.Message}
		cards, err := d.cards(r)
		if err != nil {
			return err
		}
		if k, ok := byAccount(cards, again.From); ok {
			x.From = k.shown.ID
		}
	}
	if x.To == "" {
		return d.renderRecipient(w, r, http.StatusOK, "", x, nil)
	}
	return d.renderTransfer(w, r, http.StatusOK, x, nil)
}

func (d *Door) renderRecipient(w http.ResponseWriter, r *http.Request, status int, typed string, x draft, problems ui.Errors) error {
	recent, err := d.recent(r)
	if err != nil {
		return err
	}
	friends, recent, all, err := d.quickFriends(r, recent)
	if err != nil {
		return err
	}
	v := RecipientView{Page: d.shown(w, r), Phone: typed, Amount: x.Amount, From: x.From, Message: x.Message, Recent: recent, Friends: friends, FriendsAll: all, LookupsLeft: -1}
	v.Ways = d.tabs(v.Page, "/transfer")
	if v.Cards, err = d.recentOut(r, payout.Card); err != nil {
		return err
	}
	v.Errors = problems
	return d.render(w, r, status, RecipientPage(v))
}

// postRecipient finds out whose phone it is.
func (d *Door) postRecipient(w http.ResponseWriter, r *http.Request) error {
	f := of(r).form
	who := of(r).session.Client
	x := draft{From: f.Get("from"), Amount: f.Get("amount"), Message: f.Get("message")}
	to, err := d.resolve(r, f)
	if err == nil {
		if x.Amount == "" && x.From == "" && x.Message == "" {
			return seeOther(w, r, "/transfer?"+url.Values{"to": {to.Token}}.Encode())
		}
		x.To, x.From, x.Amount, x.Message = to.Token, cut(x.From, keptShort), cut(x.Amount, keptShort), cut(x.Message, keptLong)
		token, err := d.sealDraft(who, x)
		if err != nil {
			return err
		}
		return seeOther(w, r, "/transfer?"+url.Values{"draft": {token}}.Encode())
	}
	if errors.Is(err, transfer.ErrNotAClient) {
		number, perr := phone.Parse(f.Get("phone"))
		if perr != nil {
			return perr
		}
		return d.otherWays(w, r, number, x)
	}
	if !web.OnForm(err) {
		return err
	}
	problems, broken := explain(d.page(r).P, at(err, "phone"))
	if broken != nil {
		return broken
	}
	return d.renderRecipient(w, r, web.Status(err), f.Get("phone"), x, problems)
}

// otherWays leads to other banks where the rail to them is open, else to a link.
func (d *Door) otherWays(w http.ResponseWriter, r *http.Request, number phone.Number, x draft) error {
	if d.Receivers.Open() {
		return d.toBanks(w, r, number, x)
	}
	return d.renderNotClient(w, r, number, x)
}

// renderNotClient offers a link to somebody who is nobody's client, and invites him.
func (d *Door) renderNotClient(w http.ResponseWriter, r *http.Request, number phone.Number, x draft) error {
	link, err := d.linkTo(r, number, x)
	if err != nil {
		return err
	}
	return d.render(w, r, http.StatusOK, NotClientPage(NotClientView{Page: d.page(r), Phone: number.E164(), ShareURL: d.Front.Origin(), LinkHref: link}))
}

func (d *Door) resolve(r *http.Request, f web.Form) (transfer.Payee, error) {
	if faults := f.Faults(); len(faults) > 0 {
		return transfer.Payee{}, errors.Join(faults...)
	}
	number, err := phone.Parse(f.Get("phone"))
	if err != nil {
		return transfer.Payee{}, err
	}
	return d.Transfers.Resolve(r.Context(), of(r).session.Client, number, web.VisitOf(r).IP)
}

// renderTransfer shows the form over a draft.
func (d *Door) renderTransfer(w http.ResponseWriter, r *http.Request, status int, x draft, problems ui.Errors) error {
	o, err := d.offer(r, x)
	if errors.Is(err, transfer.ErrPayee) {
		problems, _ := explain(d.page(r).P, at(transfer.ErrPayee, "phone"))
		return d.renderRecipient(w, r, http.StatusUnprocessableEntity, "", x, atField(problems, "phone"))
	}
	if err != nil {
		return err
	}
	change, err := d.changePayee(r, x)
	if err != nil {
		return err
	}
	v := TransferView{
		Page: d.shown(w, r), ChangeHref: change, Payee: o.payee, From: x.From, Sources: shownCards(o.cards), Amount: x.Amount, Message: x.Message,
		Quote: o.quote, LimitLeft: o.left.OutgoingDay.Left, LimitCap: o.left.OutgoingDay.Cap,
	}
	v.Errors = problems
	return d.render(w, r, status, TransferPage(v))
}

// changePayee is the first step again, with everything typed but the payee.
func (d *Door) changePayee(r *http.Request, x draft) (string, error) {
	if x.Amount == "" && x.From == "" && x.Message == "" {
		return "/transfer", nil
	}
	token, err := d.sealDraft(of(r).session.Client, draft{From: cut(x.From, keptShort), Amount: cut(x.Amount, keptShort), Message: cut(x.Message, keptLong)})
	return "/transfer?" + url.Values{"draft": {token}}.Encode(), err
}

// atField moves problems to a field of another form.
func atField(all ui.Errors, field string) ui.Errors {
	for i := range all {
		all[i].Field = field
	}
	return all
}

// offering is a draft worked out: whom, from what, what it costs and what the
// bank would say to it now.
type offering struct {
	payee  ui.Payee
	cards  []owned
	from   owned
	left   limit.Left
	quote  *Quote // nil: the sum cannot be read
	token  string // of the quote
	amount error  // why the sum cannot be read or will be refused
	source error  // why the card cannot be used
}

// offer works a draft out. Errors are those that no form can show.
func (d *Door) offer(r *http.Request, x draft) (offering, error) {
	var o offering
	who, p := of(r).session.Client, d.page(r).P
	to, err := d.Transfers.Payee(who, x.To)
	if err != nil {
		return o, err
	}
	o.payee = payee(to)
	if o.cards, err = d.cards(r); err != nil {
		return o, err
	}
	if o.left, err = d.Limits.Left(r.Context(), who, of(r).session.Standing); err != nil {
		return o, err
	}
	var sum money.Amount
	if sum, o.amount = locale.ParseAmount(x.Amount); o.amount != nil {
		o.amount = at(o.amount, "amount")
	}
	if o.from, o.source = pick(o.cards, x.From); o.source != nil {
		o.source = at(o.source, "from")
		return o, nil
	}
	if o.amount != nil {
		return o, nil
	}
	q, err := d.Transfers.Quote(r.Context(), who, o.from.card.Account, x.To, sum)
	if err != nil {
		if !web.OnForm(err) {
			return o, err
		}
		o.amount = at(err, "amount")
		return o, nil
	}
	t := termsOf(q)
	o.token, o.quote = t.quote, showQuote(t, o.from, o.left)
	if o.quote.Rule, err = d.Tariffs.Words(r.Context(), p, q.Price, ""); err != nil {
		return o, err
	}
	if o.amount = d.foresee(t, o.from, o.left, of(r).session.Standing); o.amount != nil {
		problems, broken := explain(p, o.amount)
		if broken != nil {
			return o, broken
		}
		o.quote.Problem = problems[0].Text
	}
	return o, nil
}

func showQuote(t terms, from owned, left limit.Left) *Quote {
	out := &Quote{Amount: t.amount, Fee: t.fee, Total: t.total, Left: from.account.Available(), LimitLeft: left.OutgoingDay.Left, LimitCap: left.OutgoingDay.Cap}
	if rest, err := out.Left.Sub(t.total); err == nil && rest.Minor >= 0 {
		out.Left = rest
	}
	return out
}

// foresee tells what the book would refuse if it were asked now, so that the
// form says it while there is something to correct. The book decides anew.
func (d *Door) foresee(t terms, from owned, left limit.Left, s client.Standing) error {
	if err := d.Limits.Rules().CheckOrder(t.amount, s, d.DB.Now()); err != nil {
		return err
	}
	rest, err := from.account.Available().Sub(t.total)
	if err != nil {
		return err
	}
	if rest.Minor < 0 {
		missing, err := rest.Neg()
		if err != nil {
			return err
		}
		return transfer.ErrInsufficientFunds.With("missing", missing)
	}
	for _, m := range []struct {
		meter limit.Meter
		err   *fault.Error
	}{{left.OutgoingDay, limit.ReachedDay(s, left.OutgoingDay.Cap)}, {left.OutgoingMonth, limit.ReachedMonth(s, left.OutgoingMonth.Cap)}} {
		if t.total.Minor > m.meter.Left.Minor {
			return m.err.With("left", m.meter.Left).With("cap", m.meter.Cap)
		}
	}
	for _, c := range left.Caps {
		e := map[limit.Why]*fault.Error{limit.Scriptless: limit.ErrScriptless, limit.Reduced: limit.ErrReducedDay, limit.Simplified: limit.ErrSimplifiedDay}[c.Why]
		if e != nil && c.Day.Cap.Cur != 0 && t.total.Minor > c.Day.Left.Minor {
			return e.With("left", c.Day.Left).With("cap", c.Day.Cap).With("until", c.Until)
		}
	}
	return nil
}

// draftOf reads the transfer form.
func draftOf(f web.Form) draft {
	return draft{To: f.Get("to"), From: f.Get("from"), Amount: f.Get("amount"), Message: f.Get("message")}
}

// postQuote answers «Рассчитать»: the fragment for the script, the whole page
// without one. Nothing is kept of it.
func (d *Door) postQuote(w http.ResponseWriter, r *http.Request) error {
	x := draftOf(of(r).form)
	faults := of(r).form.Faults()
	if !htmx(r) {
		problems, broken := explain(d.page(r).P, faults...)
		if broken != nil {
			return broken
		}
		o, err := d.offer(r, x)
		if err != nil && !errors.Is(err, transfer.ErrPayee) {
			return err
		}
		if o.quote == nil && err == nil {
			more, broken := explain(d.page(r).P, o.source, o.amount)
			if broken != nil {
				return broken
			}
			problems = append(problems, more...)
		}
		if problems.Any() {
			return d.renderTransfer(w, r, http.StatusUnprocessableEntity, x, problems)
		}
		return d.renderTransfer(w, r, http.StatusOK, x, nil)
	}
	o, err := d.offer(r, x)
	if err != nil {
		return err
	}
	v := QuoteView{Page: d.page(r), Payee: o.payee, Quote: o.quote, LimitLeft: o.left.OutgoingDay.Left, LimitCap: o.left.OutgoingDay.Cap}
	// An empty field is no mistake yet: the fragment comes while one types.
	if o.quote == nil && !errors.Is(o.amount, locale.ErrAmountEmpty) {
		problems, broken := explain(v.P, o.source, o.amount)
		if broken != nil {
			return broken
		}
		if problems.Any() {
			v.Problem = problems[0].Text
		}
	}
	return d.render(w, r, http.StatusOK, QuotePanel(v))
}

// postTransfer takes the form and leads to the confirmation. No money moves.
// The order's key is made here: whoever opens the confirmation twice, goes back
// or reloads it confirms the same order.
func (d *Door) postTransfer(w http.ResponseWriter, r *http.Request) error {
	f := of(r).form
	x := draftOf(f)
	errs := f.Faults()
	o, err := d.offer(r, x)
	if err != nil {
		if errors.Is(err, transfer.ErrPayee) {
			return d.renderTransfer(w, r, http.StatusUnprocessableEntity, x, nil)
		}
		return err
	}
	message, err := transfer.CleanMessage(x.Message)
	if err != nil && !web.OnForm(err) {
		return err
	}
	if errs = append(errs, o.amount, o.source, err); errors.Join(errs...) != nil {
		problems, broken := explain(d.page(r).P, errs...)
		if broken != nil {
			return broken
		}
		status := http.StatusUnprocessableEntity
		if o.source != nil {
			status = web.Status(o.source) // somebody else's card is no slip of the pen
		}
		return d.renderTransfer(w, r, status, x, problems)
	}
	x.Message, x.Quote, x.Key = message, o.token, d.IDs.New()
	token, err := d.sealDraft(of(r).session.Client, x)
	if err != nil {
		return err
	}
	return seeOther(w, r, "/transfer/confirm?"+url.Values{"draft": {token}}.Encode())
}
