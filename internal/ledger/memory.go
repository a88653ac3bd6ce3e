package ledger

import (
	"time"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
)

// Memory is the book's law over accounts in memory: the same core as a Book's,
// without a database, a clock or durability, for one caller at a time. Models
// play lives of accounts on it by the million; a bank has a Book.
type Memory struct {
	st  *state
	ids *id.Source
}

// NewMemory makes an empty book.
func NewMemory(ids *id.Source) *Memory { return &Memory{st: newState(), ids: ids} }

// Open opens an owner's account under a number of the caller's choice.
func (m *Memory) Open(a AccountID, owner int64, cur money.Currency) {
	m.st.accounts[a] = &account{id: a, owner: owner, cur: cur}
}

// Post applies transactions as one unit of work does. It gives their receipts
// and the carried rows, with their places filled.
func (m *Memory) Post(at time.Time, ts ...Transaction) ([]Receipt, []db.Row, error) {
	orders := make([]*order, len(ts))
	for i := range ts {
		o := &order{t: ts[i]}
		if err := o.t.complete(m.ids); err != nil {
			return nil, nil, err
		}
		for _, l := range o.t.Legs {
			if _, ok := m.st.accounts[l.Account]; !ok && l.Account.Bank() {
				m.st.accounts[l.Account] = &account{id: l.Account, cur: l.Amount.Cur, noFloor: true}
			}
		}
		orders[i] = o
	}
	p, outs, err := decideSafely(m.st, at, orders)
	if err != nil {
		return nil, nil, err
	}
	m.settle(p)
	receipts := make([]Receipt, len(outs))
	for i, o := range outs {
		if o.err != nil {
			return nil, nil, o.err
		}
		receipts[i] = o.receipt
	}
	return receipts, p.rows, nil
}

// settle makes of what was touched what the next unit of work would read.
func (m *Memory) settle(p *plan) {
	for _, a := range p.accounts {
		a.touched = false
	}
	for _, h := range p.holds {
		h.fresh, h.touched = false, false
	}
	for _, n := range p.guards {
		n.stored, n.touched = true, false
	}
}

// Forget takes a remembered refusal back, as the end of a unit of work does
// that fails: nothing else was touched by it.
func (m *Memory) Forget(owner int64, k Key) {
	if was, ok := m.st.keys[ownerKey{owner, k}]; ok && was.receipt.Refused() {
		delete(m.st.keys, ownerKey{owner, k})
	}
}

// Account tells how an account stands; ErrForeignAccount when there is none.
func (m *Memory) Account(one AccountID) (Account, error) {
	a, ok := m.st.accounts[one]
	if !ok {
		return Account{}, ErrForeignAccount
	}
	sum := func(n int64) money.Amount { return money.Amount{Minor: n, Cur: a.cur} }
	return Account{
		ID: a.id, Owner: a.owner, Posted: sum(a.balance), Reserved: sum(a.reserved), Floor: sum(a.floor), NoFloor: a.noFloor, Version: a.version,
	}, nil
}

// Hold tells the tally of a transaction; false when it has none.
func (m *Memory) Hold(txn id.ID) (Hold, bool) {
	h, ok := m.st.holds[txn]
	if !ok {
		return Hold{}, false
	}
	return h.public(money.RUB), true
}

// Sum adds all accounts up. It is nought: what one gives another gets.
func (m *Memory) Sum() (sum int64) {
	for _, a := range m.st.accounts {
		sum += a.balance
	}
	return sum
}
