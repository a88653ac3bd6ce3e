package ledger

import (
	"fmt"

	"rocketbank/internal/base/money"
)

// misuse says that the caller's code is wrong; nothing is remembered.
func misuse(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMisuse, fmt.Sprintf(format, args...))
}

// shape checks everything that is wrong whatever the balances are. Its errors
// are the caller's mistakes and are not remembered.
func (c *change) shape() error {
	t := c.t
	if len(t.Legs) > MaxLegs {
		return misuse("%d legs", len(t.Legs))
	}
	if (t.Phase == Void) != (len(t.Legs) == 0) {
		return misuse("%d legs in phase %d", len(t.Legs), t.Phase)
	}
	if err := c.sums(); err != nil {
		return err
	}
	if err := c.accounts(); err != nil {
		return err
	}
	if err := c.guardShape(); err != nil {
		return err
	}
	refers := t.Phase == Post || t.Phase == Void || t.Phase == Reversal
	if refers == t.Refers.IsZero() {
		return misuse("phase %d and refers %x", t.Phase, t.Refers)
	}
	if t.Phase != Post && (t.Final || t.Over) || t.Phase != Pending && !t.Expires.IsZero() {
		return misuse("flags of another phase than %d", t.Phase)
	}
	switch t.Phase {
	case Posted:
		return nil
	case Pending:
		return c.oneDebit()
	case Post, Void, Reversal:
		return c.referred()
	}
	return misuse("phase %d", t.Phase)
}

// sums checks that the legs sum to zero per currency without overflow.
func (c *change) sums() error {
	for i, l := range c.t.Legs {
		if l.Amount.Minor == 0 {
			return misuse("leg %d is zero", i)
		}
		if l.Amount.Minor > 0 {
			var err error
			if c.total, err = money.AddMinor(c.total, l.Amount.Minor); err != nil {
				return misuse("legs overflow")
			}
		}
		counted, sum := false, int64(0)
		for j, m := range c.t.Legs {
			if m.Amount.Cur != l.Amount.Cur {
				continue
			}
			if j < i {
				counted = true // this currency was summed at its first leg
				break
			}
			var err error
			if sum, err = money.AddMinor(sum, m.Amount.Minor); err != nil {
				return misuse("legs overflow")
			}
		}
		if !counted && sum != 0 {
			return misuse("legs in %v sum to %d", l.Amount.Cur, sum)
		}
	}
	return nil
}

func (c *change) accounts() error {
	for i, l := range c.t.Legs {
		for _, m := range c.t.Legs[:i] {
			if m.Account == l.Account {
				return misuse("account %v twice", l.Account)
			}
		}
		a, ok := c.st.accounts[l.Account]
		if !ok || l.Owner != BankOwner && l.Owner != a.owner {
			return ErrForeignAccount
		}
		if a.closed {
			return ErrClosedAccount
		}
		if a.cur != l.Amount.Cur {
			return misuse("leg in %v on account %v in %v", l.Amount.Cur, l.Account, a.cur)
		}
		if _, err := money.AddMinor(a.balance, l.Amount.Minor); err != nil {
			return misuse("balance of %v overflows", l.Account)
		}
		if _, err := money.AddMinor(a.balance-a.reserved, l.Amount.Minor); err != nil {
			return misuse("balance of %v overflows", l.Account)
		}
		if c.t.Phase == Pending && l.Amount.Minor < 0 {
			if _, err := money.AddMinor(-l.Amount.Minor, a.reserved); err != nil || -l.Amount.Minor < 0 {
				return misuse("reserve of %v overflows", l.Account)
			}
		}
	}
	return nil
}

func (c *change) guardShape() error {
	t := c.t
	if len(t.Guards) > 0 && t.Phase != Posted && t.Phase != Pending {
		return misuse("guards in phase %d", t.Phase)
	}
	for i, g := range t.Guards {
		if g.Amount.Minor < 0 || g.Amount.Cur != g.Cap.Cur || g.Window < BankDay || g.Window > Lifetime {
			return misuse("guard %d", i)
		}
		for _, h := range t.Guards[:i] {
			if h.Owner == g.Owner && h.Name == g.Name && h.Window == g.Window {
				return misuse("guard %d twice", g.Name)
			}
		}
	}
	return nil
}

func (c *change) oneDebit() error {
	c.debit = -1
	for i, l := range c.t.Legs {
		if l.Amount.Minor < 0 {
			if c.debit >= 0 {
				return misuse("two debits in phase %d", c.t.Phase)
			}
			c.debit = i
		}
	}
	if c.debit < 0 {
		return misuse("no debit")
	}
	return nil
}

// referred checks that the transaction referred to exists and is of the right kind.
func (c *change) referred() error {
	t := c.t
	c.origin = c.st.origins[t.Refers]
	c.hold = c.st.holds[t.Refers]
	if c.origin == nil || c.origin.refused {
		return misuse("no transaction %x to refer to", t.Refers)
	}
	if t.Phase == Reversal {
		return c.reversible()
	}
	if c.origin.phase != Pending || c.hold == nil {
		return misuse("transaction %x is no hold", t.Refers)
	}
	if t.Hold != c.hold.account {
		return misuse("the hold %x is on %v, not %v", t.Refers, c.hold.account, t.Hold)
	}
	if _, ok := c.st.accounts[t.Hold]; !ok {
		return ErrForeignAccount
	}
	if t.Phase == Void {
		return nil
	}
	if err := c.oneDebit(); err != nil {
		return err
	}
	if t.Legs[c.debit].Account != t.Hold {
		return misuse("post debits %v, the hold is on %v", t.Legs[c.debit].Account, t.Hold)
	}
	amount := -t.Legs[c.debit].Amount.Minor
	c.covered = min(amount, c.hold.open())
	c.excess = amount - c.covered
	if _, err := money.AddMinor(c.hold.posted, amount); err != nil {
		return misuse("post of %x overflows", t.Refers)
	}
	return nil
}

// reversible checks that the legs are opposite to those of the origin: no
// account gets or gives more than it gave or got.
func (c *change) reversible() error {
	if c.origin.phase != Posted && c.origin.phase != Pending {
		return misuse("phase %d cannot be reversed", c.origin.phase)
	}
	if c.origin.phase == Pending {
		// The parts that were posted may have gone elsewhere than the hold
		// said; what counts is what comes back to the account of the hold.
		for _, l := range c.t.Legs {
			if l.Account.base() == c.hold.account && l.Amount.Minor == c.total {
				return nil
			}
		}
		return misuse("reversal of %x does not credit %v alone", c.t.Refers, c.hold.account)
	}
	if len(c.origin.legs) > 2 && c.hold != nil && c.hold.reversed > 0 {
		// The tally keeps one sum, which does not tell whose part came back:
		// one payee could be made to pay another's.
		return misuse("a second part of %x, which has more than two legs, cannot be reversed", c.t.Refers)
	}
	for _, l := range c.t.Legs {
		ok := false
		for _, was := range c.origin.legs {
			if was.account.base() == l.Account.base() {
				ok = (was.amount < 0) == (l.Amount.Minor > 0) && abs(l.Amount.Minor) <= abs(was.amount)
			}
		}
		if !ok {
			return misuse("reversal of %x is not opposite on %v", c.t.Refers, l.Account)
		}
	}
	return nil
}
