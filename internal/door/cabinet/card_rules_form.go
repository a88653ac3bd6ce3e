package cabinet

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// typedForm is the page's form as it was typed, or as the rules fill it.
type typedForm struct {
	on             map[card.Switch]bool
	groups, shut   []string // groups and countries that are shut
	country        string   // a further country, by name
	caps           map[card.Switch]string
	oneShot        bool
	shop, merchant string
}

// Which shops a card works at, as the form says it.
const (
	shopAny   = "any"
	shopFirst = "first"
	shopOne   = "one"
)

// ruleSwitches lists what is on or off, in the order of the page.
func ruleSwitches(r *card.Rules) []ruleSwitch {
	return []ruleSwitch{
		{card.SwitchInternet, &r.Internet, "monitor", "k3"}, {card.SwitchContactless, &r.Contactless, "wifi", "k6"}, {card.SwitchChip, &r.Chip, "credit-card", "k4"},
		{card.SwitchMagstripe, &r.Magstripe, "wallet", "k7"}, {card.SwitchATM, &r.ATM, "banknote", "k5"}, {card.SwitchAbroad, &r.Abroad, "plane", "k1"},
	}
}

type ruleSwitch struct {
	name       card.Switch
	on         *bool
	icon, tile string
}

// rulePlaces lists the limits by place.
func rulePlaces(r *card.Rules) []rulePlace {
	return []rulePlace{
		{"home", "house", "k1", [3]card.Switch{card.SwitchHomeOperation, card.SwitchHomeDay, card.SwitchHomeMonth}, &r.Home},
		{"away", "plane", "k6", [3]card.Switch{card.SwitchAwayOperation, card.SwitchAwayDay, card.SwitchAwayMonth}, &r.Away},
		{"cash", "banknote", "k5", [3]card.Switch{card.SwitchCashOperation, card.SwitchCashDay, card.SwitchCashMonth}, &r.Cash},
	}
}

type rulePlace struct {
	name, icon, tile string
	words            [3]card.Switch
	caps             *card.Caps
}

func (p rulePlace) sums() [3]*money.Amount {
	return [3]*money.Amount{&p.caps.Operation, &p.caps.Day, &p.caps.Month}
}

// eachCap gives every limit with its word.
func eachCap(r *card.Rules, do func(card.Switch, *money.Amount)) {
	for _, p := range rulePlaces(r) {
		for i, sum := range p.sums() {
			do(p.words[i], sum)
		}
	}
	do(card.SwitchCeiling, &r.Ceiling)
}

// typedRules fills the form with rules.
func typedRules(p *locale.Printer, r card.Rules) typedForm {
	t := typedForm{on: map[card.Switch]bool{}, caps: map[card.Switch]string{}, shut: r.Countries, oneShot: r.OneShot, shop: shopAny}
	for _, s := range ruleSwitches(&r) {
		t.on[s.name] = *s.on
	}
	for _, g := range r.MCCGroups {
		t.groups = append(t.groups, string(g))
	}
	eachCap(&r, func(name card.Switch, sum *money.Amount) {
		if sum.Cur != 0 {
			t.caps[name] = p.MoneyInput(*sum)
		}
	})
	switch r.Merchant {
	case "":
	case card.FirstMerchant:
		t.shop = shopFirst
	default:
		t.shop, t.merchant = shopOne, r.Merchant
	}
	return t
}

// readRules reads the whole form. What it says is kept as typed; the rules are
// worth something only without an error.
func readRules(p *locale.Printer, f web.Form) (t typedForm, to card.Rules, err error) {
	t = typedForm{
		on: map[card.Switch]bool{}, caps: map[card.Switch]string{}, groups: f.All("group"), shut: f.All("country"), country: cut(f.Get("country_name"), keptShort),
		oneShot: f.Has("one_shot"), shop: f.Get("shop"), merchant: cut(f.Get("merchant"), keptShort),
	}
	var errs []error
	for _, s := range ruleSwitches(&to) {
		t.on[s.name] = f.Has(string(s.name))
		*s.on = t.on[s.name]
	}
	for _, g := range t.groups {
		to.MCCGroups = append(to.MCCGroups, card.Group(g))
	}
	if strings.TrimSpace(t.country) != "" {
		switch code, ok := p.FindCountry(t.country); {
		case ok && code != homeCountry:
			t.shut, t.country = append(t.shut, code), ""
		default:
			errs = append(errs, card.ErrCountry.At("country_name"))
		}
	}
	to.Countries = t.shut
	eachCap(&to, func(name card.Switch, sum *money.Amount) {
		t.caps[name] = cut(f.Get(string(name)), keptShort)
		if strings.TrimSpace(t.caps[name]) == "" {
			return
		}
		var err error
		if *sum, err = locale.ParseAmount(t.caps[name]); err != nil {
			errs = append(errs, at(err, string(name)))
		}
	})
	to.OneShot = t.oneShot
	switch t.shop {
	case shopAny, "":
	case shopFirst:
		to.Merchant = card.FirstMerchant
	case shopOne:
		if to.Merchant = f.Get("merchant"); strings.TrimSpace(to.Merchant) == "" {
			errs = append(errs, card.ErrMerchant)
		}
	default:
		errs = append(errs, card.ErrMerchant)
	}
	return t, to, errors.Join(errs...)
}

