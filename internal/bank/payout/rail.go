package payout

import (
	"context"
	"time"

	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
)

// Rail is the way to the other side (partner/cardnetwork, partner/phonerail).
type Rail interface {
	// Send tells the other side, once in the life of a payout.
	Send(ctx context.Context, i Instruction) (Outcome, error)
	// Ask finds out what became of it. It may repeat the very same message,
	// which the other side answers from what it remembers, and so may be what
	// moves the money; it never makes a new one.
	Ask(ctx context.Context, i Instruction) (Outcome, error)
}

// Instruction is what a rail is told. Number and Sent are durable before Send
// is called and never change.
type Instruction struct {
	ID          id.ID
	Number      int       // counted from one within the UTC day of Sent, over all ways
	Sent        time.Time // UTC, to the second
	Amount      money.Amount
	To          Target
	Message     string
	Sender      string // full name, for the rail alone
	SenderPhone phone.Number
	// Old tells, in a question, that the other side may have forgotten the
	// message: nothing is repeated any more that could move money, be it the
	// same to the letter.
	Old bool
}

// OutcomeState is what a rail knows.
type OutcomeState int

// Nought is Unknown: whoever forgets to look does not give money back.
const (
	OutcomeUnknown OutcomeState = iota
	NotSent                     // nothing left this machine
	Settled                     // the receiver has the money, or his bank answers for it
	Declined                    // he has not, and never will by this payout
)

// Outcome is what a rail says. An error beside it is for the log: State counts.
type Outcome struct {
	State     OutcomeState
	Reason    string // of Declined: no_such_card, no_such_receiver, limit, restricted, bank_unavailable, expired, suspicious, amount, declined
	Reference string // the other side's own name for the payout
}
