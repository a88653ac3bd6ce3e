package cabinet

import (
	"errors"
	"net/http"
	"net/url"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// way is a way to send money: where it begins, and the form that a draft of it
// goes back to.
type way struct {
	of        payout.Way
	tab, form string
	always    bool // works without a rail too
}

// ways lists them in the order of the page that begins a transfer. By phone
// money goes to clients of ours, whether or not there is a rail to other banks.
func ways() []way {
	return []way{
		{of: payout.Phone, tab: "/transfer", form: "/transfer", always: true},
		{of: payout.Card, tab: "/transfer/card", form: "/transfer/card"},
	}
}

// tabs are the ways that work, one of them the page that is open.
func (d *Door) tabs(p ui.Page, here string) (out []WayTab) {
	for _, w := range ways() {
		if w.always || d.open(w.of) {
			out = append(out, WayTab{Href: w.tab, Label: p.P.T("cabinet.way." + w.of.String()), Current: w.tab == here})
		}
	}
	if d.Links != nil {
		out = append(out, WayTab{Href: "/transfer/link", Label: p.P.T("cabinet.way.link"), Current: here == "/transfer/link"})
	}
	return out
}

// open tells whether money goes this way today.
func (d *Door) open(w payout.Way) bool { return d.Payouts != nil && d.Payouts.Open(w) }

// formOf is the form where a payout of a way begins.
func formOf(of payout.Way) string {
	for _, w := range ways() {
		if w.of == of {
			return w.form
		}
	}
	return "/transfer"
}

// outOrder is money for another bank, whatever the way.
type outOrder struct{ d *Door }

func (outOrder) at() string    { return "/payout/confirm" }
func (outOrder) start() string { return "/transfer" }

func (o outOrder) terms(r *http.Request, x draft) (terms, error) {
	q, err := o.d.Payouts.ReadQuote(r.Context(), of(r).session.Client, x.Quote)
	return outTerms(o.d.page(r), q), err
}

// outrun: nobody keeps the receiver's number to begin anew with, so a quote
// that ran out is asked again like one whose price changed.
func (outOrder) outrun(err error) bool {
	return errors.Is(err, tariff.ErrChanged) || errors.Is(err, payout.ErrQuoteExpired)
}

func (o outOrder) anew(r *http.Request, x draft, _ terms) (terms, error) {
	q, err := o.d.Payouts.Again(r.Context(), of(r).session.Client, x.Quote)
	return outTerms(o.d.page(r), q), err
}

func (outOrder) edit(x draft, t terms, from owned, p *locale.Printer) (string, draft) {
	return formOf(t.way), draft{From: from.shown.ID, Amount: p.MoneyInput(t.amount), Message: x.Message, Again: true}
}

func (o outOrder) text(who client.ID, x draft) (order.Document, error) {
	return o.d.Payouts.Order(who, x.Quote, x.Message)
}

func (o outOrder) carry(r *http.Request, x draft, signed order.Signed) (string, error) {
	in := of(r).session
	p, err := o.d.Payouts.Send(r.Context(), payout.Send{
		Client: in.Client, Key: ledgerKey(x.Key), Quote: x.Quote, Message: x.Message, Signed: signed, Standing: in.Standing,
	})
	return "/payouts/" + p.Text(), err
}

func outTerms(p ui.Page, q payout.Quote) terms {
	t := terms{
		quote: q.Token, from: q.From, out: shownTo(p, q.To), way: q.To.Way, amount: q.Amount, fee: q.Fee, total: q.Total, price: q.Price, until: q.Until,
	}
	if t.way == payout.Phone {
		t.phone = phone.Number(q.To.Title)
	}
	return t
}

// shownTo is a receiver as pages write him.
func shownTo(p ui.Page, to payout.Shown) *PayoutTo {
	out := &PayoutTo{Way: to.Way.String(), Title: to.Title, Name: to.Name, Bank: to.BankRU}
	if p.Lang == locale.English && to.BankEN != "" {
		out.Bank = to.BankEN
	}
	switch to.Way {
	case payout.Phone, payout.Mobile:
		out.Title = p.P.PhoneMasked(to.Title)
	case payout.Card:
		out.Title = inFours(to.Title)
	}
	return out
}

// startPayout leads to the confirmation of money for another bank. Nothing is
// charged; a refusal is given back for the form that asked.
func (d *Door) startPayout(w http.ResponseWriter, r *http.Request, ask payout.Ask, message string) error {
	who := of(r).session.Client
	q, err := d.Payouts.Quote(r.Context(), who, ask)
	if err != nil {
		return err
	}
	if _, err := d.Payouts.Order(who, q.Token, message); err != nil {
		return err
	}
	token, err := d.sealDraft(who, draft{Quote: q.Token, Message: message, Key: d.IDs.New()})
	if err != nil {
		return err
	}
	return seeOther(w, r, "/payout/confirm?"+url.Values{"draft": {token}}.Encode())
}

// outOffering is a form for another bank worked out: from what, what it costs
// and what the bank would say to it now.
type outOffering struct {
	cards  []owned
	from   owned
	left   limit.Left
	to     *PayoutTo // nil: not known yet
	ask    payout.Ask
	rule   string // what this way costs, in words
	quote  *Quote // nil: it cannot be worked out yet
	amount error  // why the sum cannot be read or will be refused
	source error  // why the card cannot be used
}

// offerOut works a form out; to is whoever it names, the zero target while that
// cannot be told. Errors are those that no form can show.
func (d *Door) offerOut(r *http.Request, to payout.Target, kind tariff.Kind, from, amount string) (o outOffering, err error) {
	page, who := d.page(r), of(r).session.Client
	if o.cards, err = d.cards(r); err != nil {
		return o, err
	}
	if o.left, err = d.Limits.Left(r.Context(), who, of(r).session.Standing); err != nil {
		return o, err
	}
	if o.rule, err = d.prices(r, kind); err != nil {
		return o, err
	}
	var sum money.Amount
	if sum, o.amount = locale.ParseAmount(amount); o.amount != nil {
		o.amount = at(o.amount, "amount")
	}
	if o.from, o.source = pick(o.cards, from); o.source != nil {
		o.source = at(o.source, "from")
	}
	if to.Way == 0 {
		return o, nil
	}
	o.to = shownTo(page, to.Shown())
	if o.amount != nil || o.source != nil {
		return o, nil
	}
	o.ask = payout.Ask{From: o.from.card.Account, To: to, Amount: sum}
	q, err := d.Payouts.Quote(r.Context(), who, o.ask)
	if err != nil {
		if !web.OnForm(err) {
			return o, err
		}
		o.amount = at(err, "amount")
		return o, nil
	}
	t := outTerms(page, q)
	o.quote = showQuote(t, o.from, o.left)
	if o.quote.Rule, err = d.Tariffs.Words(r.Context(), page.P, q.Price, o.to.Bank); err != nil {
		return o, err
	}
	if o.amount = d.foresee(t, o.from, o.left, of(r).session.Standing); o.amount != nil {
		problems, broken := explain(page.P, o.amount)
		if broken != nil {
			return o, broken
		}
		o.quote.Problem = problems[0].Text
	}
	return o, nil
}
