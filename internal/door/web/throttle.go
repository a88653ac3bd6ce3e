package web

import (
	"net/netip"
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

// throttle is a token bucket per network address; an IPv6 visitor owns a /64.
type throttle struct {
	rate Rate
	now  func() time.Time

	mu   sync.Mutex
	seen map[netip.Prefix]bucket
}

type bucket struct {
	full time.Time // when the bucket would be full again
}

func newThrottle(r Rate, now func() time.Time) *throttle {
	if r == (Rate{}) {
		r = StandardRate()
	}
	return &throttle{rate: r, now: now, seen: map[netip.Prefix]bucket{}}
}

// take asks for one request; if refused it tells how long to wait.
func (t *throttle) take(ip string) (wait time.Duration, ok bool) {
	if t.rate.PerSecond < 0 {
		return 0, true
	}
	key := network(ip)
	step := time.Second / time.Duration(max(1, t.rate.PerSecond))
	room := step * time.Duration(max(1, t.rate.Burst))
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	b, known := t.seen[key]
	if !known && len(t.seen) >= maxAddresses {
		t.forget(now)
		if len(t.seen) >= maxAddresses {
			key = netip.Prefix{}
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

// network is the part of an address that one visitor owns.
func network(ip string) netip.Prefix {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return netip.Prefix{}
	}
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
