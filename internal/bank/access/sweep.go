package access

import (
	"context"
	"fmt"
	"time"

	"rocketbank/internal/base/db"
)

// keepEnded is how long an ended session is kept, so that its browser can be
// told why it has to log in again.
const keepEnded = 24 * time.Hour

// keepRetired is how long a cookie without proofs is kept for the same reason.
const keepRetired = time.Hour

var (
	qSweepFlows    = db.Query(`DELETE FROM flow WHERE ends_us < $1`)
	qSweepTallies  = db.Query(`DELETE FROM tally WHERE since_us < $1`)
	qSweepAsked    = db.Query(`DELETE FROM passkey_challenge WHERE until_us < $1`)
	qSweepRetired  = db.Query(`DELETE FROM bearer WHERE until_us IS NOT NULL AND until_us < $1`)
	qSweepBearers  = db.Query(`DELETE FROM bearer WHERE kind = 2 AND ref IN (SELECT id FROM session s WHERE s.client = bearer.client AND s.ends_us < $1)`)
	qSweepSessions = db.Query(`DELETE FROM session WHERE ends_us < $1`)
)

// Sweep removes what is long over: flows, counters, sessions. The worker calls
// it now and then.
func (s *Service) Sweep(ctx context.Context) error {
	now := s.now()
	yesterday := micro(now.Add(-keepEnded))
	return s.db.Write(ctx, func(tx db.Tx) error {
		for _, step := range []struct {
			q     *db.Stmt
			until int64
		}{
			{qSweepFlows, yesterday},
			{qSweepTallies, micro(now.Add(-2 * max(24*time.Hour, s.limits.StrangePause)))},
			{qSweepNonce, micro(now)},
			{qSweepAsked, micro(now)},
			{qSweepSIMs, micro(now.Add(-s.limits.SIMFresh))},
			{qSweepRetired, micro(now.Add(-keepRetired))},
			{qSweepBearers, yesterday},
			{qSweepSessions, yesterday},
			{qSweepFactorCode, micro(now)},
			{qSweepHeard, yesterday},
			{qSweepAlerts, micro(now)},
		} {
			if _, err := tx.Exec(ctx, step.q, step.until); err != nil {
				return fmt.Errorf("sweep: %w", err)
			}
		}
		return nil
	})
}
