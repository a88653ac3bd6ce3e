// Package receiver finds people who have their money in other banks: which banks
// the phone-number rail reaches, which of them somebody prefers, and whose
// account stands behind a phone at one of them.
//
// What it tells of a person is what the rail lets a payer see before he pays:
// the first name, the patronymic and one letter of the surname. What the other
// bank gave for the account travels in a sealed token, bound to the client who
// asked and living for minutes; payout takes the money there. Nothing is stored,
// and every question about a person is counted (room limit).
package receiver

import (
	"context"
	"time"

	"rocketbank/internal/bank/payout"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
)

// Member is a bank that the rail reaches.
type Member struct {
	ID     string // twelve digits
	RU, EN string
	// Down tells that the rail does not reach it today.
	Down bool
}

// Found is what another bank says of a phone.
type Found struct {
	Name  string       // «Иван Петрович С.»
	Token vault.Hidden // names the account, for this bank's order alone
	Life  time.Duration
}

// Rail asks the phone-number rail (partner/phonerail).
type Rail interface {
	Members(ctx context.Context) ([]Member, error)
	// Default gives the bank that the phone's owner prefers, "" when he chose none.
	Default(ctx context.Context, p phone.Number) (string, error)
	// Look asks a bank for the phone's account. Its refusals are ErrNobody,
	// ErrNotConnected and ErrUnwilling; any other error means that the rail
	// cannot be asked now, or that what it said makes no sense.
	Look(ctx context.Context, p phone.Number, bank string) (Found, error)
}

// The refusals of this room. Look-ups are refused with limit.ErrLookups.
var (
	// ErrClosed: this bank does not take part in the rail.
	ErrClosed = fault.New(fault.Missing, "receiver.closed").At("bank")
	// ErrNoBank: no such member.
	ErrNoBank = fault.New(fault.Invalid, "receiver.no_bank").At("bank")
	// ErrNobody: nobody with this phone at that bank, or he does not want to be found.
	ErrNobody = fault.New(fault.Missing, "receiver.nobody").At("bank")
	// ErrNotConnected: that bank takes no transfers by phone now.
	ErrNotConnected = fault.New(fault.Refused, "receiver.not_connected").At("bank")
	// ErrUnwilling: the receiver lets nobody pay him by phone at that bank.
	ErrUnwilling = fault.New(fault.Refused, "receiver.unwilling").At("bank")
	// ErrDown: the rail does not answer, or answers nonsense.
	ErrDown = fault.New(fault.Busy, "receiver.down").At("bank")
	// ErrNoDefault: nobody said which bank, and the phone's owner prefers none.
	ErrNoDefault = fault.New(fault.Missing, "receiver.no_default").At("bank")
	// ErrOld: older than its minutes; the receiver is given along with it. A quote
	// that outlived him is refused with the same.
	ErrOld = payout.ErrReceiverOld
	// ErrToken: altered, or another client's.
	ErrToken = fault.New(fault.Invalid, "receiver.token").At("receiver")
	// ErrBlocked: the asking client may not order.
	ErrBlocked = fault.New(fault.Forbidden, "receiver.blocked")
)

// Receiver is somebody in another bank, as the asking client may see him.
type Receiver struct {
	Token  string // what a form carries; useless to anybody else
	Name   string // «Иван Петрович С.»
	Phone  phone.Number
	Bank   string // the member's identifier
	RU, EN string // what people call it
	Until  time.Time
}
