package ledger

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/tier"
)

var bg = context.Background()

func ruleSameKeyTwiceInOneBatch(h *house) {
	t := h.T
	a, b := h.account(1, 100), h.account(2, 0)
	tr, other := transfer(1, a, b, 60), transfer(1, a, b, 61)
	other.Key = tr.Key
	out := h.batch(tr, tr, other)
	if out[0].err != nil || out[0].receipt.Replay || out[1].err != nil || !out[1].receipt.Replay || out[1].receipt.Txn != out[0].receipt.Txn {
		t.Errorf("%+v", out[:2])
	}
	if !errors.Is(out[2].err, ErrOtherPrint) {
		t.Errorf("other print: %+v", out[2])
	}
	h.balance(a, 40, 0)
}

func ruleABatchSeesItsOwnMoney(h *house) {
	t := h.T
	a, b, c := h.account(1, 100), h.account(2, 0), h.account(3, 0)
	out := h.batch(transfer(1, a, b, 100), transfer(2, b, c, 100), transfer(2, b, c, 1))
	if out[0].receipt.Refused() || out[1].receipt.Refused() || out[2].receipt.Reason != InsufficientFunds {
		t.Errorf("%+v", out)
	}
	h.balance(b, 0, 0)
	h.balance(c, 100, 0)
}

func ruleOneAccountFiftyTimesInOneBatch(h *house) {
	t := h.T
	a, b := h.account(1, 1000), h.account(2, 0)
	var ts []Transaction
	for i := range 50 {
		ts = append(ts, transfer(1, a, b, int64(i+1)))
	}
	out := h.batch(ts...)
	for i, o := range out {
		refused := i >= 44 // 1 + … + 44 = 990; the 45th is short
		if o.err != nil || o.receipt.Refused() != refused || !refused && o.receipt.After[1].Seq != int64(i+1) {
			t.Fatalf("%d: %+v", i, o)
		}
	}
	h.balance(a, 10, 0)
	page, err := Entries(bg, h.db, b, 0, 10)
	if err != nil || len(page) != 10 || page[0].Seq != 44 || page[0].Posted != money.Rub(990) || page[9].Seq != 35 {
		t.Errorf("%+v %v", page, err)
	}
	if page, err = Entries(bg, h.db, b, 35, 100); err != nil || len(page) != 34 || page[33].Seq != 1 {
		t.Errorf("second page: %d lines, %v", len(page), err)
	}
}

func ruleForeignClosedAndUnknownAccounts(h *house) {
	t := h.T
	a, b := h.account(1, 100), h.account(2, 0)
	tr := transfer(1, a, b, 1)
	tr.Legs[0].Owner = own(2)
	if _, err := h.book.Post(bg, tr); !errors.Is(err, ErrForeignAccount) {
		t.Errorf("foreign: %v", err)
	}
	tr.Legs[0].Owner = own(1) // the mistake was not remembered under the key
	if r := h.post(tr); r.Refused() || r.Replay {
		t.Errorf("after the mistake: %+v", r)
	}
	if _, err := h.book.Post(bg, transfer(1, a, 5_000_000*slots, 1)); !errors.Is(err, ErrForeignAccount) {
		t.Errorf("unknown: %v", err)
	}
	c := h.account(3, 0)
	closing := func(x AccountID) error {
		return h.db.Write(bg, func(tx db.Tx) error { return CloseAccount(bg, tx, x) })
	}
	if err := closing(a); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("close an account with money: %v", err)
	}
	if err := closing(c); err != nil {
		t.Error(err)
	}
	if _, err := h.book.Post(bg, transfer(1, a, c, 1)); !errors.Is(err, ErrClosedAccount) {
		t.Errorf("closed: %v", err)
	}
	mine, err := AccountsOf(bg, h.db, own(3))
	if err != nil || len(mine) != 1 || !mine[0].Closed || mine[0].ID != c {
		t.Errorf("%+v %v", mine, err)
	}
}

