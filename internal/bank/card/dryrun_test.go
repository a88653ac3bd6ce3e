package card_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
)

// A dry run lets the past happen again: each operation with the rule that would
// have refused it, counted over days, months and the card's life.
func TestReplay(t *testing.T) {
	t.Parallel()
	day := banktest.Noon
	use := func(n byte, at time.Time, kopecks int64, change ...func(*card.Attempt)) card.Past {
		a := some()
		a.Amount = money.Rub(kopecks)
		for _, c := range change {
			c(&a)
		}
		return card.Past{Operation: id.ID{n}, At: at, Attempt: a}
	}
	abroad := func(a *card.Attempt) { a.Home, a.Country = false, "840" }
	shop := func(a *card.Attempt) { a.Merchant = "Other" }
	past := []card.Past{ // newest first, as the room of purchases lists them
		use(6, day.AddDate(0, 0, 2), 100, shop),
		use(5, day.AddDate(0, 0, 2).Add(-time.Hour), 600),
		use(4, day.AddDate(0, 0, 1), 500, abroad),
		use(3, day.Add(2*time.Hour), 300),
		use(2, day.Add(time.Hour), 900),
		use(1, day, 200),
	}
	type hit struct {
		n    byte
		rule card.Switch
	}
	for name, tc := range map[string]struct {
		rule func(*card.Rules)
		want []hit
	}{
		"as it was": {func(*card.Rules) {}, nil},
		"abroad":    {func(r *card.Rules) { r.Abroad = false }, []hit{{4, card.SwitchAbroad}}},
		"a day": {func(r *card.Rules) { r.Home.Day = money.Rub(500) },
			[]hit{{5, card.SwitchHomeDay}, {2, card.SwitchHomeDay}}}, // the third fits because the second was refused
		"a month":        {func(r *card.Rules) { r.Home.Month = money.Rub(1_400) }, []hit{{6, card.SwitchHomeMonth}, {5, card.SwitchHomeMonth}}},
		"one operation":  {func(r *card.Rules) { r.Home.Operation = money.Rub(500) }, []hit{{5, card.SwitchHomeOperation}, {2, card.SwitchHomeOperation}}},
		"a ceiling":      {func(r *card.Rules) { r.Ceiling = money.Rub(1_700) }, []hit{{5, card.SwitchCeiling}, {4, card.SwitchCeiling}}},
		"one shot":       {func(r *card.Rules) { r.OneShot = true }, []hit{{6, "one_shot"}, {5, "one_shot"}, {4, "one_shot"}, {3, "one_shot"}, {2, "one_shot"}}},
		"the first shop": {func(r *card.Rules) { r.Merchant = card.FirstMerchant }, []hit{{6, card.SwitchMerchant}}},
		"another shop":   {func(r *card.Rules) { r.Merchant = "OTHER" }, []hit{{5, "merchant"}, {4, "merchant"}, {3, "merchant"}, {2, "merchant"}, {1, "merchant"}}},
	} {
		r := card.Standard()
		tc.rule(&r)
		var got []hit
		for _, h := range r.Replay(past) {
			got = append(got, hit{h.Operation[0], h.Rule})
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}

// Rules that a single attempt breaks are found by the dry run exactly as the
// host would have found them.
func TestReplayAgreesWithTheHost(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := someRules().Draw(t, "rules")
		a := someAttempt().Draw(t, "attempt")
		hits := r.Replay([]card.Past{{At: banktest.Noon, Attempt: a}})
		if refused := refuses(r, a, nil); refused != (len(hits) == 1) {
			t.Fatalf("the host says %v, the dry run found %v", refused, hits)
		}
		if word, no := r.Refuse(a); no && hits[0].Rule != word {
			t.Fatalf("the host says %s, the dry run %s", word, hits[0].Rule)
		}
	})
}

func TestDryRun(t *testing.T) {
	eachHome(t, func(h *home) {
		x := h.issued(card.VirtualWorld).ID
		h.uses.past = []card.Past{{At: h.clock.Now().AddDate(0, 0, -1), Attempt: some()}, {At: h.clock.Now().AddDate(0, 0, -91), Attempt: some()}}
		rules := card.Standard()
		rules.Chip = false
		hits, err := h.cards.DryRun(bg, h.who, x, rules)
		if err != nil || len(hits) != 1 || hits[0].Rule != card.SwitchChip {
			t.Errorf("%+v, %v", hits, err)
		}
		_, err = h.cards.DryRun(bg, h.who, id.ID{1}, rules)
		h.wants("nobody's card", err, card.ErrMissing)
		rules.Ceiling = money.Rub(-1)
		_, err = h.cards.DryRun(bg, h.who, x, rules)
		h.wants("rules that cannot be", err, card.ErrCap)
		if c := h.card(x); !c.Rules.Chip {
			t.Error("a dry run changed the rules")
		}
	})
}
