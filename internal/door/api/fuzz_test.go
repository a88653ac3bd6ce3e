package api

import (
	"testing"
	"time"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/fault"
)

// A moment in an address is one between 1970 and 9999, or a refusal with words.
func FuzzParseMoment(f *testing.F) {
	for _, s := range []string{"", "2026-11-22", "2026-11-22T09:00:00Z", "2026-11-22T09:00:00.123456+03:00", "0000-01-01", "1969-12-31", "9999-12-31T23:59:59-23:59", "2026-02-30", "२०२६-११-२२"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := parseMoment(s)
		if err != nil {
			if _, ok := fault.As(err); !ok || !got.IsZero() {
				t.Errorf("%q: %v %v", s, got, err)
			}
			return
		}
		if s == "" {
			return
		}
		if got.Unix() < 0 || time.UnixMicro(got.UnixMicro()).Unix() != got.Unix() {
			t.Errorf("%q reads as %v", s, got)
		}
		if _, err := time.Parse(time.DateOnly, s); err == nil && !got.Equal(clock.DayStart(got)) {
			t.Errorf("%q is %v, no beginning of a bank day", s, got)
		}
	})
}

// An account has one spelling; any other is nobody's.
func FuzzParseAccount(f *testing.F) {
	for _, s := range []string{"", "ac_", "ac_64064", "64064", "ac_-1", "ac_0", "ac_+1", "ac_01", "ac_9223372036854775807", "ac_9223372036854775808", "ac_٦٤", "AC_1", " ac_1"} {
		f.Add(s)
	}
	missing := fault.New(fault.Missing, "api.missing")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := parseAccount(s, missing)
		switch {
		case err == nil && (got <= 0 || AccountText(got) != s):
			t.Errorf("%q reads as %v", s, got)
		case err != nil && (got != 0 || err != error(missing)):
			t.Errorf("%q: %v %v", s, got, err)
		}
	})
}
