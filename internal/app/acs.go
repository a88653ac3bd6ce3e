package app

import (
	"context"

	"rocketbank/internal/bank/authentication"
	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/base/db"
)

// proofs fits the room of authentications to what room purchase asks for.
type proofs struct{ room *authentication.Service }

// Verify tells whether an authentication value proves a purchase.
func (p proofs) Verify(ctx context.Context, a purchase.Authenticated) (db.Row, bool, error) {
	return p.room.Verify(ctx, authentication.Presented(a))
}
