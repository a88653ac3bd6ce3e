package purchase_test

import (
	"math/rand/v2"
	"strconv"
	"time"

	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/base/id"
)

// model is what the bank promises about one card, written down a second time
// and naively: one balance, a list of what was asked, no SQL, no ledger.
// Everything is in kopecks of one currency.
type model struct {
	posted int64 // on the account
	frozen bool
	list   []*entry
	told   map[string]told // message key → first answer
	names  map[purchase.Origin]*entry
	items  map[string]*item // presentments by reference number
	undone map[string]bool  // presentments that were taken back
}

// told is a remembered answer and what it must be asked for again with.
type told struct {
	reason  purchase.Reason
	code    string
	process string
	amount  int64
	entry   *entry
	part    int64 // number of the increment's part; 0: none
	fact    bool  // a completion
	undone  bool
}

// entry is an authorisation; a tombstone has only a name.
type entry struct {
	r       purchase.Request
	id      id.ID
	code    string
	kind    purchase.Kind
	state   purchase.State
	local   int64
	billing int64
	posted  int64
	shown   int64 // presented by clearing, less what was taken back
	parts   []part
	cleared bool // only a clearing or completion posts it
	asked   bool // by a message, not by a clearing file alone
	expires time.Time
}

// part is a hold.
type part struct{ n, left int64 }

type item struct {
	e   *entry
	sum int64
}

func newModel(roubles int64) *model {
	return &model{
		posted: roubles * 100, told: map[string]told{}, names: map[purchase.Origin]*entry{}, items: map[string]*item{}, undone: map[string]bool{},
	}
}

// reserved is what all holds still have.
func (m *model) reserved() int64 {
	var sum int64
	for _, e := range m.list {
		sum += e.left()
	}
	return sum
}

func (e *entry) left() int64 {
	var sum int64
	for _, p := range e.parts {
		sum += p.left
	}
	return sum
}

// shows is what the client's feed says about an entry.
func (e *entry) shows() (operation.State, int64, bool) {
	sum := -e.billing
	if e.state == purchase.Posted {
		sum = -e.posted
	}
	if e.kind == purchase.KindRefund || e.kind == purchase.KindCredit {
		sum = -sum
	}
	switch e.state {
	case purchase.Held:
		return operation.Pending, sum, true
	case purchase.Posted:
		return operation.Done, sum, true
	}
	return operation.Reversed, 0, false // the sum stays as it was shown last
}

// keyOf and nameOf know no transmission time: it changes with every repeat.
func keyOf(r purchase.Request) string { return string(r.Class) + r.STAN }

func nameOf(r purchase.Request) purchase.Origin {
	return purchase.Origin{Class: r.Class, STAN: r.STAN}
}

func (m *model) named(o purchase.Origin) *entry {
	return m.names[purchase.Origin{Class: o.Class, STAN: o.STAN}]
}

// answers tells what the bank must answer now, and goes on. The code is known
// only when it was told before.
func (m *model) answers(r purchase.Request, now time.Time) told {
	was, seen := m.told[keyOf(r)]
	if seen {
		if was.process != r.Process || was.amount != r.Amount.Minor {
			return told{reason: purchase.TwiceSent}
		}
		return was
	}
	var out told
	switch {
	case r.Class == purchase.Reversing:
		out = m.reverses(r)
	case r.Advice:
		out = m.advised(r, now)
	default:
		out = m.decides(r, now)
	}
	out.process, out.amount = r.Process, r.Amount.Minor
	m.told[keyOf(r)] = out
	return out
}

