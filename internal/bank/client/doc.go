// Package client knows who the bank's clients are: their number, their name,
// phone and birth date (ciphertext at rest), their language and state.
//
// A phone is found by its keyed hash alone; that hash is an alias in a table of
// its own, because it is unique over all clients. What strangers may learn of
// a client is his given name and the first letter of his family name,
// «Павел К.», and nothing else.
package client

import (
	"context"
	"log/slog"
	"time"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
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
func (n Name) Masked() string { return masked(n) }

// Whole is for the owner's own pages.
func (n Name) Whole() string { return whole(n) }

// String is stars: a name has no business in a log.
func (n Name) String() string { return "•••" }

// GoString is stars.
func (n Name) GoString() string { return "•••" }

// LogValue is stars.
func (n Name) LogValue() slog.Value { return slog.StringValue("•••") }

// Client is everything about one client, for his own pages.
type Client struct {
	ID      ID
	UID     id.ID
	Name    Name
	Born    Date
	Phone   phone.Number
	Lang    locale.Lang
	State   State
	Level   Level
	Account ledger.AccountID // where incoming transfers land
	Since   time.Time
}

// Person is what another client may learn, plus what a transfer needs.
type Person struct {
	ID      ID
	Account ledger.AccountID // where incoming transfers land
	Masked  string           // «Павел К.»
	State   State
	Lang    locale.Lang
}

// Directory finds clients. It is safe for concurrent use.
type Directory struct {
	db    *db.DB
	vault *vault.Vault
	names *nameCache
}

// NewDirectory makes a directory over the database.
func NewDirectory(d *db.DB, v *vault.Vault) *Directory {
	return &Directory{db: d, vault: v, names: newNameCache()}
}

// ByPhone finds a client by his phone; ErrNobody when there is none.
func (d *Directory) ByPhone(ctx context.Context, p phone.Number) (Person, error) {
	panic("unwritten")
}

// Person finds a client by his number; ErrNobody when there is none.
func (d *Directory) Person(ctx context.Context, who ID) (Person, error) {
	panic("unwritten")
}

// ByID reads a client whole; ErrNobody when there is none.
func (d *Directory) ByID(ctx context.Context, who ID) (Client, error) {
	panic("unwritten")
}

// SetLang keeps the language a client chose.
func (d *Directory) SetLang(ctx context.Context, who ID, lang locale.Lang) error {
	panic("unwritten")
}

// New describes a client to be made.
type New struct {
	ID      ID // from NextID
	UID     id.ID
	Name    Name
	Born    Date
	Phone   phone.Number
	Lang    locale.Lang
	Level   Level
	Account ledger.AccountID
}

// NextID takes the next client number inside a unit of work.
func NextID(ctx context.Context, tx db.Tx) (ID, error) {
	panic("unwritten")
}

// Create makes a client inside a unit of work; ErrPhoneTaken when his phone
// belongs to a client already.
func (d *Directory) Create(ctx context.Context, tx db.Tx, n New) error {
	panic("unwritten")
}

// HoldsPhone tells inside a unit of work whose phone it is; ErrNobody when it is nobody's.
func (d *Directory) HoldsPhone(ctx context.Context, r db.Reader, p phone.Number) (ID, error) {
	panic("unwritten")
}

// Date is a day of the calendar without a time or zone.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

func masked(n Name) string { return n.First }
func whole(n Name) string  { return n.First + " " + n.Last }

type nameCache struct{}

func newNameCache() *nameCache { return &nameCache{} }
