// Package live tells open pages of a client that something new happened.
//
// A Hub knows who is connected to this process. What happens in this process
// wakes them at once (Kick); what another process did is noticed by one poller,
// which asks the feed once a second for all who are connected and sleeps while
// nobody is. A wake-up carries nothing: the page reads again what it shows.
package live

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
)

// Limits of a hub.
const (
	MaxPerClient = 16               // open pages of one client in one process
	MaxClients   = 10_000           // connected clients of one process
	poll         = time.Second      // how late another process's operation is seen
	lookBack     = 60 * time.Second // an operation's identifier is this much older than its commit at most
)

// Feed tells which operations some clients got since a moment of business time
// (operation.Service).
type Feed interface {
	NewSince(ctx context.Context, clients []client.ID, since time.Time) ([]operation.Mark, error)
}

// Hub knows which clients have open pages in this process. It is safe for
// concurrent use.
type Hub struct {
	feed Feed
	now  func() time.Time
	log  *slog.Logger
	some chan struct{} // somebody connected: the poller wakes

	mu      sync.Mutex
	clients map[client.ID]*audience
}

// audience is one client's open pages.
type audience struct {
	pages map[chan struct{}]bool
	// known are operations made lately that the pages were told about; nil
	// until the poller has looked for the first time.
	known map[operation.Mark]bool
}

// New makes a hub that asks feed about other processes' operations. now is
// business time, which operation identifiers are made with; log may be nil.
func New(feed Feed, now func() time.Time, log *slog.Logger) *Hub {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Hub{feed: feed, now: now, log: log, some: make(chan struct{}, 1), clients: map[client.ID]*audience{}}
}

// Subscribe opens a channel that gets a wake-up whenever something new may be
// there; several at once become one. The first comes at once, for what happened
// between the page and the subscription. stop ends it, may be called twice and
// must be called. ok is false when there are too many already.
func (h *Hub) Subscribe(c client.ID) (wake <-chan struct{}, stop func(), ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	a := h.clients[c]
	if a == nil {
		if len(h.clients) >= MaxClients {
			return nil, func() {}, false
		}
		a = &audience{pages: map[chan struct{}]bool{}}
		h.clients[c] = a
	}
	if len(a.pages) >= MaxPerClient {
		return nil, func() {}, false
	}
	page := make(chan struct{}, 1)
	page <- struct{}{}
	a.pages[page] = true
	ring(h.some)
	return page, func() { h.leave(c, page) }, true
}

func (h *Hub) leave(c client.ID, page chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	a := h.clients[c]
	if a == nil || !a.pages[page] {
		return
	}
	delete(a.pages, page)
	if len(a.pages) == 0 {
		delete(h.clients, c)
	}
}

// Kick wakes the open pages of a client.
func (h *Hub) Kick(c client.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if a := h.clients[c]; a != nil {
		a.ring()
	}
}

func (a *audience) ring() {
	for page := range a.pages {
		ring(page)
	}
}

// ring leaves a wake-up unless one is waiting already.
func ring(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Run is the poller; it returns when ctx ends.
func (h *Hub) Run(ctx context.Context) {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		if len(h.connected()) == 0 {
			tick.Stop()
			select {
			case <-ctx.Done():
				return
			case <-h.some:
				tick.Reset(poll)
			}
			continue
		}
		if err := h.look(ctx); err != nil && ctx.Err() == nil {
			h.log.Error("live: look for new operations", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (h *Hub) connected() []client.ID {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]client.ID, 0, len(h.clients))
	for c := range h.clients {
		out = append(out, c)
	}
	return out
}

// look wakes the clients who have operations that were not seen before. An
// identifier is made before its commit, so it is never a cursor: each look
// goes back a minute and compares.
func (h *Hub) look(ctx context.Context) error {
	asked := h.connected()
	marks, err := h.feed.NewSince(ctx, asked, h.now().Add(-lookBack))
	if err != nil {
		return err
	}
	seen := make(map[client.ID]map[operation.Mark]bool, len(asked))
	for _, c := range asked {
		seen[c] = map[operation.Mark]bool{}
	}
	for _, m := range marks {
		seen[m.Client][m] = true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for c, now := range seen {
		a := h.clients[c]
		if a == nil {
			continue
		}
		if a.known != nil {
			for m := range now {
				if !a.known[m] {
					a.ring()
					break
				}
			}
		} else {
			a.ring() // first look: whatever landed since the page was drawn
		}
		a.known = now
	}
	return nil
}
