package audit

import (
	"context"
	"fmt"
	"time"

	"rocketbank/internal/base/db"
)

var (
	qPage = db.Query(`SELECT seq, at_us, actor, client, act, subject, details FROM audit
		WHERE seq < $1 AND (CAST($2 AS TEXT) = '' OR actor = $2) AND (CAST($3 AS TEXT) = '' OR act = $3)
		AND (CAST($4 AS BIGINT) = 0 OR client = $4) ORDER BY seq DESC LIMIT $5`)
	qAfter = db.Query(`SELECT seq, at_us, actor, client, act, subject, details FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2`)
	qLast  = db.Query(`SELECT seq FROM audit_head WHERE id = 1`)
)

// Line is an entry as it stands in the trail.
type Line struct {
	Seq int64
	Entry
}

// Filter chooses lines of the trail. Empty fields choose everything.
type Filter struct {
	Before int64 // lines older than this one; 0: from the newest
	Actor  string
	Act    string
	Client int64
	Limit  int // 1–500; 0 means 50
}

// List reads a page of the trail, newest first.
func List(ctx context.Context, r db.Reader, f Filter) ([]Line, error) {
	if f.Before <= 0 {
		f.Before = 1 << 62
	}
	if f.Limit <= 0 {
		f.Limit = 50
	}
	return lines(ctx, r, qPage, f.Before, f.Actor, f.Act, f.Client, int64(min(f.Limit, 500)))
}

// After reads lines in the order they were written, from behind a sequence
// number: for who follows the trail as it grows.
func After(ctx context.Context, r db.Reader, seq int64, limit int) ([]Line, error) {
	return lines(ctx, r, qAfter, seq, int64(limit))
}

// Last gives the sequence number of the newest line; 0 when there is none.
func Last(ctx context.Context, r db.Reader) (int64, error) {
	var seq int64
	err := r.Row(ctx, qLast).Scan(&seq)
	return seq, err
}

func lines(ctx context.Context, r db.Reader, q *db.Stmt, args ...any) ([]Line, error) {
	rows, err := r.Rows(ctx, q, args...)
	if err != nil {
		return nil, fmt.Errorf("read the audit trail: %w", err)
	}
	defer rows.Close()
	var out []Line
	for rows.Next() {
		var l Line
		var us int64
		if err := rows.Scan(&l.Seq, &us, &l.Actor, &l.Client, &l.Act, &l.Subject, &l.Details); err != nil {
			return nil, fmt.Errorf("read the audit trail: %w", err)
		}
		l.At = time.UnixMicro(us).UTC()
		out = append(out, l)
	}
	return out, rows.Err()
}