func ruleMisuseIsAnErrorAndNotRemembered(h *house) {
	t := h.T
	a, b := h.account(1, 100), h.account(2, 0)
	for name, break_ := range map[string]func(*Transaction){
		"unbalanced":        func(t *Transaction) { t.Legs[0].Amount.Minor-- },
		"zero leg":          func(t *Transaction) { t.Legs[0].Amount.Minor, t.Legs[1].Amount.Minor = 0, 0 },
		"twice":             func(t *Transaction) { t.Legs[1].Account = a },
		"no legs":           func(t *Transaction) { t.Legs = nil },
		"overflow":          func(t *Transaction) { t.Legs = huge(a, b) },
		"other currency":    func(t *Transaction) { t.Legs[0].Amount.Cur, t.Legs[1].Amount.Cur = 840, 840 },
		"no phase":          func(t *Transaction) { t.Phase = 0 },
		"unknown phase":     func(t *Transaction) { t.Phase = 6 },
		"posted refers":     func(t *Transaction) { t.Refers = id.ID{1} },
		"refers to nothing": func(t *Transaction) { t.Phase, t.Refers, t.Hold = Post, id.ID{1}, a },
		"final transfer":    func(t *Transaction) { t.Final = true },
		"expiring transfer": func(t *Transaction) { t.Expires = time.Now() },
		"negative limit":    func(t *Transaction) { t.Guards = []Guard{guard(1, 10, -1)} },
		"limit twice":       func(t *Transaction) { t.Guards = []Guard{guard(1, 10, 1), guard(1, 10, 1)} },
		"two debits":        func(t *Transaction) { t.Phase, t.Legs = Pending, append(move(a, b, 2), move(World, Fees, 1)...) },
		"place of no leg":   func(t *Transaction) { t.Rows = []db.Row{{Insert: iEntry, Args: []any{Seq(2)}}} },
		"row of nothing":    func(t *Transaction) { t.Rows = []db.Row{{}} },
	} {
		tr := transfer(1, a, b, 1)
		key := tr.Key
		break_(&tr)
		if _, err := h.book.Post(bg, tr); !errors.Is(err, ErrMisuse) {
			t.Errorf("%s: %v", name, err)
		}
		if _, ok, err := Find(bg, h.db, own(1), key); ok || err != nil {
			t.Errorf("%s was remembered (%v)", name, err)
		}
	}
	h.balance(a, 100, 0)
}

// huge sums to zero only for somebody who adds without looking.
func huge(a, b AccountID) []Leg {
	return []Leg{
		{Account: a, Amount: money.Rub(math.MaxInt64)}, {Account: b, Amount: money.Rub(math.MaxInt64)}, {Account: World, Amount: money.Rub(2)},
	}
}

func ruleAmountsNearTheEnd(h *house) {
	t := h.T
	a, b := h.account(1, 0), h.account(2, 0)
	const most = math.MaxInt64
	h.post(Transaction{Key: freshKey(), Kind: KindOpening, Phase: Posted, Legs: move(Fees, a, most)})
	if _, err := h.book.Post(bg, Transaction{Key: freshKey(), Kind: KindOpening, Phase: Posted, Legs: move(Transit, a, 1)}); !errors.Is(err, ErrMisuse) {
		t.Errorf("a balance above 2⁶³: %v", err)
	}
	h.post(transfer(1, a, b, most))
	if r := h.post(transfer(1, a, Fees, most)); r.Reason != InsufficientFunds || r.Missing.Minor != most {
		t.Errorf("%+v", r)
	}
	h.post(Transaction{Owner: own(2), Key: freshKey(), Kind: KindOpening, Phase: Posted, Legs: move(b, Fees, most)})
}

func ruleGuardsAreOfTheOwner(h *house) {
	t := h.T
	a1, a2, b := h.account(1, 1000), h.account(1, 1000), h.account(2, 0)
	first, second := transfer(1, a1, b, 60), transfer(1, a2, b, 60)
	first.Guards, second.Guards = []Guard{guard(1, 100, 60)}, []Guard{guard(1, 100, 60)}
	h.post(first)
	r := h.post(second)
	if r.Reason != LimitReached || r.Guard != 0 || r.Left != money.Rub(40) {
		t.Errorf("two accounts escape one limit: %+v", r)
	}
	again := h.post(second)
	if again.Reason != LimitReached || again.Left != money.Rub(40) || !again.Replay {
		t.Errorf("replay: %+v", again)
	}
	exact := transfer(1, a2, b, 40)
	exact.Guards = []Guard{guard(1, 100, 40)}
	if r := h.post(exact); r.Refused() {
		t.Errorf("the last kopeck of a limit: %+v", r)
	}
	if got := h.used(1, guard(1, 100, 0)); got != 100 {
		t.Errorf("used %d", got)
	}
}

