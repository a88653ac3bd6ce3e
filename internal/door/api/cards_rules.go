package api

import (
	"context"
	"errors"
	"time"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/money"
)

// CardRules are what a card may be used for.
type CardRules struct {
	Internet    bool     `json:"internet"`
	Contactless bool     `json:"contactless"`
	Chip        bool     `json:"chip"`
	Magstripe   bool     `json:"magstripe"`
	ATM         bool     `json:"atm"`
	Abroad      bool     `json:"abroad"`
	Countries   []string `json:"shut_countries" nullable:"false" example:"840"`
	Groups      []string `json:"shut_groups" nullable:"false" example:"gambling"`
	Home        CardCaps `json:"home_caps"`
	Away        CardCaps `json:"abroad_caps"`
	Cash        CardCaps `json:"cash_caps"`
	Ceiling     *Money   `json:"ceiling,omitempty"`
	OneShot     bool     `json:"one_shot"`
	Merchant    string   `json:"merchant,omitempty" example:"KINOPOISK"`
}

// CardCaps are the most of one operation, of a bank day and of a calendar
// month; what is absent is not limited.
type CardCaps struct {
	Operation *Money `json:"per_operation,omitempty"`
	Day       *Money `json:"in_day,omitempty"`
	Month     *Money `json:"in_month,omitempty"`
}

// NewCardRules changes the rules of a card: what is absent stays as it is.
type NewCardRules struct {
	Internet    *bool        `json:"internet,omitempty"`
	Contactless *bool        `json:"contactless,omitempty"`
	Chip        *bool        `json:"chip,omitempty"`
	Magstripe   *bool        `json:"magstripe,omitempty"`
	ATM         *bool        `json:"atm,omitempty"`
	Abroad      *bool        `json:"abroad,omitempty"`
	Countries   *[]string    `json:"shut_countries,omitempty" example:"840"`
	Groups      *[]string    `json:"shut_groups,omitempty" example:"gambling"`
	Home        *NewCardCaps `json:"home_caps,omitempty"`
	Away        *NewCardCaps `json:"abroad_caps,omitempty"`
	Cash        *NewCardCaps `json:"cash_caps,omitempty"`
	Ceiling     *Money       `json:"ceiling,omitempty"`
	OneShot     *bool        `json:"one_shot,omitempty"`
	Merchant    *string      `json:"merchant,omitempty" maxLength:"60" example:"KINOPOISK"`
}

// NewCardCaps changes caps: what is absent stays as it is.
type NewCardCaps struct {
	Operation *Money `json:"per_operation,omitempty"`
	Day       *Money `json:"in_day,omitempty"`
	Month     *Money `json:"in_month,omitempty"`
}

func shownRules(r card.Rules) CardRules {
	out := CardRules{
		Internet: r.Internet, Contactless: r.Contactless, Chip: r.Chip, Magstripe: r.Magstripe, ATM: r.ATM, Abroad: r.Abroad,
		Countries: append([]string{}, r.Countries...), Groups: []string{},
		Home: shownCaps(r.Home), Away: shownCaps(r.Away), Cash: shownCaps(r.Cash), Ceiling: shownCap(r.Ceiling), OneShot: r.OneShot, Merchant: r.Merchant,
	}
	for _, g := range r.MCCGroups {
		out.Groups = append(out.Groups, string(g))
	}
	return out
}

func shownCaps(c card.Caps) CardCaps {
	return CardCaps{Operation: shownCap(c.Operation), Day: shownCap(c.Day), Month: shownCap(c.Month)}
}

func shownCap(a money.Amount) *Money {
	if a.Cur == 0 {
		return nil
	}
	m := shown(a)
	return &m
}

// over gives the rules with what is asked for changed in them; in is where the
// members stand in the body: "", "rules.".
func (n *NewCardRules) over(r card.Rules, in string) (card.Rules, error) {
	var bad flaws
	for _, s := range []struct {
		asked *bool
		to    *bool
	}{
		{n.Internet, &r.Internet}, {n.Contactless, &r.Contactless}, {n.Chip, &r.Chip}, {n.Magstripe, &r.Magstripe},
		{n.ATM, &r.ATM}, {n.Abroad, &r.Abroad}, {n.OneShot, &r.OneShot},
	} {
		if s.asked != nil {
			*s.to = *s.asked
		}
	}
	if n.Countries != nil {
		r.Countries = *n.Countries
	}
	if n.Groups != nil {
		r.MCCGroups = nil
		for _, g := range *n.Groups {
			r.MCCGroups = append(r.MCCGroups, card.Group(g))
		}
	}
	if n.Merchant != nil {
		r.Merchant = *n.Merchant
	}
	n.Home.over(&r.Home, in+"home_caps", &bad)
	n.Away.over(&r.Away, in+"abroad_caps", &bad)
	n.Cash.over(&r.Cash, in+"cash_caps", &bad)
	capOver(n.Ceiling, &r.Ceiling, in+"ceiling", &bad)
	return r, bad.err()
}

