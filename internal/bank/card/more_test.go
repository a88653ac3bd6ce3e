package card_test

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/hsm"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
)

// A client makes virtual cards himself: a double tap makes one, there is an end
// to their number, and what cannot be is refused.
func TestVirtualCards(t *testing.T) {
	eachHome(t, func(h *home) {
		rules := card.Standard()
		rules.OneShot, rules.Ceiling, rules.Merchant = true, money.Rub(500_00), card.FirstMerchant
		n := card.NewVirtual{Key: h.ids.New(), Name: "Разовая", Rules: rules, Art: card.Night, Dynamic: true}
		results := make(chan card.Card, 6)
		for range 6 {
			go func() {
				c, err := h.cards.IssueVirtual(bg, h.who, n)
				if err != nil {
					t.Error(err)
				}
				results <- c
			}()
		}
		first := <-results
		for range 5 {
			if c := <-results; c.ID != first.ID || c.Last4 != first.Last4 {
				t.Error("a double tap made two cards")
			}
		}
		f := h.face(first.ID)
		if f.Status != card.Active || f.Merchant != "*" || !f.Rules.OneShot || f.Rules.Ceiling != money.Rub(500_00) || !f.DynamicCVC || first.Name != "Разовая" || first.Holder == "" {
			t.Errorf("%+v", f)
		}
		if first.ID == n.Key {
			t.Error("a client chose the name under which counters stand")
		}
		_, err := h.cards.OrderPlastic(bg, h.who, card.NewPlastic{Key: n.Key, Place: somewhere})
		h.wants("plastic under the same key", err, card.ErrKey)
		late := n
		late.Key = id.ID{6: 0x70, 8: 0x80, 15: 1}
		_, err = h.cards.IssueVirtual(bg, h.who, late)
		h.wants("a page of 1970", err, card.ErrKey)
		for name, tc := range map[string]struct {
			change func(*card.NewVirtual)
			want   error
		}{
			"bad rules":         {func(n *card.NewVirtual) { n.Rules.Ceiling = money.Rub(-1) }, card.ErrCap},
			"a bad name":        {func(n *card.NewVirtual) { n.Name = "\x07" }, card.ErrName},
			"no such picture":   {func(n *card.NewVirtual) { n.Art = 99 }, card.ErrArt},
			"another's account": {func(n *card.NewVirtual) { n.Account = 64 }, card.ErrMissing},
			"no account":        {func(n *card.NewVirtual) { n.Account = 1 << 40 }, card.ErrMissing},
		} {
			other := n
			other.Key = id.ID{}
			tc.change(&other)
			_, err := h.cards.IssueVirtual(bg, h.who, other)
			h.wants(name, err, tc.want)
		}
		// Two are there: the first one of the bank and the one above.
		errs := make(chan error, 12)
		for range 12 {
			go func() {
				_, err := h.cards.IssueVirtual(bg, h.who, card.NewVirtual{Rules: card.Standard()})
				errs <- err
			}()
		}
		made := 0
		for range 12 {
			if err := <-errs; err == nil {
				made++
			} else if !errors.Is(err, card.ErrTooMany) {
				t.Error(err)
			}
		}
		if made != 8 {
			t.Errorf("%d more cards were made, want 8", made)
		}
		h.must(h.cards.Close(bg, h.who, first.ID))
		if _, err := h.cards.IssueVirtual(bg, h.who, card.NewVirtual{Rules: card.Standard()}); err != nil {
			t.Errorf("in the place of a closed one: %v", err)
		}
		if got := acts(t, h.DB, first.ID); !slices.Equal(got, []string{"card.issued client", "card.closed client"}) {
			t.Errorf("the trail: %q", got)
		}
	})
}

// A card that waits for its first shop belongs to it from then on.
func TestBind(t *testing.T) {
	eachHome(t, func(h *home) {
		rules := card.Standard()
		rules.Merchant = card.FirstMerchant
		c, err := h.cards.IssueVirtual(bg, h.who, card.NewVirtual{Rules: rules})
		h.must(err)
		bind := func(x id.ID, shop string) (ok bool) {
			t.Helper()
			h.must(h.do(func(tx db.Tx) (err error) { ok, err = h.cards.Bind(bg, tx, h.who, x, shop); return err }))
			return ok
		}
		if bind(c.ID, "") || bind(c.ID, " * ") {
			t.Error("a shop without a name took the card")
		}
		if !bind(c.ID, "Test  shop") || !bind(c.ID, "TEST SHOP") || bind(c.ID, "OTHER") {
			t.Error("the card is not the first shop's")
		}
		if f := h.face(c.ID); f.Merchant != "TEST SHOP" {
			t.Errorf("%q", f.Merchant)
		}
		if free := h.issued(card.VirtualWorld).ID; !bind(free, "OTHER") || h.face(free).Merchant != "" {
			t.Error("a card of all shops was bound")
		}
	})
}

