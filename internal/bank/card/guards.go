package card

import (
	"encoding/binary"
	"math"

	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// uncapped counts what is spent where no cap is set, so that one set later in
// the day knows of it.
const uncapped = math.MaxInt64

// Guards are the counters that an accepted attempt over a sum raises: what is
// spent in the bank day and the calendar month at home or abroad, cash besides,
// and what the card may spend or be used in its whole life. They travel with
// the ledger transaction, which refuses it when one passes its cap; GuardWord
// tells which.
func (f Face) Guards(a Attempt, sum money.Amount) []ledger.Guard {
	out := make([]ledger.Guard, 0, 6)
	add := func(name ledger.GuardName, w ledger.Window, cap money.Amount, amount money.Amount) {
		if cap.Cur == 0 {
			cap = money.Amount{Minor: uncapped, Cur: amount.Cur}
		}
		out = append(out, ledger.Guard{Owner: guardOwner(f.ID), Name: name, Window: w, Cap: cap, Amount: amount})
	}
	name, caps := ledger.GuardCardDay, f.Rules.Home
	if !a.Home {
		name, caps = ledger.GuardCardAbroad, f.Rules.Away
	}
	add(name, ledger.BankDay, caps.Day, sum)
	add(name, ledger.CalendarMonth, caps.Month, sum)
	if a.Cash {
		add(ledger.GuardCardCash, ledger.BankDay, f.Rules.Cash.Day, sum)
		add(ledger.GuardCardCash, ledger.CalendarMonth, f.Rules.Cash.Month, sum)
	}
	if f.Rules.Ceiling.Cur != 0 {
		add(ledger.GuardCardLife, ledger.Lifetime, f.Rules.Ceiling, sum)
	}
	if f.Rules.OneShot {
		add(ledger.GuardCardOnce, ledger.Lifetime, money.Rub(1), money.Rub(1))
	}
	return out
}

// GuardWord names the rule behind a guard; empty when it is none of a card's.
func GuardWord(g ledger.Guard) Switch {
	month := g.Window == ledger.CalendarMonth
	switch g.Name {
	case ledger.GuardCardDay:
		return either(month, SwitchHomeMonth, SwitchHomeDay)
	case ledger.GuardCardAbroad:
		return either(month, SwitchAwayMonth, SwitchAwayDay)
	case ledger.GuardCardCash:
		return either(month, SwitchCashMonth, SwitchCashDay)
	case ledger.GuardCardLife:
		return SwitchCeiling
	case ledger.GuardCardOnce:
		return SwitchOneShot
	}
	return ""
}

func either(yes bool, a, b Switch) Switch {
	if yes {
		return a
	}
	return b
}

// guardOwner is the number under which a card's own counters stand: the random
// half of its identifier, made negative, where no client is.
func guardOwner(card id.ID) int64 {
	const random = 1<<62 - 1                                    // the first two bits are the same in every identifier
	return -int64(binary.BigEndian.Uint64(card[8:])&random) - 1 // #nosec G115 -- 62 bits
}
