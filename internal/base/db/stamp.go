package db

import (
	"context"
	"errors"
	"fmt"
	"strconv"
)

// Kind says what a database was made for. Commands of another kind refuse it.
type Kind string

// The kinds of databases.
const (
	Demo  Kind = "demo"
	Live  Kind = "live"
	Bench Kind = "bench"
)

var (
	qSetting    = Query(`SELECT value FROM setting WHERE name = $1`)
	qAddSetting = Query(`INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`)
	qPutSetting = Query(`INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`)
)

// Stamp marks a new database with its kind, or checks the mark of an old one.
func (d *DB) Stamp(ctx context.Context, kind Kind) error {
	if err := d.Write(ctx, func(tx Tx) error {
		_, err := tx.Exec(ctx, qAddSetting, "kind", string(kind))
		return err
	}); err != nil {
		return err
	}
	return d.CheckKind(ctx, kind)
}

// MigrateAs brings the schema up and stamps the database. A database that was
// made for something else is refused before anything in it is touched.
func (d *DB) MigrateAs(ctx context.Context, kind Kind) error {
	schema, err := d.schema(ctx)
	if err != nil {
		return err
	}
	if schema > 0 {
		if got, err := d.Kind(ctx); err != nil {
			return err
		} else if got != "" && got != kind {
			return otherKind(got, kind)
		}
	}
	if err := d.Migrate(ctx); err != nil {
		return err
	}
	return d.Stamp(ctx, kind)
}

// CheckKind refuses a database made for something else.
func (d *DB) CheckKind(ctx context.Context, want ...Kind) error {
	got, err := d.Kind(ctx)
	if err != nil {
		return err
	}
	for _, k := range want {
		if got == k {
			return nil
		}
	}
	return otherKind(got, want[0])
}

func otherKind(got, want Kind) error {
	return fmt.Errorf("this database was made for %q, not for %q; name another one with --db", got, want)
}

// Kind reads what the database was made for.
func (d *DB) Kind(ctx context.Context) (Kind, error) {
	v, err := Setting(ctx, d, "kind")
	return Kind(v), err
}

// Setting reads a value of the database itself; an absent one is empty.
func Setting(ctx context.Context, r Reader, name string) (string, error) {
	var v string
	err := r.Row(ctx, qSetting, name).Scan(&v)
	if errors.Is(err, ErrNoRows) {
		return "", nil
	}
	return v, err
}

// PutSetting keeps a value of the database itself.
func PutSetting(ctx context.Context, tx Tx, name, value string) error {
	_, err := tx.Exec(ctx, qPutSetting, name, value)
	return err
}

var qCount = Query(`UPDATE counter SET value = value + 1 WHERE name = $1 RETURNING value`)

// Next takes the next number of a named counter. Its row is locked until the
// unit of work ends, so it is for rare things: clients and accounts.
func Next(ctx context.Context, tx Tx, name string) (int64, error) {
	var n int64
	if err := tx.Row(ctx, qCount, name).Scan(&n); err != nil {
		return 0, fmt.Errorf("counter %s: %w", strconv.Quote(name), err)
	}
	return n, nil
}
