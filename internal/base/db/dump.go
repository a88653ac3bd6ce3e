package db

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// dumpFormat names the stream that Dump writes: JSON lines. First a header,
// then per table a line with its columns followed by one array per row, at the
// end a line with the number of rows. Both engines write and read the same
// stream, so a bank may move from SQLite to PostgreSQL with it.
const dumpFormat = "rocketbank-dump-1"

// loadChunk is how many rows travel in one statement.
const loadChunk = 500

type dumpHeader struct {
	Format string `json:"format"`
	Schema int64  `json:"schema"`
}

type dumpTable struct {
	Table   string   `json:"table"`
	Columns []string `json:"columns"`
}

type dumpEnd struct {
	Rows int64 `json:"rows"`
}

type dumpColumn struct {
	name string
	kind Type
}

// ErrNotEmpty tells that a database to be restored into holds data already.
var ErrNotEmpty = errors.New("the database is not empty; restore into a new one")

// Dump writes every row of one snapshot.
func (d *DB) Dump(ctx context.Context, w io.Writer) error {
	schema, err := d.schema(ctx)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 1<<16)
	enc := json.NewEncoder(out)
	if err := enc.Encode(dumpHeader{dumpFormat, schema}); err != nil {
		return err
	}
	o := &sql.TxOptions{ReadOnly: true}
	if d.engine == Postgres {
		o.Isolation = sql.LevelRepeatableRead
	}
	t, err := d.pool.BeginTx(ctx, o)
	if err != nil {
		return err
	}
	defer t.Rollback()
	tables, err := d.tables(ctx, t)
	if err != nil {
		return err
	}
	var total int64
	for _, name := range tables {
		n, err := d.dumpTable(ctx, t, enc, name)
		if err != nil {
			return fmt.Errorf("dump %s: %w", name, err)
		}
		total += n
	}
	if err := enc.Encode(dumpEnd{total}); err != nil {
		return err
	}
	return out.Flush()
}

func (d *DB) dumpTable(ctx context.Context, t *sql.Tx, enc *json.Encoder, table string) (int64, error) {
	cols, err := d.columns(ctx, t, table)
	if err != nil {
		return 0, err
	}
	head := dumpTable{Table: table}
	for _, c := range cols {
		head.Columns = append(head.Columns, c.name)
	}
	if err := enc.Encode(head); err != nil {
		return 0, err
	}
	rows, err := t.QueryContext(ctx, "SELECT "+strings.Join(head.Columns, ", ")+" FROM "+table) // #nosec G202 -- names come from our own schema
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	vals, ptrs := make([]any, len(cols)), make([]any, len(cols))
	for i := range vals {
		ptrs[i] = &vals[i]
	}
	var n int64
	for rows.Next() {
		if err := rows.Scan(ptrs...); err != nil {
			return n, err
		}
		for i, v := range vals {
			vals[i] = portable(v)
		}
		if err := enc.Encode(vals); err != nil { // bytes become base64
			return n, err
		}
		n++
	}
	return n, rows.Err()
}

// portable spells a value alike on both engines.
func portable(v any) any {
	switch v := v.(type) {
	case bool:
		if v {
			return 1
		}
		return 0
	case []byte:
		if v == nil { // SQLite's driver gives an empty BLOB so; NULL is a plain nil
			return []byte{}
		}
	}
	return v
}

// Load fills a migrated but empty database from a dump, all of it or nothing.
func (d *DB) Load(ctx context.Context, r io.Reader) error {
	dec := json.NewDecoder(bufio.NewReaderSize(r, 1<<16))
	dec.UseNumber()
	var head dumpHeader
	if err := dec.Decode(&head); err != nil || head.Format != dumpFormat {
		return errors.New("this is no backup of a rocketbank database, or its beginning is damaged")
	}
	if have, err := d.schema(ctx); err != nil {
		return err
	} else if head.Schema > have {
		return fmt.Errorf("the backup has schema %d and this program knows %d; restore with a newer rocketbank", head.Schema, have)
	}
	if d.engine == SQLite {
		return d.lite.exclusive(ctx, func(c *sql.Conn) error {
			t, err := c.BeginTx(ctx, nil)
			if err != nil {
				return err
			}
			return d.loadAll(ctx, t, dec)
		})
	}
	t, err := d.pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	return d.loadAll(ctx, t, dec)
}

func (d *DB) loadAll(ctx context.Context, t *sql.Tx, dec *json.Decoder) error {
	defer t.Rollback()
	if err := d.clear(ctx, t); err != nil {
		return err
	}
	var table string
	var cols []dumpColumn
	var chunk [][]any
	var total int64
	flush := func() error {
		if len(chunk) == 0 {
			return nil
		}
		total += int64(len(chunk))
		err := d.insertChunk(ctx, t, table, cols, chunk)
		chunk = chunk[:0]
		return err
	}
	for {
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return fmt.Errorf("the backup is cut off or damaged after %d rows: %w", total, err)
		}
		if raw[0] == '[' {
			row, err := loadRow(cols, raw)
			if err != nil {
				return fmt.Errorf("row %d of %s: %w", total+int64(len(chunk))+1, table, err)
			}
			if chunk = append(chunk, row); len(chunk) == loadChunk {
				if err := flush(); err != nil {
					return err
				}
			}
			continue
		}
		if err := flush(); err != nil {
			return err
		}
		var next struct {
			dumpTable
			Rows *int64 `json:"rows"`
		}
		if err := json.Unmarshal(raw, &next); err != nil {
			return err
		}
		if next.Rows != nil {
			if *next.Rows != total {
				return fmt.Errorf("the backup promises %d rows and holds %d", *next.Rows, total)
			}
			return t.Commit()
		}
		var err error
		if table, cols, err = d.target(ctx, t, next.dumpTable); err != nil {
			return err
		}
	}
}

