package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/vault"
)

// Papers are what the bank knows of a client as a person, besides his birth
// date and phone. Dates are ISO. Printed by accident they are stars.
type Papers struct {
	// First and Last are the name he had when the version was written; empty in
	// versions that are older than any change of name.
	First      string `json:"first,omitempty"`
	Last       string `json:"last,omitempty"`
	Middle     string `json:"middle,omitempty"`
	Email      string `json:"email,omitempty"`
	Series     string `json:"series,omitempty"`
	Number     string `json:"number,omitempty"`
	Department string `json:"department,omitempty"`
	IssuedBy   string `json:"issued_by,omitempty"`
	IssuedOn   string `json:"issued_on,omitempty"`
	BirthPlace string `json:"birth_place,omitempty"`
	PostCode   string `json:"post_code,omitempty"`
	Region     string `json:"region,omitempty"` // a code of application.Regions
	City       string `json:"city,omitempty"`
	Street     string `json:"street,omitempty"`
	House      string `json:"house,omitempty"`
	Flat       string `json:"flat,omitempty"`
}

// Format is stars under every verb.
func (p Papers) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("•••")) }

// LogValue is stars.
func (p Papers) LogValue() slog.Value { return slog.StringValue("•••") }

// MarshalJSON refuses, so that no encoder writes papers by accident.
func (p Papers) MarshalJSON() ([]byte, error) { return nil, errMarshal }

// storedPapers are Papers as they rest under the seal.
type storedPapers Papers

// PassportEnd is what staff see of a passport without a reason: its last digits.
func (p Papers) PassportEnd() string { return p.Number[max(0, len(p.Number)-3):] }

// PapersVersion is one version of somebody's papers; all are kept.
type PapersVersion struct {
	Papers  Papers
	Version int
	Source  string // «ap_…», or the order by which they were changed
	At      time.Time
}

// ErrPassportTaken tells that a passport already belongs to a client. It is
// for staff: a stranger never learns it.
var ErrPassportTaken = fault.New(fault.Conflict, "client.passport_taken")

var (
	qPapers     = db.Query(`SELECT version, person, source, at_us FROM client_person WHERE client = $1 ORDER BY version DESC LIMIT $2`)
	qPapersHave = db.Query(`SELECT COUNT(*) FROM client_person WHERE client = $1`)
	qPapersPut  = db.Query(`INSERT INTO client_person (client, version, person, source, at_us) VALUES ($1, $2, $3, $4, $5)`)
	qPassport   = db.Query(`SELECT client FROM client_passport WHERE hash = $1`)
	qPassportIn = db.Query(`INSERT INTO client_passport (hash, client) VALUES ($1, $2) ON CONFLICT DO NOTHING`)
	qLevel      = db.Query(`UPDATE client SET level = $2 WHERE id = $1`)
)

// PassportHash is the keyed hash by which a passport is found: its series and
// number, digits only.
func (d *Directory) PassportHash(seriesAndNumber string) []byte {
	return d.vault.Lookup(vault.Passport, seriesAndNumber)
}

// HoldsPassport tells whose passport it is; ErrNobody when it is nobody's.
func (d *Directory) HoldsPassport(ctx context.Context, r db.Reader, seriesAndNumber string) (ID, error) {
	var who ID
	err := r.Row(ctx, qPassport, d.PassportHash(seriesAndNumber)).Scan(&who)
	if errors.Is(err, db.ErrNoRows) {
		return 0, ErrNobody
	}
	return who, err
}

// HasPapers tells whether a client has filled in the questionnaire.
func (d *Directory) HasPapers(ctx context.Context, r db.Reader, who ID) (bool, error) {
	var n int
	err := r.Row(ctx, qPapersHave, int64(who)).Scan(&n)
	return n > 0, err
}

// Papers reads the newest version; ErrNobody when there is none.
func (d *Directory) Papers(ctx context.Context, who ID) (Papers, error) {
	all, err := d.papers(ctx, d.db, who, 1)
	if err != nil {
		return Papers{}, err
	}
	if len(all) == 0 {
		return Papers{}, ErrNobody
	}
	return all[0].Papers, nil
}

// maxVersions bounds the history of one client's papers.
const maxVersions = 100

// PapersHistory lists all versions, newest first.
func (d *Directory) PapersHistory(ctx context.Context, who ID) ([]PapersVersion, error) {
	return d.papers(ctx, d.db, who, maxVersions)
}

