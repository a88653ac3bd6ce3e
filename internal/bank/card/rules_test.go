package card_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// some is a purchase that the rules of a new card let through.
func some() card.Attempt {
	return card.Attempt{Channel: card.Chip, Home: true, Country: "643", MCC: "5411", Merchant: "Test Shop", Amount: money.Rub(1000_00)}
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		rule    func(*card.Rules)
		attempt func(*card.Attempt)
		want    card.Switch
	}{
		"a new card":               {},
		"abroad on a new card":     {attempt: func(a *card.Attempt) { a.Home, a.Country = false, "840" }},
		"cash on a new card":       {attempt: func(a *card.Attempt) { a.Cash = true }},
		"chip":                     {rule: func(r *card.Rules) { r.Chip = false }, want: card.SwitchChip},
		"chip off, stripe":         {rule: func(r *card.Rules) { r.Chip = false }, attempt: func(a *card.Attempt) { a.Channel = card.Magstripe }},
		"contactless":              {func(r *card.Rules) { r.Contactless = false }, func(a *card.Attempt) { a.Channel = card.Contactless }, card.SwitchContactless},
		"stripe":                   {func(r *card.Rules) { r.Magstripe = false }, func(a *card.Attempt) { a.Channel = card.Magstripe }, card.SwitchMagstripe},
		"internet":                 {func(r *card.Rules) { r.Internet = false }, func(a *card.Attempt) { a.Channel = card.Ecommerce }, card.SwitchInternet},
		"typed in":                 {func(r *card.Rules) { r.Internet = false }, func(a *card.Attempt) { a.Channel = card.Manual }, card.SwitchInternet},
		"on file":                  {func(r *card.Rules) { r.Internet = false }, func(a *card.Attempt) { a.Channel = card.OnFile }, card.SwitchInternet},
		"a channel nobody knows":   {func(r *card.Rules) { r.Internet = false }, func(a *card.Attempt) { a.Channel = 99 }, card.SwitchInternet},
		"cash":                     {func(r *card.Rules) { r.ATM = false }, func(a *card.Attempt) { a.Cash = true }, card.SwitchATM},
		"no cash":                  {rule: func(r *card.Rules) { r.ATM = false }},
		"abroad":                   {func(r *card.Rules) { r.Abroad = false }, func(a *card.Attempt) { a.Home = false }, card.SwitchAbroad},
		"abroad off, at home":      {rule: func(r *card.Rules) { r.Abroad = false }},
		"shut country":             {func(r *card.Rules) { r.Countries = []string{"840"} }, func(a *card.Attempt) { a.Home, a.Country = false, "840" }, card.SwitchCountry},
		"another country":          {rule: func(r *card.Rules) { r.Countries = []string{"840"} }, attempt: func(a *card.Attempt) { a.Home, a.Country = false, "276" }},
		"a country not told":       {func(r *card.Rules) { r.Countries = []string{"840"} }, func(a *card.Attempt) { a.Home, a.Country = false, "" }, card.SwitchCountry},
		"shut shops":               {func(r *card.Rules) { r.MCCGroups = []card.Group{card.Gambling} }, func(a *card.Attempt) { a.MCC = "7995" }, card.SwitchMCC},
		"other shops":              {rule: func(r *card.Rules) { r.MCCGroups = []card.Group{card.Gambling} }},
		"no shop code, all others": {func(r *card.Rules) { r.MCCGroups = []card.Group{card.Other} }, func(a *card.Attempt) { a.MCC = "" }, card.SwitchMCC},
		"another shop":             {rule: func(r *card.Rules) { r.Merchant = "OTHER" }, want: card.SwitchMerchant},
		"the shop":                 {rule: func(r *card.Rules) { r.Merchant = "TEST SHOP" }, attempt: func(a *card.Attempt) { a.Merchant = " test  shop" }},
		"the first shop":           {rule: func(r *card.Rules) { r.Merchant = card.FirstMerchant }},
		"one shot on file":         {func(r *card.Rules) { r.OneShot = true }, func(a *card.Attempt) { a.Channel = card.OnFile }, card.SwitchOneShot},
		"one shot":                 {rule: func(r *card.Rules) { r.OneShot = true }},
		"at the cap":               {rule: func(r *card.Rules) { r.Home.Operation = money.Rub(1000_00) }},
		"above the cap":            {rule: func(r *card.Rules) { r.Home.Operation = money.Rub(999_99) }, want: card.SwitchHomeOperation},
		"above home's cap, abroad": {rule: func(r *card.Rules) { r.Home.Operation = money.Rub(1) }, attempt: func(a *card.Attempt) { a.Home = false }},
		"above the cap abroad":     {func(r *card.Rules) { r.Away.Operation = money.Rub(1) }, func(a *card.Attempt) { a.Home = false }, card.SwitchAwayOperation},
		"above the cash cap":       {func(r *card.Rules) { r.Cash.Operation = money.Rub(1) }, func(a *card.Attempt) { a.Cash = true }, card.SwitchCashOperation},
		"cash cap, no cash":        {rule: func(r *card.Rules) { r.Cash.Operation = money.Rub(1) }},
		"above the ceiling":        {rule: func(r *card.Rules) { r.Ceiling = money.Rub(1) }, want: card.SwitchCeiling},
		"another currency":         {func(r *card.Rules) { r.Home.Operation = money.Rub(1 << 40) }, func(a *card.Attempt) { a.Amount = money.Amount{Minor: 1, Cur: 840} }, card.SwitchHomeOperation},
	} {
		r, a := card.Standard(), some()
		if tc.rule != nil {
			tc.rule(&r)
		}
		if tc.attempt != nil {
			tc.attempt(&a)
		}
		if got, refused := r.Refuse(a); got != tc.want || refused != (tc.want != "") {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

func TestGuards(t *testing.T) {
	t.Parallel()
	sum := money.Rub(700_00)
	f := card.Face{}
	f.ID, f.Rules = id.ID{1, 2, 3, 8: 0x80, 15: 7}, card.Standard()
	words := func(a card.Attempt) (out []string) {
		for _, g := range f.Guards(a, sum) {
			if g.Owner >= 0 {
				t.Errorf("the counter of a card stands where clients are: %d", g.Owner)
			}
			out = append(out, fmt.Sprintf("%s %d/%d", card.GuardWord(g), g.Amount.Minor, g.Cap.Minor))
		}
		return out
	}
	const none = "9223372036854775807"
	check := func(what string, a card.Attempt, want ...string) {
		t.Helper()
		if got := words(a); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	a := some()
	check("a new card counts and caps nothing", a, "per_day 70000/"+none, "per_month 70000/"+none)
	f.Rules.Home.Day, f.Rules.Away.Month, f.Rules.Cash.Day = money.Rub(1), money.Rub(2), money.Rub(3)
	f.Rules.Ceiling, f.Rules.OneShot = money.Rub(4), true
	check("at home", a, "per_day 70000/1", "per_month 70000/"+none, "ceiling 70000/4", "one_shot 1/1")
	a.Home, a.Cash = false, true
	check("cash abroad", a, "abroad_day 70000/"+none, "abroad_month 70000/2", "cash_day 70000/3", "cash_month 70000/"+none, "ceiling 70000/4", "one_shot 1/1")
	if w := card.GuardWord(ledger.Guard{Name: ledger.GuardOutgoing}); w != "" {
		t.Errorf("a limit of transfers is called %q", w)
	}
}

func TestChecked(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		rule func(*card.Rules)
		want error
	}{
		"standard":          {func(*card.Rules) {}, nil},
		"countries":         {func(r *card.Rules) { r.Countries = []string{"840", "276", "840"} }, nil},
		"letters":           {func(r *card.Rules) { r.Countries = []string{"USA"} }, card.ErrCountry},
		"no such country":   {func(r *card.Rules) { r.Countries = []string{"999"} }, card.ErrCountry},
		"the world":         {func(r *card.Rules) { r.Countries = []string{"001"} }, card.ErrCountry},
		"home":              {func(r *card.Rules) { r.Countries = []string{"643"} }, card.ErrCountry},
		"Arabic digits":     {func(r *card.Rules) { r.Countries = []string{"٨٤٠"} }, card.ErrCountry},
		"too many":          {func(r *card.Rules) { r.Countries = slices.Repeat([]string{"840"}, 251) }, card.ErrCountry},
		"no such group":     {func(r *card.Rules) { r.MCCGroups = []card.Group{"casino"} }, card.ErrGroup},
		"a cap of nought":   {func(r *card.Rules) { r.Home.Day = money.Rub(0) }, card.ErrCap},
		"below nought":      {func(r *card.Rules) { r.Cash.Month = money.Rub(-1) }, card.ErrCap},
		"dollars":           {func(r *card.Rules) { r.Ceiling = money.Amount{Minor: 1, Cur: 840} }, card.ErrCap},
		"too much":          {func(r *card.Rules) { r.Away.Operation = money.Rub(1 << 60) }, card.ErrCap},
		"a long shop":       {func(r *card.Rules) { r.Merchant = strings.Repeat("ш", 61) }, card.ErrMerchant},
		"a shop of rubbish": {func(r *card.Rules) { r.Merchant = "\xff" }, card.ErrMerchant},
	} {
		r := card.Standard()
		tc.rule(&r)
		if _, err := r.Checked(); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
	r := card.Standard()
	r.Countries, r.MCCGroups, r.Merchant = []string{"840", "276", "840"}, []card.Group{card.Other, card.Adult}, " shop  one"
	r, err := r.Checked()
	if err != nil || !slices.Equal(r.Countries, []string{"276", "840"}) || r.MCCGroups[0] != card.Adult || r.Merchant != "SHOP ONE" {
		t.Errorf("%+v, %v", r, err)
	}
}

func rubles() *rapid.Generator[money.Amount] {
	return rapid.Custom(func(t *rapid.T) money.Amount {
		if n := rapid.Int64Range(-3, 6).Draw(t, "kopecks"); n > 0 {
			return money.Rub(n)
		}
		return money.Amount{}
	})
}

func someRules() *rapid.Generator[card.Rules] {
	often := func(t *rapid.T, what string) bool { return rapid.IntRange(0, 3).Draw(t, what) > 0 }
	caps := rapid.Custom(func(t *rapid.T) card.Caps {
		return card.Caps{Operation: rubles().Draw(t, "op"), Day: rubles().Draw(t, "day"), Month: rubles().Draw(t, "month")}
	})
	return rapid.Custom(func(t *rapid.T) card.Rules {
		r := card.Rules{
			Internet: often(t, "internet"), Contactless: often(t, "contactless"), Chip: often(t, "chip"), Magstripe: often(t, "stripe"),
			ATM: often(t, "atm"), Abroad: often(t, "abroad"),
			Countries: rapid.SliceOfN(rapid.SampledFrom([]string{"840", "276", "156"}), 0, 2).Draw(t, "countries"),
			MCCGroups: rapid.SliceOfN(rapid.SampledFrom([]card.Group{card.Gambling, card.Fuel, card.Other}), 0, 2).Draw(t, "groups"),
			Home:      caps.Draw(t, "home"), Away: caps.Draw(t, "away"), Cash: caps.Draw(t, "cash"),
			OneShot: !often(t, "one shot"), Merchant: rapid.SampledFrom([]string{"", "", "*", "A", "B"}).Draw(t, "merchant"),
			Ceiling: rubles().Draw(t, "ceiling"),
		}
		r, err := r.Checked()
		if err != nil {
			t.Fatal(err)
		}
		return r
	})
}

func someAttempt() *rapid.Generator[card.Attempt] {
	return rapid.Custom(func(t *rapid.T) card.Attempt {
		a := card.Attempt{
			Channel: card.Channel(rapid.IntRange(0, 7).Draw(t, "channel")), Cash: rapid.Bool().Draw(t, "cash"), Home: rapid.Bool().Draw(t, "home"),
			MCC: rapid.SampledFrom([]string{"7995", "5541", "5411", ""}).Draw(t, "mcc"), Merchant: rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, "shop"),
			Amount: money.Rub(rapid.Int64Range(1, 7).Draw(t, "amount")),
		}
		if a.Country = "643"; !a.Home {
			a.Country = rapid.SampledFrom([]string{"840", "276", "156", "392", ""}).Draw(t, "country")
		}
		return a
	})
}

// refuses tells whether a card with these rules, used so often and for so much
// before, refuses one more attempt: the pure rules and the counters together.
func refuses(r card.Rules, a card.Attempt, used map[card.Switch]int64) bool {
	if _, no := r.Refuse(a); no {
		return true
	}
	f := card.Face{}
	f.Rules = r
	for _, g := range f.Guards(a, a.Amount) {
		if g.Amount.Minor > g.Cap.Minor-used[card.GuardWord(g)] {
			return true
		}
	}
	return false
}

// A change that needs no confirmation lets nothing through that was refused
// before, whatever was spent until then.
func TestTighterRulesOpenNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		old, now := someRules().Draw(t, "old"), someRules().Draw(t, "new")
		if rapid.Bool().Draw(t, "near") { // two random sets are hardly ever comparable
			now = old
			for range rapid.IntRange(0, 3).Draw(t, "steps") {
				tighten(t, &now)
			}
			if old.Looser(now) {
				t.Fatalf("tightening is called a loosening: %+v", old.Changes(now))
			}
		}
		if old.Looser(now) {
			return
		}
		a, used := someAttempt().Draw(t, "attempt"), map[card.Switch]int64{}
		for _, s := range []card.Switch{card.SwitchHomeDay, card.SwitchHomeMonth, card.SwitchAwayDay, card.SwitchAwayMonth,
			card.SwitchCashDay, card.SwitchCashMonth, card.SwitchCeiling, card.SwitchOneShot} {
			used[s] = rapid.Int64Range(0, 4).Draw(t, string(s))
		}
		if refuses(old, a, used) && !refuses(now, a, used) {
			t.Fatalf("%+v let %+v through, which was refused before", old.Changes(now), a)
		}
	})
}

