package cabinet

import (
	"time"

	"rocketbank/internal/base/money"
	"rocketbank/internal/door/ui"
)

// RulesView is GET and POST /cards/{id}/rules.
//
// Form fields: whole=1; what works: internet, contactless, chip, magstripe, atm,
// abroad; what is shut: group and country, several times each, and country_name
// as typed; limits under the words of their rules (per_day, abroad_month, …,
// ceiling); one_shot; shop (any, first, one) and merchant; do (try, add, save).
type RulesView struct {
	ui.Page
	Card      ui.Card
	Switches  []RuleSwitch
	Groups    []RuleChoice
	Countries []RuleChoice // those that are shut
	Country   string       // as typed
	Known     []string     // countries that people travel to, for the browser to suggest
	Limits    []RuleLimits
	Ceiling   RuleCap
	OneShot   bool
	OneUsed   bool // the one purchase was made
	Shop      string
	Merchant  string
	Tried     *RulesTried
}

// RuleSwitch is what works or does not.
type RuleSwitch struct {
	Name, Icon, Tile string
	On               bool
}

// RuleChoice is one of many that may be shut.
type RuleChoice struct {
	Value, Label string
	Shut         bool
}

// RuleLimits are the three limits of a place.
type RuleLimits struct {
	Name, Icon, Tile string // Name: home, away, cash
	Caps             []RuleCap
	Open             bool // one of them was refused, or is set
}

// RuleCap is one limit: as typed, and what of it is taken.
type RuleCap struct {
	Name  string
	Value string
	Cap   *money.Amount // the one that holds now; nil: none
	Used  *money.Amount // nil: it does not count
}

// RulesTried is what rules would have refused lately.
type RulesTried struct {
	Hits   []ui.Operation // the newest first, not all of many
	Count  int
	Sum    money.Amount
	Looser bool // saving takes a confirmation
	Same   bool // nothing is changed yet
}

// RulesOrderView is the order of looser rules that waits to be confirmed.
//
// Form fields (to POST /cards/{id}/rules): offer, and passkey from the
// authenticator, or passcode and signature from the device, or passcode and code
// from the SMS.
type RulesOrderView struct {
	ui.Page
	Card     ui.Card
	Offer    string
	Order    string
	Opened   []string // what the change lets through, ready to read
	Shut     []string
	Keyed    bool
	Passkeys bool
	CodeSent bool
	Phone    string
	Until    time.Time
}