func (d *Directory) papers(ctx context.Context, r db.Reader, who ID, most int) (out []PapersVersion, err error) {
	rows, err := r.Rows(ctx, qPapers, int64(who), most)
	if err != nil {
		return nil, fmt.Errorf("papers of client %d: %w", who, err)
	}
	type stored struct {
		PapersVersion
		sealed []byte
	}
	var all []stored
	for rows.Next() {
		var v stored
		var at int64
		if err := rows.Scan(&v.Version, &v.sealed, &v.Source, &at); err != nil {
			rows.Close()
			return nil, fmt.Errorf("papers of client %d: %w", who, err)
		}
		v.At = time.UnixMicro(at).UTC()
		all = append(all, v)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, fmt.Errorf("papers of client %d: %w", who, err)
	}
	for _, v := range all {
		plain, err := d.openPapers(ctx, r, who, v.Version, v.sealed)
		if errors.Is(err, vault.ErrShredded) {
			return nil, nil // deleted for good: there are none any more
		}
		if err != nil {
			return nil, fmt.Errorf("papers of client %d: %w", who, err)
		}
		if json.Unmarshal(plain, (*storedPapers)(&v.Papers)) != nil {
			return nil, fmt.Errorf("papers of client %d are malformed", who)
		}
		out = append(out, v.PapersVersion)
	}
	return out, nil
}

// PutPapers keeps a further version of a client's papers in a unit of work, with
// the name he has now; ErrPassportTaken when the passport is another client's.
func (d *Directory) PutPapers(ctx context.Context, tx db.Tx, who ID, p Papers, source string) error {
	now, err := d.nameOf(ctx, tx, who)
	if err != nil {
		return err
	}
	p.First, p.Last = now.First, now.Last
	if key := p.Series + p.Number; key != "" {
		if _, err := tx.Exec(ctx, qPassportIn, d.PassportHash(key), int64(who)); err != nil {
			return err
		}
		if owner, err := d.HoldsPassport(ctx, tx, key); err != nil {
			return err
		} else if owner != who {
			return ErrPassportTaken
		}
	}
	old, err := d.papers(ctx, tx, who, 1)
	if err != nil {
		return err
	}
	version := 1
	if len(old) > 0 {
		version = old[0].Version + 1
	}
	plain, err := json.Marshal(storedPapers(p))
	if err != nil {
		return fmt.Errorf("papers of client %d: %w", who, err)
	}
	sealed, err := d.sealPapers(ctx, tx, who, version, plain)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, qPapersPut, int64(who), version, sealed, source, tx.Now().UnixMicro())
	return err
}

var (
	qName    = db.Query(`SELECT name FROM client WHERE id = $1`)
	qSetName = db.Query(`UPDATE client SET name = $2 WHERE id = $1`)
)

func (d *Directory) nameOf(ctx context.Context, r db.Reader, who ID) (Name, error) {
	var sealed []byte
	err := r.Row(ctx, qName, int64(who)).Scan(&sealed)
	if errors.Is(err, db.ErrNoRows) {
		return Name{}, ErrNobody
	}
	if err != nil {
		return Name{}, fmt.Errorf("name of client %d: %w", who, err)
	}
	return d.openName(who, sealed)
}

// ChangeName gives a client another name within a unit of work, and keeps the
// papers that show it as a further version. The name before stays readable: a
// version that is older than names in papers is written once more with it.
// Cards that exist keep the name they were made with; new ones have this one.
func (d *Directory) ChangeName(ctx context.Context, tx db.Tx, who ID, to Name, p Papers, source string) error {
	old, err := d.papers(ctx, tx, who, 1)
	if err != nil {
		return err
	}
	if len(old) == 0 || old[0].Papers.First+old[0].Papers.Last == "" {
		var before PapersVersion
		if len(old) > 0 {
			before = old[0]
		}
		if err := d.PutPapers(ctx, tx, who, before.Papers, source); err != nil {
			return err
		}
	}
	sealed, err := d.sealName(who, to)
	if err != nil {
		return err
	}
	if n, err := tx.Exec(ctx, qSetName, int64(who), sealed); err != nil {
		return fmt.Errorf("change the name of client %d: %w", who, err)
	} else if n == 0 {
		return ErrNobody
	}
	return d.PutPapers(ctx, tx, who, p, source)
}

func papersAt(who ID, version int) vault.At {
	return vault.At{Table: "client_person.person", Row: append(vault.Row64(int64(who)), vault.Row64(int64(version))...)}
}

func (d *Directory) sealPapers(ctx context.Context, tx db.Tx, who ID, version int, plain []byte) ([]byte, error) {
	return d.vault.SealFor(ctx, tx, int64(who), vault.PII, papersAt(who, version), plain)
}

func (d *Directory) openPapers(ctx context.Context, r db.Reader, who ID, version int, sealed []byte) ([]byte, error) {
	return d.vault.OpenFor(ctx, r, int64(who), vault.PII, papersAt(who, version), sealed)
}

// SetLevel keeps how well a client was identified, in a unit of work.
func (d *Directory) SetLevel(ctx context.Context, tx db.Tx, who ID, level Level) error {
	n, err := tx.Exec(ctx, qLevel, int64(who), int16(level))
	if err == nil && n == 0 {
		err = ErrNobody
	}
	return err
}
