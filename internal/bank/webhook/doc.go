// Package webhook tells the programs of a client what happened to his money: an
// address of his gets one signed JSON document for each step of an operation.
//
// A hook belongs to the API token that made it and dies with it: it never tells
// more, nor longer, than the token itself could ask. What is to be told is read
// from the client's feed, so that no posting carries anything for it: new
// operations by their time, those that were still on their way by asking again.
// A delivery is a row before it is sent, unique for hook, operation and step; it
// is sent at least once, and tried again with growing pauses for two days and
// a half. Its identifier lets the receiver tell a repetition, its time stamp
// under the seal an old message that somebody kept (W13).
package webhook

import (
	"time"

	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
)

// What identifiers start with outside.
const (
	Prefix         = "wh" // hooks: wh_…
	DeliveryPrefix = "we" // deliveries: we_…
)

// Bounds.
const (
	MaxHooks = 5    // of one token
	MaxURL   = 2000 // bytes
	keepFor  = 30 * 24 * time.Hour
)

// Family is which operations a hook hears of.
type Family string

// The families. Words stand in the API and never change.
const (
	Transfers  Family = "transfer"  // money between people and banks
	Operations Family = "operation" // every line of the feed
)

// has tells whether operations of a kind belong to a family.
func (f Family) has(k operation.Kind) bool {
	if f == Operations {
		return true
	}
	switch k {
	case operation.TransferOut, operation.TransferIn, operation.Payout, operation.PayoutReturn, operation.LinkOut, operation.LinkIn:
		return f == Transfers
	}
	return false
}

// The refusals of this room.
var (
	ErrMissing = fault.New(fault.Missing, "webhook.missing")
	ErrURL     = fault.New(fault.Invalid, "webhook.url").At("url")       // not https, with a password or to no host
	ErrFamily  = fault.New(fault.Invalid, "webhook.events").At("events") // none, or none that there is
	ErrMany    = fault.New(fault.Refused, "webhook.many")                // {max} of one token
)

// Hook is an address that is told.
type Hook struct {
	ID      id.ID
	Token   id.ID // of the API, that made it
	URL     string
	Events  []Family
	Created time.Time
	Failing time.Time // since when no delivery got through; zero: all is well
}

// Text gives the outside identifier: wh_….
func (h Hook) Text() string { return h.ID.Text(Prefix) }

// State is how a delivery stands. Numbers are stored and never change.
type State int16

// The states.
const (
	Waiting   State = 1
	Delivered State = 2
	GivenUp   State = 3
)

// String gives the stable word.
func (s State) String() string {
	switch s {
	case Waiting:
		return "waiting"
	case Delivered:
		return "delivered"
	case GivenUp:
		return "given_up"
	}
	return "invalid"
}

// Delivery is one document on its way to a hook.
type Delivery struct {
	ID        id.ID
	Type      string // transfer.created, operation.updated, …
	Operation id.ID
	State     State
	Tries     int
	Status    int    // the last answer's; nought: there was none
	Problem   string // why the last try failed: a stable word, see Answer
	At        time.Time
	Next      time.Time // of Waiting: when it is tried again
	Done      time.Time // of Delivered and GivenUp
}

// Text gives the outside identifier: we_….
func (d Delivery) Text() string { return d.ID.Text(DeliveryPrefix) }
