package vault

import (
	"fmt"
	"log/slog"
)

const stars = "•••"

// Hidden is a text that shows itself only when asked by name. In logs, error
// texts, %v, %#v and JSON it is stars.
type Hidden struct {
	// A pointer, because fmt prints the unexported fields of other structs
	// without asking their methods: there it finds an address.
	s *string
}

// Hide wraps a text.
func Hide(s string) Hidden { return Hidden{&s} }

// Reveal gives the text.
func (h Hidden) Reveal() string {
	if h.s == nil {
		return ""
	}
	return *h.s
}

// Empty tells whether there is nothing inside.
func (h Hidden) Empty() bool { return h.Reveal() == "" }

// String is stars.
func (h Hidden) String() string { return stars }

// GoString is stars.
func (h Hidden) GoString() string { return stars }

// Format is stars under every verb.
func (h Hidden) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(stars)) }

// LogValue is stars.
func (h Hidden) LogValue() slog.Value { return slog.StringValue(stars) }

// MarshalText is stars, so that no encoder writes the text by accident.
func (h Hidden) MarshalText() ([]byte, error) { return []byte(stars), nil }
