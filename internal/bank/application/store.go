package application

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
)

// The refusals besides those of forms.
var (
	ErrMissing  = fault.New(fault.Missing, "application.missing")    // no such application of yours
	ErrSent     = fault.New(fault.Conflict, "application.sent")      // it is with the bank already, or decided
	ErrUploads  = fault.New(fault.Throttled, "application.uploads")  // too many pictures were sent: tomorrow, or call us
	ErrNoRetake = fault.New(fault.Conflict, "application.no_retake") // nothing is asked for again
)

// row is an application as it is stored.
type row struct {
	id        id.ID
	state     State
	lang      locale.Lang
	phone     phone.Number
	q         questionnaire
	word      []byte // sealed
	note      note
	client    client.ID
	twin      id.ID
	staff     string
	staffName string
	noAnswers int

	promised, call, created, changed, submitted, decided, met time.Time
}

// note is what the manager asked for or decided, under seal.
type note struct {
	Retakes []retake `json:"retakes,omitempty"`
	Reason  string   `json:"reason,omitempty"` // catalogue key
	Words   string   `json:"words,omitempty"`  // for colleagues
	Sent    uploads  `json:"sent,omitzero"`
}

type retake struct {
	Page Page   `json:"page"`
	Why  string `json:"why"`
	Note string `json:"note,omitempty"`
	Done bool   `json:"done,omitempty"` // sent anew
}

const cardColumns = `id, state, lang, phone, person, word, note, client, twin, staff, staff_name, no_answers,
	promised_us, call_us, created_us, changed_us, submitted_us, decided_us, met_us`

var (
	qCardNew = db.Query(`INSERT INTO card_application (id, state, lang, phone_hash, phone, person, client, staff, staff_name, no_answers,
		promised_us, call_us, created_us, changed_us, submitted_us, decided_us, met_us)
		VALUES ($1, $2, $3, $4, $5, $6, $7, '', '', 0, 0, 0, $8, $8, 0, 0, 0)`)
	qCard       = db.Query(`SELECT ` + cardColumns + ` FROM card_application WHERE id = $1`)
	qCardLock   = db.Query(`SELECT ` + cardColumns + ` FROM card_application WHERE id = $1 {for_update}`)
	qCardNewest = db.Query(`SELECT id FROM card_application WHERE phone_hash = $1 ORDER BY created_us DESC, id DESC LIMIT 1`)
	qCardOf     = db.Query(`SELECT id FROM card_application WHERE client = $1 ORDER BY created_us DESC, id DESC LIMIT 1`)
	qCardSave   = db.Query(`UPDATE card_application SET state = $2, lang = $3, person = $4, word = $5, note = $6, client = $7, twin = $8,
		staff = $9, staff_name = $10, no_answers = $11, promised_us = $12, call_us = $13, changed_us = $14, submitted_us = $15,
		decided_us = $16, met_us = $17 WHERE id = $1`)

	qLive     = db.Query(`SELECT application FROM card_application_live WHERE hash = $1`)
	qLiveTake = db.Query(`INSERT INTO card_application_live (hash, application) VALUES ($1, $2) ON CONFLICT DO NOTHING`)
	qLiveEnd  = db.Query(`DELETE FROM card_application_live WHERE application = $1`)
	qLiveFree = db.Query(`DELETE FROM card_application_live WHERE application = $1 AND hash <> $2`)
)

func cardAt(column string, key id.ID) vault.At {
	return vault.At{Table: "card_application." + column, Row: key.Bytes()}
}

