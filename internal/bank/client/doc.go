// Package client knows who the bank's clients are: their number, their name,
// phone and birth date (ciphertext at rest), their language and state.
//
// A phone is found by its keyed hash alone; that hash is an alias in a table of
// its own, because it is unique over all clients. What strangers may learn of
// a client is his given name and the first letter of his family name,
// «Павел К.», and nothing else.
package client

import (
	"errors"
	"log/slog"
	"strings"
	"time"

	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/ledger"
)

// ID is a client's number: the owner of his accounts in the ledger and the
// leading part of every key of his. Outside the bank he is a UID.
type ID int64

// Prefix of the outside form of a client's UID, «cl_…».
const Prefix = "cl"

// State tells how a client stands.
type State int16

// The states.
const (
	Active  State = 1
	Blocked State = 2 // may look, may not order
)

// Level is how well the bank has identified him; it caps operations later.
type Level int16

// The levels.
const (
	Simplified Level = 1
	Full       Level = 2
)

// ErrNobody tells that there is no such client: an unknown phone or number.
var ErrNobody = fault.New(fault.Missing, "client.nobody")

// ErrPhoneTaken tells that a phone already belongs to a client.
var ErrPhoneTaken = fault.New(fault.Conflict, "client.phone_taken")

// Name is a client's name. Printed by accident it shows itself masked.
type Name struct{ First, Last string }

// Masked is what strangers may see: «Павел К.».
func (n Name) Masked() string {
	for _, initial := range n.Last {
		return n.First + " " + string(initial) + "."
	}
	return n.First
}

// Whole is for the owner's own pages.
func (n Name) Whole() string { return strings.TrimSpace(n.First + " " + n.Last) }

// String is stars: a name has no business in a log.
func (n Name) String() string { return "•••" }

// GoString is stars.
func (n Name) GoString() string { return "•••" }

// LogValue is stars.
func (n Name) LogValue() slog.Value { return slog.StringValue("•••") }

var errMarshal = errors.New("client: a name or birth date is not written by itself; name its parts on purpose")

// MarshalText refuses, so that no encoder writes a name by accident.
func (n Name) MarshalText() ([]byte, error) { return nil, errMarshal }

// Client is everything about one client, for his own pages.
type Client struct {
	ID      ID
	UID     id.ID
	Name    Name
	Born    Date
	Phone   phone.Number
	Lang    locale.Lang
	Theme   string // "", "light" or "dark"
	State   State
	Level   Level
	Account ledger.AccountID // where incoming transfers land
	Since   time.Time
}

// Person is what another client may learn, plus what a transfer needs.
type Person struct {
	ID      ID
	UID     id.ID            // what he is called outside: cl_…
	Account ledger.AccountID // where incoming transfers land
	First   string           // «Павел», for the person's own login page
	Masked  string           // «Павел К.», for everybody else
	State   State
	Lang    locale.Lang
}
