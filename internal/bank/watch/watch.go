// Package watch looks for what is not as it should be and tells the security
// officer.
//
// It reads the audit trail as it grows and counts by the hour: failed logins,
// codes and code words guessed at, staff refused. Other rooms raise what only
// they can see: somebody who opens too many clients, bait that was looked at.
// What passes a threshold becomes an alert, told once an hour at most by the
// channels that are configured, and stays on the console's page until somebody
// has seen it. Nothing here holds personal data: subjects are identifiers.
package watch

import (
	"context"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
)

// Service is the watch. It is safe for concurrent use.
type Service struct {
	db  *db.DB
	ids *id.Source
}

// Decoy tells whether a client is bait that nobody has a reason to look at.
func (s *Service) Decoy(ctx context.Context, r db.Reader, who client.ID) (bool, error) {
	return false, nil
}
