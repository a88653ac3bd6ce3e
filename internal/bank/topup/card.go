package topup

import (
	"log/slog"
	"strings"
	"time"

	"rocketbank/internal/bank/bin"
	"rocketbank/internal/base/clock"
)

// Card is another bank's card while it is being charged. It lives in memory
// alone and prints as stars.
type Card struct {
	Number   string // digits only
	ExpMonth int
	ExpYear  int // four digits
	CVC      string
}

const stars = "•••"

// String is stars.
func (c Card) String() string { return stars }

// GoString is stars.
func (c Card) GoString() string { return stars }

// LogValue is stars.
func (c Card) LogValue() slog.Value { return slog.StringValue(stars) }

// MarshalText is stars, so that no encoder writes the card by accident.
func (c Card) MarshalText() ([]byte, error) { return []byte(stars), nil }

// Masked gives the first six and last four digits: «427601••••••1234».
func (c Card) Masked() string { return bin.Masked(c.Number) }

// check tests the card as a whole again: a form parsed its fields, but the
// charge must not depend on which door it came through.
func (c Card) check(now time.Time) error {
	if _, err := ParseNumber(c.Number); err != nil {
		return err
	}
	if c.ExpMonth < 1 || c.ExpMonth > 12 || c.ExpYear < 2000 || c.ExpYear > 2099 {
		return ErrExpiry
	}
	if over(c.ExpMonth, c.ExpYear, now) {
		return ErrExpired
	}
	_, err := ParseCVC(c.CVC)
	return err
}

// maxInput bounds what people type into a field of a card, in bytes.
const maxInput = 40

// ParseNumber reads a card number as people write it, grouped by blanks or
// hyphens: 16–19 digits with a right check digit (ISO/IEC 7812-1, annex B).
func ParseNumber(s string) (string, error) {
	digits, ok := bin.Digits(s)
	if !ok {
		return "", ErrNumber
	}
	if len(digits) < bin.MinDigits || len(digits) > bin.MaxDigits {
		return "", ErrNumberLen
	}
	if !bin.Right(digits) {
		return "", ErrNumber
	}
	return digits, nil
}

// digitsOf leaves the ASCII digits of a short text that has nothing else but
// the given separators.
func digitsOf(s, separators string) (string, bool) {
	if len(s) > maxInput {
		return "", false
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case !strings.ContainsRune(separators, r):
			return "", false
		}
	}
	return b.String(), true
}

// ParseExpiry reads "12/28", "1228", "12 / 2028", "12.28" and refuses a month
// that is over in Moscow.
func ParseExpiry(s string, now time.Time) (month, year int, err error) {
	digits, ok := digitsOf(s, " \u00a0/.-")
	if !ok || len(digits) != 4 && len(digits) != 6 {
		return 0, 0, ErrExpiry
	}
	month = int(digits[0]-'0')*10 + int(digits[1]-'0')
	for _, d := range digits[2:] {
		year = year*10 + int(d-'0')
	}
	if len(digits) == 4 {
		year += 2000
	}
	if month < 1 || month > 12 || year < 2000 || year > 2099 {
		return 0, 0, ErrExpiry
	}
	if over(month, year, now) {
		return 0, 0, ErrExpired
	}
	return month, year, nil
}

// over tells whether the month is past; a card works through its last day.
func over(month, year int, now time.Time) bool {
	return int64(year)*12+int64(month)-1 < clock.Month(now)
}

// ParseCVC reads the three digits of the back.
func ParseCVC(s string) (string, error) {
	digits, ok := digitsOf(strings.TrimSpace(s), "")
	if !ok || len(digits) != 3 {
		return "", ErrCVC
	}
	return digits, nil
}
