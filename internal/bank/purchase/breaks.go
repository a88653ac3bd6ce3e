package purchase

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
)

// Break is a clearing record that did not meet our books as it should.
type Break struct {
	ARN    string
	Kind   int
	File   string
	Line   int64
	Client client.ID // 0: no card of ours
	Auth   id.ID
	Result Result
	Sum    money.Amount // presented
	Held   money.Amount // what was open for it
	At     time.Time
	// Settled is when a member of staff took it off the list; zero: nobody has.
	Settled time.Time
}

// The ways a break is settled. The words rest in the audit trail.
const (
	Explained = "explained" // the books are right as they are
	Claimed   = "claimed"   // the network or the merchant's bank answers for it
	Corrected = "corrected" // by a posting that two members of staff agreed on
)

// The refusals about breaks.
var (
	ErrNoBreak   = fault.New(fault.Missing, "purchase.no_break")
	ErrSettled   = fault.New(fault.Conflict, "purchase.break_settled")
	ErrSettleHow = fault.New(fault.Invalid, "purchase.break_how").At("how")
)

// Text names a break outside: the reference and the kind of its record.
func (b Break) Text() string { return b.ARN + "/" + strconv.Itoa(b.Kind) }

// ParseBreak reads what Text wrote.
func ParseBreak(s string) (arn string, kind int, err error) {
	arn, number, _ := strings.Cut(s, "/")
	if kind, err = strconv.Atoi(number); err != nil || arn == "" {
		return "", 0, ErrNoBreak
	}
	return arn, kind, nil
}

const breakColumns = `arn, kind, file, line, client, auth, result, amount_minor, held_minor, at_us, seen_us`

// maxBreaks bounds a page of the report.
const maxBreaks = 200

var (
	qBreaks = db.Query(`SELECT ` + breakColumns + ` FROM clearing_item
		WHERE seen_us IS NULL AND result > 3 AND (at_us, arn, kind) > ($1, $2, $3) ORDER BY at_us, arn, kind LIMIT $4`)
	qBreak  = db.Query(`SELECT ` + breakColumns + ` FROM clearing_item WHERE arn = $1 AND kind = $2 AND result > 3`)
	qSettle = db.Query(`UPDATE clearing_item SET seen_us = $3 WHERE arn = $1 AND kind = $2 AND seen_us IS NULL AND result > 3`)
)

// Breaks lists the breaks that nobody has settled, the oldest first; after is
// the last one of the page before, the zero value begins.
func (s *Service) Breaks(ctx context.Context, after Break, limit int) ([]Break, error) {
	from := int64(0)
	if !after.At.IsZero() {
		from = after.At.UnixMicro()
	}
	rows, err := s.d.DB.Rows(ctx, qBreaks, from, after.ARN, int64(after.Kind), int64(min(max(limit, 1), maxBreaks)))
	if err != nil {
		return nil, fmt.Errorf("breaks: %w", err)
	}
	defer rows.Close()
	var out []Break
	for rows.Next() {
		b, err := scanBreak(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, rows.Err()
}

// BreakOf reads one break, settled or not.
func (s *Service) BreakOf(ctx context.Context, arn string, kind int) (Break, error) {
	return breakOf(ctx, s.d.DB, arn, kind)
}

func breakOf(ctx context.Context, r db.Reader, arn string, kind int) (Break, error) {
	b, err := scanBreak(r.Row(ctx, qBreak, arn, int64(kind)).Scan)
	if errors.Is(err, db.ErrNoRows) {
		return Break{}, ErrNoBreak
	}
	if err != nil {
		return Break{}, fmt.Errorf("read a break: %w", err)
	}
	return b, nil
}

func scanBreak(scan func(...any) error) (Break, error) {
	b := Break{Sum: money.Rub(0), Held: money.Rub(0)}
	var auth []byte
	var at int64
	var seen sql.NullInt64
	if err := scan(&b.ARN, &b.Kind, &b.File, &b.Line, &b.Client, &auth, &b.Result, &b.Sum.Minor, &b.Held.Minor, &at, &seen); err != nil {
		return Break{}, err
	}
	if len(auth) == 16 {
		b.Auth = id.ID(auth)
	}
	b.At = time.UnixMicro(at).UTC()
	if seen.Valid {
		b.Settled = time.UnixMicro(seen.Int64).UTC()
	}
	return b, nil
}

// Settle takes a break off the list within a unit of work: a member of staff
// has looked into it and says how it ends. Money that has to move for it moves
// in the same unit of work (Corrected). It writes the audit trail.
func (s *Service) Settle(ctx context.Context, tx db.Tx, arn string, kind int, actor, how string) error {
	if how != Explained && how != Claimed && how != Corrected {
		return ErrSettleHow
	}
	b, err := breakOf(ctx, tx, arn, kind)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, qSettle, arn, int64(kind), tx.Now().UnixMicro())
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrSettled
	}
	return audit.Append(ctx, tx, audit.Entry{
		At: tx.Now(), Actor: actor, Client: int64(b.Client), Act: "clearing.settled", Subject: b.Text(), Details: []byte(how),
	})
}
