package transfer

import (
	"context"
	"errors"
	"fmt"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/ledger"
)

// The refusals of a number of our own range.
var (
	ErrNoCard  = fault.New(fault.Missing, "transfer.no_card").At("number")  // nobody's, or of a card that is over
	ErrOwnCard = fault.New(fault.Refused, "transfer.own_card").At("number") // one's own
)

// Cards tells whose a card is (card.Service).
type Cards interface {
	// Ours tells whether a number lies in our range.
	Ours(pan string) bool
	// Holder finds whose a living card is; a fault.Missing when it is nobody's.
	Holder(pan string) (client.ID, ledger.AccountID, error)
}

// ByCard tells whether the number of a card, as ParseCard of room payout gives
// it, is one of our own: then the money goes to its holder as to a friend, and
// no network hears of it. ours is false, and nothing is counted, for numbers of
// other banks. Each question about our own counts like Resolve, and no answer
// tells a dead card from one that never was: ErrNoCard. One's own card is ErrOwnCard.
func (s *Service) ByCard(ctx context.Context, who client.ID, pan, ip string) (p Payee, ours bool, err error) {
	if s.d.Cards == nil || !s.d.Cards.Ours(pan) {
		return Payee{}, false, nil
	}
	if err := s.d.Limits.Lookup(ctx, who, ip); err != nil {
		if f, ok := fault.As(err); ok {
			err = f.At("number")
		}
		return Payee{}, true, err
	}
	me, err := s.payer(ctx, who)
	if err != nil {
		return Payee{}, true, err
	}
	holder, account, err := s.d.Cards.Holder(pan)
	if fault.CodeOf(err) == fault.Missing {
		return Payee{}, true, ErrNoCard
	}
	if err != nil {
		return Payee{}, true, fmt.Errorf("holder of a card: %w", err)
	}
	if holder == who {
		return Payee{}, true, ErrOwnCard
	}
	to, err := s.d.People.Person(ctx, holder)
	if errors.Is(err, client.ErrNobody) {
		return Payee{}, true, ErrNoCard
	}
	if err != nil {
		return Payee{}, true, fmt.Errorf("payee %d: %w", holder, err)
	}
	to.Account = account // where the card's money is, not where his first card's is
	p, err = s.offer(me, to, "")
	return p, true, err
}
