package card

import (
	"context"
	"fmt"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// Spent tells how much of each limit of a card is taken in the bank day and the
// month of now, and of its ceiling, by the rule's word. What is spent counts
// from the first day, whether a limit was set or not; only a ceiling counts
// from the day it was set.
func (s *Service) Spent(ctx context.Context, who client.ID, card id.ID) (map[Switch]money.Amount, error) {
	c, err := s.ByID(ctx, who, card)
	if err != nil {
		return nil, err
	}
	c.Rules.OneShot = false // that one counts uses
	f := Face{Card: c}
	asked := append(f.Guards(Attempt{Home: true, Cash: true}, money.Rub(0)), f.Guards(Attempt{}, money.Rub(0))...)
	used, err := ledger.Used(ctx, s.db, guardOwner(card), s.db.Now(), asked...)
	if err != nil {
		return nil, fmt.Errorf("what is spent of card %s: %w", card.Text(Prefix), err)
	}
	out := make(map[Switch]money.Amount, len(used))
	for i, u := range used {
		out[GuardWord(asked[i])] = u.Used
	}
	return out, nil
}
