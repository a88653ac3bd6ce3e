package ledger

import (
	"cmp"
	"fmt"
	"math/bits"
	"runtime/debug"
	"slices"
	"time"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
)

// order is a transaction as it enters the core: with an identifier, a print
// and the bank's accounts resolved to the writer's slots.
type order struct {
	t Transaction
}

// currency is what the detail of a refusal is counted in.
func (t *Transaction) currency() money.Currency {
	if len(t.Legs) > 0 {
		return t.Legs[0].Amount.Cur
	}
	return money.RUB
}

// state is the part of the book that a batch touches. It is read from the
// database under locks, changed by the core and thrown away.
type state struct {
	accounts map[AccountID]*account
	holds    map[id.ID]*hold
	guards   map[guardKey]*counter
	keys     map[ownerKey]*known
	origins  map[id.ID]*origin
}

func newState() *state {
	return &state{
		accounts: map[AccountID]*account{},
		holds:    map[id.ID]*hold{},
		guards:   map[guardKey]*counter{},
		keys:     map[ownerKey]*known{},
		origins:  map[id.ID]*origin{},
	}
}

type account struct {
	id       AccountID
	owner    int64
	cur      money.Currency
	closed   bool
	noFloor  bool
	floor    int64
	balance  int64
	reserved int64
	version  int64
	touched  bool
}

// keepFloor keeps the rule balance − reserved ≥ floor true after a forced debit,
// and lets the floor rise again with what comes back, up to nought: a debt that
// was a fact is no overdraft to be used a second time.
func (a *account) keepFloor(force bool) {
	switch now := a.balance - a.reserved; {
	case a.noFloor:
	case now > a.floor:
		a.floor = min(now, 0)
	case now < a.floor && force:
		a.floor = now
	}
}

type hold struct {
	txn                                id.ID
	account                            AccountID
	amount, posted, released, reversed int64
	expires                            int64 // microseconds; 0 means never or closed
	fresh, touched                     bool
}

func (h *hold) open() int64 { return max(0, h.amount-h.posted-h.released) }

// givenBack tells how much of the whole is neither spent nor reserved any more.
func (h *hold) givenBack(whole int64) int64 {
	return min(max(whole-(h.posted-h.reversed)-h.open(), 0), whole)
}

// share gives the part/whole of n, cut towards zero; the last part takes the rest.
func share(n, part, whole int64) int64 {
	hi, lo := bits.Mul64(uint64(n), uint64(part))
	q, _ := bits.Div64(hi, lo, uint64(whole))
	return int64(q)
}

type guardKey struct {
	owner int64
	name  int16 // GuardName·4 + Window
	win   int64
}

func guardKeyOf(g Guard, at time.Time) guardKey {
	return guardKey{g.Owner, storedGuardName(g.Name, g.Window), g.Window.Number(at)}
}

func storedGuardName(n GuardName, w Window) int16 { return int16(n)*4 + int16(w) }

func (k guardKey) compare(o guardKey) int {
	for _, d := range [...][2]int64{{k.owner, o.owner}, {int64(k.name), int64(o.name)}, {k.win, o.win}} {
		if d[0] != d[1] {
			if d[0] < d[1] {
				return -1
			}
			return 1
		}
	}
	return 0
}

type counter struct {
	key     guardKey
	used    int64
	stored  bool // there is a row in the database
	touched bool
}

func (st *state) counter(k guardKey) *counter {
	n, ok := st.guards[k]
	if !ok {
		n = &counter{key: k}
		st.guards[k] = n
	}
	return n
}

type ownerKey struct {
	owner int64
	key   Key
}

// known is a key that was used, with its answer.
type known struct {
	print   Print
	receipt Receipt
}

// origin is a transaction that others refer to.
type origin struct {
	phase   Phase
	refused bool
	legs    []legRecord
	guards  []guardRecord
}

func (o *origin) total() (sum int64) {
	for _, l := range o.legs {
		if l.amount > 0 {
			sum += l.amount
		}
	}
	return sum
}

// legRecord is a leg as the transaction row keeps it.
type legRecord struct {
	account AccountID
	seq     int64 // 0 while pending
	amount  int64
	cur     money.Currency
	balance int64
}

