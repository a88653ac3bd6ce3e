package db

import (
	"fmt"
	"strconv"
	"strings"
)

// Type is the portable type of an inserted column.
type Type uint8

// The portable types: BIGINT, TEXT, BYTEA and BOOLEAN (INTEGER, TEXT, BLOB
// and INTEGER on SQLite).
const (
	Int Type = iota + 1
	Text
	Bytes
	Bool
)

// Col is a column of an [Insert].
type Col struct {
	Name string
	Type Type
}

// Insert is a registered insertion that both engines can run for many rows at
// once: SQLite row by row with one prepared statement, PostgreSQL as one
// INSERT … SELECT … FROM unnest(…).
type Insert struct {
	one, many *Stmt
	cols      []Col
}

// NewInsert declares an insertion into the named columns of a table.
func NewInsert(table string, cols ...Col) *Insert {
	i := newInsert(table, cols)
	register(i.one, 2)
	register(i.many, 2)
	return i
}

func newInsert(table string, cols []Col) *Insert {
	names, holders, arrays := make([]string, len(cols)), make([]string, len(cols)), make([]string, len(cols))
	for i, c := range cols {
		names[i] = c.Name
		holders[i] = "$" + strconv.Itoa(i+1)
		arrays[i] = holders[i] + "::" + [...]string{"", "bigint", "text", "bytea", "boolean"}[c.Type] + "[]"
	}
	head := "INSERT INTO " + table + " (" + strings.Join(names, ", ") + ") "
	one := head + "VALUES (" + strings.Join(holders, ", ") + ")"
	return &Insert{
		cols: cols,
		one:  &Stmt{sqlite: one, postgres: one},
		many: &Stmt{sqlite: one, postgres: head + "SELECT * FROM unnest(" + strings.Join(arrays, ", ") + ")"},
	}
}

// One is the statement for a single row.
func (i *Insert) One() *Stmt { return i.one }

// Many is the statement that takes one array per column (PostgreSQL).
func (i *Insert) Many() *Stmt { return i.many }

// Cols tells the columns in their order.
func (i *Insert) Cols() []Col { return i.cols }

// Row is one row to insert: a value that can travel with a ledger
// transaction until the moment it lands.
type Row struct {
	Insert *Insert
	Args   []any
}

// Row binds values to the columns. A wrong count is a bug and panics.
func (i *Insert) Row(args ...any) Row {
	if len(args) != len(i.cols) {
		panic(fmt.Sprintf("db: %d values for %d columns (%s)", len(args), len(i.cols), i.one.where))
	}
	return Row{Insert: i, Args: args}
}

// Arrays turns rows into one array per column for [Insert.Many]. A value may
// be nil where the column allows it.
func (i *Insert) Arrays(rows [][]any) ([]any, error) {
	out := make([]any, len(i.cols))
	for c, col := range i.cols {
		var err error
		switch col.Type {
		case Int:
			out[c], err = column[int64](rows, c, widen)
		case Text:
			out[c], err = column[string](rows, c, nil)
		case Bytes:
			out[c], err = column[[]byte](rows, c, nil)
		case Bool:
			out[c], err = column[bool](rows, c, nil)
		}
		if err != nil {
			return nil, fmt.Errorf("%s, column %s: %w", i.one.where, col.Name, err)
		}
	}
	return out, nil
}

func column[T any](rows [][]any, c int, convert func(any) (any, bool)) ([]*T, error) {
	vals := make([]T, len(rows))
	out := make([]*T, len(rows))
	for r, row := range rows {
		v := row[c]
		if v == nil {
			continue
		}
		t, ok := v.(T)
		if !ok && convert != nil {
			if v, ok = convert(v); ok {
				t, ok = v.(T)
			}
		}
		if !ok {
			return nil, fmt.Errorf("cannot insert a %T", row[c])
		}
		vals[r], out[r] = t, &vals[r]
	}
	return out, nil
}

func widen(v any) (any, bool) {
	switch n := v.(type) {
	case int:
		return int64(n), true
	case int8:
		return int64(n), true
	case int16:
		return int64(n), true
	case int32:
		return int64(n), true
	case uint8:
		return int64(n), true
	case uint16:
		return int64(n), true
	case uint32:
		return int64(n), true
	}
	return nil, false
}
