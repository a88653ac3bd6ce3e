package card_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

// stands makes a card stand in a state of its life.
var stands = map[string]func(h *home) id.ID{
	"active":  func(h *home) id.ID { return h.issued(card.VirtualWorld).ID },
	"frozen":  func(h *home) id.ID { return h.frozen(card.ByClient) },
	"not me":  func(h *home) id.ID { return h.frozen(card.ByNotMe) },
	"by bank": func(h *home) id.ID { return h.frozen(card.ByBank) },
	"suspended": func(h *home) id.ID {
		c := h.issued(card.VirtualWorld)
		h.must(h.cards.Suspend(bg, h.who, c.ID, h.days(5)))
		return c.ID
	},
	"waiting": func(h *home) id.ID { return h.ordered() },
	"closed": func(h *home) id.ID {
		c := h.issued(card.VirtualWorld)
		h.must(h.cards.Close(bg, h.who, c.ID))
		return c.ID
	},
	"blocked": func(h *home) id.ID {
		c := h.issued(card.VirtualWorld)
		h.must(h.do(func(tx db.Tx) error { return h.cards.Block(bg, tx, h.who, c.ID, card.Fraud, "staff:st_1") }))
		return c.ID
	},
}

func (h *home) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *home) frozen(by card.By) id.ID {
	h.Helper()
	c := h.issued(card.VirtualWorld)
	h.must(h.do(func(tx db.Tx) error { return h.cards.Freeze(bg, tx, h.who, c.ID, by, "x") }))
	return c.ID
}

var somewhere = card.Place{Address: "Москва, Мясницкая, 12, кв. 34", Wish: "после шести"}

func (h *home) ordered() id.ID {
	h.Helper()
	c, err := h.cards.OrderPlastic(bg, h.who, card.NewPlastic{Place: somewhere})
	h.must(err)
	return c.ID
}

// acts on a card that change how it stands.
var steps = map[string]func(h *home, x id.ID) error{
	"freeze":   func(h *home, x id.ID) error { return h.freeze(x, card.ByClient) },
	"not me":   func(h *home, x id.ID) error { return h.freeze(x, card.ByNotMe) },
	"bank":     func(h *home, x id.ID) error { return h.freeze(x, card.ByBank) },
	"unfreeze": func(h *home, x id.ID) error { return h.unfreeze(x, card.ByClient) },
	"lift":     func(h *home, x id.ID) error { return h.unfreeze(x, card.ByBank) },
	"suspend":  func(h *home, x id.ID) error { return h.cards.Suspend(bg, h.who, x, h.days(9)) },
	"resume":   func(h *home, x id.ID) error { return h.cards.Resume(bg, h.who, x) },
	"activate": func(h *home, x id.ID) error { return h.cards.Activate(bg, h.proof, x) },
	"close":    func(h *home, x id.ID) error { return h.cards.Close(bg, h.who, x) },
	"block": func(h *home, x id.ID) error {
		return h.do(func(tx db.Tx) error { return h.cards.Block(bg, tx, h.who, x, card.Stolen, "staff:st_1") })
	},
	"reissue": func(h *home, x id.ID) error {
		_, err := h.cards.Reissue(bg, h.who, card.Reissue{Old: x, Why: card.Lost, Place: somewhere})
		return err
	},
}

func (h *home) freeze(x id.ID, by card.By) error {
	return h.do(func(tx db.Tx) error { return h.cards.Freeze(bg, tx, h.who, x, by, "x") })
}

func (h *home) unfreeze(x id.ID, by card.By) error {
	return h.do(func(tx db.Tx) error { return h.cards.Unfreeze(bg, tx, h.who, x, by, "x") })
}

