package topup

import (
	"context"
	"sync"

	"rocketbank/internal/base/id"
)

// asking knows which questions to the acquirer are under way in this process,
// so that a page which comes while a callback is being looked into waits for
// that answer instead of saying «проверяем».
type asking struct {
	mu sync.Mutex
	by map[id.ID]chan struct{}
}

// begin tells that a question is under way; call end when it is answered.
func (a *asking) begin(topup id.ID) (end func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, busy := a.by[topup]; busy {
		return func() {} // whoever waits, waits for the first
	}
	if a.by == nil {
		a.by = map[id.ID]chan struct{}{}
	}
	done := make(chan struct{})
	a.by[topup] = done
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.by, topup)
		close(done)
	}
}

// wait waits for a question that is under way and tells whether there was one.
func (a *asking) wait(ctx context.Context, topup id.ID) bool {
	a.mu.Lock()
	done, busy := a.by[topup]
	a.mu.Unlock()
	if !busy {
		return false
	}
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}
