package app

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
)

// The demo's clock is kept in the demo's database: how far business time
// stands from real time, in microseconds.
const clockSetting = "demo.clock_offset_us"

// demoClock is the movable business clock of the demo. It starts in the past
// while the example data are made and is moved on from the sandbox's page.
type demoClock struct {
	*clock.Movable
	mu sync.Mutex
	db *db.DB // set once the database is open
}

func newDemoClock(offset time.Duration) *demoClock {
	return &demoClock{Movable: clock.NewMovable(clock.System(), offset)}
}

// begin sets where the clock stands. It is called once, before anybody reads
// business time.
func (c *demoClock) begin(d *db.DB, offset time.Duration) {
	c.db = d
	c.Movable = clock.NewMovable(clock.System(), offset)
}

// Forward moves the clock and keeps it moved over a restart. The new offset
// is stored first: time that was seen must never be taken back.
func (c *demoClock) Forward(d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d < 0 {
		return fmt.Errorf("the demo's clock only moves forward")
	}
	if err := c.store(context.Background(), c.Offset()+d); err != nil {
		return fmt.Errorf("keep the clock: %w", err)
	}
	return c.Movable.Forward(d)
}

func (c *demoClock) store(ctx context.Context, offset time.Duration) error {
	return c.db.Write(ctx, func(tx db.Tx) error {
		return db.PutSetting(ctx, tx, clockSetting, strconv.FormatInt(offset.Microseconds(), 10))
	})
}

// storedOffset reads where the clock of an earlier start stood; ok is false
// in a new database.
func storedOffset(ctx context.Context, d *db.DB) (offset time.Duration, ok bool, err error) {
	v, err := db.Setting(ctx, d, clockSetting)
	if err != nil || v == "" {
		return 0, false, err
	}
	us, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return 0, false, fmt.Errorf("the stored clock %q is damaged: %w", v, err)
	}
	return time.Duration(us) * time.Microsecond, true, nil
}
