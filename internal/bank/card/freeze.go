package card

import (
	"context"
	"fmt"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
)

// By tells who froze a card, which decides who may unfreeze it.
type By int16

// Who freezes.
const (
	ByClient By = 1 // a tap in the cabinet, undone by a tap
	ByNotMe  By = 2 // «Это не я»: the bank unfreezes it after talking to the client
	ByBank   By = 3 // a member of staff, with four eyes
)

var (
	// The client freezes what works. The bank, and «Это не я», freeze whatever
	// lives, and take over what a weaker hand froze.
	qFreeze = db.Query(`UPDATE card SET state = 2, frozen_by = $3, frozen_us = $4
		WHERE client = $1 AND id = $2 AND (state = 1 OR $3 > 1 AND (state IN (4, 5) OR state = 2 AND frozen_by < $3))`)
	qFreezeAll = db.Query(`UPDATE card SET state = 2, frozen_by = $2, frozen_us = $3
		WHERE client = $1 AND (state IN (1, 4, 5) OR state = 2 AND frozen_by < $2)`)
	// What was frozen goes on as it would stand without: on its way,
	// suspended, or at work.
	qUnfreeze = db.Query(`UPDATE card SET frozen_by = 0, frozen_us = 0,
		state = CASE WHEN waits = 1 THEN 5 WHEN suspend_us > $4 THEN 4 ELSE 1 END,
		suspend_us = CASE WHEN suspend_us > $4 THEN suspend_us ELSE 0 END,
		due_us = CASE WHEN suspend_us > $4 THEN due_us ELSE NULL END
		WHERE client = $1 AND id = $2 AND state = 2 AND frozen_by <= $3`)
)

// Freeze stops one card. It writes the audit trail, so call it last.
func (s *Service) Freeze(ctx context.Context, tx db.Tx, who client.ID, card id.ID, by By, actor string) error {
	n, err := tx.Exec(ctx, qFreeze, int64(who), card.Bytes(), int16(by), tx.Now().UnixMicro())
	if err != nil {
		return fmt.Errorf("freeze a card: %w", err)
	}
	if n == 0 {
		return s.why(ctx, tx, who, card, ErrNotActive)
	}
	return record(ctx, tx, who, actor, "card.frozen", card.Text(Prefix))
}

// FreezeAll stops every card of a client who said «Это не я» and tells how
// many it stopped.
func (s *Service) FreezeAll(ctx context.Context, tx db.Tx, who client.ID) (int, error) {
	n, err := tx.Exec(ctx, qFreezeAll, int64(who), int16(ByNotMe), tx.Now().UnixMicro())
	if err != nil {
		return 0, fmt.Errorf("freeze cards: %w", err)
	}
	if n == 0 {
		return 0, nil
	}
	return int(n), record(ctx, tx, who, byClient, "cards.frozen", "")
}

// Unfreeze lets a card work again. A client lifts what he froze by a tap; what
// «Это не я» or the bank froze is lifted by the bank (ByBank, which staff may
// only do with four eyes).
func (s *Service) Unfreeze(ctx context.Context, tx db.Tx, who client.ID, card id.ID, by By, actor string) error {
	n, err := tx.Exec(ctx, qUnfreeze, int64(who), card.Bytes(), int16(by), tx.Now().UnixMicro())
	if err != nil {
		return fmt.Errorf("unfreeze a card: %w", err)
	}
	if n == 0 {
		return s.why(ctx, tx, who, card, ErrNotFrozen)
	}
	return record(ctx, tx, who, actor, "card.unfrozen", card.Text(Prefix))
}