// target matches a table of the dump with the one in this database.
func (d *DB) target(ctx context.Context, t *sql.Tx, in dumpTable) (string, []dumpColumn, error) {
	tables, err := d.tables(ctx, t)
	if err != nil {
		return "", nil, err
	}
	for _, name := range tables {
		if name != in.Table {
			continue
		}
		have, err := d.columns(ctx, t, name)
		if err != nil {
			return "", nil, err
		}
		kinds := map[string]Type{}
		for _, c := range have {
			kinds[c.name] = c.kind
		}
		var cols []dumpColumn
		for _, c := range in.Columns {
			k, ok := kinds[c]
			if !ok {
				return "", nil, fmt.Errorf("the backup has a column %s.%s that this program does not know", name, c)
			}
			cols = append(cols, dumpColumn{c, k})
		}
		return name, cols, nil
	}
	return "", nil, fmt.Errorf("the backup has a table %q that this program does not know", in.Table)
}

func loadRow(cols []dumpColumn, raw json.RawMessage) ([]any, error) {
	var fields []json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, err
	}
	if len(fields) != len(cols) {
		return nil, fmt.Errorf("%d values for %d columns", len(fields), len(cols))
	}
	row := make([]any, len(cols))
	for i, f := range fields {
		if string(f) == "null" {
			continue
		}
		var err error
		switch cols[i].kind {
		case Int:
			var n int64
			err = json.Unmarshal(f, &n)
			row[i] = n
		case Bool:
			row[i] = string(f) == "1"
		case Text:
			var s string
			err = json.Unmarshal(f, &s)
			row[i] = s
		case Bytes:
			b := []byte{}
			err = json.Unmarshal(f, &b)
			row[i] = b
		}
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", cols[i].name, err)
		}
	}
	return row, nil
}

func (d *DB) insertChunk(ctx context.Context, t *sql.Tx, table string, cols []dumpColumn, rows [][]any) error {
	list := make([]Col, len(cols))
	for i, c := range cols {
		list[i] = Col{c.name, c.kind}
	}
	ins := newInsert(table, list)
	if d.engine == Postgres {
		arrays, err := ins.Arrays(rows)
		if err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, ins.many.postgres, arrays...)
		return err
	}
	s, err := t.PrepareContext(ctx, ins.one.sqlite)
	if err != nil {
		return err
	}
	defer s.Close()
	for _, r := range rows {
		if _, err := s.ExecContext(ctx, r...); err != nil {
			return err
		}
	}
	return nil
}

// clear removes what migrations put into a new database, and refuses one that
// people have used: a used one has a kind.
func (d *DB) clear(ctx context.Context, t *sql.Tx) error {
	var n int
	if err := t.QueryRowContext(ctx, "SELECT COUNT(*) FROM setting").Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return ErrNotEmpty
	}
	tables, err := d.tables(ctx, t)
	if err != nil {
		return err
	}
	for _, name := range tables {
		// #nosec G202 -- names come from our own schema
		if _, err := t.ExecContext(ctx, "DELETE FROM "+name); err != nil {
			return err
		}
	}
	return nil
}

func (d *DB) schema(ctx context.Context) (int64, error) {
	steps, err := d.Migrations(ctx)
	if err != nil {
		return 0, err
	}
	var v int64
	for _, s := range steps {
		if s.Applied {
			v = max(v, s.Version)
		}
	}
	return v, nil
}

func (d *DB) tables(ctx context.Context, t *sql.Tx) ([]string, error) {
	q := `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%' ORDER BY name`
	if d.engine == Postgres {
		q = `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' AND table_name NOT LIKE 'goose_%' ORDER BY table_name`
	}
	rows, err := t.QueryContext(ctx, q)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

func (d *DB) columns(ctx context.Context, t *sql.Tx, table string) ([]dumpColumn, error) {
	q := `SELECT name, type FROM pragma_table_info($1) ORDER BY cid`
	if d.engine == Postgres {
		q = `SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position`
	}
	rows, err := t.QueryContext(ctx, q, table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []dumpColumn
	for rows.Next() {
		var c dumpColumn
		var kind string
		if err := rows.Scan(&c.name, &kind); err != nil {
			return nil, err
		}
		switch strings.ToLower(kind) {
		case "integer", "bigint", "smallint":
			c.kind = Int
		case "text":
			c.kind = Text
		case "blob", "bytea":
			c.kind = Bytes
		case "boolean":
			c.kind = Bool
		default:
			return nil, fmt.Errorf("column %s.%s has the unexpected type %s", table, c.name, kind)
		}
		out = append(out, c)
	}
	return out, rows.Err()
}
