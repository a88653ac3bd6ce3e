package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"

	"rocketbank/internal/app"
	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/base/vault"
)

// cardRoom opens the room of purchases over a database.
type cardRoom struct {
	database
	keyFile
}

func (f cardRoom) with(ctx context.Context, do func(*purchase.Service) error) error {
	file, err := f.file()
	if err != nil {
		return err
	}
	hint(file, os.Stderr)
	v, err := vault.New(ctx, file)
	if err != nil {
		return err
	}
	d, err := f.ready(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	s, closing, err := app.OpenPurchases(ctx, d, v, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err != nil {
		return err
	}
	if err := do(s); err != nil {
		return inWords(err)
	}
	return closing()
}

type clearingCmd struct {
	Import clearingImport `cmd:"" help:"Post a clearing file; a file that comes again changes nothing."`
}

type clearingImport struct {
	cardRoom
	File string `arg:"" help:"The file, JSON Lines as docs/cardhost.md has them."`
}

// Run posts the file and tells how its records met the books.
func (c clearingImport) Run(ctx context.Context, out io.Writer) error {
	raw, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer raw.Close()
	f, err := purchase.ReadClearing(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	return c.with(ctx, func(s *purchase.Service) error {
		rep, err := s.Import(ctx, f)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "%s: %d records, %d of them posted before\n", rep.File, rep.Records, rep.Repeats); err != nil {
			return err
		}
		for res := purchase.Exact; res <= purchase.Surprises; res++ {
			if n := rep.Results[res]; n > 0 {
				if _, err := fmt.Fprintf(out, "  %s: %d\n", res, n); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

type ratesCmd struct {
	Import ratesImport `cmd:"" help:"Keep a day's rates."`
}

type ratesImport struct {
	cardRoom
	File string `arg:"" help:"The file: a line day;currency;units;roubles each."`
}

// Run keeps the rates.
func (c ratesImport) Run(ctx context.Context, out io.Writer) error {
	raw, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer raw.Close()
	list, err := purchase.ReadRates(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	return c.with(ctx, func(s *purchase.Service) error {
		if err := s.PutRates(ctx, list); err != nil {
			return err
		}
		_, err := fmt.Fprintf(out, "%d rates are kept\n", len(list))
		return err
	})
}
