package claim

import (
	"context"
	"log/slog"
	"time"

	"rocketbank/internal/bank/bin"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// People finds clients (client.Directory). client.ErrNobody when there is none.
type People interface {
	ByPhone(ctx context.Context, p phone.Number) (client.Person, error)
	ByID(ctx context.Context, who client.ID) (client.Client, error)
	StateOf(ctx context.Context, r db.Reader, who client.ID) (client.State, error)
}

// Payouts takes money to other banks, operators and wallets (payout.Service).
type Payouts interface {
	Begin(ctx context.Context, tx db.Tx, d payout.Direct) (id.ID, error)
	Go(ctx context.Context, payout id.ID) (payout.Payout, error)
	Read(ctx context.Context, r db.Reader, payout id.ID) (payout.Payout, error)
}

// Method is one way a receiver may choose, as the page shows it: one that is
// closed is shown with the reason, so that nobody looks for it in vain.
type Method struct {
	Way    Way
	Code   string // of the operator or wallet; empty for cards
	RU, EN string // what it is called
	Closed bool
	WhyRU  string // of Closed
	WhyEN  string
}

// Partners are the operators and wallets money can be sent to.
type Partners interface {
	Methods(ctx context.Context) ([]Method, error)
	// Check asks whether there is such an account and gives its holder as he
	// may be shown; empty where the partner does not tell. ErrNoReceiver when
	// there is none.
	Check(ctx context.Context, code, number string) (name string, err error)
}

// Orders tells which transaction carried an order out (order.Service).
type Orders interface {
	Txn(ctx context.Context, who client.ID, order id.ID) (id.ID, error)
}

// Messenger sends what strangers can make the bank pay for, as far as its
// guard allows (access.Service).
type Messenger interface {
	SendOrderCode(ctx context.Context, tx db.Tx, m order.Message) error
}

// Live wakes the open pages of a client (live.Hub).
type Live interface{ Kick(client.ID) }

// Outbox is told that an event was committed (outbox.Worker).
type Outbox interface{ Kick() }

// Deps is what a Service works with.
type Deps struct {
	DB         *db.DB
	Book       *ledger.Book
	Vault      *vault.Vault
	People     People
	Operations *operation.Service
	Limits     *limit.Service
	Tariffs    *tariff.Service
	Orders     Orders
	Messenger  Messenger
	Payouts    Payouts
	Partners   Partners
	BINs       *bin.Service
	OwnBIN     string // cards that start so are ours: their holders take money to the account
	IDs        *id.Source
	Live       Live   // may be nil
	Outbox     Outbox // may be nil
	Log        *slog.Logger
	Now        func() time.Time // real time, for codes; the machine's when nil
	Digits     func() string    // draws a code of six digits (access.NewCode)
	Origin     string           // links start with it: https://bank.example
	Host       string           // the last line of a code's message
}

// Service keeps links. It is safe for concurrent use.
type Service struct{ d Deps }

// New makes the service. Run is its worker.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = clock.System().Now
	}
	if d.Host == "" {
		d.Host = "localhost"
	}
	return &Service{d}
}

// maxList bounds lists of links.
const maxList = 50

// One reads a link of a client, asking what became of a payout under way;
// ErrMissing for another's.
func (s *Service) One(ctx context.Context, who client.ID, link id.ID) (Link, error) {
	r, err := find(ctx, s.d.DB, qByID, link.Bytes())
	if err != nil {
		return Link{}, err
	}
	if r.client != who {
		return Link{}, ErrMissing
	}
	if r, err = s.follow(ctx, r); err != nil {
		return Link{}, err
	}
	return s.view(r)
}

// Open lists a client's links that are not over, the newest first.
func (s *Service) Open(ctx context.Context, who client.ID) ([]Link, error) {
	return s.list(ctx, qOpen, int64(who), int64(maxOpen))
}

// Latest lists a client's newest links.
func (s *Service) Latest(ctx context.Context, who client.ID, limit int) ([]Link, error) {
	return s.list(ctx, qLatest, int64(who), int64(min(limit, maxList)))
}

func (s *Service) list(ctx context.Context, q *db.Stmt, args ...any) ([]Link, error) {
	rows, err := all(ctx, s.d.DB, q, args...)
	if err != nil {
		return nil, err
	}
	out := make([]Link, len(rows))
	for i, r := range rows {
		if out[i], err = s.view(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// tell wakes the sender's pages and the worker that sends messages.
func (s *Service) tell(who ...client.ID) {
	for _, c := range who {
		if s.d.Live != nil {
			s.d.Live.Kick(c)
		}
	}
	if s.d.Outbox != nil {
		s.d.Outbox.Kick()
	}
}
