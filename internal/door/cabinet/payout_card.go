package cabinet

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// payoutRoutes are the ways to other banks and what they have in common.
func (d *Door) payoutRoutes() []route {
	get, post, out := http.MethodGet, http.MethodPost, outOrder{d}
	return []route{
		{method: get, path: "/transfer/card", who: insider, serve: d.getCardOut},
		{method: post, path: "/transfer/card", who: insider, serve: d.postCardOut, keep: d.keepCardOut},
		{method: post, path: "/transfer/card/quote", who: insider, serve: d.postCardOutQuote, keep: d.keepCardOut},
		{method: get, path: "/payout/confirm", who: insider, serve: d.getConfirm(out)},
		{method: post, path: "/payout/confirm", who: insider, serve: d.postConfirm(out), keep: d.keepConfirm(out)},
		{method: post, path: "/payout/confirm/ask", who: insider, serve: d.postConfirmAsk(out)},
		{method: get, path: "/payouts/{id}", who: insider, serve: d.getPayout},
		{method: get, path: "/payouts/{id}/receipt", who: insider, serve: d.getPayoutSigned},
	}
}

// errNoNumber asks for the card before anything else is said of it.
var errNoNumber = fault.New(fault.Invalid, "cabinet.card_out.no_number").At("number")

// cardForm is the form as typed. The number is never part of a draft: a good
// one goes to and fro under a seal of its own, in the body of the form alone.
type cardForm struct {
	draft
	again  string // the masked number of a card that is paid once more
	typed  string // not understood as a number
	number string // understood; goes no further than the rail
	wrong  error  // why typed is none
}

// cardFormOf reads the form. What was understood earlier counts unless another
// number was typed.
func (d *Door) cardFormOf(who client.ID, f web.Form) cardForm {
	t := cardForm{draft: draft{From: f.Get("from"), Amount: f.Get("amount"), Message: f.Get("message")}}
	typed := f.Get("number")
	if strings.TrimSpace(typed) == "" {
		var ok bool
		if t.number, ok = d.openNumber(who, f.Get("card")); !ok {
			t.wrong = errNoNumber
		}
		return t
	}
	if t.number, t.wrong = payout.ParseCard(typed); t.wrong != nil {
		t.typed = cut(typed, keptShort)
	}
	return t
}

// sealedNumber is a receiver's card between two answers of a form.
type sealedNumber struct {
	Number string `json:"n"`
	Until  int64  `json:"u"`
}

func numberAt(whose client.ID) vault.At {
	return vault.At{Table: "cabinet.card_out", Row: vault.Row64(int64(whose))}
}

func (d *Door) sealNumber(whose client.ID, number string) (string, error) {
	plain, err := json.Marshal(sealedNumber{number, d.Now().Add(draftLife).Unix()})
	if err != nil {
		return "", err
	}
	sealed, err := d.Vault.Seal(vault.PAN, numberAt(whose), plain)
	return base64.RawURLEncoding.EncodeToString(sealed), err
}

func (d *Door) openNumber(whose client.ID, token string) (string, bool) {
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || token == "" {
		return "", false
	}
	plain, err := d.Vault.Open(vault.PAN, numberAt(whose), sealed)
	if err != nil {
		return "", false
	}
	var x sealedNumber
	if json.Unmarshal(plain, &x) != nil || d.Now().Unix() >= x.Until {
		return "", false
	}
	return x.Number, true
}

// ours tells whether a card is of our own range: then its holder is a client.
func (d *Door) ours(number string) bool { return number != "" && d.Cards.Ours(number) }

