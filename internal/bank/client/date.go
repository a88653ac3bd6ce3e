package client

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// Date is a day of the calendar without a time or zone.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads «31.12.1990» and «1990-12-31», also with one-digit days and
// months; false when there is no such day.
func ParseDate(s string) (Date, bool) {
	s = strings.TrimSpace(s)
	part := strings.Split(s, "-")
	if len(part) == 3 {
		part[0], part[2] = part[2], part[0]
	} else if part = strings.Split(s, "."); len(part) != 3 {
		return Date{}, false
	}
	if len(part[0]) > 2 || len(part[1]) > 2 || len(part[2]) != 4 {
		return Date{}, false
	}
	var n [3]int
	for i, p := range part {
		for _, r := range p {
			if r < '0' || r > '9' { // a sign or a letter, and digits of other scripts
				return Date{}, false
			}
		}
		v, err := strconv.Atoi(p)
		if err != nil {
			return Date{}, false
		}
		n[i] = v
	}
	d := Date{Year: n[2], Month: time.Month(n[1]), Day: n[0]}
	if t := d.midnight(); t.Day() != d.Day || t.Month() != d.Month || d.Year < 1 {
		return Date{}, false // 31.02 rolled over
	}
	return d, true
}

func (d Date) midnight() time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
}

// ISO gives «1990-12-31».
func (d Date) ISO() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day) }

// String is stars: a birth date has no business in a log.
func (d Date) String() string { return "••.••.••••" }

// GoString is stars.
func (d Date) GoString() string { return d.String() }

// LogValue is stars.
func (d Date) LogValue() slog.Value { return slog.StringValue(d.String()) }

// MarshalText refuses, so that no encoder writes a birth date by accident.
func (d Date) MarshalText() ([]byte, error) { return nil, errMarshal }

// Age gives the whole years from d to the day of now in the given zone's
// calendar. Who was born on 29 February is a year older on 1 March of a common year.
func (d Date) Age(now time.Time) int {
	y, m, day := now.Date()
	age := y - d.Year
	if m < d.Month || m == d.Month && day < d.Day {
		age--
	}
	return age
}
