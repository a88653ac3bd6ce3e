package tariff_test

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/money"
)

func TestTopUpFee(t *testing.T) {
	for _, c := range []struct{ sum, fee int64 }{
		{1, 30_00}, {100_00, 30_00}, {2_999_99, 30_00}, {3_000_00, 0}, {3_000_01, 0}, {150_000_00, 0},
	} {
		got, err := tariff.Standard().TopUp.Of(money.Rub(c.sum))
		if err != nil || got != money.Rub(c.fee) {
			t.Errorf("fee of %v is %v, %v; want %v", money.Rub(c.sum), got, err, money.Rub(c.fee))
		}
	}
	if got, err := tariff.Standard().Friend.Of(money.Rub(5_000_00)); err != nil || !got.IsZero() {
		t.Errorf("a friend pays %v, %v", got, err)
	}
}

// The share is rounded half up to the kopeck, against exact rationals, and the
// least fee and the free sum hold at their edges (M10).
func TestFeeAgainstRationals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := tariff.Fee{
			PPM:      rapid.Int64Range(0, 1_000_000).Draw(t, "ppm"),
			Min:      money.Rub(rapid.Int64Range(0, 100_00).Draw(t, "min")),
			FreeFrom: money.Rub(rapid.Int64Range(0, 10_000_00).Draw(t, "free")),
		}
		sum := rapid.Int64Range(1, 1<<53).Draw(t, "sum")
		got, err := f.Of(money.Rub(sum))
		if err != nil {
			t.Fatal(err)
		}
		share := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(sum), big.NewInt(f.PPM)), big.NewInt(1_000_000))
		share.Add(share, big.NewRat(1, 2))
		want := new(big.Int).Div(share.Num(), share.Denom()).Int64()
		want = max(want, f.Min.Minor)
		if f.FreeFrom.Minor > 0 && sum >= f.FreeFrom.Minor {
			want = 0
		}
		if got.Minor != want {
			t.Fatalf("fee of %d is %d, want %d", sum, got.Minor, want)
		}
	})
}

func TestFeeRefusesMixedCurrencies(t *testing.T) {
	if _, err := tariff.Standard().TopUp.Of(money.Amount{Minor: 100, Cur: 840}); err == nil {
		t.Error("a fee in roubles was taken of dollars")
	}
}
