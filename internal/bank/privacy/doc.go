// Package privacy answers a client who asks what the bank knows of him: which
// consents he gave, who of the staff looked at his data and why, everything
// the bank holds about him as a file to take away, and what will be deleted
// when he asks for it.
//
// The room owns next to nothing itself. It asks the others through their
// exported functions and through small ports, and shows the client's own data
// whole, but never a secret: no code word, no passcode, no key, no full card
// number. A request to delete is weighed against what the law makes a bank
// keep; what is kept is named with its law and its term.
package privacy

import (
	"context"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
)

// DeletionPrefix is the outside form of a deletion request's identifier.
const DeletionPrefix = "dl"

// The refusals.
var (
	ErrStepUp     = fault.New(fault.Forbidden, "privacy.step_up")      // a fresh passcode or passkey is needed
	ErrNoDeletion = fault.New(fault.Missing, "privacy.no_deletion")    // no open request of yours
	ErrOpen       = fault.New(fault.Conflict, "privacy.deletion_open") // one is being answered already
)

// Consent is one line of the log: a consent given or taken back.
type Consent struct {
	Kind    string // «marketing»; its name is application.consent_KIND
	Version string // of the text
	Given   bool
	At      time.Time
}

// Look is one look of the staff at a client's data.
type Look struct {
	Who    string // short name, «Мария О.»
	Role   string // catalogue key or word of the role
	What   string
	Reason string
	At     time.Time
}

// Application is what the bank holds of a questionnaire.
type Application struct {
	ID        string
	State     string
	Made      time.Time
	Changed   time.Time
	Documents []string // which pages were photographed
}

// Dispute is what a client said is wrong with a purchase, and what came of it.
type Dispute struct {
	ID        string
	Operation string
	Reason    string
	State     string
	Made      time.Time
	Promised  time.Time
	Changed   time.Time
	Credit    money.Amount // returned; zero: nothing
	Said      []Said
}

// Said is one message of a dispute.
type Said struct {
	By   string
	Text string
	At   time.Time
}

// Friend is somebody in the client's contact book, as he wrote him down.
type Friend struct {
	Name      string
	Phone     string // E.164
	Favourite bool
	Since     time.Time
}

// Authentication is a shop's question whether the client himself buys in the
// internet, and what came of it.
type Authentication struct {
	ID       string
	Card     string // its last four digits
	Shop     string
	Amount   string // «4990.00 RUB»
	At       time.Time
	Outcome  string
	ByHolder bool // he was asked and answered
}

// Ports are what other rooms know of a client. A nil one knows nothing.
type Ports struct {
	Consents func(ctx context.Context, who client.ID) ([]Consent, error)
	// TakeBack takes back the consents that an account can do without, and throws
	// away what nobody makes the bank keep: the contact book.
	TakeBack     func(ctx context.Context, tx db.Tx, who client.ID) error
	Looks        func(ctx context.Context, who client.ID) ([]Look, error)
	Applications func(ctx context.Context, who client.ID) ([]Application, error)
	Disputes     func(ctx context.Context, who client.ID) ([]Dispute, error)
	Friends      func(ctx context.Context, who client.ID) ([]Friend, error)
	// Findable tells whether he agreed to be found by his number.
	Findable func(ctx context.Context, who client.ID) (bool, error)
	// Authentications are the newest ones first.
	Authentications func(ctx context.Context, who client.ID) ([]Authentication, error)
	// Ended tells when a client's contract ended; the zero time: it runs.
	Ended func(ctx context.Context, who client.ID) (time.Time, error)
}

// Deps is what a Service works with.
type Deps struct {
	DB         *db.DB
	Vault      *vault.Vault // shreds the keys of those who are let go
	IDs        *id.Source
	Clients    *client.Directory
	Cards      *card.Service
	Operations *operation.Service
	Access     *access.Service
	Ports      Ports
	Bank       string           // the bank's name, first line of the files; may be empty
	Now        func() time.Time // real time: the age of proofs
}

// Service answers clients about their own data. It is safe for concurrent use.
type Service struct{ d Deps }

// New makes the service.
func New(d Deps) *Service { return &Service{d} }

// Consents is the log of a client's consents, newest first.
func (s *Service) Consents(ctx context.Context, who client.ID) ([]Consent, error) {
	if s.d.Ports.Consents == nil {
		return nil, nil
	}
	return s.d.Ports.Consents(ctx, who)
}

// Looks tells who of the staff looked at a client's data, in which role, when
// and why, newest first («Кто смотрел мои данные»).
func (s *Service) Looks(ctx context.Context, who client.ID) ([]Look, error) {
	if s.d.Ports.Looks == nil {
		return nil, nil
	}
	return s.d.Ports.Looks(ctx, who)
}

// proofFor is how long a passcode check may be used.
const proofFor = 5 * time.Minute

// fresh tells whose proof it is, when it is one of the last minutes.
func (s *Service) fresh(p access.Proof) (client.ID, error) {
	if p.Client() == 0 || s.d.Now().Sub(p.At()) > proofFor {
		return 0, ErrStepUp
	}
	return p.Client(), nil
}
