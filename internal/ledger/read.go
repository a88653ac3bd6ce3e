package ledger

import (
	"context"
	"time"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
)

// Opening describes an account to be opened.
type Opening struct {
	Owner    int64
	Kind     AccountKind
	Currency money.Currency
	FloorMin int64 // lowest allowed balance, in minor units; 0 for a client
}

// OpenAccount gives an owner a new account with nothing on it.
func OpenAccount(ctx context.Context, tx db.Tx, o Opening) (AccountID, error) {
	panic("unwritten")
}

// CloseAccount closes an account; it must be empty and have nothing reserved.
func CloseAccount(ctx context.Context, tx db.Tx, a AccountID) error {
	panic("unwritten")
}

// AccountByID reads one account; ErrForeignAccount when there is none. An
// account of the bank is the sum over its slots.
func AccountByID(ctx context.Context, r db.Reader, a AccountID) (Account, error) {
	panic("unwritten")
}

// AccountsOf reads an owner's accounts in the order of their opening.
func AccountsOf(ctx context.Context, r db.Reader, owner int64) ([]Account, error) {
	panic("unwritten")
}

// Entry is one line of an account.
type Entry struct {
	Account AccountID
	Seq     int64
	Txn     id.ID
	Amount  money.Amount
	Posted  money.Amount // balance after
}

// Entries reads a page of an account's history, newest first: entries with a
// sequence below before (0 for the newest page).
func Entries(ctx context.Context, r db.Reader, a AccountID, before int64, limit int) ([]Entry, error) {
	panic("unwritten")
}

// Usage is how much of a limit counter is taken in its current window.
type Usage struct {
	Name   GuardName
	Window Window
	Used   money.Amount
}

// Used reads the counters of an owner for the windows of a moment; the answer
// has one line per guard asked for, of which Name and Window count.
func Used(ctx context.Context, r db.Reader, owner int64, at time.Time, asked ...Guard) ([]Usage, error) {
	panic("unwritten")
}

// Record is a transaction as the book keeps it.
type Record struct {
	Receipt
	Owner  int64
	Key    Key
	Print  Print
	Kind   Kind
	Refers id.ID
	Legs   []Leg // Account and Amount
}

// Find reads the transaction of an owner's key; false when the key is unused.
func Find(ctx context.Context, r db.Reader, owner int64, key Key) (Record, bool, error) {
	panic("unwritten")
}

// ByID reads a transaction; false when there is none.
func ByID(ctx context.Context, r db.Reader, txn id.ID) (Record, bool, error) {
	panic("unwritten")
}

// Hold is the tally of a transaction that is open or was given back.
type Hold struct {
	Txn      id.ID
	Account  AccountID
	Amount   money.Amount
	Posted   money.Amount
	Released money.Amount
	Reversed money.Amount
	Expires  time.Time // zero when it never expires or is closed
}

// HoldOf reads the tally of a transaction; false when it has none.
func HoldOf(ctx context.Context, r db.Reader, txn id.ID) (Hold, bool, error) {
	panic("unwritten")
}

// DueHolds reads holds whose time was over at a moment, the oldest first.
func DueHolds(ctx context.Context, r db.Reader, at time.Time, limit int) ([]Hold, error) {
	panic("unwritten")
}
