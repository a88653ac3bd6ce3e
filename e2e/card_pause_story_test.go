package e2e

import (
	"strings"
	"testing"
	"time"
)

// A card is put on pause for a month with two taps, and no day longer than
// three months; a terminal is refused, the end is announced three days ahead,
// and on its day the card pays again without anybody's doing. The days pass by
// the demo's clock, so this is the last that happens in its demo.
func pausedCard(t *testing.T, d *Demo, till *Page) {
	who := d.Person("Марина")
	c := d.Open(t, Opt{Mobile: true, Within: 6 * time.Minute, Allow: []string{"status of 422"}})
	c.Login(d, who.Phone, who.Passcode)
	card := "/cards/" + d.cardOf(who, "virtual_world")
	inbox := d.Inbox(who.Phone)
	left := d.Balance(who.Token)

	c.Go(card)
	c.Submit("Поставить на паузу")
	c.At(card + "/suspend")
	if got, want := c.dayOf("max"), monthsAfter(c.dayOf("min").AddDate(0, 0, -1), 3); !got.Equal(want) {
		t.Errorf("a pause may last until %v, want %v", got, want)
	}
	c.tooLong(c.dayOf("max").AddDate(0, 0, 1))
	c.Go(card)

	begun := c.taps
	c.Submit("Поставить на паузу")
	today, until := c.dayOf("min").AddDate(0, 0, -1), c.offered(t, "На месяц")
	if want := monthsAfter(today, 1); !until.Equal(want) {
		t.Errorf("a month after %v is %v, want %v", today, until, want)
	}
	c.Submit("На месяц")
	if taps := c.taps - begun; taps > 2 {
		t.Errorf("a pause of a month took %d taps, at most 2", taps)
	}
	c.At(card)
	c.Sees("Карта на паузе. Платежи не пройдут")
	c.Sees("На паузе до")
	c.Gate("card-paused")
	d.refused(t, who, "after the pause began")
	c.Go("/operations")
	c.Sees("Карта на паузе. Включите её") // the first words of the feed's reason
	c.Click("a.op")
	c.AtPrefix("/operations/op_")
	c.Sees("Карта на паузе. Включите её и повторите оплату")

	till.passUntil(until.AddDate(0, 0, -3))
	if now := till.bankDay(); !now.Equal(until.AddDate(0, 0, -3)) {
		t.Errorf("the clock stands at %v", now)
	}
	inbox.Next("снова заработает")
	d.refused(t, who, "three days before the end")
	till.passUntil(until)
	inbox.Next("Пауза закончилась")
	if s := d.Swipe(who, "cafe", "phone", "310", ""); s.Code != "00" || !s.Believed {
		t.Errorf("after the pause the terminal got %+v", s)
	}
	c.Go(card)
	c.SeesNot("На паузе")
	c.Sees("Работает")
	c.Go("/operations")
	c.Sees("310,00")
	for what, want := range map[string]int{"снова заработает": 1, "Пауза закончилась": 1} {
		n := 0
		for _, m := range d.Messages(who.Phone) {
			n += strings.Count(plainSpaces.Replace(m.Text), what)
		}
		if n != want {
			t.Errorf("%d messages say «%s», want %d", n, what, want)
		}
	}

	// A pause that its owner ends before its time.
	c.Go(card + "/suspend")
	c.Submit("На неделю")
	d.refused(t, who, "in another pause")
	c.Submit("Вернуть в строй сейчас")
	c.Submit("Вернуть в строй сейчас")
	c.At(card)
	c.Sees("Карта снова в строю")
	if s := d.Swipe(who, "cafe", "phone", "120", ""); s.Code != "00" {
		t.Errorf("after an early end the terminal got %+v", s)
	}
	d.Clear()
	if got, want := d.Balance(who.Token), left-310_00-120_00; got != want {
		t.Errorf("%d kopecks are left, want %d", got, want)
	}
}

// refused puts a paused card to a terminal, which must be told that it is
// restricted (62).
func (d *Demo) refused(t *testing.T, who Person, when string) {
	t.Helper()
	if s := d.Swipe(who, "shop", "phone", "500", ""); s.Code != "62" || s.Approved != 0 {
		t.Errorf("%s the terminal got %+v", when, s)
	}
}

// tooLong asks for a pause that the bank must not grant.
func (p *Page) tooLong(until time.Time) {
	p.t.Helper()
	p.JS("(e=>e.value=" + quote(until.Format(time.DateOnly)) + ")(document.querySelector('[name=until]'))") // how a day is typed is the browser's own affair
	p.leave(func() { p.Click("form .btn:not(.quiet)") })
	p.Sees("не дольше чем на три месяца")
	p.Until("document.querySelector('[name=until]').getAttribute('aria-invalid')==='true'")
}

// offered gives the day that an offer of a pause ends with.
func (p *Page) offered(t *testing.T, words string) time.Time {
	t.Helper()
	p.Until(named + "(" + quote(words) + ")?.name==='offer'")
	return day(t, p.JS(named+"("+quote(words)+").value"))
}

// dayOf reads a bound of the field of the day.
func (p *Page) dayOf(bound string) time.Time {
	p.t.Helper()
	return day(p.t, p.JS("document.querySelector('[name=until]')."+bound))
}

// bankDay is the demo's day, as the sandbox's page of the clock shows it now.
func (p *Page) bankDay() time.Time {
	p.t.Helper()
	p.At("/clock")
	return day(p.t, p.JS("document.querySelector('.now time').dateTime.slice(0,10)"))
}

// passUntil lets days pass by the demo's clock until a day has come.
func (p *Page) passUntil(day time.Time) {
	p.t.Helper()
	p.Go("/clock")
	for p.bankDay().Before(day) && !p.t.Failed() {
		p.Submit("На день вперёд")
	}
}

func day(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// monthsAfter is the same day of a later month, or that month's last.
func monthsAfter(day time.Time, months int) time.Time {
	first := time.Date(day.Year(), day.Month()+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	return time.Date(first.Year(), first.Month(), min(day.Day(), first.AddDate(0, 1, -1).Day()), 0, 0, 0, 0, time.UTC)
}
