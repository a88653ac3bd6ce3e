package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/money"
)

// Caps are the caps that a client set himself on money he sends. Without a
// currency: no such cap.
type Caps struct {
	One   money.Amount // most of one transfer
	Day   money.Amount // all outgoing in a bank day
	Month money.Amount // all outgoing in a calendar month
}

// None tells that he set none.
func (c Caps) None() bool { return c == Caps{} }

// Looser tells whether to lets anything through that c refuses.
func (c Caps) Looser(to Caps) bool { return c.Least(to) != to }

// Least gives the narrower one of each.
func (c Caps) Least(to Caps) Caps {
	return Caps{One: lesser(c.One, to.One), Day: lesser(c.Day, to.Day), Month: lesser(c.Month, to.Month)}
}

func lesser(a, b money.Amount) money.Amount {
	if b.Cur == 0 || a.Cur != 0 && a.Minor < b.Minor {
		return a
	}
	return b
}

// OwnCaps are a client's caps and those that take their place later.
type OwnCaps struct {
	Set  Caps
	Next Caps
	From time.Time // when Next holds; zero: nothing waits
}

// At gives the caps that hold at a moment.
func (o OwnCaps) At(now time.Time) Caps {
	if o.Waits(now) || o.From.IsZero() {
		return o.Set
	}
	return o.Next
}

// Waits tells whether other caps are still to come at a moment.
func (o OwnCaps) Waits(now time.Time) bool { return !o.From.IsZero() && now.Before(o.From) }

// CapColumns are the columns of own caps, of a client c. They are read together
// with whatever else a look-up reads of him: an order asks nothing for them.
const CapColumns = `c.own_one_minor, c.own_day_minor, c.own_month_minor, c.next_one_minor, c.next_day_minor, c.next_month_minor, c.next_from_us`

// CapRow is CapColumns as they were read.
type CapRow [7]int64

// Into gives where to scan to.
func (r *CapRow) Into() []any {
	out := make([]any, len(r))
	for i := range r {
		out[i] = &r[i]
	}
	return out
}

// Caps gives what was read.
func (r CapRow) Caps() OwnCaps {
	o := OwnCaps{Set: Caps{capOf(r[0]), capOf(r[1]), capOf(r[2])}, Next: Caps{capOf(r[3]), capOf(r[4]), capOf(r[5])}}
	if r[6] != 0 {
		o.From = time.UnixMicro(r[6]).UTC()
	}
	return o
}

func capOf(minor int64) money.Amount {
	if minor == 0 {
		return money.Amount{}
	}
	return money.Rub(minor)
}

var (
	qCaps       = db.Query(`SELECT ` + CapColumns + ` FROM client c WHERE c.id = $1`)
	qCapsToMove = db.Query(`SELECT ` + CapColumns + ` FROM client c WHERE c.id = $1 {for_update}`)
	qSetCaps    = db.Query(`UPDATE client SET own_one_minor = $2, own_day_minor = $3, own_month_minor = $4, next_one_minor = $5, next_day_minor = $6,
		next_month_minor = $7, next_from_us = $8 WHERE id = $1`)
)

// OwnCaps reads a client's own caps.
func (d *Directory) OwnCaps(ctx context.Context, who ID) (OwnCaps, error) {
	return ownCaps(ctx, d.db, qCaps, who)
}

// MoveOwnCaps changes a client's own caps in a unit of work, one change after
// the other. Room limit decides what may become of them.
func (d *Directory) MoveOwnCaps(ctx context.Context, tx db.Tx, who ID, to func(OwnCaps) (OwnCaps, error)) error {
	now, err := ownCaps(ctx, tx, qCapsToMove, who)
	if err != nil {
		return err
	}
	o, err := to(now)
	if err != nil {
		return err
	}
	from := int64(0)
	if !o.From.IsZero() {
		from = o.From.UnixMicro()
	}
	_, err = tx.Exec(ctx, qSetCaps, int64(who), o.Set.One.Minor, o.Set.Day.Minor, o.Set.Month.Minor, o.Next.One.Minor, o.Next.Day.Minor, o.Next.Month.Minor, from)
	if err != nil {
		return fmt.Errorf("own caps of client %d: %w", who, err)
	}
	return nil
}

func ownCaps(ctx context.Context, r db.Reader, q *db.Stmt, who ID) (OwnCaps, error) {
	var row CapRow
	err := r.Row(ctx, q, int64(who)).Scan(row.Into()...)
	if errors.Is(err, db.ErrNoRows) {
		return OwnCaps{}, ErrNobody
	}
	if err != nil {
		return OwnCaps{}, fmt.Errorf("own caps of client %d: %w", who, err)
	}
	return row.Caps(), nil
}
