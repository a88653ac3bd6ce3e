// Package money holds amounts: whole minor units and a currency, nothing else.
//
// There are no floats and no decimals here. Addition and subtraction report
// overflow and mixed currencies as errors; shares and rates name their
// rounding. How an amount looks to people is the business of package locale.
package money

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
)

// Currency is an ISO 4217 numeric code.
type Currency int16

// RUB is the Russian rouble (643), minor unit kopeck (1/100).
const RUB Currency = 643

// String gives the ISO 4217 letter code where it is known.
func (c Currency) String() string {
	if c == RUB {
		return "RUB"
	}
	return fmt.Sprintf("%03d", int16(c))
}

// Errors of arithmetic. Both mean a bug or an absurd input, never a lack of funds.
var (
	ErrOverflow = errors.New("money: overflow")
	ErrCurrency = errors.New("money: mixed currencies")
)

// Amount is a signed sum in minor units of a currency.
type Amount struct {
	Minor int64
	Cur   Currency
}

// Rub makes an amount of kopecks.
func Rub(kopecks int64) Amount { return Amount{Minor: kopecks, Cur: RUB} }

// IsZero tells whether the sum is nought.
func (a Amount) IsZero() bool { return a.Minor == 0 }

// Positive tells whether the sum is above nought.
func (a Amount) Positive() bool { return a.Minor > 0 }

// Add gives a + b.
func (a Amount) Add(b Amount) (Amount, error) {
	if a.Cur != b.Cur {
		return Amount{}, ErrCurrency
	}
	s, err := AddMinor(a.Minor, b.Minor)
	return Amount{s, a.Cur}, err
}

// Sub gives a − b.
func (a Amount) Sub(b Amount) (Amount, error) {
	n, err := b.Neg()
	if err != nil {
		return Amount{}, err
	}
	return a.Add(n)
}

// Neg gives −a.
func (a Amount) Neg() (Amount, error) {
	if a.Minor == math.MinInt64 {
		return Amount{}, ErrOverflow
	}
	return Amount{-a.Minor, a.Cur}, nil
}

// Less tells whether a < b; amounts of different currencies cannot be compared.
func (a Amount) Less(b Amount) (bool, error) {
	if a.Cur != b.Cur {
		return false, ErrCurrency
	}
	return a.Minor < b.Minor, nil
}

// String is for logs and tests: "1234.56 RUB".
func (a Amount) String() string {
	sign, m := "", uint64(a.Minor)
	if a.Minor < 0 {
		sign, m = "-", -m
	}
	return fmt.Sprintf("%s%d.%02d %s", sign, m/100, m%100, a.Cur)
}

// AddMinor adds two sums of minor units and reports overflow.
func AddMinor(a, b int64) (int64, error) {
	s := a + b
	if (s > a) != (b > 0) && b != 0 {
		return 0, ErrOverflow
	}
	return s, nil
}

// Rounding says what happens to the part of a minor unit that is left over.
type Rounding int

// HalfUp rounds half a unit away from zero; Down cuts towards zero.
const (
	HalfUp Rounding = iota
	Down
)

// PPM gives the share of a in parts per million (1 % = 10 000 ppm).
func (a Amount) PPM(ppm int64, r Rounding) (Amount, error) {
	if ppm < 0 {
		return Amount{}, fmt.Errorf("money: negative rate %d ppm", ppm)
	}
	neg, m := a.Minor < 0, uint64(a.Minor)
	if neg {
		m = -m
	}
	hi, lo := bits.Mul64(m, uint64(ppm))
	const million = 1_000_000
	if hi >= million {
		return Amount{}, ErrOverflow
	}
	q, rem := bits.Div64(hi, lo, million)
	if r == HalfUp && rem >= million/2 {
		q++
	}
	if q > math.MaxInt64 {
		return Amount{}, ErrOverflow
	}
	out := int64(q)
	if neg {
		out = -out
	}
	return Amount{out, a.Cur}, nil
}

// MulDiv gives n·num/den, rounded half away from zero, without losing what does
// not fit on the way. den must be above nought and the others not below.
func MulDiv(n, num, den int64) (int64, error) {
	if n < 0 || num < 0 || den <= 0 {
		return 0, fmt.Errorf("money: %d·%d/%d", n, num, den)
	}
	hi, lo := bits.Mul64(uint64(n), uint64(num))
	d := uint64(den)
	if hi >= d {
		return 0, ErrOverflow
	}
	q, rem := bits.Div64(hi, lo, d)
	if rem >= d-rem {
		q++
	}
	if q > math.MaxInt64 {
		return 0, ErrOverflow
	}
	return int64(q), nil
}
