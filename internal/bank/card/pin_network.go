package card

import (
	"context"
	"errors"
	"fmt"

	"rocketbank/internal/bank/client"
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
// machines, shops and the cabinet count together.
func (s *Service) CountWrongPIN(ctx context.Context, tx db.Tx, who client.ID, one id.ID) (left int, err error) {
	var wrong int
	err = tx.Row(ctx, qWrongPIN, int64(who), one.Bytes()).Scan(&wrong)
	if errors.Is(err, db.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("count a wrong PIN: %w", err)
	}
	return maxPIN - wrong, nil
}

// PINRight sets the count back after a right PIN; a PIN that is blocked stays so.
func (s *Service) PINRight(ctx context.Context, tx db.Tx, who client.ID, one id.ID) error {
	_, err := tx.Exec(ctx, qRightPIN, int64(who), one.Bytes())
	return err
}

// NetworkPIN keeps the value of a PIN that was changed at a cash machine.
func (s *Service) NetworkPIN(ctx context.Context, tx db.Tx, who client.ID, one id.ID, pvv vault.Hidden) error {
	sealed, err := s.vault.SealText(vault.Secret, at("card.pvv", one), pvv.Reveal())
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, qSetPVV, int64(who), one.Bytes(), sealed)
	if err == nil && n != 1 {
		err = ErrMissing
	}
	return err
}

// NetworkUnblockPIN lets a blocked PIN be tried again; the chip has been told.
func (s *Service) NetworkUnblockPIN(ctx context.Context, tx db.Tx, who client.ID, one id.ID) error {
	_, err := tx.Exec(ctx, qFreePIN, int64(who), one.Bytes())
	return err
}
