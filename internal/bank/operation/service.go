package operation

import (
	"context"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

// Service reads and makes feed rows.
type Service struct {
	db    *db.DB
	vault *vault.Vault
}

// New makes the service.
func New(d *db.DB, v *vault.Vault) *Service { return &Service{d, v} }

// Row makes the carried row of an operation. Its time is that of the posting
// (Operation.At is not used), its ID must be the identifier of the ledger
// transaction it travels with.
func (s *Service) Row(o Operation) (db.Row, error) { panic("unwritten") }

// Feed reads a page, newest first.
func (s *Service) Feed(ctx context.Context, c client.ID, f Filter) (Page, error) {
	panic("unwritten")
}

// One reads one operation of a client; ErrMissing for another's.
func (s *Service) One(ctx context.Context, c client.ID, op id.ID) (Operation, error) {
	panic("unwritten")
}

// Spend sums what left in the calendar month of a moment.
func (s *Service) Spend(ctx context.Context, c client.ID, month time.Time) (Spend, error) {
	panic("unwritten")
}

// DaySums sums what left on each bank day that from ≤ day < to touches; days
// without spending are absent.
func (s *Service) DaySums(ctx context.Context, c client.ID, from, to time.Time) ([]DaySum, error) {
	panic("unwritten")
}
