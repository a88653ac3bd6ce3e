package application

import (
	"testing"
	"time"

	"rocketbank/internal/base/fault"
)

// A birth date as typed: a day that was, of somebody old enough and alive, or
// a refusal with words.
func FuzzParseBirth(f *testing.F) {
	today := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	for _, s := range []string{"", " ", "14.03.1994", "1994-03-14", "29.02.2004", "29.02.2003", "31.12.1800", "23.11.2026", "23.11.2012", "22.11.2012", "1.1.1", "٠١.٠١.١٩٩٠", "14/03/1994", "14.03.94"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := parseBirth(s, today)
		if err != nil {
			if _, ok := fault.As(err); !ok {
				t.Errorf("%q: %v", s, err)
			}
			return
		}
		if age := d.Age(today); age < minAge || age > maxAge {
			t.Errorf("%q makes somebody of %d", s, age)
		}
		if again, err := parseBirth(d.ISO(), today); err != nil || again != d {
			t.Errorf("%q is %s, which reads as %s, %v", s, d.ISO(), again.ISO(), err)
		}
	})
}
