package ledger

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
)

// The model applies one transaction at a time and keeps what a clerk would:
// how much each account has, what is set aside and for whom, what each client
// has sent in each window, and every answer ever given.
type model struct {
	has, aside map[AccountID]int64
	promises   map[id.ID]*promise
	sent       map[guardKey]int64
	answers    map[ownerKey]answer
}

type promise struct {
	of                  *Transaction
	from                AccountID
	total               int64
	taken, undone, rest int64
	charged             []guardKey
	due                 int64
	counted             int64 // how much of the total still counts against the limits
	moved               bool
}

type answer struct {
	print  Print
	reason Reason
	detail int64
	bad    bool
}

func (m *model) apply(t *Transaction, at time.Time) answer {
	k := ownerKey{t.Owner, t.Key}
	if old, ok := m.answers[k]; ok {
		if old.print != t.Print {
			return answer{bad: true}
		}
		return old
	}
	a := m.fresh(t, at)
	a.print = t.Print
	if !a.bad {
		m.answers[k] = a
	}
	return a
}

func (m *model) fresh(t *Transaction, at time.Time) answer {
	p := m.promises[t.Refers]
	var from AccountID
	var sum int64
	for _, l := range t.Legs {
		if l.Amount.Minor < 0 {
			from, sum = l.Account, sum-l.Amount.Minor
		}
	}
	need := sum
	switch t.Phase {
	case Post:
		if p == nil || p.moved || p.from != t.Hold || from != t.Hold {
			return answer{bad: true}
		}
		if p.rest == 0 || p.due != 0 && at.UnixMicro() >= p.due {
			return answer{reason: HoldClosed}
		}
		need = max(0, sum-p.rest)
		if need > 0 && !t.Over {
			return answer{reason: OverCapture, detail: need}
		}
	case Void:
		if p == nil || p.moved || p.from != t.Hold {
			return answer{bad: true}
		}
		if p.rest == 0 {
			return answer{reason: HoldClosed}
		}
	case Reversal:
		if p == nil || !m.opposite(p, t) {
			return answer{bad: true}
		}
		if left := p.taken - p.undone; sum > left {
			return answer{reason: OverReversal, detail: sum - left}
		}
	}
	for i, g := range t.Guards {
		if left := g.Cap.Minor - m.sent[guardKeyOf(g, at)]; g.Amount.Minor > left {
			return answer{reason: LimitReached, detail: packLimit(i, left)}
		}
	}
	if t.Phase != Void && !from.Bank() && m.has[from]-m.aside[from] < need && need > 0 {
		return answer{reason: InsufficientFunds, detail: need - (m.has[from] - m.aside[from])}
	}
	m.do(t, p, sum, at)
	return answer{}
}

func (m *model) opposite(p *promise, t *Transaction) bool {
	if !p.moved {
		return t.Legs[0].Account == p.from && t.Legs[0].Amount.Minor > 0 || t.Legs[1].Account == p.from && t.Legs[1].Amount.Minor > 0
	}
	for i := range t.Legs {
		w := p.of.Legs[i]
		if w.Account != t.Legs[i].Account || w.Amount.Minor > 0 == (t.Legs[i].Amount.Minor > 0) || abs(t.Legs[i].Amount.Minor) > abs(w.Amount.Minor) {
			return false
		}
	}
	return true
}

func (m *model) do(t *Transaction, p *promise, sum int64, at time.Time) {
	if t.Phase != Pending {
		for _, l := range t.Legs {
			m.has[l.Account] += l.Amount.Minor
		}
	}
	switch t.Phase {
	case Posted, Pending:
		n := &promise{of: t, from: t.Legs[0].Account, total: sum, counted: sum, moved: t.Phase == Posted}
		if n.moved {
			n.taken = sum
		} else {
			n.rest = sum
			m.aside[n.from] += sum
			if !t.Expires.IsZero() {
				n.due = t.Expires.UnixMicro()
			}
		}
		for _, g := range t.Guards {
			k := guardKeyOf(g, at)
			m.sent[k] += g.Amount.Minor
			n.charged = append(n.charged, k)
		}
		m.promises[t.ID] = n
		return
	case Post:
		part := min(sum, p.rest)
		p.taken += sum
		p.rest -= part
		m.aside[p.from] -= part
		if t.Final {
			m.aside[p.from] -= p.rest
			p.rest = 0
		}
	case Void:
		m.aside[p.from] -= p.rest
		p.rest = 0
	case Reversal:
		p.undone += sum
	}
	// The limits count what is spent or may still be spent, at most the total.
	if counts := min(p.total, p.taken-p.undone+p.rest); counts != p.counted {
		for _, k := range p.charged {
			m.sent[k] += counts - p.counted
		}
		p.counted = counts
	}
}

