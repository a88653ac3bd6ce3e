package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"rocketbank/internal/app"
	"rocketbank/internal/bank/staff"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/vault"
)

type staffCmd struct {
	Add     staffAdd     `cmd:"" help:"Let a member of staff in; prints a one-time link that registers his passkey."`
	List    staffList    `cmd:"" help:"List the members of staff."`
	Disable staffDisable `cmd:"" help:"Shut a member out at once."`
}

// staffRoom opens the room of staff over a database.
type staffRoom struct {
	database
	keyFile
	ConsoleOrigin string `required:"" placeholder:"https://…" help:"Where staff use the console; the link leads there."`
}

func (f staffRoom) with(ctx context.Context, do func(*staff.Service) error) error {
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
	s, err := app.OpenStaff(d, id.NewSource(time.Now), v, f.ConsoleOrigin, "", staff.Options{Now: time.Now})
	if err != nil {
		return err
	}
	return inWords(do(s))
}

// inWords says a refusal of the room as a sentence.
func inWords(err error) error {
	if f, ok := fault.As(err); ok {
		return fmt.Errorf("%s", strings.TrimSuffix(locale.For(locale.English).Fault(f), "."))
	}
	return err
}

type staffAdd struct {
	staffRoom
	Name  string `required:"" help:"Given and family name."`
	Roles string `required:"" help:"manager, support, card_officer, compliance, auditor, security, admin; with commas."`
}

// Run adds a member and prints his one-time link. It is the only way to the
// first admin: the bank has no default credentials (A20).
func (c staffAdd) Run(ctx context.Context, out io.Writer) error {
	roles, err := staff.ParseRoles(c.Roles)
	if err != nil {
		return inWords(err)
	}
	return c.with(ctx, func(s *staff.Service) error {
		added, err := s.Add(ctx, staff.Actor{}, staff.NewMember{Name: c.Name, Roles: roles})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s %s\n%s\nThe link works once, within a day. Hand it over in person.\n", added.Member.Text(), roles, added.Link.Reveal())
		return err
	})
}

type staffList struct{ staffRoom }

// Run lists everybody.
func (c staffList) Run(ctx context.Context, out io.Writer) error {
	return c.with(ctx, func(s *staff.Service) error {
		members, err := s.Members(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
		for _, m := range members {
			state := "active"
			if m.State != staff.Active {
				state = "disabled"
			}
			if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d passkeys\n", m.Text(), m.Name.Whole(), m.Roles, state, m.Passkeys); err != nil {
				return err
			}
		}
		return w.Flush()
	})
}

type staffDisable struct {
	staffRoom
	Member string `arg:"" help:"The member's identifier, st_…"`
}

// Run shuts a member out: his sessions end with his next request.
func (c staffDisable) Run(ctx context.Context, out io.Writer) error {
	who, err := id.Parse(staff.MemberPrefix, c.Member)
	if err != nil {
		return fmt.Errorf("%q is no member's identifier; rocketbank staff list shows them", c.Member)
	}
	return c.with(ctx, func(s *staff.Service) error {
		if err := s.Disable(ctx, staff.Actor{}, who); err != nil {
			return err
		}
		_, err := fmt.Fprintln(out, "disabled", c.Member)
		return err
	})
}
