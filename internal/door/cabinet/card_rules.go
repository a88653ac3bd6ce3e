package cabinet

import (
	"errors"
	"net/http"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// The messages of this page.
const (
	noticeRules    notice = "rules"
	noticeRulesOld notice = "rules_old"
)

// cardRuleRoutes is the page of what a card may be used for.
func (d *Door) cardRuleRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/cards/{id}/rules", who: insider, serve: d.getRules},
		{method: http.MethodPost, path: "/cards/{id}/rules", who: insider, serve: d.postRules, keep: rulesAgain},
		{method: http.MethodPost, path: "/cards/{id}/rules/ask", who: insider, serve: d.postRulesAsk},
	}
}

// rulesAgain opens the page of the card anew: what was typed is not kept.
func rulesAgain(r *http.Request) (string, bool) {
	return "/cards/" + r.PathValue("id") + "/rules", false
}

// ruled finds the card of the address, among those that still live.
func (d *Door) ruled(r *http.Request) (card.Card, ui.Card, error) {
	which, err := pathID(r, card.Prefix)
	if err != nil {
		return card.Card{}, ui.Card{}, err
	}
	k, err := d.Cards.ByID(r.Context(), of(r).session.Client, which)
	if err != nil {
		return card.Card{}, ui.Card{}, err
	}
	if k.State.Dead() {
		return card.Card{}, ui.Card{}, card.ErrDead
	}
	all, err := d.cards(r)
	if err != nil {
		return card.Card{}, ui.Card{}, err
	}
	shown, err := pick(all, which.Text(card.Prefix))
	return k, shown.shown, err
}

func (d *Door) getRules(w http.ResponseWriter, r *http.Request) error {
	k, shown, err := d.ruled(r)
	if err != nil {
		return err
	}
	p := d.shown(w, r)
	return d.renderRules(w, r, http.StatusOK, k, RulesView{Page: p, Card: shown}, typedRules(p.P, k.Rules))
}

// postRules tries rules on, saves those that are not looser, and leads those
// that are to their confirmation, which comes back here with its offer.
func (d *Door) postRules(w http.ResponseWriter, r *http.Request) error {
	k, shown, err := d.ruled(r)
	if err != nil {
		return err
	}
	f := of(r).form
	if f.Has("offer") {
		return d.postRulesOrder(w, r, k, shown)
	}
	if !f.Has("whole") { // a form that was cut off would shut everything
		return web.ErrForm
	}
	v := RulesView{Page: d.page(r), Card: shown}
	typed, to, err := readRules(v.P, f)
	if err = errors.Join(append(f.Faults("group", "country"), err)...); err == nil {
		switch f.Get("do") {
		case "add":
			return d.renderRules(w, r, http.StatusOK, k, v, typed)
		case "try":
			v.Tried, err = d.tryRules(r, v.Page, k, to)
		default:
			err = d.Cards.ChangeRules(r.Context(), of(r).session.Client, k.ID, to)
		}
	}
	switch {
	case err == nil && v.Tried != nil:
		return d.renderRules(w, r, http.StatusOK, k, v, typed)
	case err == nil:
		leaveNotice(w, noticeRules)
		return seeOther(w, r, "/cards/"+shown.ID+"/rules")
	case errors.Is(err, card.ErrLooser):
		return d.offerRules(w, r, k, shown, to)
	case !web.OnForm(err):
		return err
	}
	return d.rulesRefused(w, r, k, v, typed, err)
}

func (d *Door) rulesRefused(w http.ResponseWriter, r *http.Request, k card.Card, v RulesView, typed typedForm, err error) error {
	problems, broken := explain(v.P, err)
	if broken != nil {
		return broken
	}
	v.Errors = problems
	return d.renderRules(w, r, web.Status(err), k, v, typed)
}

// triedRows is how many refused operations a dry run shows.
const triedRows = 8

// tryRules runs the last 90 days through other rules.
func (d *Door) tryRules(r *http.Request, p ui.Page, k card.Card, to card.Rules) (*RulesTried, error) {
	hits, err := d.Cards.DryRun(r.Context(), of(r).session.Client, k.ID, to)
	if err != nil {
		return nil, err
	}
	out := &RulesTried{Count: len(hits), Sum: money.Rub(0), Looser: k.Rules.Looser(to), Same: len(k.Rules.Changes(to)) == 0}
	for _, h := range hits {
		if out.Sum, err = out.Sum.Add(h.Attempt.Amount); err != nil {
			return nil, err
		}
		if len(out.Hits) == triedRows {
			continue
		}
		o := ui.Operation{
			Href: "/operations/" + h.Operation.Text(operation.Prefix), Kind: ui.Purchase, Group: string(card.GroupOf(h.Attempt.MCC)), Title: h.Attempt.Merchant,
			State: ui.Declined, Amount: h.Attempt.Amount, At: h.At, Reason: hitWords(p.P, h),
		}
		if h.Attempt.Cash {
			o.Kind = ui.Cash
		}
		out.Hits = append(out.Hits, o)
	}
	return out, nil
}

