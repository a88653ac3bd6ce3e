package cabinet

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/bank/topup"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

func (d *Door) getTopUp(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	t := topUpForm{amount: cut(q.Get("amount"), keptShort), to: cut(q.Get("to"), keptShort), key: d.IDs.New()}
	if token := q.Get("draft"); token != "" {
		x, ok := d.openDraft(of(r).session.Client, token)
		if !ok {
			leaveNotice(w, noticeDraft)
			return seeOther(w, r, "/topup")
		}
		t.amount, t.to, t.key = x.Amount, x.To, x.Key
	}
	return d.renderTopUp(w, r, http.StatusOK, t, nil, nil)
}

// topUpForm is what a page may give back of the form as typed. Number and code
// of the card are read where they are used and kept nowhere: a page that went
// wrong asks for them again (C01, C02).
type topUpForm struct {
	amount, to, expiry string
	again              bool // a number was typed and has to be typed once more
	key                id.ID
}

func (d *Door) topUpFormOf(f web.Form) topUpForm {
	t := topUpForm{amount: f.Get("amount"), to: f.Get("to"), again: strings.TrimSpace(f.Get("card_number")) != "", key: d.keyOf(f.Get("key"))}
	if typed := f.Get("card_expiry"); utf8.RuneCountInString(typed) <= expiryLen { // longer, it may be a number in the wrong field
		t.expiry = typed
	}
	return t
}

func (d *Door) renderTopUp(w http.ResponseWriter, r *http.Request, status int, t topUpForm, q *TopUpQuote, problems ui.Errors) error {
	cards, err := d.cards(r)
	if err != nil {
		return err
	}
	left, err := d.Limits.Left(r.Context(), of(r).session.Client, of(r).session.Standing)
	if err != nil {
		return err
	}
	rule, err := d.prices(r, tariff.TopUp)
	if err != nil {
		return err
	}
	v := TopUpView{
		Page: d.shown(w, r), Rule: rule, Amount: t.amount, NumberAgain: t.again, Expiry: t.expiry, To: t.to, Cards: shownCards(cards), Quote: q,
		LimitLeft: left.TopUpDay.Left, LimitCap: left.TopUpDay.Cap, Hidden: []ui.Hidden{{Name: "key", Value: t.key.Text(keyPrefix)}},
	}
	v.Errors = problems
	return d.render(w, r, status, TopUpPage(v))
}

// price works out what a typed sum costs; the error is for the field amount.
func (d *Door) price(r *http.Request, typed string) (*TopUpQuote, limit.Left, error) {
	left, err := d.Limits.Left(r.Context(), of(r).session.Client, of(r).session.Standing)
	if err != nil {
		return nil, left, err
	}
	sum, err := locale.ParseAmount(typed)
	if err != nil {
		return nil, left, at(err, "amount")
	}
	q, err := d.Topups.Quote(r.Context(), of(r).session.Client, sum)
	if err != nil {
		return nil, left, at(err, "amount")
	}
	out := &TopUpQuote{Token: q.Token, Amount: q.Amount, Fee: q.Fee, Total: q.Total}
	if q.Amount.Minor > left.TopUpDay.Left.Minor {
		out.Problem = d.page(r).P.Fault(overTopUp(left))
	}
	return out, left, nil
}

func overTopUp(left limit.Left) *fault.Error {
	return limit.ErrTopUpDay.With("left", left.TopUpDay.Left).With("cap", left.TopUpDay.Cap)
}

// postTopUpQuote answers «Рассчитать». It never reads the card's fields: the
// script sends the sum alone, and a plain form gets them back empty.
func (d *Door) postTopUpQuote(w http.ResponseWriter, r *http.Request) error {
	f := of(r).form
	q, left, err := d.price(r, f.Get("amount"))
	if err != nil && !web.OnForm(err) {
		return err
	}
	problems, broken := explain(d.page(r).P, err)
	if broken != nil {
		return broken
	}
	empty := errors.Is(err, locale.ErrAmountEmpty)
	if !htmx(r) {
		status := http.StatusOK
		if err != nil {
			status = web.Status(err)
		}
		return d.renderTopUp(w, r, status, topUpForm{amount: f.Get("amount"), to: f.Get("to"), key: d.keyOf(f.Get("key"))}, q, problems)
	}
	rule, err := d.prices(r, tariff.TopUp)
	if err != nil {
		return err
	}
	v := TopUpQuoteView{Page: d.page(r), Rule: rule, Quote: q, LimitLeft: left.TopUpDay.Left, LimitCap: left.TopUpDay.Cap}
	if problems.Any() && !empty {
		v.Problem = problems[0].Text
	}
	return d.render(w, r, http.StatusOK, TopUpQuotePanel(v))
}

