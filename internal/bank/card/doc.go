// Package card keeps the cards the bank has issued: whose they are, which
// account they draw on, and what may be shown of them.
//
// The full number rests in the vault and nowhere else; its keyed hash makes it
// unique and lets the network's line find it. Everything else of a number that
// leaves this room is its first six and last four digits. The CVC is computed
// when needed and never stored.
package card

import (
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/ledger"
)

// Prefix of the outside form of a card's identifier, «cd_…».
const Prefix = "cd"

// Product tells what kind of card it is.
type Product int16

// VirtualWorld is a virtual Mastercard World card.
const VirtualWorld Product = 1

// State tells whether a card works.
type State int16

// The states.
const (
	Active State = 1
	Frozen State = 2
	Closed State = 3
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
}

// Expires is the date on the card, «11/31».
func (c Card) Expires() string { return fmt.Sprintf("%02d/%02d", int(c.Month), c.Year%100) }
