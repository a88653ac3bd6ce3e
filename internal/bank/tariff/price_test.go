package tariff_test

import (
	"errors"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/tier"
)

func TestShippedPrices(t *testing.T) {
	v := tariff.Standard()
	for _, c := range []struct {
		kind           tariff.Kind
		bank           string
		sum, used, fee int64
	}{
		{tariff.TopUp, "", 1, 0, 30_00},
		{tariff.TopUp, "", 2_999_99, 0, 30_00},
		{tariff.TopUp, "", 3_000_00, 0, 0},
		{tariff.TopUp, "", 150_000_00, 0, 0},
		{tariff.Friend, "", 100_000_00, 0, 0},
		{tariff.CardOut, "zarya", 1, 0, 30_00},
		{tariff.CardOut, "zarya", 2_000_00, 0, 30_00},
		{tariff.CardOut, "zarya", 2_000_34, 0, 30_01}, // 30,0051
		{tariff.CardOut, "zarya", 100_000_00, 0, 1_500_00},
		{tariff.CardOut, "", 100_000_00, 0, 1_900_00},
		{tariff.CardOut, "sever", 1_000_00, 0, 50_00}, // known, without a rule of its own
		{tariff.PhoneOut, "", 100_000_00, 0, 0},
		{tariff.PhoneOut, "", 100_000_01, 0, 0}, // half a percent of a kopeck
		{tariff.PhoneOut, "", 100_001_00, 0, 1}, // half a kopeck, up
		{tariff.PhoneOut, "", 50_000_00, 60_000_00, 50_00},
		{tariff.PhoneOut, "", 50_000_00, 100_000_00, 250_00},
		{tariff.PhoneOut, "", 50_000_00, 200_000_00, 250_00},
		{tariff.PhoneOut, "", 900_000_00, 100_000_00, 1_500_00},
		{tariff.Link, "", 5_000_00, 0, 0},
		{tariff.Requisites, "", 5_000_00, 0, 0},
	} {
		p, err := v.Price(c.kind, c.bank, money.Rub(c.sum), money.Rub(c.used))
		if err != nil || p.Fee != money.Rub(c.fee) {
			t.Errorf("%s %s of %d after %d: %v, %v; want %d", c.kind, c.bank, c.sum, c.used, p.Fee, err, c.fee)
		}
		if wrong := (tariff.Book{v}).Wrong(p, time.Now()); wrong != "" {
			t.Errorf("%s of %d, worked out again: %s", c.kind, c.sum, wrong)
		}
	}
	if _, err := v.Price("gift", "", money.Rub(1), money.Rub(0)); !errors.Is(err, tariff.ErrNoPrice) {
		t.Errorf("a gift: %v", err)
	}
	for _, bad := range []money.Amount{money.Rub(0), money.Rub(-1), {Minor: 100, Cur: 840}} {
		if _, err := v.Price(tariff.Friend, "", bad, money.Rub(0)); err == nil {
			t.Errorf("a price of %v", bad)
		}
	}
}

// exact works a fee out in rationals: the share of what is above the free part,
// half a kopeck up, within least and most (M10).
func exact(r tariff.Rule, sum, free int64) int64 {
	paid := sum - free
	if r.PPM == 0 && r.Min.Minor == 0 || paid <= 0 {
		return 0
	}
	share := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(paid), big.NewInt(r.PPM)), big.NewInt(1_000_000))
	share.Add(share, big.NewRat(1, 2))
	fee := new(big.Rat).SetInt(new(big.Int).Div(share.Num(), share.Denom()))
	if least := big.NewRat(r.Min.Minor, 1); r.Min.Cur != 0 && fee.Cmp(least) < 0 {
		fee = least
	}
	if most := big.NewRat(r.Max.Minor, 1); r.Max.Cur != 0 && fee.Cmp(most) > 0 {
		fee = most
	}
	return fee.Num().Int64()
}

func TestFeesAgainstRationals(t *testing.T) {
	rounds := tier.Count(2_000, 20_000, 1_000_000)
	maybe := func(t *rapid.T, name string, low, high int64) money.Amount {
		if !rapid.Bool().Draw(t, name+"?") {
			return money.Amount{}
		}
		return money.Rub(rapid.Int64Range(low, high).Draw(t, name))
	}
	check := func(t *rapid.T) {
		r := tariff.Rule{N: 1, Kind: tariff.PhoneOut, PPM: rapid.Int64Range(0, 1_000_000).Draw(t, "ppm")}
		r.Min, r.Free = maybe(t, "min", 1, 100_00), maybe(t, "free", 1, 200_000_00)
		if r.Max = maybe(t, "max", 1, 2_000_00); r.Max.Cur != 0 && r.Max.Minor < r.Min.Minor {
			r.Max = r.Min
		}
		v := tariff.Version{Number: 1, Rules: []tariff.Rule{r}}
		for range 10 { // sums are cheaper than rules
			sum := rapid.OneOf(rapid.Int64Range(1, 500_000_00), rapid.Int64Range(1, 1<<53)).Draw(t, "sum")
			used := rapid.Int64Range(0, 300_000_00).Draw(t, "used")
			p, err := v.Price(tariff.PhoneOut, "", money.Rub(sum), money.Rub(used))
			if err != nil {
				t.Fatal(err)
			}
			if free := max(0, min(sum, r.Free.Minor-used)); p.Free.Minor != free {
				t.Fatalf("%d of %d is free after %d, want %d", p.Free.Minor, sum, used, free)
			}
			if want := exact(r, sum, p.Free.Minor); p.Fee.Minor != want {
				t.Fatalf("fee of %d with %d free is %d, want %d", sum, p.Free.Minor, p.Fee.Minor, want)
			}
		}
	}
	for done := 0; done < rounds; done += 1_000 { // rapid's hundred rules with ten sums each
		rapid.Check(t, check)
	}
}

// A fee of the past that is not what its version says is told, whatever is
// wrong with it.
func TestWrongPricesAreTold(t *testing.T) {
	first := tariff.Standard()
	second := first
	second.Number, second.From = 2, time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	b := tariff.Book{first, second}
	before, after := second.From.Add(-time.Hour), second.From.Add(2*time.Hour)
	right, err := first.Price(tariff.PhoneOut, "", money.Rub(150_000_00), money.Rub(0))
	if err != nil || b.Wrong(right, before) != "" || b.Wrong(right, second.From.Add(time.Minute)) != "" {
		t.Fatalf("%+v, %v: %s", right, err, b.Wrong(right, before))
	}
	for what, spoil := range map[string]func(*tariff.Price){
		"another fee":       func(p *tariff.Price) { p.Fee.Minor++ },
		"another rule":      func(p *tariff.Price) { p.Rule = 1 },
		"no rule":           func(p *tariff.Price) { p.Rule = 99 },
		"no version":        func(p *tariff.Price) { p.Version = 9 },
		"a version to come": func(p *tariff.Price) { p.Version = 2 },
		"too much free":     func(p *tariff.Price) { p.Free.Minor = 150_000_00 },
		"free below nought": func(p *tariff.Price) { p.Free.Minor = -1 },
		"another sum":       func(p *tariff.Price) { p.Amount.Minor += 1_000_00 },
	} {
		p := right
		if spoil(&p); b.Wrong(p, before) == "" {
			t.Errorf("%s is not told", what)
		}
	}
	if b.Wrong(right, after) == "" {
		t.Error("a version that was over is not told")
	}
}
