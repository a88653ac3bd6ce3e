package dispute

import (
	"errors"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// Prefix is what identifiers of disputes start with outside: di_….
const Prefix = "di"

// The refusals.
var (
	ErrMissing    = fault.New(fault.Missing, "dispute.missing")                     // no such dispute, or not yours
	ErrReason     = fault.New(fault.Invalid, "dispute.bad_reason").At("why")        // none of ours
	ErrWords      = fault.New(fault.Invalid, "dispute.bad_words").At("words")       // too few, too many, invisible
	ErrNoSubject  = fault.New(fault.Refused, "dispute.no_subject")                  // not a purchase that took money
	ErrTooLate    = fault.New(fault.Refused, "dispute.too_late")                    // older than maxAge
	ErrPaid       = fault.New(fault.Refused, "dispute.paid")                        // an earlier dispute returned the money
	ErrTooMany    = fault.New(fault.Refused, "dispute.too_many")                    // see maxOpen, maxTries
	ErrOver       = fault.New(fault.Conflict, "dispute.over")                       // it ended
	ErrNotAsked   = fault.New(fault.Conflict, "dispute.not_asked")                  // nobody waits for an answer
	ErrTaken      = fault.New(fault.Conflict, "dispute.taken")                      // another member has it
	ErrNotTaken   = fault.New(fault.Conflict, "dispute.not_taken")                  // take it first
	ErrSum        = fault.New(fault.Invalid, "dispute.bad_sum").At("amount")        // nothing, or more than was paid
	ErrLeft       = fault.New(fault.Invalid, "dispute.more_than_left").At("amount") // more than has not come back yet
	ErrCameBack   = fault.New(fault.Refused, "dispute.came_back")                   // the merchant returned everything
	ErrNotCleared = fault.New(fault.Refused, "dispute.not_cleared")                 // only held so far: nothing to return
)

var errNoPurchase = errors.New("dispute: its operation is no purchase")

// The bounds.
const (
	maxOpen  = 10                   // open disputes of one client
	maxTries = 3                    // disputes of one operation
	maxAge   = 180 * 24 * time.Hour // the networks' own time is shorter for most reasons
	maxWords = 1000                 // characters of one message
	minOther = 10                   // of «another reason», which says nothing by itself
	maxTurns = 50                   // messages of one dispute
	daysHome = 30
	daysAway = 60
)

// Reason is what is wrong. Numbers are stored and never change.
type Reason int16

// The reasons.
const (
	NotMe       Reason = 1
	NotReceived Reason = 2
	WrongSum    Reason = 3
	Twice       Reason = 4
	Cancelled   Reason = 5
	Other       Reason = 6
)

// Reasons lists them in the order they are shown.
func Reasons() []Reason { return []Reason{NotMe, NotReceived, WrongSum, Twice, Cancelled, Other} }

// Word is the stable word of a reason, «not_me»; empty for none.
func (r Reason) Word() string {
	switch r {
	case NotMe:
		return "not_me"
	case NotReceived:
		return "not_received"
	case WrongSum:
		return "wrong_sum"
	case Twice:
		return "twice"
	case Cancelled:
		return "cancelled"
	case Other:
		return "other"
	}
	return ""
}

// ParseReason reads a word; ErrReason for a strange one.
func ParseReason(word string) (Reason, error) {
	for _, r := range Reasons() {
		if r.Word() == word {
			return r, nil
		}
	}
	return 0, ErrReason
}

// State is how far a dispute has come. Numbers are stored and never change;
// those below Accepted are open.
type State int16

// The states.
const (
	Open        State = 1
	NeedsAnswer State = 2 // the client's
	Accepted    State = 3 // the money was returned
	Refused     State = 4
	Withdrawn   State = 5 // by the client
)

// Over tells that nothing more will happen.
func (s State) Over() bool { return s >= Accepted }

// Word is the stable word of a state.
func (s State) Word() string {
	switch s {
	case Open:
		return "open"
	case NeedsAnswer:
		return "needs_answer"
	case Accepted:
		return "accepted"
	case Refused:
		return "refused"
	case Withdrawn:
		return "withdrawn"
	}
	return "other"
}

// Author is who said something.
type Author int16

// The authors.
const (
	ByClient Author = 1
	ByBank   Author = 2
)

// Word is the stable word of an author.
func (a Author) Word() string {
	if a == ByBank {
		return "bank"
	}
	return "client"
}

// Said is one message of a dispute.
type Said struct {
	By   Author
	Text string
	At   time.Time
}

// Dispute is a dispute as it stands.
type Dispute struct {
	ID        id.ID
	Client    client.ID
	Operation id.ID
	Reason    Reason
	State     State
	Sum       money.Amount // what the operation had taken when it was opened
	Member    id.ID        // who of the staff has it; zero: nobody yet
	Made      time.Time
	Promised  time.Time // the end of the promised day
	Changed   time.Time
	Credit    money.Amount // what was returned; zero before
	Recovered money.Amount // what the network gave back for it, to the bank
	Txn       id.ID        // also the operation that tells of the credit; zero before
	Said      []Said       // the earliest first; only from One
}

// Text is the outside form of its identifier.
func (d Dispute) Text() string { return d.ID.Text(Prefix) }

// Late tells that the promised day is over and the answer still waits.
func (d Dispute) Late(now time.Time) bool { return !d.State.Over() && now.After(d.Promised) }

// MayDispute tells what stands against a dispute about an operation, whatever
// disputes there were before; nil when nothing does.
func MayDispute(o operation.Operation, now time.Time) error {
	switch {
	case o.Details.Purchase == nil || o.Kind != operation.Purchase && o.Kind != operation.Cash:
		return ErrNoSubject
	case o.State != operation.Done && o.State != operation.Pending || o.Amount.Minor >= 0:
		return ErrNoSubject
	case o.Outstanding().IsZero():
		return ErrCameBack
	case now.Sub(o.At) > maxAge:
		return ErrTooLate
	}
	return nil
}

// Promise is the end of the day until which the bank answers a dispute that is
// opened at a moment.
func Promise(o operation.Operation, now time.Time) time.Time {
	days := daysHome
	if country := o.Details.Purchase.Country; country != "" && country != russia {
		days = daysAway
	}
	return clock.DayStart(now).AddDate(0, 0, days+1).Add(-time.Microsecond)
}

// russia is ISO 3166's number.
const russia = "643"

// key makes the credit of a dispute happen once.
func (d Dispute) key() ledger.Key { return ledger.KeyOf("dispute credit", d.Text()) }
