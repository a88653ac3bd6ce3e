package card_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/id"
)

// Three months are the same day of the month or its last day, and never one
// day more.
func TestSuspendSpan(t *testing.T) {
	t.Parallel()
	for today, want := range map[string]string{
		"2026-11-22": "2027-02-22", "2026-11-28": "2027-02-28", "2026-11-29": "2027-02-28", "2026-11-30": "2027-02-28",
		"2027-11-29": "2028-02-29", "2027-11-30": "2028-02-29", "2026-12-31": "2027-03-31", "2027-01-31": "2027-04-30",
		"2027-03-31": "2027-06-30", "2027-05-31": "2027-08-31", "2027-10-31": "2028-01-31", "2028-02-29": "2028-05-29", "2027-08-31": "2027-11-30",
	} {
		for _, hour := range []int{0, 12, 23} {
			day, err := time.ParseInLocation("2006-01-02", today, clock.Moscow)
			if err != nil {
				t.Fatal(err)
			}
			first, last := card.SuspendSpan(day.Add(time.Duration(hour)*time.Hour + 59*time.Minute))
			if last.Format("2006-01-02 15:04") != want+" 00:00" || !first.Equal(day.AddDate(0, 0, 1)) {
				t.Errorf("%s at %d: from %v to %v, want %s", today, hour, first, last, want)
			}
		}
	}
	for day, want := range map[string]string{"2027-01-31": "2027-02-28", "2028-01-31": "2028-02-29", "2027-01-30": "2027-02-28", "2027-03-31": "2027-04-30", "2027-12-31": "2028-01-31"} {
		at, err := time.ParseInLocation("2006-01-02", day, clock.Moscow)
		if err != nil {
			t.Fatal(err)
		}
		if got := card.MonthsLater(at, 1).Format("2006-01-02"); got != want {
			t.Errorf("a month after %s is %s, want %s", day, got, want)
		}
	}
}

func TestSuspension(t *testing.T) {
	eachHome(t, func(h *home) {
		x := h.issued(card.VirtualWorld).ID
		_, last := card.SuspendSpan(h.clock.Now())
		for what, until := range map[string]time.Time{
			"today": h.days(0), "yesterday": h.days(-1), "a day too long": last.AddDate(0, 0, 1), "next year": last.AddDate(1, 0, 0), "never": {},
		} {
			h.wants(what, h.cards.Suspend(bg, h.who, x, until), card.ErrUntil)
		}
		h.must(h.cards.Suspend(bg, h.who, x, last.Add(15*time.Hour))) // some hour of that day
		if c := h.card(x); c.State != card.Suspended || !c.Until.Equal(last) {
			t.Errorf("until %v, want %v", c.Until, last)
		}
		if f := h.face(x); f.Status != card.Suspended {
			t.Errorf("the host sees %d", f.Status)
		}
		h.wants("another time", h.cards.Suspend(bg, h.who, x, h.days(3)), card.ErrNotActive)
		step := func(at time.Time, state card.State, told int) {
			t.Helper()
			h.clock.Set(at)
			if _, err := h.cards.Step(bg); err != nil {
				t.Fatal(err)
			}
			if _, err := h.cards.Step(bg); err != nil { // once more, as after a crash
				t.Fatal(err)
			}
			if c := h.card(x); c.State != state || news(t, h.DB) != told {
				t.Errorf("%v: stands at %d, told %d times", at, c.State, news(t, h.DB))
			}
		}
		step(last.AddDate(0, 0, -3).Add(-time.Second), card.Suspended, 0)
		step(last.AddDate(0, 0, -3), card.Suspended, 1) // the reminder
		step(last.Add(-time.Microsecond), card.Suspended, 1)
		h.clock.Set(last)
		if f := h.face(x); f.Status != card.Active {
			t.Errorf("the host waits for the worker: %d", f.Status)
		}
		step(last, card.Active, 2)
		step(last.AddDate(0, 0, 40), card.Active, 2)
		want := []string{"card.suspended client", "card.reminded system", "card.resumed system"}
		if got := acts(t, h.DB, x); !slices.Equal(got, want) {
			t.Errorf("the trail: %q", got)
		}
	})
}

// A short suspension has a reminder the day before, the shortest none.
func TestShortSuspensions(t *testing.T) {
	eachHome(t, func(h *home) {
		for days, reminders := range map[int]int{1: 0, 2: 1, 3: 1, 4: 1} {
			x, before := h.issued(card.VirtualWorld).ID, news(t, h.DB)
			h.must(h.cards.Suspend(bg, h.who, x, h.days(days)))
			for range days * 24 {
				h.clock.Add(time.Hour)
				if _, err := h.cards.Step(bg); err != nil {
					t.Fatal(err)
				}
			}
			if c := h.card(x); c.State != card.Active || news(t, h.DB)-before != reminders+1 {
				t.Errorf("%d days: stands at %d, told %d times", days, c.State, news(t, h.DB)-before)
			}
		}
	})
}

// An early end leaves nothing for the worker.
func TestResume(t *testing.T) {
	eachHome(t, func(h *home) {
		x := h.issued(card.VirtualWorld).ID
		h.must(h.cards.Suspend(bg, h.who, x, h.days(30)))
		h.must(h.cards.Resume(bg, h.who, x))
		h.clock.Add(60 * 24 * time.Hour)
		if n, err := h.cards.Step(bg); n != 0 || err != nil {
			t.Errorf("%d cards are due, %v", n, err)
		}
		if c := h.card(x); c.State != card.Active || !c.Until.IsZero() || news(t, h.DB) != 0 {
			t.Errorf("%+v", c)
		}
		h.uses.regular = []string{"Кино"}
		if got, err := h.cards.WillFail(bg, h.who, x); err != nil || len(got) != 1 {
			t.Errorf("%q, %v", got, err)
		}
		_, err := h.cards.WillFail(bg, h.who, id.ID{1})
		h.wants("of nobody's card", err, card.ErrMissing)
	})
}

// Several processes work on one database: each card is told and woken once.
func TestTwoWorkers(t *testing.T) {
	banktest.Each(t, func(b *banktest.Bank) {
		one, two := newDesk(b), newDesk(b.Again())
		anna := one.Client("Анна", "Соколова", 0)
		const cards = 12
		var all []id.ID
		for range cards {
			c := one.issued(anna)
			if err := one.cards.Suspend(bg, anna.ID, c.ID, clock.DayStart(b.Clock.Now()).AddDate(0, 0, 10)); err != nil {
				t.Fatal(err)
			}
			all = append(all, c.ID)
		}
		for _, d := range []time.Duration{8, 11} {
			b.Clock.Set(banktest.Noon.Add(d * 24 * time.Hour))
			var wg sync.WaitGroup
			for _, s := range []*card.Service{one.cards, two.cards, one.cards, two.cards} {
				wg.Go(func() {
					for {
						n, err := s.Step(bg)
						if err != nil {
							t.Error(err)
						}
						if n == 0 || err != nil {
							return
						}
					}
				})
			}
			wg.Wait()
		}
		if n := news(t, b.DB); n != 2*cards {
			t.Errorf("%d messages, want %d", n, 2*cards)
		}
		for _, x := range all {
			if got := acts(t, b.DB, x); len(got) != 3 {
				t.Errorf("the trail: %q", got)
			}
		}
	})
}

// The loop ends with its context.
func TestRunEnds(t *testing.T) {
	banktest.Each(t, func(b *banktest.Bank) {
		d := newDesk(b)
		ctx, stop := context.WithCancel(bg)
		stop()
		d.cards.Run(ctx)
	})
}
