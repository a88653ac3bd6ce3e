package web

import (
	"sync"
	"time"
)

// Rate bounds how often one address may come.
type Rate struct {
	PerSecond int // sustained; negative: no bound
	Burst     int
}

// StandardRate leaves room for a whole office behind one address.
func StandardRate() Rate { return Rate{PerSecond: 50, Burst: 400} }

// maxAddresses bounds what a throttle remembers. When it is full, the addresses
// that have been quiet are forgotten; if nobody has, the newcomers share a place.
const maxAddresses = 50_000

// throttle is a token bucket per visitor's address, as Visit.IP tells it.
type throttle struct {
	rate Rate
	now  func() time.Time

	mu   sync.Mutex
	seen map[string]bucket
}

type bucket struct {
	full time.Time // when the bucket would be full again
}

func newThrottle(r Rate, now func() time.Time) *throttle {
	if r == (Rate{}) {
		r = StandardRate()
	}
	return &throttle{rate: r, now: now, seen: map[string]bucket{}}
}

// take asks for one request; if refused it tells how long to wait.
func (t *throttle) take(ip string) (wait time.Duration, ok bool) {
	if t.rate.PerSecond < 0 {
		return 0, true
	}
	key := ip
	step := time.Second / time.Duration(max(1, t.rate.PerSecond))
	room := step * time.Duration(max(1, t.rate.Burst))
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	b, known := t.seen[key]
	if !known && len(t.seen) >= maxAddresses {
		t.forget(now)
		if len(t.seen) >= maxAddresses {
			key = ""
			b = t.seen[key]
		}
	}
	if b.full.Before(now) {
		b.full = now
	}
	b.full = b.full.Add(step)
	if over := b.full.Sub(now) - room; over > 0 {
		return over.Round(time.Second) + time.Second, false
	}
	t.seen[key] = b
	return 0, true
}

func (t *throttle) forget(now time.Time) {
	for k, b := range t.seen {
		if b.full.Before(now) {
			delete(t.seen, k)
		}
	}
}
