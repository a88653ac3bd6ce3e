package db

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrations embed.FS

// Migration is one step of the schema and whether the database has taken it.
type Migration struct {
	Version int64
	Name    string
	Applied bool
}

// Migrate brings the schema up to this program. Each step is one transaction,
// so a killed migration leaves the step undone and runs again next time.
func (d *DB) Migrate(ctx context.Context) error {
	return d.withProvider(ctx, func(p *goose.Provider) error {
		if err := tooNew(ctx, p); err != nil {
			return err
		}
		if _, err := p.Up(ctx); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
		return nil
	})
}

// CheckSchema refuses a database that is older or newer than this program.
func (d *DB) CheckSchema(ctx context.Context) error {
	return d.withProvider(ctx, func(p *goose.Provider) error {
		if err := tooNew(ctx, p); err != nil {
			return err
		}
		waiting, err := p.HasPending(ctx)
		if err != nil {
			return err
		}
		if waiting {
			return errors.New("the database is older than this program; run: rocketbank migrate up")
		}
		return nil
	})
}

// Migrations lists every step in order.
func (d *DB) Migrations(ctx context.Context) (list []Migration, err error) {
	err = d.withProvider(ctx, func(p *goose.Provider) error {
		steps, err := p.Status(ctx)
		for _, s := range steps {
			list = append(list, Migration{s.Source.Version, s.Source.Path, s.State == goose.StateApplied})
		}
		return err
	})
	return list, err
}

func tooNew(ctx context.Context, p *goose.Provider) error {
	have, known, err := p.GetVersions(ctx)
	if err != nil {
		return err
	}
	if have > known {
		return fmt.Errorf("the database has schema %d and this program knows %d; start a newer rocketbank", have, known)
	}
	return nil
}

func (d *DB) withProvider(ctx context.Context, fn func(*goose.Provider) error) error {
	src, err := fs.Sub(migrations, "migrations/"+d.engine.String())
	if err != nil {
		return err
	}
	if d.engine == SQLite {
		// The writer's only connection belongs to the writer, so migrations
		// open one of their own.
		own, err := sql.Open("sqlite", liteDSN(d.dsn, false))
		if err != nil {
			return err
		}
		defer own.Close()
		own.SetMaxOpenConns(1)
		p, err := goose.NewProvider(goose.DialectSQLite3, own, src)
		if err != nil {
			return err
		}
		return fn(p)
	}
	own := stdlib.OpenDB(*d.pgcfg)
	defer own.Close()
	// Several processes may start at once: one migrates, the others wait.
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectPostgres, own, src, goose.WithSessionLocker(locker))
	if err != nil {
		return err
	}
	return fn(p)
}
