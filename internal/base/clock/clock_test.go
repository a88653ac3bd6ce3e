package clock_test

import (
	"testing"
	"time"

	"rocketbank/internal/base/clock"
)

// A bank day and a month are Moscow's, through leap days, the turn of the year
// and the years when Moscow changed its clocks.
func TestDaysAndMonthsAreMoscows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		before     string // the last moment of a day in Moscow, and a microsecond later the next
		day, month int64  // by how much the two differ
	}{
		{"an ordinary night", "2026-11-22T20:59:59.999999Z", 1, 0},
		{"the end of a month", "2026-11-30T20:59:59.999999Z", 1, 1},
		{"the eve of 29 February", "2028-02-28T20:59:59.999999Z", 1, 0},
		{"29 February", "2028-02-29T20:59:59.999999Z", 1, 1},
		{"28 February of another year", "2027-02-28T20:59:59.999999Z", 1, 1},
		{"28 February of 2100, which has no 29th", "2100-02-28T20:59:59.999999Z", 1, 1},
		{"the end of a year", "2026-12-31T20:59:59.999999Z", 1, 1},
		{"midnight in Greenwich", "2026-12-31T23:59:59.999999Z", 0, 0},
		{"when Moscow was four hours ahead", "2013-07-01T19:59:59.999999Z", 1, 0},
		{"before 1970", "1969-12-31T20:59:59.999999Z", 1, 1},
	} {
		before, err := time.Parse(time.RFC3339Nano, c.before)
		if err != nil {
			t.Fatal(err)
		}
		after := before.Add(time.Microsecond)
		if got := clock.Day(after) - clock.Day(before); got != c.day {
			t.Errorf("%s: %d days later, want %d", c.name, got, c.day)
		}
		if got := clock.Month(after) - clock.Month(before); got != c.month {
			t.Errorf("%s: %d months later, want %d", c.name, got, c.month)
		}
		if start := clock.DayStart(before); clock.Day(start) != clock.Day(before) || clock.Day(start.Add(-time.Microsecond)) != clock.Day(before)-1 {
			t.Errorf("%s: the day begins at %v", c.name, start)
		}
		if start := clock.MonthStart(before); clock.Month(start) != clock.Month(before) || clock.Month(start.Add(-time.Microsecond)) != clock.Month(before)-1 {
			t.Errorf("%s: the month begins at %v", c.name, start)
		}
	}
}

// Days and months have the numbers that are stored with limit counters: they
// must not change with a version of the program.
func TestNumbersOfDaysAndMonths(t *testing.T) {
	t.Parallel()
	for at, want := range map[string][2]int64{
		"1970-01-01T00:00:00+03:00": {0, 1970 * 12},
		"1970-01-02T00:00:00+03:00": {1, 1970 * 12},
		"2028-02-29T12:00:00+03:00": {21243, 2028*12 + 1},
		"2026-12-31T23:59:59+03:00": {20818, 2026*12 + 11},
	} {
		moment, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if day, month := clock.Day(moment), clock.Month(moment); day != want[0] || month != want[1] {
			t.Errorf("%s: day %d and month %d, want %v", at, day, month, want)
		}
	}
}

// The demo's clock goes forward with the one below it, and never back.
func TestMovable(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	m := clock.NewMovable(clock.Func(func() time.Time { return now }), -time.Hour)
	expect := func(ahead time.Duration) {
		t.Helper()
		if m.Offset() != ahead || !m.Now().Equal(now.Add(ahead)) {
			t.Errorf("stands %v ahead at %v, want %v", m.Offset(), m.Now(), ahead)
		}
	}
	expect(-time.Hour)
	for _, d := range []time.Duration{0, 90 * time.Minute, 24 * time.Hour} {
		before := m.Offset()
		if err := m.Forward(d); err != nil {
			t.Error(err)
		}
		expect(before + d)
	}
	now = now.Add(time.Minute)
	for _, d := range []time.Duration{-1, -time.Hour} {
		before := m.Offset()
		if err := m.Forward(d); err == nil {
			t.Errorf("it went back by %v", -d)
		}
		expect(before)
	}
}

// The machine's clock is told as the databases keep it: UTC, to the microsecond.
func TestSystem(t *testing.T) {
	t.Parallel()
	if now := clock.System().Now(); now.Location() != time.UTC || now.Nanosecond()%1000 != 0 {
		t.Errorf("%v", now)
	}
}