// Every step of a delivery on every place it may stand at.
func TestM12_DeliverySteps(t *testing.T) {
	eachHome(t, func(h *home) {
		paper := accesstest.Passport(anya)
		passport := paper.Series + " " + paper.Number
		steps := []func(x id.ID) error{
			func(x id.ID) error {
				return h.do(func(tx db.Tx) error { return h.cards.MakePlastic(bg, tx, h.who, x, "staff:st_1") })
			},
			func(x id.ID) error {
				return h.do(func(tx db.Tx) error { return h.cards.SendPlastic(bg, tx, h.who, x, "staff:st_1") })
			},
			func(x id.ID) error {
				return h.do(func(tx db.Tx) error { return h.cards.HandOver(bg, tx, h.who, x, "staff:st_1", passport) })
			},
			func(x id.ID) error { return h.cards.Activate(bg, h.proof, x) },
		}
		for at := range 5 {
			for i, step := range steps {
				x := h.ordered()
				for _, before := range steps[:at] {
					h.must(before(x))
				}
				err := step(x)
				want := error(nil)
				switch {
				case i == at:
				case i == 3:
					want = card.ErrNotInHands
				default:
					want = card.ErrDelivery
				}
				h.wants(fmt.Sprintf("step %d at %d", i, at), err, want)
				d, err := h.cards.DeliveryOf(bg, h.who, x)
				h.must(err)
				reached := card.DeliveryState(at + 1)
				if i == at {
					reached++
				}
				if d.State != reached || d.Place != somewhere || d.Ordered.IsZero() || d.Made.IsZero() != (reached < card.Made) || d.Activated.IsZero() != (reached < card.Activated) {
					t.Errorf("step %d at %d: stands at %s", i, at, d.State.Word())
				}
				if works := h.face(x).Status == card.Active; works != (reached == card.Activated) {
					t.Errorf("step %d at %d: works %v", i, at, works)
				}
				h.tidy(x)
			}
		}
		x := h.ordered()
		h.must(steps[0](x))
		h.must(steps[1](x))
		for name, tc := range map[string]struct {
			passport string
			want     error
		}{
			"nobody's": {"4519 000000", card.ErrPassport}, "half": {"4519", card.ErrPassport}, "empty": {"", card.ErrPassport}, "letters": {"4519 АБВГДЕ", card.ErrPassport},
		} {
			err := h.do(func(tx db.Tx) error { return h.cards.HandOver(bg, tx, h.who, x, "staff:st_1", tc.passport) })
			h.wants(name, err, tc.want)
		}
		h.must(h.cards.Close(bg, h.who, x))
		h.wants("a dead card", steps[2](x), card.ErrDead)
		h.wants("a dead card, activated", steps[3](x), card.ErrDead)
		_, err := h.cards.DeliveryOf(bg, h.who, h.issued(card.VirtualWorld).ID)
		h.wants("a virtual card", err, card.ErrNoDelivery)
		_, err = h.cards.DeliveryOf(bg, h.who+1, x)
		h.wants("another's", err, card.ErrNoDelivery)
	})
}