func tighten(t *rapid.T, r *card.Rules) {
	lower := func(a *money.Amount) {
		if a.Cur == 0 {
			*a = money.Rub(5)
		} else if a.Minor > 1 {
			a.Minor--
		}
	}
	all := []func(){
		func() { r.Internet = false }, func() { r.Contactless = false }, func() { r.Chip = false }, func() { r.Magstripe = false },
		func() { r.ATM = false }, func() { r.Abroad = false }, func() { r.OneShot = true },
		func() { r.Countries = append(slices.Clone(r.Countries), "392") },
		func() { r.MCCGroups = append(slices.Clone(r.MCCGroups), card.Fuel) },
		func() {
			if r.Merchant == "" {
				r.Merchant = "*"
			} else if r.Merchant == "*" {
				r.Merchant = "A"
			}
		},
		func() { lower(&r.Home.Operation) }, func() { lower(&r.Home.Day) }, func() { lower(&r.Home.Month) },
		func() { lower(&r.Away.Operation) }, func() { lower(&r.Away.Day) }, func() { lower(&r.Away.Month) },
		func() { lower(&r.Cash.Operation) }, func() { lower(&r.Cash.Day) }, func() { lower(&r.Cash.Month) }, func() { lower(&r.Ceiling) },
	}
	all[rapid.IntRange(0, len(all)-1).Draw(t, "tighten")]()
	checked, err := r.Checked()
	if err != nil {
		t.Fatal(err)
	}
	*r = checked
}

