// Package friend keeps the contact books of clients: whom they send money to,
// by name and phone, and who of them are clients too.
//
// A book is its owner's alone: it rests under his own key, goes into his file
// of data and goes away with his request to delete. Numbers are found by their
// keyed hash.
//
// Which friends are clients is told only with both sides' consent. It is one
// consent and works both ways: whoever agrees to be found by those who have his
// number may see who of his friends agreed as well. It is off until he says so,
// a number compared is counted, and a number of nobody looks like that of a
// client who did not agree.
package friend

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/phone"
)

// Prefix of a friend's identifier outside: fr_….
const Prefix = "fr"

// The bounds of a book.
const (
	MaxFriends   = 300 // people in one book
	MaxNameRunes = 60
)

// The refusals of this room. Limits are refused with the faults of room limit.
var (
	ErrMissing  = fault.New(fault.Missing, "friend.missing")              // no such friend of yours
	ErrName     = fault.New(fault.Invalid, "friend.name").At("name")      // empty or with hidden characters
	ErrNameLong = fault.New(fault.Invalid, "friend.name_long").At("name") // {max}
	ErrThere    = fault.New(fault.Conflict, "friend.there").At("phone")   // the number is in the book already
	ErrSelf     = fault.New(fault.Refused, "friend.self").At("phone")     // one's own number
	ErrFull     = fault.New(fault.Refused, "friend.full")                 // {max}
	ErrNoChange = fault.New(fault.Invalid, "friend.no_change")            // nothing to change was named
)

// Person is what the owner of a book writes down. Printed by accident the
// number is masked; the name is for his own pages only.
type Person struct {
	Name      string
	Phone     phone.Number
	Favourite bool
}

// Friend is one entry of a book.
type Friend struct {
	Person
	ID    id.ID
	Since time.Time
	// Here tells that he is a client, when both agreed to tell each other.
	Here bool

	client client.ID // who it is then
}

// Text gives the outside identifier: fr_….
func (f Friend) Text() string { return f.ID.Text(Prefix) }

// Change is what becomes other in an entry; nil leaves as it is.
type Change struct {
	Name      *string
	Phone     *phone.Number
	Favourite *bool
}

// CleanName gives a name as it is kept: trimmed and in NFC, without anything
// that is invisible or turns the text around it.
func CleanName(s string) (string, error) {
	if len(s) > MaxNameRunes*16 { // no name that short takes so many bytes
		return "", ErrNameLong.With("max", MaxNameRunes)
	}
	if !utf8.ValidString(s) {
		return "", ErrName
	}
	s = strings.Join(strings.FieldsFunc(norm.NFC.String(s), func(r rune) bool { return r == ' ' || r == '\u00a0' }), " ")
	for _, r := range s {
		if !unicode.IsGraphic(r) || unicode.Is(unicode.Bidi_Control, r) {
			return "", ErrName
		}
	}
	switch n := utf8.RuneCountInString(s); {
	case n == 0:
		return "", ErrName
	case n > MaxNameRunes:
		return "", ErrNameLong.With("max", MaxNameRunes)
	}
	return s, nil
}
