package locale

import (
	"testing"
	"time"
)

// A day is named as the reader's own calendar has it, not as Moscow's.
func TestDaysOfAnotherZone(t *testing.T) {
	east := time.FixedZone("east", 10*3600)
	now := time.Date(2026, 12, 30, 16, 0, 0, 0, time.UTC) // 31 December, 02:00 there
	ru, en := For(Russian), For(English)
	for _, c := range []struct {
		at             time.Time
		ru, en, clocks string
	}{
		{now.Add(2 * time.Hour), "сегодня", "today", "04:00"},
		{now.Add(-3 * time.Hour), "30 декабря", "30 December", "23:00"},
		{now.Add(23 * time.Hour), "завтра", "tomorrow", "01:00"},
		{now.Add(48 * time.Hour), "2 января 2027", "2 January 2027", "02:00"},
	} {
		if got := ru.DayIn(c.at, now, east); got != c.ru {
			t.Errorf("%v: %q, want %q", c.at, got, c.ru)
		}
		if got := en.DayIn(c.at, now, east); got != c.en {
			t.Errorf("%v: %q, want %q", c.at, got, c.en)
		}
		if got := ru.ClockIn(c.at, east); got != c.clocks {
			t.Errorf("%v: %q, want %q", c.at, got, c.clocks)
		}
	}
}
