package topup

import (
	"log/slog"
	"time"
)

// Card is another bank's card while it is being charged. It prints as stars.
type Card struct {
	Number   string // digits only
	ExpMonth int
	ExpYear  int // four digits
	CVC      string
}

// String is stars.
func (c Card) String() string { return "•••" }

// GoString is stars.
func (c Card) GoString() string { return "•••" }

// LogValue is stars.
func (c Card) LogValue() slog.Value { return slog.StringValue("•••") }

// ParseNumber reads a card number as people write it: 16–19 digits with a
// right check digit.
func ParseNumber(s string) (string, error) { panic("unwritten") }

// ParseExpiry reads "12/28", "1228", "12/2028" and refuses a month that is over.
func ParseExpiry(s string, now time.Time) (month, year int, err error) { panic("unwritten") }

// ParseCVC reads the three digits of the back.
func ParseCVC(s string) (string, error) { panic("unwritten") }