func (m *model) decides(r purchase.Request, now time.Time) told {
	if m.names[nameOf(r)] != nil {
		return told{reason: purchase.TwiceSent}
	}
	credit := r.Process == purchase.GiveBack || r.Process == purchase.CreditMC
	if m.frozen && !credit {
		return told{reason: purchase.Paused}
	}
	if r.Process == purchase.Inquire {
		return told{reason: purchase.Approved}
	}
	if r.Incremental {
		return m.adds(r, now)
	}
	sum, reason := r.Amount.Minor, purchase.Approved
	if free := m.posted - m.reserved(); !credit && sum > free {
		if !r.Partial || free <= 0 {
			return told{reason: purchase.NoFunds}
		}
		sum, reason = free, purchase.PartlyApproved
	}
	return told{reason: reason, entry: m.makes(r, sum, now)}
}

// makes writes down what was approved.
func (m *model) makes(r purchase.Request, sum int64, now time.Time) *entry {
	e := &entry{r: r, state: purchase.Held, kind: purchase.KindBuy, local: sum, billing: sum, asked: true}
	switch {
	case r.Process == purchase.GiveBack:
		e.kind = purchase.KindRefund
	case r.Process == purchase.CreditMC:
		e.kind = purchase.KindCredit
	case r.Process == purchase.Withdraw:
		e.kind = purchase.KindCash
	case r.Condition == "06":
		e.kind = purchase.KindPreauth
	}
	switch {
	case r.Class == purchase.Financial || e.kind == purchase.KindCredit:
		e.state, e.posted = purchase.Posted, sum
		m.moves(e, sum)
	case e.kind == purchase.KindRefund:
		e.cleared = true
	default:
		e.parts, e.cleared, e.expires = []part{{0, sum}}, true, until(e.kind, now)
	}
	m.list, m.names[nameOf(r)] = append(m.list, e), e
	return e
}

func until(k purchase.Kind, now time.Time) time.Time {
	if k == purchase.KindPreauth {
		return now.Add(30 * 24 * time.Hour)
	}
	return now.Add(7 * 24 * time.Hour)
}

// moves is money for an entry: from the account, or to it for what is given.
func (m *model) moves(e *entry, sum int64) {
	if e.kind == purchase.KindRefund || e.kind == purchase.KindCredit {
		sum = -sum
	}
	m.posted -= sum
}

// adds is an increment.
func (m *model) adds(r purchase.Request, now time.Time) told {
	for _, e := range m.list {
		if e.r.RRN != r.RRN || e.state != purchase.Held || len(e.parts) == 0 {
			continue
		}
		if r.Amount.Minor > m.posted-m.reserved() {
			return told{reason: purchase.NoFunds}
		}
		n, _ := strconv.ParseInt(r.STAN, 10, 64)
		e.parts = append(e.parts, part{n, r.Amount.Minor})
		e.billing, e.local, e.expires = e.billing+r.Amount.Minor, e.local+r.Amount.Minor, until(e.kind, now)
		return told{reason: purchase.Approved, entry: e, part: n}
	}
	return told{reason: purchase.DoNotHonour}
}

// advised is a fact: a completion of what is held, else money that moves or is
// held whatever there is.
func (m *model) advised(r purchase.Request, now time.Time) told {
	ok := told{reason: purchase.Approved}
	if r.Outcome != "00" && r.Outcome != "" || m.names[nameOf(r)] != nil {
		return ok
	}
	if r.Class == purchase.Financial {
		for _, e := range m.list {
			if e.r.RRN == r.RRN && e.state == purchase.Held && e.kind != purchase.KindRefund && (r.Code == "" || e.code == r.Code) {
				m.captures(e, r.Amount.Minor, true)
				ok.entry, ok.fact = e, true
				return ok
			}
		}
	}
	ok.entry = m.makes(r, r.Amount.Minor, now)
	ok.entry.code = r.Code
	return ok
}

// captures posts a sum for an entry out of its holds, the first one first.
func (m *model) captures(e *entry, sum int64, final bool) {
	closed := final || sum >= e.left()
	m.posted -= sum
	e.posted += sum
	for i := range e.parts {
		take := min(sum, e.parts[i].left)
		e.parts[i].left -= take
		if sum -= take; closed {
			e.parts[i].left = 0
		}
	}
	if closed {
		e.state, e.expires = purchase.Posted, time.Time{}
	}
}

