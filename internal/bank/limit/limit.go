// Package limit keeps how much may move and how often one may ask.
//
// Sums are counted by the ledger: this room only builds the guards that travel
// with a transaction, so that the check and the debit are one atom, and reads
// the counters back for «осталось на сегодня». Look-ups of people by phone are
// counted here, outside the ledger, because no money moves with them.
// A bank day is 00:00–24:00 in Moscow.
package limit

import (
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// Rules are the caps of the house. They are configuration.
type Rules struct {
	OneTransfer   money.Amount // most that one transfer may be
	OutgoingDay   money.Amount // all outgoing in a bank day
	OutgoingMonth money.Amount // all outgoing in a calendar month
	TopUpDay      money.Amount // top-ups in a bank day, as credited

	LookupsClient int64 // people looked up by one client in a bank day
	LookupsIP     int64 // … from one address in a bank day
}

// Standard gives the caps of SECURITY M09.
func Standard() Rules {
	return Rules{
		OneTransfer:   money.Rub(100_000_00),
		OutgoingDay:   money.Rub(300_000_00),
		OutgoingMonth: money.Rub(1_500_000_00),
		TopUpDay:      money.Rub(150_000_00),
		LookupsClient: 20,
		LookupsIP:     200,
	}
}

// Left is what a client may still move, with the caps beside it.
type Left struct {
	OneTransfer   money.Amount
	OutgoingDay   Meter
	OutgoingMonth Meter
	TopUpDay      Meter
	Resets        time.Time // when the bank day ends
}

// Meter is one counter: what is left of what cap.
type Meter struct{ Left, Cap money.Amount }

// Transfer gives the most that one transfer may be right now: the least of the three.
func (l Left) Transfer() money.Amount {
	least := l.OneTransfer
	for _, m := range []money.Amount{l.OutgoingDay.Left, l.OutgoingMonth.Left} {
		if m.Minor < least.Minor {
			least = m
		}
	}
	return least
}

// Refusals of this room.
var (
	// ErrOneTransfer: a single transfer is above {cap}.
	ErrOneTransfer = fault.New(fault.Refused, "limit.one_transfer").At("amount")
	// ErrOutgoingDay, ErrOutgoingMonth, ErrTopUpDay: {left} of {cap} remains.
	ErrOutgoingDay   = fault.New(fault.Refused, "limit.outgoing_day").At("amount")
	ErrOutgoingMonth = fault.New(fault.Refused, "limit.outgoing_month").At("amount")
	ErrTopUpDay      = fault.New(fault.Refused, "limit.topup_day").At("amount")
	// ErrLookups: too many people looked up today.
	ErrLookups = fault.New(fault.Throttled, "limit.lookups").At("phone")
)

// Outgoing builds the guards of money sent to others.
func (r Rules) Outgoing(owner client.ID, sum money.Amount) []ledger.Guard {
	return []ledger.Guard{
		{Owner: int64(owner), Name: ledger.GuardOutgoing, Window: ledger.BankDay, Cap: r.OutgoingDay, Amount: sum},
		{Owner: int64(owner), Name: ledger.GuardOutgoing, Window: ledger.CalendarMonth, Cap: r.OutgoingMonth, Amount: sum},
	}
}

// TopUp builds the guard of money taken from other banks' cards.
func (r Rules) TopUp(owner client.ID, sum money.Amount) []ledger.Guard {
	return []ledger.Guard{
		{Owner: int64(owner), Name: ledger.GuardTopUp, Window: ledger.BankDay, Cap: r.TopUpDay, Amount: sum},
	}
}

// CheckOne refuses a single transfer above the cap.
func (r Rules) CheckOne(sum money.Amount) error {
	if sum.Minor > r.OneTransfer.Minor {
		return ErrOneTransfer.With("cap", r.OneTransfer)
	}
	return nil
}

// Refusal turns a receipt that a guard refused into words. guards are those
// that were posted; a receipt refused for another reason gives nil.
func Refusal(r ledger.Receipt, guards []ledger.Guard) error {
	if r.Reason != ledger.LimitReached || r.Guard < 0 || r.Guard >= len(guards) {
		return nil
	}
	g := guards[r.Guard]
	e := ErrOutgoingDay
	switch {
	case g.Name == ledger.GuardTopUp:
		e = ErrTopUpDay
	case g.Window == ledger.CalendarMonth:
		e = ErrOutgoingMonth
	}
	return e.With("left", r.Left).With("cap", g.Cap)
}
