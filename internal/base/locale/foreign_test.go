package locale_test

import (
	"testing"

	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
)

func TestForeign(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		a        money.Amount
		decimals int
		ru, en   string
	}{
		{money.Amount{Minor: 2000, Cur: 840}, 2, "20,00\u00a0$", "$20.00"},
		{money.Amount{Minor: 123456, Cur: 392}, 0, "123\u00a0456\u00a0JP¥", "JP¥123,456"},
		{money.Amount{Minor: 1234567, Cur: 414}, 3, "1\u00a0234,567\u00a0414", "1,234.567\u00a0414"},
		{money.Amount{Minor: -5, Cur: 978}, 2, "−0,05\u00a0€", "−€0.05"},
	} {
		if got := locale.For(locale.Russian).Foreign(tc.a, tc.decimals); got != tc.ru {
			t.Errorf("%q, want %q", got, tc.ru)
		}
		if got := locale.For(locale.English).Foreign(tc.a, tc.decimals); got != tc.en {
			t.Errorf("%q, want %q", got, tc.en)
		}
	}
}
