package ledger

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/money"
)

// house is a book under test with some clients.
type house struct {
	*testing.T
	db   *db.DB
	book *Book
}

func newHouse(t *testing.T, d *db.DB, o Options) *house {
	t.Helper()
	b, err := NewBook(context.Background(), d, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return &house{T: t, db: d, book: b}
}

// account opens an account of a client with so many kopecks on it.
func (h *house) account(owner, kopecks int64) AccountID {
	h.Helper()
	var a AccountID
	err := h.db.Write(context.Background(), func(tx db.Tx) error {
		var err error
		if a, err = OpenAccount(context.Background(), tx, Opening{Owner: owner, Kind: KindCurrent, Currency: money.RUB}); err != nil || kopecks == 0 {
			return err
		}
		_, err = h.book.PostTx(context.Background(), tx, Transaction{
			Owner: BankOwner, Key: freshKey(), Kind: KindOpening, Phase: Posted, Legs: move(World, a, kopecks),
		})
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	return a
}

func (h *house) post(t Transaction) Receipt {
	h.Helper()
	r, err := h.book.Post(context.Background(), t)
	if err != nil {
		h.Fatal(err)
	}
	return r
}

func (h *house) at(a AccountID) Account {
	h.Helper()
	acc, err := AccountByID(context.Background(), h.db, a)
	if err != nil {
		h.Fatal(err)
	}
	return acc
}

// balance insists on what an account has posted and reserved.
func (h *house) balance(a AccountID, posted, reserved int64) {
	h.Helper()
	if acc := h.at(a); acc.Posted.Minor != posted || acc.Reserved.Minor != reserved {
		h.Errorf("account %v has %d posted and %d reserved, want %d and %d", a, acc.Posted.Minor, acc.Reserved.Minor, posted, reserved)
	}
}

func (h *house) used(owner int64, g Guard) int64 {
	h.Helper()
	u, err := Used(context.Background(), h.db, owner, h.book.now(), g)
	if err != nil {
		h.Fatal(err)
	}
	return u[0].Used.Minor
}

// verified insists that the whole book adds up.
func (h *house) verified() Report {
	h.Helper()
	r, err := Verify(context.Background(), h.db)
	if err != nil {
		h.Fatal(err)
	}
	for _, b := range r.Breaches {
		h.Errorf("verify: %+v", b)
	}
	return r
}

var keys atomic.Int64

func freshKey() Key { return KeyOf("test", strconv.FormatInt(keys.Add(1), 10)) }

func move(from, to AccountID, kopecks int64) []Leg {
	return []Leg{{Account: from, Amount: money.Rub(-kopecks)}, {Account: to, Amount: money.Rub(kopecks)}}
}

func transfer(owner int64, from, to AccountID, kopecks int64) Transaction {
	return Transaction{Owner: owner, Key: freshKey(), Kind: KindTransfer, Phase: Posted, Legs: move(from, to, kopecks)}
}

// stopped is a clock that the test moves.
type stopped struct{ us atomic.Int64 }

func (s *stopped) clock() clock.Clock {
	return clock.Func(func() (t timeT) { return microtime(s.us.Load()) })
}