// Another client's passport is no proof of who this one is.
func TestHandOverToAnother(t *testing.T) {
	eachHome(t, func(h *home) {
		const boris = "+79165550002"
		h.NewcomerNamed(boris, "Борис", "Кузнецов")
		x := h.ordered()
		his := accesstest.Passport(boris)
		h.must(h.do(func(tx db.Tx) error { return h.cards.MakePlastic(bg, tx, h.who, x, "s") }))
		h.must(h.do(func(tx db.Tx) error { return h.cards.SendPlastic(bg, tx, h.who, x, "s") }))
		err := h.do(func(tx db.Tx) error { return h.cards.HandOver(bg, tx, h.who, x, "s", his.Series+his.Number) })
		h.wants("another's passport", err, card.ErrPassport)
		list, err := h.cards.Deliveries(bg, card.WithCourier, card.Delivery{}, 10)
		if err != nil || len(list) != 1 || list[0].Card != x || list[0].Place != (card.Place{}) {
			t.Errorf("%+v, %v", list, err)
		}
		if rest, err := h.cards.Deliveries(bg, card.WithCourier, list[0], 10); err != nil || len(rest) != 0 {
			t.Errorf("%d more, %v", len(rest), err)
		}
		for name, p := range map[string]card.Place{"short": {Address: "Москва"}, "long": {Address: strings.Repeat("а", 301)}, "invisible": {Address: "Москва, Тверская, 1\u202e"}} {
			_, err := h.cards.OrderPlastic(bg, h.who, card.NewPlastic{Place: p})
			h.wants(name, err, card.ErrPlace)
		}
		_, err = h.cards.OrderPlastic(bg, h.who, card.NewPlastic{Place: card.Place{Address: somewhere.Address, Wish: strings.Repeat("а", 201)}})
		h.wants("a long wish", err, card.ErrWish)
		text := fmt.Sprintf("%v %+v %#v %s", somewhere, somewhere, card.Delivery{Place: somewhere}, slog.AnyValue(somewhere))
		if strings.Contains(text, "Мясницкая") {
			t.Errorf("an address was printed: %s", text)
		}
	})
}

// C02, C03: number, date and CVC2 only after a fresh proof, each look is in the
// trail, and what was shown is what the host takes.
func TestC03_Requisites(t *testing.T) {
	eachHome(t, func(h *home) {
		keys, err := hsm.New(h.Vault)
		h.must(err)
		x := h.issued(card.VirtualWorld).ID
		r, err := h.cards.Requisites(bg, h.proof, x)
		h.must(err)
		pan := h.pan(x)
		want, err := keys.CVV2(pan, h.face(x).Expires)
		h.must(err)
		if r.Number.Reveal() != pan || r.CVC.Reveal() != want || r.Expires != h.card(x).Expires() || !r.CVCUntil.IsZero() || r.Holder == "" {
			t.Error("the requisites are not the card's")
		}
		if text := fmt.Sprintf("%v %+v %#v", r, r, r); strings.Contains(text, pan) || strings.Contains(text, pan[4:12]) {
			t.Error("requisites print the number")
		}
		if got := acts(t, h.DB, x); !slices.Equal(got, []string{"card.shown client"}) {
			t.Errorf("the trail: %q", got)
		}
		for i := range 2 { // choosing a dynamic one takes no proof
			h.wants("dynamic", h.cards.SetDynamicCVC(bg, h.who, access.Proof{}, x, true), []error{nil, card.ErrNoChange}[i])
		}
		r, err = h.cards.Requisites(bg, h.proof, x)
		h.must(err)
		good, err := keys.DynamicCVV2(pan, h.face(x).Expires, h.clock.Now())
		h.must(err)
		if good[1] != r.CVC.Reveal() || !r.CVCUntil.After(h.clock.Now()) || r.CVCUntil.Sub(h.clock.Now()) > 30*time.Minute || !h.face(x).DynamicCVC {
			t.Errorf("until %v", r.CVCUntil)
		}
		h.wants("static without a proof", h.cards.SetDynamicCVC(bg, h.who, access.Proof{}, x, false), access.ErrStepUp)
		h.wants("static by another", h.cards.SetDynamicCVC(bg, h.who+1, h.proof, x, false), access.ErrStepUp)
		h.wants("static", h.cards.SetDynamicCVC(bg, h.who, h.proof, x, false), nil)
		h.wants("plastic", h.cards.SetDynamicCVC(bg, h.who, h.proof, h.issued(card.PlasticWorld).ID, true), card.ErrNotVirtual)

		_, err = h.cards.Requisites(bg, access.Proof{}, x)
		h.wants("without a proof", err, access.ErrStepUp)
		_, err = h.cards.Requisites(bg, h.proof, id.ID{1})
		h.wants("nobody's", err, card.ErrMissing)
		_, err = h.cards.Requisites(bg, h.proof, h.ordered())
		h.wants("on its way", err, card.ErrNotShown)
		h.must(h.cards.Close(bg, h.who, x))
		_, err = h.cards.Requisites(bg, h.proof, x)
		h.wants("closed", err, card.ErrDead)
	})
}

