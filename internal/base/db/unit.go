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
}

func (u *unit) Engine() Engine        { return u.engine }
func (u *unit) Now() time.Time        { return u.now }
func (u *unit) AfterCommit(fn func()) { u.after = append(u.after, fn) }

func (u *unit) Exec(ctx context.Context, q *Stmt, args ...any) (int64, error) {
	ctx = context.WithoutCancel(ctx)
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
	for _, r := range rows {
		if _, err := u.Exec(ctx, r.Insert.one, r.Args...); err != nil {
			return err
		}
	}
	return nil
}

func (u *unit) Rows(ctx context.Context, q *Stmt, args ...any) (*sql.Rows, error) {
	ctx = context.WithoutCancel(ctx)
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
	if u.prepare != nil {
		if s, err := u.prepare(ctx, q); err == nil {
			return s.QueryRowContext(ctx, args...)
		}
	}
	return u.run.QueryRowContext(ctx, q.SQL(u.engine), args...)
}

func (u *unit) committed() {
	for _, fn := range u.after {
		fn()
	}
}
