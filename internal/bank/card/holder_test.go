package card_test

import (
	"errors"
	"testing"

	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/card"
)

// Money finds a living card's account; a card that is over is like none.
func TestHolderOfACard(t *testing.T) {
	each(t, func(d *desk) {
		anna := d.Client("Анна", "Соколова", 0)
		lives, dies, ages := d.issued(anna), d.issued(anna), d.issued(anna)
		for name, tc := range map[string]struct {
			pan  string
			want error
		}{"lives": {d.pan(lives.ID), nil}, "never was": {"5500000000000004", card.ErrMissing}} {
			who, account, err := d.cards.Holder(tc.pan)
			if !errors.Is(err, tc.want) || err == nil && (who != anna.ID || account != lives.Account) {
				t.Errorf("%s: %d %d %v", name, who, account, err)
			}
			if !d.cards.Ours(tc.pan) {
				t.Errorf("%s: not of our range", name)
			}
		}
		if d.cards.Ours("2200000000000046") || d.cards.Ours("") {
			t.Error("another bank's card is ours")
		}
		if err := d.cards.Close(bg, anna.ID, dies.ID); err != nil {
			t.Fatal(err)
		}
		pan := d.pan(ages.ID)
		if _, _, err := d.cards.Holder(d.pan(dies.ID)); !errors.Is(err, card.ErrMissing) {
			t.Errorf("closed: %v", err)
		}
		d.Clock.Set(banktest.Noon.AddDate(6, 0, 0))
		if _, _, err := d.cards.Holder(pan); !errors.Is(err, card.ErrMissing) {
			t.Errorf("past its date: %v", err)
		}
	})
}
