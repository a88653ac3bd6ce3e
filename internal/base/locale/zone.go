package locale

import (
	"fmt"
	"time"
)

// DayIn names a day within a sentence for somebody who lives in a time zone:
// «сегодня», «завтра», «24 ноября».
func (p *Printer) DayIn(t, now time.Time, zone *time.Location) string {
	t, now = t.In(zone), now.In(zone)
	at := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	from := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	switch at.Sub(from) {
	case 0:
		return p.T("date.today_in")
	case 24 * time.Hour:
		return p.T("date.tomorrow_in")
	}
	if at.Year() == from.Year() {
		return fmt.Sprintf("%d %s", at.Day(), monthOf[p.lang][at.Month()-1])
	}
	return fmt.Sprintf("%d %s %d", at.Day(), monthOf[p.lang][at.Month()-1], at.Year())
}

// ClockIn writes «14:05» as a clock in that zone shows it.
func (p *Printer) ClockIn(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("15:04")
}
