package db

import (
	"context"
	"database/sql"
	"fmt"
)

// Recreate empties a database of this kind, or a new one, and gives it the
// schema and the stamp anew. It refuses any other, and a live one always.
func (d *DB) Recreate(ctx context.Context, kind Kind) error {
	if kind != Bench && kind != Demo {
		return fmt.Errorf("a %s database is never emptied", kind)
	}
	if err := d.MigrateAs(ctx, kind); err != nil {
		return err
	}
	if err := d.dropAll(ctx); err != nil {
		return fmt.Errorf("empty the database: %w", err)
	}
	return d.MigrateAs(ctx, kind)
}

func (d *DB) dropAll(ctx context.Context) error {
	drop := func(t *sql.Tx) error {
		names, err := d.tables(ctx, t)
		if err != nil {
			return err
		}
		for _, name := range append(names, "goose_db_version") {
			if _, err := t.ExecContext(ctx, "DROP TABLE IF EXISTS "+name); err != nil { // #nosec G202 -- names come from our own schema
				return err
			}
		}
		return t.Commit()
	}
	if d.engine == Postgres {
		t, err := d.pool.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer t.Rollback()
		return drop(t)
	}
	return d.WithWriter(ctx, func(c *sql.Conn) error {
		t, err := c.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer t.Rollback()
		return drop(t)
	})
}