func ruleWindowsTurnAtMoscowMidnight(house *house) {
	t, h := house.T, &hands{}
	h.set(time.Date(2026, 1, 31, 20, 59, 59, 0, time.UTC))
	b := house.with(Options{Clock: h})
	x, y := b.account(1, 1000), b.account(2, 0)
	try := func(win Window) Reason {
		tr := transfer(1, x, y, 10)
		g := guard(1, 10, 10)
		g.Window = win
		tr.Guards = []Guard{g}
		return b.post(tr).Reason
	}
	if try(BankDay) != Accepted || try(BankDay) != LimitReached || try(CalendarMonth) != Accepted || try(CalendarMonth) != LimitReached {
		t.Error("the limits of 31 January")
	}
	h.set(time.Date(2026, 1, 31, 21, 0, 0, 0, time.UTC)) // 1 February in Moscow
	if try(BankDay) != Accepted || try(BankDay) != LimitReached || try(CalendarMonth) != Accepted || try(CalendarMonth) != LimitReached {
		t.Error("the limits of 1 February")
	}
	h.set(time.Date(2026, 2, 1, 21, 0, 0, 0, time.UTC))
	if try(BankDay) != Accepted || try(CalendarMonth) != LimitReached {
		t.Error("the limits of 2 February")
	}
	h.set(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	if try(BankDay) != LimitReached {
		t.Error("time ran backwards")
	}
}

// What a card may spend in its whole life is counted over days and months, and
// what is given back may be spent again.
func ruleLifetimeNeverStartsAnew(house *house) {
	t, h := house.T, &hands{}
	h.set(time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC))
	b := house.with(Options{Clock: h})
	x, y := b.account(1, 1000), b.account(2, 0)
	try := func(phase Phase, amount int64) Receipt {
		tr := transfer(1, x, y, amount)
		g := Guard{Owner: -own(1), Name: GuardCardLife, Window: Lifetime, Cap: money.Rub(100), Amount: money.Rub(amount)}
		tr.Phase, tr.Guards = phase, []Guard{g}
		return b.post(tr)
	}
	if try(Posted, 60).Reason != Accepted {
		t.Error("the first part")
	}
	h.set(time.Date(2027, 5, 1, 12, 0, 0, 0, time.UTC))
	if r := try(Posted, 41); r.Reason != LimitReached || r.Left.Minor != 40 {
		t.Errorf("above what is left: %+v", r)
	}
	held := try(Pending, 40)
	if held.Reason != Accepted || try(Posted, 1).Reason != LimitReached {
		t.Error("the rest, held")
	}
	h.set(time.Date(2028, 6, 1, 12, 0, 0, 0, time.UTC))
	b.post(Transaction{Owner: own(1), Key: freshKey(), Kind: KindReturn, Phase: Void, Refers: held.Txn, Hold: x})
	if try(Posted, 40).Reason != Accepted || try(Posted, 1).Reason != LimitReached {
		t.Error("what was given back")
	}
}

func ruleVoidGivesBackToTheWindowThatWasCharged(house *house) {
	t, h := house.T, &hands{}
	yesterday := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	h.set(yesterday)
	b := house.with(Options{Clock: h})
	x, y := b.account(1, 1000), b.account(2, 0)
	held := transfer(1, x, y, 100)
	held.Phase, held.Guards = Pending, []Guard{guard(1, 1000, 100)}
	r := b.post(held)
	h.set(yesterday.Add(24 * time.Hour))
	today := transfer(1, x, y, 7)
	today.Guards = []Guard{guard(1, 1000, 7)}
	b.post(today)
	b.post(Transaction{Owner: own(1), Key: freshKey(), Kind: KindReturn, Phase: Void, Refers: r.Txn, Hold: x})
	was, err := Used(bg, b.db, own(1), yesterday, guard(1, 0, 0))
	if err != nil || was[0].Used.Minor != 0 || b.used(1, guard(1, 0, 0)) != 7 {
		t.Errorf("yesterday %+v, today %d, %v", was, b.used(1, guard(1, 0, 0)), err)
	}
	b.balance(x, 993, 0)
}