// world generates transactions and holds both worlds: the model's and the core's.
type world struct {
	m        *model
	accounts []AccountID
	ids      *id.Source
	past     []*Transaction // everything that was ever submitted
	now      time.Time
}

func (w *world) transaction(t *rapid.T) *Transaction {
	if len(w.past) > 0 && rapid.IntRange(0, 9).Draw(t, "replay") == 0 {
		again := *w.past[rapid.IntRange(0, len(w.past)-1).Draw(t, "which")]
		if rapid.IntRange(0, 3).Draw(t, "other print") == 0 {
			again.Print[0]++
		}
		return &again
	}
	tr := &Transaction{ID: w.ids.New(), Owner: int64(rapid.IntRange(1, 2).Draw(t, "owner")), Key: freshKey(), Kind: KindTransfer}
	tr.Print = PrintOf(string(tr.Key[:]))
	amount := int64(rapid.IntRange(1, 120).Draw(t, "amount"))
	tr.Phase = Phase(rapid.IntRange(1, 5).Draw(t, "phase"))
	var origin *Transaction
	if tr.Phase >= Post {
		if len(w.past) == 0 {
			tr.Phase = Posted
		} else {
			origin = w.past[rapid.IntRange(0, len(w.past)-1).Draw(t, "refers")]
			tr.Refers = origin.ID
		}
	}
	switch {
	case tr.Phase == Posted || tr.Phase == Pending:
		from := rapid.IntRange(0, len(w.accounts)-1).Draw(t, "from")
		if tr.Phase == Pending {
			from = rapid.IntRange(1, len(w.accounts)-1).Draw(t, "from")
		}
		to := (from + rapid.IntRange(1, len(w.accounts)-1).Draw(t, "to")) % len(w.accounts)
		tr.Legs = move(w.accounts[from], w.accounts[to], amount)
		for _, win := range []Window{BankDay, CalendarMonth, Lifetime} {
			if rapid.Bool().Draw(t, "guard") {
				tr.Guards = append(tr.Guards, Guard{Owner: tr.Owner, Name: GuardOutgoing, Window: win, Cap: money.Rub(300), Amount: money.Rub(amount)})
			}
		}
		if tr.Phase == Pending && rapid.Bool().Draw(t, "expires") {
			tr.Expires = w.now.Add(time.Duration(rapid.IntRange(1, 48).Draw(t, "hours")) * time.Hour)
		}
	case len(origin.Legs) == 0: // a void refers to nothing sensible; keep the core busy with it
		tr.Hold = w.accounts[1]
		tr.Legs = move(w.accounts[1], w.accounts[2], amount)
	default:
		from, to := origin.Legs[0].Account, origin.Legs[1].Account
		if rapid.IntRange(0, 9).Draw(t, "wrong account") == 0 {
			from, to = to, from
		}
		switch tr.Phase {
		case Void:
			tr.Hold = from
		case Post:
			tr.Hold = from
			tr.Final, tr.Over = rapid.Bool().Draw(t, "final"), rapid.Bool().Draw(t, "over")
			tr.Legs = move(from, to, amount)
		case Reversal:
			tr.Legs = move(from, to, amount)
			tr.Legs[0].Amount.Minor, tr.Legs[1].Amount.Minor = amount, -amount
		}
	}
	if tr.Phase == Void {
		tr.Legs = nil
	}
	return tr
}

func newWorld() *world {
	w := &world{
		m:        &model{map[AccountID]int64{}, map[AccountID]int64{}, map[id.ID]*promise{}, map[guardKey]int64{}, map[ownerKey]answer{}},
		accounts: []AccountID{World, 2000 * slots, 2001 * slots, 2002 * slots},
		ids:      id.NewSource(time.Now),
		now:      time.Date(2026, 1, 31, 20, 0, 0, 0, time.UTC), // an hour before Moscow's month ends
	}
	return w
}

