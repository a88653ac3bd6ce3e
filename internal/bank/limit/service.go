package limit

import (
	"context"
	"errors"
	"fmt"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// Service reads counters and counts look-ups.
type Service struct {
	db    *db.DB
	vault *vault.Vault
	rules Rules
}

// New makes the service.
func New(d *db.DB, v *vault.Vault, r Rules) *Service { return &Service{d, v, r} }

// Rules gives the caps in force.
func (s *Service) Rules() Rules { return s.rules }

// Left tells what who stands so may still move in the windows of this moment.
func (s *Service) Left(ctx context.Context, c client.ID, at client.Standing) (Left, error) {
	now := s.db.Now()
	asked := append(s.rules.Outgoing(c, money.Rub(0), at, now), s.rules.TopUp(c, money.Rub(0))...)
	meters := make([]Meter, len(asked))
	for i, g := range asked {
		used, err := ledger.Used(ctx, s.db, g.Owner, now, g)
		if err != nil {
			return Left{}, fmt.Errorf("limits of %d: %w", c, err)
		}
		left, err := g.Cap.Sub(used[0].Used)
		if err != nil {
			return Left{}, fmt.Errorf("limits of %d: %w", c, err)
		}
		left.Minor = max(0, left.Minor) // a cap may have been lowered since
		meters[i] = Meter{Left: left, Cap: g.Cap}
	}
	out := Left{
		OneTransfer: s.rules.OneTransfer, OutgoingDay: meters[0], OutgoingMonth: meters[1], TopUpDay: meters[len(meters)-1],
		Resets: clock.DayStart(now).AddDate(0, 0, 1), Renews: clock.MonthStart(now).AddDate(0, 1, 0),
	}
	if simplified(at) {
		out.Caps = append(out.Caps, Cap{Why: Simplified, Day: out.OutgoingDay})
	}
	if !at.Own.None() {
		own := Cap{Why: OwnLimits, Order: at.Own.One}
		if at.Own.Day == out.OutgoingDay.Cap {
			own.Day = out.OutgoingDay
		}
		out.Caps = append(out.Caps, own)
	}
	for i, g := range asked {
		switch g.Name {
		case ledger.GuardScriptless:
			out.Caps = append(out.Caps, Cap{Why: Scriptless, Day: meters[i]})
		case ledger.GuardReduced:
			out.Caps = append(out.Caps, Cap{Why: Reduced, Order: s.rules.ReducedOne, Day: meters[i], Until: at.Reduced})
		case ledger.GuardToken:
			out.Caps = append(out.Caps, Cap{Why: Token, Order: at.TokenOrder, Day: meters[i]})
		}
	}
	return out, nil
}

// The subjects of the counters of this room. Numbers are stored and never change.
const (
	byClient  = 1
	byAddress = 2
	byToken   = 3 // kopecks of purchases, not look-ups
	byBook    = 6 // numbers written into a contact book
)

// qCount raises a counter unless it stands at its cap; no row means it does.
var qCount = db.Query(`INSERT INTO lookup_count (kind, subject, day, used) VALUES ($1, $2, $3, 1)
	ON CONFLICT (kind, subject, day) DO UPDATE SET used = lookup_count.used + 1 WHERE lookup_count.used < $4
	RETURNING used`)

var qForget = db.Query(`DELETE FROM lookup_count WHERE day < $1`)

// Lookup counts one look-up of a person by phone, or refuses it with
// ErrLookups and counts nothing. An empty ip is not counted.
func (s *Service) Lookup(ctx context.Context, c client.ID, ip string) error {
	return s.db.Write(ctx, func(tx db.Tx) error {
		day := clock.Day(tx.Now())
		if err := count(ctx, tx, byClient, vault.Row64(int64(c)), day, s.rules.LookupsClient, ErrLookups); err != nil {
			return err
		}
		if ip == "" {
			return nil
		}
		return count(ctx, tx, byAddress, s.vault.Lookup(vault.Net, ip), day, s.rules.LookupsIP, ErrLookups)
	})
}

// Compare counts a number that is written into a contact book and so compared
// with those of clients, within the unit of work that writes it, or refuses it
// with ErrCompared and counts nothing. What is counted stays counted though the
// entry is removed: else a book would tell of any number of numbers.
func (s *Service) Compare(ctx context.Context, tx db.Tx, c client.ID) error {
	return count(ctx, tx, byBook, vault.Row64(int64(c)), clock.Day(tx.Now()), s.rules.ComparedDay, ErrCompared)
}

func count(ctx context.Context, tx db.Tx, kind int64, subject []byte, day, top int64, refusal error) error {
	if top <= 0 {
		return refusal
	}
	var used int64
	err := tx.Row(ctx, qCount, kind, subject, day, top).Scan(&used)
	if errors.Is(err, db.ErrNoRows) {
		return refusal
	}
	if err != nil {
		return fmt.Errorf("count a look-up: %w", err)
	}
	return nil
}

// Sweep forgets look-ups of past days. The worker calls it now and then.
func (s *Service) Sweep(ctx context.Context) error {
	return s.db.Write(ctx, func(tx db.Tx) error {
		_, err := tx.Exec(ctx, qForget, clock.Day(tx.Now()))
		return err
	})
}