// homeCountry is Russia, which is never shut.
const homeCountry = "643"

// known are the countries that the browser suggests.
func known() []string {
	return []string{
		"792", "818", "784", "764", "156", "398", "112", "051", "268", "860", "417", "031", "688", "380", "724", "250", "276", "826",
		"840", "356", "360", "704", "144", "462", "192", "376", "300", "196", "203", "246", "392", "410", "076", "484", "504", "788",
	}
}

// renderRules completes the page with what the form says and what is spent.
func (d *Door) renderRules(w http.ResponseWriter, r *http.Request, status int, k card.Card, v RulesView, t typedForm) error {
	spent, err := d.Cards.Spent(r.Context(), of(r).session.Client, k.ID)
	if err != nil {
		return err
	}
	v.Country, v.OneShot, v.Shop, v.Merchant = t.country, t.oneShot, t.shop, t.merchant
	if v.Shop != shopFirst && v.Shop != shopOne {
		v.Shop = shopAny
	}
	for _, s := range ruleSwitches(&k.Rules) {
		v.Switches = append(v.Switches, RuleSwitch{Name: string(s.name), Icon: s.icon, Tile: s.tile, On: t.on[s.name]})
	}
	for _, g := range card.Groups() {
		v.Groups = append(v.Groups, RuleChoice{Value: string(g), Label: v.P.T("card.group." + string(g)), Shut: slices.Contains(t.groups, string(g))})
	}
	for _, code := range locale.Countries() {
		if code != homeCountry && slices.Contains(t.shut, code) {
			v.Countries = append(v.Countries, RuleChoice{Value: code, Label: v.P.Country(code), Shut: true})
		}
	}
	for _, code := range known() {
		if !slices.Contains(t.shut, code) {
			v.Known = append(v.Known, v.P.Country(code))
		}
	}
	slices.Sort(v.Known)
	shown := func(name card.Switch, sum money.Amount) RuleCap {
		c := RuleCap{Name: string(name), Value: t.caps[name]}
		if sum.Cur != 0 {
			c.Cap = &sum
		}
		if used, counts := spent[name]; counts && (used.Positive() || c.Cap != nil) {
			c.Used = &used
		}
		return c
	}
	for _, p := range rulePlaces(&k.Rules) {
		l := RuleLimits{Name: p.name, Icon: p.icon, Tile: p.tile}
		for i, sum := range p.sums() {
			c := shown(p.words[i], *sum)
			l.Open = l.Open || c.Value != "" || v.Errors.For(c.Name) != ""
			l.Caps = append(l.Caps, c)
		}
		v.Limits = append(v.Limits, l)
	}
	v.Ceiling = shown(card.SwitchCeiling, k.Rules.Ceiling)
	return d.render(w, r, status, RulesPage(v))
}

// changeWords says what a change of rules opens and what it shuts.
func changeWords(p *locale.Printer, o card.Offered) (opened, shut []string) {
	to := o.To
	caps := map[card.Switch]bool{}
	eachCap(&to, func(name card.Switch, _ *money.Amount) { caps[name] = true })
	say := func(looser bool, text string) {
		if looser {
			opened = append(opened, text)
		} else {
			shut = append(shut, text)
		}
	}
	for _, c := range o.Changes {
		what := p.T("card.switch." + string(c.What))
		line := func(key string, args ...locale.Arg) string {
			return p.T("cabinet.card_rules."+key, append(args, locale.A("what", what))...)
		}
		switch {
		case c.What == card.SwitchCountry || c.What == card.SwitchMCC:
			for _, side := range []struct {
				looser bool
				codes  []string
			}{{true, c.Opened}, {false, c.Shut}} {
				if len(side.codes) > 0 {
					say(side.looser, line("list", locale.A("list", listed(p, c.What, side.codes))))
				}
			}
		case c.What == card.SwitchMerchant && to.Merchant == "":
			say(c.Looser, line("shop_any_now"))
		case c.What == card.SwitchMerchant && to.Merchant == card.FirstMerchant:
			say(c.Looser, line("shop_first_now"))
		case c.What == card.SwitchMerchant:
			say(c.Looser, line("list", locale.A("list", to.Merchant)))
		case caps[c.What] && c.Cap.Cur == 0:
			say(c.Looser, line("no_cap"))
		case caps[c.What]:
			say(c.Looser, line("to_cap", locale.A("cap", c.Cap)))
		default:
			say(c.Looser, what)
		}
	}
	return opened, shut
}

func listed(p *locale.Printer, what card.Switch, codes []string) string {
	names := make([]string, len(codes))
	for i, code := range codes {
		if names[i] = p.Country(code); what == card.SwitchMCC {
			names[i] = p.T("card.group." + code)
		}
	}
	return strings.Join(names, ", ")
}

// capWords is the line of a place: «до 5 000 ₽ за день», or that there is no limit.
func capWords(p ui.Page, l RuleLimits) string {
	var out []string
	for i, c := range l.Caps {
		if c.Cap != nil {
			out = append(out, p.P.T("cabinet.card_rules.up_to_"+capSpans[i], locale.A("cap", *c.Cap)))
		}
	}
	if len(out) == 0 {
		return p.P.T("cabinet.card_rules.no_caps")
	}
	return strings.Join(out, " · ")
}

// capSpans are the words of a place's limits, in their order.
var capSpans = []string{"operation", "day", "month"}
