package application

import (
	"context"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
)

// ConsentKind names one of the consents, each asked for separately.
type ConsentKind string

// The consents. Terms and PersonalData are needed for an account.
const (
	Terms        ConsentKind = "terms"         // the contract and the electronic signature
	PersonalData ConsentKind = "personal_data" // processing of personal data (152-ФЗ)
	CreditBureau ConsentKind = "credit_bureau"
	Marketing    ConsentKind = "marketing"
)

// consentVersions are the versions of the texts people agree to; the texts are
// application.consent_KIND in the catalogue. Who changes a text changes its version.
func consentVersions() []Consent {
	return []Consent{
		{Kind: Terms, Version: "2026-11-01", Needed: true},
		{Kind: PersonalData, Version: "2026-11-01", Needed: true},
		{Kind: CreditBureau, Version: "2026-11-01"},
		{Kind: Marketing, Version: "2026-11-01"},
	}
}

// Consent is one consent and how it stands.
type Consent struct {
	Kind    ConsentKind
	Version string // of the text
	Needed  bool   // no account without it
	Given   bool
	At      time.Time // when it was last given or taken back; zero: never
}

// Key is the catalogue key of the text.
func (c Consent) Key() string { return "application.consent_" + string(c.Kind) }

var (
	qConsentPut = db.Query(`INSERT INTO consent (id, application, client, kind, version, given, at_us) VALUES ($1, $2, $3, $4, $5, $6, $7)`)
	qConsents   = db.Query(`SELECT kind, version, given, at_us FROM consent WHERE application = $1 ORDER BY at_us, id LIMIT 200`)
	qConsentLog = db.Query(`SELECT kind, version, given, at_us FROM consent WHERE client = $1 ORDER BY at_us, id LIMIT 500`)
	qConsentWho = db.Query(`UPDATE consent SET client = $2 WHERE application = $1`)
)

// keepConsents logs what has changed; what stands already is not written twice.
func (s *Service) keepConsents(ctx context.Context, tx db.Tx, a row, given map[ConsentKind]bool) error {
	stand, err := s.consentsOf(ctx, tx, a.id)
	if err != nil {
		return err
	}
	for _, c := range stand {
		if c.Given == given[c.Kind] && !c.At.IsZero() {
			continue
		}
		if _, err := tx.Exec(ctx, qConsentPut, s.ids.New().Bytes(), a.id.Bytes(), whoOf(a.client), string(c.Kind), c.Version, given[c.Kind], tx.Now().UnixMicro()); err != nil {
			return err
		}
	}
	return nil
}

// consentsOf tells how each consent of an application stands under the
// versions of today: agreeing to an older text does not count.
func (s *Service) consentsOf(ctx context.Context, r db.Reader, key id.ID) ([]Consent, error) {
	log, err := consentLog(ctx, r, qConsents, key.Bytes())
	if err != nil {
		return nil, err
	}
	out := consentVersions()
	for i := range out {
		for _, c := range log {
			if c.Kind == out[i].Kind && c.Version == out[i].Version {
				out[i].Given, out[i].At = c.Given, c.At
			}
		}
	}
	return out, nil
}

// Consents is the log of a client's consents, oldest first: everything he ever
// agreed to or took back, with the version of the text.
func (s *Service) Consents(ctx context.Context, who client.ID) ([]Consent, error) {
	return consentLog(ctx, s.db, qConsentLog, int64(who))
}

// ErrConsentKept tells that a consent cannot be taken back while the account is open.
var ErrConsentKept = fault.New(fault.Refused, "application.consent_kept")

// SetConsent gives or takes back one of the consents that an account can do
// without, in the caller's unit of work.
func (s *Service) SetConsent(ctx context.Context, tx db.Tx, who client.ID, kind ConsentKind, given bool) error {
	for _, c := range consentVersions() {
		if c.Kind != kind {
			continue
		}
		if c.Needed && !given {
			return ErrConsentKept
		}
		_, err := tx.Exec(ctx, qConsentPut, s.ids.New().Bytes(), id.ID{}.Bytes(), int64(who), string(kind), c.Version, given, tx.Now().UnixMicro())
		return err
	}
	return ErrMissing
}

func consentLog(ctx context.Context, r db.Reader, q *db.Stmt, key any) (out []Consent, err error) {
	rows, err := r.Rows(ctx, q, key)
	if err != nil {
		return nil, fmt.Errorf("consents: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var c Consent
		var at int64
		if err := rows.Scan(&c.Kind, &c.Version, &c.Given, &at); err != nil {
			return nil, fmt.Errorf("consents: %w", err)
		}
		c.At = moment(at)
		out = append(out, c)
	}
	return out, rows.Err()
}
