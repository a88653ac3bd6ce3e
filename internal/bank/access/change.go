package access

import (
	"context"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/phone"
)

// Factor names something by which a client proves himself.
type Factor string

// The factors, and the personal data that stand behind them.
const (
	FactorPasscode Factor = "passcode"
	FactorPhone    Factor = "phone"
	FactorCodeWord Factor = "code_word"
	FactorPerson   Factor = "person" // name, passport, address: changed through the contact centre
)

// Changed tells what became of a factor.
type Changed struct {
	Factor Factor
	// Session goes on; every other one ends. Zero: all end.
	Session id.ID
	// Old is the number the client had before (FactorPhone): it is told, not
	// the new one.
	Old phone.Number
	New phone.Number // shown masked to the old one
}

var (
	// A mark never shortens the one that stands.
	qRisk = db.Query(`INSERT INTO client_risk (client, why, reduced_us) VALUES ($1, $2, $3)
		ON CONFLICT (client) DO UPDATE SET why = excluded.why,
			reduced_us = CASE WHEN client_risk.reduced_us > excluded.reduced_us THEN client_risk.reduced_us ELSE excluded.reduced_us END`)
	qReduced       = db.Query(`SELECT reduced_us FROM client_risk WHERE client = $1`)
	qRevokeMovers  = db.Query(`UPDATE api_token SET revoked_us = $2 WHERE client = $1 AND revoked_us IS NULL AND scopes LIKE '%transfer%'`)
	qUnbearRevoked = db.Query(`DELETE FROM bearer WHERE client = $1 AND kind = 3
		AND ref IN (SELECT id FROM api_token WHERE client = $1 AND revoked_us IS NOT NULL)`)
)

// MarkChanged does what follows from a changed factor (A13), in the unit of
// work that changed it: the client is told on the channels he had before,
// every other session ends, and his limits are reduced for 48 hours. A new
// passcode or number also revokes the API tokens that may move money: one of
// them may be what the thief came for, and making it anew costs its owner a
// minute. Tokens that only read stay.
func (s *Service) MarkChanged(ctx context.Context, tx db.Tx, who client.ID, c Changed) error {
	now := s.now()
	if _, err := tx.Exec(ctx, qEndAll, int64(who), micro(now), c.Session.Bytes(), micro(now.Add(-s.limits.Idle))); err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	if c.Factor == FactorPasscode || c.Factor == FactorPhone {
		if err := s.revokeMovers(ctx, tx, who); err != nil {
			return err
		}
	}
	if err := s.reduce(ctx, tx, who, string(c.Factor)); err != nil {
		return err
	}
	kind := map[Factor]AlertKind{
		FactorPasscode: AlertPasscode, FactorPhone: AlertPhone, FactorCodeWord: AlertCodeWord, FactorPerson: AlertPerson,
	}[c.Factor]
	if err := s.raise(ctx, tx, who, Alert{Kind: kind, To: c.Old, Phone: c.New.Masked()}); err != nil {
		return err
	}
	return s.record(ctx, tx, who, string(c.Factor)+".changed", "", "")
}

// reduce marks the client for 48 hours of business time.
func (s *Service) reduce(ctx context.Context, tx db.Tx, who client.ID, why string) error {
	_, err := tx.Exec(ctx, qRisk, int64(who), why, micro(tx.Now().Add(s.limits.Reduced)))
	if err != nil {
		return fmt.Errorf("mark a risk: %w", err)
	}
	return nil
}

// ReducedUntil tells until when (business time) a changed factor reduces a
// client's limits; zero when none does. Session.Standing has it already.
func (s *Service) ReducedUntil(ctx context.Context, who client.ID) (time.Time, error) {
	var us int64
	err := s.db.Row(ctx, qReduced, int64(who)).Scan(&us)
	if err != nil && !noRows(err) {
		return time.Time{}, fmt.Errorf("risk: %w", err)
	}
	return s.reduced(0, us), nil
}

// revokeMovers makes every API token worthless that may do more than read.
func (s *Service) revokeMovers(ctx context.Context, tx db.Tx, who client.ID) error {
	n, err := tx.Exec(ctx, qRevokeMovers, int64(who), micro(s.now()))
	if err != nil {
		return fmt.Errorf("revoke tokens: %w", err)
	}
	if n == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, qUnbearRevoked, int64(who)); err != nil {
		return fmt.Errorf("revoke tokens: %w", err)
	}
	return nil
}
