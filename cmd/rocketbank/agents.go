package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"rocketbank/internal/bank/agent"
	"rocketbank/internal/base/clock"
)

type agentsCmd struct {
	Close agentsClose `cmd:"" help:"Shut one and say why; payments under way go on."`
	Open  agentsOpen  `cmd:"" help:"Let money go there again."`
	List  agentsList  `cmd:"" help:"Print which were closed or opened, and when."`
}

type agentsClose struct {
	database
	Code string `arg:"" help:"The partner's code in the file of serve --agents-file; «card» for cards of other banks."`
	RU   string `required:"" name:"ru" placeholder:"WORDS" help:"Why, as people are told in Russian."`
	EN   string `required:"" name:"en" placeholder:"WORDS" help:"Why, as people are told in English."`
}

// Run closes it; every process sees it at once.
func (c agentsClose) Run(ctx context.Context, out io.Writer) error {
	d, err := c.ready(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := agent.Close(ctx, d, c.Code, c.RU, c.EN, operator); err != nil {
		return fmt.Errorf("%s: %w", c.Code, err)
	}
	_, err = fmt.Fprintf(out, "%s is closed\n", c.Code)
	return err
}

type agentsOpen struct {
	database
	Code string `arg:"" help:"The partner's code."`
}

// Run opens it.
func (c agentsOpen) Run(ctx context.Context, out io.Writer) error {
	d, err := c.ready(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := agent.Open(ctx, d, c.Code, operator); err != nil {
		return fmt.Errorf("%s: %w", c.Code, err)
	}
	_, err = fmt.Fprintf(out, "%s is open\n", c.Code)
	return err
}

type agentsList struct{ database }

// Run prints one line for each that was ever closed.
func (c agentsList) Run(ctx context.Context, out io.Writer) error {
	d, err := c.ready(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	all, err := agent.States(ctx, d)
	if err != nil {
		return err
	}
	for _, code := range slices.Sorted(maps.Keys(all)) {
		a := all[code]
		state := "open"
		if a.Closed {
			state = "closed: " + a.WhyRU + " / " + a.WhyEN
		}
		if _, err := fmt.Fprintf(out, "%s since %s %s\n", code, a.Since.In(clock.Moscow).Format("2006-01-02 15:04"), state); err != nil {
			return err
		}
	}
	return nil
}
