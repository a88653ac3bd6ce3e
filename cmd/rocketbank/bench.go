package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"rocketbank/internal/bank/transfer/transferbench"
	"rocketbank/internal/base/bench"
	"rocketbank/internal/base/db"
	"rocketbank/internal/door/api/apibench"
	"rocketbank/internal/door/cardhost/cardhostbench"
	"rocketbank/internal/ledger/ledgerbench"
)

type benchCmd struct {
	Ledger   benchLedger   `cmd:"" help:"Transfers in the book alone."`
	Transfer benchTransfer `cmd:"" help:"The whole friend transfer in process: quote, limits, two operations, event, answer."`
	Cards    benchCards    `cmd:"" help:"Purchases over the card network's line: chip, PIN, hold, answer."`
	API      benchAPI      `cmd:"" name:"api" help:"The same over HTTP with token, JSON, idempotency key and signature: a quote and a transfer."`
}

// load are the flags that all benches share.
type load struct {
	database
	Callers  int     `default:"64" help:"How many callers push at once."`
	Seconds  float64 `default:"5" help:"For how long."`
	Accounts int     `default:"100000" help:"How many accounts the data set has."`
	JSON     bool    `name:"json" help:"Print one JSON object per figure."`
}

func (l load) bench() bench.Load {
	return bench.Load{Callers: l.Callers, For: time.Duration(l.Seconds * float64(time.Second))}
}

// check refuses a load that no machine can carry.
func (l load) check() error {
	switch {
	case l.Callers < 1 || l.Callers > 10_000:
		return fmt.Errorf("--callers must be between 1 and 10000")
	case l.Seconds < 0.1 || l.Seconds > 3600:
		return fmt.Errorf("--seconds must be between 0.1 and 3600")
	case l.Accounts < 2 || l.Accounts > 10_000_000:
		return fmt.Errorf("--accounts must be between 2 and 10000000")
	}
	return nil
}

// run opens the bench's own database, whose data set each run makes anew.
func (l load) run(ctx context.Context, out io.Writer, measure func(*db.DB) (bench.Figure, error)) error {
	if err := l.check(); err != nil {
		return err
	}
	d, err := l.open(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	f, err := measure(d)
	if err != nil {
		return err
	}
	return f.Print(out, l.JSON)
}

type benchLedger struct {
	load
	Hot float64 `default:"0" help:"Share of all transfers that touch one and the same account."`
}

// Run measures the book alone.
func (c benchLedger) Run(ctx context.Context, out io.Writer) error {
	return c.run(ctx, out, func(d *db.DB) (bench.Figure, error) {
		return ledgerbench.Run(ctx, d, ledgerbench.Config{Load: c.bench(), Accounts: c.Accounts, Hot: c.Hot})
	})
}

type benchTransfer struct{ load }

// Run measures the whole friend transfer without a door.
func (c benchTransfer) Run(ctx context.Context, out io.Writer) error {
	return c.run(ctx, out, func(d *db.DB) (bench.Figure, error) {
		return transferbench.Run(ctx, d, transferbench.Config{Load: c.bench(), Accounts: c.Accounts})
	})
}

type benchAPI struct{ load }

// Run measures the friend transfer through the open API on loopback.
func (c benchAPI) Run(ctx context.Context, out io.Writer) error {
	return c.run(ctx, out, func(d *db.DB) (bench.Figure, error) {
		return apibench.Run(ctx, d, apibench.Config{Load: c.bench(), Accounts: c.Accounts})
	})
}

type benchCards struct{ load }

// Run measures purchases through the card host on loopback.
func (c benchCards) Run(ctx context.Context, out io.Writer) error {
	return c.run(ctx, out, func(d *db.DB) (bench.Figure, error) {
		return cardhostbench.Run(ctx, d, cardhostbench.Config{Load: c.bench(), Accounts: c.Accounts})
	})
}