// The PIN is set after a proof, of a card with a chip; a blocked one is freed.
func TestPINInTheCabinet(t *testing.T) {
	eachHome(t, func(h *home) {
		keys, err := hsm.New(h.Vault)
		h.must(err)
		x := h.issued(card.PlasticWorld).ID
		set := func(pin, repeat string) error {
			return h.cards.SetPIN(bg, h.proof, x, vault.Hide(pin), vault.Hide(repeat))
		}
		h.wants("weak", set("1111", "1111"), hsm.ErrPINWeak)
		h.wants("in a row", set("4567", "4567"), hsm.ErrPINWeak)
		h.wants("five digits", set("25801", "25801"), hsm.ErrPINForm)
		h.wants("two different", set("2580", "2581"), card.ErrPINRepeat)
		h.wants("no PIN to free", h.cards.UnblockPIN(bg, h.proof, x), card.ErrNoPIN)
		h.must(set("2580", "2580"))
		want, err := keys.PVV(h.pan(x), vault.Hide("2580"))
		h.must(err)
		f := h.face(x)
		if !f.PINSet || f.PVV.Reveal() != want.Reveal() || f.PINTries != 0 || f.Service != "201" || f.Seq != "01" {
			t.Errorf("the host sees %+v", f)
		}
		if text := fmt.Sprintf("%v %+v %#v", f, f, f); strings.Contains(text, "2580") || strings.Contains(text, want.Reveal()) {
			t.Error("a face prints its PVV")
		}
		wrong := func() (left int) {
			h.must(h.do(func(tx db.Tx) (err error) { left, err = h.cards.CountWrongPIN(bg, tx, h.who, x); return err }))
			return left
		}
		if wrong() != 2 || wrong() != 1 || h.face(x).PINLeft != 1 {
			t.Error("wrong PINs are not counted")
		}
		h.must(h.do(func(tx db.Tx) error { return h.cards.PINRight(bg, tx, h.who, x) }))
		h.wants("nothing blocked", h.cards.UnblockPIN(bg, h.proof, x), card.ErrPINWorks)
		before := news(t, h.DB)
		if wrong() != 2 || wrong() != 1 || wrong() != 0 || wrong() != 0 || h.face(x).PINLeft != 0 || news(t, h.DB) != before+1 {
			t.Error("three wrong PINs do not block it, once told")
		}
		h.must(h.do(func(tx db.Tx) error { return h.cards.PINRight(bg, tx, h.who, x) }))
		if h.face(x).PINLeft != 0 {
			t.Error("a right PIN freed a blocked one")
		}
		h.wants("without a proof", h.cards.UnblockPIN(bg, access.Proof{}, x), access.ErrStepUp)
		h.must(h.cards.UnblockPIN(bg, h.proof, x))
		if f := h.face(x); f.PINLeft != 3 || !f.Unblock {
			t.Errorf("%d tries left, script %v", f.PINLeft, f.Unblock)
		}
		h.must(h.do(func(tx db.Tx) error { return h.cards.ScriptSent(bg, tx, h.who, x) }))
		if h.face(x).Unblock {
			t.Error("the chip is told twice")
		}
		virtual := h.issued(card.VirtualWorld).ID
		h.wants("a virtual card", h.cards.SetPIN(bg, h.proof, virtual, vault.Hide("2580"), vault.Hide("2580")), card.ErrNoPINPad)
		h.wants("nobody's card", h.cards.SetPIN(bg, h.proof, id.ID{1}, vault.Hide("2580"), vault.Hide("2580")), card.ErrMissing)
		h.wants("no proof", h.cards.SetPIN(bg, access.Proof{}, x, vault.Hide("2580"), vault.Hide("2580")), access.ErrStepUp)
		h.must(h.freeze(x, card.ByBank))
		h.wants("frozen by the bank", set("9512", "9512"), card.ErrBankFroze)
		h.must(h.unfreeze(x, card.ByBank))
		h.must(h.cards.Close(bg, h.who, x))
		h.wants("closed", set("9512", "9512"), card.ErrDead)
		if !h.face(x).PVV.Empty() {
			t.Error("the PIN's value outlives the card")
		}
	})
}

// Parallel wrong PINs count to three and stay there.
func TestWrongPINsRace(t *testing.T) {
	eachHome(t, func(h *home) {
		x := h.issued(card.PlasticWorld).ID
		left := make(chan int, 12)
		for range 12 {
			go func() {
				n := -1
				if err := h.do(func(tx db.Tx) (err error) { n, err = h.cards.CountWrongPIN(bg, tx, h.who, x); return err }); err != nil {
					t.Error(err)
				}
				left <- n
			}()
		}
		seen := map[int]int{}
		for range 12 {
			seen[<-left]++
		}
		if seen[2] != 1 || seen[1] != 1 || seen[0] != 10 || h.face(x).PINTries != 3 {
			t.Errorf("%v, %d counted", seen, h.face(x).PINTries)
		}
	})
}
