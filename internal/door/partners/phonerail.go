package partners

import (
	"context"
	"errors"

	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/rail/iso20022"
)

// PhoneRailPath is where the phone-number rail posts what happened after it had
// answered: pacs.002 about a credit, and pacs.004 with money that comes back.
const PhoneRailPath = "/phonerail/messages"

// Payouts hears of money that went to other banks (payout.Service).
type Payouts interface {
	// Hint makes the bank ask how a payout stands.
	Hint(ctx context.Context, payout id.ID) error
	// Return takes money back, once by its reference.
	Return(ctx context.Context, payout id.ID, amount money.Amount, reference string) error
}

// payoutPrefix begins the names that payouts bear outside.
const payoutPrefix = "po"

// phoneRail takes a message. A status is a hint as everywhere: the bank asks the
// rail itself. A return is believed under its seal, for it is money that is with
// us already; it is posted once by its name, so it may come again.
func (d *door) phoneRail(ctx context.Context, body []byte) error {
	m, err := iso20022.Parse(body)
	if err != nil {
		d.Log.WarnContext(ctx, "phone rail message refused", "err", err)
		return bad("bad_message", "")
	}
	if d.Payouts == nil {
		return bad("no_payouts", "")
	}
	switch m := m.(type) {
	case *iso20022.StatusReport:
		for _, t := range m.Statuses {
			payout, err := id.Parse(payoutPrefix, t.EndToEnd)
			if err != nil {
				return bad("bad_key", "OrgnlEndToEndId")
			}
			if err := d.Payouts.Hint(ctx, payout); err != nil {
				return err
			}
		}
		return nil
	case *iso20022.PaymentReturn:
		return d.returned(ctx, m.Returns)
	}
	return bad("bad_message", "")
}

// returned takes every return of a message, whatever became of the others: a
// retry brings those again that were taken, which changes nothing. It is asked
// for when one broke in the bank; one that makes no sense is refused after the
// rest.
func (d *door) returned(ctx context.Context, list []iso20022.Return) error {
	var again, wrong []error
	for _, r := range list {
		err := d.oneReturn(ctx, r)
		switch no := (*refusal)(nil); {
		case errors.As(err, &no):
			d.unmatched(ctx, r, "", err)
			wrong = append(wrong, err)
		case err != nil:
			d.Log.WarnContext(ctx, "a return has to come again", "return", r.ID, "err", err)
			again = append(again, err)
		}
	}
	if len(again) > 0 {
		return errors.Join(again...)
	}
	return errors.Join(wrong...)
}

// oneReturn posts a return. One that fits nothing of ours, an unknown payout,
// another sum, a payout that was refused, would fit no better if it came again:
// it is left to people and answered as taken.
func (d *door) oneReturn(ctx context.Context, r iso20022.Return) error {
	payout, err := id.Parse(payoutPrefix, r.EndToEnd)
	if err != nil {
		return bad("bad_key", "OrgnlEndToEndId")
	}
	sum, ok := r.Amount.Money()
	if !ok || r.ID == "" {
		return bad("bad_amount", "RtrdIntrBkSttlmAmt")
	}
	err = d.Payouts.Return(ctx, payout, sum, r.ID)
	switch fault.CodeOf(err) {
	case fault.Missing, fault.Refused:
		d.unmatched(ctx, r, payout.Text(payoutPrefix), err)
		return nil
	}
	return err
}

// unmatched makes money that came back and fits no payout known to people, by
// its names alone.
func (d *door) unmatched(ctx context.Context, r iso20022.Return, payout string, why error) {
	d.Log.ErrorContext(ctx, "money came back that fits no payout", "return", r.ID, "payout", payout, "err", why)
	if d.Unmatched != nil {
		d.Unmatched()
	}
}
