package partners

import (
	"context"

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
		for _, r := range m.Returns {
			payout, err := id.Parse(payoutPrefix, r.EndToEnd)
			if err != nil {
				return bad("bad_key", "OrgnlEndToEndId")
			}
			sum, ok := r.Amount.Money()
			if !ok || r.ID == "" {
				return bad("bad_amount", "RtrdIntrBkSttlmAmt")
			}
			if err := d.Payouts.Return(ctx, payout, sum, r.ID); err != nil {
				return err
			}
		}
		return nil
	}
	return bad("bad_message", "")
}
