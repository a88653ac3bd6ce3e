// Package topup brings money from other banks' cards.
//
// A top-up is a small state machine in the database, moved only by committed
// transitions: created → reserved → sent → action → done | refused, with
// unknown when the acquirer's answer was lost. The ledger holds the sum as a
// pending transaction from the moment it is reserved; the hold is posted when
// the acquirer says charged and given back when it says refused. The charge is
// asked for once, with the security code in memory only: whatever happens
// afterwards is found out by asking, never by charging again.
package topup

import (
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// Prefix is what identifiers of top-ups start with outside: tu_….
const Prefix = "tu"

// State is how far a top-up has come. Numbers are stored and never change.
type State int16

// The states.
const (
	Created  State = 1 // the order is written down
	Reserved State = 2 // the ledger holds it, the day's limit is taken
	Sent     State = 3 // the request is on its way, or the acquirer works on it
	Action   State = 4 // the client must confirm on the other bank's page
	Unknown  State = 5 // no answer yet: we ask until we know
	Done     State = 6
	Refused  State = 7
)

// String gives the stable word.
func (s State) String() string {
	switch s {
	case Created:
		return "created"
	case Reserved:
		return "reserved"
	case Sent:
		return "sent"
	case Action:
		return "action"
	case Unknown:
		return "unknown"
	case Done:
		return "done"
	case Refused:
		return "refused"
	}
	return "invalid"
}

// Final tells that nothing more will happen.
func (s State) Final() bool { return s == Done || s == Refused }

// The refusals of this room.
var (
	ErrMissing   = fault.New(fault.Missing, "topup.missing")
	ErrAccount   = fault.New(fault.Missing, "topup.no_such_account").At("account") // not one's own, or gone
	ErrKeyReused = fault.New(fault.Conflict, "topup.key_reused")
	ErrNumber    = fault.New(fault.Invalid, "topup.card_number").At("number")
	ErrNumberLen = fault.New(fault.Invalid, "topup.card_number_length").At("number")
	ErrExpiry    = fault.New(fault.Invalid, "topup.card_expiry").At("expiry")
	ErrExpired   = fault.New(fault.Invalid, "topup.card_expired").At("expiry")
	ErrCVC       = fault.New(fault.Invalid, "topup.card_cvc").At("cvc")
	ErrOwnCard   = fault.New(fault.Invalid, "topup.own_card").At("number")
	ErrAmount    = fault.New(fault.Invalid, "amount.not_positive").At("amount")
	ErrQuote     = fault.New(fault.Invalid, "topup.quote_invalid").At("quote") // altered or another's
	// ErrQuoteExpired: ask for a new one.
	ErrQuoteExpired = fault.New(fault.Refused, "topup.quote_expired").At("quote")
	ErrLarge        = fault.New(fault.Invalid, "amount.too_large").At("amount")
)

// QuoteTTL is how long a price holds.
const QuoteTTL = 10 * time.Minute

// Quote is an offer: what a top-up costs. The money arrives as soon as the other
// bank has charged its card.
type Quote struct {
	Token  string
	Amount money.Amount // what arrives
	Fee    money.Amount
	Total  money.Amount // what the other card is charged
	Price  tariff.Price // by which version and rule the fee is so
	Until  time.Time    // what is confirmed before this is what is charged
}

// Start is the order to top up. The card is used once and never stored.
type Start struct {
	Client  client.ID
	Key     ledger.Key // made with the page
	Account ledger.AccountID
	Quote   string // the token of a Quote: what shall arrive, and for how much
	Card    Card
}

// TopUp is a top-up as its client may see it.
type TopUp struct {
	ID        id.ID
	Account   ledger.AccountID
	Amount    money.Amount
	Fee       money.Amount
	Total     money.Amount
	Card      string // first 6 and last 4 of the other card
	State     State
	Reason    string // of Refused: catalogue key tail, see ReasonKey
	ActionURL string // of Action: the other bank's page
	Created   time.Time
	Operation id.ID // of Done: the feed row
}

// Text gives the outside identifier.
func (t TopUp) Text() string { return t.ID.Text(Prefix) }

// Public is what the return page may show to anybody who has its address: no
// sum, no card, no name.
type Public struct {
	ID     id.ID
	State  State
	Reason string
}

// ReasonKey gives the catalogue key that tells a refusal in words.
func ReasonKey(reason string) string {
	switch reason {
	case "insufficient_funds", "expired_card", "wrong_code", "cancelled", "bad_card", "limit", "price", "not_sent", "interrupted":
		return "topup.refused." + reason
	}
	return "topup.refused.declined"
}
