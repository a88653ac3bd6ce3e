package api

import (
	"sync"
	"time"

	"rocketbank/internal/base/id"
)

// The standard rate of one token, and how many tokens are kept in mind.
const (
	standardPerSecond = 50
	standardBurst     = 100
	maxBuckets        = 100_000
)

// rates is a bucket of requests per token, refilled by real time. It holds for
// one process: it protects this process, not a rule of the bank.
type rates struct {
	every time.Duration // one more request each; 0: no limit
	depth time.Duration // burst · every
	now   func() time.Time

	mu   sync.Mutex
	full map[id.ID]time.Time // when the bucket of a token will be full again
}

func newRates(r Rate, now func() time.Time) *rates {
	if r.PerSecond < 0 {
		return &rates{}
	}
	if r.PerSecond == 0 {
		r.PerSecond = standardPerSecond
	}
	if r.Burst <= 0 {
		r.Burst = standardBurst
	}
	every := time.Second / time.Duration(r.PerSecond)
	return &rates{every: every, depth: every * time.Duration(r.Burst), now: now, full: map[id.ID]time.Time{}}
}

// take takes one request out of a token's bucket, or tells how long to wait for one.
func (r *rates) take(token id.ID) (wait time.Duration) {
	if r.every == 0 {
		return 0
	}
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.full[token]
	if at.Before(now) {
		at = now
	}
	at = at.Add(r.every)
	if over := at.Sub(now) - r.depth; over > 0 {
		return over
	}
	if _, known := r.full[token]; !known && len(r.full) >= maxBuckets {
		r.forget(now)
	}
	r.full[token] = at
	return 0
}

// forget drops the buckets that are full, or all when none is.
func (r *rates) forget(now time.Time) {
	for t, at := range r.full {
		if !at.After(now) {
			delete(r.full, t)
		}
	}
	if len(r.full) >= maxBuckets {
		clear(r.full)
	}
}
