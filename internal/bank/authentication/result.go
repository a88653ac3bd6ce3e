package authentication

import (
	"context"
	"fmt"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/rail/threeds"
)

// ending is how a challenge ends.
type ending struct {
	status threeds.Status
	reason threeds.Reason
	cancel threeds.Cancel
	method threeds.AuthenticationMethod // of a yes
}

// conclude writes the result down, with the very message that tells it: from
// here on it is told, whatever becomes of this process, and never changes.
func (s *Service) conclude(ctx context.Context, tx db.Tx, r *row, e ending) error {
	r.status, r.reason, r.cancel, r.method = e.status, e.reason, e.cancel, e.method
	r.code = nil // used or void
	res := threeds.RReq{
		ServerTransID: uuid(r.server), DSTransID: uuid(r.ds), ACSTransID: uuid(r.id), Category: r.details.Category,
		Interactions: s.interactions(*r), Status: e.status, Reason: e.reason, Cancel: e.cancel,
		AuthenticationType: kindOf(*r), AuthenticationMethod: e.method,
	}
	if e.status == threeds.Authenticated {
		var err error
		if res.ECI, res.AuthenticationValue, err = s.prove(ctx, tx, r); err != nil {
			return err
		}
	}
	body, err := res.Encode()
	if err != nil {
		return err
	}
	if r.result, err = s.d.Vault.Seal(vault.PII, r.place("result"), body); err != nil {
		return err
	}
	r.next, r.tries = s.now(), 0
	return s.move(ctx, tx, r, Decided)
}

// kindOf is the type of challenge as it turned out.
func kindOf(r row) threeds.AuthenticationType {
	switch {
	case r.details.Decoupled:
		return threeds.DecoupledChallenge
	case r.method != "" && r.method != threeds.MethodSMSCode:
		return threeds.OutOfBandChallenge
	}
	return threeds.DynamicChallenge
}

// interactions counts how often the holder answered, "00" to "99".
func (s *Service) interactions(r row) string {
	n := r.wrong
	if r.method != "" {
		n++
	}
	return fmt.Sprintf("%02d", min(n, 99))
}
