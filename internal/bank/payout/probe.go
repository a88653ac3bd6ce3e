package payout

import (
	"context"
	"errors"
	"fmt"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
)

// A refused payout costs nothing, so without a bound the bank would be a machine
// that tells which card numbers live. The payouts themselves are the counter:
// nothing is given back when one is refused, whoever hears of it and however
// late, and nothing stays of one that arrived. What is still open counts too, or
// many at once would ask more than one after the other. Not counted is what
// tells nothing of a card: it never left, or its bank could not be reached.
var qProbes = db.Query(`SELECT COUNT(*) FROM payout WHERE client = $1 AND at_us >= $2 AND way = 1 AND state IN (1, 2, 3, 5)
	AND reason NOT IN ('not_sent', 'closed', 'probing', 'bank_unavailable')`)

// reasonProbing is a payout that the bank took back before it told anybody: too
// many to cards had been refused. No rail can say it.
const reasonProbing = "probing"

// mayProbe refuses payouts to cards when so many more would be too many that did
// not come through in this bank day.
func (s *Service) mayProbe(ctx context.Context, from db.Reader, who client.ID, w Way, more int64) error {
	if w != Card {
		return nil
	}
	var n int64
	if err := from.Row(ctx, qProbes, int64(who), clock.DayStart(s.d.DB.Now()).UnixMicro()).Scan(&n); err != nil {
		return fmt.Errorf("refused payouts of %d: %w", who, err)
	}
	return s.d.Limits.Rules().CheckCardRefusals(n + more)
}

// held looks again once a payout is among those counted: of many that came at
// once each sees those before it. One too many is taken back.
func (s *Service) held(ctx context.Context, r row) (row, error) {
	err := s.mayProbe(ctx, s.d.DB, r.client, r.way, 0)
	if errors.Is(err, limit.ErrCardRefusals) {
		return s.refuse(ctx, r, reasonProbing)
	}
	return r, err
}
