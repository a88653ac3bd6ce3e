package iso8583

import (
	"strconv"
	"time"
)

// layout is field 7, and fields 13 and 12 together.
const layout = "0102150405"

// Year gives the year of a day MMDD (field 13 and others). Messages carry
// none: a day is taken in the year that puts it nearest to now, so one of 31
// December that arrives in January is last year's.
func Year(mmdd string, now time.Time) (int, error) {
	t, err := nearest(mmdd+"000000", 13, now)
	return t.Year(), err
}

// LocalTime puts fields 13 and 12, day and time at the terminal, into the zone
// and the years of now.
func LocalTime(de13, de12 string, now time.Time) (time.Time, error) {
	if len(de13) != 4 {
		return time.Time{}, &FormatError{Field: 13, Reason: WrongLength}
	}
	return nearest(de13+de12, 12, now)
}

// ParseSent reads field 7, MMDDhhmmss in UTC.
func ParseSent(de7 string, now time.Time) (time.Time, error) { return nearest(de7, 7, now.UTC()) }

// FormatSent writes field 7.
func FormatSent(t time.Time) string { return t.UTC().Format(layout) }

// nearest tries the years around now; 29 February has not got all of them.
func nearest(s string, field int, now time.Time) (best time.Time, err error) {
	if len(s) != len(layout) {
		return best, &FormatError{Field: field, Reason: WrongLength}
	}
	if i := N.wrong(s); i >= 0 {
		return best, &FormatError{Field: field, Offset: i, Reason: Charset}
	}
	for _, years := range [...]int{0, -1, 1} {
		t, err := time.ParseInLocation("2006"+layout, fill(strconv.Itoa(now.Year()+years), 4)+s, now.Location())
		if err == nil && (best.IsZero() || now.Sub(t).Abs() < now.Sub(best).Abs()) {
			best = t
		}
	}
	if best.IsZero() {
		return best, &FormatError{Field: field, Reason: Malformed}
	}
	return best, nil
}