// finds is what a reversal names.
func (m *model) finds(r purchase.Request) (*entry, *told) {
	if r.Original.STAN == "" {
		for i := len(m.list) - 1; i >= 0; i-- {
			if e := m.list[i]; e.asked && e.r.RRN == r.RRN && e.local == r.Amount.Minor {
				return e, nil
			}
		}
		return nil, nil
	}
	if e := m.named(r.Original); e != nil {
		return e, nil
	}
	if t, ok := m.told[string(r.Original.Class)+r.Original.STAN]; ok && t.entry != nil {
		return t.entry, &t
	}
	return nil, nil
}

func (m *model) reverses(r purchase.Request) told {
	e, did := m.finds(r)
	ok := told{reason: purchase.Approved}
	switch {
	case e == nil:
		name := purchase.Origin{Class: r.Original.Class, STAN: r.Original.STAN}
		if name.STAN == "" {
			name = purchase.Origin{Class: purchase.Authorisation, STAN: r.STAN}
		}
		m.names[name] = &entry{r: r, state: purchase.Tombstone}
		return ok
	case did != nil && did.part != 0:
		m.dropsPart(e, did.part)
	case did != nil:
		m.uncompletes(r, e, did)
	case e.kind == purchase.KindCredit && e.state == purchase.Posted && !r.Advice && !r.TimedOut:
		ok.reason = purchase.NotReversible
	case e.state == purchase.Held || e.state == purchase.Posted:
		m.takesBack(r, e)
	}
	return ok
}

func (m *model) dropsPart(e *entry, n int64) {
	for i, p := range e.parts {
		if p.n != n || p.left == 0 || e.state != purchase.Held {
			continue
		}
		e.parts = append(append([]part(nil), e.parts[:i]...), e.parts[i+1:]...)
		e.billing, e.local = e.billing-p.left, e.local-p.left
		if e.billing == 0 {
			e.state = purchase.Reversed
		} else if e.billing == e.posted {
			e.state = purchase.Posted
		}
		return
	}
}

func (m *model) uncompletes(r purchase.Request, e *entry, did *told) {
	back := min(r.Amount.Minor, e.posted)
	if did.undone || back == 0 {
		return
	}
	key := string(r.Original.Class) + r.Original.STAN
	did.undone = true
	m.told[key] = *did
	m.posted += back
	if e.posted -= back; e.posted == 0 {
		e.state = purchase.Reversed
	}
}

// takesBack is a reversal, in part when it says what remains.
func (m *model) takesBack(r purchase.Request, e *entry) {
	remains := r.Actual.Minor
	if remains >= e.local && remains > 0 {
		return
	}
	switch {
	case e.state == purchase.Held && e.kind == purchase.KindRefund:
	case e.state == purchase.Held:
		keep := max(0, min(remains-e.posted, e.left()))
		if keep == 0 && e.posted > 0 {
			e.billing, e.state = e.posted, purchase.Posted
			for i := range e.parts {
				e.parts[i].left = 0
			}
			return
		}
		e.parts = nil
		if keep > 0 {
			e.parts = []part{{0, keep}}
		}
		remains = keep
		if keep > 0 {
			remains += e.posted
		}
	case e.cleared:
		return
	default:
		back := min(e.billing-remains, e.posted)
		if back <= 0 {
			return
		}
		e.posted -= back
		m.moves(e, -back)
	}
	e.billing = remains
	switch {
	case remains > 0:
		e.local = r.Actual.Minor
	case e.posted > 0:
		e.state = purchase.Posted
	default:
		e.state = purchase.Reversed
	}
}

