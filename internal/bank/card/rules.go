package card

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/language"

	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/money"
	"rocketbank/internal/rail/strictjson"
)

// Rules are what a card may be used for, as its owner wants it.
type Rules struct {
	Internet, Contactless, Chip, Magstripe, ATM, Abroad bool

	Countries []string // shut ones, ISO 3166-1 numeric, sorted
	MCCGroups []Group  // shut ones, sorted

	Home Caps // what is spent at home
	Away Caps // … abroad
	Cash Caps // cash at home and abroad, counted in those as well

	OneShot bool // good for one operation
	// Merchant is the only shop the card works at; empty: all. FirstMerchant
	// stands for the first that charges it, see Service.Bind.
	Merchant string
	Ceiling  money.Amount // all the card may ever spend; no currency: no such cap
}

// Caps are limits; one without a currency is none.
type Caps struct{ Operation, Day, Month money.Amount }

// FirstMerchant locks a card to whoever charges it first.
const FirstMerchant = "*"

// Standard are the rules of a new card: everything works, nothing is capped.
func Standard() Rules {
	return Rules{Internet: true, Contactless: true, Chip: true, Magstripe: true, ATM: true, Abroad: true}
}

// Bounds of what a client may write.
const (
	maxCap       = 100_000_000_00
	maxCountries = 250
	maxMerchant  = 60
)

// homeCountry is Russia (ISO 3166-1 numeric): at home nothing is shut by country.
const homeCountry = "643"

// The refusals of rules that cannot be.
var (
	ErrCountry  = fault.New(fault.Invalid, "card.bad_country").At("country")
	ErrGroup    = fault.New(fault.Invalid, "card.bad_group").At("group")
	ErrCap      = fault.New(fault.Invalid, "card.bad_cap") // {max}; the field is the cap's
	ErrMerchant = fault.New(fault.Invalid, "card.bad_merchant").At("merchant")
)

// caps lists the limits with their switches, in the order of a page.
func (r *Rules) caps() []capOf {
	return []capOf{
		{SwitchHomeOperation, &r.Home.Operation}, {SwitchHomeDay, &r.Home.Day}, {SwitchHomeMonth, &r.Home.Month},
		{SwitchAwayOperation, &r.Away.Operation}, {SwitchAwayDay, &r.Away.Day}, {SwitchAwayMonth, &r.Away.Month},
		{SwitchCashOperation, &r.Cash.Operation}, {SwitchCashDay, &r.Cash.Day}, {SwitchCashMonth, &r.Cash.Month},
		{SwitchCeiling, &r.Ceiling},
	}
}

type capOf struct {
	name Switch
	sum  *money.Amount
}

// switches lists what may be on or off, in the order of a page.
func (r *Rules) switches() []switchOf {
	return []switchOf{
		{SwitchInternet, &r.Internet}, {SwitchContactless, &r.Contactless}, {SwitchChip, &r.Chip}, {SwitchMagstripe, &r.Magstripe}, {SwitchATM, &r.ATM}, {SwitchAbroad, &r.Abroad},
	}
}

type switchOf struct {
	name Switch
	on   *bool
}

// checked refuses rules that cannot be and gives the others in their one form:
// lists sorted, each entry once.
func (r Rules) checked() (Rules, error) {
	if len(r.Countries) > maxCountries {
		return r, ErrCountry
	}
	for _, c := range r.Countries {
		if c == homeCountry || !country(c) {
			return r, ErrCountry
		}
	}
	for _, g := range r.MCCGroups {
		if !g.known() {
			return r, ErrGroup
		}
	}
	for _, c := range r.caps() {
		if *c.sum == (money.Amount{}) {
			continue
		}
		if c.sum.Cur != money.RUB || c.sum.Minor <= 0 || c.sum.Minor > maxCap {
			return r, ErrCap.With("max", money.Rub(maxCap)).At(string(c.name))
		}
	}
	if !utf8.ValidString(r.Merchant) || utf8.RuneCountInString(r.Merchant) > maxMerchant {
		return r, ErrMerchant
	}
	r.Merchant = merchantName(r.Merchant)
	r.Countries, r.MCCGroups = sortedSet(r.Countries), sortedSet(r.MCCGroups)
	return r, nil
}

// country tells an ISO 3166-1 numeric code.
func country(code string) bool {
	if !digits(code, 3) {
		return false
	}
	region, err := language.ParseRegion(code)
	return err == nil && region.IsCountry()
}

func sortedSet[T ~string](in []T) []T {
	if len(in) == 0 {
		return nil
	}
	out := slices.Clone(in)
	slices.Sort(out)
	return slices.Compact(out)
}

// merchantName is the form in which names of shops are compared: capitals, one
// blank between words.
func merchantName(s string) string { return strings.ToUpper(strings.Join(strings.Fields(s), " ")) }

