package api

import (
	"context"
	"slices"
	"strconv"
	"time"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
)

// CardList is all cards of the caller.
type CardList struct {
	Cards []Card `json:"cards" nullable:"false"`
}

// Card is one card; the full number never leaves by this door.
type Card struct {
	ID         string     `json:"id" example:"cd_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	Account    string     `json:"account" example:"ac_64064"`
	Product    string     `json:"product" enum:"virtual_world,plastic_world"`
	State      string     `json:"state" enum:"active,frozen,closed,suspended,not_activated,blocked"`
	Number     string     `json:"number" example:"550000******1234"`
	Expires    string     `json:"expires" example:"11/31"`
	Holder     string     `json:"holder" example:"ANNA SOKOLOVA"`
	Issued     time.Time  `json:"issued_at"`
	Name       string     `json:"name,omitempty" example:"For the road"`
	Art        string     `json:"art,omitempty" enum:"night,flame,mint"`
	Main       bool       `json:"main"`
	PIN        string     `json:"pin" enum:"none,set,blocked"`
	DynamicCVC bool       `json:"dynamic_cvc"`
	FrozenBy   string     `json:"frozen_by,omitempty" enum:"client,not_me,bank"`
	Until      string     `json:"suspended_until,omitempty" format:"date" example:"2026-12-22"`
	Why        string     `json:"blocked_because,omitempty" enum:"lost,stolen,worn,leaked,fraud"`
	Ended      *time.Time `json:"ended_at,omitempty"`
	Heir       string     `json:"replaced_by,omitempty" example:"cd_06b3w5m8k9s6q0h2m4x6v8yrk4"`
}

func shownCard(k card.Card) Card {
	out := Card{
		ID: k.ID.Text(card.Prefix), Account: AccountText(k.Account), Product: productWord(k.Product), State: k.State.Word(),
		Number: k.First6 + "******" + k.Last4, Expires: k.Expires(), Holder: k.Holder, Issued: k.Since.UTC(),
		Name: k.Name, Art: artWord(k.Art), Main: k.Main, PIN: pinWord(k), DynamicCVC: k.DynamicCVC, Why: string(k.Why),
	}
	if k.State == card.Frozen {
		out.FrozenBy = frozenBy[k.FrozenBy]
	}
	if !k.Until.IsZero() {
		out.Until = k.Until.In(clock.Moscow).Format(time.DateOnly)
	}
	if !k.Ended.IsZero() {
		ended := k.Ended.UTC()
		out.Ended = &ended
	}
	if !k.Heir.IsZero() {
		out.Heir = k.Heir.Text(card.Prefix)
	}
	return out
}

func productWord(p card.Product) string {
	switch p {
	case card.VirtualWorld:
		return "virtual_world"
	case card.PlasticWorld:
		return "plastic_world"
	}
	return strconv.Itoa(int(p))
}

var frozenBy = map[card.By]string{card.ByClient: "client", card.ByNotMe: "not_me", card.ByBank: "bank"}

// arts are the words of the pictures, by their numbers; no word leaves the
// choice to the bank.
var arts = []string{"", "night", "flame", "mint"}

func artWord(a card.Art) string {
	if a < 0 || int(a) >= len(arts) {
		return ""
	}
	return arts[a]
}

func parseArt(word string) (card.Art, error) {
	i := slices.Index(arts, word)
	if i < 0 {
		return 0, card.ErrArt
	}
	return card.Art(i), nil
}

func pinWord(k card.Card) string {
	switch {
	case !k.PINSet:
		return "none"
	case k.PINLeft == 0:
		return "blocked"
	}
	return "set"
}

func (d *Door) cards(ctx context.Context, c *call, _ *none) (*answer[CardList], error) {
	all, err := d.d.Cards.Of(ctx, c.token.Client)
	if err != nil {
		return nil, err
	}
	out := CardList{Cards: []Card{}}
	for _, k := range all {
		out.Cards = append(out.Cards, shownCard(k))
	}
	return ok(out)
}

// card reads the card that an address names; what is none is missing like
// anybody else's.
func (in *idInput) card() (id.ID, error) {
	x, err := id.Parse(card.Prefix, in.ID)
	if err != nil {
		return id.ID{}, card.ErrMissing
	}
	return x, nil
}

func (d *Door) card(ctx context.Context, c *call, in *idInput) (*answer[Card], error) {
	return d.act(ctx, c, in, func(id.ID) error { return nil })
}

// act does something to a card of the caller and shows how it stands then.
func (d *Door) act(ctx context.Context, c *call, in *idInput, do func(id.ID) error) (*answer[Card], error) {
	x, err := in.card()
	if err != nil {
		return nil, err
	}
	if err := do(x); err != nil {
		return nil, err
	}
	k, err := d.d.Cards.ByID(ctx, c.token.Client, x)
	if err != nil {
		return nil, err
	}
	return ok(shownCard(k))
}

// NewCardName is what the owner calls a card.
type NewCardName struct {
	Name *string `json:"name" nullable:"false" maxLength:"30" example:"For the road"`
}

func (d *Door) nameCard(ctx context.Context, c *call, in *idInput, body *NewCardName) (*answer[Card], error) {
	return d.act(ctx, c, in, func(x id.ID) error {
		if body.Name == nil { // an empty name takes it away, a forgotten one does not
			return errRequired.At("name")
		}
		return d.d.Cards.Rename(ctx, c.token.Client, x, *body.Name)
	})
}

// NewCardArt is the picture on a card.
type NewCardArt struct {
	Art string `json:"art" enum:"night,flame,mint"`
}

func (d *Door) paintCard(ctx context.Context, c *call, in *idInput, body *NewCardArt) (*answer[Card], error) {
	return d.act(ctx, c, in, func(x id.ID) error {
		if body.Art == "" {
			return errRequired.At("art")
		}
		art, err := parseArt(body.Art)
		if err != nil {
			return err
		}
		return d.d.Cards.SetArt(ctx, c.token.Client, x, art)
	})
}

func (d *Door) makeMain(ctx context.Context, c *call, in *idInput) (*answer[Card], error) {
	return d.act(ctx, c, in, func(x id.ID) error { return d.d.Cards.SetMain(ctx, c.token.Client, x) })
}

// byClient is who stands in the audit trail for what a client's program does.
const byClient = "client"

func (d *Door) freeze(ctx context.Context, c *call, in *idInput) (*answer[Card], error) {
	return d.act(ctx, c, in, func(x id.ID) error {
		return d.d.DB.Write(ctx, func(tx db.Tx) error {
			return d.d.Cards.Freeze(ctx, tx, c.token.Client, x, card.ByClient, byClient)
		})
	})
}

func (d *Door) unfreeze(ctx context.Context, c *call, in *idInput) (*answer[Card], error) {
	return d.act(ctx, c, in, func(x id.ID) error {
		return d.d.DB.Write(ctx, func(tx db.Tx) error {
			return d.d.Cards.Unfreeze(ctx, tx, c.token.Client, x, card.ByClient, byClient)
		})
	})
}

// NewSuspension stops a card for a while.
type NewSuspension struct {
	Until string `json:"until" format:"date" example:"2026-12-22"`
}

func (d *Door) suspend(ctx context.Context, c *call, in *idInput, body *NewSuspension) (*answer[Card], error) {
	return d.act(ctx, c, in, func(x id.ID) error {
		if body.Until == "" {
			return errRequired.At("until")
		}
		until, err := time.ParseInLocation(time.DateOnly, body.Until, clock.Moscow)
		if err != nil {
			return errDate.At("until")
		}
		return d.d.Cards.Suspend(ctx, c.token.Client, x, until)
	})
}

func (d *Door) resume(ctx context.Context, c *call, in *idInput) (*answer[Card], error) {
	return d.act(ctx, c, in, func(x id.ID) error { return d.d.Cards.Resume(ctx, c.token.Client, x) })
}

// Subscriptions are the shops that charge a card by themselves.
type Subscriptions struct {
	Merchants []string `json:"merchants" nullable:"false" example:"KINOPOISK"`
}

func (d *Door) subscriptions(ctx context.Context, c *call, in *idInput) (*answer[Subscriptions], error) {
	x, err := in.card()
	if err != nil {
		return nil, err
	}
	names, err := d.d.Cards.WillFail(ctx, c.token.Client, x)
	if err != nil {
		return nil, err
	}
	return ok(Subscriptions{Merchants: append([]string{}, names...)})
}