// clears is a record of a clearing file.
func (m *model) clears(rec purchase.Record) {
	key := strconv.Itoa(rec.Kind) + rec.ARN
	if m.items[key] != nil {
		return
	}
	it := &item{sum: rec.Billing.Minor}
	m.items[key] = it
	switch {
	case rec.Kind == purchase.Undone:
		m.undoes(rec)
		return
	case rec.Kind == purchase.Presentment:
		it.e = m.matches(rec)
	}
	if e := it.e; e != nil && rec.Process == purchase.GiveBack {
		was := e.posted - e.shown
		e.shown += it.sum
		if was > 0 {
			m.meets(e, it.sum-was, rec.Final)
			return
		}
		e.state, e.posted = purchase.Posted, it.sum
		m.posted += it.sum
		return
	} else if e != nil {
		was := e.posted - e.shown
		e.shown += it.sum
		if was > 0 {
			m.meets(e, it.sum-was, rec.Final)
			return
		}
		m.captures(e, it.sum, rec.Final)
		return
	}
	e := &entry{
		r:    purchase.Request{RRN: rec.RRN, Acquirer: rec.Acquirer},
		code: rec.Code, kind: purchase.KindBuy, state: purchase.Posted, local: rec.Amount.Minor, billing: it.sum, posted: it.sum,
	}
	if rec.Kind == purchase.Presentment {
		e.shown = it.sum
	}
	if rec.Process == purchase.Withdraw {
		e.kind = purchase.KindCash
	}
	if rec.Process == purchase.GiveBack || rec.Kind == purchase.Chargeback {
		e.kind = purchase.KindRefund
	}
	it.e, m.list = e, append(m.list, e)
	m.moves(e, it.sum)
}

// meets is a presentment of what a message had posted: the difference moves.
func (m *model) meets(e *entry, due int64, final bool) {
	if due > 0 || final {
		e.posted += due
		m.moves(e, due)
	}
}

// matches finds what a presentment is for: an open one before one that is over.
func (m *model) matches(rec purchase.Record) *entry {
	refund := rec.Process == purchase.GiveBack
	var found *entry
	for _, e := range m.list {
		if e.r.RRN != rec.RRN || (e.kind == purchase.KindRefund) != refund || e.kind == purchase.KindCredit || e.state == purchase.Reversed || e.code != rec.Code {
			continue
		}
		if found == nil || found.state != purchase.Held && e.state == purchase.Held {
			found = e
		}
	}
	if refund && found != nil && found.state != purchase.Held && found.posted <= found.shown {
		return nil
	}
	return found
}

// undoes takes a presentment back.
func (m *model) undoes(rec purchase.Record) {
	it := m.items[strconv.Itoa(purchase.Presentment)+rec.ARN]
	if it == nil || it.sum < rec.Billing.Minor || it.e.posted < rec.Billing.Minor {
		return
	}
	e := it.e
	e.posted -= rec.Billing.Minor
	e.shown -= rec.Billing.Minor
	m.moves(e, -rec.Billing.Minor)
	if e.state == purchase.Held {
		e.billing -= rec.Billing.Minor
	} else if e.posted == 0 {
		e.state = purchase.Reversed
	}
}

// expires gives back what was held too long.
func (m *model) expires(now time.Time) {
	for _, e := range m.list {
		if e.state != purchase.Held || e.expires.IsZero() || e.expires.After(now) {
			continue
		}
		e.expires, e.state = time.Time{}, purchase.Expired
		if e.posted > 0 {
			e.state = purchase.Posted
		}
		for i := range e.parts {
			e.parts[i].left = 0
		}
	}
}

// any picks an entry that was asked for, a late one rather than an early one.
func (m *model) any(rnd *rand.Rand, fits func(*entry) bool) *entry {
	var out []*entry
	for i := len(m.list) - 1; i >= 0 && len(out) < 6; i-- {
		if m.list[i].asked && fits(m.list[i]) {
			out = append(out, m.list[i])
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out[rnd.IntN(len(out))]
}