// rulesJSON is how rules rest. It tells what is off, so that a switch that
// comes later is on for every card; a word it does not know is an error, so
// that an older program never opens what a newer one has shut.
type rulesJSON struct {
	Off       []Switch         `json:"off,omitempty"`
	Countries []string         `json:"countries,omitempty"`
	Groups    []Group          `json:"groups,omitempty"`
	Caps      map[Switch]int64 `json:"caps,omitempty"` // kopecks
	OneShot   bool             `json:"one_shot,omitempty"`
}

var errRules = errors.New("the rules are malformed")

// pack gives the stored form; the rules of a new card are empty. The merchant
// rests in a column of its own.
func (r Rules) pack() (string, error) {
	j := rulesJSON{Countries: r.Countries, Groups: r.MCCGroups, OneShot: r.OneShot}
	for _, s := range r.switches() {
		if !*s.on {
			j.Off = append(j.Off, s.name)
		}
	}
	for _, c := range r.caps() {
		if c.sum.Cur == 0 {
			continue
		}
		if j.Caps == nil {
			j.Caps = map[Switch]int64{}
		}
		j.Caps[c.name] = c.sum.Minor
	}
	raw, err := json.Marshal(j)
	if err != nil {
		return "", fmt.Errorf("rules of a card: %w", err)
	}
	if string(raw) == "{}" {
		return "", nil
	}
	return string(raw), nil
}

func unpackRules(raw, merchant string) (Rules, error) {
	r := Standard()
	r.Merchant = merchant
	if raw == "" {
		return r, nil
	}
	var j rulesJSON
	if err := strictjson.Decode([]byte(raw), &j); err != nil {
		return Rules{}, errRules
	}
	r.Countries, r.MCCGroups, r.OneShot = j.Countries, j.Groups, j.OneShot
	for _, name := range j.Off {
		i := slices.IndexFunc(r.switches(), func(s switchOf) bool { return s.name == name })
		if i < 0 {
			return Rules{}, errRules
		}
		*r.switches()[i].on = false
	}
	for name, kopecks := range j.Caps {
		i := slices.IndexFunc(r.caps(), func(c capOf) bool { return c.name == name })
		if i < 0 {
			return Rules{}, errRules
		}
		*r.caps()[i].sum = money.Rub(kopecks)
	}
	return r, nil
}

// Change is one difference between two sets of rules.
type Change struct {
	What Switch
	// Looser tells that the new rules let something through that the old ones
	// would have refused.
	Looser bool
	Opened []string // countries or groups that are shut no more
	Shut   []string // … that are shut from now on
	Cap    money.Amount
}

// Changes lists how new rules differ from old ones, in the order of a page.
func (r Rules) Changes(to Rules) []Change {
	var out []Change
	old, now := r.switches(), to.switches()
	for i := range old {
		if *old[i].on != *now[i].on {
			out = append(out, Change{What: old[i].name, Looser: *now[i].on})
		}
	}
	if c := listChange(SwitchCountry, r.Countries, to.Countries); c.What != "" {
		out = append(out, c)
	}
	if c := listChange(SwitchMCC, r.MCCGroups, to.MCCGroups); c.What != "" {
		out = append(out, c)
	}
	was, is := r.caps(), to.caps()
	for i := range was {
		if *was[i].sum != *is[i].sum {
			out = append(out, Change{What: was[i].name, Looser: was[i].sum.Cur != 0 && (is[i].sum.Cur == 0 || is[i].sum.Minor > was[i].sum.Minor), Cap: *is[i].sum})
		}
	}
	if r.OneShot != to.OneShot {
		out = append(out, Change{What: SwitchOneShot, Looser: r.OneShot})
	}
	if r.Merchant != to.Merchant {
		// Any shop may have been the first one, so naming it is no loosening.
		out = append(out, Change{What: SwitchMerchant, Looser: r.Merchant != "" && (r.Merchant != FirstMerchant || to.Merchant == "")})
	}
	return out
}

func listChange[T ~string](what Switch, old, now []T) Change {
	c := Change{}
	for _, x := range old {
		if !slices.Contains(now, x) {
			c.What, c.Looser, c.Opened = what, true, append(c.Opened, string(x))
		}
	}
	for _, x := range now {
		if !slices.Contains(old, x) {
			c.What, c.Shut = what, append(c.Shut, string(x))
		}
	}
	return c
}

// Looser tells whether new rules let anything through that the old ones would
// have refused: such a change needs a fresh confirmation. It looks at each rule
// by itself: what one rule shuts today another may have shut as well, and who
// opens the second must not find that the first was opened without a word.
func (r Rules) Looser(to Rules) bool {
	return slices.ContainsFunc(r.Changes(to), func(c Change) bool { return c.Looser })
}
