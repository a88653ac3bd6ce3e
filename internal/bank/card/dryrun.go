package card

import (
	"context"
	"slices"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// dryDays is how far a dry run looks back.
const dryDays = 90

// Hit is an operation of the past that other rules would have refused.
type Hit struct {
	Past
	Rule Switch
}

// DryRun tells which of the last 90 days' operations of a card new rules would
// have refused, the newest first. It changes nothing.
func (s *Service) DryRun(ctx context.Context, who client.ID, card id.ID, to Rules) ([]Hit, error) {
	to, err := to.checked()
	if err != nil {
		return nil, err
	}
	if _, err := s.ByID(ctx, who, card); err != nil || s.uses == nil {
		return nil, err
	}
	past, err := s.uses.Since(ctx, who, card, s.db.Now().Add(-dryDays*24*time.Hour))
	if err != nil {
		return nil, err
	}
	return to.replay(past), nil
}

// replay lets the past happen again under the rules: what they refuse raises no
// counter, and the first shop of a card that waits for one is the only one.
func (r Rules) replay(past []Past) []Hit {
	past = slices.Clone(past)
	slices.SortStableFunc(past, func(a, b Past) int { return a.At.Compare(b.At) })
	type counter struct {
		name   ledger.GuardName
		window ledger.Window
		number int64
	}
	used := map[counter]int64{}
	var out []Hit
	for _, p := range past {
		rule, no := r.Refuse(p.Attempt)
		guards := Face{Card: Card{Rules: r}}.Guards(p.Attempt, p.Attempt.Amount)
		at := func(g ledger.Guard) counter { return counter{g.Name, g.Window, g.Window.Number(p.At)} }
		for _, g := range guards {
			if sum, err := money.AddMinor(used[at(g)], g.Amount.Minor); !no && (err != nil || sum > g.Cap.Minor) {
				rule, no = GuardWord(g), true
			}
		}
		if no {
			out = append(out, Hit{p, rule})
			continue
		}
		for _, g := range guards {
			used[at(g)] += g.Amount.Minor
		}
		if r.Merchant == FirstMerchant {
			r.Merchant = merchantName(p.Attempt.Merchant)
		}
	}
	slices.Reverse(out)
	return out
}
