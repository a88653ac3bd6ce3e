package dispute_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/dispute"
	"rocketbank/internal/bank/notice"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/outbox"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

var bg = context.Background()

// world is a bank in small with one client, his card, the network's clearing
// and two members of staff.
type world struct {
	*banktest.Bank
	svc     *dispute.Service
	shops   *purchase.Service
	owner   banktest.Person
	number  vault.Hidden
	records int

	maria, oleg dispute.By

	mu    sync.Mutex // the outbox sends several at once
	texts []string   // SMS that went out
}

func each(t *testing.T, fn func(w *world)) {
	t.Helper()
	banktest.Each(t, func(b *banktest.Bank) {
		w := &world{Bank: b, owner: b.Client("Анна", "Соколова", 10_000)}
		w.svc = dispute.New(dispute.Deps{DB: b.DB, Book: b.Book, Vault: b.Vault, IDs: id.NewSource(b.DB.Now), Operations: b.Operations})
		w.maria = dispute.By{Member: b.IDs.New(), Ref: "staff:st_maria"}
		w.oleg = dispute.By{Member: b.IDs.New(), Ref: "staff:st_oleg"}
		w.must(b.DB.Stamp(bg, db.Demo))
		cards, err := card.New(b.DB, b.Vault, b.IDs, card.Options{})
		w.must(err)
		b.Do(func(ctx context.Context, tx db.Tx) error {
			_, err := cards.Issue(ctx, tx, card.Order{Client: w.owner.ID, Account: w.owner.Account, Product: card.VirtualWorld, Name: client.Name{First: "Анна", Last: "Соколова"}})
			return err
		})
		pressed, err := cards.Pressed(bg)
		w.must(err)
		w.number = pressed[0].Number
		w.shops = purchase.New(purchase.Deps{DB: b.DB, Book: b.Book, Operations: b.Operations, Cards: cards, Disputes: w.svc})
		fn(w)
	})
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// arn is the reference of the nth record.
func (w *world) arn(n int) string { return fmt.Sprintf("%023d", n) }

// clears imports one record of the network.
func (w *world) clears(kind int, rrn string, roubles int64, change ...func(*purchase.Record)) {
	w.Helper()
	w.records++
	r := purchase.Record{
		Line: 1, Kind: kind, ARN: w.arn(w.records), Number: w.number, Amount: money.Rub(roubles * 100), Billing: money.Rub(roubles * 100),
		Code: "A1B2C3", RRN: rrn, Acquirer: "123456", Process: purchase.Buy, MCC: "5812", Merchant: "TEST SHOP", City: "MOSKVA", Country: "643", At: w.DB.Now(), Final: true,
	}
	for _, c := range change {
		c(&r)
	}
	name := fmt.Sprint("CLR-", w.records)
	_, err := w.shops.Import(bg, purchase.File{ID: name, Network: "test", Day: "2026-11-22", Print: []byte(name), Records: []purchase.Record{r}})
	w.must(err)
}

// buys makes a purchase that was cleared and gives its operation.
func (w *world) buys(rrn string, roubles int64, change ...func(*purchase.Record)) operation.Operation {
	w.Helper()
	w.clears(purchase.Presentment, rrn, roubles, change...)
	return w.Feed(w.owner.ID)[0]
}

// holds writes a purchase into the feed that was only held so far.
func (w *world) holds(roubles int64) operation.Operation {
	w.Helper()
	o := operation.Operation{
		ID: w.Operations.NewID(), Client: w.owner.ID, Account: w.owner.Account, Kind: operation.Purchase, State: operation.Pending, Amount: money.Rub(-roubles * 100), Fee: money.Rub(0),
		Details: operation.Details{Name: "Test Shop", Purchase: &operation.PurchaseDetails{Country: "643"}},
	}
	w.Do(func(ctx context.Context, tx db.Tx) error { return w.Operations.Add(ctx, tx, o) })
	return o
}

func (w *world) opens(o operation.Operation, why dispute.Reason) dispute.Dispute {
	w.Helper()
	d, fresh, err := w.svc.Open(bg, w.owner.ID, dispute.Claim{Operation: o.ID, Reason: why, Words: "Заплатил один раз, списали два"})
	if err != nil || !fresh {
		w.Fatal(fresh, err)
	}
	return d
}

// do runs an act in a unit of work and gives its refusal.
func (w *world) do(act func(tx db.Tx) error) error { return w.DB.Write(bg, act) }

func (w *world) take(d dispute.Dispute, by dispute.By) error {
	return w.do(func(tx db.Tx) error { return w.svc.Take(bg, tx, d.Client, d.ID, by) })
}

func (w *world) ask(d dispute.Dispute, by dispute.By, words string) error {
	return w.do(func(tx db.Tx) error { return w.svc.Ask(bg, tx, d.Client, d.ID, by, words) })
}

func (w *world) refuse(d dispute.Dispute, by dispute.By, words string) error {
	return w.do(func(tx db.Tx) error { return w.svc.Refuse(bg, tx, d.Client, d.ID, by, words) })
}

func (w *world) accept(d dispute.Dispute, roubles int64) error {
	return w.do(func(tx db.Tx) error { return w.svc.Accept(bg, tx, d.Client, d.ID, w.oleg, money.Rub(roubles*100)) })
}

func (w *world) now(d dispute.Dispute) dispute.Dispute {
	w.Helper()
	now, err := w.svc.One(bg, d.Client, d.ID)
	w.must(err)
	return now
}

// sound insists that the book, the feed and the disputes agree.
func (w *world) sound() {
	w.Helper()
	rep, err := ledger.Verify(bg, w.DB, operation.Check, purchase.Check, dispute.Check)
	w.must(err)
	for _, b := range rep.Breaches {
		w.Errorf("breach %s on %s (%s): %s", b.Rule, b.Account, b.Txn, b.Detail)
	}
}

// Send makes the world an SMS gateway.
func (w *world) Send(_ context.Context, m notice.SMS) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.texts = append(w.texts, m.Text.Reveal())
	return "gw-" + m.Key, nil
}

// told works the outbox off and gives the messages since last time.
func (w *world) told() []string {
	w.Helper()
	w.texts = nil
	s := notice.New(notice.Deps{DB: w.DB, Vault: w.Vault, People: w.Directory, Operations: w.Operations, Sender: w, Now: w.Clock.Now})
	worker := outbox.NewWorker(w.DB, s.Handlers(), slog.New(slog.DiscardHandler))
	for {
		n, err := worker.Once(bg)
		w.must(err)
		if n == 0 {
			return w.texts
		}
	}
}