// Every change that asks for a confirmation asks for a reason: with all other
// rules open, there is an attempt that only the old ones refuse.
func TestLooserRulesOpenSomething(t *testing.T) {
	t.Parallel()
	attempts := map[card.Switch]func(*card.Attempt){
		card.SwitchContactless: func(a *card.Attempt) { a.Channel = card.Contactless }, card.SwitchMagstripe: func(a *card.Attempt) { a.Channel = card.Magstripe },
		card.SwitchInternet: func(a *card.Attempt) { a.Channel = card.Ecommerce }, card.SwitchATM: func(a *card.Attempt) { a.Cash = true },
		card.SwitchAbroad: func(a *card.Attempt) { a.Home = false }, card.SwitchCountry: func(a *card.Attempt) { a.Home, a.Country = false, "840" },
		card.SwitchMCC: func(a *card.Attempt) { a.MCC = "7995" }, card.SwitchAwayOperation: func(a *card.Attempt) { a.Home = false },
		card.SwitchAwayDay: func(a *card.Attempt) { a.Home = false }, card.SwitchAwayMonth: func(a *card.Attempt) { a.Home = false },
		card.SwitchCashOperation: func(a *card.Attempt) { a.Cash = true }, card.SwitchCashDay: func(a *card.Attempt) { a.Cash = true }, card.SwitchCashMonth: func(a *card.Attempt) { a.Cash = true },
	}
	shut := card.Rules{Countries: []string{"840"}, MCCGroups: []card.Group{card.Gambling}, OneShot: true, Merchant: "OTHER", Ceiling: money.Rub(1),
		Home: card.Caps{Operation: money.Rub(1), Day: money.Rub(1), Month: money.Rub(1)},
		Away: card.Caps{Operation: money.Rub(1), Day: money.Rub(1), Month: money.Rub(1)},
		Cash: card.Caps{Operation: money.Rub(1), Day: money.Rub(1), Month: money.Rub(1)}}
	changes := shut.Changes(card.Standard())
	if len(changes) != len(card.Switches()) {
		t.Fatalf("%d rules differ, %d exist", len(changes), len(card.Switches()))
	}
	for _, c := range changes {
		if !c.Looser {
			t.Errorf("%s: opening it is no loosening", c.What)
		}
		only := one(shut, c.What)
		if got := only.Changes(card.Standard()); len(got) != 1 || got[0].What != c.What {
			t.Fatalf("%s: %+v", c.What, got)
		}
		a := some()
		if change := attempts[c.What]; change != nil {
			change(&a)
		}
		used := map[card.Switch]int64{card.SwitchOneShot: 1}
		if !refuses(only, a, used) || refuses(card.Standard(), a, used) {
			t.Errorf("%s: opening it lets nothing through", c.What)
		}
	}
}