// M12: every act on every state, once it happens and else it is refused with
// its own words and changes nothing.
func TestM12_EveryActOnEveryState(t *testing.T) {
	// What is not listed here is refused, see refusal.
	legal := map[string]map[string]card.State{
		"active":    {"freeze": card.Frozen, "not me": card.Frozen, "bank": card.Frozen, "suspend": card.Suspended, "close": card.Closed, "block": card.Blocked, "reissue": card.Blocked},
		"frozen":    {"not me": card.Frozen, "bank": card.Frozen, "unfreeze": card.Active, "lift": card.Active, "close": card.Closed, "block": card.Blocked, "reissue": card.Blocked},
		"not me":    {"bank": card.Frozen, "lift": card.Active, "block": card.Blocked},
		"by bank":   {"lift": card.Active, "block": card.Blocked},
		"suspended": {"not me": card.Frozen, "bank": card.Frozen, "resume": card.Active, "close": card.Closed, "block": card.Blocked, "reissue": card.Blocked},
		"waiting":   {"not me": card.Frozen, "bank": card.Frozen, "close": card.Closed, "block": card.Blocked, "reissue": card.Blocked},
		"closed":    {},
		"blocked":   {"reissue": card.Blocked},
	}
	refusal := func(state, act string) error {
		switch {
		case state == "closed" || state == "blocked":
			return card.ErrDead
		case act == "resume":
			return card.ErrNotSuspended
		case act == "activate" && (state == "waiting" || state == "active" || state == "suspended"):
			return card.ErrNotInHands
		case (act == "unfreeze" || act == "lift") && (state == "not me" || state == "by bank"):
			return card.ErrBankFroze
		case act == "unfreeze" || act == "lift":
			return card.ErrNotFrozen
		case (act == "close" || act == "reissue") && (state == "not me" || state == "by bank"):
			return card.ErrBankFroze
		}
		return card.ErrNotActive
	}
	eachHome(t, func(h *home) {
		for state, make := range stands {
			for act, do := range steps {
				x := make(h)
				was, trail := h.card(x), len(acts(t, h.DB, x))
				to, ok := legal[state][act]
				var want error
				if !ok {
					want, to = refusal(state, act), was.State
				}
				err := do(h, x)
				if !errors.Is(err, want) || (want == nil) != (err == nil) {
					t.Errorf("%s, %s: %v, want %v", state, act, err, want)
				}
				now := h.card(x)
				if now.State != to {
					t.Errorf("%s, %s: stands at %d, want %d", state, act, now.State, to)
				}
				if grown := len(acts(t, h.DB, x)) - trail; grown != map[bool]int{true: 1, false: 0}[ok] {
					t.Errorf("%s, %s: %d lines in the audit trail", state, act, grown)
				}
				if !ok && (now.FrozenBy != was.FrozenBy || !now.Until.Equal(was.Until) || now.Why != was.Why || now.Heir != was.Heir) {
					t.Errorf("%s, %s: a refused act changed the card", state, act)
				}
				h.tidy(x)
			}
		}
		for act, do := range steps {
			if err := do(h, id.ID{9}); !errors.Is(err, card.ErrMissing) {
				t.Errorf("%s of nobody's card: %v", act, err)
			}
		}
	})
}

// tidy ends a card and its heir, so that the next one meets no freeze and no cap.
func (h *home) tidy(x id.ID) {
	h.Helper()
	for c := h.card(x); ; c = h.card(c.Heir) {
		err := h.do(func(tx db.Tx) error { return h.cards.Block(bg, tx, h.who, c.ID, card.Fraud, "x") })
		if err != nil && !errors.Is(err, card.ErrDead) {
			h.Fatal(err)
		}
		if c.Heir.IsZero() {
			return
		}
	}
}

// What was frozen goes on as it would stand without: a card on its way does not
// work because the bank lifted a freeze, and a suspension keeps its end.
func TestUnfrozenCardsStandAsBefore(t *testing.T) {
	eachHome(t, func(h *home) {
		way, held := stands["waiting"](h), stands["suspended"](h)
		until := h.card(held).Until
		for _, x := range []id.ID{way, held} {
			h.must(h.freeze(x, card.ByBank))
			h.must(h.unfreeze(x, card.ByBank))
		}
		if s := h.card(way).State; s != card.NotActivated {
			t.Errorf("plastic on its way stands at %d", s)
		}
		if c := h.card(held); c.State != card.Suspended || !c.Until.Equal(until) {
			t.Errorf("a suspended card stands at %d until %v", c.State, c.Until)
		}
		h.must(h.freeze(held, card.ByBank))
		h.clock.Add(10 * 24 * time.Hour)
		for range 3 { // the worker leaves what is frozen alone
			if _, err := h.cards.Step(bg); err != nil {
				t.Fatal(err)
			}
		}
		if s := h.card(held).State; s != card.Frozen {
			t.Errorf("the worker thawed a card: %d", s)
		}
		h.must(h.unfreeze(held, card.ByBank))
		if c := h.card(held); c.State != card.Active || !c.Until.IsZero() {
			t.Errorf("after the end of its suspension: %d until %v", c.State, c.Until)
		}
	})
}

