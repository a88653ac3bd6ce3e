package main

import (
	"context"
	"fmt"
	"io"

	"rocketbank/internal/base/db"
)

type migrateCmd struct {
	Up     migrateUp     `cmd:"" help:"Bring the schema up to this program."`
	Status migrateStatus `cmd:"" help:"List the steps and which of them the database has taken."`
}

// database is the flag that all tools over a database share.
type database struct {
	DB string `name:"db" required:"" placeholder:"URL" help:"sqlite:PATH or postgres://…"`
}

// open opens the database as it is, without changing its schema.
func (f database) open(ctx context.Context) (*db.DB, error) { return db.Open(ctx, f.DB, db.Options{}) }

// ready opens a database that is there and refuses a schema of another program.
func (f database) ready(ctx context.Context) (*db.DB, error) {
	d, err := db.Open(ctx, f.DB, db.Options{Exists: true})
	if err != nil {
		return nil, err
	}
	if err := d.CheckSchema(ctx); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

type migrateUp struct{ database }

func (c migrateUp) Run(ctx context.Context, out io.Writer) error {
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Migrate(ctx); err != nil {
		return err
	}
	return printMigrations(ctx, out, d)
}

type migrateStatus struct{ database }

func (c migrateStatus) Run(ctx context.Context, out io.Writer) error {
	// A look makes no file: a mistyped path is told.
	d, err := db.Open(ctx, c.DB, db.Options{Exists: true})
	if err != nil {
		return err
	}
	defer d.Close()
	return printMigrations(ctx, out, d)
}

func printMigrations(ctx context.Context, out io.Writer, d *db.DB) error {
	steps, err := d.Migrations(ctx)
	if err != nil {
		return err
	}
	for _, s := range steps {
		state := "waiting"
		if s.Applied {
			state = "applied"
		}
		if _, err := fmt.Fprintf(out, "%s  %s\n", state, s.Name); err != nil {
			return err
		}
	}
	return nil
}
