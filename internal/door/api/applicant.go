package api

import (
	"crypto/sha256"
	"errors"
	"strings"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
)

// holder tells whose secret a route takes.
type holder int

const (
	byToken    holder = iota // a client's API token, of the route's scope
	byNobody                 // anybody: the first step of a newcomer
	byStarter                // an application's secret, whose code may not be given yet
	byOwner                  // an application's secret, whose phone is proved
	byObserver               // the same, or the ticket of its status alone
)

// Scopes of routes that take no API token, as the documents name them.
const (
	scopeNobody      access.Scope = "none"
	scopeApplication access.Scope = "application"
)

// An application's secret is the way in of one browser in the cabinet: worth
// nothing before the code, bound to one phone, over within hours. A ticket
// opens the status alone, for a month. Neither is an API token, nor is an API
// token one of them.
const (
	applicationPrefix = "ra_"
	ticketPrefix      = "rs_"
)

// The refusals of an application's secret.
var (
	errApplicant = fault.New(fault.Unauthenticated, "api.application_token")
	errUnproved  = fault.New(fault.Unauthenticated, "api.application_unproved")
	errIsClient  = fault.New(fault.Conflict, "api.application_client")
)

// The addresses of applications take other secrets than all the others.
const (
	startPath       = "/api/v1/applications"
	applicationPath = "/api/v1/application"
)

func ofApplication(path string) bool {
	return path == startPath || path == applicationPath || strings.HasPrefix(path, applicationPath+"/")
}

// applicant is who fills an application in.
type applicant struct {
	secret string // without its prefix; of a flow or of a ticket
	ticket bool
	flow   access.Flow
}

func (a applicant) holder() application.Holder { return application.ByFlow(a.secret) }

// admitApplicant finds out which application a request is about. What its
// secret may do is judged when the route is known.
func (d *Door) admitApplicant(c *call) error {
	if wait := d.rates.take(rateKey("from", d.d.Address(c.r))); wait > 0 {
		return errTooOften.With("wait", wait)
	}
	if c.r.URL.Path == startPath {
		return nil // whatever comes in the header is not looked at
	}
	secret, err := bearer(c.r.Header["Authorization"])
	if err != nil {
		return errApplicant
	}
	if ticket, ok := strings.CutPrefix(secret, ticketPrefix); ok {
		c.applicant = applicant{secret: ticket, ticket: true}
		return nil
	}
	flow, ok := strings.CutPrefix(secret, applicationPrefix)
	if !ok {
		return errApplicant
	}
	f, err := d.d.Flows.FlowOf(c.r.Context(), flow)
	switch {
	case errors.Is(err, access.ErrNoFlow):
		return errApplicant
	case err != nil:
		return err
	case f.Purpose != access.ForOrder || f.Stage != access.AtCode && f.Stage != access.AtNewPasscode:
		return errApplicant
	}
	c.applicant = applicant{secret: flow, flow: f}
	return nil
}

// allowed judges what the caller's secret may do on a route.
func (c *call) allowed(rt Route) error {
	a := c.applicant
	switch rt.holder {
	case byNobody:
	case byStarter:
		if a.ticket {
			return errApplicant
		}
	case byOwner, byObserver:
		switch {
		case a.ticket && rt.holder == byOwner:
			return errApplicant
		case !a.ticket && a.flow.Stage == access.AtCode:
			return errUnproved
		}
	default:
		if !c.token.May(rt.Scope) {
			return access.ErrScope
		}
	}
	return nil
}

// rateKey gives a bucket of requests to whoever has no token.
func rateKey(kind, of string) id.ID {
	sum := sha256.Sum256([]byte(kind + "\x00" + of))
	var out id.ID
	copy(out[:], sum[:])
	return out
}
