// Package dbtest runs one suite of tests on both databases: SQLite in a
// temporary folder and PostgreSQL in a throw-away schema.
package dbtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver that makes the schemas

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/tier"
)

// Each runs fn as the subtests "sqlite" and "postgres" on fresh, migrated databases.
func Each(t *testing.T, fn func(t *testing.T, d *db.DB)) { EachAt(t, clock.System(), fn) }

// EachAt is Each with a business clock of the test's own.
func EachAt(t *testing.T, c clock.Clock, fn func(t *testing.T, d *db.DB)) {
	t.Helper()
	EachURL(t, func(t *testing.T, url string) { fn(t, Open(t, url, c)) })
}

// EachURL gives fn the address of an empty database of each engine, for tests
// that open it several times or in several processes.
func EachURL(t *testing.T, fn func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { fn(t, Postgres(t)) })
}

// Open opens and migrates the database at url and closes it after the test. A
// new SQLite file is a copy of one that was migrated once in this process: the
// steps one by one, hundreds of times over, are most of what tests would wait for.
func Open(t *testing.T, url string, c clock.Clock) *db.DB {
	t.Helper()
	if path, is := strings.CutPrefix(url, "sqlite:"); is {
		lay(t, path)
	}
	d, err := db.Open(context.Background(), url, db.Options{Clock: c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := d.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	return d
}

// lay puts a migrated database where there is none yet.
func lay(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return
	}
	file, err := migrated()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
}

// migrated gives the bytes of an SQLite database after the last step.
var migrated = sync.OnceValues(func() (file []byte, err error) {
	dir, err := os.MkdirTemp("", "rocketbank-migrated")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "bank.db")
	d, err := db.Open(context.Background(), "sqlite:"+path, db.Options{Clock: clock.System()})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(d.Migrate(context.Background()), d.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// SQLite gives the address of an SQLite database that does not exist yet.
func SQLite(t *testing.T) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "bank.db")
}

// Postgres gives the address of an empty schema, dropped after the test.
func Postgres(t *testing.T) string {
	t.Helper()
	base, why := server()
	if base == "" {
		tier.Missing(t, "PostgreSQL: "+why)
	}
	raw := make([]byte, 8)
	rand.Read(raw)
	schema := "t_" + hex.EncodeToString(raw)
	admin, err := sql.Open("pgx", base)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if _, err := admin.Exec("CREATE SCHEMA " + schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		admin, err := sql.Open("pgx", base)
		if err != nil {
			t.Error(err)
			return
		}
		defer admin.Close()
		if _, err := admin.Exec("DROP SCHEMA " + schema + " CASCADE"); err != nil {
			t.Error(err)
		}
	})
	sep := "?"
	if strings.Contains(base, "?") {
		sep = "&"
	}
	return base + sep + "search_path=" + url.QueryEscape(schema)
}

// Unreplicated gives the SQL by which every commit that adds to a table tells
// what a PostgreSQL server tells that gave up waiting for its replica.
func Unreplicated(table string) string {
	return `CREATE FUNCTION unreplicated() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			RAISE WARNING 'canceling wait for synchronous replication due to user request';
			RETURN NULL; END $$;
		CREATE CONSTRAINT TRIGGER unreplicated AFTER INSERT ON ` + table + `
			DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION unreplicated()`
}