// postTopUp charges the other bank's card. The page's key makes it happen once:
// a second tap or a repeated POST is led to the same top-up.
func (d *Door) postTopUp(w http.ResponseWriter, r *http.Request) error {
	f := of(r).form
	t := d.topUpFormOf(f)
	p := d.page(r)
	q, _, err := d.price(r, t.amount)
	if err != nil && !web.OnForm(err) {
		return err
	}
	errs := append(f.Faults(), err)
	cards, err := d.cards(r)
	if err != nil {
		return err
	}
	to, err := pick(cards, t.to)
	if err != nil {
		return d.renderTopUp(w, r, web.Status(err), t, q, ui.Explain(p.P, at(err, "to")))
	}
	plastic, cardErr := d.readCard(f)
	errs = append(errs, cardErr)
	if err := errors.Join(errs...); err != nil {
		problems, broken := explain(p.P, errs...)
		if broken != nil {
			return broken
		}
		return d.renderTopUp(w, r, http.StatusUnprocessableEntity, t, q, problems)
	}
	// What was seen is what is charged. A price that is stale goes on: a repeat
	// gets its answer, anything else a new price.
	agreed, err := d.Topups.ReadQuote(r.Context(), of(r).session.Client, f.Get("agreed"))
	if err != nil && !web.OnForm(err) {
		return err
	}
	if agreed.Amount != q.Amount {
		return d.renderTopUp(w, r, http.StatusOK, t, q, nil) // nobody pays a fee unseen
	}
	return d.startTopUp(w, r, t, q, topup.Start{
		Client: of(r).session.Client, Key: ledgerKey(t.key), Account: to.card.Account, Quote: agreed.Token, Card: plastic,
	})
}

func (d *Door) startTopUp(w http.ResponseWriter, r *http.Request, t topUpForm, q *TopUpQuote, cmd topup.Start) error {
	made, err := d.Topups.Start(r.Context(), cmd)
	if err != nil {
		if !web.OnForm(err) {
			return err
		}
		if fault.CodeOf(err) != fault.Busy {
			t.key = d.IDs.New() // the refusal is remembered under the old one
		}
		problems, broken := explain(d.page(r).P, err)
		if broken != nil {
			return broken
		}
		return d.renderTopUp(w, r, web.Status(err), t, q, topUpFields(problems))
	}
	if to, ok := elsewhere(made.ActionURL); made.State == topup.Action && ok {
		return seeOther(w, r, to)
	}
	return seeOther(w, r, "/topup/"+made.Text())
}

// elsewhere checks the address of the other bank's page: an absolute web
// address and nothing that a browser would run.
func elsewhere(s string) (string, bool) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || (u.Scheme != "https" && u.Scheme != "http") {
		return "", false
	}
	return u.String(), true
}

// readCard reads the other bank's card; every fault names a field of the form.
func (d *Door) readCard(f web.Form) (topup.Card, error) {
	var c topup.Card
	var errs [3]error
	c.Number, errs[0] = topup.ParseNumber(f.Get("card_number"))
	c.ExpMonth, c.ExpYear, errs[1] = topup.ParseExpiry(f.Get("card_expiry"), d.Now())
	c.CVC, errs[2] = topup.ParseCVC(f.Get("card_cvc"))
	for i, field := range []string{"card_number", "card_expiry", "card_cvc"} {
		if fa, ok := fault.As(errs[i]); ok {
			errs[i] = fa.At(field)
		}
	}
	return c, errors.Join(errs[:]...)
}

// topUpFields gives the room's field names those of the form.
func topUpFields(all ui.Errors) ui.Errors {
	for i, p := range all {
		switch p.Field {
		case "number", "expiry", "cvc":
			all[i].Field = "card_" + p.Field
		}
	}
	return all
}

// getTopUpResult is where the other bank's page sends the browser back to. It
// believes nothing of the query and asks the acquirer. Without a session it
// tells the state and nothing else; a stranger's session is told 404.
func (d *Door) getTopUpResult(w http.ResponseWriter, r *http.Request) error {
	which, err := pathID(r, topup.Prefix)
	if err != nil {
		return err
	}
	v := TopUpResultView{Page: d.shown(w, r), ID: which.Text(topup.Prefix), Amount: money.Rub(0), Fee: money.Rub(0), Total: money.Rub(0)}
	if !of(r).inside {
		pub, err := d.Topups.Return(r.Context(), which)
		if err != nil {
			return err
		}
		v.State, v.At = topUpState(pub.State), which.Time()
		if v.State == TopUpRefused {
			v.Reason = v.P.T(topup.ReasonKey(pub.Reason))
		}
		return d.renderResult(w, r, v)
	}
	t, err := d.Topups.One(r.Context(), of(r).session.Client, which)
	if err != nil {
		return err
	}
	cards, err := d.wallet(r)
	if err != nil {
		return err
	}
	v.State, v.Amount, v.Fee, v.Total, v.At = topUpState(t.State), t.Amount, t.Fee, t.Total, t.Created
	if n := len(t.Card); n >= 4 {
		v.Foreign = t.Card[n-4:]
	}
	if k, ok := byAccount(cards, t.Account); ok {
		v.To = k.shown.Name
		if t.State == topup.Done {
			balance := k.account.Available()
			v.Left = &balance
		}
	}
	switch t.State {
	case topup.Refused:
		v.Reason = v.P.T(topup.ReasonKey(t.Reason))
		v.RetryHref = "/topup?" + url.Values{"amount": {v.P.MoneyInput(t.Amount)}}.Encode()
	case topup.Action:
		if to, ok := elsewhere(t.ActionURL); ok {
			v.ContinueHref = to
		}
	}
	return d.renderResult(w, r, v)
}

func (d *Door) renderResult(w http.ResponseWriter, r *http.Request, v TopUpResultView) error {
	return d.render(w, r, http.StatusOK, TopUpResultPage(v))
}

func topUpState(s topup.State) TopUpState {
	switch s {
	case topup.Done:
		return TopUpDone
	case topup.Refused:
		return TopUpRefused
	}
	return TopUpProcessing
}