// Whoever said «Это не я» has all living cards frozen, whatever they did, and
// nothing new is made until the bank has talked to him.
func TestNothingNewWhileTheBankHoldsACard(t *testing.T) {
	eachHome(t, func(h *home) {
		var all []id.ID
		for _, s := range []string{"active", "frozen", "suspended", "waiting", "closed"} {
			all = append(all, stands[s](h))
		}
		h.must(h.do(func(tx db.Tx) error {
			_, err := h.cards.FreezeAll(bg, tx, h.who)
			return err
		}))
		for i, x := range all {
			want := card.Frozen
			if i == 4 {
				want = card.Closed
			}
			if c := h.card(x); c.State != want || want == card.Frozen && c.FrozenBy != card.ByNotMe {
				t.Errorf("card %d stands at %d by %d", i, c.State, c.FrozenBy)
			}
		}
		_, err := h.cards.IssueVirtual(bg, h.who, card.NewVirtual{Rules: card.Standard()})
		h.wants("a virtual card", err, card.ErrBankFroze)
		_, err = h.cards.OrderPlastic(bg, h.who, card.NewPlastic{Place: somewhere})
		h.wants("plastic", err, card.ErrBankFroze)
		_, err = h.cards.Requisites(bg, h.proof, all[0])
		h.wants("requisites", err, card.ErrBankFroze)
	})
}

// Reissue: the old card dies at once, what its owner chose goes over, the PIN
// does not, and a double tap makes one heir.
func TestReissue(t *testing.T) {
	eachHome(t, func(h *home) {
		h.uses.regular = []string{"Музыка", "Кино"}
		rules := card.Standard()
		rules.Abroad, rules.Countries = false, []string{"840"}
		key := h.ids.New()
		old, err := h.cards.IssueVirtual(bg, h.who, card.NewVirtual{Key: key, Name: "Для игр", Art: card.Mint, Rules: rules, Dynamic: true})
		h.must(err)
		h.must(h.cards.SetMain(bg, h.who, old.ID))
		before := news(t, h.DB)
		r := card.Reissue{Key: h.ids.New(), Old: old.ID, Why: card.Leaked}
		heir, err := h.cards.Reissue(bg, h.who, r)
		h.must(err)
		again, err := h.cards.Reissue(bg, h.who, r)
		h.must(err)
		if again.ID != heir.ID || news(t, h.DB) != before+1 {
			t.Error("a double tap made two heirs")
		}
		r.Key = h.ids.New()
		_, err = h.cards.Reissue(bg, h.who, r)
		h.wants("another heir", err, card.ErrHeir)
		c := h.card(old.ID)
		if c.State != card.Blocked || c.Why != card.Leaked || c.Heir != heir.ID || c.Main || c.Ended.IsZero() {
			t.Errorf("the old card: %+v", c)
		}
		if heir.State != card.Active || heir.Name != "Для игр" || heir.Art != card.Mint || !heir.Main || !heir.DynamicCVC || len(rules.Changes(heir.Rules)) != 0 || heir.PINSet {
			t.Errorf("the heir: %+v", heir)
		}
		if heir.Last4 == old.Last4 && h.pan(heir.ID) == h.pan(old.ID) {
			t.Error("the heir has the old number")
		}
		if f := h.face(old.ID); f.Status != card.Blocked || f.Why != card.Leaked {
			t.Errorf("the host sees %d %s", f.Status, f.Why)
		}

		plastic := h.issued(card.PlasticWorld)
		h.must(h.cards.SetPIN(bg, h.proof, plastic.ID, vault.Hide("2580"), vault.Hide("2580")))
		_, err = h.cards.Reissue(bg, h.who, card.Reissue{Old: plastic.ID, Why: card.Worn})
		h.wants("plastic without an address", err, card.ErrPlace)
		_, err = h.cards.Reissue(bg, h.who, card.Reissue{Old: plastic.ID, Why: card.Fraud, Place: somewhere})
		h.wants("for a reason that is not his", err, card.ErrWhy)
		heir, err = h.cards.Reissue(bg, h.who, card.Reissue{Old: plastic.ID, Why: card.Worn, Place: somewhere})
		h.must(err)
		if heir.State != card.NotActivated || heir.PINSet || h.card(plastic.ID).PINSet {
			t.Errorf("the heir of plastic: %+v", heir)
		}
		if d, err := h.cards.DeliveryOf(bg, h.who, heir.ID); err != nil || d.State != card.Ordered {
			t.Errorf("%+v, %v", d, err)
		}
	})
}

