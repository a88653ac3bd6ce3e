package topup_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/bank/topup"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

var ctx = context.Background()

// bank is the acquirer of the tests: it remembers charges and does what answer says.
type bank struct {
	mu      sync.Mutex
	charges map[string]topup.Outcome
	asked   int // charges requested
	found   int // questions
	// first is the state a new charge gets; lose cuts the answer, before the
	// charge was written down or after.
	first       topup.ChargeState
	reason      string
	loseBefore  bool
	loseAfter   bool
	unreachable bool // nothing leaves this machine
	silent      bool // questions get no answer
	lie         func(*topup.Outcome)
	onCharge    func()
	onFind      func() // before a question is answered
}

func newBank() *bank {
	return &bank{charges: map[string]topup.Outcome{}, first: topup.ChargeActionRequired}
}

func (b *bank) Charge(_ context.Context, c topup.Charge) (topup.Outcome, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	if b.onCharge != nil {
		b.onCharge()
	}
	if b.unreachable {
		return topup.Outcome{}, topup.ErrNotSent
	}
	if b.loseBefore {
		return topup.Outcome{}, topup.ErrUnknownOutcome
	}
	o := topup.Outcome{ID: "ch_1", Key: c.Key, Amount: c.Amount, State: b.first, Reason: b.reason}
	if b.first == topup.ChargeActionRequired {
		o.ActionURL = "http://127.0.0.1:9/3ds/" + c.Key
	}
	b.charges[c.Key] = o
	if b.loseAfter {
		return topup.Outcome{}, topup.ErrUnknownOutcome
	}
	return b.said(o), nil
}

func (b *bank) Find(_ context.Context, key string) (topup.Outcome, error) {
	if b.onFind != nil {
		b.onFind()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.found++
	if b.silent {
		return topup.Outcome{}, errors.New("no answer")
	}
	o, ok := b.charges[key]
	if !ok {
		return topup.Outcome{}, topup.ErrNoSuchCharge
	}
	return b.said(o), nil
}

func (b *bank) said(o topup.Outcome) topup.Outcome {
	if b.lie != nil {
		b.lie(&o)
	}
	return o
}

// put changes a charge, or makes it when the acquirer had never heard of it.
func (b *bank) put(key string, total int64, s topup.ChargeState, reason string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.charges[key] = topup.Outcome{ID: "ch_1", Key: key, Amount: money.Rub(total), State: s, Reason: reason, ActionURL: "http://127.0.0.1:9/3ds/" + key}
}

func (b *bank) counts() (asked, found int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.asked, b.found
}

// desk is the top-up room of a bank in small.
type desk struct {
	*banktest.Bank
	topups *topup.Service
	other  *bank
	real   *banktest.Clock
	anna   banktest.Person
}

func deskOf(b *banktest.Bank, other *bank, real clock.Clock) *topup.Service {
	return topup.New(topup.Deps{
		DB: b.DB, Book: b.Book, Vault: b.Vault, Operations: b.Operations, Limits: b.Limits, Tariffs: tariff.New(b.DB),
		Acquirer: other, Now: real.Now, OwnBINs: []string{"550000"},
		ReturnURL: func(t string) string { return "http://localhost:8080/topup/" + t },
	})
}

func each(t *testing.T, fn func(d *desk)) {
	t.Helper()
	banktest.Each(t, func(b *banktest.Bank) {
		real := &banktest.Clock{}
		real.Set(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))
		other := newBank()
		fn(&desk{b, deskOf(b, other, real), other, real, b.Client("Анна", "Соколова", 0)})
	})
}

const goodPAN = "4276000012345673"

func goodCard() topup.Card {
	return topup.Card{Number: goodPAN, ExpMonth: 12, ExpYear: 2028, CVC: "731"}
}

func (d *desk) cmd(roubles int64) topup.Start {
	d.Helper()
	q, err := d.topups.Quote(ctx, d.anna.ID, money.Rub(roubles*100))
	if err != nil {
		d.Fatal(err)
	}
	return topup.Start{Client: d.anna.ID, Key: ledger.Key(d.IDs.New()), Account: d.anna.Account, Quote: q.Token, Card: goodCard()}
}

func (d *desk) start(roubles int64) topup.TopUp {
	d.Helper()
	t, err := d.topups.Start(ctx, d.cmd(roubles))
	if err != nil {
		d.Fatal(err)
	}
	return t
}

// state reads without asking the acquirer anew.
func (d *desk) one(t topup.TopUp) topup.TopUp {
	d.Helper()
	now, err := d.topups.One(ctx, d.anna.ID, t.ID)
	if err != nil {
		d.Fatal(err)
	}
	return now
}

func (d *desk) work() {
	d.Helper()
	if _, err := d.topups.Step(ctx); err != nil {
		d.Fatal(err)
	}
}

func (d *desk) left() int64 {
	d.Helper()
	l, err := d.Limits.Left(ctx, d.anna.ID, client.Standing{})
	if err != nil {
		d.Fatal(err)
	}
	return l.TopUpDay.Left.Minor
}

// settled checks what a done top-up of so many kopecks must look like, whoever finished it.
func (d *desk) settled(t topup.TopUp, kopecks int64) {
	d.Helper()
	if now := d.one(t); now.State != topup.Done || now.Operation.IsZero() {
		d.Errorf("it is %v", now.State)
	}
	feed := d.Feed(d.anna.ID)
	if len(feed) != 1 || feed[0].Amount.Minor != kopecks || feed[0].Details.Card != "427600••••••5673" {
		d.Errorf("feed %+v", feed)
	}
	d.Agrees(d.anna, 0)
	d.nothingHeld()
	if asked, _ := d.other.counts(); asked > 1 {
		d.Errorf("the card was charged %d times", asked)
	}
}

// untouched checks that a refused top-up left neither money nor limit behind.
func (d *desk) untouched(t topup.TopUp, reason string) {
	d.Helper()
	if now := d.one(t); now.State != topup.Refused || now.Reason != reason {
		d.Errorf("it is %v (%s), want refused (%s)", now.State, now.Reason, reason)
	}
	if d.Balance(d.anna.Account) != 0 || len(d.Feed(d.anna.ID)) != 0 {
		d.Error("money moved")
	}
	if d.left() != 150_000_00 {
		d.Errorf("the limit was not given back: %d left", d.left())
	}
	d.nothingHeld()
}

func (d *desk) nothingHeld() {
	d.Helper()
	d.verified()
	a, err := ledger.AccountByID(ctx, d.DB, ledger.Acquirer)
	if err != nil {
		d.Fatal(err)
	}
	if !a.Reserved.IsZero() {
		d.Errorf("%v is still held", a.Reserved)
	}
}

// verified checks the whole book with feeds and top-ups.
func (d *desk) verified() {
	d.Helper()
	report, err := ledger.Verify(ctx, d.DB, operation.Check, topup.Check)
	if err != nil {
		d.Fatal(err)
	}
	for _, b := range report.Breaches {
		d.Errorf("%+v", b)
	}
}
