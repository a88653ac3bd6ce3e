package ledger

import (
	"time"

	"rocketbank/internal/base/money"
)

// decide applies transactions one after the other to the state and tells what
// has to be written and what to answer. It is the whole law of the book and is
// pure: no SQL, clock or goroutine. For each transaction the first check that
// fails decides, in this order: key, shape, phase, guards, funds. Only when all
// have passed is anything touched, so a refusal needs no undoing.
func decide(st *state, at time.Time, orders []*order) (*plan, []outcome) {
	p := &plan{at: at}
	out := make([]outcome, len(orders))
	for i, o := range orders {
		out[i] = st.one(p, at, o)
	}
	return p, out
}

// outcome answers one transaction: a receipt or an error.
type outcome struct {
	receipt Receipt
	err     error
}

func (st *state) one(p *plan, at time.Time, o *order) outcome {
	if k, ok := st.keys[ownerKey{o.t.Owner, o.t.Key}]; ok {
		// Before everything else: a replay judged by today's funds would be
		// told "not enough money" for the payment that spent it.
		if k.print != o.t.Print {
			return outcome{err: ErrOtherPrint}
		}
		r := k.receipt
		r.Replay = true
		return outcome{receipt: r}
	}
	c := &change{st: st, at: at, o: o, t: &o.t}
	if err := c.shape(); err != nil {
		return outcome{err: err}
	}
	r := Receipt{Txn: o.t.ID, Phase: o.t.Phase, At: at}
	if no, ok := c.refusal(); ok {
		r.Reason = no.reason
		no.fill(&r, o.t.currency())
		p.refuse(o, no)
	} else {
		c.apply(p, &r)
	}
	st.keys[ownerKey{o.t.Owner, o.t.Key}] = &known{print: o.t.Print, receipt: r}
	return outcome{receipt: r}
}

// change is one transaction on its way through the checks.
type change struct {
	st     *state
	at     time.Time
	o      *order
	t      *Transaction
	origin *origin // the referred transaction
	hold   *hold   // its tally, nil when it has none yet

	debit   int   // index of the one debited leg (Pending, Post)
	total   int64 // sum of the credits
	covered int64 // part of a Post that the hold pays for
	excess  int64 // part of a Post above the hold
}

// refused is why a transaction is a remembered refusal.
type refused struct {
	reason Reason
	detail int64
}

// refusal checks what depends on phase, limits and funds, in this order.
func (c *change) refusal() (refused, bool) {
	if no, ok := c.phaseRefusal(); ok {
		return no, true
	}
	for i, g := range c.t.Guards {
		used := int64(0)
		if n, ok := c.st.guards[guardKeyOf(g, c.at)]; ok {
			used = n.used
		}
		if sum, err := money.AddMinor(used, g.Amount.Minor); err != nil || sum > g.Cap.Minor {
			return refused{LimitReached, packLimit(i, g.Cap.Minor-used)}, true
		}
	}
	for i, l := range c.t.Legs {
		delta := l.Amount.Minor
		if c.t.Phase == Post && i == c.debit {
			delta = -c.excess
		}
		a := c.st.accounts[l.Account]
		if delta >= 0 || a.noFloor || l.Force {
			continue // a credit is never refused for a low balance
		}
		if after := a.balance - a.reserved + delta; after < a.floor {
			return refused{InsufficientFunds, -after}, true // what must come in: the floor rises to nought with it
		}
	}
	return refused{}, false
}

func (c *change) phaseRefusal() (refused, bool) {
	switch c.t.Phase {
	case Post, Void:
		if c.hold.open() == 0 {
			return refused{reason: HoldClosed}, true
		}
		if c.t.Phase == Void {
			break
		}
		if c.hold.expires != 0 && c.at.UnixMicro() >= c.hold.expires {
			return refused{reason: HoldClosed}, true // the worker is merely late
		}
		if c.excess > 0 && !c.t.Over {
			return refused{OverCapture, c.excess}, true
		}
	case Reversal:
		left := c.origin.total()
		if c.hold != nil {
			left = c.hold.posted - c.hold.reversed
		}
		if c.total > left {
			return refused{OverReversal, c.total - left}, true
		}
	}
	return refused{}, false
}

