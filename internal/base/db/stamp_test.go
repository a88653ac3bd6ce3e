package db_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
)

// A demo or a bench pointed by mistake at a live database of an older schema
// refuses it and leaves its schema alone.
func TestMigrateAsTouchesNothingOfAnotherKind(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		ctx := context.Background()
		d := dbtest.Open(t, url, clock.System())
		if err := d.MigrateAs(ctx, db.Live); err != nil {
			t.Fatal(err)
		}
		if err := d.MigrateAs(ctx, db.Live); err != nil {
			t.Fatalf("the same kind again: %v", err)
		}
		driver, dsn := "pgx", url
		if d.Engine() == db.SQLite {
			driver, dsn = "sqlite", strings.TrimPrefix(url, "sqlite:")
		}
		raw, err := sql.Open(driver, dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer raw.Close()
		// As if the newest step had not been taken yet.
		if _, err := raw.ExecContext(ctx, `DELETE FROM goose_db_version WHERE version_id = (SELECT MAX(version_id) FROM goose_db_version)`); err != nil {
			t.Fatal(err)
		}
		taken := func() (n int) {
			if err := raw.QueryRowContext(ctx, `SELECT COUNT(*) FROM goose_db_version`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		before := taken()
		for _, try := range []func() error{
			func() error { return d.MigrateAs(ctx, db.Demo) },
			func() error { return d.Recreate(ctx, db.Bench) },
			func() error { return d.Recreate(ctx, db.Demo) },
		} {
			if err := try(); err == nil || !strings.Contains(err.Error(), `made for "live"`) {
				t.Errorf("a live database was taken: %v", err)
			}
		}
		if err := d.Recreate(ctx, db.Live); err == nil {
			t.Error("a live database may be emptied")
		}
		if after := taken(); after != before {
			t.Errorf("%d steps were taken, now %d", before, after)
		}
	})
}

// A database that a newer program has changed is refused by this one, whatever
// is wanted of it, and keeps its schema.
func TestNewerDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		ctx := context.Background()
		d := dbtest.Open(t, url, clock.System())
		if err := d.MigrateAs(ctx, db.Demo); err != nil {
			t.Fatal(err)
		}
		driver, dsn := "pgx", url
		if d.Engine() == db.SQLite {
			driver, dsn = "sqlite", strings.TrimPrefix(url, "sqlite:")
		}
		raw, err := sql.Open(driver, dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer raw.Close()
		if _, err := raw.ExecContext(ctx, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, $1)`, true); err != nil {
			t.Fatal(err)
		}
		for name, try := range map[string]func() error{
			"CheckSchema": func() error { return d.CheckSchema(ctx) },
			"Migrate":     func() error { return d.Migrate(ctx) },
			"MigrateAs":   func() error { return d.MigrateAs(ctx, db.Demo) },
			"Recreate":    func() error { return d.Recreate(ctx, db.Demo) },
		} {
			if err := try(); err == nil || !strings.Contains(err.Error(), "has schema 9999") || !strings.Contains(err.Error(), "start a newer rocketbank") {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
