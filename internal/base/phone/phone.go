// Package phone reads telephone numbers as people write them and keeps them
// as E.164. A number prints masked wherever it is printed by accident; who
// needs the whole of it says so with E164.
package phone

import (
	"errors"
	"log/slog"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"rocketbank/internal/base/fault"
)

// Number is a telephone number in E.164, e.g. +79165550123.
type Number string

// The refusals of Parse, each with a text that says what to correct.
var (
	ErrEmpty   = fault.New(fault.Invalid, "phone.empty")
	ErrShort   = fault.New(fault.Invalid, "phone.short")
	ErrLong    = fault.New(fault.Invalid, "phone.long")
	ErrInvalid = fault.New(fault.Invalid, "phone.invalid")
)

// maxInput bounds what Parse looks at; E.164 has at most 15 digits.
const maxInput = 40

// Parse reads any usual spelling. A number without a country is Russian:
// "8 916 555-01-23", "+7 (916) 555 01 23", "9165550123". Letters, digits
// outside ASCII and extensions are refused.
func Parse(s string) (Number, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", ErrEmpty
	}
	if len(s) > maxInput {
		return "", ErrLong
	}
	digits, international, err := strip(s)
	if err != nil {
		return "", err
	}
	if !international {
		digits, err = russian(digits)
		if err != nil {
			return "", err
		}
	}
	return check(digits)
}

// strip leaves the digits and tells whether a plus stood before them.
func strip(s string) (digits string, international bool, err error) {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == '+' && i == 0:
			international = true
		case strings.ContainsRune(" \t()-.\u00a0\u202f\u2009\u2010\u2011\u2012\u2013\u2212", r):
		default:
			return "", false, ErrInvalid
		}
	}
	if b.Len() == 0 {
		return "", false, ErrInvalid
	}
	return b.String(), international, nil
}

// russian gives the digits of a number written the Russian way a country code.
func russian(digits string) (string, error) {
	switch n := len(digits); {
	case n == 10:
		return "7" + digits, nil
	case n == 11 && (digits[0] == '8' || digits[0] == '7'):
		return "7" + digits[1:], nil
	case n < 10 || n == 10 && digits[0] == '8':
		return "", ErrShort
	case n == 11:
		return "", ErrInvalid
	}
	return "", ErrLong
}

func check(digits string) (Number, error) {
	if digits[0] == '7' { // the library calls any wrong length here just invalid
		if len(digits) < 11 {
			return "", ErrShort
		}
		if len(digits) > 11 {
			return "", ErrLong
		}
	}
	n, err := phonenumbers.Parse("+"+digits, "")
	if err != nil {
		return "", ErrInvalid
	}
	e164 := phonenumbers.Format(n, phonenumbers.E164)
	if e164 != "+"+digits {
		return "", ErrInvalid // the library dropped or moved digits: not what was typed
	}
	switch phonenumbers.IsPossibleNumberWithReason(n) {
	case phonenumbers.TOO_SHORT:
		return "", ErrShort
	case phonenumbers.TOO_LONG:
		return "", ErrLong
	case phonenumbers.IS_POSSIBLE:
	default:
		return "", ErrInvalid
	}
	// Russian mobile ranges (+7 9…) move faster than any table, so their
	// length is enough; everything else must be in the numbering plan.
	if !Number(e164).russianMobile() && !phonenumbers.IsValidNumber(n) {
		return "", ErrInvalid
	}
	return Number(e164), nil
}

// E164 gives the whole number. Call it only where the number must leave in
// clear: into the vault, to a partner, onto the owner's own page.
func (n Number) E164() string { return string(n) }

// IsZero tells a number that was never set.
func (n Number) IsZero() bool { return n == "" }

// Mobile tells whether a SMS may reach the number.
func (n Number) Mobile() bool {
	if n.russianMobile() {
		return true
	}
	p, err := phonenumbers.Parse(string(n), "")
	if err != nil {
		return false
	}
	t := phonenumbers.GetNumberType(p)
	return t == phonenumbers.MOBILE || t == phonenumbers.FIXED_LINE_OR_MOBILE
}

// Pretty gives the number for its owner's eyes: «+7 916 555-01-23».
func (n Number) Pretty() string {
	if n.plusSeven() {
		return string("+7 " + n[2:5] + " " + n[5:8] + "-" + n[8:10] + "-" + n[10:12])
	}
	p, err := phonenumbers.Parse(string(n), "")
	if err != nil {
		return string(n)
	}
	return phonenumbers.Format(p, phonenumbers.INTERNATIONAL)
}

// Masked gives the number for other eyes: «+7 916 •••-••-23».
func (n Number) Masked() string {
	switch {
	case n == "":
		return ""
	case n.plusSeven():
		return string("+7 " + n[2:5] + " •••-••-" + n[10:12])
	case len(n) < 8:
		return "•••"
	}
	// The country code is no secret; of the rest only two digits are shown.
	cc := "+"
	if p, err := phonenumbers.Parse(string(n), ""); err == nil {
		cc = "+" + string(n[1:1+countryDigits(p.GetCountryCode())])
	}
	hidden := len(n) - len(cc) - 2
	return cc + " " + strings.Repeat("•", hidden) + " " + string(n[len(n)-2:])
}

// String is Masked, so that a number printed by accident tells little.
func (n Number) String() string { return n.Masked() }

// GoString is Masked too: %#v must not tell more than %v.
func (n Number) GoString() string { return n.Masked() }

// LogValue is Masked.
func (n Number) LogValue() slog.Value { return slog.StringValue(n.Masked()) }

var errMarshal = errors.New("phone: a Number is not written as text by itself; use E164 or Masked on purpose")

// MarshalText refuses: neither a whole nor a masked number may slip into JSON
// unnoticed.
func (n Number) MarshalText() ([]byte, error) { return nil, errMarshal }

func (n Number) plusSeven() bool { return len(n) == 12 && n[:2] == "+7" }

func (n Number) russianMobile() bool { return n.plusSeven() && n[2] == '9' }

func countryDigits(cc int32) int {
	digits := 1
	for ; cc >= 10; cc /= 10 {
		digits++
	}
	return digits
}
