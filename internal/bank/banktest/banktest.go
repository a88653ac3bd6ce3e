// Package banktest is a bank in small for the tests of the money rooms: a
// database, a book, a vault and some clients with money on their accounts.
package banktest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// Noon is when a test's clock starts: 22 November 2026, noon in Moscow.
var Noon = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// Clock is a business clock that stands until it is told to move.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now gives the standing time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Add moves the clock.
func (c *Clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Set puts the clock to a moment.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// Bank is the bank in small.
type Bank struct {
	*testing.T
	Clock      *Clock
	DB         *db.DB
	Book       *ledger.Book
	Vault      *vault.Vault
	IDs        *id.Source
	Directory  *client.Directory
	Operations *operation.Service
	Limits     *limit.Service
	url        string
}

// Person is a client of the test.
type Person struct {
	ID      client.ID
	Account ledger.AccountID
	Phone   phone.Number
}

// Each runs fn on both engines, each with a fresh bank, beside the other tests
// of the package: most of their time they wait for the disk.
func Each(t *testing.T, fn func(b *Bank)) {
	t.Helper()
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		fn(open(t, url, vault.Ephemeral(), &Clock{now: Noon}))
	})
}

func open(t *testing.T, url string, v *vault.Vault, c *Clock) *Bank {
	t.Helper()
	d := dbtest.Open(t, url, c)
	book, err := ledger.NewBook(context.Background(), d, ledger.Options{Clock: c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := book.Close(); err != nil {
			t.Error(err)
		}
	})
	return &Bank{
		T: t, Clock: c, DB: d, Book: book, Vault: v, IDs: id.NewSource(clock.System().Now), url: url,
		Directory: client.NewDirectory(d, v), Operations: operation.New(d, v), Limits: limit.New(d, v, limit.Standard()),
	}
}

// Again opens a second bank on the same database, keys and clock: another
// process, or the same one after a crash.
func (b *Bank) Again() *Bank {
	b.Helper()
	return open(b.T, b.url, b.Vault, b.Clock)
}

// Do runs fn in a unit of work.
func (b *Bank) Do(fn func(ctx context.Context, tx db.Tx) error) {
	b.Helper()
	ctx := context.Background()
	if err := b.DB.Write(ctx, func(tx db.Tx) error { return fn(ctx, tx) }); err != nil {
		b.Fatal(err)
	}
}

// Client makes a client with so many roubles on his account.
func (b *Bank) Client(first, last string, roubles int64) Person {
	b.Helper()
	var p Person
	b.Do(func(ctx context.Context, tx db.Tx) error {
		who, err := client.NextID(ctx, tx)
		if err != nil {
			return err
		}
		account, err := ledger.OpenAccount(ctx, tx, ledger.Opening{Owner: int64(who), Kind: ledger.KindCurrent, Currency: money.RUB})
		if err != nil {
			return err
		}
		p = Person{ID: who, Account: account, Phone: phone.Number(fmt.Sprintf("+7916555%04d", who%10000))}
		born, _ := client.ParseDate("1990-05-17")
		if err := b.Directory.Create(ctx, tx, client.New{
			ID: who, UID: b.IDs.New(), Name: client.Name{First: first, Last: last}, Born: born, Phone: p.Phone,
			Lang: locale.Russian, Level: client.Simplified, Account: account,
		}); err != nil {
			return err
		}
		return b.fund(ctx, tx, account, roubles)
	})
	return p
}

// Account opens one more account for a client.
func (b *Bank) Account(who client.ID, roubles int64) ledger.AccountID {
	b.Helper()
	var a ledger.AccountID
	b.Do(func(ctx context.Context, tx db.Tx) (err error) {
		if a, err = ledger.OpenAccount(ctx, tx, ledger.Opening{Owner: int64(who), Kind: ledger.KindCurrent, Currency: money.RUB}); err != nil {
			return err
		}
		return b.fund(ctx, tx, a, roubles)
	})
	return a
}

func (b *Bank) fund(ctx context.Context, tx db.Tx, a ledger.AccountID, roubles int64) error {
	if roubles == 0 {
		return nil
	}
	sum := money.Rub(roubles * 100)
	_, err := b.Book.PostTx(ctx, tx, ledger.Transaction{
		Owner: ledger.BankOwner, Key: ledger.Key(b.IDs.New()), Kind: ledger.KindOpening, Phase: ledger.Posted,
		Legs: []ledger.Leg{{Account: ledger.World, Amount: money.Rub(-sum.Minor)}, {Account: a, Amount: sum}},
	})
	return err
}

// Balance gives what is on an account, in kopecks.
func (b *Bank) Balance(a ledger.AccountID) int64 {
	b.Helper()
	account, err := ledger.AccountByID(context.Background(), b.DB, a)
	if err != nil {
		b.Fatal(err)
	}
	return account.Posted.Minor
}

// Feed gives the newest operations of a client.
func (b *Bank) Feed(who client.ID) []operation.Operation {
	b.Helper()
	page, err := b.Operations.Feed(context.Background(), who, operation.Filter{Limit: 100})
	if err != nil {
		b.Fatal(err)
	}
	return page.Operations
}

// Agrees fails unless the sum of the client's feed, from an opening balance in
// roubles, is the balance of his account.
func (b *Bank) Agrees(p Person, opening int64) {
	b.Helper()
	sum, f := opening*100, operation.Filter{Limit: 100}
	for {
		page, err := b.Operations.Feed(context.Background(), p.ID, f)
		if err != nil {
			b.Fatal(err)
		}
		for _, o := range page.Operations {
			if o.State == operation.Done {
				sum += o.Amount.Minor
			}
		}
		if f.Before = page.Next; f.Before.IsZero() {
			break
		}
	}
	if got := b.Balance(p.Account); got != sum {
		b.Errorf("the feed of %d sums to %d, the ledger says %d", p.ID, sum, got)
	}
}
