package live

import (
	"context"
	"time"

	"rocketbank/internal/bank/client"
)

// Hub knows which clients have open pages in this process.
type Hub struct{ feed Feed }

// New makes a hub that asks feed about other processes' operations; now is
// business time, as operation identifiers are made with it.
func New(feed Feed, now func() time.Time) *Hub { return &Hub{feed: feed} }

// Subscribe opens a channel that gets a wake-up whenever something new may be
// there; several at once become one. stop ends it and must be called. full
// is true when the client already has MaxPerClient pages open: the channel is
// then closed at once.
func (h *Hub) Subscribe(c client.ID) (wake <-chan struct{}, stop func(), full bool) {
	panic("unwritten")
}

// Kick wakes the open pages of a client.
func (h *Hub) Kick(c client.ID) { panic("unwritten") }

// Run is the poller; it returns when ctx ends.
func (h *Hub) Run(ctx context.Context) error { panic("unwritten") }
