package locale

import (
	"fmt"
	"time"

	"rocketbank/internal/base/clock"
)

var monthOf = map[Lang][12]string{ // in a date: 20 ноября
	Russian: {"января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря"},
	English: {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
}

var monthName = map[Lang][12]string{ // alone: ноябрь
	Russian: {"январь", "февраль", "март", "апрель", "май", "июнь", "июль", "август", "сентябрь", "октябрь", "ноябрь", "декабрь"},
	English: monthOf[English],
}

var monthIn = map[Lang][12]string{ // when: в ноябре
	Russian: {"январе", "феврале", "марте", "апреле", "мае", "июне", "июле", "августе", "сентябре", "октябре", "ноябре", "декабре"},
	English: monthOf[English],
}

// Day names a day as seen from now: «Сегодня», «Вчера», «20 ноября», and with
// the year when it is another one. Days are Moscow's.
func (p *Printer) Day(t, now time.Time) string {
	switch clock.Day(now) - clock.Day(t) {
	case 0:
		return p.T("date.today")
	case 1:
		return p.T("date.yesterday")
	}
	return p.Date(t, now)
}

// DayLong names a day of a feed: «Сегодня, 22 ноября», «20 ноября».
func (p *Printer) DayLong(t, now time.Time) string {
	if ago := clock.Day(now) - clock.Day(t); ago == 0 || ago == 1 {
		return p.Day(t, now) + ", " + p.Date(t, now)
	}
	return p.Date(t, now)
}

// Date writes «20 ноября», or «20 ноября 2025» when the year is not now's.
func (p *Printer) Date(t, now time.Time) string {
	if t.In(clock.Moscow).Year() == now.In(clock.Moscow).Year() {
		_, m, d := t.In(clock.Moscow).Date()
		return fmt.Sprintf("%d %s", d, monthOf[p.lang][m-1])
	}
	return p.DateFull(t)
}

// DateFull writes «20 ноября 2025».
func (p *Printer) DateFull(t time.Time) string {
	y, m, d := t.In(clock.Moscow).Date()
	return fmt.Sprintf("%d %s %d", d, monthOf[p.lang][m-1], y)
}

// Clock writes «14:05», Moscow time.
func (p *Printer) Clock(t time.Time) string { return t.In(clock.Moscow).Format("15:04") }

// Stamp writes the moment of a receipt: «22 ноября 2026, 14:05 МСК».
func (p *Printer) Stamp(t time.Time) string {
	return p.DateFull(t) + ", " + p.Clock(t) + " " + p.T("date.moscow")
}

// Countdown writes what is left of a wait: «0:42», «12:05», «1:02:03».
func (p *Printer) Countdown(d time.Duration) string {
	s := int64((max(d, 0) + time.Second - 1) / time.Second) // never say less than is left
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// Month writes «ноябрь 2026».
func (p *Printer) Month(t time.Time) string {
	y, m, _ := t.In(clock.Moscow).Date()
	return fmt.Sprintf("%s %d", monthName[p.lang][m-1], y)
}

// MonthIn writes «в ноябре».
func (p *Printer) MonthIn(t time.Time) string {
	return p.T("date.in_month", A("month", monthIn[p.lang][t.In(clock.Moscow).Month()-1]))
}

// Range writes days of one month as «1–22 ноября», others as
// «28 октября – 22 ноября».
func (p *Printer) Range(from, to, now time.Time) string {
	y1, m1, d1 := from.In(clock.Moscow).Date()
	y2, m2, d2 := to.In(clock.Moscow).Date()
	switch {
	case y1 == y2 && m1 == m2 && d1 == d2:
		return p.Date(to, now)
	case y1 == y2 && m1 == m2:
		return fmt.Sprintf("%d–%s", d1, p.Date(to, now))
	}
	return p.Date(from, now) + " – " + p.Date(to, now)
}
