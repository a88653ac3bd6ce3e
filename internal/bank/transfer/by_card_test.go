package transfer_test

import (
	"context"
	"errors"
	"testing"

	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// withCards is a desk that knows the bank's cards.
func withCards(t *testing.T, b *banktest.Bank) (desk, *card.Service) {
	t.Helper()
	cards, err := card.New(b.DB, b.Vault, b.IDs, card.Options{})
	if err == nil {
		err = b.DB.Stamp(ctx, db.Demo) // whose cards tell their numbers
	}
	if err != nil {
		t.Fatal(err)
	}
	orders := order.New(order.Deps{DB: b.DB, Vault: b.Vault})
	return desk{b, transfer.New(transfer.Deps{
		DB: b.DB, Book: b.Book, Vault: b.Vault, People: b.Directory, Operations: b.Operations, Limits: b.Limits, Tariffs: tariff.New(b.DB),
		Cards: cards, Orders: orders,
	}), orders, b.IDs.New()}, cards
}

// numbered gives a client a card over an account, and its number.
func (d desk) numbered(cards *card.Service, p banktest.Person, account ledger.AccountID) (c card.Card, pan string) {
	d.Helper()
	d.Do(func(ctx context.Context, tx db.Tx) (err error) {
		c, err = cards.Issue(ctx, tx, card.Order{Client: p.ID, Account: account, Product: card.VirtualWorld, Name: client.Name{First: "Анна", Last: "Соколова"}})
		return err
	})
	pressed, err := cards.Pressed(ctx)
	if err != nil {
		d.Fatal(err)
	}
	for _, p := range pressed {
		if p.ID == c.ID {
			pan = p.Number.Reveal()
		}
	}
	return c, pan
}

// The number of our own card leads to its holder and to the account of that
// very card, at the fee of friends.
func TestToOurOwnCard(t *testing.T) {
	banktest.Each(t, func(b *banktest.Bank) {
		d, cards := withCards(t, b)
		anna, pavel := b.Client("Анна", "Соколова", 1000), b.Client("Павел", "Кузнецов", 0)
		second := b.Account(pavel.ID, 0)
		_, pan := d.numbered(cards, pavel, second)
		p, ours, err := d.transfers.ByCard(ctx, anna.ID, pan, "192.0.2.1")
		if err != nil || !ours || p.Name != "Павел К." || p.Phone != "" {
			t.Fatalf("%+v %v %v", p, ours, err)
		}
		q, err := d.transfers.Quote(ctx, anna.ID, anna.Account, p.Token, money.Rub(10000))
		if err != nil || q.Fee.Positive() {
			t.Fatalf("%+v %v", q, err)
		}
		if _, err := d.transfers.ToFriend(ctx, d.order(anna, p, 10000, "")); err != nil {
			t.Fatal(err)
		}
		if b.Balance(second) != 10000 || b.Balance(pavel.Account) != 0 || b.Balance(anna.Account) != 90000 {
			t.Errorf("%d %d %d", b.Balance(second), b.Balance(pavel.Account), b.Balance(anna.Account))
		}
		if p, ours, err := d.transfers.ByCard(ctx, anna.ID, "2200000000000046", ""); ours || err != nil || p.Token != "" {
			t.Errorf("another bank's card: %+v %v %v", p, ours, err)
		}
		_, own := d.numbered(cards, anna, anna.Account)
		if _, ours, err := d.transfers.ByCard(ctx, anna.ID, own, ""); !ours || !errors.Is(err, transfer.ErrOwnCard) {
			t.Errorf("one's own card: %v %v", ours, err)
		}
	})
}

// Nobody finds out by asking which numbers were ever cards, nor asks for long.
func TestOurCardsCannotBeCounted(t *testing.T) {
	banktest.Each(t, func(b *banktest.Bank) {
		d, cards := withCards(t, b)
		anna, pavel := b.Client("Анна", "Соколова", 1000), b.Client("Павел", "Кузнецов", 0)
		dead, gone := d.numbered(cards, pavel, pavel.Account)
		if err := cards.Close(ctx, pavel.ID, dead.ID); err != nil {
			t.Fatal(err)
		}
		_, unknownErr := byCard(d, anna, "5500000000000004")
		_, goneErr := byCard(d, anna, gone)
		one, _ := fault.As(unknownErr)
		two, _ := fault.As(goneErr)
		if one == nil || two == nil || one.Key != two.Key || one.Field != two.Field || one.Code != two.Code || len(one.Args)+len(two.Args) > 0 || !errors.Is(unknownErr, transfer.ErrNoCard) {
			t.Errorf("unknown: %v; closed: %v", unknownErr, goneErr)
		}
		for range b.Limits.Rules().LookupsClient - 2 {
			if _, err := byCard(d, anna, "5500000000000004"); !errors.Is(err, transfer.ErrNoCard) {
				t.Fatal(err)
			}
		}
		if ours, err := byCard(d, anna, gone); !ours || !errors.Is(err, limit.ErrLookups) {
			t.Errorf("one more than a day has: %v", err)
		}
		if _, err := d.transfers.Resolve(ctx, anna.ID, pavel.Phone, ""); !errors.Is(err, limit.ErrLookups) {
			t.Errorf("phones count with cards: %v", err)
		}
		if ours, err := byCard(d, anna, "2200000000000046"); ours || err != nil {
			t.Errorf("other banks' cards are not counted: %v", err)
		}
	})
}

func byCard(d desk, p banktest.Person, pan string) (bool, error) {
	_, ours, err := d.transfers.ByCard(ctx, p.ID, pan, "")
	return ours, err
}
