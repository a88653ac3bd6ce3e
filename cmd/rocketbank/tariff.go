package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"rocketbank/internal/app"
	"rocketbank/internal/bank/bin"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/clock"
)

// operator is who acts through a command, in the audit trail.
const operator = "operator"

// readWhole reads a file that must not be longer than most bytes.
func readWhole(path string, most int64) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, most+1))
	return string(raw), err
}

type tariffCmd struct {
	Import tariffImport `cmd:"" help:"Keep a version of the price list; the same again changes nothing."`
	Show   tariffShow   `cmd:"" help:"Print the version that is in force."`
}

type tariffImport struct {
	database
	File string `arg:"" help:"The file, as docs/tariffs.md has it."`
}

// Run keeps the version.
func (c tariffImport) Run(ctx context.Context, out io.Writer) error {
	text, err := readWhole(c.File, tariff.MaxFile)
	if err != nil {
		return err
	}
	v, err := tariff.Parse(text)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	d, err := c.ready(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	s, err := app.OpenTariffs(ctx, d)
	if err != nil {
		return err
	}
	done, err := s.Import(ctx, v, operator)
	if err != nil {
		return err
	}
	said := map[tariff.Outcome]string{
		tariff.Kept: "is kept", tariff.Known: "was kept before", tariff.Replaced: "is kept instead of the one that was to come",
	}
	_, err = fmt.Fprintf(out, "version %d with %d rules %s, in force from %s Moscow time\n", v.Number, len(v.Rules), said[done], v.From.In(clock.Moscow).Format("2006-01-02 15:04"))
	return err
}

type tariffShow struct {
	database
	At string `placeholder:"TIME" help:"What was or will be in force then: 2026-12-01 or 2026-12-01 09:00, Moscow time."`
}

// Run prints the version as the file that makes it.
func (c tariffShow) Run(ctx context.Context, out io.Writer) error {
	var at time.Time
	if c.At != "" {
		var err error
		if at, err = tariff.ParseMoment(c.At); err != nil {
			return err
		}
	}
	d, err := c.ready(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	s, err := app.OpenTariffs(ctx, d)
	if err != nil {
		return err
	}
	v, err := s.At(ctx, at)
	if errors.Is(err, tariff.ErrNoPrice) {
		return fmt.Errorf("no version of the tariff was in force at %s", c.At)
	}
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, v.Text())
	return err
}

type binsCmd struct {
	Import binsImport `cmd:"" help:"Keep a table of card prefixes; the same again changes nothing."`
	Find   binsFind   `cmd:"" help:"Tell whose a card is by its first digits."`
}

type binsImport struct {
	database
	File string `arg:"" help:"The file, as docs/tariffs.md has it."`
}

// Run keeps the table.
func (c binsImport) Run(ctx context.Context, out io.Writer) error {
	text, err := readWhole(c.File, bin.MaxFile)
	if err != nil {
		return err
	}
	if _, err := bin.Parse(text); err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	d, err := c.ready(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	t, fresh, err := bin.New(d).Import(ctx, text, operator)
	if err != nil {
		return err
	}
	said := "are kept"
	if !fresh {
		said = "were kept before"
	}
	_, err = fmt.Fprintf(out, "%d lines of card prefixes %s\n", t.Lines(), said)
	return err
}

type binsFind struct {
	database
	Digits string `arg:"" help:"The first digits of a card, 11 at most: never a whole number."`
}

// Run tells scheme and bank.
func (c binsFind) Run(ctx context.Context, out io.Writer) error {
	if len(c.Digits) > bin.MaxPrefix {
		return fmt.Errorf("the first %d digits of a card are enough", bin.MaxPrefix)
	}
	d, err := c.ready(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	i, err := bin.New(d).Find(ctx, c.Digits)
	if err != nil {
		return err
	}
	scheme, bank := i.Scheme, i.Bank.Code
	if scheme == "" {
		scheme = "unknown"
	}
	if bank == "" {
		bank = "unknown"
	}
	_, err = fmt.Fprintf(out, "scheme %s, bank %s\n", scheme, bank)
	return err
}
