package app

import (
	"context"
	"sync"
	"time"
)

// How often the loops look.
const (
	expiryEvery = time.Second
	expiryBatch = 200
	sweepEvery  = 10 * time.Minute
)

// runLoops runs everything that happens by itself until ctx ends, and waits
// for all of it.
func (b *bank) runLoops(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { b.outbox.Run(ctx) })
	wg.Go(func() { b.live.Run(ctx) })
	wg.Go(func() { b.topups.Run(ctx) })
	wg.Go(func() { b.payouts.Run(ctx) })
	wg.Go(func() { b.webhooks.Run(ctx) })
	if b.network != nil {
		wg.Go(func() { b.network.Run(ctx, b.payouts.Hint) })
	}
	wg.Go(func() { b.claims.Run(ctx) })
	wg.Go(func() { b.cards.Run(ctx) })
	wg.Go(func() { b.purchases.Run(ctx) })
	if b.authentications != nil {
		wg.Go(func() { b.authentications.Run(ctx) })
	}
	wg.Go(func() { every(ctx, expiryEvery, b.expire) })
	wg.Go(func() { every(ctx, sweepEvery, b.sweep) })
	wg.Go(func() { b.signHeads(ctx) })
	wg.Go(func() { b.watch.Run(ctx) })
	wg.Go(func() { b.watchKeys(ctx) })
	wg.Wait()
}

// expire gives back holds whose time is over, all that are due.
func (b *bank) expire(ctx context.Context) {
	for ctx.Err() == nil {
		n, err := b.book.ExpireDue(ctx, expiryBatch)
		if err != nil && ctx.Err() == nil {
			b.log.Error("ledger: give back expired holds", "err", err)
		}
		if err != nil || n < expiryBatch {
			return
		}
	}
}

func (b *bank) sweep(ctx context.Context) {
	sweeps := map[string]func(context.Context) error{
		"access": b.access.Sweep, "orders": b.orders.Sweep, "applications": b.applications.Sweep, "limits": b.limits.Sweep,
		"staff": b.staff.Sweep, "watch": b.watch.Sweep, "webhooks": b.webhooks.Sweep,
	}
	if b.authentications != nil {
		sweeps["authentications"] = b.authentications.Sweep
	}
	for what, sweep := range sweeps {
		if err := sweep(ctx); err != nil && ctx.Err() == nil {
			b.log.Error("sweep", "room", what, "err", err)
		}
	}
}

func every(ctx context.Context, d time.Duration, fn func(context.Context)) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			fn(ctx)
		}
	}
}
