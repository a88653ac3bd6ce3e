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

// TopicPurchase is the outbox topic of what cards did at other people's
// terminals; its payload is the operation (purchase.Told).
const TopicPurchase = "purchase"

// purchased tells the holder what his card did, or why it was declined.
func (s *Service) purchased(ctx context.Context, e outbox.Event) error {
	op, err := id.FromBytes(e.Payload)
	if err != nil {
		return outbox.Final(err)
	}
	o, err := s.d.Operations.One(ctx, client.ID(e.Owner), op)
	if errors.Is(err, operation.ErrMissing) || err == nil && o.Details.Purchase == nil {
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
	return s.send(ctx, e.Owner, e.ID, SMS{Key: uuid(e.ID), To: who.Phone, Text: vault.Hide(bought(o, who.Lang))})
}

// bought is the text to a holder.
func bought(o operation.Operation, lang locale.Lang) string {
	p := locale.For(lang)
	sum := money.Amount{Minor: max(o.Amount.Minor, -o.Amount.Minor), Cur: o.Amount.Cur}
	key := "notice.purchase"
	switch {
	case o.State == operation.Declined:
		key = "notice.purchase_declined"
	case o.Kind == operation.Refund && o.State == operation.Reversed && o.Details.Purchase.Reason == "netted":
		key = "notice.refund_netted"
	case o.Kind == operation.Cash:
		key = "notice.cash"
	case o.Amount.Positive():
		key = "notice.card_credit"
	}
	name := o.Details.Name
	if name == "" {
		name = p.T("notice.purchase_somewhere")
	}
	return p.T(key, locale.A("amount", sum), locale.A("name", name), locale.A("card", "*"+o.Details.Card))
}
