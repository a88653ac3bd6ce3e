package cabinet

import (
	"errors"
	"net/http"
	"strings"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/door/ui"
)

// bought adds to a row of the feed what the card network told.
func bought(p *locale.Printer, o operation.Operation, out *ui.Operation) {
	b := o.Details.Purchase
	out.Group = string(card.GroupOf(b.MCC))
	if b.Local.Cur != o.Amount.Cur && !b.Local.IsZero() {
		out.Note = p.Foreign(b.Local, purchase.Decimals(b.Local.Cur))
	}
	if o.State == operation.Declined {
		out.Reason = declined(p, *b)
	}
}

// declined says why a purchase was declined and what to do.
func declined(p *locale.Printer, b operation.PurchaseDetails) string {
	word, rule, _ := strings.Cut(b.Reason, ".")
	switch {
	case (word == string(purchase.HolderForbids) || word == string(purchase.OverLimit)) && p.Has("card.refused."+rule):
		return p.T("card.refused." + rule)
	case p.Has("purchase.declined." + word):
		return p.T("purchase.declined."+word, locale.A("missing", b.Missing))
	}
	return p.T("purchase.declined.other")
}

// byPurchase finds the card that paid, or the one that stands for the account.
func byPurchase(cards []owned, o operation.Operation) (owned, bool) {
	if b := o.Details.Purchase; b != nil {
		for _, k := range cards {
			if k.card.ID == b.Card {
				return k, true
			}
		}
	}
	return byAccount(cards, o.Account)
}

// PurchaseView is what the page of an operation tells of a purchase.
type PurchaseView struct {
	Local   string // in the merchant's currency; empty: in roubles
	Held    *money.Amount
	City    string
	Channel string
	Code    string
	Why     string // of what was given back
	Steps   []ui.Step
}

// purchase reads how a purchase went.
func (d *Door) purchase(r *http.Request, p *locale.Printer, o operation.Operation) (*PurchaseView, error) {
	b := o.Details.Purchase
	v := &PurchaseView{City: b.City, Code: b.Code, Channel: p.T("cabinet.purchase." + b.Channel)}
	if b.Local.Cur != o.Amount.Cur && !b.Local.IsZero() {
		v.Local = p.Foreign(b.Local, purchase.Decimals(b.Local.Cur))
	}
	if o.State == operation.Reversed && p.Has("purchase.reversed."+b.Reason) {
		v.Why = p.T("purchase.reversed." + b.Reason)
	}
	one, err := d.Purchases.One(r.Context(), o.Client, o.ID)
	if errors.Is(err, purchase.ErrMissing) {
		return v, nil // declined: there is nothing more to tell
	}
	if err != nil {
		return nil, err
	}
	if one.Posted.Positive() && one.Billing != one.Posted && !one.Billing.IsZero() {
		v.Held = &one.Billing
	}
	for _, s := range one.Steps {
		v.Steps = append(v.Steps, ui.Step{What: p.T("purchase.step." + s.What), Sum: s.Sum, At: s.At})
	}
	return v, nil
}