// offerCard works the form out. Money for a card of ours goes another way, and
// has no price here.
func (d *Door) offerCard(r *http.Request, t cardForm) (outOffering, error) {
	var to payout.Target
	if t.number != "" && !d.ours(t.number) {
		whose, err := d.Bins.Find(r.Context(), t.number)
		if err != nil {
			return outOffering{}, err
		}
		to = payout.Target{
			Way: payout.Card, Number: vault.Hide(t.number), Bank: whose.Bank.Code, BankRU: whose.Bank.RU, BankEN: whose.Bank.EN,
		}
	}
	o, err := d.offerOut(r, to, tariff.CardOut, t.From, t.Amount)
	if err == nil && d.ours(t.number) {
		page := d.page(r)
		o.to = &PayoutTo{Way: payout.Card.String(), Title: payout.Masked(t.number), Bank: page.Bank()}
		o.rule = page.P.T("cabinet.card_out.ours")
	}
	return o, err
}

func (d *Door) getCardOut(w http.ResponseWriter, r *http.Request) error {
	q, who := r.URL.Query(), of(r).session.Client
	var t cardForm
	switch {
	case !d.open(payout.Card):
		return seeOther(w, r, "/transfer")
	case q.Get("draft") != "":
		x, ok := d.openDraft(who, q.Get("draft"))
		if !ok {
			leaveNotice(w, noticeDraft)
			return seeOther(w, r, "/transfer/card")
		}
		t.draft = x
	case q.Get("repeat") != "":
		which, err := id.Parse(payout.Prefix, q.Get("repeat"))
		if err != nil {
			return web.ErrNotFound.Because(err)
		}
		p, err := d.Payouts.One(r.Context(), who, which)
		if err != nil {
			return err
		}
		t.draft = draft{Amount: d.page(r).P.MoneyInput(p.Amount), Message: p.Message}
		t.again = p.To.Title
		cards, err := d.cards(r)
		if err != nil {
			return err
		}
		if k, ok := byAccount(cards, p.From); ok {
			t.From = k.shown.ID
		}
	}
	return d.renderCardOut(w, r, http.StatusOK, t, nil)
}

func (d *Door) renderCardOut(w http.ResponseWriter, r *http.Request, status int, t cardForm, problems ui.Errors) error {
	who := of(r).session.Client
	o, err := d.offerCard(r, t)
	if err != nil {
		return err
	}
	v := CardOutView{
		Page: d.shown(w, r), Number: t.typed, NumberAgain: t.draft.Again, Again: t.again, To: o.to, From: t.From, Sources: shownCards(o.cards), Amount: t.Amount, Message: t.Message,
		Quote: o.quote, Rule: o.rule, LimitLeft: o.left.OutgoingDay.Left, LimitCap: o.left.OutgoingDay.Cap,
	}
	v.Ways = d.tabs(v.Page, "/transfer/card")
	if t.number != "" {
		if v.Card, err = d.sealNumber(who, t.number); err != nil {
			return err
		}
		token, err := d.sealDraft(who, draft{From: cut(t.From, keptShort), Amount: cut(t.Amount, keptShort), Message: cut(t.Message, keptLong)})
		if err != nil {
			return err
		}
		v.ChangeHref = "/transfer/card?" + url.Values{"draft": {token}}.Encode()
	} else if v.Recent, err = d.recentOut(r, payout.Card); err != nil {
		return err
	}
	v.Errors = problems
	return d.render(w, r, status, CardOutPage(v))
}

// recentOut are receivers at other banks money went to lately, each once. Of a
// card no more is kept than the row shows: its number has to be typed again.
func (d *Door) recentOut(r *http.Request, ofWay payout.Way) ([]PayoutRow, error) {
	if !d.open(ofWay) {
		return nil, nil
	}
	list, err := d.Payouts.Latest(r.Context(), of(r).session.Client, 5*recentPeople)
	if err != nil {
		return nil, err
	}
	var out []PayoutRow
	seen := map[payout.Shown]bool{}
	page := d.page(r)
	for _, p := range list {
		if p.To.Way != ofWay || p.State == payout.Refused || seen[p.To] || len(out) == recentPeople {
			continue
		}
		seen[p.To] = true
		out = append(out, PayoutRow{To: *shownTo(page, p.To), Href: formOf(ofWay) + "?repeat=" + p.Text()})
	}
	return out, nil
}

