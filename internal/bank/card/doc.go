// Package card keeps the cards the bank has issued: whose they are, which
// account they draw on, and what may be shown of them.
//
// The full number rests in the vault and nowhere else; its keyed hash makes it
// unique and lets the network's line find it. Everything else of a number that
// leaves this room is its first six and last four digits. The CVC is computed
// when needed and never stored, and of a PIN only its PVV is kept, sealed.
//
// A card lives through the states of State: each step is one conditional UPDATE
// together with its line in the audit trail, so that of two that come at once
// one happens. Its owner says by Rules what it may be used for; the host of the
// issuer asks Rules.Refuse and lets the ledger count with Face.Guards.
package card

import (
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/ledger"
)

// Prefix of the outside form of a card's identifier, «cd_…».
const Prefix = "cd"

// Product tells what kind of card it is.
type Product int16

// The products, all Mastercard World. Numbers are stored and never change.
const (
	VirtualWorld Product = 1
	PlasticWorld Product = 2
)

// State tells whether a card works.
type State int16

// The states. Closed and Blocked are for ever.
const (
	Active       State = 1
	Frozen       State = 2 // by a tap, by «Это не я» or by the bank, see By
	Closed       State = 3
	Suspended    State = 4 // by its owner until a day, see Card.Until
	NotActivated State = 5 // plastic that is still on its way
	Blocked      State = 6 // dead, see Why
)

// Word is the stable word of a state, «not_activated»; empty for none.
func (s State) Word() string {
	return map[State]string{
		Active: "active", Frozen: "frozen", Closed: "closed", Suspended: "suspended", NotActivated: "not_activated", Blocked: "blocked",
	}[s]
}

// Dead tells that a card never works again.
func (s State) Dead() bool { return s == Closed || s == Blocked }

// Why tells why a card is dead. The words are stored and never change.
type Why string

// The reasons. All but Fraud are the client's own.
const (
	Lost   Why = "lost"
	Stolen Why = "stolen"
	Worn   Why = "worn"
	Leaked Why = "leaked" // somebody else knows its requisites
	Fraud  Why = "fraud"  // the bank blocked it
)

// ErrMissing tells that the client has no such card; another's card is missing too.
var ErrMissing = fault.New(fault.Missing, "card.missing")

// ErrBIN tells that the configured BIN is none that a Mastercard could have.
var ErrBIN = errors.New("card: the BIN must be 6 to 8 digits that start with 51–55 or 2221–2720")

// Card is what may be shown of a card.
type Card struct {
	ID      id.ID
	Client  client.ID
	Account ledger.AccountID
	Product Product
	State   State
	First6  string
	Last4   string
	Holder  string // «ANNA SOKOLOVA»
	Year    int    // four digits
	Month   time.Month
	Since   time.Time
	// FrozenBy and FrozenAt tell of a card that is Frozen.
	FrozenBy By
	FrozenAt time.Time // business time
	// Until is when a suspension ends, a first moment of a bank day. A card
	// that was frozen meanwhile keeps it.
	Until time.Time
	Why   Why       // of a card that is Blocked
	Heir  id.ID     // the card that took its place; zero: none
	Ended time.Time // when it was closed or blocked

	Name   string // what its owner calls it; empty: nothing
	Art    Art
	Main   bool
	PINSet bool
	// PINLeft is how many wrong PINs may still follow; 0: the PIN is blocked.
	PINLeft    int
	DynamicCVC bool // its CVC2 changes with time
	Rules      Rules
	// Replay tells that a word had made the card before: it stands here as it
	// was answered then.
	Replay bool
}

// Art is the picture on a card; zero leaves the choice to the page.
type Art int16

// The pictures. Numbers are stored and never change.
const (
	Night Art = 1
	Flame Art = 2
	Mint  Art = 3
)

// Virtual tells a card that has no plastic, hence no chip and no PIN pad.
func (c Card) Virtual() bool { return c.Product != PlasticWorld }

// Over tells whether the date on the card has passed: it is good to the end of
// its month in Moscow.
func (c Card) Over(now time.Time) bool {
	return !now.Before(time.Date(c.Year, c.Month+1, 1, 0, 0, 0, 0, clock.Moscow))
}

// Expires is the date on the card, «11/31».
func (c Card) Expires() string { return fmt.Sprintf("%02d/%02d", int(c.Month), c.Year%100) }
