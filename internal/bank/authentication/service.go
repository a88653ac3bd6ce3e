package authentication

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/rail/threeds"
)

// Cards finds cards and freezes them (card.Service).
type Cards interface {
	ByNumber(pan string) (card.Face, error)
	ByID(ctx context.Context, who client.ID, card id.ID) (card.Card, error)
	Freeze(ctx context.Context, tx db.Tx, who client.ID, card id.ID, by card.By, actor string) error
}

// People finds clients (client.Directory).
type People interface {
	ByID(ctx context.Context, who client.ID) (client.Client, error)
}

// Messenger sends codes within a unit of work, as far as the guard of what
// messages cost allows (access.Service).
type Messenger interface {
	SendOrderCode(ctx context.Context, tx db.Tx, m order.Message) error
}

// Keys gives the key that authentication values are sealed with, and its
// number (hsm.Soft).
type Keys interface{ AuthenticationKey() (id byte, key []byte) }

// Directory is the card scheme's directory server (partner/directory).
type Directory interface {
	// Allowed tells whether an address is the directory's: the bank calls no
	// other, whatever a message says.
	Allowed(url string) bool
	// Send posts a result and gives the answer. It ends within seconds.
	Send(ctx context.Context, url string, body []byte) ([]byte, error)
}

// Live wakes open pages (live.Hub).
type Live interface{ Kick(client.ID) }

// Deps is what a Service works with.
type Deps struct {
	DB        *db.DB
	Vault     *vault.Vault
	IDs       *id.Source
	Cards     Cards
	People    People
	Messenger Messenger
	Keys      Keys
	Directory Directory
	Live      Live             // may be nil
	Log       *slog.Logger     // may be nil
	Now       func() time.Time // real time; the machine's when nil
	Digits    func() string    // draws a code of six digits (access.NewCode)

	// ChallengeURL is where browsers come for their challenge (acsURL).
	ChallengeURL string
	// Host is the host name of that address: the last line of a code SMS.
	Host string
	// Reference and Operator are the bank's names in the scheme: acsReferenceNumber
	// and acsOperatorID.
	Reference, Operator string
	Scheme              threeds.Scheme   // of the bank's cards; Mastercard when empty
	ECI                 threeds.ECITable // threeds.DefaultECI when nil
	Rules               Rules
}

// Service decides. It is safe for concurrent use, also by several processes.
type Service struct {
	d       Deps
	telling telling
	counts  counts
}

// New makes the service. Run is its worker.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = clock.System().Now
	}
	if d.Scheme == "" {
		d.Scheme = threeds.Mastercard
	}
	if d.ECI == nil {
		d.ECI = threeds.DefaultECI()
	}
	if d.Reference == "" {
		d.Reference = "ROCKETBANK-ACS-020200"
	}
	if d.Operator == "" {
		d.Operator = "ROCKETBANK"
	}
	d.Rules = d.Rules.orUsual()
	return &Service{d: d}
}

func (s *Service) now() time.Time { return s.d.Now().UTC().Truncate(time.Microsecond) }

func (s *Service) kick(who client.ID) {
	if s.d.Live != nil {
		s.d.Live.Kick(who)
	}
}

// counts is how answers fell since the start, for the metrics.
type counts struct{ passed, challenged, refused, other atomic.Int64 }

// Counts tells how many questions this process answered at once with yes, with
// a challenge, with no, and otherwise. The first of all of them is the share
// that costs the holder nothing.
func (s *Service) Counts() (passed, challenged, refused, other int64) {
	return s.counts.passed.Load(), s.counts.challenged.Load(), s.counts.refused.Load(), s.counts.other.Load()
}

func (c *counts) add(s threeds.Status) {
	switch s {
	case threeds.Authenticated:
		c.passed.Add(1)
	case threeds.Challenge, threeds.Decoupled:
		c.challenged.Add(1)
	case threeds.Denied, threeds.Rejected:
		c.refused.Add(1)
	default:
		c.other.Add(1)
	}
}
