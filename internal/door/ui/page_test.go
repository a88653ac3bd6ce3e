package ui

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
)

func TestDaysGroupByTheBankDayAndTellNoLies(t *testing.T) {
	// 00:10 and 23:50 of one Moscow day are two days in UTC.
	at := func(day, hour, minute int) time.Time {
		return time.Date(2026, 11, day, hour, minute, 0, 0, clock.Moscow).UTC()
	}
	ops := []Operation{
		{Amount: money.Rub(-100), At: at(22, 23, 50)},
		{Amount: money.Rub(-900), At: at(22, 12, 0), State: Declined},
		{Amount: money.Rub(-700), At: at(22, 11, 0), State: Released},
		{Amount: money.Rub(5000), At: at(22, 10, 0)},
		{Amount: money.Rub(-25), At: at(22, 0, 10)},
		{Amount: money.Rub(-1), At: at(21, 23, 59)},
		{Amount: money.Rub(-2), At: at(20, 1, 0)},
	}
	type seen struct {
		Rows  int
		Spent int64
		Whole bool
	}
	for _, c := range []struct {
		name            string
		more, continues bool
		want            []seen
	}{
		{"all", false, false, []seen{{5, -125, true}, {1, -1, true}, {1, -2, true}}},
		{"more follows", true, false, []seen{{5, -125, true}, {1, -1, true}, {1, -2, false}}},
		{"goes on", true, true, []seen{{5, -125, false}, {1, -1, true}, {1, -2, false}}},
	} {
		var got []seen
		for _, d := range Days(ops, c.more, c.continues) {
			got = append(got, seen{len(d.Operations), d.Spent.Minor, d.Whole})
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
	if Days(nil, true, true) != nil {
		t.Error("no rows, no days")
	}
}

func TestExplainSaysFaultsAndHidesTheRest(t *testing.T) {
	p := locale.For(locale.Russian)
	short := fault.New(fault.Invalid, "phone.short").At("phone")
	got := Explain(p, errors.Join(fmt.Errorf("read: %w", short), errors.New("disk on fire")), nil)
	want := Errors{{Field: "phone", Text: p.T("phone.short")}, {Text: p.T("ui.broken")}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got.For("phone") == "" || got.For("name") != "" || !got.Any() || Explain(p).Any() {
		t.Error("For and Any")
	}
}

func TestInitials(t *testing.T) {
	for name, want := range map[string]string{
		"Аня Соколова": "АС", "павел": "П", "": "", "  ": "", "Ёж Ё Ю": "ЁЁ", "Ivan (work)": "I", "🚀 Юра": "🚀Ю",
	} {
		if got := Initials(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestPercentIsOnlyADrawing(t *testing.T) {
	for _, c := range []struct {
		part, whole int64
		want        string
	}{
		{1, 4, "25.0%"}, {0, 4, "0"}, {-1, 4, "0"}, {5, 4, "100.0%"}, {1, 0, "0"},
	} {
		if got := percent(money.Rub(c.part), money.Rub(c.whole)); got != c.want {
			t.Errorf("%d of %d: %s, want %s", c.part, c.whole, got, c.want)
		}
	}
}
