package notice

import (
	"context"
	"log/slog"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

// People tells where and in what language a client is reached (client.Directory).
type People interface {
	ByID(ctx context.Context, who client.ID) (client.Client, error)
}

// Deps is what a Service works with.
type Deps struct {
	DB         *db.DB
	Vault      *vault.Vault
	IDs        *id.Source
	People     People
	Operations *operation.Service
	Sender     SMSSender
	Brand      string       // name the texts end with; «Рокетбанк» when empty
	Log        *slog.Logger // may be nil
}

// Service sends notices.
type Service struct{ d Deps }

// New makes the service.
func New(d Deps) *Service { return &Service{d} }

// Queue writes a message down inside a unit of work; it leaves after the commit.
func (s *Service) Queue(ctx context.Context, tx db.Tx, m Message) error { panic("unwritten") }

// Receipt stores what the gateway says about a message; ErrUnknownMessage when
// it is none of ours. Repeated and late receipts change nothing.
func (s *Service) Receipt(ctx context.Context, r DeliveryReceipt) error { panic("unwritten") }
