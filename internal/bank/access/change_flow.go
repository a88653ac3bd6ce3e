package access

import (
	"context"
	"fmt"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/phone"
)

// A changed way in that ends on a device outside any session, a forgotten
// passcode or a number that moved to a new phone, is an order like every other
// dangerous change: its text follows from the flow, and what confirms it is the
// key of the very device that ends the flow, or a code sent for exactly this
// text where it has none.

// FlowChange is the order of a change that a flow is about to end.
type FlowChange struct {
	Client client.ID
	Order  order.Document
	To     phone.Number // where a code for it goes
	flow   id.ID
}

// Asker is who a code for the change is sent to, and by whom it is typed in: it
// is bound to the flow, as in a session to the session.
func (c FlowChange) Asker(device id.ID, ip string) order.Asker {
	return order.Asker{Client: c.Client, Session: c.flow, Device: device, IP: ip, To: c.To}
}

// Signer turns the client's proof over the text of a change into the signed
// order; it stands in the door, which knows what the browser sent. key is the
// device's public key, nil when it has none.
type Signer func(ctx context.Context, c FlowChange, device id.ID, key []byte) (order.Signed, error)

// change composes the order of a flow: its identifier is the flow's, which ends
// with it, so it is carried out once. The number before is not named: who holds
// the new one does not have to know it.
func (s *Service) change(ctx context.Context, f flowRow, who client.ID, to phone.Number, lines ...order.Line) (FlowChange, error) {
	me, err := s.clients.Person(ctx, who)
	if err != nil {
		return FlowChange{}, err
	}
	lines = append(lines, order.Line{Name: "flow", Value: f.id.Text(FlowPrefix)})
	doc := order.Compose(order.Head{ID: f.id, Kind: order.NewFactor, Who: me.UID, When: f.sent}, lines...)
	return FlowChange{Client: who, Order: doc, To: to, flow: f.id}, nil
}

// RecoveryOrder is what ends a recovery on the browser of a flow that stands
// AtPasscode: the client confirms it.
func (s *Service) RecoveryOrder(ctx context.Context, flowToken string) (FlowChange, error) {
	f, err := s.flow(ctx, s.db, qFlow, flowToken)
	if err != nil {
		return FlowChange{}, err
	}
	if f.stage != AtPasscode {
		return FlowChange{}, ErrStep
	}
	r, err := s.openRecovery(ctx, s.db, f.client, true)
	if err != nil {
		return FlowChange{}, err
	}
	return s.recoveryChange(ctx, f, r)
}

func (s *Service) recoveryChange(ctx context.Context, f flowRow, r Recovery) (FlowChange, error) {
	to, err := s.openPhone(f)
	if err != nil {
		return FlowChange{}, err
	}
	return s.change(ctx, f, f.client, to,
		order.Line{Name: "factor", Value: string(FactorPasscode)}, order.Line{Name: "recovery", Value: r.ID.Text(RecoveryPrefix)})
}

// ClaimOrder is what makes a number the client's on a new device: a flow that
// stands AtNobody has proved it.
func (s *Service) ClaimOrder(ctx context.Context, flowToken string) (FlowChange, error) {
	f, c, err := s.claim(ctx, flowToken)
	if err != nil {
		return FlowChange{}, err
	}
	return s.claimChange(ctx, f, c)
}

func (s *Service) claimChange(ctx context.Context, f flowRow, c NumberChange) (FlowChange, error) {
	return s.change(ctx, f, c.Client, c.New,
		order.Line{Name: "factor", Value: string(FactorPhone)}, order.Line{Name: "to", Value: c.New.E164()},
		order.Line{Name: "change", Value: c.ID.Text(NumberPrefix)})
}

// confirmed asks for the signed order of a change; ErrChangeProof when it is not
// this one.
func (c FlowChange) confirmed(ctx context.Context, sign Signer, device id.ID, key []byte) (order.Signed, error) {
	if sign == nil {
		return order.Signed{}, ErrChangeProof
	}
	signed, err := sign(ctx, c, device, key)
	if err != nil {
		return order.Signed{}, err
	}
	if !signed.Covers(c.Client, c.Order) {
		return order.Signed{}, ErrChangeProof
	}
	return signed, nil
}

// keep saves the evidence with the change it is for.
func keep(ctx context.Context, tx db.Tx, signed order.Signed) error {
	if err := signed.Save(ctx, tx); err != nil {
		return fmt.Errorf("evidence of a change: %w", err)
	}
	return nil
}