// one gives standard rules with one rule of another set.
func one(from card.Rules, what card.Switch) card.Rules {
	r := card.Standard()
	switch what {
	case card.SwitchInternet:
		r.Internet = false
	case card.SwitchContactless:
		r.Contactless = false
	case card.SwitchChip:
		r.Chip = false
	case card.SwitchMagstripe:
		r.Magstripe = false
	case card.SwitchATM:
		r.ATM = false
	case card.SwitchAbroad:
		r.Abroad = false
	case card.SwitchCountry:
		r.Countries = from.Countries
	case card.SwitchMCC:
		r.MCCGroups = from.MCCGroups
	case card.SwitchMerchant:
		r.Merchant = from.Merchant
	case card.SwitchOneShot:
		r.OneShot = true
	case card.SwitchCeiling:
		r.Ceiling = from.Ceiling
	case card.SwitchHomeOperation:
		r.Home.Operation = from.Home.Operation
	case card.SwitchHomeDay:
		r.Home.Day = from.Home.Day
	case card.SwitchHomeMonth:
		r.Home.Month = from.Home.Month
	case card.SwitchAwayOperation:
		r.Away.Operation = from.Away.Operation
	case card.SwitchAwayDay:
		r.Away.Day = from.Away.Day
	case card.SwitchAwayMonth:
		r.Away.Month = from.Away.Month
	case card.SwitchCashOperation:
		r.Cash.Operation = from.Cash.Operation
	case card.SwitchCashDay:
		r.Cash.Day = from.Cash.Day
	case card.SwitchCashMonth:
		r.Cash.Month = from.Cash.Month
	}
	return r
}

