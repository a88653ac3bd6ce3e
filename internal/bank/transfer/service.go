package transfer

import (
	"context"
	"errors"
	"fmt"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// People finds clients (client.Directory). client.ErrNobody when there is none.
type People interface {
	ByPhone(ctx context.Context, p phone.Number) (client.Person, error)
	Person(ctx context.Context, who client.ID) (client.Person, error)
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
	Cards      Cards  // may be nil: then no card is ours
	Orders     Orders // may be nil: then an order's second use is an error of the book
	Live       Live   // may be nil
	Outbox     Outbox // may be nil
}

// Service sends money to people. It is safe for concurrent use.
type Service struct{ d Deps }

// New makes the service.
func New(d Deps) *Service { return &Service{d} }

// recentScan is how many transfers back Recent looks for different people.
const recentScan = 100

// Resolve tells whose phone it is. Each call is counted: 20 a bank day per
// client, 200 per address (ip may be empty when there is none). Nobody there
// answers ErrNotAClient, one's own phone ErrSelf.
func (s *Service) Resolve(ctx context.Context, who client.ID, p phone.Number, ip string) (Payee, error) {
	if err := s.d.Limits.Lookup(ctx, who, ip); err != nil {
		return Payee{}, err
	}
	me, err := s.payer(ctx, who)
	if err != nil {
		return Payee{}, err
	}
	to, err := s.d.People.ByPhone(ctx, p)
	if errors.Is(err, client.ErrNobody) {
		return Payee{}, ErrNotAClient
	}
	if err != nil {
		return Payee{}, fmt.Errorf("resolve a payee: %w", err)
	}
	if to.ID == who {
		return Payee{}, ErrSelf
	}
	return s.offer(me, to, p)
}

// payer reads the asking client; one who is blocked may not order.
func (s *Service) payer(ctx context.Context, who client.ID) (client.Person, error) {
	me, err := s.d.People.Person(ctx, who)
	if err != nil {
		return me, fmt.Errorf("payer %d: %w", who, err)
	}
	if me.State == client.Blocked {
		return me, ErrBlocked
	}
	return me, nil
}

// Recent gives people this client sent money to lately, the last first, without
// counting look-ups.
func (s *Service) Recent(ctx context.Context, who client.ID, limit int) ([]Payee, error) {
	ops, err := s.d.Operations.Latest(ctx, who, operation.TransferOut, recentScan)
	if err != nil || len(ops) == 0 {
		return nil, err
	}
	me, err := s.payer(ctx, who)
	if err != nil {
		return nil, err
	}
	var out []Payee
	seen := map[client.ID]bool{}
	for _, o := range ops {
		if len(out) == limit {
			break
		}
		if seen[o.Details.Peer] {
			continue
		}
		seen[o.Details.Peer] = true
		p, err := s.known(ctx, me, o)
		if errors.Is(err, ErrNotAClient) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// Known offers a client that the asking one knows already by other ways than
// his phone, without counting a look-up. Doors must not let a browser name him.
func (s *Service) Known(ctx context.Context, who, payee client.ID) (Payee, error) {
	me, err := s.payer(ctx, who)
	if err != nil {
		return Payee{}, err
	}
	if who == payee {
		return Payee{}, ErrSelf
	}
	to, err := s.d.People.Person(ctx, payee)
	if errors.Is(err, client.ErrNobody) {
		return Payee{}, ErrNotAClient
	}
	if err != nil {
		return Payee{}, fmt.Errorf("payee %d: %w", payee, err)
	}
	return s.offer(me, to, "")
}

// known offers the payee of an earlier transfer again, as he stands today.
func (s *Service) known(ctx context.Context, me client.Person, o operation.Operation) (Payee, error) {
	to, err := s.d.People.Person(ctx, o.Details.Peer)
	if errors.Is(err, client.ErrNobody) {
		return Payee{}, ErrNotAClient
	}
	if err != nil {
		return Payee{}, fmt.Errorf("payee of %s: %w", o.Text(), err)
	}
	return s.offer(me, to, phone.Number(o.Details.Phone))
}

// Receipt reads a transfer that this client sent; ErrMissing for any other.
func (s *Service) Receipt(ctx context.Context, who client.ID, transfer id.ID) (Receipt, error) {
	o, err := s.sent(ctx, who, transfer)
	if err != nil {
		return Receipt{}, err
	}
	return receipt(o)
}

func receipt(o operation.Operation) (Receipt, error) {
	total, err := o.Amount.Neg()
	if err != nil {
		return Receipt{}, err
	}
	amount, err := total.Sub(o.Fee)
	if err != nil {
		return Receipt{}, err
	}
	signed, _ := orderOf(o.Details.Order)
	return Receipt{
		ID: o.ID, Order: signed, At: o.At, From: o.Account, Amount: amount, Fee: o.Fee, Total: total, Message: o.Details.Message,
		To: Payee{Name: o.Details.Name, Phone: phone.Number(o.Details.Phone)},
	}, nil
}

func (s *Service) sent(ctx context.Context, who client.ID, transfer id.ID) (operation.Operation, error) {
	o, err := s.d.Operations.One(ctx, who, transfer)
	if errors.Is(err, operation.ErrMissing) || err == nil && o.Kind != operation.TransferOut {
		return o, ErrMissing
	}
	return o, err
}

// Repeat gives what to fill the form with to send the same again. A payee who is
// no client any more answers ErrNotAClient.
func (s *Service) Repeat(ctx context.Context, who client.ID, transfer id.ID) (Prefill, error) {
	o, err := s.sent(ctx, who, transfer)
	if err != nil {
		return Prefill{}, err
	}
	me, err := s.payer(ctx, who)
	if err != nil {
		return Prefill{}, err
	}
	to, err := s.known(ctx, me, o)
	if err != nil {
		return Prefill{}, err
	}
	r, err := receipt(o)
	if err != nil {
		return Prefill{}, err
	}
	return Prefill{To: to, From: r.From, Amount: r.Amount, Message: r.Message}, nil
}