// guardRecord is a change of a limit counter as the transaction row keeps it.
type guardRecord struct {
	key   guardKey
	delta int64
}

// plan is what has to be written, in the order it was decided.
type plan struct {
	at       time.Time
	txns     []txnRow
	entries  []entryRow
	accounts []*account // touched, each once
	holds    []*hold
	guards   []*counter
	rows     []db.Row // carried rows, places filled
}

type txnRow struct {
	o      *order
	no     refused
	legs   []legRecord
	guards []guardRecord
}

type entryRow struct {
	account AccountID
	seq     int64
	txn     id.ID
	amount  int64
	balance int64
}

func (p *plan) touch(a *account) {
	if !a.touched {
		a.touched = true
		p.accounts = append(p.accounts, a)
	}
}

func (p *plan) touchHold(h *hold) {
	if !h.touched {
		h.touched = true
		p.holds = append(p.holds, h)
	}
}

func (p *plan) touchGuard(n *counter) {
	if !n.touched {
		n.touched = true
		p.guards = append(p.guards, n)
	}
}

func (p *plan) refuse(o *order, no refused) { p.txns = append(p.txns, txnRow{o: o, no: no}) }

// accept keeps the transaction's row and fills the places of its carried rows.
func (p *plan) accept(row txnRow, r *Receipt) {
	p.txns = append(p.txns, row)
	for _, carried := range row.o.t.Rows {
		args := carried.Args
		for i, v := range carried.Args {
			place, ok := v.(Place)
			if !ok {
				continue
			}
			if &args[0] == &carried.Args[0] { // the caller's row may be used again
				args = append([]any(nil), carried.Args...)
			}
			args[i] = place.value(r)
		}
		p.rows = append(p.rows, db.Row{Insert: carried.Insert, Args: args})
	}
}

func (pl Place) value(r *Receipt) any {
	switch pl.what {
	case placeTxn:
		return r.Txn.Bytes()
	case placeAt:
		return r.At.UnixMicro()
	case placeSeq:
		return r.After[pl.leg].Seq
	}
	return r.After[pl.leg].Posted.Minor
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}

// A refused limit keeps which guard it was and what it still allows in one number.
const limitShift = 48

func packLimit(guard int, left int64) int64 {
	return int64(guard)<<limitShift | min(max(left, 0), 1<<limitShift-1)
}

// fill puts the detail of a refusal into a receipt.
func (no refused) fill(r *Receipt, cur money.Currency) {
	switch no.reason {
	case LimitReached:
		r.Guard = int(no.detail >> limitShift)
		r.Left = money.Amount{Minor: no.detail & (1<<limitShift - 1), Cur: cur}
	case InsufficientFunds, OverCapture, OverReversal:
		r.Missing = money.Amount{Minor: no.detail, Cur: cur}
	}
}

func (a *account) floorValue() any {
	if a.noFloor {
		return nil
	}
	return a.floor
}

func (h *hold) expiresValue() any {
	if h.expires == 0 {
		return nil
	}
	return h.expires
}

func (t *Transaction) refersBytes() []byte {
	if t.Refers.IsZero() {
		return nil
	}
	return t.Refers[:]
}

// sort puts the rows of a plan into the order of their keys.
func (p *plan) sort() {
	slices.SortFunc(p.accounts, func(a, b *account) int { return cmp.Compare(a.id, b.id) })
	slices.SortFunc(p.entries, func(a, b entryRow) int {
		return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(a.seq, b.seq))
	})
	slices.SortFunc(p.holds, func(a, b *hold) int { return compareIDs(a.txn, b.txn) })
	slices.SortFunc(p.guards, func(a, b *counter) int { return a.key.compare(b.key) })
}

// decideSafely turns a panic of the core into an error of the batch, so that
// the bad transaction is found by halving and the writer lives on.
func decideSafely(st *state, at time.Time, orders []*order) (p *plan, outs []outcome, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("ledger: broken invariant: %v\n%s", broken, debug.Stack())
		}
	}()
	p, outs = decide(st, at, orders)
	return p, outs, nil
}
