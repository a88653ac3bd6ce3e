// Package card keeps the cards the bank has issued: whose they are, which
// account they draw on, and what may be shown of them.
//
// The full number rests in the vault and nowhere else; its keyed hash makes it
// unique and lets the network's line find it. Everything else of a number that
// leaves this room is its first six and last four digits. The CVC is computed
// when needed and never stored.
package card

import (
	"context"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
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
}

// Expires is the date on the card, «11/31».
func (c Card) Expires() string { return expires(c) }

// Options say how cards are made. Zero values work.
type Options struct {
	BIN string // first digits of new numbers; 550000, a test range, when empty
}

// Service issues and shows cards. It is safe for concurrent use.
type Service struct {
	db    *db.DB
	vault *vault.Vault
	ids   *id.Source
	bin   string
}

// New makes the service; it refuses a BIN that no Mastercard could have.
func New(d *db.DB, v *vault.Vault, ids *id.Source, o Options) (*Service, error) {
	panic("unwritten")
}

// Of lists a client's cards in the order they were issued.
func (s *Service) Of(ctx context.Context, who client.ID) ([]Card, error) {
	panic("unwritten")
}

// ByID finds one of a client's own cards; ErrMissing otherwise.
func (s *Service) ByID(ctx context.Context, who client.ID, card id.ID) (Card, error) {
	panic("unwritten")
}

// DefaultAccount is the account a client's money comes to when nothing else
// was chosen.
func (s *Service) DefaultAccount(ctx context.Context, who client.ID) (ledger.AccountID, error) {
	panic("unwritten")
}

// Order describes a card to be issued.
type Order struct {
	Client  client.ID
	Account ledger.AccountID
	Product Product
	Name    client.Name
}

// Issue makes a card inside a unit of work.
func (s *Service) Issue(ctx context.Context, tx db.Tx, o Order) (Card, error) {
	panic("unwritten")
}
func expires(c Card) string { return "" }
