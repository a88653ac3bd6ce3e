package card

import (
	"context"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
)

// The refusals of a suspension.
var (
	ErrUntil        = fault.New(fault.Invalid, "card.bad_until").At("until") // from tomorrow to three months ahead
	ErrNotSuspended = fault.New(fault.Conflict, "card.not_suspended")
)

const (
	// longest is how many months a suspension may last.
	longest = 3
	// remindBefore is when its owner is reminded of the end.
	remindBefore = 3 * 24 * time.Hour
	// regularMonths is how far back a merchant counts as one who charges by
	// himself: a year and a month, for what is paid once a year.
	regularMonths = 13
)

var (
	qSuspend = db.Query(`UPDATE card SET state = 4, suspend_us = $3, due_us = $4 WHERE client = $1 AND id = $2 AND state = 1`)
	qResume  = db.Query(`UPDATE card SET state = 1, suspend_us = 0, due_us = NULL WHERE client = $1 AND id = $2 AND state = 4`)
)

// SuspendSpan tells the first and the last day a suspension may end with, as
// first moments of bank days: tomorrow, and the same day of the month three
// months ahead or that month's last.
func SuspendSpan(now time.Time) (first, last time.Time) {
	today := clock.DayStart(now)
	return today.AddDate(0, 0, 1), MonthsLater(today, longest)
}

// MonthsLater gives the same day of a later month, or its last day where it
// has no such day.
func MonthsLater(day time.Time, months int) time.Time {
	y, m, d := day.Date()
	last := time.Date(y, m+time.Month(months)+1, 0, 0, 0, 0, 0, day.Location()).Day()
	return time.Date(y, m+time.Month(months), min(d, last), 0, 0, 0, 0, day.Location())
}

// Suspend stops a card until the bank day of a moment begins; it then works
// again by itself. Its owner may take it back before, see Resume.
func (s *Service) Suspend(ctx context.Context, who client.ID, card id.ID, until time.Time) error {
	until = clock.DayStart(until)
	return s.db.Write(ctx, func(tx db.Tx) error {
		now := tx.Now()
		if first, last := SuspendSpan(now); until.Before(first) || until.After(last) {
			return ErrUntil
		}
		n, err := tx.Exec(ctx, qSuspend, int64(who), card.Bytes(), until.UnixMicro(), firstLook(now, until).UnixMicro())
		if err != nil {
			return fmt.Errorf("suspend a card: %w", err)
		}
		if n == 0 {
			return s.why(ctx, tx, who, card, ErrNotActive)
		}
		return record(ctx, tx, who, byClient, "card.suspended", card.Text(Prefix))
	})
}

// firstLook is when the worker looks at a suspension first: to remind of its
// end three days ahead, or one; a shorter one simply ends.
func firstLook(now, until time.Time) time.Time {
	for _, before := range []time.Duration{remindBefore, 24 * time.Hour} {
		if at := until.Add(-before); at.After(now) {
			return at
		}
	}
	return until
}

// Resume ends a suspension before its time.
func (s *Service) Resume(ctx context.Context, who client.ID, card id.ID) error {
	return s.db.Write(ctx, func(tx db.Tx) error {
		n, err := tx.Exec(ctx, qResume, int64(who), card.Bytes())
		if err != nil {
			return fmt.Errorf("resume a card: %w", err)
		}
		if n == 0 {
			return s.why(ctx, tx, who, card, ErrNotSuspended)
		}
		return record(ctx, tx, who, byClient, "card.resumed", card.Text(Prefix))
	})
}

// WillFail names the merchants that charge a card by themselves: what they try
// fails while the card is frozen, suspended or replaced.
func (s *Service) WillFail(ctx context.Context, who client.ID, card id.ID) ([]string, error) {
	if _, err := s.ByID(ctx, who, card); err != nil {
		return nil, err
	}
	return s.regular(ctx, who, card)
}

func (s *Service) regular(ctx context.Context, who client.ID, card id.ID) ([]string, error) {
	if s.uses == nil {
		return nil, nil
	}
	return s.uses.Regular(ctx, who, card, s.db.Now().AddDate(0, -regularMonths, 0))
}
