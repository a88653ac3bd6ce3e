// Package payout sends money out of the bank: to another bank's card, to an
// account found by a phone, to a mobile operator or a wallet.
//
// A payout is a small state machine in the database, moved only by committed
// transitions:
//
//	reserved → sent → done | refused, with unknown where an answer was lost,
//	and done → returned when the other side sends the money back
//
// The ledger holds the sum as a pending transaction from reserved on. What is
// told to the other side (a Rail) goes out once, under a number and a time that
// were made durable before; whatever happens afterwards is found out by asking,
// never by sending anew. The hold is posted when the rail says settled and given
// back when it says declined. No answer is neither: the hold stays and the
// worker asks on.
package payout

import (
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// Prefix is what identifiers of payouts start with outside: po_….
const Prefix = "po"

// Bounds.
const (
	QuoteTTL = 10 * time.Minute
)

// Way is how the money reaches its receiver. Numbers are stored and never change.
type Way int16

// The ways.
const (
	Card   Way = 1 // to another bank's card, through the card network
	Phone  Way = 2 // to an account in another bank, found by its owner's phone
	Mobile Way = 4 // to a mobile phone's account
	Wallet Way = 5 // to an electronic wallet
)

// ways are what each way is called outside, which account of the bank settles
// it and what it costs its sender; no kind: it costs nothing of its own.
var ways = map[Way]struct {
	word   string
	settle ledger.AccountID
	kind   tariff.Kind
}{
	Card:   {"card", ledger.Network, tariff.CardOut},
	Phone:  {"phone", ledger.Phones, tariff.PhoneOut},
	Mobile: {"mobile", ledger.Agents, ""},
	Wallet: {"wallet", ledger.Agents, ""},
}

// String gives the stable word.
func (w Way) String() string { return ways[w].word }

// State is how far a payout has come. Numbers are stored and never change.
type State int16

// The states.
const (
	Reserved State = 1 // the ledger holds it; nothing was told to the other side
	Sent     State = 2 // told, or about to be
	Unknown  State = 3 // no answer yet: we ask until we know
	Done     State = 4
	Refused  State = 5
	Returned State = 6 // was done, and the other side sent it back
)

// String gives the stable word.
func (s State) String() string {
	switch s {
	case Reserved:
		return "reserved"
	case Sent:
		return "sent"
	case Unknown:
		return "unknown"
	case Done:
		return "done"
	case Refused:
		return "refused"
	case Returned:
		return "returned"
	}
	return "invalid"
}

// Final tells that nothing more will happen by itself.
func (s State) Final() bool { return s == Done || s == Refused || s == Returned }

// The refusals of this room. Limits are refused with the faults of room limit,
// a price that is over with tariff.ErrChanged.
var (
	ErrMissing           = fault.New(fault.Missing, "payout.missing")
	ErrTarget            = fault.New(fault.Invalid, "payout.target").At("to")            // whoever it is, the money cannot go there
	ErrReceiverOld       = fault.New(fault.Refused, "receiver.old").At("receiver")       // he has to be looked up again
	ErrClosed            = fault.New(fault.Refused, "payout.closed").At("to")            // this way does not work now
	ErrQuote             = fault.New(fault.Invalid, "payout.quote_invalid").At("quote")  // altered or another's
	ErrQuoteExpired      = fault.New(fault.Refused, "payout.quote_expired").At("quote")  // ask for a new one
	ErrInsufficientFunds = fault.New(fault.Refused, "payout.insufficient").At("amount")  // {missing}
	ErrAmount            = fault.New(fault.Invalid, "amount.not_positive").At("amount")  // nothing, or no roubles
	ErrLarge             = fault.New(fault.Invalid, "amount.too_large").At("amount")     // no book could hold it
	ErrNotProved         = fault.New(fault.Forbidden, "payout.not_proved")               // no proof over this very text
	ErrKeyReused         = fault.New(fault.Conflict, "payout.key_reused")                // the key was for something else
	ErrAccount           = fault.New(fault.Missing, "payout.no_such_account").At("from") // not one's own, or gone
	ErrBlocked           = fault.New(fault.Forbidden, "payout.blocked")                  // may look, may not order
)

// Payout is money on its way out as its client may see it.
type Payout struct {
	ID        id.ID
	Order     id.ID // what the client signed; zero of what a room of the bank sent
	Client    client.ID
	From      ledger.AccountID
	To        Shown
	Amount    money.Amount
	Fee       money.Amount
	Total     money.Amount
	Message   string
	State     State
	Reason    string // of Refused: a stable word, see ReasonKey
	Reference string // the other side's own name for it; may be empty
	At        time.Time
	DoneAt    time.Time // when the outcome was known; zero before
	Replay    bool      // the key was known: this happened before
}

// Text gives the outside identifier: po_….
func (p Payout) Text() string { return p.ID.Text(Prefix) }

// Reasons of a refusal that are ours and not the rail's.
const (
	reasonNotSent = "not_sent" // nothing left this machine
	reasonClosed  = "closed"   // the way was shut before anything left
)

// reasons are the words that are kept; whatever else a rail says is «declined».
var reasons = map[string]bool{
	reasonNotSent: true, reasonClosed: true,
	"no_such_card": true, "no_such_receiver": true, "limit": true, "restricted": true, "bank_unavailable": true, "expired": true,
	"suspicious": true, "amount": true, "declined": true,
}

// ReasonKey gives the catalogue key that tells a refusal in words.
func ReasonKey(reason string) string {
	if !reasons[reason] && reason != reasonProbing {
		reason = "declined"
	}
	return "payout.refused." + reason
}