func (w *world) state() *state {
	st := newState()
	for _, a := range w.accounts {
		st.accounts[a] = &account{id: a, cur: money.RUB, noFloor: a.Bank()}
	}
	return st
}

// TestCoreAgreesWithTheModel runs random lives of a small bank, cut into
// random batches, and compares every answer and every balance with the model.
func TestCoreAgreesWithTheModel(t *testing.T) {
	for range count(1, 20, 500) { // 100 lives each
		rapid.Check(t, live)
	}
}

func live(t *rapid.T) {
	w := newWorld()
	st := w.state()
	for range rapid.IntRange(1, 12).Draw(t, "batches") {
		w.now = w.now.Add(time.Duration(rapid.IntRange(0, 20*3600).Draw(t, "pause")) * time.Second)
		var batch []*order
		var want []answer
		for range rapid.IntRange(1, 8).Draw(t, "size") {
			tr := w.transaction(t)
			batch = append(batch, &order{t: *tr})
			want = append(want, w.m.apply(tr, w.now))
			w.past = append(w.past, tr)
		}
		p, got := decide(st, w.now, batch)
		for i := range got {
			compare(t, batch[i], got[i], want[i])
		}
		checkPlan(t, st, p)
		w.same(t, st)
		reload(st)
	}
}

func compare(t *rapid.T, o *order, got outcome, want answer) {
	var detail refused
	if got.err == nil && got.receipt.Refused() {
		detail = refused{got.receipt.Reason, got.receipt.Missing.Minor}
		if got.receipt.Reason == LimitReached {
			detail.detail = packLimit(got.receipt.Guard, got.receipt.Left.Minor)
		}
	}
	if (got.err != nil) != want.bad || detail.reason != want.reason || detail.detail != want.detail {
		t.Fatalf("%+v:\ncore %+v\nmodel %+v", o.t, got, want)
	}
}

func (w *world) same(t *rapid.T, st *state) {
	sum := int64(0)
	for _, a := range w.accounts {
		acc := st.accounts[a]
		sum += acc.balance
		if acc.balance != w.m.has[a] || acc.reserved != w.m.aside[a] {
			t.Fatalf("%v has %d/%d, the model %d/%d", a, acc.balance, acc.reserved, w.m.has[a], w.m.aside[a])
		}
		if !acc.noFloor && acc.balance-acc.reserved < acc.floor {
			t.Fatalf("%v is below its floor", a)
		}
	}
	if sum != 0 {
		t.Fatalf("the book sums to %d", sum)
	}
	for k, n := range w.m.sent {
		if used := st.counter(k).used; used != n {
			t.Fatalf("limit %+v is %d, the model has %d", k, used, n)
		}
	}
}

// checkPlan folds the written rows: refused transactions write a row and
// nothing else, entries chain up to the accounts' last state.
func checkPlan(t *rapid.T, st *state, p *plan) {
	legs := 0
	for _, r := range p.txns {
		if r.no.reason != Accepted && (len(r.legs) > 0 || len(r.guards) > 0) {
			t.Fatalf("a refusal has legs: %+v", r)
		}
		for _, l := range r.legs {
			if l.seq > 0 {
				legs++
			}
		}
	}
	if legs != len(p.entries) {
		t.Fatalf("%d legs, %d entries", legs, len(p.entries))
	}
	last := map[AccountID]entryRow{}
	for _, e := range p.entries {
		if b, ok := last[e.account]; ok && (e.seq != b.seq+1 || e.balance != b.balance+e.amount) {
			t.Fatalf("entry %+v follows %+v", e, b)
		}
		last[e.account] = e
	}
	for a, e := range last {
		if acc := st.accounts[a]; acc.version != e.seq || acc.balance != e.balance || !acc.touched {
			t.Fatalf("account %+v, last entry %+v", acc, e)
		}
	}
}

// reload is what the database does between two batches.
func reload(st *state) {
	for _, a := range st.accounts {
		a.touched = false
	}
	for _, h := range st.holds {
		h.touched, h.fresh = false, false
	}
	for _, n := range st.guards {
		n.touched, n.stored = false, true
	}
}
