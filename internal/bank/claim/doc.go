// Package claim sends money by a link: whoever has the phone it was sent to
// chooses himself where it goes.
//
// A claim is a small state machine, moved only by committed transitions:
//
//	waiting → paying → done
//	waiting → cancelled | expired
//	paying  → waiting, when the payout was refused: another way is chosen
//	done    → returned, when what was paid out is sent back: it is the sender's
//
// The sum stands in the book's transit account from the moment the sender
// confirmed; a payout takes it from there, or it goes back, once. Every
// transition locks the claim's row first, so that of a hundred receivers one
// wins, and of the sender's «Отменить» and a receiver exactly one.
//
// The link carries 128 bits that follow from the claim by the bank's key; the
// database has their hash alone. It proves nothing yet: only a code that was
// sent to the phone opens the choice.
package claim

import (
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/ledger"
)

// Prefix is what identifiers of links start with outside: lk_….
const Prefix = "lk"

// How long things last. TTL and RemindAt are business time.
const (
	QuoteTTL = 10 * time.Minute
	TTL      = 7 * 24 * time.Hour
	RemindAt = 24 * time.Hour // before the end
	ShownFor = time.Hour      // how long a link tells that its money has gone out
)

// MaxTries is how many payouts of a link may be refused: a link is no machine
// to find out which cards there are. After that only the account of a client of
// ours is left, or the sum goes back.
const MaxTries = 5

// State is how far a claim has come. Numbers are stored and never change.
type State int16

// The states.
const (
	Waiting   State = 1 // for its receiver
	Paying    State = 2 // he chose, the payout is under way
	Done      State = 3
	Cancelled State = 4 // by the sender
	Expired   State = 5
	Returned  State = 6 // was done, and came back from where the receiver had it sent
)

// String gives the stable word.
func (s State) String() string {
	switch s {
	case Waiting:
		return "waiting"
	case Paying:
		return "paying"
	case Done:
		return "done"
	case Cancelled:
		return "cancelled"
	case Expired:
		return "expired"
	case Returned:
		return "returned"
	}
	return "invalid"
}

// Final tells that nothing more will happen by itself.
func (s State) Final() bool { return s >= Done }

// Way is where the receiver has it sent. Numbers are stored and never change.
type Way int16

// The ways.
const (
	ToCard    Way = 1
	ToMobile  Way = 2 // the account of a mobile phone
	ToWallet  Way = 3
	ToAccount Way = 4 // of a client of ours
)

// String gives the stable word; empty while nothing was chosen.
func (w Way) String() string {
	switch w {
	case ToCard:
		return "card"
	case ToMobile:
		return "mobile"
	case ToWallet:
		return "wallet"
	case ToAccount:
		return "account"
	}
	return ""
}

// The refusals of this room. Limits are refused with the faults of room limit.
var (
	ErrPhone             = fault.New(fault.Invalid, "claim.phone").At("phone") // no mobile phone of this country
	ErrSelf              = fault.New(fault.Refused, "claim.self").At("phone")
	ErrAmount            = fault.New(fault.Invalid, "amount.not_positive").At("amount")
	ErrInsufficientFunds = fault.New(fault.Refused, "claim.insufficient_funds").At("amount") // {missing}
	ErrTooMany           = fault.New(fault.Refused, "claim.too_many")                        // {max} links wait already
	ErrQuote             = fault.New(fault.Invalid, "claim.quote_invalid").At("quote")
	ErrQuoteExpired      = fault.New(fault.Refused, "claim.quote_expired").At("quote")
	ErrNotProved         = fault.New(fault.Forbidden, "claim.not_proved")
	ErrKeyReused         = fault.New(fault.Conflict, "claim.key_reused")
	ErrAccount           = fault.New(fault.Missing, "claim.no_such_account").At("from")
	ErrBlocked           = fault.New(fault.Forbidden, "claim.blocked")
	ErrMissing           = fault.New(fault.Missing, "claim.missing")
	// ErrUnderWay: the receiver has chosen; ErrGone: the money is not there any more.
	ErrUnderWay = fault.New(fault.Conflict, "claim.under_way")
	ErrGone     = fault.New(fault.Conflict, "claim.gone")

	// What the receiver is told. ErrLink says the same of a link that never was
	// and of one that is over.
	ErrLink        = fault.New(fault.Missing, "claim.link")
	ErrProof       = fault.New(fault.Refused, "claim.proof") // the code was too long ago
	ErrCodeForm    = fault.New(fault.Invalid, "claim.code_form").At("code")
	ErrWrongCode   = fault.New(fault.Invalid, "claim.wrong_code").At("code") // {n} tries left
	ErrCodeStale   = fault.New(fault.Invalid, "claim.code_stale").At("code")
	ErrResendEarly = fault.New(fault.Throttled, "claim.resend_early") // {until}
	ErrNoMoreCodes = fault.New(fault.Throttled, "claim.no_more_codes")
	ErrMethod      = fault.New(fault.Invalid, "claim.method").At("method")
	ErrUnavailable = fault.New(fault.Refused, "claim.unavailable").At("method")
	ErrCard        = fault.New(fault.Invalid, "claim.card").At("card")
	ErrOwnCard     = fault.New(fault.Refused, "claim.own_card").At("card") // a card of ours: its holder logs in
	ErrWallet      = fault.New(fault.Invalid, "claim.wallet").At("wallet")
	ErrMobile      = fault.New(fault.Invalid, "claim.mobile").At("mobile")
	ErrTries       = fault.New(fault.Refused, "claim.tries").At("method") // MaxTries were refused
	ErrNoReceiver  = fault.New(fault.Refused, "claim.no_receiver")
)

// Quote is an offer: what a link costs.
type Quote struct {
	Token  string
	ID     id.ID // of the order
	From   ledger.AccountID
	Phone  phone.Number
	Amount money.Amount
	Fee    money.Amount
	Total  money.Amount
	Price  tariff.Price
	Until  time.Time // what is confirmed before this is what is charged
}

// Create is the order to send a link.
type Create struct {
	Client   client.ID
	Key      ledger.Key
	Quote    string
	Message  string
	Signed   order.Signed
	Standing client.Standing
	IP       string // who asks, for the guard of what messages cost; may be empty
}

// Link is a claim as its sender may see it.
type Link struct {
	ID      id.ID // also of the operation
	Order   id.ID
	From    ledger.AccountID
	Phone   phone.Number
	Amount  money.Amount
	Fee     money.Amount
	Total   money.Amount
	Message string
	State   State
	Way     Way    // what the receiver chose, of Paying, Done and Returned
	Reason  string // of Waiting: why the last payout was refused; see payout.ReasonKey
	Spent   bool   // of Waiting: so many were refused that only an account of ours is left
	At      time.Time
	Until   time.Time // when the money goes back by itself
	DoneAt  time.Time // of a final state
	Replay  bool
}

// Text gives the outside identifier.
func (l Link) Text() string { return l.ID.Text(Prefix) }