// apply changes the state and writes the plan; nothing can fail any more.
func (c *change) apply(p *plan, r *Receipt) {
	t := c.t
	row := txnRow{o: c.o, legs: make([]legRecord, len(t.Legs))}
	r.After = make([]After, len(t.Legs))
	for i, l := range t.Legs {
		a := c.st.accounts[l.Account]
		rec := legRecord{account: l.Account, amount: l.Amount.Minor, cur: l.Amount.Cur}
		if t.Phase == Pending {
			if i == c.debit {
				a.reserved -= l.Amount.Minor
				a.keepFloor(l.Force)
				p.touch(a)
			}
		} else {
			a.balance += l.Amount.Minor
			a.version++
			rec.seq = a.version
			if t.Phase == Post && i == c.debit {
				a.reserved -= c.covered
			}
			a.keepFloor(l.Force)
			p.touch(a)
			p.entries = append(p.entries, entryRow{a.id, a.version, t.ID, l.Amount.Minor, a.balance})
		}
		rec.balance = a.balance
		row.legs[i] = rec
		r.After[i] = After{Account: l.Account, Seq: rec.seq, Posted: money.Amount{Minor: a.balance, Cur: a.cur}}
	}
	for _, g := range t.Guards {
		k := guardKeyOf(g, c.at)
		n := c.st.counter(k)
		n.used += g.Amount.Minor
		p.touchGuard(n)
		row.guards = append(row.guards, guardRecord{k, g.Amount.Minor})
	}
	switch t.Phase {
	case Pending:
		h := &hold{txn: t.ID, account: t.Legs[c.debit].Account, amount: c.total, fresh: true}
		if !t.Expires.IsZero() {
			h.expires = t.Expires.UnixMicro()
		}
		c.st.holds[t.ID] = h
		p.touchHold(h)
	case Post, Void, Reversal:
		row.guards = c.settle(p)
	}
	if t.Phase == Posted || t.Phase == Pending {
		c.st.origins[t.ID] = &origin{phase: t.Phase, legs: row.legs, guards: row.guards}
	}
	p.accept(row, r)
}

// settle moves the tally of the referred transaction and gives the limits back
// what is given back, to the windows that were charged.
func (c *change) settle(p *plan) []guardRecord {
	h, whole := c.hold, c.origin.total()
	if h == nil { // a posted transaction gets its tally when it is first reversed
		h = &hold{txn: c.t.Refers, account: c.origin.legs[0].account, amount: whole, posted: whole, fresh: true}
		c.st.holds[c.t.Refers] = h
	}
	before := h.givenBack(whole)
	switch c.t.Phase {
	case Post:
		h.posted += c.covered + c.excess
		h.amount += c.excess
		if c.t.Final || c.excess > 0 {
			c.release(p, h)
		}
	case Void:
		c.release(p, h)
	case Reversal:
		h.reversed += c.total
	}
	if h.open() == 0 {
		h.expires = 0
	}
	p.touchHold(h)
	after := h.givenBack(whole)
	var back []guardRecord
	for _, g := range c.origin.guards {
		delta := share(g.delta, after, whole) - share(g.delta, before, whole)
		n, ok := c.st.guards[g.key]
		if delta == 0 || !ok || !n.stored && n.used == 0 {
			continue // nothing given back, or the counter was lost, which verify tells
		}
		n.used -= delta
		p.touchGuard(n)
		back = append(back, guardRecord{g.key, -delta})
	}
	return back
}

// release gives the open part of a hold back to its account.
func (c *change) release(p *plan, h *hold) {
	open := h.open()
	a := c.st.accounts[h.account]
	a.reserved -= open
	h.released += open
	a.keepFloor(false)
	p.touch(a)
}