// postCardOutQuote answers «Рассчитать»: the fragment for the script, the whole
// page without one. Nothing is kept of it.
func (d *Door) postCardOutQuote(w http.ResponseWriter, r *http.Request) error {
	f, p := of(r).form, d.page(r).P
	t := d.cardFormOf(of(r).session.Client, f)
	o, err := d.offerCard(r, t)
	if err != nil {
		return err
	}
	errs := append(f.Faults(), o.source)
	if o.quote == nil { // what will be refused stands in the panel
		errs = append(errs, o.amount)
	}
	if !htmx(r) {
		problems, broken := explain(p, append(errs, t.wrong)...)
		if broken != nil {
			return broken
		}
		status := http.StatusOK
		if problems.Any() {
			status = http.StatusUnprocessableEntity
		}
		return d.renderCardOut(w, r, status, t, problems)
	}
	v := OutQuoteView{Page: d.page(r), To: o.to, Quote: o.quote, Rule: o.rule, LimitLeft: o.left.OutgoingDay.Left, LimitCap: o.left.OutgoingDay.Cap}
	// What is empty or half typed is no mistake yet.
	if !errors.Is(o.amount, locale.ErrAmountEmpty) {
		problems, broken := explain(p, errs...)
		if broken != nil {
			return broken
		}
		if problems.Any() {
			v.Problem = problems[0].Text
		}
	}
	return d.render(w, r, http.StatusOK, OutQuotePanel(v))
}

// postCardOut takes the form and leads to the confirmation. No money moves.
func (d *Door) postCardOut(w http.ResponseWriter, r *http.Request) error {
	f := of(r).form
	t := d.cardFormOf(of(r).session.Client, f)
	if d.ours(t.number) && len(f.Faults()) == 0 {
		return d.toClient(w, r, t)
	}
	o, err := d.offerCard(r, t)
	if err != nil {
		return err
	}
	message, err := transfer.CleanMessage(t.Message)
	if err != nil && !web.OnForm(err) {
		return err
	}
	errs := append(f.Faults(), t.wrong, o.amount, o.source, err)
	if errors.Join(errs...) == nil {
		if err = d.startPayout(w, r, o.ask, message); err == nil || !web.OnForm(err) {
			return err
		}
		errs = append(errs, err)
	}
	problems, broken := explain(d.page(r).P, errs...)
	if broken != nil {
		return broken
	}
	status := http.StatusUnprocessableEntity
	if o.source != nil {
		status = web.Status(o.source) // somebody else's card is no slip of the pen
	}
	return d.renderCardOut(w, r, status, t, problems)
}

// toClient leads money for a card of our own to where clients are paid, at once
// and free, with everything that was typed.
func (d *Door) toClient(w http.ResponseWriter, r *http.Request, t cardForm) error {
	who := of(r).session.Client
	to, _, err := d.Transfers.ByCard(r.Context(), who, t.number, web.VisitOf(r).IP)
	if err == nil {
		token, err := d.sealDraft(who, draft{To: to.Token, From: cut(t.From, keptShort), Amount: cut(t.Amount, keptShort), Message: cut(t.Message, keptLong)})
		if err != nil {
			return err
		}
		return seeOther(w, r, "/transfer?"+url.Values{"draft": {token}}.Encode())
	}
	if !web.OnForm(err) {
		return err
	}
	problems, broken := explain(d.page(r).P, at(err, "number"))
	if broken != nil {
		return broken
	}
	t.number = ""
	return d.renderCardOut(w, r, web.Status(err), t, problems)
}

// keepCardOut keeps the form without the card's number.
func (d *Door) keepCardOut(r *http.Request) (string, bool) {
	f := of(r).form
	typed := utf8.RuneCountInString(strings.TrimSpace(f.Get("number"))) > 0 || f.Get("card") != ""
	return d.keep(r, "/transfer/card", draft{From: f.Get("from"), Amount: f.Get("amount"), Message: f.Get("message"), Again: typed})
}
