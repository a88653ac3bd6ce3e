package ledger

import (
	"errors"
	"time"

	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
)

// Receipt is the answer to a transaction. Refused is an answer, not an error.
type Receipt struct {
	Txn    id.ID // also of a refusal: it is a row of the book like any other
	Phase  Phase // what was asked for
	At     time.Time
	Replay bool // the key was known: this is the answer of the first time
	// Reason is why nothing moved; Accepted when it did.
	Reason Reason
	// Missing is how much the account was short (InsufficientFunds) or by how
	// much a Post passed what is open (OverCapture).
	Missing money.Amount
	// Guard is the index of the guard that would be passed and Left what it
	// still allows (LimitReached).
	Guard int
	Left  money.Amount
	// After has one line per leg: where the account stood after it.
	After []After
}

// Refused tells that nothing moved.
func (r Receipt) Refused() bool { return r.Reason != Accepted }

// After is an account's state after a leg. Seq is 0 for a leg that is only pending.
type After struct {
	Account AccountID
	Seq     int64
	Posted  money.Amount
}

// Reason is why the book refused a transaction. Reasons are remembered under
// the key, so their numbers never change.
type Reason int16

// The reasons.
const (
	Accepted          Reason = 0
	InsufficientFunds Reason = 1 // Missing tells how much
	LimitReached      Reason = 2 // Guard and Left tell which and what remains
	HoldClosed        Reason = 3 // voided, expired or fully posted already
	OverCapture       Reason = 4 // more than the hold has open, without Over
	OverReversal      Reason = 5 // more than was posted and not yet reversed
)

// String names the reason for logs.
func (r Reason) String() string {
	switch r {
	case Accepted:
		return "accepted"
	case InsufficientFunds:
		return "insufficient_funds"
	case LimitReached:
		return "limit_reached"
	case HoldClosed:
		return "hold_closed"
	case OverCapture:
		return "over_capture"
	case OverReversal:
		return "over_reversal"
	}
	return "unknown"
}

// Errors of Post. None of them is remembered under the key.
var (
	// ErrBusy: the book takes no more at this moment. Nothing happened.
	ErrBusy = fault.New(fault.Busy, "ledger.busy")
	// ErrUnknownOutcome: the money may or may not have moved. Ask again with
	// the same key; never with a new one.
	ErrUnknownOutcome = fault.New(fault.Busy, "ledger.unknown_outcome")
	// ErrOtherPrint: the key was used for something else.
	ErrOtherPrint = fault.New(fault.Conflict, "ledger.key_reused")
	// ErrForeignAccount: a leg's account is not its asserted owner's, or does not exist.
	ErrForeignAccount = fault.New(fault.Missing, "ledger.no_such_account")
	// ErrClosedAccount: an account of the transaction is closed.
	ErrClosedAccount = fault.New(fault.Refused, "ledger.account_closed")
	// ErrMisuse: the caller's code is wrong (legs do not balance, no such
	// transaction to refer to, an overflow). Broken for the customer.
	ErrMisuse = errors.New("ledger: misuse")
)
