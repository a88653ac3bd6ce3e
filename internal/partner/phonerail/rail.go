package phonerail

import (
	"context"

	"rocketbank/internal/bank/payout"
)

var _ payout.Rail = (*Client)(nil)

// Send tells the rail of a payout, once.
func (c *Client) Send(ctx context.Context, i payout.Instruction) (payout.Outcome, error) {
	r, err := c.send(ctx, creditOf(i))
	return r.outcome(), err
}

// Ask finds out what became of a payout.
func (c *Client) Ask(ctx context.Context, i payout.Instruction) (payout.Outcome, error) {
	r, err := c.ask(ctx, creditOf(i))
	return r.outcome(), err
}

func creditOf(i payout.Instruction) credit {
	return credit{
		name: i.ID.Text(payout.Prefix), number: i.Number, sent: i.Sent, amount: i.Amount, token: i.To.Token.Reveal(), payee: i.To.Name,
		payer: i.Sender, phone: i.SenderPhone, message: i.Message, old: i.Old,
	}
}

func (r result) outcome() payout.Outcome {
	out := payout.Outcome{Reason: r.reason, Reference: r.reference}
	switch r.state {
	case notSent:
		out.State = payout.NotSent
	case settled:
		out.State = payout.Settled
	case declined:
		out.State = payout.Declined
	}
	return out
}
