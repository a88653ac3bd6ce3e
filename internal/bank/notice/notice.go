// Package notice tells people what happened, by SMS today.
//
// Everything leaves through the outbox after the commit, at least once, with
// the event's own identifier as the gateway's idempotency key. Neither texts
// nor phones are kept: a message is composed from the feed when it is sent, and
// only its identifier and what became of it are written down.
package notice

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/outbox"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
)

// SMSSender hands a message to the gateway (partner/sms).
type SMSSender interface {
	// Send gives the gateway's identifier. A *Rejected error is final; any
	// other error means: try again with the same Key.
	Send(ctx context.Context, m SMS) (gatewayID string, err error)
}

// SMS is a message on its way to the gateway.
type SMS struct {
	Key  string // idempotency key: UUID text
	To   phone.Number
	Text vault.Hidden
}

// Rejected is the gateway's final no.
type Rejected struct{ Reason string }

func (r *Rejected) Error() string { return "notice: the gateway rejected the message: " + r.Reason }

// ErrUnknownMessage: a delivery receipt for a message that we never sent, or
// whose sending is not written down yet (the gateway tries again).
var ErrUnknownMessage = errors.New("notice: unknown message")

// Delivery states of a receipt.
const (
	Delivered   = "delivered"
	Undelivered = "undelivered"
)

// DeliveryReceipt is what the gateway says about a message it accepted.
type DeliveryReceipt struct {
	GatewayID string
	State     string // Delivered or Undelivered
	At        time.Time
}

// TopicTransferDone is the outbox topic of finished transfers.
const TopicTransferDone = "transfer.done"

// TransferDone is the event of a finished transfer. It names no sum and no
// person: the handler reads the payee's operation.
type TransferDone struct {
	Payee     client.ID
	Operation id.ID
}

// Event gives the outbox event under an identifier of its own.
func (d TransferDone) Event(event id.ID) outbox.Event {
	return outbox.Event{ID: event, Topic: TopicTransferDone, Owner: int64(d.Payee), Payload: d.Operation.Bytes()}
}

// People tells where and in what language a client is reached (client.Directory).
type People interface {
	ByID(ctx context.Context, who client.ID) (client.Client, error)
}

// Deps is what a Service works with.
type Deps struct {
	DB         *db.DB
	Vault      *vault.Vault
	People     People
	Operations *operation.Service
	Sender     SMSSender
	IDs        *id.Source       // names alerts
	Live       Live             // wakes open pages; may be nil
	Origin     string           // where people use the cabinet, «https://bank.example»: links start with it
	Brand      string           // name the texts end with; empty: the catalogue's
	Log        *slog.Logger     // may be nil
	Now        func() time.Time // real time; the machine's when nil
}

// Service sends notices. It is safe for concurrent use.
type Service struct{ d Deps }

// New makes the service.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = clock.System().Now
	}
	return &Service{d}
}