// read finds an application by its number; ErrMissing when there is none.
func (s *Service) read(ctx context.Context, r db.Reader, q *db.Stmt, key id.ID) (row, error) {
	a := row{id: key}
	var raw, ph, person, sealedNote, twin []byte
	var who sql.NullInt64
	var promised, call, created, changed, submitted, decided, met int64
	err := r.Row(ctx, q, key.Bytes()).Scan(&raw, &a.state, &a.lang, &ph, &person, &a.word, &sealedNote, &who, &twin, &a.staff, &a.staffName,
		&a.noAnswers, &promised, &call, &created, &changed, &submitted, &decided, &met)
	if errors.Is(err, db.ErrNoRows) {
		return row{}, ErrMissing
	}
	if err != nil {
		return row{}, fmt.Errorf("read an application: %w", err)
	}
	e164, err := s.vault.OpenText(vault.PII, cardAt("phone", key), ph)
	if err != nil {
		return row{}, fmt.Errorf("phone of application %s: %w", key.Text(Prefix), err)
	}
	if err := s.unseal(cardAt("person", key), person, &a.q); err != nil {
		return row{}, err
	}
	if err := s.unseal(cardAt("note", key), sealedNote, &a.note); err != nil {
		return row{}, err
	}
	if twin != nil {
		if a.twin, err = id.FromBytes(twin); err != nil {
			return row{}, fmt.Errorf("read an application: %w", err)
		}
	}
	a.phone, a.client = phone.Number(e164), client.ID(who.Int64)
	a.promised, a.call, a.created, a.changed = moment(promised), moment(call), moment(created), moment(changed)
	a.submitted, a.decided, a.met = moment(submitted), moment(decided), moment(met)
	return a, nil
}

// unseal opens a sealed JSON; nil leaves the value as it is.
func (s *Service) unseal(where vault.At, sealed []byte, into any) error {
	if sealed == nil {
		return nil
	}
	plain, err := s.vault.Open(vault.PII, where, sealed)
	if err != nil {
		return fmt.Errorf("%s: %w", where.Table, err)
	}
	if json.Unmarshal(plain, into) != nil {
		return fmt.Errorf("%s is malformed", where.Table) // the cause may quote the person
	}
	return nil
}

func (s *Service) sealed(where vault.At, v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where.Table, err)
	}
	return s.vault.Seal(vault.PII, where, plain)
}

// create makes a draft and takes the alias of its phone; ErrStep of a racing
// twin is answered by reading again.
func (s *Service) create(ctx context.Context, tx db.Tx, a row) error {
	hash := s.vault.Lookup(vault.Phone, a.phone.E164())
	taken, err := tx.Exec(ctx, qLiveTake, hash, a.id.Bytes())
	if err != nil {
		return err
	}
	if taken == 0 {
		return access.ErrStep
	}
	ph, err := s.vault.SealText(vault.PII, cardAt("phone", a.id), a.phone.E164())
	if err != nil {
		return err
	}
	person, err := s.sealed(cardAt("person", a.id), a.q)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, qCardNew, a.id.Bytes(), int16(a.state), string(a.lang), hash, ph, person, whoOf(a.client), tx.Now().UnixMicro())
	return err
}

// save writes an application that was read for update.
func (s *Service) save(ctx context.Context, tx db.Tx, a row) error {
	person, err := s.sealed(cardAt("person", a.id), a.q)
	if err != nil {
		return err
	}
	sealedNote, err := s.sealed(cardAt("note", a.id), a.note)
	if err != nil {
		return err
	}
	var twin []byte
	if !a.twin.IsZero() {
		twin = a.twin.Bytes()
	}
	_, err = tx.Exec(ctx, qCardSave, a.id.Bytes(), int16(a.state), string(a.lang), person, a.word, sealedNote, whoOf(a.client), twin,
		a.staff, a.staffName, a.noAnswers, micro(a.promised), micro(a.call), tx.Now().UnixMicro(), micro(a.submitted), micro(a.decided), micro(a.met))
	return err
}

func whoOf(c client.ID) sql.NullInt64 { return sql.NullInt64{Int64: int64(c), Valid: c != 0} }

func micro(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// idOf reads a query for one identifier; ErrMissing when there is none.
func idOf(ctx context.Context, r db.Reader, q *db.Stmt, args ...any) (id.ID, error) {
	var raw []byte
	err := r.Row(ctx, q, args...).Scan(&raw)
	if errors.Is(err, db.ErrNoRows) {
		return id.ID{}, ErrMissing
	}
	if err != nil {
		return id.ID{}, fmt.Errorf("find an application: %w", err)
	}
	return id.FromBytes(raw)
}

// open lists the retakes that are still awaited.
func (n note) open() (out []Retaken) {
	for _, r := range n.Retakes {
		if !r.Done {
			out = append(out, Retaken{Page: r.Page, Why: "application.retake_" + r.Why, Note: r.Note})
		}
	}
	return out
}

func (n note) waitsFor(p Page) (retake, bool) {
	i := slices.IndexFunc(n.Retakes, func(r retake) bool { return r.Page == p && !r.Done })
	if i < 0 {
		return retake{}, false
	}
	return n.Retakes[i], true
}
