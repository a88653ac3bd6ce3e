package ledger

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"math"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
)

// Report is what Verify found.
type Report struct {
	Transactions int64    `json:"transactions"`
	Entries      int64    `json:"entries"`
	Breaches     []Breach `json:"breaches"`
}

// Breach is one broken invariant.
type Breach struct {
	Rule    string `json:"rule"`
	Account string `json:"account,omitempty"`
	Txn     string `json:"txn,omitempty"`
	Detail  string `json:"detail"`
}

// Check is what another room adds to the verification: what its own rows
// promise about the book. It reads the same snapshot.
type Check func(ctx context.Context, r db.Reader) ([]Breach, error)

// maxBreaches bounds a report; a book that is broken oftener is broken as a whole.
const maxBreaches = 1000

// verifyPage is how many rows are held in memory at a time.
const verifyPage = 1000

// Verify re-adds the whole book and checks every invariant, in one snapshot,
// so that a book under load adds up too. It goes the other way round than the
// writers: balances from entries, entries from transactions, tallies and limit
// counters from what the transactions say about them.
func Verify(ctx context.Context, d *db.DB, more ...Check) (Report, error) {
	v := &verifier{
		seeds:  [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
		proofs: map[AccountID][2]uint64{}, holds: map[id.ID]*tally{}, guards: map[guardKey]int64{},
	}
	v.rep.Breaches = []Breach{}
	err := d.Read(ctx, func(r db.Reader) error {
		for _, step := range []func(context.Context, db.Reader) error{v.currencies, v.accounts, v.txns, v.proof, v.tallies, v.counters} {
			if err := step(ctx, r); err != nil {
				return err
			}
		}
		for _, check := range more {
			found, err := check(ctx, r)
			if err != nil {
				return err
			}
			for _, b := range found {
				v.add(b)
			}
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return v.rep, err
}

var errEnough = errors.New("ledger: too many breaches")

type verifier struct {
	rep   Report
	seeds [2]maphash.Seed
	// proofs holds, per account, the digest of its entries less the digest of
	// the legs that name them; nought when each entry has its leg and each leg
	// its entry.
	proofs map[AccountID][2]uint64
	holds  map[id.ID]*tally
	guards map[guardKey]int64
}

// tally is what the transactions say about a hold.
type tally struct {
	pending          bool
	account          AccountID
	whole            int64
	posted, reversed int64
	voided           bool
}

func (v *verifier) add(b Breach) {
	if len(v.rep.Breaches) < maxBreaches {
		v.rep.Breaches = append(v.rep.Breaches, b)
	}
}

func (v *verifier) account(rule string, a AccountID, format string, args ...any) {
	v.add(Breach{Rule: rule, Account: a.String(), Detail: fmt.Sprintf(format, args...)})
}

func (v *verifier) txn(rule string, x id.ID, format string, args ...any) {
	v.add(Breach{Rule: rule, Txn: x.Text("tr"), Detail: fmt.Sprintf(format, args...)})
}

func (v *verifier) full() error {
	if len(v.rep.Breaches) >= maxBreaches {
		return errEnough
	}
	return nil
}

var (
	qSums = db.Query(`SELECT currency, SUM(CAST(balance_minor / 1000000000 AS bigint)), SUM(CAST(balance_minor % 1000000000 AS bigint))
		FROM account GROUP BY currency ORDER BY currency`)
	qAccountPage = db.Query(`SELECT id, owner, currency, closed, floor_minor, balance_minor, reserved_minor, version
		FROM account WHERE id > $1 ORDER BY id LIMIT $2`)
	qEntryRange = db.Query(`SELECT account, seq, txn, amount_minor, balance_minor FROM entry
		WHERE account > $1 AND account <= $2 ORDER BY account, seq`)
	qOpenRange = db.Query(`SELECT account, amount_minor - posted_minor - released_minor FROM hold
		WHERE account > $1 AND account <= $2 AND amount_minor > posted_minor + released_minor`)
	qTxnPage   = db.Query(`SELECT ` + txnColumns + ` FROM txn WHERE id > $1 ORDER BY id LIMIT $2`)
	qHoldPage  = db.Query(`SELECT txn, account, amount_minor, posted_minor, released_minor, reversed_minor, expires_us FROM hold WHERE txn > $1 ORDER BY txn LIMIT $2`)
	qGuardPage = db.Query(`SELECT owner, name, win, used_minor FROM guard WHERE owner > $1 OR (owner = $1 AND (name > $2 OR (name = $2 AND win > $3)))
		ORDER BY owner, name, win LIMIT $4`)
)

// currencies: the whole book sums to zero, because the outside world has
// accounts in it. High and low digits are summed apart, so nothing overflows.
func (v *verifier) currencies(ctx context.Context, r db.Reader) error {
	type sum struct{ cur, high, low int64 }
	sums, err := list(ctx, r, qSums, func(s scanner) (x sum, err error) { return x, s.Scan(&x.cur, &x.high, &x.low) })
	if err != nil {
		return err
	}
	for _, s := range sums {
		if carry := s.low / 1e9; s.high+carry != 0 || s.low%1e9 != 0 {
			v.add(Breach{Rule: "currency_sum", Detail: fmt.Sprintf("accounts in %v sum to %d·10⁹ + %d", money.Currency(s.cur), s.high+carry, s.low%1e9)})
		}
	}
	return nil
}

// accounts: balance is the fold of the entries, sequences have no gap,
// reserved is the sum of the open holds, the floor holds.
func (v *verifier) accounts(ctx context.Context, r db.Reader) error {
	last := AccountID(math.MinInt64)
	for {
		page, err := list(ctx, r, qAccountPage, scanFull, int64(last), verifyPage)
		if err != nil {
			return err
		}
		to := AccountID(math.MaxInt64)
		if len(page) == verifyPage {
			to = page[len(page)-1].id
		}
		if err := v.accountRange(ctx, r, page, last, to); err != nil {
			return err
		}
		if err := v.full(); err != nil {
			return err
		}
		if last = to; len(page) < verifyPage {
			return nil
		}
	}
}

func (v *verifier) accountRange(ctx context.Context, r db.Reader, page []*account, after, to AccountID) error {
	byID := make(map[AccountID]*account, len(page))
	folded := make(map[AccountID]entryRow, len(page))
	open := map[AccountID]int64{}
	for _, a := range page {
		byID[a.id] = a
	}
	err := each(ctx, r, qEntryRange, func(s scanner) error {
		var e entryRow
		var txn []byte
		if err := s.Scan(&e.account, &e.seq, &txn, &e.amount, &e.balance); err != nil {
			return err
		}
		v.rep.Entries++
		if len(txn) != 16 {
			v.account("entry_txn", e.account, "entry %d names no transaction", e.seq)
			return nil
		}
		e.txn = id.ID(txn)
		v.prove(e.account, e.seq, e.txn, e.amount, e.balance, false)
		before := folded[e.account]
		if e.seq != before.seq+1 {
			v.account("sequence", e.account, "entry %d follows entry %d", e.seq, before.seq)
		}
		if sum, err := money.AddMinor(before.balance, e.amount); err != nil || sum != e.balance {
			v.account("entry_balance", e.account, "entry %d: %d + %d is not %d", e.seq, before.balance, e.amount, e.balance)
		}
		if byID[e.account] == nil && before.seq == 0 {
			v.account("entry_account", e.account, "entries of an account that does not exist")
		}
		folded[e.account] = e
		return nil
	}, int64(after), int64(to))
	if err != nil {
		return err
	}
	err = each(ctx, r, qOpenRange, func(s scanner) error {
		var a AccountID
		var n int64
		if err := s.Scan(&a, &n); err != nil {
			return err
		}
		open[a] += n
		return nil
	}, int64(after), int64(to))
	if err != nil {
		return err
	}
	for _, a := range page {
		e := folded[a.id]
		if a.version != e.seq {
			v.account("version", a.id, "version %d, last entry %d", a.version, e.seq)
		}
		if a.balance != e.balance {
			v.account("balance", a.id, "balance %d, entries fold to %d", a.balance, e.balance)
		}
		if a.reserved != open[a.id] {
			v.account("reserved", a.id, "reserved %d, open holds sum to %d", a.reserved, open[a.id])
		}
		if !a.noFloor && a.balance-a.reserved < a.floor {
			v.account("floor", a.id, "balance %d less reserved %d is below the floor %d", a.balance, a.reserved, a.floor)
		}
	}
	return nil
}

// prove adds an entry to its account's digest, or takes a leg off it.
func (v *verifier) prove(a AccountID, seq int64, txn id.ID, amount, balance int64, leg bool) {
	type line struct {
		seq, amount, balance int64
		txn                  id.ID
	}
	l := line{seq, amount, balance, txn}
	p := v.proofs[a]
	for i := range p {
		if h := maphash.Comparable(v.seeds[i], l); leg {
			p[i] -= h
		} else {
			p[i] += h
		}
	}
	v.proofs[a] = p
}

func scanFull(s scanner) (*account, error) {
	a := &account{}
	var floor *int64
	if err := s.Scan(&a.id, &a.owner, &a.cur, &a.closed, &floor, &a.balance, &a.reserved, &a.version); err != nil {
		return nil, err
	}
	if a.noFloor = floor == nil; !a.noFloor {
		a.floor = *floor
	}
	return a, nil
}

// each streams the rows of a query.
func each(ctx context.Context, r db.Reader, q *db.Stmt, row func(scanner) error, args ...any) (err error) {
	rows, err := r.Rows(ctx, q, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
