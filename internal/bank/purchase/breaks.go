package purchase

import (
	"context"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
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
}

// maxBreaks bounds the report.
const maxBreaks = 200

var (
	qBreaks = db.Query(`SELECT arn, kind, file, line, client, auth, result, amount_minor, held_minor, at_us FROM clearing_item
		WHERE seen_us IS NULL AND result > 3 ORDER BY at_us, arn, kind LIMIT $1`)
	qSettle = db.Query(`UPDATE clearing_item SET seen_us = $3 WHERE arn = $1 AND kind = $2 AND seen_us IS NULL AND result > 3`)
)

// Breaks lists the breaks that nobody has settled, the oldest first.
func (s *Service) Breaks(ctx context.Context) ([]Break, error) {
	rows, err := s.d.DB.Rows(ctx, qBreaks, int64(maxBreaks))
	if err != nil {
		return nil, fmt.Errorf("breaks: %w", err)
	}
	defer rows.Close()
	var out []Break
	for rows.Next() {
		b := Break{Sum: money.Rub(0), Held: money.Rub(0)}
		var auth []byte
		var at int64
		if err := rows.Scan(&b.ARN, &b.Kind, &b.File, &b.Line, &b.Client, &auth, &b.Result, &b.Sum.Minor, &b.Held.Minor, &at); err != nil {
			return nil, err
		}
		if len(auth) == 16 {
			b.Auth = id.ID(auth)
		}
		b.At = time.UnixMicro(at).UTC()
		out = append(out, b)
	}
	return out, rows.Err()
}

// Settle takes a break off the list: a member of staff has looked into it.
func (s *Service) Settle(ctx context.Context, arn string, kind int, actor string) error {
	return s.d.DB.Write(ctx, func(tx db.Tx) error {
		n, err := tx.Exec(ctx, qSettle, arn, int64(kind), tx.Now().UnixMicro())
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrMissing
		}
		return audit.Append(ctx, tx, audit.Entry{At: tx.Now(), Actor: actor, Act: "clearing.settled", Subject: arn})
	})
}
