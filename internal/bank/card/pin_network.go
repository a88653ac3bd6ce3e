package card

import (
	"context"
	"errors"
	"fmt"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/notice"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

var (
	// The condition keeps the count at its top: what two processes count at
	// once counts once too few, never once too many.
	qWrongPIN = db.Query(`UPDATE card SET pin_wrong = pin_wrong + 1 WHERE client = $1 AND id = $2 AND pin_wrong < 3 RETURNING pin_wrong`)
	qRightPIN = db.Query(`UPDATE card SET pin_wrong = 0 WHERE client = $1 AND id = $2 AND pin_wrong < 3`)
	qSetPVV   = db.Query(`UPDATE card SET pvv = $3, pin_wrong = 0 WHERE client = $1 AND id = $2`)
	qFreePIN  = db.Query(`UPDATE card SET pin_wrong = 0, pin_script = 0 WHERE client = $1 AND id = $2`)
)

// CountWrongPIN counts a wrong PIN and tells how many tries are left. Cash
// machines, shops and the cabinet count together; the holder is told of the one
// that blocks it.
func (s *Service) CountWrongPIN(ctx context.Context, tx db.Tx, who client.ID, one id.ID) (left int, err error) {
	var wrong int
	err = tx.Row(ctx, qWrongPIN, int64(who), one.Bytes()).Scan(&wrong)
	if errors.Is(err, db.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("count a wrong PIN: %w", err)
	}
	if wrong == maxPIN {
		c, err := s.stand(ctx, tx, who, one)
		if err != nil {
			return 0, err
		}
		return 0, s.tell(ctx, tx, c, notice.CardNews{What: notice.CardPINBlocked})
	}
	return maxPIN - wrong, nil
}

// PINRight sets the count back after a right PIN; a PIN that is blocked stays so.
func (s *Service) PINRight(ctx context.Context, tx db.Tx, who client.ID, one id.ID) error {
	_, err := tx.Exec(ctx, qRightPIN, int64(who), one.Bytes())
	return err
}

// NetworkPIN keeps the value of a PIN that was changed at a cash machine, and
// tells the holder.
func (s *Service) NetworkPIN(ctx context.Context, tx db.Tx, who client.ID, one id.ID, pvv vault.Hidden) error {
	c, err := s.stand(ctx, tx, who, one)
	if err != nil {
		return err
	}
	if err := s.putPVV(ctx, tx, c, pvv); err != nil {
		return err
	}
	return record(ctx, tx, who, byNetwork, "card.pin_set", one.Text(Prefix))
}

// NetworkUnblockPIN lets a blocked PIN be tried again; the chip has been told.
func (s *Service) NetworkUnblockPIN(ctx context.Context, tx db.Tx, who client.ID, one id.ID) error {
	_, err := tx.Exec(ctx, qFreePIN, int64(who), one.Bytes())
	return err
}
