package money_test

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"rocketbank/internal/base/money"
)

const euro money.Currency = 978

// Sums that do not fit are refused, never wrapped around.
func TestOverflow(t *testing.T) {
	t.Parallel()
	most, least := money.Rub(math.MaxInt64), money.Rub(math.MinInt64)
	one, less := money.Rub(1), money.Rub(-1)
	for _, c := range []struct {
		name string
		do   func() (money.Amount, error)
		want money.Amount
		err  error
	}{
		{"most + 1", func() (money.Amount, error) { return most.Add(one) }, money.Amount{}, money.ErrOverflow},
		{"1 + most", func() (money.Amount, error) { return one.Add(most) }, money.Amount{}, money.ErrOverflow},
		{"most + 0", func() (money.Amount, error) { return most.Add(money.Rub(0)) }, most, nil},
		{"most − 1", func() (money.Amount, error) { return most.Sub(one) }, money.Rub(math.MaxInt64 - 1), nil},
		{"most − −1", func() (money.Amount, error) { return most.Sub(less) }, money.Amount{}, money.ErrOverflow},
		{"least + −1", func() (money.Amount, error) { return least.Add(less) }, money.Amount{}, money.ErrOverflow},
		{"least − 1", func() (money.Amount, error) { return least.Sub(one) }, money.Amount{}, money.ErrOverflow},
		{"least + least", func() (money.Amount, error) { return least.Add(least) }, money.Amount{}, money.ErrOverflow},
		{"most + least", func() (money.Amount, error) { return most.Add(least) }, less, nil},
		{"0 − least", func() (money.Amount, error) { return money.Rub(0).Sub(least) }, money.Amount{}, money.ErrOverflow},
		{"−least", func() (money.Amount, error) { return least.Neg() }, money.Amount{}, money.ErrOverflow},
		{"−most", func() (money.Amount, error) { return most.Neg() }, money.Rub(math.MinInt64 + 1), nil},
		{"roubles + euros", func() (money.Amount, error) { return one.Add(money.Amount{Minor: 1, Cur: euro}) }, money.Amount{}, money.ErrCurrency},
		{"roubles − euros", func() (money.Amount, error) { return one.Sub(money.Amount{Minor: 1, Cur: euro}) }, money.Amount{}, money.ErrCurrency},
		{"all of most", func() (money.Amount, error) { return most.PPM(1_000_000, money.Down) }, most, nil},
		{"twice the most", func() (money.Amount, error) { return most.PPM(2_000_000, money.Down) }, money.Amount{}, money.ErrOverflow},
		{"all of least", func() (money.Amount, error) { return least.PPM(1_000_000, money.Down) }, money.Amount{}, money.ErrOverflow},
	} {
		got, err := c.do()
		if !errors.Is(err, c.err) || c.err == nil && got != c.want {
			t.Errorf("%s: %v, %v; want %v, %v", c.name, got, err, c.want, c.err)
		}
	}
	if _, err := one.Less(money.Amount{Minor: 2, Cur: euro}); !errors.Is(err, money.ErrCurrency) {
		t.Errorf("roubles and euros were compared: %v", err)
	}
	if _, err := one.PPM(-1, money.Down); err == nil {
		t.Error("a negative rate")
	}
}

// Addition, subtraction and shares are those of arithmetic wherever the result
// fits, and errors everywhere else.
func TestArithmetic(t *testing.T) {
	t.Parallel()
	sums := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-1000, 1000), rapid.SampledFrom([]int64{math.MaxInt64, math.MinInt64, math.MaxInt64 - 1, math.MinInt64 + 1}))
	rapid.Check(t, func(t *rapid.T) {
		a, b := sums.Draw(t, "a"), sums.Draw(t, "b")
		hold := func(what string, got money.Amount, err error, want *big.Int) {
			t.Helper()
			if fits := want.IsInt64(); (err == nil) != fits || fits && got != money.Rub(want.Int64()) {
				t.Fatalf("%s of %d and %d: %v, %v; want %v", what, a, b, got, err, want)
			}
		}
		x, y := big.NewInt(a), big.NewInt(b)
		sum, err := money.Rub(a).Add(money.Rub(b))
		hold("sum", sum, err, new(big.Int).Add(x, y))
		neg, err := money.Rub(a).Neg()
		hold("negative", neg, err, new(big.Int).Neg(x))
		if b != math.MinInt64 { // −b does not fit, so a − b is refused even where it would
			diff, err := money.Rub(a).Sub(money.Rub(b))
			hold("difference", diff, err, new(big.Int).Sub(x, y))
		}
		if rate := rapid.Int64Range(0, 3_000_000).Draw(t, "ppm"); a != math.MinInt64 {
			share, err := money.Rub(a).PPM(rate, money.Down)
			hold("share", share, err, new(big.Int).Quo(new(big.Int).Mul(x, big.NewInt(rate)), big.NewInt(1_000_000)))
		}
	})
}

// Half a kopeck goes away from nought, and what is named Down towards it.
func TestRounding(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ minor, ppm, halfUp, down int64 }{
		{50, 10_000, 1, 0}, {49, 10_000, 0, 0}, {150, 10_000, 2, 1}, {-50, 10_000, -1, 0}, {-150, 10_000, -2, -1}, {0, 10_000, 0, 0}, {100, 0, 0, 0},
	} {
		up, err1 := money.Rub(c.minor).PPM(c.ppm, money.HalfUp)
		down, err2 := money.Rub(c.minor).PPM(c.ppm, money.Down)
		if err1 != nil || err2 != nil || up != money.Rub(c.halfUp) || down != money.Rub(c.down) {
			t.Errorf("%d ppm of %d: %v and %v, %v %v", c.ppm, c.minor, up, down, err1, err2)
		}
	}
}

// Logs show the whole range.
func TestString(t *testing.T) {
	t.Parallel()
	for want, a := range map[string]money.Amount{
		"0.00 RUB": money.Rub(0), "1234.56 RUB": money.Rub(123456), "-0.05 RUB": money.Rub(-5), "0.01 978": {Minor: 1, Cur: euro},
		"92233720368547758.07 RUB": money.Rub(math.MaxInt64), "-92233720368547758.08 RUB": money.Rub(math.MinInt64),
	} {
		if got := a.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
