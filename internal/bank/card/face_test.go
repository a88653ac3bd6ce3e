package card_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

var bg = context.Background()

// desk is a bank in small with its room of cards.
type desk struct {
	*banktest.Bank
	cards *card.Service
}

func each(t *testing.T, fn func(d *desk)) {
	t.Helper()
	banktest.Each(t, func(b *banktest.Bank) { fn(newDesk(b)) })
}

func newDesk(b *banktest.Bank) *desk {
	b.Helper()
	cards, err := card.New(b.DB, b.Vault, b.IDs, card.Options{})
	if err != nil {
		b.Fatal(err)
	}
	return &desk{b, cards}
}

// issued gives a client a virtual card.
func (d *desk) issued(p banktest.Person) card.Card {
	d.Helper()
	var c card.Card
	d.Do(func(ctx context.Context, tx db.Tx) (err error) {
		c, err = d.cards.Issue(ctx, tx, card.Order{Client: p.ID, Account: p.Account, Product: card.VirtualWorld, Name: client.Name{First: "Анна", Last: "Соколова"}})
		return err
	})
	return c
}

var qPAN = db.Query(`SELECT pan FROM card WHERE id = $1`)

// pan reads what only the vault may.
func (d *desk) pan(c id.ID) string {
	d.Helper()
	var sealed []byte
	if err := d.DB.Row(bg, qPAN, c.Bytes()).Scan(&sealed); err != nil {
		d.Fatal(err)
	}
	pan, err := d.Vault.OpenText(vault.PAN, vault.At{Table: "card.pan", Row: c.Bytes()}, sealed)
	if err != nil {
		d.Fatal(err)
	}
	return pan
}

// face reads a card as the host does.
func (d *desk) face(c id.ID) card.Face {
	d.Helper()
	f, err := d.cards.ByNumber(d.pan(c))
	if err != nil {
		d.Fatal(err)
	}
	return f
}

// C04: the host finds a card by its number and sees all it decides by.
func TestC04_FaceByNumber(t *testing.T) {
	each(t, func(d *desk) {
		anna, pavel := d.Client("Анна", "Соколова", 0), d.Client("Павел", "Кузнецов", 0)
		c := d.issued(anna)
		f := d.face(c.ID)
		if f.ID != c.ID || f.Client != anna.ID || f.Account != anna.Account || f.Status != card.Active || f.Product != card.VirtualWorld || !f.Virtual() {
			t.Errorf("%+v", f)
		}
		if f.Expires != "3111" || f.Card.Expires() != "11/31" || f.Service != "101" || f.Seq != "00" {
			t.Errorf("expires %s, service %s, sequence %s", f.Expires, f.Service, f.Seq)
		}
		if f.PINSet || f.PINLeft != 3 || f.PINTries != 0 || !f.PVV.Empty() || f.Unblock || f.DynamicCVC || f.Merchant != "" {
			t.Errorf("PIN and CVC of a new card: %+v", f)
		}
		if ch := card.Standard().Changes(f.Rules); len(ch) != 0 {
			t.Errorf("rules of a new card: %+v", ch)
		}
		for _, pan := range []string{"", "5500000000000004", "x"} {
			if _, err := d.cards.ByNumber(pan); !errors.Is(err, card.ErrMissing) {
				t.Errorf("%q: %v", pan, err)
			}
		}
		d.Do(func(ctx context.Context, tx db.Tx) error {
			in, err := d.cards.FaceIn(ctx, tx, anna.ID, c.ID)
			if err != nil || in.ID != c.ID || in.Expires != f.Expires {
				t.Errorf("%+v, %v", in, err)
			}
			if _, err := d.cards.FaceIn(ctx, tx, pavel.ID, c.ID); !errors.Is(err, card.ErrMissing) {
				t.Errorf("another's card: %v", err)
			}
			return nil
		})
	})
}

// The first card is the main one until another is chosen; a dead one never is.
func TestMainCard(t *testing.T) {
	each(t, func(d *desk) {
		anna := d.Client("Анна", "Соколова", 0)
		if cards, err := d.cards.Of(bg, anna.ID); err != nil || len(cards) != 0 {
			t.Errorf("%v, %v", cards, err)
		}
		first, second := d.issued(anna), d.issued(anna)
		cards, err := d.cards.Of(bg, anna.ID)
		if err != nil || len(cards) != 2 || cards[0].ID != first.ID || !cards[0].Main || cards[1].Main {
			t.Errorf("%+v, %v", cards, err)
		}
		if c, err := d.cards.ByID(bg, anna.ID, second.ID); err != nil || c.Main {
			t.Errorf("%+v, %v", c, err)
		}
	})
}

func TestOver(t *testing.T) {
	t.Parallel()
	c := card.Card{Year: 2027, Month: 12}
	for at, want := range map[string]bool{"2027-12-31T20:59:59Z": false, "2027-12-31T21:00:00Z": true, "2028-01-01T00:00:00Z": true} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if c.Over(now) != want {
			t.Errorf("%s: over %v", at, !want)
		}
	}
}
