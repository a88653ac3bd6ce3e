package card

import (
	"slices"

	"rocketbank/internal/base/money"
)

// Switch names a rule: for programs, in the feed and in the catalogue
// (card.switch.…, card.refused.…). The words are stored and never change.
type Switch string

// The rules that one attempt alone can break.
const (
	SwitchInternet    Switch = "internet"
	SwitchContactless Switch = "contactless"
	SwitchChip        Switch = "chip"
	SwitchMagstripe   Switch = "magstripe"
	SwitchATM         Switch = "atm"
	SwitchAbroad      Switch = "abroad"
	SwitchCountry     Switch = "country"
	SwitchMCC         Switch = "mcc"
	SwitchMerchant    Switch = "merchant"
	SwitchOneShot     Switch = "one_shot"
	SwitchCeiling     Switch = "ceiling"

	SwitchHomeOperation Switch = "per_operation"
	SwitchAwayOperation Switch = "abroad_operation"
	SwitchCashOperation Switch = "cash_operation"
)

// The rules that the ledger counts, see Face.Guards.
const (
	SwitchHomeDay   Switch = "per_day"
	SwitchHomeMonth Switch = "per_month"
	SwitchAwayDay   Switch = "abroad_day"
	SwitchAwayMonth Switch = "abroad_month"
	SwitchCashDay   Switch = "cash_day"
	SwitchCashMonth Switch = "cash_month"
)

// Channel is how a card met the shop.
type Channel int16

// The channels.
const (
	Chip        Channel = 1
	Contactless Channel = 2
	Magstripe   Channel = 3 // a fallback from the chip too
	Ecommerce   Channel = 4
	Manual      Channel = 5 // the number typed in by the shop
	OnFile      Channel = 6 // the shop had it on file
)

// Attempt is one use of a card, as far as its rules care.
type Attempt struct {
	Channel  Channel
	Cash     bool   // from a cash machine or over a counter
	Home     bool   // in Russia
	Country  string // ISO 3166-1 numeric; empty: not told
	MCC      string
	Merchant string
	Amount   money.Amount // as billed to the account
}

// Refuse tells whether the rules refuse an attempt, and which of them. It asks
// nobody: the host calls it for every authorisation, and a dry run for those of
// the past. What takes a sum over days to know is left to Face.Guards.
func (r Rules) Refuse(o Attempt) (Switch, bool) {
	caps, cap := r.Home, SwitchHomeOperation
	if !o.Home {
		caps, cap = r.Away, SwitchAwayOperation
	}
	switch {
	case !r.channel(o.Channel):
		return o.Channel.rule(), true
	case o.Cash && !r.ATM:
		return SwitchATM, true
	case !o.Home && !r.Abroad:
		return SwitchAbroad, true
	case !o.Home && len(r.Countries) > 0 && (o.Country == "" || slices.Contains(r.Countries, o.Country)):
		return SwitchCountry, true
	case len(r.MCCGroups) > 0 && slices.Contains(r.MCCGroups, GroupOf(o.MCC)):
		return SwitchMCC, true
	case r.Merchant != "" && r.Merchant != FirstMerchant && merchantName(o.Merchant) != r.Merchant:
		return SwitchMerchant, true
	case r.OneShot && o.Channel == OnFile:
		return SwitchOneShot, true // who keeps it on file means to come again
	case above(o.Amount, caps.Operation):
		return cap, true
	case o.Cash && above(o.Amount, r.Cash.Operation):
		return SwitchCashOperation, true
	case above(o.Amount, r.Ceiling):
		return SwitchCeiling, true
	}
	return "", false
}

// rule is the switch of a channel. Whatever needs nothing but the digits of a
// card is the internet's, as is a channel that nobody knows.
func (c Channel) rule() Switch {
	switch c {
	case Chip:
		return SwitchChip
	case Contactless:
		return SwitchContactless
	case Magstripe:
		return SwitchMagstripe
	}
	return SwitchInternet
}

func (r Rules) channel(c Channel) bool {
	switch c.rule() {
	case SwitchChip:
		return r.Chip
	case SwitchContactless:
		return r.Contactless
	case SwitchMagstripe:
		return r.Magstripe
	}
	return r.Internet
}

// above tells a sum that a cap does not let through; a sum in another currency
// cannot be compared and is never let through.
func above(sum, cap money.Amount) bool {
	return cap.Cur != 0 && (sum.Cur != cap.Cur || sum.Minor > cap.Minor)
}
