package cabinet

import (
	"time"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/base/money"
	"rocketbank/internal/door/ui"
)

// cardRulesGallery is the page of a card's rules in every state worth a look.
func cardRulesGallery(in ui.Page, main ui.Card, say func(ru, en string) string, with func(ui.Page, ...ui.Problem) ui.Page) []exhibit {
	rub := func(r int64) *money.Amount { a := money.Rub(r * 100); return &a }
	v := RulesView{Page: in, Card: main, Shop: shopAny, Known: []string{in.P.Country("818"), in.P.Country("792"), in.P.Country("764")}}
	var r card.Rules
	for _, s := range ruleSwitches(&r) {
		v.Switches = append(v.Switches, RuleSwitch{Name: string(s.name), Icon: s.icon, Tile: s.tile, On: s.name != card.SwitchMagstripe})
	}
	for _, g := range card.Groups() {
		v.Groups = append(v.Groups, RuleChoice{Value: string(g), Label: in.P.T("card.group." + string(g)), Shut: g == card.Gambling || g == card.Adult})
	}
	for _, p := range rulePlaces(&r) {
		l := RuleLimits{Name: p.name, Icon: p.icon, Tile: p.tile}
		for _, w := range p.words {
			l.Caps = append(l.Caps, RuleCap{Name: string(w)})
		}
		v.Limits = append(v.Limits, l)
	}
	v.Ceiling = RuleCap{Name: string(card.SwitchCeiling)}
	fresh := v
	fresh.Groups = append([]RuleChoice{}, v.Groups...)
	for i := range fresh.Groups {
		fresh.Groups[i].Shut = false
	}
	for _, code := range []string{"840", "276", "076"} {
		v.Countries = append(v.Countries, RuleChoice{Value: code, Label: in.P.Country(code), Shut: true})
	}
	v.Limits = append([]RuleLimits{}, v.Limits...)
	home := v.Limits[0]
	home.Open = true
	home.Caps = []RuleCap{
		{Name: "per_operation", Value: "15000", Cap: rub(15000)}, {Name: "per_day", Value: "30000", Cap: rub(30000), Used: rub(28450)},
		{Name: "per_month", Used: rub(61200)},
	}
	v.Limits[0] = home
	v.Shop, v.Merchant, v.OneShot = shopOne, "KINOPOISK", true
	v.Ceiling.Value, v.Ceiling.Cap, v.Ceiling.Used = "3000", rub(3000), rub(598)

	hit := func(group, title, rule string, r int64, ago time.Duration) ui.Operation {
		return ui.Operation{Href: "/operations/op_1", Kind: ui.Purchase, Group: group, Title: title, State: ui.Declined, Amount: money.Rub(r * 100), At: in.Now.Add(-ago), Reason: in.P.T("card.switch." + rule)}
	}
	tried := v
	tried.Tried = &RulesTried{Count: 23, Sum: money.Rub(41_260_00), Hits: []ui.Operation{
		hit("groceries", "VkusVill", "per_day", 1840, time.Hour), hit("gambling", "Casino Royale of the Northern Lights", "mcc", 5000, 26*time.Hour), hit("travel", "HILTON NEW YORK", "country", 31200, 900*time.Hour),
	}}
	none := fresh
	none.Tried = &RulesTried{Sum: money.Rub(0), Same: true}
	looser := fresh
	looser.Tried = &RulesTried{Sum: money.Rub(0), Looser: true}
	wrong := v
	wrong.Page = with(in, ui.Problem{Field: "per_day", Text: in.P.T("amount.invalid")}, ui.Problem{Field: "country_name", Text: in.P.T("card.bad_country")}, ui.Problem{Field: "merchant", Text: in.P.T("card.bad_merchant")})
	wrong.Country = say("Атлантида", "Atlantis")
	order := RulesOrderView{
		Page: in, Card: main, Offer: "abc", Keyed: true, Passkeys: true, Order: "rocketbank order 2\norder: or_06h04yypg1r01cm9n4n9hs2zf8\nwhat: looser rules of a card\nabroad: on\n",
		Opened: []string{in.P.T("card.switch.abroad"), in.P.T("card.switch.country") + ": " + in.P.Country("840")}, Shut: []string{in.P.T("card.switch.magstripe")},
	}
	coded := order
	coded.Keyed, coded.Passkeys, coded.CodeSent, coded.Phone, coded.Shut = false, false, true, "+79165550123", nil
	coded.Page = with(in, ui.Problem{Field: "passcode", Text: say("Код не подошёл. Осталось 2 попытки.", "Wrong passcode. 2 tries left.")})
	return []exhibit{
		{"card-rules", RulesPage(v), false},
		{"card-rules-new", RulesPage(fresh), false},
		{"card-rules-tried", RulesPage(tried), false},
		{"card-rules-tried-none", RulesPage(none), false},
		{"card-rules-tried-looser", RulesPage(looser), false},
		{"card-rules-wrong", RulesPage(wrong), false},
		{"card-rules-order", RulesOrderPage(order), false},
		{"card-rules-order-code", RulesOrderPage(coded), false},
	}
}
