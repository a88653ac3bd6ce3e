// Package limit keeps how much may move and how often one may ask.
//
// Sums are counted by the ledger: this room only builds the guards that travel
// with a transaction, so that the check and the debit are one atom, and reads
// the counters back for «осталось на сегодня». Look-ups of people by phone are
// counted here, outside the ledger, because no money moves with them; so are
// the purchases that a token approves, whose money moves later and by the card.
// A bank day is 00:00–24:00 in Moscow.
package limit

import (
	"encoding/binary"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// Rules are the caps of the house. They are configuration.
type Rules struct {
	OneTransfer   money.Amount // most that one transfer may be
	OutgoingDay   money.Amount // all outgoing in a bank day
	OutgoingMonth money.Amount // all outgoing in a calendar month
	TopUpDay      money.Amount // top-ups in a bank day, as credited

	// Clients identified in the simplified way (S13).
	SimplifiedDay   money.Amount
	SimplifiedMonth money.Amount
	// Devices without a key of their own.
	ScriptlessDay money.Amount
	// For 48 hours after a new device or a changed factor.
	ReducedOne money.Amount
	ReducedDay money.Amount

	// OwnDelay is how long a client's own limits stay as they are after he made
	// them looser.
	OwnDelay time.Duration

	LookupsClient int64 // people looked up by one client in a bank day
	LookupsIP     int64 // … from one address in a bank day
	CardRefusals  int64 // payouts to cards that were refused or are open yet, by one client in a bank day
	ComparedDay   int64 // numbers that one client writes into his contact book in a bank day
}

// Standard gives the caps of SECURITY M09 and S13.
func Standard() Rules {
	return Rules{
		OneTransfer:     money.Rub(100_000_00),
		OutgoingDay:     money.Rub(300_000_00),
		OutgoingMonth:   money.Rub(1_500_000_00),
		TopUpDay:        money.Rub(150_000_00),
		SimplifiedDay:   money.Rub(60_000_00),
		SimplifiedMonth: money.Rub(200_000_00),
		ScriptlessDay:   money.Rub(15_000_00),
		ReducedOne:      money.Rub(15_000_00),
		ReducedDay:      money.Rub(30_000_00),
		OwnDelay:        24 * time.Hour,
		LookupsClient:   20,
		LookupsIP:       200,
		CardRefusals:    10,
		ComparedDay:     100,
	}
}

// Left is what a client may still move, with the caps beside it.
type Left struct {
	OneTransfer   money.Amount
	OutgoingDay   Meter
	OutgoingMonth Meter
	TopUpDay      Meter
	Resets        time.Time // when the bank day ends
	Renews        time.Time // when the calendar month does
	// Caps are what holds beside these for the one who asks, and why.
	Caps []Cap
}

// Meter is one counter: what is left of what cap.
type Meter struct{ Left, Cap money.Amount }

// Why says why a cap is narrower than the house's own.
type Why string

// The reasons. Words are for programs and never change.
const (
	Simplified Why = "simplified" // the client is not fully identified yet: it narrows OutgoingDay and OutgoingMonth
	Scriptless Why = "scriptless" // the device has no key
	Reduced    Why = "reduced"    // a new device or a changed factor
	Token      Why = "token"      // the API token's own caps
	OwnLimits  Why = "own"        // the client set them himself: they narrow OutgoingDay and OutgoingMonth
)

// Cap is one more cap.
type Cap struct {
	Why   Why
	Order money.Amount // most that one order may be; no currency: no such cap
	Day   Meter        // in a bank day; no currency: no such cap
	Until time.Time    // until when it holds; zero: it does not end by itself
}

// Transfer gives the most that one transfer may be right now: the least of all.
func (l Left) Transfer() money.Amount {
	least := l.OneTransfer
	lower := func(m money.Amount) {
		if m.Cur != 0 && m.Minor < least.Minor {
			least = m
		}
	}
	lower(l.OutgoingDay.Left)
	lower(l.OutgoingMonth.Left)
	for _, c := range l.Caps {
		lower(c.Order)
		lower(c.Day.Left)
	}
	return least
}

// Refusals of this room. {left} of {cap} remains; {cap} is the most of one.
var (
	// ErrOneTransfer: a single transfer is above {cap}.
	ErrOneTransfer = fault.New(fault.Refused, "limit.one_transfer").At("amount")
	// ErrOutgoingDay, ErrOutgoingMonth, ErrTopUpDay: {left} of {cap} remains.
	ErrOutgoingDay   = fault.New(fault.Refused, "limit.outgoing_day").At("amount")
	ErrOutgoingMonth = fault.New(fault.Refused, "limit.outgoing_month").At("amount")
	ErrTopUpDay      = fault.New(fault.Refused, "limit.topup_day").At("amount")
	// ErrSimplifiedDay, ErrSimplifiedMonth: the same for who is not fully identified.
	ErrSimplifiedDay   = fault.New(fault.Refused, "limit.simplified_day").At("amount")
	ErrSimplifiedMonth = fault.New(fault.Refused, "limit.simplified_month").At("amount")
	// ErrScriptless: a device without a key.
	ErrScriptless = fault.New(fault.Refused, "limit.scriptless_day").At("amount")
	// ErrReducedOne, ErrReducedDay: {until} a new device or changed factor has aged.
	ErrReducedOne = fault.New(fault.Refused, "limit.reduced_one").At("amount")
	ErrReducedDay = fault.New(fault.Refused, "limit.reduced_day").At("amount")
	// ErrTokenOne, ErrTokenDay: the API token's own caps.
	ErrTokenOne = fault.New(fault.Refused, "limit.token_one").At("amount")
	ErrTokenDay = fault.New(fault.Refused, "limit.token_day").At("amount")
	// ErrLookups: too many people looked up today.
	ErrLookups = fault.New(fault.Throttled, "limit.lookups").At("phone")
	// ErrCardRefusals: too many payouts to cards were refused today, or are not known yet.
	ErrCardRefusals = fault.New(fault.Throttled, "limit.card_refusals").At("to")
	// ErrCompared: too many numbers written into a contact book today.
	ErrCompared = fault.New(fault.Throttled, "limit.compared").At("phone")
)

// simplified tells who is not fully identified; an unknown level is not.
func simplified(s client.Standing) bool { return s.Level != client.Full }

// Outgoing builds the guards of money sent to others by who stands so at now.
// The first two are always the day and the month.
func (r Rules) Outgoing(owner client.ID, sum money.Amount, s client.Standing, now time.Time) []ledger.Guard {
	day, month := r.OutgoingDay, r.OutgoingMonth
	if simplified(s) {
		day, month = least(day, r.SimplifiedDay), least(month, r.SimplifiedMonth)
	}
	day, month = narrowed(day, s.Own.Day), narrowed(month, s.Own.Month)
	guards := make([]ledger.Guard, 2, 5)
	guards[0] = ledger.Guard{Owner: int64(owner), Name: ledger.GuardOutgoing, Window: ledger.BankDay, Cap: day, Amount: sum}
	guards[1] = ledger.Guard{Owner: int64(owner), Name: ledger.GuardOutgoing, Window: ledger.CalendarMonth, Cap: month, Amount: sum}
	if s.Scriptless {
		guards = append(guards, ledger.Guard{Owner: int64(owner), Name: ledger.GuardScriptless, Window: ledger.BankDay, Cap: r.ScriptlessDay, Amount: sum})
	}
	if s.ReducedAt(now) {
		guards = append(guards, ledger.Guard{Owner: int64(owner), Name: ledger.GuardReduced, Window: ledger.BankDay, Cap: r.ReducedDay, Amount: sum})
	}
	if !s.Token.IsZero() {
		guards = append(guards, ledger.Guard{Owner: tokenOwner(s.Token), Name: ledger.GuardToken, Window: ledger.BankDay, Cap: s.TokenDay, Amount: sum})
	}
	return guards
}

// narrowed gives a cap below which the client may have set one of his own.
func narrowed(c, own money.Amount) money.Amount {
	if own.Cur == 0 {
		return c
	}
	return least(c, own)
}

func least(a, b money.Amount) money.Amount {
	if b.Minor < a.Minor {
		return b
	}
	return a
}

// tokenOwner is the number under which a token's own counter stands: the
// random half of its identifier, made negative, where no client is.
func tokenOwner(token id.ID) int64 {
	const random = 1<<62 - 1                                     // the first two bits are the same in every identifier
	return -int64(binary.BigEndian.Uint64(token[8:])&random) - 1 // #nosec G115 -- 62 bits
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

// CheckCardRefusals refuses a payout to a card that would be number n of a
// client's bank day among those that were refused or are open yet.
func (r Rules) CheckCardRefusals(n int64) error {
	if n > r.CardRefusals {
		return ErrCardRefusals
	}
	return nil
}

// CheckOrder refuses a single transfer above the caps of who stands so at now.
func (r Rules) CheckOrder(sum money.Amount, s client.Standing, now time.Time) error {
	switch {
	case sum.Minor > r.OneTransfer.Minor:
		return ErrOneTransfer.With("cap", r.OneTransfer)
	case s.Own.One.Cur != 0 && sum.Minor > s.Own.One.Minor:
		return ErrOwnOne.With("cap", s.Own.One)
	case !s.Token.IsZero() && sum.Minor > s.TokenOrder.Minor:
		return ErrTokenOne.With("cap", s.TokenOrder)
	case s.ReducedAt(now) && sum.Minor > r.ReducedOne.Minor:
		return ErrReducedOne.With("cap", r.ReducedOne).With("until", s.Reduced)
	}
	return nil
}

// Refusal turns a receipt that a guard refused into words. guards are those
// that were posted by who stands so; a receipt refused for another reason gives
// nil. A repeat may find fewer guards than the first time: what was reached
// then holds no more, and the day's words are the nearest.
func Refusal(r ledger.Receipt, guards []ledger.Guard, s client.Standing) error {
	if r.Reason != ledger.LimitReached || r.Guard < 0 || len(guards) == 0 {
		return nil
	}
	if r.Guard >= len(guards) {
		r.Guard = 0
	}
	g := guards[r.Guard]
	e := ReachedDay(s, g.Cap)
	switch {
	case g.Name == ledger.GuardTopUp:
		e = ErrTopUpDay
	case g.Name == ledger.GuardScriptless:
		e = ErrScriptless
	case g.Name == ledger.GuardReduced:
		e = ErrReducedDay.With("until", s.Reduced)
	case g.Name == ledger.GuardToken:
		e = ErrTokenDay
	case g.Window == ledger.CalendarMonth:
		e = ReachedMonth(s, g.Cap)
	}
	return e.With("left", r.Left).With("cap", g.Cap)
}

// ReachedDay gives the words for who stands so at the cap of the day: whose it is.
func ReachedDay(s client.Standing, reached money.Amount) *fault.Error {
	switch {
	case s.Own.Day.Cur != 0 && reached == s.Own.Day:
		return ErrOwnDay
	case simplified(s):
		return ErrSimplifiedDay
	}
	return ErrOutgoingDay
}

// ReachedMonth is ReachedDay for the calendar month.
func ReachedMonth(s client.Standing, reached money.Amount) *fault.Error {
	switch {
	case s.Own.Month.Cur != 0 && reached == s.Own.Month:
		return ErrOwnMonth
	case simplified(s):
		return ErrSimplifiedMonth
	}
	return ErrOutgoingMonth
}
