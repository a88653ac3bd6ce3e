package app

import (
	"context"
	"time"

	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/db"
)

// OpenTariffs makes the room of tariffs alone, for commands. What is in force
// is told by the business time of the database: a demo's may stand ahead.
func OpenTariffs(ctx context.Context, d *db.DB) (*tariff.Service, error) {
	ahead, _, err := storedOffset(ctx, d)
	if err != nil {
		return nil, err
	}
	return tariff.NewAt(d, func() time.Time { return d.Now().Add(ahead) }), nil
}
