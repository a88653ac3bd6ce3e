package ledger

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
)

// txns: every transaction balances, a refusal moved nothing, what is referred
// to exists; and on the way the digests, tallies and counters are folded.
func (v *verifier) txns(ctx context.Context, r db.Reader) error {
	last := []byte{}
	for {
		page, err := list(ctx, r, qTxnPage, func(s scanner) (*stored, error) {
			t, _, err := scanTxn(s)
			return t, err
		}, last, verifyPage)
		if err != nil {
			return err
		}
		for _, s := range page {
			if err := v.oneTxn(ctx, r, s); err != nil {
				return err
			}
		}
		if err := v.full(); err != nil {
			return err
		}
		if len(page) < verifyPage {
			return nil
		}
		last = page[len(page)-1].id
	}
}

func (v *verifier) oneTxn(ctx context.Context, r db.Reader, s *stored) error {
	v.rep.Transactions++
	legs, err1 := decodeLegs(s.legs)
	guards, err2 := decodeGuards(s.guards)
	if err1 != nil || err2 != nil || len(s.id) != 16 {
		v.add(Breach{Rule: "txn_row", Txn: idText(s.id), Detail: "the row cannot be read"})
		return nil
	}
	x, phase := id.ID(s.id), Phase(s.phase)
	if s.refused != 0 {
		if len(legs) > 0 || len(guards) > 0 {
			v.txn("refused", x, "refused, and yet has %d legs and %d limits", len(legs), len(guards))
		}
		return nil
	}
	if (len(legs) == 0) != (phase == Void) {
		v.txn("legs", x, "%d legs in phase %d", len(legs), phase)
	}
	sums := map[money.Currency]int64{}
	total := int64(0)
	for _, l := range legs {
		var err error
		if sums[l.cur], err = money.AddMinor(sums[l.cur], l.amount); err != nil {
			v.txn("balanced", x, "legs overflow")
		}
		total += max(0, l.amount)
		if (l.seq == 0) != (phase == Pending) {
			v.txn("legs", x, "leg on %v has entry %d in phase %d", l.account, l.seq, phase)
		}
		if l.seq != 0 {
			v.prove(l.account, l.seq, x, l.amount, l.balance, true)
		}
	}
	for cur, sum := range sums {
		if sum != 0 {
			v.add(Breach{Rule: "balanced", Txn: x.Text("tr"), Account: legs[0].account.String(), Detail: "legs in " + cur.String() + " do not sum to zero"})
		}
	}
	for _, g := range guards {
		v.guards[g.key] += g.delta
	}
	switch phase {
	case Posted:
	case Pending:
		t := v.tally(x)
		t.pending, t.whole = true, total
		for _, l := range legs {
			if l.amount < 0 {
				t.account = l.account
			}
		}
	case Post, Void, Reversal:
		return v.refers(ctx, r, x, s, phase, total)
	default:
		v.txn("phase", x, "phase %d", phase)
	}
	return nil
}

// idText spells an identifier that may itself be the damage.
func idText(b []byte) string {
	if len(b) == 16 {
		return id.ID(b).Text("tr")
	}
	return fmt.Sprintf("%x", b)
}

func (v *verifier) tally(x id.ID) *tally {
	t := v.holds[x]
	if t == nil {
		t = &tally{}
		v.holds[x] = t
	}
	return t
}

func (v *verifier) refers(ctx context.Context, r db.Reader, x id.ID, s *stored, phase Phase, total int64) error {
	if len(s.refers) != 16 {
		v.txn("refers", x, "phase %d refers to nothing", phase)
		return nil
	}
	was, ok, err := scanTxn(r.Row(ctx, qOrigin, s.refers))
	if err != nil {
		return err
	}
	if !ok || was.refused != 0 || Phase(was.phase) != Pending && (phase != Reversal || Phase(was.phase) != Posted) {
		v.txn("refers", x, "refers to %s, which is nothing to %s", id.ID(s.refers).Text("tr"), map[Phase]string{Post: "post", Void: "void", Reversal: "reverse"}[phase])
		return nil
	}
	t := v.tally(id.ID(s.refers))
	switch phase {
	case Post:
		t.posted += total
	case Void:
		t.voided = true
	case Reversal:
		t.reversed += total
		if Phase(was.phase) == Posted && t.posted == 0 {
			legs, err := decodeLegs(was.legs)
			if err != nil {
				return nil // reported where the transaction itself is read
			}
			t.posted = (&origin{legs: legs}).total()
		}
	}
	return nil
}