func ruleHoldPartPostAndFinal(h *house) {
	t := h.T
	a, b := h.account(1, 100), h.account(2, 0)
	held := transfer(1, a, b, 100)
	held.Phase, held.Guards = Pending, []Guard{guard(1, 1000, 100)}
	r := h.post(held)
	h.balance(a, 100, 100)
	if r := h.post(transfer(1, a, b, 1)); r.Reason != InsufficientFunds || r.Missing != money.Rub(1) {
		t.Errorf("reserved money was spent: %+v", r)
	}
	part := func(n int64, final bool) Transaction {
		return Transaction{Owner: own(1), Key: freshKey(), Kind: KindTransfer, Phase: Post, Refers: r.Txn, Hold: a, Legs: move(a, b, n), Final: final}
	}
	h.post(part(20, false))
	h.balance(a, 80, 80)
	if used := h.used(1, guard(1, 0, 0)); used != 100 {
		t.Errorf("after a part: used %d", used)
	}
	if r := h.post(part(81, false)); r.Reason != OverCapture || r.Missing != money.Rub(1) {
		t.Errorf("over-capture: %+v", r)
	}
	h.post(part(10, true))
	h.balance(a, 70, 0)
	h.balance(b, 30, 0)
	if used := h.used(1, guard(1, 0, 0)); used != 30 {
		t.Errorf("after the last part: used %d", used)
	}
	if r := h.post(part(1, false)); r.Reason != HoldClosed {
		t.Errorf("a closed hold was posted: %+v", r)
	}
	tally, ok, err := HoldOf(bg, h.db, r.Txn)
	if err != nil || !ok || tally.Posted != money.Rub(30) || tally.Released != money.Rub(70) {
		t.Errorf("%+v %v", tally, err)
	}
}

// ruleHoldOnTheBank: a top-up reserves on the acquirer's account, for the sake
// of its limit; another writer or a later process closes it.
func ruleHoldOnTheBank(h *house) {
	t := h.T
	a, acquirer := h.account(1, 0), h.at(Acquirer).Posted.Minor
	other := h.with(Options{})
	h.book.lease, other.book.lease = 3, 5
	if h.db.Engine() == db.SQLite {
		other.book.lease, h.book.lease = 0, 0
	}
	held := Transaction{Owner: own(1), Key: freshKey(), Kind: KindTopUp, Phase: Pending, Legs: move(Acquirer, a, 100), Guards: []Guard{guard(1, 200, 100)}}
	x := h.post(held)
	held.Key = freshKey()
	y := h.post(held)
	unit := func(t Transaction) Receipt {
		h.Helper()
		var r []Receipt
		if err := h.db.Write(bg, func(tx db.Tx) (err error) { r, err = other.book.PostTx(bg, tx, t); return err }); err != nil {
			h.Fatal(err)
		}
		return r[0]
	}
	post := Transaction{Owner: own(1), Key: freshKey(), Kind: KindTopUp, Phase: Post, Refers: x.Txn, Hold: Acquirer, Legs: move(Acquirer, a, 100), Final: true}
	if r := unit(post); r.Refused() {
		t.Errorf("%+v", r)
	}
	if r := unit(Transaction{Owner: own(1), Key: freshKey(), Kind: KindTopUp, Phase: Void, Refers: y.Txn, Hold: Acquirer}); r.Refused() {
		t.Errorf("%+v", r)
	}
	back := Transaction{Owner: own(1), Key: freshKey(), Kind: KindReturn, Phase: Reversal, Refers: x.Txn, Legs: move(a, Acquirer, 30)}
	if r := other.post(back); r.Refused() {
		t.Errorf("%+v", r)
	}
	h.balance(a, 70, 0)
	h.balance(Acquirer, acquirer-70, 0)
	if used := h.used(1, guard(1, 0, 0)); used != 70 {
		t.Errorf("used %d", used)
	}
}