// What rests in the database comes back as it was, and what nobody knows is
// never taken for an open rule.
func TestRulesRest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := someRules().Draw(t, "rules")
		raw, err := r.Pack()
		if err != nil {
			t.Fatal(err)
		}
		back, err := card.UnpackRules(raw, r.Merchant)
		if err != nil || len(r.Changes(back)) != 0 {
			t.Fatalf("%s: %+v, %v", raw, back, err)
		}
	})
	if raw, err := card.Standard().Pack(); raw != "" || err != nil {
		t.Errorf("a new card's rules rest as %q, %v", raw, err)
	}
	for _, bad := range []string{"x", `{"off":["teleport"]}`, `{"caps":{"per_year":1}}`, `{"open":true}`, `{"off":["atm"]`, `{"off":["atm"]}{}`} {
		if _, err := card.UnpackRules(bad, ""); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

func FuzzUnpackRules(f *testing.F) {
	f.Add(`{"off":["internet"],"countries":["840"],"groups":["fuel"],"caps":{"per_day":1},"one_shot":true}`)
	f.Fuzz(func(t *testing.T, raw string) {
		r, err := card.UnpackRules(raw, "")
		if err != nil {
			return
		}
		again, err := r.Pack()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := card.UnpackRules(again, ""); err != nil || len(r.Changes(back)) != 0 {
			t.Fatalf("%s became %s: %v", raw, again, err)
		}
	})
}

func TestGroups(t *testing.T) {
	t.Parallel()
	for mcc, want := range map[string]card.Group{
		"5411": card.Groceries, "5812": card.Restaurants, "5541": card.Fuel, "4111": card.Transport, "3000": card.Travel, "3999": card.Travel, "7011": card.Travel,
		"5651": card.Clothes, "5200": card.Household, "5912": card.Health, "7832": card.Entertainment, "5816": card.Digital, "5921": card.Alcohol,
		"7995": card.Gambling, "5967": card.Adult, "6051": card.Transfers, "4829": card.Transfers, "0742": card.Other, "": card.Other, "54110": card.Other,
		"٥٤١١": card.Other, "7994": card.Entertainment, "7996": card.Entertainment,
	} {
		if got := card.GroupOf(mcc); got != want {
			t.Errorf("%q: %s, want %s", mcc, got, want)
		}
	}
}

// Every word that a client may meet has its texts.
func TestWordsHaveTexts(t *testing.T) {
	t.Parallel()
	known := locale.Keys()
	for _, s := range card.Switches() {
		for _, key := range []string{"card.switch." + string(s), "card.refused." + string(s)} {
			if !slices.Contains(known, key) {
				t.Errorf("the catalogue has no %s", key)
			}
		}
	}
	for _, g := range card.Groups() {
		if key := "card.group." + string(g); !slices.Contains(known, key) {
			t.Errorf("the catalogue has no %s", key)
		}
	}
}
