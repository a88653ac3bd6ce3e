package card_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// What counts towards each limit is told for the day and the month of now, also
// where no limit was set yet; nobody else's card is.
func TestSpent(t *testing.T) {
	eachHome(t, func(h *home) {
		book, err := ledger.NewBook(bg, h.DB, ledger.Options{Clock: h.clock})
		h.must(err)
		t.Cleanup(func() { h.must(book.Close()) })
		x := h.issued(card.VirtualWorld)
		n := byte(0)
		post := func(kind ledger.Kind, sum int64, guards ...ledger.Guard) {
			h.Helper()
			n++
			_, err := book.Post(bg, ledger.Transaction{
				Owner: int64(h.who), Key: ledger.Key{n}, Kind: kind, Phase: ledger.Posted, Guards: guards,
				Legs: []ledger.Leg{{Account: x.Account, Owner: int64(h.who), Amount: money.Rub(-sum)}, {Account: ledger.Network, Amount: money.Rub(sum)}},
			})
			h.must(err)
		}
		pay := func(a card.Attempt, sum int64) {
			h.Helper()
			post(ledger.KindPurchase, sum, card.Face{Card: h.card(x.ID)}.Guards(a, money.Rub(sum))...)
		}
		post(ledger.KindPurchase, -10_000_00) // a refund, to have something to spend
		pay(card.Attempt{Home: true}, 100_00)
		h.clock.Add(24 * time.Hour)
		pay(card.Attempt{Home: true, Cash: true}, 20_00)
		pay(card.Attempt{}, 3_00)
		spent, err := h.cards.Spent(bg, h.who, x.ID)
		h.must(err)
		want := map[card.Switch]money.Amount{
			card.SwitchHomeDay: money.Rub(20_00), card.SwitchHomeMonth: money.Rub(120_00), card.SwitchCashDay: money.Rub(20_00), card.SwitchCashMonth: money.Rub(20_00),
			card.SwitchAwayDay: money.Rub(3_00), card.SwitchAwayMonth: money.Rub(3_00),
		}
		if !maps.Equal(spent, want) {
			t.Errorf("%v, want %v", spent, want)
		}
		// A ceiling counts from the day it was set.
		rules := card.Standard()
		rules.Ceiling = money.Rub(500_00)
		h.must(h.cards.ChangeRules(bg, h.who, x.ID, rules))
		pay(card.Attempt{Home: true}, 7_00)
		spent, err = h.cards.Spent(bg, h.who, x.ID)
		if h.must(err); spent[card.SwitchCeiling] != money.Rub(7_00) || spent[card.SwitchHomeDay] != money.Rub(27_00) {
			t.Errorf("%v", spent)
		}
		_, err = h.cards.Spent(bg, h.who, id.ID{1})
		h.wants("nobody's card", err, card.ErrMissing)
	})
}

// A program's word makes one card for ever, whoever is late with it.
func TestVirtualCardByWord(t *testing.T) {
	eachHome(t, func(h *home) {
		n := card.NewVirtual{Word: "card-1", Rules: card.Standard()}
		ids := make(chan id.ID, 6)
		for range 6 {
			go func() {
				c, err := h.cards.IssueVirtual(bg, h.who, n)
				if err != nil {
					t.Error(err)
				}
				ids <- c.ID
			}()
		}
		first := <-ids
		for range 5 {
			if x := <-ids; x != first {
				t.Error("a word made two cards")
			}
		}
		h.clock.Add(400 * 24 * time.Hour)
		again, err := h.cards.IssueVirtual(bg, h.who, n)
		if h.must(err); again.ID != first {
			t.Error("a year later the word makes another card")
		}
		made := fmt.Sprintf("%+v", again)
		h.must(h.cards.Rename(bg, h.who, first, "Другое имя"))
		h.must(h.cards.SetArt(bg, h.who, first, card.Mint))
		tighter := card.Standard()
		tighter.Abroad = false
		h.must(h.cards.ChangeRules(bg, h.who, first, tighter))
		h.must(h.cards.SetMain(bg, h.who, first))
		h.must(h.cards.Close(bg, h.who, first))
		closed, err := h.cards.IssueVirtual(bg, h.who, n)
		if h.must(err); closed.ID != first || fmt.Sprintf("%+v", closed) != made || !closed.Replay {
			t.Errorf("the first answer was %s, now it is %+v", made, closed)
		}
		if now, err := h.cards.ByID(bg, h.who, first); err != nil || now.State != card.Closed || now.Replay {
			t.Errorf("%+v %v", now, err)
		}
		for name, change := range map[string]func(*card.NewVirtual){
			"a name": func(n *card.NewVirtual) { n.Name = "Для игр" }, "a picture": func(n *card.NewVirtual) { n.Art = card.Flame },
			"rules": func(n *card.NewVirtual) { n.Rules.ATM = false }, "a shop": func(n *card.NewVirtual) { n.Rules.Merchant = card.FirstMerchant },
			"a changing code": func(n *card.NewVirtual) { n.Dynamic = true },
		} {
			other := n
			change(&other)
			_, err := h.cards.IssueVirtual(bg, h.who, other)
			h.wants("the word with another wish: "+name, err, card.ErrKey)
		}
		plastic := card.NewPlastic{Word: "plastic-1", Place: somewhere}
		ordered, err := h.cards.OrderPlastic(bg, h.who, plastic)
		if h.must(err); ordered.Replay {
			t.Error("the first order is a replay")
		}
		if same, err := h.cards.OrderPlastic(bg, h.who, plastic); err != nil || same.ID != ordered.ID || !same.Replay {
			t.Errorf("%+v %v", same, err)
		}
		plastic.Place.Wish = "в другой день"
		_, err = h.cards.OrderPlastic(bg, h.who, plastic)
		h.wants("the word for another place", err, card.ErrKey)
		_, err = h.cards.OrderPlastic(bg, h.who, card.NewPlastic{Word: n.Word, Place: somewhere})
		h.wants("plastic by the same word", err, card.ErrKey)
		n.Word = "card-2"
		other, err := h.cards.IssueVirtual(bg, h.who, n)
		if h.must(err); other.ID == first {
			t.Error("another word makes the same card")
		}
	})
}
