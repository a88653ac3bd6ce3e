// Package clock tells business time: the bank day and the calendar month in
// Moscow, and a clock that the demo alone can move forward.
//
// Sessions, codes, TLS and rate limits use real time and never this clock.
package clock

import (
	"fmt"
	"sync"
	"time"
	_ "time/tzdata" // the zone must not depend on the machine
)

// Clock tells the business time.
type Clock interface{ Now() time.Time }

// Func makes a clock of a function; tests use it to stand still.
type Func func() time.Time

// Now calls the function.
func (f Func) Now() time.Time { return f() }

// System is the machine's clock in UTC, cut to the microsecond the databases keep.
func System() Clock {
	return Func(func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) })
}

// Moscow is the bank's zone.
var Moscow = mustLoad("Europe/Moscow")

func mustLoad(name string) *time.Location {
	l, err := time.LoadLocation(name)
	if err != nil {
		panic(fmt.Sprintf("clock: %v", err))
	}
	return l
}

// Day numbers the bank day of t: days since 1970-01-01 in Moscow, 00:00–24:00.
func Day(t time.Time) int64 {
	y, m, d := t.In(Moscow).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400
}

// Month numbers the calendar month of t in Moscow: year·12 + month (January = 0).
func Month(t time.Time) int64 {
	y, m, _ := t.In(Moscow).Date()
	return int64(y)*12 + int64(m) - 1
}

// DayStart gives the first moment of the bank day of t.
func DayStart(t time.Time) time.Time {
	y, m, d := t.In(Moscow).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, Moscow)
}

// MonthStart gives the first moment of the calendar month of t.
func MonthStart(t time.Time) time.Time {
	y, m, _ := t.In(Moscow).Date()
	return time.Date(y, m, 1, 0, 0, 0, 0, Moscow)
}

// Movable is a clock with an offset that only grows. Only the demo builds one.
type Movable struct {
	base Clock

	mu     sync.Mutex
	offset time.Duration
}

// NewMovable starts a movable clock at the offset stored by an earlier run.
func NewMovable(base Clock, offset time.Duration) *Movable {
	return &Movable{base: base, offset: offset}
}

// Now gives the moved time.
func (m *Movable) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.base.Now().Add(m.offset)
}

// Offset tells how far the clock stands ahead.
func (m *Movable) Offset() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.offset
}

// Forward moves the clock by d, which must not be negative: business time
// never runs backwards.
func (m *Movable) Forward(d time.Duration) error {
	if d < 0 {
		return fmt.Errorf("clock: cannot move %v back", -d)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.offset += d
	return nil
}
