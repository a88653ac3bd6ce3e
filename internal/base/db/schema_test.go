package db_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db/dbtest"
)

// Both schemas have the same tables, columns, nullability and primary keys.
func TestSchemasAgree(t *testing.T) {
	lite := dbtest.SQLite(t)
	dbtest.Open(t, lite, clock.System())
	pg := dbtest.Postgres(t)
	dbtest.Open(t, pg, clock.System())

	a := describe(t, "sqlite", strings.TrimPrefix(lite, "sqlite:"), `
		SELECT m.name, c.name, c."notnull" OR c.pk > 0, c.pk > 0
		FROM sqlite_master m JOIN pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'goose_%'`)
	b := describe(t, "pgx", pg, `
		SELECT c.table_name, c.column_name, c.is_nullable = 'NO', EXISTS (
			SELECT 1 FROM information_schema.table_constraints k JOIN information_schema.key_column_usage u
				ON u.constraint_name = k.constraint_name AND u.table_schema = k.table_schema AND u.table_name = k.table_name
			WHERE k.constraint_type = 'PRIMARY KEY' AND k.table_schema = c.table_schema AND k.table_name = c.table_name AND u.column_name = c.column_name)
		FROM information_schema.columns c
		WHERE c.table_schema = current_schema() AND c.table_name NOT LIKE 'goose_%'`)
	if len(a) == 0 {
		t.Fatal("no tables were found")
	}
	if d := cmp.Diff(a, b); d != "" {
		t.Errorf("SQLite (-) and PostgreSQL (+) differ:\n%s", d)
	}
}

func describe(t *testing.T, driver, dsn, query string) []string {
	t.Helper()
	d, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	rows, err := d.QueryContext(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var table, column string
		var must, key bool
		if err := rows.Scan(&table, &column, &must, &key); err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%s.%s must=%v key=%v", table, column, must, key))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}
