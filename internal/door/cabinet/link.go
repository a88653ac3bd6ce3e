package cabinet

import (
	"errors"
	"net/http"
	"net/url"

	"rocketbank/internal/bank/claim"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// linkRoutes send money by a link, to whoever has a phone.
func (d *Door) linkRoutes() []route {
	get, post, out := http.MethodGet, http.MethodPost, linkOrder{d}
	return []route{
		{method: get, path: "/transfer/link", who: insider, serve: d.getLinkForm},
		{method: post, path: "/transfer/link", who: insider, serve: d.postLinkForm, keep: d.keepLink},
		{method: get, path: "/link/confirm", who: insider, serve: d.getConfirm(out)},
		{method: post, path: "/link/confirm", who: insider, serve: d.postConfirm(out), keep: d.keepConfirm(out)},
		{method: post, path: "/link/confirm/ask", who: insider, serve: d.postConfirmAsk(out)},
		{method: get, path: "/links", who: insider, serve: d.getLinks},
		{method: get, path: "/links/{id}", who: insider, serve: d.getLink},
		{method: get, path: "/links/{id}/receipt", who: insider, serve: d.getLinkSigned},
		{method: post, path: "/links/{id}/cancel", who: insider, serve: d.postLinkCancel},
	}
}

// linkOrder is money sent by a link.
type linkOrder struct{ d *Door }

func (linkOrder) at() string    { return "/link/confirm" }
func (linkOrder) start() string { return "/transfer/link" }

func (o linkOrder) terms(r *http.Request, x draft) (terms, error) {
	q, err := o.d.Links.ReadQuote(r.Context(), of(r).session.Client, x.Quote)
	return linkTerms(q), err
}

func (linkOrder) outrun(err error) bool {
	return errors.Is(err, tariff.ErrChanged) || errors.Is(err, claim.ErrQuoteExpired)
}

func (o linkOrder) anew(r *http.Request, x draft, _ terms) (terms, error) {
	q, err := o.d.Links.Again(r.Context(), of(r).session.Client, x.Quote)
	return linkTerms(q), err
}

func (linkOrder) edit(x draft, t terms, from owned, p *locale.Printer) (string, draft) {
	return "/transfer/link", draft{To: t.out.Title, From: from.shown.ID, Amount: p.MoneyInput(t.amount), Message: x.Message}
}

func (o linkOrder) text(who client.ID, x draft) (order.Document, error) {
	return o.d.Links.Order(who, x.Quote, x.Message)
}

func (o linkOrder) carry(r *http.Request, x draft, signed order.Signed) (string, error) {
	in := of(r).session
	l, err := o.d.Links.Create(r.Context(), claim.Create{
		Client: in.Client, Key: ledgerKey(x.Key), Quote: x.Quote, Message: x.Message, Signed: signed, Standing: in.Standing, IP: web.VisitOf(r).IP,
	})
	return "/links/" + l.Text(), err
}

func linkTerms(q claim.Quote) terms {
	return terms{
		quote: q.Token, from: q.From, out: &PayoutTo{Way: "link", Title: q.Phone.Pretty()}, amount: q.Amount, fee: q.Fee, total: q.Total, price: q.Price, until: q.Until,
	}
}

// getLinkForm is the form, with what was typed before as a sealed draft.
func (d *Door) getLinkForm(w http.ResponseWriter, r *http.Request) error {
	var x draft
	if token := r.URL.Query().Get("draft"); token != "" {
		kept, ok := d.openDraft(of(r).session.Client, token)
		if !ok {
			leaveNotice(w, noticeDraft)
			return seeOther(w, r, "/transfer/link")
		}
		x = kept
	}
	return d.renderLinkForm(w, r, http.StatusOK, x, nil)
}

func (d *Door) renderLinkForm(w http.ResponseWriter, r *http.Request, status int, x draft, problems ui.Errors) error {
	cards, err := d.cards(r)
	if err != nil {
		return err
	}
	left, err := d.Limits.Left(r.Context(), of(r).session.Client, of(r).session.Standing)
	if err != nil {
		return err
	}
	v := LinkFormView{
		Page: d.shown(w, r), Phone: x.To, From: x.From, Sources: shownCards(cards), Amount: x.Amount, Message: x.Message,
		LimitLeft: left.OutgoingDay.Left, LimitCap: left.OutgoingDay.Cap,
	}
	v.Ways = d.tabs(v.Page, "/transfer/link")
	if v.Rule, err = d.prices(r, tariff.Link); err != nil {
		return err
	}
	v.Errors = problems
	return d.render(w, r, status, LinkFormPage(v))
}

// postLinkForm takes the form and leads to the confirmation. No money moves and
// nobody is told whether the phone is a client's.
func (d *Door) postLinkForm(w http.ResponseWriter, r *http.Request) error {
	f := of(r).form
	x := draft{To: f.Get("phone"), From: f.Get("from"), Amount: f.Get("amount"), Message: f.Get("message")}
	errs := f.Faults()
	number, err := phone.Parse(x.To)
	errs = append(errs, at(err, "phone"))
	sum, err := locale.ParseAmount(x.Amount)
	errs = append(errs, at(err, "amount"))
	message, err := transfer.CleanMessage(x.Message)
	errs = append(errs, at(err, "message"))
	cards, err := d.cards(r)
	if err != nil {
		return err
	}
	from, source := pick(cards, x.From)
	errs = append(errs, at(source, "from"))
	var t terms
	if errors.Join(errs...) == nil {
		q, err := d.Links.Quote(r.Context(), of(r).session.Client, from.card.Account, number, sum)
		t = linkTerms(q)
		if err == nil {
			left, wrong := d.Limits.Left(r.Context(), of(r).session.Client, of(r).session.Standing)
			if wrong != nil {
				return wrong
			}
			err = d.foresee(t, from, left, of(r).session.Standing)
		}
		if err != nil && !web.OnForm(err) {
			return err
		}
		errs = append(errs, err)
	}
	if errors.Join(errs...) != nil {
		problems, broken := explain(d.page(r).P, errs...)
		if broken != nil {
			return broken
		}
		status := http.StatusUnprocessableEntity
		if source != nil {
			status = web.Status(source)
		}
		return d.renderLinkForm(w, r, status, x, problems)
	}
	token, err := d.sealDraft(of(r).session.Client, draft{Quote: t.quote, Message: message, Key: d.IDs.New()})
	if err != nil {
		return err
	}
	return seeOther(w, r, "/link/confirm?"+url.Values{"draft": {token}}.Encode())
}

// keepLink keeps the form for after the login.
func (d *Door) keepLink(r *http.Request) (string, bool) {
	f := of(r).form
	return d.keep(r, "/transfer/link", draft{To: f.Get("phone"), From: f.Get("from"), Amount: f.Get("amount"), Message: f.Get("message")})
}

// linkTo leads to the form with a phone that nobody here has.
func (d *Door) linkTo(r *http.Request, number phone.Number, x draft) (string, error) {
	if d.Links == nil {
		return "", nil
	}
	token, err := d.sealDraft(of(r).session.Client, draft{
		To: number.Pretty(), From: cut(x.From, keptShort), Amount: cut(x.Amount, keptShort), Message: cut(x.Message, keptLong),
	})
	return "/transfer/link?" + url.Values{"draft": {token}}.Encode(), err
}
