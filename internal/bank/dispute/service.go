package dispute

import (
	"context"
	"fmt"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/notice"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/outbox"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// Kicker wakes the outbox worker.
type Kicker interface{ Kick() }

// Live wakes open pages (live.Hub).
type Live interface{ Kick(client.ID) }

// Deps is what a Service works with.
type Deps struct {
	DB         *db.DB
	Book       *ledger.Book
	Vault      *vault.Vault
	IDs        *id.Source
	Operations *operation.Service
	Outbox     Kicker // may be nil
	Live       Live   // may be nil
}

// Service keeps disputes. It is safe for concurrent use.
type Service struct{ d Deps }

// New makes the service.
func New(d Deps) *Service { return &Service{d} }

// tell puts news of a dispute into the outbox within the unit of work.
func (s *Service) tell(ctx context.Context, tx db.Tx, d Dispute, what notice.DisputeWhat) error {
	n := notice.DisputeNews{Client: d.Client, What: what, Operation: d.Operation, Until: d.Promised}
	if what == notice.DisputeAccepted {
		n.Operation = d.Txn
	}
	e, err := n.Event(s.d.IDs.New())
	if err != nil {
		return err
	}
	return outbox.Add(ctx, tx, e)
}

func (s *Service) kick() {
	if s.d.Outbox != nil {
		s.d.Outbox.Kick()
	}
}

func record(ctx context.Context, tx db.Tx, who client.ID, actor, act string, d Dispute, details string) error {
	return audit.Append(ctx, tx, audit.Entry{At: tx.Now(), Actor: actor, Client: int64(who), Act: act, Subject: d.Text(), Details: []byte(details)})
}

// say keeps a message.
func (s *Service) say(ctx context.Context, tx db.Tx, d Dispute, by Author, text string) error {
	var n int64
	if err := tx.Row(ctx, qTurns, int64(d.Client), d.ID.Bytes()).Scan(&n); err != nil {
		return fmt.Errorf("messages of a dispute: %w", err)
	}
	if n >= maxTurns {
		return ErrTooMany
	}
	key := s.d.IDs.New()
	sealed, err := s.d.Vault.SealFor(ctx, tx, int64(d.Client), vault.PII, place(key), []byte(text))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, qSay, int64(d.Client), key.Bytes(), d.ID.Bytes(), int64(by), sealed, tx.Now().UnixMicro())
	return err
}

// wake lets the client's pages draw what he himself changed; what the bank
// changed wakes them with the message about it.
func (s *Service) wake(who client.ID) {
	if s.d.Live != nil {
		s.d.Live.Kick(who)
	}
}

const byClient = "client"
