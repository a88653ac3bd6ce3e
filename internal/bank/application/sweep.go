package application

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
)

// How long is kept what leads to no account: drafts nobody touched, photos
// nobody sent again, and the bare rows of refusals and withdrawals.
const (
	keepDrafts  = 30 * 24 * time.Hour
	keepRetakes = 60 * 24 * time.Hour
	keepEnded   = 365 * 24 * time.Hour
	keepShort   = 24 * time.Hour // drafts of the short registration of the first release

	sweepAtOnce = 100
)

var (
	qStale = db.Query(`SELECT id FROM card_application WHERE (state = 1 AND changed_us < $1) OR (state = 4 AND changed_us < $2)
		OR (state IN (6, 7) AND changed_us < $3) ORDER BY changed_us, id LIMIT $4`)
	qStaleGo    = db.Query(`DELETE FROM card_application WHERE id = $1`)
	qStaleCalls = db.Query(`DELETE FROM card_application_call WHERE application = $1`)
	qStaleSaid  = db.Query(`DELETE FROM consent WHERE application = $1 AND client IS NULL`)
	qShortOld   = db.Query(`DELETE FROM application WHERE state = 1 AND changed_us < $1`)
	qTicketsOld = db.Query(`DELETE FROM card_application_ticket WHERE until_us < $1`)
)

// Sweep forgets applications that nobody goes on with, whole: the person, the
// pictures, the calls. The worker calls it now and then.
func (s *Service) Sweep(ctx context.Context) error {
	return s.db.Write(ctx, func(tx db.Tx) error {
		now := tx.Now()
		if _, err := tx.Exec(ctx, qTicketsOld, now.UnixMicro()); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qShortOld, now.Add(-keepShort).UnixMicro()); err != nil {
			return err
		}
		keys, err := s.stale(ctx, tx, now)
		if err != nil {
			return err
		}
		var lines []audit.Entry
		for _, key := range keys {
			a, err := s.read(ctx, tx, qCardLock, key)
			if err != nil {
				return err
			}
			if a.state.Live() {
				a.state, a.decided = Withdrawn, now
				if err := s.end(ctx, tx, &a); err != nil {
					return err
				}
			}
			for _, q := range []*db.Stmt{qStaleCalls, qStaleSaid, qStaleGo} {
				if _, err := tx.Exec(ctx, q, key.Bytes()); err != nil {
					return err
				}
			}
			lines = append(lines, audit.Entry{At: now, Actor: "system", Client: int64(a.client), Act: "application.forgotten", Subject: key.Text(Prefix)})
		}
		return audit.Append(ctx, tx, lines...)
	})
}

func (s *Service) stale(ctx context.Context, tx db.Tx, now time.Time) (keys []id.ID, err error) {
	rows, err := tx.Rows(ctx, qStale, now.Add(-keepDrafts).UnixMicro(), now.Add(-keepRetakes).UnixMicro(), now.Add(-keepEnded).UnixMicro(), sweepAtOnce)
	if err != nil {
		return nil, fmt.Errorf("old applications: %w", err)
	}
	for rows.Next() {
		var raw []byte
		var key id.ID
		if err = rows.Scan(&raw); err == nil {
			key, err = id.FromBytes(raw)
		}
		if err != nil {
			break
		}
		keys = append(keys, key)
	}
	return keys, errors.Join(err, rows.Err(), rows.Close())
}