// proof: every leg has its entry, and every entry its leg.
func (v *verifier) proof(context.Context, db.Reader) error {
	var wrong []AccountID
	for a, p := range v.proofs {
		if p != [2]uint64{} {
			wrong = append(wrong, a)
		}
	}
	slices.Sort(wrong)
	for _, a := range wrong {
		v.account("entry_leg", a, "the entries are not those that the transactions name")
	}
	return v.full()
}

// tallies: what holds say is what the transactions did to them.
func (v *verifier) tallies(ctx context.Context, r db.Reader) error {
	last := []byte{}
	for {
		page, err := list(ctx, r, qHoldPage, func(s scanner) (*hold, error) {
			h, _, err := scanHold(s)
			return h, err
		}, last, verifyPage)
		if err != nil {
			return err
		}
		for _, h := range page {
			t := v.holds[h.txn]
			delete(v.holds, h.txn)
			if t == nil {
				t = &tally{}
			}
			v.oneTally(h, t)
		}
		if len(page) < verifyPage {
			break
		}
		last = page[len(page)-1].txn.Bytes()
	}
	for x, t := range v.holds {
		v.txn("hold", x, "has no hold row, and yet %d was posted and %d reversed", t.posted, t.reversed)
	}
	return v.full()
}

func (v *verifier) oneTally(h *hold, t *tally) {
	bad := func(format string, args ...any) {
		v.account("hold", h.account, "hold "+h.txn.Text("tr")+": "+format, args...)
	}
	if t.posted != h.posted || t.reversed != h.reversed {
		bad("posted %d and reversed %d, the transactions say %d and %d", h.posted, h.reversed, t.posted, t.reversed)
	}
	if h.posted+h.released > h.amount || h.reversed > h.posted || min(h.posted, h.released, h.reversed) < 0 {
		bad("amount %d, posted %d, released %d, reversed %d", h.amount, h.posted, h.released, h.reversed)
	}
	if t.pending && (t.account != h.account || h.amount < t.whole) {
		bad("reserves %d on %v", t.whole, t.account)
	}
	if h.released != 0 && !t.voided && t.posted == 0 {
		bad("%d was released, and no transaction did it", h.released)
	}
	if t.voided && h.open() != 0 {
		bad("was voided, and yet %d is open", h.open())
	}
	if h.open() == 0 && h.expires != 0 {
		bad("is closed, and yet would expire")
	}
}

// counters: a limit counter is the sum of what transactions took and gave
// back. Nothing deletes counters, so one that is missing while the
// transactions do not sum to nothing was lost, and a limit with it.
func (v *verifier) counters(ctx context.Context, r db.Reader) error {
	last := guardKey{owner: math.MinInt64}
	for {
		page, err := list(ctx, r, qGuardPage, func(s scanner) (*counter, error) {
			n := &counter{}
			return n, s.Scan(&n.key.owner, &n.key.name, &n.key.win, &n.used)
		}, last.owner, int64(last.name), last.win, verifyPage)
		if err != nil {
			return err
		}
		for _, n := range page {
			if sum := v.guards[n.key]; sum != n.used || n.used < 0 {
				v.add(Breach{Rule: "guard", Detail: guardText(n, sum)})
			}
			delete(v.guards, n.key)
		}
		if err := v.full(); err != nil {
			return err
		}
		if len(page) < verifyPage {
			break
		}
		last = page[len(page)-1].key
	}
	for _, key := range slices.SortedFunc(maps.Keys(v.guards), guardKey.compare) {
		if sum := v.guards[key]; sum != 0 {
			v.add(Breach{Rule: "guard", Detail: guardText(&counter{key: key}, sum) + ", and there is no counter"})
		}
	}
	return v.full()
}

func guardText(n *counter, sum int64) string {
	return fmt.Sprintf("client %d, limit %d, window %d: used %d, the transactions sum to %d", n.key.owner, n.key.name, n.key.win, n.used, sum)
}
