package card_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/order/ordertest"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
)

// Tightening is done at once; loosening takes a fresh proof and a signature
// over exactly this change, which is good once and only over the rules it was
// made for.
func TestM15_RulesTightenAtOnceAndLoosenSigned(t *testing.T) {
	eachHome(t, func(h *home) {
		x := h.issued(card.VirtualWorld).ID
		tight := card.Standard()
		tight.Internet, tight.Abroad = false, false
		tight.Home.Day, tight.Ceiling = money.Rub(5_000_00), money.Rub(100_000_00)
		tight.Countries, tight.MCCGroups, tight.Merchant = []string{"840", "276"}, []card.Group{card.Gambling}, "Мой магазин"
		h.wants("to what they are", h.cards.ChangeRules(bg, h.who, x, card.Standard()), card.ErrNoChange)
		h.must(h.cards.ChangeRules(bg, h.who, x, tight))
		if f := h.face(x); f.Rules.Internet || f.Rules.Home.Day != money.Rub(5_000_00) || f.Merchant != "МОЙ МАГАЗИН" || len(f.Rules.Countries) != 2 {
			t.Errorf("the host sees %+v", f.Rules)
		}
		loose := tight
		loose.Internet, loose.Magstripe, loose.Merchant = true, false, ""
		loose.Home.Day, loose.Ceiling = money.Rub(6_000_00), money.Amount{}
		loose.Countries = []string{"840", "392"}
		h.wants("looser", h.cards.ChangeRules(bg, h.who, x, loose), card.ErrLooser)
		bad := loose
		bad.Home.Day = money.Rub(-1)
		h.wants("rules that cannot be", h.cards.ChangeRules(bg, h.who, x, bad), card.ErrCap)
		_, _, err := h.cards.OfferRules(bg, h.who, x, bad)
		h.wants("an offer that cannot be", err, card.ErrCap)
		_, _, err = h.cards.OfferRules(bg, h.who, x, tight)
		h.wants("an offer of nothing", err, card.ErrNoChange)
		_, _, err = h.cards.OfferRules(bg, h.who, id.ID{1}, loose)
		h.wants("an offer for nobody's card", err, card.ErrMissing)

		offer, o, err := h.cards.OfferRules(bg, h.who, x, loose)
		h.must(err)
		for _, want := range []string{
			"what: looser rules of a card", "card: 550000******" + h.card(x).Last4, "internet: on", "magstripe: off", "per day: 6000.00 RUB", "ceiling: none",
			"country: opened 276, shut 392", "merchant: any",
		} {
			if !strings.Contains(o.Document.Text, want+"\n") {
				t.Errorf("the order does not say %q:\n%s", want, o.Document.Text)
			}
		}
		if strings.Contains(o.Document.Text, "abroad:") || strings.Contains(o.Document.Text, "mcc:") {
			t.Errorf("the order tells of what stays:\n%s", o.Document.Text)
		}
		if shown, err := h.cards.OfferedRules(h.who, offer); err != nil || shown.Document != o.Document || shown.Card != x {
			t.Errorf("%+v, %v", shown, err)
		}
		_, err = h.cards.OfferedRules(h.who+1, offer)
		h.wants("another's offer", err, card.ErrOffer)
		more := loose
		more.Home.Day = money.Rub(6_000_01)
		_, other, err := h.cards.OfferRules(bg, h.who, x, more)
		h.must(err)
		for name, tc := range map[string]struct {
			proof  access.Proof
			offer  string
			signed order.Signed
			want   error
		}{
			"nothing signed":  {h.proof, offer, order.Signed{}, card.ErrNotSigned},
			"another change":  {h.proof, offer, h.sign(h.who, other.Document), card.ErrNotSigned},
			"another client":  {h.proof, offer, h.sign(h.who+1, o.Document), card.ErrNotSigned},
			"no passcode":     {access.Proof{}, offer, h.sign(h.who, o.Document), access.ErrStepUp},
			"altered":         {h.proof, accesstest.Altered(offer), h.sign(h.who, o.Document), card.ErrOffer},
			"no offer":        {h.proof, "", h.sign(h.who, o.Document), card.ErrOffer},
			"an endless one":  {h.proof, strings.Repeat("A", 100_000), h.sign(h.who, o.Document), card.ErrOffer},
			"another's proof": {h.proof, "!", h.sign(h.who, o.Document), card.ErrOffer},
		} {
			h.wants(name, h.cards.ChangeSigned(bg, tc.proof, tc.offer, tc.signed), tc.want)
		}
		if len(tight.Changes(h.card(x).Rules)) != 1 { // the merchant's name in its one form
			t.Error("a refused change changed the rules")
		}

		signed := h.sign(h.who, o.Document)
		h.must(h.cards.ChangeSigned(bg, h.proof, offer, signed))
		checked, err := loose.Checked()
		h.must(err)
		if ch := checked.Changes(h.card(x).Rules); len(ch) != 0 {
			t.Errorf("what was signed is not what stands: %+v", ch)
		}
		h.wants("a second time", h.cards.ChangeSigned(bg, h.proof, offer, signed), card.ErrOffer)
		raw, err := h.orders.Receipt(bg, h.who, o.Document.ID)
		h.must(err)
		if r, err := order.Verify(raw, h.orders.Keys()); err != nil || r.Order.Text != o.Document.Text {
			t.Errorf("%+v, %v", r, err)
		}

		// A passkey signs without a passcode beside it; nothing else does.
		byPasskey := func(who client.ID, d order.Document) order.Signed {
			key, spki := ordertest.Key(3)
			s, err := h.orders.Accept(who, d, ordertest.Passkey(t, h.ids.New(), key, spki, d.Text))
			h.must(err)
			return s
		}
		tighter := h.card(x).Rules
		tighter.Chip = false
		h.must(h.cards.ChangeRules(bg, h.who, x, tighter))
		offer, o, err = h.cards.OfferRules(bg, h.who, x, loose)
		h.must(err)
		h.wants("a device's signature", h.cards.ChangeByPasskey(bg, offer, h.sign(h.who, o.Document)), card.ErrNotSigned)
		h.wants("nothing signed", h.cards.ChangeByPasskey(bg, offer, order.Signed{}), card.ErrNotSigned)
		h.wants("another change", h.cards.ChangeByPasskey(bg, offer, byPasskey(h.who, other.Document)), card.ErrNotSigned)
		h.wants("no offer", h.cards.ChangeByPasskey(bg, "", byPasskey(h.who, o.Document)), card.ErrOffer)
		h.must(h.cards.ChangeByPasskey(bg, offer, byPasskey(h.who, o.Document)))
		if ch := checked.Changes(h.card(x).Rules); len(ch) != 0 {
			t.Errorf("what the passkey signed is not what stands: %+v", ch)
		}
		h.wants("a second time by passkey", h.cards.ChangeByPasskey(bg, offer, byPasskey(h.who, o.Document)), card.ErrOffer)

		// An offer over rules that were tightened meanwhile would take that back.
		offer, o, err = h.cards.OfferRules(bg, h.who, x, card.Standard())
		h.must(err)
		now := h.card(x).Rules
		now.Contactless = false
		h.must(h.cards.ChangeRules(bg, h.who, x, now))
		h.wants("over other rules", h.cards.ChangeSigned(bg, h.proof, offer, h.sign(h.who, o.Document)), card.ErrOffer)

		offer, o, err = h.cards.OfferRules(bg, h.who, x, card.Standard())
		h.must(err)
		for range 4 { // no longer at a time than a session waits
			h.Wait(150 * time.Second)
			h.prove()
		}
		h.wants("after ten minutes", h.cards.ChangeSigned(bg, h.proof, offer, h.sign(h.who, o.Document)), card.ErrOffer)
		offer, o, err = h.cards.OfferRules(bg, h.who, x, card.Standard())
		h.must(err)
		old := h.proof
		h.Wait(150 * time.Second)
		h.prove()
		h.Wait(151 * time.Second)
		h.wants("an old proof", h.cards.ChangeSigned(bg, old, offer, h.sign(h.who, o.Document)), access.ErrStepUp)
		h.prove()
		h.must(h.cards.Close(bg, h.who, x))
		h.wants("a dead card", h.cards.ChangeSigned(bg, h.proof, offer, h.sign(h.who, o.Document)), card.ErrDead)
		h.wants("tighter, dead", h.cards.ChangeRules(bg, h.who, x, tight), card.ErrDead)
		got := acts(t, h.DB, x)
		want := []string{"card.tightened client", "card.loosened client", "card.tightened client", "card.loosened client", "card.tightened client", "card.closed client"}
		if strings.Join(got, ",") != strings.Join(want, ",") {
			t.Errorf("the trail: %q", got)
		}
	})
}