func rulePostAboveTheHold(h *house) {
	t := h.T
	a, b := h.account(1, 130), h.account(2, 0)
	held := transfer(1, a, b, 100)
	held.Phase = Pending
	r := h.post(held)
	over := func(n int64, force bool) Receipt {
		tr := Transaction{Owner: own(1), Key: freshKey(), Kind: KindTransfer, Phase: Post, Refers: r.Txn, Hold: a, Legs: move(a, b, n), Over: true}
		tr.Legs[0].Force = force
		return h.post(tr)
	}
	if r := over(131, false); r.Reason != InsufficientFunds || r.Missing != money.Rub(1) {
		t.Errorf("%+v", r)
	}
	if r := over(150, true); r.Refused() {
		t.Errorf("%+v", r)
	}
	h.balance(a, -20, 0)
	if acc := h.at(a); acc.Floor != money.Rub(-20) {
		t.Errorf("floor %v", acc.Floor)
	}
	// What comes in pays the debt and is no room to be spent again.
	h.post(transfer(2, b, a, 15))
	if acc := h.at(a); acc.Floor != money.Rub(-5) || acc.Available() != money.Rub(0) {
		t.Errorf("floor %v, available %v", acc.Floor, acc.Available())
	}
	if r := h.post(transfer(1, a, b, 1)); r.Reason != InsufficientFunds || r.Missing != money.Rub(6) {
		t.Errorf("%+v", r)
	}
	h.post(transfer(2, b, a, 25))
	if r := h.post(transfer(1, a, b, 21)); r.Reason != InsufficientFunds || r.Missing != money.Rub(1) {
		t.Errorf("%+v", r)
	}
	if acc := h.at(a); acc.Floor != money.Rub(0) {
		t.Errorf("floor %v", acc.Floor)
	}
}

func ruleReversal(h *house) {
	t := h.T
	a, b := h.account(1, 100), h.account(2, 0)
	tr := transfer(1, a, b, 100)
	tr.Guards = []Guard{guard(1, 100, 100)}
	was := h.post(tr)
	back := func(n int64) Transaction {
		return Transaction{Owner: BankOwner, Key: freshKey(), Kind: KindReturn, Phase: Reversal, Refers: was.Txn, Legs: move(b, a, n)}
	}
	h.post(back(30))
	if used := h.used(1, guard(1, 0, 0)); used != 70 {
		t.Errorf("used %d after 30 of 100 came back", used)
	}
	if r := h.post(back(71)); r.Reason != OverReversal || r.Missing != money.Rub(1) {
		t.Errorf("%+v", r)
	}
	h.post(transfer(2, b, a, 10))
	if r := h.post(back(70)); r.Reason != InsufficientFunds || r.Missing != money.Rub(10) {
		t.Errorf("the payee's floor: %+v", r)
	}
	h.post(back(60))
	wrong := back(1)
	wrong.Legs = move(a, b, 1)
	if _, err := h.book.Post(bg, wrong); !errors.Is(err, ErrMisuse) {
		t.Errorf("a reversal in the same direction: %v", err)
	}
	h.balance(a, 100, 0)
	h.balance(b, 0, 0)

	// Of a transaction with several payees nobody gives back what another got.
	many := h.post(Transaction{Owner: own(1), Key: freshKey(), Kind: KindTransfer, Phase: Posted, Legs: []Leg{
		{Account: a, Amount: money.Rub(-100)}, {Account: b, Amount: money.Rub(60)}, {Account: h.account(3, 0), Amount: money.Rub(40)},
	}})
	h.post(transfer(1, h.account(1, 40), b, 40))
	part := back(60)
	part.Refers = many.Txn
	h.post(part)
	part = back(40)
	part.Refers = many.Txn
	if _, err := h.book.Post(bg, part); !errors.Is(err, ErrMisuse) {
		t.Errorf("one payee gave back 100 of the 60 he got: %v", err)
	}
	h.balance(b, 40, 0)
}

