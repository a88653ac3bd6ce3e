package notice

import (
	"context"
	"errors"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/outbox"
	"rocketbank/internal/base/vault"
)

// TopicPayout is the outbox topic of money sent to other banks that came to an
// end after its page had gone; its payload is the operation.
const TopicPayout = "payout"

// paidOut tells the sender what became of his money.
func (s *Service) paidOut(ctx context.Context, e outbox.Event) error {
	op, err := id.FromBytes(e.Payload)
	if err != nil {
		return outbox.Final(err)
	}
	o, err := s.d.Operations.One(ctx, client.ID(e.Owner), op)
	if errors.Is(err, operation.ErrMissing) || err == nil && o.Details.Payout == nil {
		return outbox.Final(err)
	}
	if err != nil {
		return err
	}
	who, err := s.d.People.ByID(ctx, client.ID(e.Owner))
	if errors.Is(err, client.ErrNobody) {
		return outbox.Final(err)
	}
	if err != nil {
		return err
	}
	return s.send(ctx, e.Owner, e.ID, SMS{Key: uuid(e.ID), To: who.Phone, Text: vault.Hide(sentOut(o, who.Lang))})
}

// sentOut is the text to the sender. An operation that is still done when its
// event says that it ended anew was sent back.
func sentOut(o operation.Operation, lang locale.Lang) string {
	p := locale.For(lang)
	sum := money.Amount{Minor: max(o.Amount.Minor, -o.Amount.Minor) - o.Fee.Minor, Cur: o.Amount.Cur}
	key := "notice.payout_done"
	switch {
	case o.Kind == operation.PayoutReturn:
		key = "notice.payout_returned"
	case o.State == operation.Reversed:
		key = "notice.payout_refused"
	}
	name := o.Details.Name
	if name == "" {
		name = o.Details.Payout.To
	}
	return p.T(key, locale.A("amount", sum), locale.A("name", name))
}
