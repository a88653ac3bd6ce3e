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
			func() error { return d.Recreate(ctx) },
		} {
			if err := try(); err == nil || !strings.Contains(err.Error(), `made for "live"`) {
				t.Errorf("a live database was taken: %v", err)
			}
		}
		if after := taken(); after != before {
			t.Errorf("%d steps were taken, now %d", before, after)
		}
	})
}
