package db

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// runner is what a unit of work needs of a connection.
type runner interface {
	ExecContext(ctx context.Context, q string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row
}

// unit is a Tx over either engine's connection.
type unit struct {
	run    runner
	engine Engine
	now    time.Time
	after  []func()
	// prepare finds a compiled statement (SQLite); nil means send the text.
	prepare func(ctx context.Context, q *Stmt) (*sql.Stmt, error)
	// gone tells that the transaction is over (SQLite); nil means never.
	gone func() bool
}

func (u *unit) Engine() Engine        { return u.engine }
func (u *unit) Now() time.Time        { return u.now }
func (u *unit) AfterCommit(fn func()) { u.after = append(u.after, fn) }

func (u *unit) Exec(ctx context.Context, q *Stmt, args ...any) (int64, error) {
	ctx = context.WithoutCancel(ctx)
	if u.over() {
		return 0, fmt.Errorf("%s: %w", q.where, errGone)
	}
	var r sql.Result
	var err error
	if u.prepare != nil {
		var s *sql.Stmt
		if s, err = u.prepare(ctx, q); err == nil {
			r, err = s.ExecContext(ctx, args...)
		}
	} else {
		r, err = u.run.ExecContext(ctx, q.SQL(u.engine), args...)
	}
	if err != nil {
		return 0, fmt.Errorf("%s: %w", q.where, err)
	}
	return r.RowsAffected()
}

func (u *unit) Insert(ctx context.Context, rows ...Row) error {
	for len(rows) > 0 {
		n := 1
		for u.engine == Postgres && n < len(rows) && n < insertMany && rows[n].Insert == rows[0].Insert {
			n++ // neighbours of one kind go in one statement
		}
		if err := u.insert(ctx, rows[:n]); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// insertMany bounds the rows of one statement.
const insertMany = 5000

func (u *unit) insert(ctx context.Context, rows []Row) error {
	ins := rows[0].Insert
	if len(rows) == 1 {
		_, err := u.Exec(ctx, ins.one, rows[0].Args...)
		return err
	}
	args := make([][]any, len(rows))
	for i, r := range rows {
		args[i] = r.Args
	}
	arrays, err := ins.Arrays(args)
	if err != nil {
		return err
	}
	_, err = u.Exec(ctx, ins.many, arrays...)
	return err
}

func (u *unit) Rows(ctx context.Context, q *Stmt, args ...any) (*sql.Rows, error) {
	ctx = context.WithoutCancel(ctx)
	if u.over() {
		return nil, fmt.Errorf("%s: %w", q.where, errGone)
	}
	if u.prepare != nil {
		s, err := u.prepare(ctx, q)
		if err != nil {
			return nil, err
		}
		return s.QueryContext(ctx, args...)
	}
	return u.run.QueryContext(ctx, q.SQL(u.engine), args...)
}

func (u *unit) Row(ctx context.Context, q *Stmt, args ...any) *sql.Row {
	ctx = context.WithoutCancel(ctx)
	if u.over() {
		return u.run.QueryRowContext(ctx, "transaction over") // no SQL: an *sql.Row can only be given an error by asking for one
	}
	if u.prepare != nil {
		if s, err := u.prepare(ctx, q); err == nil {
			return s.QueryRowContext(ctx, args...)
		}
	}
	return u.run.QueryRowContext(ctx, q.SQL(u.engine), args...)
}

// over guards against going on after SQLite has rolled everything back: the
// rest of the unit would be committed statement by statement.
func (u *unit) over() bool { return u.gone != nil && u.gone() }

func (u *unit) committed() {
	for _, fn := range u.after {
		fn()
	}
}
