package client

import (
	"context"
	"fmt"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
)

var (
	qOtherPhones = db.Query(`DELETE FROM client_phone WHERE client = $1 AND hash <> $2`)
	qSetPhone    = db.Query(`UPDATE client SET phone = $2 WHERE id = $1`)
)

// ChangePhone gives a client another number within a unit of work;
// ErrPhoneTaken when it belongs to a client already. The old one is nobody's
// afterwards. Room access decides when that may be.
func (d *Directory) ChangePhone(ctx context.Context, tx db.Tx, who ID, to phone.Number) error {
	hash := d.phoneHash(to)
	taken, err := tx.Exec(ctx, qAlias, hash, int64(who))
	if err != nil {
		return err
	}
	if taken == 0 {
		return ErrPhoneTaken
	}
	if _, err := tx.Exec(ctx, qOtherPhones, int64(who), hash); err != nil {
		return err
	}
	sealed, err := d.vault.SealText(vault.PII, at("client.phone", who), to.E164())
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, qSetPhone, int64(who), sealed)
	if err != nil {
		return fmt.Errorf("change the phone of client %d: %w", who, err)
	}
	if n == 0 {
		return ErrNobody
	}
	return nil
}
