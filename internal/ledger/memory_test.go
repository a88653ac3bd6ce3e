package ledger

import (
	"errors"
	"testing"
	"time"

	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
)

// The book in memory keeps the same law: a hold, its capture, a refusal that is
// remembered until its unit of work is undone, and accounts of nobody.
func TestMemory(t *testing.T) {
	t.Parallel()
	const anna = AccountID(2000 * slots)
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	m := NewMemory(id.NewSource(time.Now))
	m.Open(anna, 1, money.RUB)
	post := func(x Transaction) Receipt {
		t.Helper()
		x.Owner, x.Kind = 1, KindPurchase
		recs, _, err := m.Post(at, x)
		if err != nil {
			t.Fatal(err)
		}
		return recs[0]
	}
	pays := func(minor int64) []Leg {
		return []Leg{{Account: anna, Owner: 1, Amount: money.Rub(-minor)}, {Account: Network, Amount: money.Rub(minor)}}
	}
	stands := func(posted, reserved int64) {
		t.Helper()
		if a, err := m.Account(anna); err != nil || a.Posted.Minor != posted || a.Reserved.Minor != reserved || m.Sum() != 0 {
			t.Fatalf("%+v, %v, the book sums to %d; want %d and %d", a, err, m.Sum(), posted, reserved)
		}
	}
	post(Transaction{Key: KeyOf("in"), Phase: Posted, Legs: []Leg{{Account: World, Amount: money.Rub(-500)}, {Account: anna, Owner: 1, Amount: money.Rub(500)}}})
	hold := post(Transaction{Key: KeyOf("hold"), Phase: Pending, Legs: pays(300)})
	stands(500, 300)
	for range 2 {
		if r := post(Transaction{Key: KeyOf("much"), Phase: Posted, Legs: pays(201)}); r.Reason != InsufficientFunds || r.Missing.Minor != 1 {
			t.Errorf("%+v", r)
		}
	}
	m.Forget(1, KeyOf("much"))
	m.Forget(1, KeyOf("hold")) // no refusal: it stays
	post(Transaction{Key: KeyOf("take"), Phase: Post, Refers: hold.Txn, Hold: anna, Final: true, Legs: pays(250)})
	stands(250, 0)
	if h, ok := m.Hold(hold.Txn); !ok || h.Posted.Minor != 250 || h.Released.Minor != 50 {
		t.Errorf("%+v", h)
	}
	if r := post(Transaction{Key: KeyOf("much"), Phase: Posted, Legs: pays(201)}); r.Refused() || r.Replay {
		t.Errorf("what was forgotten is asked anew: %+v", r)
	}
	if r := post(Transaction{Key: KeyOf("hold"), Phase: Pending, Legs: pays(300)}); !r.Replay {
		t.Errorf("a posting was forgotten: %+v", r)
	}
	if _, err := m.Account(anna + slots); !errors.Is(err, ErrForeignAccount) {
		t.Error(err)
	}
}
