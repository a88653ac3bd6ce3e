package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
)

// Standing is how far the bank trusts whoever is ordering right now: how well
// the client is identified, what his device can prove, whether something about
// his access changed lately, and what his API token may. Room limit turns it
// into caps. The zero Standing is trusted least: an unknown level counts as
// Simplified.
type Standing struct {
	Level      Level
	Blocked    bool      // may look and may not order, whatever was offered before
	Scriptless bool      // the device holds a cookie and no key
	Reduced    time.Time // until when the limits of a new device or changed factor hold; zero: none
	// TokenOrder and TokenDay are the caps of the API token that orders, per
	// order and per bank day; Token names it. Zero: no token, no cap.
	TokenOrder, TokenDay money.Amount
	Token                id.ID
	// Own are the caps that the client set himself.
	Own Caps
}

// ReducedAt tells whether the limits of a new device or factor hold at a moment.
func (s Standing) ReducedAt(now time.Time) bool { return now.Before(s.Reduced) }

var qStands = db.Query(`SELECT c.level, c.state, ` + CapColumns + ` FROM client c WHERE c.id = $1`)

// Stands reads what the client himself adds to a standing, level, block and his own caps, for
// those who decide on every order; ErrNobody when there is no such client.
func (d *Directory) Stands(ctx context.Context, who ID) (Standing, error) {
	var s Standing
	var state State
	var own CapRow
	err := d.db.Row(ctx, qStands, int64(who)).Scan(append([]any{&s.Level, &state}, own.Into()...)...)
	if errors.Is(err, db.ErrNoRows) {
		return Standing{}, ErrNobody
	}
	if err != nil {
		return Standing{}, fmt.Errorf("standing of client %d: %w", who, err)
	}
	s.Blocked, s.Own = state == Blocked, own.Caps().At(d.db.Now())
	return s, nil
}
