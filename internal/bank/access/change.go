package access

import (
	"context"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
)

// Staff is a member of staff who acts for a client on the phone.
type Staff interface {
	Name() string // short, «Ирина К.», as the client may see it
	Ref() string  // in the audit trail, «sm_…»
}

// Freezer freezes a client's cards (room card).
type Freezer interface {
	// FreezeAll freezes every card that works and tells how many there were.
	FreezeAll(ctx context.Context, tx db.Tx, who client.ID) (int, error)
}
