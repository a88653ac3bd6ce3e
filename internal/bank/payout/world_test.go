package payout_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/order/ordertest"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

var ctx = context.Background()

// full is a client of whom the bank knows everything, on a device with a key.
var full = client.Standing{Level: client.Full}

var key, public = ordertest.Key(1)

// What happens to one word with the other side.
type fate int

const (
	fine    fate = iota
	before       // the message is lost on its way there
	after        // the answer is lost on its way back
	unsent       // nothing leaves this machine
	garbled      // the answer makes no sense
)

// other is the other side: it decides about a payout once, when it first hears
// of it, and remembers.
type other struct {
	mu      sync.Mutex
	decide  func(payout.Instruction) payout.Outcome
	fate    func() fate
	decided map[id.ID]payout.Outcome
	told    map[id.ID]payout.Instruction
	last    map[id.ID]payout.Instruction
	sends   map[id.ID]int
	onSend  func(payout.Instruction)
	onAsk   func() // when the answer to a question is on its way
}

func newOther() *other {
	return &other{
		decide: func(payout.Instruction) payout.Outcome {
			return payout.Outcome{State: payout.Settled, Reference: "REF1"}
		},
		fate:    func() fate { return fine },
		decided: map[id.ID]payout.Outcome{}, told: map[id.ID]payout.Instruction{}, last: map[id.ID]payout.Instruction{}, sends: map[id.ID]int{},
	}
}

var errLost = errors.New("no answer")

func (o *other) Send(_ context.Context, i payout.Instruction) (payout.Outcome, error) {
	if o.onSend != nil {
		o.onSend(i)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sends[i.ID]++
	return o.word(i)
}

func (o *other) Ask(_ context.Context, i payout.Instruction) (payout.Outcome, error) {
	o.mu.Lock()
	out, err := o.word(i)
	o.mu.Unlock()
	if o.onAsk != nil {
		o.onAsk()
	}
	return out, err
}

func (o *other) word(i payout.Instruction) (payout.Outcome, error) {
	f := o.fate()
	o.last[i.ID] = i
	switch f {
	case before:
		return payout.Outcome{}, errLost
	case unsent:
		return payout.Outcome{State: payout.NotSent}, errLost
	}
	if was, known := o.told[i.ID]; known && (was.Number != i.Number || !was.Sent.Equal(i.Sent) || was.Amount != i.Amount) {
		panic("a payout was told twice and differently")
	}
	o.told[i.ID] = i
	if _, known := o.decided[i.ID]; !known {
		o.decided[i.ID] = o.decide(i)
	}
	switch f {
	case after:
		return payout.Outcome{}, errLost
	case garbled:
		return payout.Outcome{State: payout.OutcomeUnknown, Reason: "declined"}, errors.New("an answer that makes no sense")
	}
	return o.decided[i.ID], nil
}

func (o *other) paid() (sum int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for x, d := range o.decided {
		if d.State == payout.Settled {
			sum += o.told[x].Amount.Minor
		}
	}
	return sum
}

// desk is the payout room of a bank in small.
type desk struct {
	*banktest.Bank
	payouts *payout.Service
	orders  *order.Service
	other   *other
	real    *banktest.Clock
	device  id.ID
	anna    banktest.Person
}

func roomOf(b *banktest.Bank, o *other, real *banktest.Clock) (*payout.Service, *order.Service) {
	orders := order.New(order.Deps{DB: b.DB, Vault: b.Vault})
	return payout.New(payout.Deps{
		DB: b.DB, Book: b.Book, Vault: b.Vault, People: b.Directory, Operations: b.Operations, Limits: b.Limits, Tariffs: tariff.New(b.DB),
		Orders: orders, Rails: map[payout.Way]payout.Rail{payout.Card: o, payout.Phone: o, payout.Mobile: o}, Now: real.Now,
	}), orders
}

// each runs fn on both engines with Anna, who has 400 000 ₽.
func each(t *testing.T, fn func(d *desk)) {
	t.Helper()
	banktest.Each(t, func(b *banktest.Bank) {
		real := &banktest.Clock{}
		real.Set(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))
		o := newOther()
		payouts, orders := roomOf(b, o, real)
		fn(&desk{b, payouts, orders, o, real, b.IDs.New(), b.Client("Анна", "Соколова", 400_000)})
	})
}

// again is the room in another process.
func (d *desk) again() *payout.Service {
	d.Helper()
	p, _ := roomOf(d.Again(), d.other, d.real)
	return p
}

const pan = "2200120000004821"

func card() payout.Target {
	return payout.Target{Way: payout.Card, Number: vault.Hide(pan), Bank: "zarya", BankRU: "Банк Заря", BankEN: "Zarya Bank"}
}

func byPhone() payout.Target {
	return payout.Target{Way: payout.Phone, Phone: phone.Number("+79165550199"), Bank: "100000000007", BankRU: "Банк Полюс", BankEN: "Pole Bank", Name: "Иван Петрович С.", Token: vault.Hide("pam-1")}
}

// order makes a confirmed order of so many kopecks.
func (d *desk) order(to payout.Target, kopecks int64, message string) payout.Send {
	d.Helper()
	q, err := d.payouts.Quote(ctx, d.anna.ID, payout.Ask{From: d.anna.Account, To: to, Amount: money.Rub(kopecks)})
	if err != nil {
		d.Fatal(err)
	}
	return d.confirmed(payout.Send{Client: d.anna.ID, Key: ledger.Key(d.IDs.New()), Quote: q.Token, Message: message})
}

func (d *desk) confirmed(cmd payout.Send) payout.Send {
	d.Helper()
	o, err := d.payouts.Order(cmd.Client, cmd.Quote, cmd.Message)
	if err != nil {
		d.Fatal(err)
	}
	if cmd.Signed, err = d.orders.Accept(cmd.Client, o, order.ByDevice(d.device, public, ordertest.Sign(d, key, o.Text))); err != nil {
		d.Fatal(err)
	}
	if cmd.Standing == (client.Standing{}) {
		cmd.Standing = full
	}
	return cmd
}

func (d *desk) send(cmd payout.Send) payout.Payout {
	d.Helper()
	p, err := d.payouts.Send(ctx, cmd)
	if err != nil {
		d.Fatal(err)
	}
	return p
}

func (d *desk) one(x id.ID) payout.Payout {
	d.Helper()
	p, err := d.payouts.One(ctx, d.anna.ID, x)
	if err != nil {
		d.Fatal(err)
	}
	return p
}

// work lets so much real time pass and the worker do what is due.
func (d *desk) work(after time.Duration) {
	d.Helper()
	d.real.Add(after)
	if _, err := d.payouts.Step(ctx); err != nil {
		d.Fatal(err)
	}
}

func (d *desk) left() int64 {
	d.Helper()
	l, err := d.Limits.Left(ctx, d.anna.ID, full)
	if err != nil {
		d.Fatal(err)
	}
	return l.OutgoingDay.Left.Minor
}

// verified checks the whole book with feeds, prices and payouts, and that the
// feed tells what the account says.
func (d *desk) verified() {
	d.Helper()
	report, err := ledger.Verify(ctx, d.DB, operation.Check, operation.CheckPrices, payout.Check, order.Check)
	if err != nil {
		d.Fatal(err)
	}
	for _, b := range report.Breaches {
		d.Errorf("%+v", b)
	}
	d.Agrees(d.anna, 400_000)
}