// Two signed changes at once: one of them, whole.
func TestSignedChangesRace(t *testing.T) {
	eachHome(t, func(h *home) {
		x := h.issued(card.VirtualWorld).ID
		tight := card.Standard()
		tight.Internet, tight.Abroad = false, false
		h.must(h.cards.ChangeRules(bg, h.who, x, tight))
		results := make(chan error, 4)
		var all []func() error
		for range 4 {
			offer, o, err := h.cards.OfferRules(bg, h.who, x, card.Standard())
			h.must(err)
			signed := h.sign(h.who, o.Document)
			all = append(all, func() error { return h.cards.ChangeSigned(bg, h.proof, offer, signed) })
		}
		for _, change := range all {
			go func() { results <- change() }()
		}
		won := 0
		for range 4 {
			if err := <-results; err == nil {
				won++
			} else if !errors.Is(err, card.ErrOffer) {
				t.Error(err)
			}
		}
		if won != 1 {
			t.Errorf("%d changes were carried out", won)
		}
	})
}

// Whom staff blocked may look and tighten; nothing new and nothing looser.
func TestBlockedClient(t *testing.T) {
	eachHome(t, func(h *home) {
		x := h.issued(card.PlasticWorld).ID
		tight := card.Standard()
		tight.ATM = false
		h.must(h.cards.ChangeRules(bg, h.who, x, tight))
		offer, o, err := h.cards.OfferRules(bg, h.who, x, card.Standard())
		h.must(err)
		h.must(h.do(func(tx db.Tx) error { return h.Clients.SetState(bg, tx, h.who, client.Blocked) }))
		_, e1 := h.cards.IssueVirtual(bg, h.who, card.NewVirtual{Rules: card.Standard()})
		_, e2 := h.cards.OrderPlastic(bg, h.who, card.NewPlastic{Place: somewhere})
		_, e3 := h.cards.Reissue(bg, h.who, card.Reissue{Old: x, Why: card.Lost, Place: somewhere})
		_, e4 := h.cards.Requisites(bg, h.proof, x)
		e5 := h.cards.ChangeSigned(bg, h.proof, offer, h.sign(h.who, o.Document))
		_, _, e6 := h.cards.OfferRules(bg, h.who, x, card.Standard())
		e7 := h.cards.UnblockPIN(bg, h.proof, x)
		e8 := h.cards.Activate(bg, h.proof, x)
		for i, err := range []error{e1, e2, e3, e4, e5, e6, e7, e8} {
			if !errors.Is(err, card.ErrBlocked) {
				t.Errorf("%d: %v", i+1, err)
			}
		}
		tight.Chip = false
		h.must(h.cards.ChangeRules(bg, h.who, x, tight))
		h.must(h.cards.Suspend(bg, h.who, x, h.days(1)))
	})
}
