package threeds

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// PAN is a card's number. It shows the first six and the last four digits
// wherever it is printed, logged or encoded; AReq.Encode alone writes it out.
type PAN struct {
	// A pointer, because fmt prints the unexported fields of other structs
	// without asking their methods: there it finds an address.
	digits *string
}

// ErrPAN tells that a text is no card number.
var ErrPAN = errors.New("threeds: no card number")

// NewPAN takes 13–19 digits with a right check digit (ISO/IEC 7812-1, annex B).
func NewPAN(digits string) (PAN, error) {
	if !cardNumber(digits) {
		return PAN{}, ErrPAN
	}
	return PAN{&digits}, nil
}

// Reveal gives the digits.
func (p PAN) Reveal() string {
	if p.digits == nil {
		return ""
	}
	return *p.digits
}

// Masked gives «220000••••••0004».
func (p PAN) Masked() string {
	s := p.Reveal()
	if len(s) < minPAN {
		return "•••"
	}
	return s[:6] + strings.Repeat("•", len(s)-10) + s[len(s)-4:]
}

// Last4 gives the last four digits, "" of no number.
func (p PAN) Last4() string {
	s := p.Reveal()
	return s[max(0, len(s)-4):]
}

// String is masked.
func (p PAN) String() string { return p.Masked() }

// GoString is masked.
func (p PAN) GoString() string { return p.Masked() }

// Format is masked under every verb.
func (p PAN) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(p.Masked())) }

// LogValue is masked.
func (p PAN) LogValue() slog.Value { return slog.StringValue(p.Masked()) }

// MarshalText is masked, so that no encoder writes the number by accident.
func (p PAN) MarshalText() ([]byte, error) { return []byte(p.Masked()), nil }

// UnmarshalText takes a number.
func (p *PAN) UnmarshalText(b []byte) (err error) {
	*p, err = NewPAN(string(b))
	return err
}

const minPAN, maxPAN = 13, 19

func cardNumber(s string) bool {
	if len(s) < minPAN || len(s) > maxPAN || !digits(s) {
		return false
	}
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
