package limit

import (
	"context"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/vault"
)

// Service reads counters and counts look-ups.
type Service struct {
	db    *db.DB
	vault *vault.Vault
	rules Rules
}

// New makes the service.
func New(d *db.DB, v *vault.Vault, r Rules) *Service { return &Service{d, v, r} }

// Rules gives the caps in force.
func (s *Service) Rules() Rules { return s.rules }

// Left tells what a client may still move in the current windows.
func (s *Service) Left(ctx context.Context, c client.ID) (Left, error) { panic("unwritten") }

// Lookup counts one look-up of a person by phone, or refuses it with
// ErrLookups. An empty ip is not counted.
func (s *Service) Lookup(ctx context.Context, c client.ID, ip string) error { panic("unwritten") }
