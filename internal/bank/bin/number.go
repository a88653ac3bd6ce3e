package bin

import (
	"strings"

	"rocketbank/internal/rail/iso8583"
)

// Bounds of a card number in digits.
const (
	MinDigits = 16
	MaxDigits = 19
)

// separators are what people and programs put between the groups of a number:
// blanks of every width, and hyphens as word processors write them.
const separators = " \t\r\n\u00a0\u2007\u2009\u202f-\u2010\u2011\u2012\u2013\u2212"

// maxTyped bounds what is looked at, in bytes: 19 digits, each with a wide blank.
const maxTyped = 80

// Digits gives the digits of a number as people write it; false when anything
// else stands between them than blanks and hyphens.
func Digits(typed string) (string, bool) {
	if len(typed) > maxTyped {
		return "", false
	}
	var b strings.Builder
	for _, r := range typed {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case !strings.ContainsRune(separators, r):
			return "", false
		}
	}
	return b.String(), true
}

// Right tells whether a number's check digit is (ISO/IEC 7812-1, annex B).
// Noughts alone would pass and are no card.
func Right(digits string) bool { return iso8583.LuhnOK(digits) && strings.Trim(digits, "0") != "" }

// Masked gives the first six and the last four digits, as PCI DSS allows:
// «427601••••••1234»; of anything shorter nothing.
func Masked(digits string) string {
	if len(digits) < MinDigits {
		return "•••"
	}
	return digits[:6] + strings.Repeat("•", len(digits)-10) + digits[len(digits)-4:]
}
