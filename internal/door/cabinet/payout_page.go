package cabinet

import (
	"net/http"

	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/door/ui"
)

func (d *Door) getPayout(w http.ResponseWriter, r *http.Request) error {
	which, err := pathID(r, payout.Prefix)
	if err != nil {
		return err
	}
	p, err := d.Payouts.One(r.Context(), of(r).session.Client, which)
	if err != nil {
		return err
	}
	v, err := d.payoutView(r, p)
	if err != nil {
		return err
	}
	left := takeNotice(w, r)
	v.Fresh, v.Notice = left == noticeSent, words(v.P, left)
	return d.render(w, r, http.StatusOK, PayoutPage(v))
}

// payoutView is what the page and its live update show.
func (d *Door) payoutView(r *http.Request, p payout.Payout) (PayoutView, error) {
	v := PayoutView{
		Page: d.page(r), ID: p.Text(), State: payoutState(p.State), Amount: p.Amount, Fee: p.Fee, Total: p.Total,
		Message: p.Message, Reference: p.Reference, At: p.At, DoneAt: p.DoneAt,
	}
	v.To = *shownTo(v.Page, p.To)
	if p.State == payout.Refused {
		v.Reason = v.P.T(payout.ReasonKey(p.Reason))
	}
	if d.open(p.To.Way) {
		v.RepeatHref = formOf(p.To.Way) + "?repeat=" + v.ID
	}
	if !p.Order.IsZero() {
		v.SignedHref = "/payouts/" + v.ID + "/receipt"
	}
	cards, err := d.wallet(r)
	if err != nil {
		return v, err
	}
	if k, ok := byAccount(cards, p.From); ok {
		v.From = k.shown
	} else {
		v.From = ui.Card{}
	}
	return v, nil
}

func payoutState(s payout.State) PayoutState {
	switch s {
	case payout.Done:
		return PayoutDone
	case payout.Refused:
		return PayoutRefused
	case payout.Returned:
		return PayoutReturned
	}
	return PayoutChecking
}

// outOf is the receiver as a row of the feed remembers him.
func outOf(o operation.Operation) payout.Shown {
	to := o.Details.Payout
	out := payout.Shown{Title: to.To, Name: o.Details.Name, BankRU: to.BankRU, BankEN: to.BankEN}
	for _, w := range []payout.Way{payout.Card, payout.Phone, payout.Mobile, payout.Wallet} {
		if w.String() == to.Way {
			out.Way = w
		}
	}
	return out
}

// getPayoutSigned is the receipt as a file: the order to the letter, the
// client's proof and the bank's signature.
func (d *Door) getPayoutSigned(w http.ResponseWriter, r *http.Request) error {
	which, err := pathID(r, payout.Prefix)
	if err != nil {
		return err
	}
	who := of(r).session.Client
	p, err := d.Payouts.One(r.Context(), who, which)
	if err != nil {
		return err
	}
	raw, err := d.Orders.Receipt(r.Context(), who, p.Order)
	if err != nil {
		return err
	}
	return download(w, "application/json", "rocketbank-"+p.Text()+".json", raw)
}
