package api

import (
	"context"
	"errors"
	"time"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/ledger"
)

// NewVirtualCard describes a virtual card, which works at once.
type NewVirtualCard struct {
	Account    string        `json:"account" example:"ac_64064"`
	Name       string        `json:"name,omitempty" maxLength:"30" example:"For games"`
	Art        string        `json:"art,omitempty" enum:"night,flame,mint"`
	DynamicCVC bool          `json:"dynamic_cvc,omitempty"`
	Rules      *NewCardRules `json:"rules,omitempty"`
}

// NewPlasticCard orders a plastic card.
type NewPlasticCard struct {
	Account string `json:"account" example:"ac_64064"`
	Name    string `json:"name,omitempty" maxLength:"30" example:"For the road"`
	Art     string `json:"art,omitempty" enum:"night,flame,mint"`
	Address string `json:"address" minLength:"10" maxLength:"300" example:"Moscow, Tverskaya 1, flat 2"`
	Wish    string `json:"wish,omitempty" maxLength:"200" example:"After seven in the evening"`
}

// issued is the answer that names a new card.
type issued struct {
	Location string `header:"Location"`
	Replayed string `header:"Idempotency-Replayed"`
	Body     Card
}

func (d *Door) issueVirtual(ctx context.Context, c *call, in *keyInput, body *NewVirtualCard) (*issued, error) {
	if _, err := in.key(c); err != nil {
		return nil, err
	}
	var bad flaws
	n := card.NewVirtual{Word: in.Key, Name: body.Name, Rules: card.Standard(), Dynamic: body.DynamicCVC}
	n.Account = d.cardAccount(ctx, c, body.Account, &bad)
	var err error
	n.Art, err = parseArt(body.Art)
	bad.add(err)
	if body.Rules != nil {
		n.Rules, err = body.Rules.over(n.Rules, "rules.")
		bad.add(err)
	}
	if len(bad) > 0 {
		return nil, bad.err()
	}
	k, err := d.d.Cards.IssueVirtual(ctx, c.token.Client, n)
	return fresh(k, ruleFault(err, "rules."))
}

func (d *Door) orderPlastic(ctx context.Context, c *call, in *keyInput, body *NewPlasticCard) (*issued, error) {
	if _, err := in.key(c); err != nil {
		return nil, err
	}
	var bad flaws
	n := card.NewPlastic{Word: in.Key, Name: body.Name, Place: card.Place{Address: body.Address, Wish: body.Wish}}
	n.Account = d.cardAccount(ctx, c, body.Account, &bad)
	var err error
	n.Art, err = parseArt(body.Art)
	bad.add(err)
	bad.need("address", body.Address)
	if len(bad) > 0 {
		return nil, bad.err()
	}
	k, err := d.d.Cards.OrderPlastic(ctx, c.token.Client, n)
	return fresh(k, err)
}

func fresh(k card.Card, err error) (*issued, error) {
	if errors.Is(err, card.ErrKey) {
		err = errCardKey
	}
	if err != nil {
		return nil, err
	}
	out := &issued{Body: shownCard(k)}
	out.Location = "/api/v1/cards/" + out.Body.ID
	if k.Replay {
		out.Replayed = "true"
	}
	return out, nil
}

// cardAccount reads which account a new card draws on; another's is missing
// like one that is nobody's.
func (d *Door) cardAccount(ctx context.Context, c *call, text string, bad *flaws) ledger.AccountID {
	if !bad.need("account", text) {
		return 0
	}
	missing := transfer.ErrAccount.At("account")
	account, err := parseAccount(text, missing)
	if err == nil {
		var mine bool
		if mine, err = d.owns(ctx, c, account); err == nil && !mine {
			err = missing
		}
	}
	bad.add(err)
	return account
}

// Delivery is the way of a plastic card. Where it goes its owner knows; it is
// not told again.
type Delivery struct {
	State     string     `json:"state" enum:"ordered,made,with_courier,handed_over,activated"`
	Ordered   time.Time  `json:"ordered_at"`
	Made      *time.Time `json:"made_at,omitempty"`
	Sent      *time.Time `json:"sent_at,omitempty"`
	Handed    *time.Time `json:"handed_over_at,omitempty"`
	Activated *time.Time `json:"activated_at,omitempty"`
}

func (d *Door) delivery(ctx context.Context, c *call, in *idInput) (*answer[Delivery], error) {
	x, err := in.card()
	if err != nil {
		return nil, err
	}
	if _, err := d.d.Cards.ByID(ctx, c.token.Client, x); err != nil {
		return nil, err // nobody's card, before nobody's delivery
	}
	v, err := d.d.Cards.DeliveryOf(ctx, c.token.Client, x)
	if err != nil {
		return nil, err
	}
	at := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		t = t.UTC()
		return &t
	}
	return ok(Delivery{
		State: v.State.Word(), Ordered: v.Ordered.UTC(), Made: at(v.Made), Sent: at(v.Sent), Handed: at(v.Handed), Activated: at(v.Activated),
	})
}
