package cabinet

import (
	"strconv"
	"strings"
	"testing"

	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/door/ui"
)

func TestSpendingIsDrawnInAtMostSevenPartsThatFit(t *testing.T) {
	p := ui.Page{P: locale.For(locale.Russian)}
	for n := 1; n <= 20; n++ {
		s := Spending{Total: money.Rub(0)}
		for i := range n {
			s.Shares = append(s.Shares, Share{Label: "x", Amount: money.Rub(int64(1 + i*i*i))})
		}
		parts := s.parts(p)
		if len(parts) > 7 || len(parts) == 0 {
			t.Fatalf("%d shares: %d parts", n, len(parts))
		}
		last := parts[len(parts)-1]
		x, err1 := strconv.ParseFloat(strings.TrimSuffix(last.x, "%"), 64)
		w, err2 := strconv.ParseFloat(strings.TrimSuffix(last.width, "%"), 64)
		if err1 != nil || err2 != nil || x+w > 100.1 || x+w < 99.9 {
			t.Errorf("%d shares end at %v %%", n, x+w)
		}
	}
	if got := (Spending{Shares: []Share{{"x", money.Rub(0)}}}).parts(p); got != nil {
		t.Errorf("nothing spent, something drawn: %v", got)
	}
}

func TestSpendingComparesOnlyWhatCanBeCompared(t *testing.T) {
	p := ui.Page{P: locale.For(locale.Russian)}
	for _, c := range []struct {
		now, before int64
		want        string
		less        bool
	}{
		{920, 1000, "на 8\u00a0% меньше", true},
		{1500, 1000, "на 50\u00a0% больше", false},
		{1001, 1000, "", false},
		{100, 0, "", false},
		{50_000_000, 1000, "", false},
	} {
		before := money.Rub(c.before)
		got, ok := Spending{Total: money.Rub(c.now), Before: &before}.compared(p)
		if got.text != c.want || got.less != c.less || ok != (c.want != "") {
			t.Errorf("%d after %d: %q %v %v", c.now, c.before, got.text, got.less, ok)
		}
	}
	if _, ok := (Spending{Total: money.Rub(1)}).compared(p); ok {
		t.Error("compared with nothing")
	}
}
