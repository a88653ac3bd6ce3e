package topup

import (
	"context"
	"log/slog"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// Kicker wakes the open pages of a client (live.Hub).
type Kicker interface{ Kick(client.ID) }

// Deps is what a Service works with.
type Deps struct {
	DB         *db.DB
	Book       *ledger.Book
	Vault      *vault.Vault
	IDs        *id.Source
	Operations *operation.Service
	Limits     *limit.Service
	Tariff     tariff.Tariff
	Acquirer   Acquirer
	Live       Kicker           // may be nil
	Log        *slog.Logger     // may be nil
	Now        func() time.Time // real time, for polls and leases; the machine's when nil
	// ReturnURL gives the address of the return page of a top-up, e.g.
	// https://bank.example/topup/tu_….
	ReturnURL func(topup string) string
	OwnBINs   []string // cards that start so are ours and are refused
}

// Service tops accounts up.
type Service struct{ d Deps }

// New makes the service. Run starts its worker.
func New(d Deps) *Service { return &Service{d} }

// Quote tells what a top-up costs.
func (s *Service) Quote(amount money.Amount) (Quote, error) { panic("unwritten") }

// Start writes the order down, reserves it, asks the acquirer and gives the
// state it came to: Action with a page to go to, Done, Refused with a reason, or
// Sent/Unknown («проверяем»). The same key gives the same top-up as it stands
// now, without a second charge. A limit that is passed is a Refused top-up too,
// and is also given as the fault of room limit.
func (s *Service) Start(ctx context.Context, cmd Start) (TopUp, error) { panic("unwritten") }

// One reads a client's top-up, asking the acquirer when it is open; ErrMissing
// for another's.
func (s *Service) One(ctx context.Context, c client.ID, topup id.ID) (TopUp, error) {
	panic("unwritten")
}

// Return is the return page's question, which needs no session: it asks the
// acquirer (at most once in two seconds per top-up) and tells the state alone.
func (s *Service) Return(ctx context.Context, topup id.ID) (Public, error) { panic("unwritten") }

// Hint is a callback's question: something changed at the acquirer, ask it. key
// is the charge's key (tu_…). ErrMissing when there is no such top-up.
func (s *Service) Hint(ctx context.Context, key string) error { panic("unwritten") }

// Open lists a client's top-ups that are not final, the newest first (at most 10).
func (s *Service) Open(ctx context.Context, c client.ID) ([]TopUp, error) { panic("unwritten") }

// Run is the worker: it resolves what is open until ctx ends. Several
// processes may run it.
func (s *Service) Run(ctx context.Context) error { panic("unwritten") }

// Step does what is due now and tells how many top-ups it looked at.
func (s *Service) Step(ctx context.Context) (int, error) { panic("unwritten") }
