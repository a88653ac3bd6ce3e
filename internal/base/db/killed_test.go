package db_test

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/base/tier"
)

// TestMigrationKilledOnSQLite looks at the files before each write and each
// sync of a migration, as a process that was killed there leaves them. The
// next start brings each of them to the schema of an undisturbed one.
func TestMigrationKilledOnSQLite(t *testing.T) {
	ctx := context.Background()
	disk := dbtest.NewDisk(t)
	d, err := db.Open(ctx, disk.URL(), db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	n, step := 0, tier.Count(15, 3, 1)
	disk.Watch(func() {
		if n++; n%step == 1 || step == 1 {
			left = append(left, disk.After(t))
		}
	})
	if err := d.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	disk.Watch(nil)
	want := wholeSchema(t, d, disk.URL())
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if n < 50 {
		t.Fatalf("only %d writes and syncs were seen", n)
	}
	halfway := 0
	for i, url := range left {
		d, err := db.Open(ctx, url, db.Options{})
		if err != nil {
			t.Fatalf("kill %d of %d: %v", i+1, len(left), err)
		}
		if steps, err := d.Migrations(ctx); err != nil {
			t.Fatal(err)
		} else if applied := countApplied(steps); applied > 0 && applied < len(steps) {
			halfway++
		}
		if err := d.Migrate(ctx); err != nil {
			t.Errorf("kill %d of %d: %v", i+1, len(left), err)
		}
		if diff := cmp.Diff(want, wholeSchema(t, d, url)); diff != "" {
			t.Errorf("kill %d of %d: undisturbed (-) and after the kill (+) differ:\n%s", i+1, len(left), diff)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
	if halfway == 0 {
		t.Error("no kill came between two steps")
	}
	t.Logf("%d kills at %d writes and syncs, %d of them between two steps", len(left), n, halfway)
}

// TestMigrationKilledOnPostgres cuts the connection of a migration at each of
// its statements, which is all that the server sees of a killed process.
func TestMigrationKilledOnPostgres(t *testing.T) {
	ctx := context.Background()
	clean := dbtest.Postgres(t)
	k := &killer{}
	d, err := db.Open(ctx, clean, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d.TracePostgres(k)
	if err := d.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	want := wholeSchema(t, d, clean)
	d.Close()
	all, halfway := k.seen, 0
	if all < 40 {
		t.Fatalf("only %d statements were seen", all)
	}
	for at := 1; at <= all; at += tier.Count(11, 3, 1) {
		url := dbtest.Postgres(t) + "&application_name=killed"
		d, err := db.Open(ctx, url, db.Options{})
		if err != nil {
			t.Fatal(err)
		}
		d.TracePostgres(&killer{at: at})
		if err := d.Migrate(ctx); err == nil && at < all {
			t.Errorf("killed at statement %d of %d, and it went on", at, all)
		}
		d.Close()
		gone(t, clean)
		if d, err = db.Open(ctx, url, db.Options{}); err != nil {
			t.Fatal(err)
		}
		if steps, err := d.Migrations(ctx); err != nil {
			t.Fatal(err)
		} else if applied := countApplied(steps); applied > 0 && applied < len(steps) {
			halfway++
		}
		if err := d.Migrate(ctx); err != nil {
			t.Errorf("killed at statement %d of %d: %v", at, all, err)
		}
		if diff := cmp.Diff(want, wholeSchema(t, d, url)); diff != "" {
			t.Errorf("killed at statement %d of %d: undisturbed (-) and after the kill (+) differ:\n%s", at, all, diff)
		}
		d.Close()
	}
	if halfway == 0 {
		t.Error("no kill came between two steps")
	}
	t.Logf("killed at statements 1 to %d, %d times between two steps", all, halfway)
}

// killer cuts the line at a statement and at all that follow.
type killer struct{ at, seen int }

func (k *killer) TraceQueryStart(ctx context.Context, c *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	if k.seen++; k.at > 0 && k.seen >= k.at {
		c.PgConn().Conn().Close()
	}
	return ctx
}

func (k *killer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// gone waits until the server has noticed that the killed process is no more:
// until then it keeps the lock of its migration.
func gone(t *testing.T, dsn string) {
	t.Helper()
	c, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		var n int
		if err := c.QueryRow(`SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'killed'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
	t.Fatal("the server keeps the killed connection")
}

func countApplied(steps []db.Migration) (n int) {
	for _, s := range steps {
		if s.Applied {
			n++
		}
	}
	return n
}

// wholeSchema describes all that migrations make: tables, indexes, rules,
// first rows, and which steps were taken.
func wholeSchema(t *testing.T, d *db.DB, addr string) []string {
	t.Helper()
	driver, dsn := "pgx", addr
	queries := []string{
		`SELECT concat_ws(' ', 'column', table_name, column_name, data_type, is_nullable, column_default) FROM information_schema.columns WHERE table_schema = current_schema()`,
		`SELECT replace(indexdef, schemaname || '.', '') FROM pg_indexes WHERE schemaname = current_schema()`,
		`SELECT concat_ws(' ', 'rule', conrelid::regclass::text, conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace = current_schema()::regnamespace`,
		`SELECT concat_ws(' ', 'table', relname, relkind, array_to_string(reloptions, ',')) FROM pg_class WHERE relnamespace = current_schema()::regnamespace`,
		`SELECT concat_ws(' ', 'step', version_id, is_applied) FROM goose_db_version`,
		`SELECT concat_ws(' ', 'counter', name, value) FROM counter`,
		`SELECT concat_ws(' ', 'setting', name, value) FROM setting`,
		`SELECT concat_ws(' ', 'account', id, owner, kind, balance_minor) FROM account`,
		`SELECT concat_ws(' ', 'audit', id, seq) FROM audit_head`,
	}
	if d.Engine() == db.SQLite {
		driver, dsn = "sqlite", strings.TrimPrefix(addr, "sqlite:")
		queries = []string{
			`SELECT type || ' ' || name || ' ' || COALESCE(sql, '') FROM sqlite_master`,
			`SELECT 'step ' || version_id || ' ' || is_applied FROM goose_db_version`,
			`SELECT 'counter ' || name || ' ' || value FROM counter`,
			`SELECT 'setting ' || name || ' ' || value FROM setting`,
			`SELECT 'account ' || id || ' ' || owner || ' ' || kind || ' ' || balance_minor FROM account`,
			`SELECT 'audit ' || id || ' ' || seq FROM audit_head`,
			`SELECT 'integrity ' || integrity_check FROM pragma_integrity_check`,
		}
	}
	c, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var out []string
	for _, q := range queries {
		rows, err := c.Query(q)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var s string
			if err := rows.Scan(&s); err != nil {
				t.Fatal(err)
			}
			out = append(out, s)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		rows.Close()
	}
	slices.Sort(out)
	return out
}
