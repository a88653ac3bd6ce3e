package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/base/db"
)

// tallyKind says what a counter counts. Each counter has a window that starts
// with its first count and ends by itself.
type tallyKind int16

const (
	wrongCodes    tallyKind = 1 // per phone; further codes do not reset it (A03)
	strangePasses tallyKind = 2 // per client: passcodes on devices not yet known (A10)
	smsHour       tallyKind = 3 // per phone
	smsDay        tallyKind = 4 // per phone
	smsNet        tallyKind = 5 // per network address
	deviceNews    tallyKind = 6 // per device and kind: what its owner is told once a day
)

var (
	qCount = db.Query(`INSERT INTO tally (kind, key, n, since_us) VALUES ($1, $2, 1, $3)
		ON CONFLICT (kind, key) DO UPDATE SET
			n = CASE WHEN tally.since_us <= $4 THEN 1 ELSE tally.n + 1 END,
			since_us = CASE WHEN tally.since_us <= $4 THEN $3 ELSE tally.since_us END
		RETURNING n, since_us`)
	qCounted = db.Query(`SELECT n, since_us FROM tally WHERE kind = $1 AND key = $2 AND since_us > $3`)
	qForget  = db.Query(`DELETE FROM tally WHERE kind = $1 AND key = $2`)
	qUncount = db.Query(`UPDATE tally SET n = n - 1 WHERE kind = $1 AND key = $2 AND n > 0`)
)

// count adds one and gives the count with the end of its window. The row is
// locked until the commit, so of many at once each sees its own number.
func count(ctx context.Context, tx db.Tx, k tallyKind, key []byte, now time.Time, window time.Duration) (n int, until time.Time, err error) {
	var since int64
	err = tx.Row(ctx, qCount, int16(k), key, micro(now), micro(now.Add(-window))).Scan(&n, &since)
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("count %d: %w", k, err)
	}
	return n, moment(since).Add(window), nil
}

// counted reads a counter without touching it.
func counted(ctx context.Context, r db.Reader, k tallyKind, key []byte, now time.Time, window time.Duration) (n int, until time.Time, err error) {
	var since int64
	err = r.Row(ctx, qCounted, int16(k), key, micro(now.Add(-window))).Scan(&n, &since)
	if errors.Is(err, db.ErrNoRows) {
		return 0, time.Time{}, nil
	}
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("counter %d: %w", k, err)
	}
	return n, moment(since).Add(window), nil
}

func forget(ctx context.Context, tx db.Tx, k tallyKind, key []byte) error {
	_, err := tx.Exec(ctx, qForget, int16(k), key)
	return err
}
