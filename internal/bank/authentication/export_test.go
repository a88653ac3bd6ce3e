package authentication

import (
	"context"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/id"
)

// May is the table of steps.
func May(from, to State) bool { return may(from, to) }

// StateOf tells how far an authentication has come.
func (s *Service) StateOf(ctx context.Context, acsTransID string) (State, error) {
	acs, ok := parseUUID(acsTransID)
	if !ok {
		return 0, ErrMissing
	}
	r, err := s.named(ctx, byACS, acs)
	return r.state, err
}

// IDOf gives the inner name of an authentication.
func (s *Service) IDOf(ctx context.Context, acsTransID string) (client.ID, id.ID, error) {
	acs, ok := parseUUID(acsTransID)
	if !ok {
		return 0, id.ID{}, ErrMissing
	}
	r, err := s.named(ctx, byACS, acs)
	return r.client, r.id, err
}

// Told tells whether the directory confirmed.
func (s *Service) Told(ctx context.Context, acsTransID string) (told bool, tries int64, err error) {
	acs, _ := parseUUID(acsTransID)
	r, err := s.named(ctx, byACS, acs)
	return r.told, r.tries, err
}

// Score tells what a decision was made of.
func (s *Service) Score(ctx context.Context, acsTransID string) (int, string, error) {
	acs, _ := parseUUID(acsTransID)
	r, err := s.named(ctx, byACS, acs)
	return r.score, r.signs, err
}
