// Package notice tells people what happened, by SMS today.
//
// A message is written down, sealed, in the unit of work that wants it
// (Queue), leaves through the outbox after the commit, at least once and under
// its own idempotency key, and its delivery receipt is stored. Texts of
// one-time codes are erased as soon as the gateway has them.
package notice

import (
	"context"
	"errors"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/id"
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

// ErrUnknownMessage: a receipt for a message that we never sent.
var ErrUnknownMessage = errors.New("notice: unknown message")

// Message is what a room wants to be sent.
type Message struct {
	Client  client.ID // 0 when the person is no client yet
	To      phone.Number
	Text    vault.Hidden
	Code    bool          // holds a one-time code: erased once sent
	Expires time.Duration // not sent later than this; 0 means a day
}

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

// Topics of the outbox that this room handles.
const (
	TopicSMS          = "sms.send"      // payload: identifier of the message, 16 bytes
	TopicTransferDone = "transfer.done" // payload: TransferDone
)

// TransferDone is the event of a finished transfer. It names no sum and no
// person: the handler reads the payee's operation.
type TransferDone struct {
	Payee     client.ID
	Operation id.ID
}