// hitWords says which rule would have refused an operation, and of a list what of it.
func hitWords(p *locale.Printer, h card.Hit) string {
	what, list := p.T("card.switch."+string(h.Rule)), ""
	switch h.Rule {
	case card.SwitchCountry:
		list = p.Country(h.Attempt.Country)
	case card.SwitchMCC:
		list = p.T("card.group." + string(card.GroupOf(h.Attempt.MCC)))
	}
	if list == "" {
		return what
	}
	return p.T("cabinet.card_rules.list", locale.A("what", what), locale.A("list", list))
}

// offerRules shows what looser rules open, to be confirmed.
func (d *Door) offerRules(w http.ResponseWriter, r *http.Request, k card.Card, shown ui.Card, to card.Rules) error {
	token, o, err := d.Cards.OfferRules(r.Context(), of(r).session.Client, k.ID, to)
	if err != nil {
		return err
	}
	return d.renderRulesOrder(w, r, http.StatusOK, RulesOrderView{Card: shown, Offer: token}, o, nil)
}

func (d *Door) renderRulesOrder(w http.ResponseWriter, r *http.Request, status int, v RulesOrderView, o card.Offered, problems ui.Errors) error {
	c := of(r)
	v.Page = d.page(r)
	v.Errors = problems
	v.Order, v.Keyed, v.Phone = o.Document.Text, c.session.Kind == access.Keyed, c.client.Phone.E164()
	v.Opened, v.Shut = changeWords(v.P, o)
	var err error
	if v.Passkeys, err = d.hasPasskeys(r); err != nil {
		return err
	}
	return d.render(w, r, status, RulesOrderPage(v))
}

// postRulesAsk starts the confirmation of looser rules by a passkey, which signs
// the hash of their order's text.
func (d *Door) postRulesAsk(w http.ResponseWriter, r *http.Request) error {
	k, _, err := d.ruled(r)
	if err != nil {
		return d.scriptRefusal(w, r, err)
	}
	in := of(r).session
	o, err := d.Cards.OfferedRules(in.Client, of(r).form.Get("offer"))
	if err == nil && o.Card != k.ID {
		err = card.ErrOffer
	}
	if err != nil {
		return d.scriptRefusal(w, r, err)
	}
	options, err := d.Access.BeginPasskeyOrder(r.Context(), in, []byte(o.Document.Text))
	if err != nil {
		return d.scriptRefusal(w, r, err)
	}
	return ceremony(w, options, "")
}

// postRulesOrder changes the rules that were offered, once their order is
// signed: by a passkey, by passcode and the device's key, or by passcode and a
// code for its text.
func (d *Door) postRulesOrder(w http.ResponseWriter, r *http.Request, k card.Card, shown ui.Card) error {
	c := of(r)
	f := c.form
	back := "/cards/" + shown.ID + "/rules"
	v := RulesOrderView{Card: shown, Offer: f.Get("offer"), CodeSent: f.Get("code") != ""}
	o, err := d.Cards.OfferedRules(c.session.Client, v.Offer)
	if err != nil || o.Card != k.ID {
		leaveNotice(w, noticeRulesOld)
		return seeOther(w, r, back)
	}
	if d.signedBefore(r, o.Document.ID) {
		return seeOther(w, r, back) // a second tap: it is done
	}
	err = errors.Join(f.Faults()...)
	switch {
	case err != nil:
	case f.Get("passkey") != "":
		var signed order.Signed
		if signed, err = d.signedByPasskey(r, o.Document); err == nil {
			err = d.Cards.ChangeByPasskey(r.Context(), v.Offer, signed)
		}
	default:
		var s signature
		if s, err = d.signOrder(w, r, o.Document, v.CodeSent); err == nil && !s.whole() {
			v.CodeSent = s.sent
			return d.renderRulesOrder(w, r, http.StatusOK, v, o, nil)
		}
		if err == nil {
			err = d.Cards.ChangeSigned(r.Context(), s.proof, v.Offer, s.signed)
		}
	}
	switch {
	case err == nil:
		leaveNotice(w, noticeRules)
		return seeOther(w, r, back)
	case errors.Is(err, card.ErrOffer) && d.signedBefore(r, o.Document.ID):
		return seeOther(w, r, back) // both taps came at once
	case errors.Is(err, card.ErrOffer):
		leaveNotice(w, noticeRulesOld)
		return seeOther(w, r, back)
	case errors.Is(err, access.ErrPaused):
		t, _ := until(err)
		return d.renderLocked(w, r, t)
	case isUnsigned(err):
		return d.unproved(w, r, route{keep: rulesAgain}, c, access.ErrProof)
	case fault.CodeOf(err) == fault.Unauthenticated:
		return d.loginFor(w, r, back, false, err)
	case !web.OnForm(err):
		return err
	}
	problems, broken := explain(d.page(r).P, err)
	if broken != nil {
		return broken
	}
	return d.renderRulesOrder(w, r, web.Status(err), v, o, problems)
}

// signedBefore tells an order that was carried out already.
func (d *Door) signedBefore(r *http.Request, which id.ID) bool {
	_, err := d.Orders.Txn(r.Context(), of(r).session.Client, which)
	return err == nil
}
