package payout

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// Times, all real. A rail's request is dead before the worker asks about it.
const (
	sendTimeout = 12 * time.Second // a page waits this long for the other side
	askTimeout  = 12 * time.Second
	takeOver    = sendTimeout + 15*time.Second // the worker looks after a process that fell silent
	pollMin     = 2 * time.Second              // the worker's questions: 2, 4, 8 s … 10 min, and hourly
	pollMax     = 10 * time.Minute             // from the twentieth on
	pollTired   = time.Hour
	tiredAfter  = 20
	// repeatFor is how long, by business time, a message may be repeated; the
	// other sides promise to remember one for longer.
	repeatFor = 24 * time.Hour
)

// People finds clients (client.Directory).
type People interface {
	Person(ctx context.Context, who client.ID) (client.Person, error)
	ByID(ctx context.Context, who client.ID) (client.Client, error)
}

// Orders tells which transaction carried an order out (order.Service).
type Orders interface {
	Txn(ctx context.Context, who client.ID, order id.ID) (id.ID, error)
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
	Orders     Orders           // may be nil: then an order's second use is an error of the book
	Rails      map[Way]Rail     // a way without one is closed
	Live       Live             // may be nil
	Outbox     Outbox           // may be nil
	Log        *slog.Logger     // may be nil
	Now        func() time.Time // real time, for polls and leases; the machine's when nil
}

// Service sends money out. It is safe for concurrent use.
type Service struct {
	d       Deps
	returns Returns // may be nil; see Tell
}

// New makes the service. Run is its worker.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = clock.System().Now
	}
	return &Service{d: d}
}

// Open tells whether a way works in this bank.
func (s *Service) Open(w Way) bool { return s.d.Rails[w] != nil }

// One reads a payout that this client ordered; ErrMissing for any other.
func (s *Service) One(ctx context.Context, who client.ID, payout id.ID) (Payout, error) {
	r, err := find(ctx, s.d.DB, qByID, payout.Bytes())
	if err != nil {
		return Payout{}, err
	}
	if r.client != who || !r.told {
		return Payout{}, ErrMissing
	}
	return s.view(r)
}

// Read reads a payout whoever's it is, for the room that began it.
func (s *Service) Read(ctx context.Context, from db.Reader, payout id.ID) (Payout, error) {
	r, err := find(ctx, from, qByID, payout.Bytes())
	if err != nil {
		return Payout{}, err
	}
	return s.view(r)
}

// maxLatest bounds Latest.
const maxLatest = 100

// Latest lists what a client sent out, the newest first.
func (s *Service) Latest(ctx context.Context, who client.ID, limit int) ([]Payout, error) {
	rows, err := s.d.DB.Rows(ctx, qLatest, int64(who), int64(max(1, min(limit, maxLatest))))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Payout
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return nil, err
		}
		p, err := s.view(r)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// view opens what the client may see.
func (s *Service) view(r row) (Payout, error) {
	d, err := s.openDetails(r)
	if err != nil {
		return Payout{}, fmt.Errorf("payout %s: %w", r.text(), err)
	}
	total, err := r.total()
	if err != nil {
		return Payout{}, err
	}
	p := Payout{
		ID: r.id, Client: r.client, From: r.account, Amount: r.amount, Fee: r.price.Fee, Total: total, Message: d.Message, State: r.state,
		To:        Shown{Way: r.way, Title: d.Title, Name: d.Name, BankRU: d.BankRU, BankEN: d.BankEN},
		Reference: r.reference, At: r.at, DoneAt: r.done,
	}
	if r.state == Refused {
		p.Reason = r.reason
	}
	if d.Order != "" {
		if p.Order, err = id.Parse(order.Prefix, d.Order); err != nil {
			return Payout{}, fmt.Errorf("payout %s: %w", r.text(), err)
		}
	}
	return p, nil
}