func ruleExpiry(house *house) {
	t, h := house.T, &hands{}
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	h.set(start)
	b := house.with(Options{Clock: h})
	x, y := b.account(1, 100), b.account(2, 0)
	for i := range 3 {
		tr := transfer(1, x, y, 10)
		tr.Phase, tr.Expires = Pending, start.Add(time.Duration(i+1)*time.Hour)
		b.post(tr)
	}
	h.set(start.Add(2 * time.Hour))
	due, err := DueHolds(bg, b.db, h.Now(), 10)
	if err != nil || len(due) != 2 || due[0].Expires.After(due[1].Expires) {
		t.Fatalf("%+v %v", due, err)
	}
	late := Transaction{Owner: own(1), Key: freshKey(), Kind: KindTransfer, Phase: Post, Refers: due[0].Txn, Hold: x, Legs: move(x, y, 10)}
	if r := b.post(late); r.Reason != HoldClosed {
		t.Errorf("a post after expiry, before the worker came: %+v", r)
	}
	for _, want := range []int{2, 0} {
		if n, err := b.book.ExpireDue(bg, 10); n != want || err != nil {
			t.Errorf("expired %d, want %d, %v", n, want, err)
		}
	}
	b.balance(x, 100, 10)
}

func rulePostVoidAndExpiryRace(h *house) {
	t := h.T
	n := map[tier.Tier]int{tier.Default: 30, tier.CI: 100, tier.Soak: 1000}[tier.Now()]
	a, b := h.account(1, int64(n)), h.account(2, 0)
	moved := int64(0)
	for range n {
		held := transfer(1, a, b, 1)
		held.Phase = Pending
		r := h.post(held)
		race := []Transaction{
			{Owner: own(1), Key: freshKey(), Kind: KindTransfer, Phase: Post, Refers: r.Txn, Hold: a, Legs: move(a, b, 1)},
			{Owner: own(1), Key: freshKey(), Kind: KindReturn, Phase: Void, Refers: r.Txn, Hold: a},
			{Owner: BankOwner, Key: expiryKey(r.Txn), Kind: KindExpiry, Phase: Void, Refers: r.Txn, Hold: a},
		}
		var won atomic.Int64
		var wg sync.WaitGroup
		for _, tr := range race {
			wg.Add(1)
			go func() {
				defer wg.Done()
				r, err := h.book.Post(bg, tr)
				switch {
				case err != nil:
					t.Error(err)
				case r.Reason == Accepted:
					won.Add(1)
					if tr.Phase == Post {
						atomic.AddInt64(&moved, 1)
					}
				case r.Reason != HoldClosed:
					t.Errorf("%+v", r)
				}
			}()
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Fatalf("%d of post, void and expiry won", won.Load())
		}
	}
	h.balance(a, int64(n)-moved, 0)
}

// ruleEveryPhaseOnEveryPhase tries each step on a transaction of each phase
// and state (M12): what is not allowed moves nothing.
func ruleEveryPhaseOnEveryPhase(h *house) {
	t := h.T
	a, b := h.account(1, 100_000), h.account(2, 100_000)
	step := func(p Phase, refers id.ID, n int64) Transaction {
		tr := Transaction{Owner: own(1), Key: freshKey(), Kind: KindTransfer, Phase: p, Refers: refers}
		switch p {
		case Post:
			tr.Hold, tr.Legs = a, move(a, b, n)
		case Void:
			tr.Hold = a
		case Reversal:
			tr.Legs = move(b, a, n)
		default:
			tr.Legs = move(a, b, n)
		}
		return tr
	}
	pend := func() Receipt { return h.post(step(Pending, id.ID{}, 10)) }
	type then struct {
		reason Reason
		misuse bool
	}
	ok, closed, bad := then{}, then{reason: HoldClosed}, then{misuse: true}
	over := then{reason: OverReversal}
	states := []struct {
		name             string
		make             func() id.ID
		post, void, back then
	}{
		{"posted", func() id.ID { return h.post(step(Posted, id.ID{}, 10)).Txn }, bad, bad, ok},
		{"pending", func() id.ID { return pend().Txn }, ok, ok, over},
		{"part posted", func() id.ID { x := pend().Txn; h.post(step(Post, x, 4)); return x }, ok, ok, ok},
		{"fully posted", func() id.ID { x := pend().Txn; h.post(step(Post, x, 10)); return x }, closed, closed, ok},
		{"voided", func() id.ID { x := pend().Txn; h.post(step(Void, x, 0)); return x }, closed, closed, over},
		{"reversed", func() id.ID {
			x := h.post(step(Posted, id.ID{}, 3)).Txn
			h.post(step(Reversal, x, 3))
			return x
		}, bad, bad, over},
		{"a post", func() id.ID { x := pend().Txn; return h.post(step(Post, x, 4)).Txn }, bad, bad, bad},
		{"a void", func() id.ID { x := pend().Txn; return h.post(step(Void, x, 4)).Txn }, bad, bad, bad},
		{"a reversal", func() id.ID {
			x := h.post(step(Posted, id.ID{}, 3)).Txn
			return h.post(step(Reversal, x, 3)).Txn
		}, bad, bad, bad},
		{"refused", func() id.ID { return h.post(step(Posted, id.ID{}, 1_000_000)).Txn }, bad, bad, bad},
		{"unknown", func() id.ID { return id.ID{9} }, bad, bad, bad},
	}
	for _, s := range states {
		for phase, want := range map[Phase]then{Post: s.post, Void: s.void, Reversal: s.back} {
			x := s.make()
			before := [2]Account{h.at(a), h.at(b)}
			r, err := h.book.Post(bg, step(phase, x, 3))
			if errors.Is(err, ErrMisuse) != want.misuse || err != nil && !want.misuse || r.Reason != want.reason {
				t.Errorf("phase %d on %s: %+v, %v", phase, s.name, r, err)
			}
			if after := [2]Account{h.at(a), h.at(b)}; want != ok && after != before {
				t.Errorf("phase %d on %s moved something", phase, s.name)
			}
		}
	}
}

