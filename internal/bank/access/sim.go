package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
)

// ErrSIMChanged tells that a number's SIM card was changed so lately that a
// code sent to it proves nothing; until tells for how long.
var ErrSIMChanged = fault.New(fault.Refused, "access.sim_changed")

var (
	// A report never makes an older change younger than a later one says.
	qSIMChanged = db.Query(`INSERT INTO sim_change (phone, changed_us) VALUES ($1, $2)
		ON CONFLICT (phone) DO UPDATE SET changed_us = CASE
			WHEN sim_change.changed_us > excluded.changed_us THEN sim_change.changed_us ELSE excluded.changed_us END`)
	qSIMSince  = db.Query(`SELECT changed_us FROM sim_change WHERE phone = $1`)
	qSweepSIMs = db.Query(`DELETE FROM sim_change WHERE changed_us < $1`)
)

// SIMChanged takes the SMS partner's word that a number answers from another
// SIM card since then (A15). It may be somebody else's by now: for a while its
// codes let nobody in on a new device and confirm nothing. Devices that the
// bank knows and passkeys go on.
func (s *Service) SIMChanged(ctx context.Context, p phone.Number, since time.Time) error {
	now := s.now()
	if since.After(now) {
		since = now
	}
	if !since.Add(s.limits.SIMFresh).After(now) {
		return nil
	}
	return s.db.Write(ctx, func(tx db.Tx) error {
		if _, err := tx.Exec(ctx, qSIMChanged, s.vault.Lookup(vault.Phone, p.E164()), micro(since)); err != nil {
			return fmt.Errorf("sim change: %w", err)
		}
		who, err := s.clients.HoldsPhone(ctx, tx, p)
		if errors.Is(err, client.ErrNobody) {
			return nil
		}
		if err != nil {
			return err
		}
		return s.record(ctx, tx, who, "sim.changed", "", "")
	})
}

// simTrusted refuses a number whose SIM card was changed lately.
func (s *Service) simTrusted(ctx context.Context, r db.Reader, p phone.Number) error {
	var since int64
	err := r.Row(ctx, qSIMSince, s.vault.Lookup(vault.Phone, p.E164())).Scan(&since)
	if errors.Is(err, db.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sim change: %w", err)
	}
	if until := moment(since).Add(s.limits.SIMFresh); s.now().Before(until) {
		return ErrSIMChanged.With("until", until)
	}
	return nil
}
