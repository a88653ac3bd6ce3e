// Package live tells open pages of a client that something new happened.
//
// A Hub knows who is connected to this process. What happens in this process
// wakes them at once (Kick); what another process did is noticed by one poller,
// which asks the feed once a second for all who are connected and sleeps while
// nobody is. A wake-up carries nothing: the page reads again what it shows.
package live

import (
	"context"
	"time"

	"rocketbank/internal/bank/client"
)

// Feed tells which of some clients have operations made since a moment.
type Feed interface {
	NewSince(ctx context.Context, clients []client.ID, since time.Time) ([]Mark, error)
}

// Mark is one operation of a connected client.
type Mark struct {
	Client    client.ID
	Operation [16]byte
}