// ruleCarriedRowsLandWithTheMoney uses the settings table as somebody's rows.
func ruleCarriedRowsLandWithTheMoney(h *house) {
	t := h.T
	h.withNotes()
	a, b := h.account(1, 100), h.account(2, 0)
	tr := transfer(1, a, b, 40)
	tr.Rows = []db.Row{iNote.Row(Txn(), int64(7), Seq(1), Balance(0), At(), true, nil)}
	r := h.post(tr)
	h.post(tr)
	poor := transfer(1, a, b, 400)
	poor.Rows = tr.Rows
	h.post(poor)
	err := h.db.Write(bg, func(tx db.Tx) error {
		in := transfer(1, a, b, 1)
		in.Rows = tr.Rows
		_, err := h.book.PostTx(bg, tx, in)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	notes := h.notes()
	want := fmt.Sprintf("%x 7 1 60 %d", r.Txn[:], r.At.UnixMicro())
	if len(notes) != 2 || notes[0] != want {
		t.Errorf("rows %q, want %q", notes, want)
	}
}

func ruleOneBadCarriedRowSparesItsNeighbours(h *house) {
	t := h.T
	h.withNotes()
	a, b := h.account(1, 1000), h.account(2, 0)
	var ts []Transaction
	for i := range 100 {
		tr := transfer(1, a, b, 1)
		n := any(int64(i))
		if i == 41 {
			n = nil // the column must not be NULL
		}
		tr.Rows = []db.Row{iNote.Row(Txn(), n, Seq(1), Balance(0), At(), true, nil)}
		ts = append(ts, tr)
	}
	for i, o := range h.batch(ts...) {
		if (o.err != nil) != (i == 41) {
			t.Errorf("%d: %v", i, o.err)
		}
	}
	h.balance(b, 99, 0)
	if n := len(h.notes()); n != 99 || h.book.Stats().Poisoned != 1 {
		t.Errorf("%d rows, %d poisoned", n, h.book.Stats().Poisoned)
	}
	if _, ok, err := Find(bg, h.db, own(1), ts[41].Key); ok || err != nil {
		t.Errorf("the culprit was remembered: %v", err)
	}
}

func rulePanicInACarriedRowSparesTheWriter(h *house) {
	t := h.T
	h.withNotes()
	a, b := h.account(1, 10), h.account(2, 0)
	tr := transfer(1, a, b, 1)
	tr.Rows = []db.Row{{Insert: iNote, Args: []any{make(chan int), 1, 1, 1, 1, true, nil}}}
	if _, err := h.book.Post(bg, tr); err == nil || strings.Contains(err.Error(), "panic") {
		t.Errorf("a row of nonsense: %v", err)
	}
	h.post(transfer(1, a, b, 1))
}
