package db

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
)

// SQLite is opened so that a commit that was acknowledged survives a power
// cut: the one connection that writes says so itself, and a connection that
// was opened otherwise is refused at the start.
func TestSQLiteKeepsWhatItAcknowledged(t *testing.T) {
	t.Parallel()
	ctx, path := context.Background(), filepath.Join(t.TempDir(), "bank.db")
	d, err := Open(ctx, "sqlite:"+path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.WithWriter(ctx, func(c *sql.Conn) error { return assertPragmas(ctx, c) }); err != nil {
		t.Error(err)
	}
	if err := d.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	for name, pragma := range map[string]string{"synchronous": "synchronous(NORMAL)", "journal_mode": "journal_mode(MEMORY)", "foreign_keys": "foreign_keys(0)"} {
		all := []string{pragma}
		for _, right := range []string{"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"} {
			if !strings.HasPrefix(right, name) {
				all = append(all, right)
			}
		}
		file := filepath.Join(t.TempDir(), "other.db")
		pool, err := sql.Open("sqlite", "file:"+file+"?_pragma="+strings.Join(all, "&_pragma="))
		if err != nil {
			t.Fatal(err)
		}
		c, err := pool.Conn(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := assertPragmas(ctx, c); err == nil || !strings.Contains(err.Error(), "SQLite refused "+name+"=") {
			t.Errorf("with %s: %v", pragma, err)
		}
		c.Close()
		pool.Close()
	}
}