func TestHoldsComeBeforeTheEnd(t *testing.T) {
	eachHome(t, func(h *home) {
		x := h.issued(card.VirtualWorld).ID
		h.uses.open = 2
		h.wants("with holds", h.cards.Close(bg, h.who, x), card.ErrHolds)
		h.uses.open = 0
		h.must(h.cards.Close(bg, h.who, x))
		if got := acts(t, h.DB, x); !slices.Equal(got, []string{"card.closed client"}) {
			t.Errorf("the trail: %q", got)
		}
	})
}

// Of many that end, freeze and suspend one card at once each act happens at
// most as often as the rules allow, and the trail tells exactly what happened.
func TestRaces(t *testing.T) {
	eachHome(t, func(h *home) {
		for name, tc := range map[string]struct {
			state string
			acts  []string
			won   int
		}{
			"two closes":          {"active", []string{"close", "close", "close"}, 1},
			"freeze and suspend":  {"active", []string{"freeze", "suspend"}, 1},
			"two suspensions":     {"active", []string{"suspend", "suspend", "suspend"}, 1},
			"two heirs":           {"active", []string{"reissue", "reissue", "reissue"}, 1},
			"close and heir":      {"active", []string{"close", "reissue"}, 1},
			"two resumes":         {"suspended", []string{"resume", "resume"}, 1},
			"two thaws":           {"frozen", []string{"unfreeze", "unfreeze"}, 1},
			"block and unblocked": {"by bank", []string{"lift", "block", "lift"}, 2},
		} {
			for range 3 {
				x := stands[tc.state](h)
				trail := len(acts(t, h.DB, x))
				errs := make(chan error, len(tc.acts))
				for _, a := range tc.acts {
					go func() { errs <- steps[a](h, x) }()
				}
				won := 0
				for range tc.acts {
					if err := <-errs; err == nil {
						won++
					}
				}
				if grown := len(acts(t, h.DB, x)) - trail; grown != won || won > tc.won || won == 0 {
					t.Errorf("%s: %d happened, the trail tells of %d, at most %d may", name, won, grown, tc.won)
				}
				h.tidy(x)
			}
		}
	})
}

// Names, pictures and the main card are of living cards.
func TestLooks(t *testing.T) {
	eachHome(t, func(h *home) {
		first, second := h.issued(card.VirtualWorld).ID, h.issued(card.VirtualWorld).ID
		h.must(h.cards.Rename(bg, h.who, second, "  На  отпуск "))
		h.must(h.cards.SetArt(bg, h.who, second, card.Flame))
		h.must(h.cards.SetMain(bg, h.who, second))
		if c := h.card(second); c.Name != "На отпуск" || c.Art != card.Flame || !c.Main {
			t.Errorf("%+v", c)
		}
		if h.card(first).Main {
			t.Error("two cards are the main one")
		}
		for _, bad := range []string{"\x00", "a\u202eb", "\xff", string(make([]rune, 31)), "ааааааааааааааааааааааааааааааа"} {
			h.wants(fmt.Sprintf("%q", bad), h.cards.Rename(bg, h.who, second, bad), card.ErrName)
		}
		h.wants("a picture of nobody", h.cards.SetArt(bg, h.who, second, 9), card.ErrArt)
		h.must(h.cards.Rename(bg, h.who, second, ""))
		if c := h.card(second); c.Name != "" {
			t.Errorf("%q", c.Name)
		}
		h.must(h.cards.Close(bg, h.who, second))
		if h.card(second).Main {
			t.Error("a closed card is the main one")
		}
		h.wants("a name for a dead card", h.cards.Rename(bg, h.who, second, "x"), card.ErrDead)
		h.wants("a dead main card", h.cards.SetMain(bg, h.who, second), card.ErrDead)
		h.wants("nobody's card", h.cards.SetMain(bg, h.who, id.ID{1}), card.ErrMissing)
		h.wants("another's card", h.cards.Rename(bg, h.who+1, first, "x"), card.ErrMissing)
		done := make(chan error, 8)
		cards := []id.ID{first, h.issued(card.VirtualWorld).ID, h.issued(card.VirtualWorld).ID}
		for i := range 8 {
			go func() { done <- h.cards.SetMain(bg, h.who, cards[i%3]) }()
		}
		for range 8 {
			h.must(<-done)
		}
		main := 0
		all, err := h.cards.Of(bg, h.who)
		h.must(err)
		for _, c := range all {
			if c.Main {
				main++
			}
		}
		if main != 1 {
			t.Errorf("%d main cards", main)
		}
	})
}