func (n *NewCardCaps) over(c *card.Caps, in string, bad *flaws) {
	if n == nil {
		return
	}
	capOver(n.Operation, &c.Operation, in+".per_operation", bad)
	capOver(n.Day, &c.Day, in+".in_day", bad)
	capOver(n.Month, &c.Month, in+".in_month", bad)
}

func capOver(m *Money, to *money.Amount, member string, bad *flaws) {
	if m == nil {
		return
	}
	sum, err := m.sum(member)
	bad.add(err)
	*to = sum
}

// ruleMembers are the members of this API for the fields of the room's refusals.
var ruleMembers = map[string]string{
	"country": "shut_countries", "group": "shut_groups", "merchant": "merchant", string(card.SwitchCeiling): "ceiling.amount",
	string(card.SwitchHomeOperation): "home_caps.per_operation.amount", string(card.SwitchHomeDay): "home_caps.in_day.amount",
	string(card.SwitchHomeMonth): "home_caps.in_month.amount", string(card.SwitchAwayOperation): "abroad_caps.per_operation.amount",
	string(card.SwitchAwayDay): "abroad_caps.in_day.amount", string(card.SwitchAwayMonth): "abroad_caps.in_month.amount",
	string(card.SwitchCashOperation): "cash_caps.per_operation.amount", string(card.SwitchCashDay): "cash_caps.in_day.amount",
	string(card.SwitchCashMonth): "cash_caps.in_month.amount",
}

// ruleFault names the member that a refusal of rules is about.
func ruleFault(err error, in string) error {
	if f, ok := fault.As(err); ok && ruleMembers[f.Field] != "" {
		return f.At(in + ruleMembers[f.Field])
	}
	return err
}

func (d *Door) rules(ctx context.Context, c *call, in *idInput) (*answer[CardRules], error) {
	x, err := in.card()
	if err != nil {
		return nil, err
	}
	k, err := d.d.Cards.ByID(ctx, c.token.Client, x)
	if err != nil {
		return nil, err
	}
	return ok(shownRules(k.Rules))
}

// tighten changes rules at once when they let nothing more through than before.
// Whatever is looser takes the holder himself: a token that was made to send
// money within its caps was not made to open a card.
func (d *Door) tighten(ctx context.Context, c *call, in *idInput, body *NewCardRules) (*answer[CardRules], error) {
	x, err := in.card()
	if err != nil {
		return nil, err
	}
	k, err := d.d.Cards.ByID(ctx, c.token.Client, x)
	if err != nil {
		return nil, err
	}
	to, err := body.over(k.Rules, "")
	if err != nil {
		return nil, err
	}
	// What somebody else tightened meanwhile would be looser here, and is refused.
	err = d.d.Cards.ChangeRules(ctx, c.token.Client, x, to)
	if errors.Is(err, card.ErrLooser) {
		err = errLooser
	}
	if err != nil {
		return nil, ruleFault(err, "")
	}
	return d.rules(ctx, c, in)
}

// DryRun is what other rules would have done.
type DryRun struct {
	Looser  bool      `json:"looser"`
	Refused []Refused `json:"refused" nullable:"false"`
}

// Refused is an operation of the last 90 days that other rules would have refused.
type Refused struct {
	Operation string    `json:"operation" example:"op_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	At        time.Time `json:"at"`
	Merchant  string    `json:"merchant,omitempty" example:"KINOPOISK"`
	Amount    Money     `json:"amount"`
	Rule      string    `json:"rule" enum:"internet,contactless,chip,magstripe,atm,abroad,country,mcc,merchant,one_shot,ceiling,per_operation,per_day,per_month,abroad_operation,abroad_day,abroad_month,cash_operation,cash_day,cash_month"`
}

func (d *Door) tryRules(ctx context.Context, c *call, in *idInput, body *NewCardRules) (*answer[DryRun], error) {
	x, err := in.card()
	if err != nil {
		return nil, err
	}
	k, err := d.d.Cards.ByID(ctx, c.token.Client, x)
	if err != nil {
		return nil, err
	}
	to, err := body.over(k.Rules, "")
	if err != nil {
		return nil, err
	}
	hits, err := d.d.Cards.DryRun(ctx, c.token.Client, x, to)
	if err != nil {
		return nil, ruleFault(err, "")
	}
	out := DryRun{Looser: k.Rules.Looser(to), Refused: []Refused{}}
	for _, h := range hits {
		out.Refused = append(out.Refused, Refused{
			Operation: h.Operation.Text(operation.Prefix), At: h.At.UTC(), Merchant: h.Attempt.Merchant, Amount: shown(h.Attempt.Amount), Rule: string(h.Rule),
		})
	}
	return ok(out)
}
