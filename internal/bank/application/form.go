package application

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/fault"
)

// The faults of a form.
var (
	ErrNameLetters  = fault.New(fault.Invalid, "application.name_letters") // letters, hyphens, apostrophes
	ErrNameScript   = fault.New(fault.Invalid, "application.name_script")  // Cyrillic and Latin mixed
	ErrNameLong     = fault.New(fault.Invalid, "application.name_long")
	ErrBirthEmpty   = fault.New(fault.Invalid, "application.birth_empty")
	ErrBirthInvalid = fault.New(fault.Invalid, "application.birth_invalid") // no such day
	ErrBirthYoung   = fault.New(fault.Invalid, "application.birth_young")
	ErrBirthOld     = fault.New(fault.Invalid, "application.birth_old")
)

const (
	minAge, maxAge = 18, 120
)

// Problems are all faults of a page at once, each with its Field.
type Problems []*fault.Error

// Error lists the keys.
func (p Problems) Error() string {
	keys := make([]string, len(p))
	for i, f := range p {
		keys[i] = f.Error()
	}
	return strings.Join(keys, "; ")
}

// Unwrap makes errors.As find the first fault.
func (p Problems) Unwrap() []error {
	out := make([]error, len(p))
	for i, f := range p {
		out[i] = f
	}
	return out
}

func startsAndEndsWithLetter(w string) bool {
	first, _ := utf8.DecodeRuneInString(w)
	last, _ := utf8.DecodeLastRuneInString(w)
	return unicode.IsLetter(first) && unicode.IsLetter(last)
}

// capital raises the first letter and leaves the rest as typed: «МакДональд»
// and «де Ла Круз» know better than we do.
func capital(w string) string {
	first, size := utf8.DecodeRuneInString(w)
	return string(unicode.ToUpper(first)) + w[size:]
}

func parseBirth(s string, today time.Time) (client.Date, error) {
	if strings.TrimSpace(s) == "" {
		return client.Date{}, ErrBirthEmpty
	}
	d, ok := client.ParseDate(s)
	if !ok {
		return client.Date{}, ErrBirthInvalid
	}
	switch age := d.Age(today.In(clock.Moscow)); {
	case age < 0:
		return client.Date{}, ErrBirthInvalid
	case age < minAge:
		return client.Date{}, ErrBirthYoung
	case age > maxAge:
		return client.Date{}, ErrBirthOld
	}
	return d, nil
}
