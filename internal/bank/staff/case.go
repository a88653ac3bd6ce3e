package staff

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

const caseColumns = `id, kind, client, subject, assignee, state, proved_us, opened_us, changed_us`

var (
	qCaseNew = db.Query(`INSERT INTO staff_case (id, kind, client, subject, assignee, state, proved_us, opened_by, opened_us, changed_us)
		VALUES ($1, $2, $3, $4, $5, 1, 0, $6, $7, $7)`)
	qCase     = db.Query(`SELECT ` + caseColumns + ` FROM staff_case WHERE id = $1`)
	qCaseLock = db.Query(`SELECT ` + caseColumns + ` FROM staff_case WHERE id = $1 {for_update}`)
	qCaseSet  = db.Query(`UPDATE staff_case SET assignee = $2, state = $3, client = $4, proved_us = $5, changed_us = $6 WHERE id = $1`)
	qCasesBy  = db.Query(`SELECT ` + caseColumns + ` FROM staff_case WHERE assignee = $1 AND state = 1 ORDER BY id DESC LIMIT 200`)
	qCasesOf  = db.Query(`SELECT ` + caseColumns + ` FROM staff_case WHERE client = $1 ORDER BY id DESC LIMIT 100`)
	qCaseOn   = db.Query(`SELECT ` + caseColumns + ` FROM staff_case WHERE subject = $1 AND state = 1 ORDER BY id DESC LIMIT 1`)
	qHolds    = db.Query(`SELECT ` + caseColumns + ` FROM staff_case
		WHERE assignee = $1 AND state = 1 AND client = $2 ORDER BY id DESC LIMIT 1`)
	qHoldsOn = db.Query(`SELECT ` + caseColumns + ` FROM staff_case
		WHERE assignee = $1 AND state = 1 AND subject = $2 ORDER BY id DESC LIMIT 1`)

	qNoteNew = db.Query(`INSERT INTO staff_note (id, client, case_id, member, body, at_us) VALUES ($1, $2, $3, $4, $5, $6)`)
	qNotes   = db.Query(`SELECT n.id, n.body, n.at_us, m.id, m.name FROM staff_note n JOIN staff_member m ON m.id = n.member
		WHERE n.client = $1 ORDER BY n.id DESC LIMIT 100`)
)

// NewCase describes a case to be opened.
type NewCase struct {
	Kind     CaseKind
	Client   client.ID // 0: nobody's yet
	Subject  string    // "ca_…"; may be empty when Client is set
	Assignee id.ID     // whose it is; zero: it waits in a queue
}

// opens tells with which roles a member may open a case of a kind for himself.
func (k CaseKind) opens() Roles {
	switch k {
	case CaseApplication:
		return Manager
	case CaseCall:
		return Support | CardOfficer | Manager
	case CaseComplaint:
		return Support | CardOfficer | Compliance
	case CaseCheck:
		return Compliance
	}
	return 0
}

// OpenCase opens a case and assigns it to who opens it.
func (s *Service) OpenCase(ctx context.Context, by Actor, n NewCase) (c Case, err error) {
	if !by.Has(n.Kind.opens()) {
		return Case{}, ErrRole
	}
	n.Assignee = by.ID()
	err = s.db.Write(ctx, func(tx db.Tx) error {
		if c, err = s.OpenCaseTx(ctx, tx, by.Ref(), n); err != nil {
			return err
		}
		return s.record(ctx, tx, by.Ref(), n.Client, "case.opened", c.Text(), n.Kind.Word())
	})
	return c, err
}

// OpenCaseTx opens a case within a unit of work of another room, which writes
// its own line of the trail. By is who does it: an actor's Ref, or "system". A
// subject has one open case: asked again, it is that one.
func (s *Service) OpenCaseTx(ctx context.Context, tx db.Tx, by string, n NewCase) (Case, error) {
	if n.Subject != "" {
		c, err := s.scanCase(tx.Row(ctx, qCaseOn, n.Subject))
		if !errors.Is(err, ErrMissing) {
			return c, err
		}
	}
	now := s.now()
	c := Case{ID: s.ids.New(), Kind: n.Kind, Client: n.Client, Subject: n.Subject, Assignee: n.Assignee, State: CaseOpen, Opened: now, Changed: now}
	_, err := tx.Exec(ctx, qCaseNew, c.ID.Bytes(), int16(n.Kind), int64(n.Client), n.Subject, orNil(n.Assignee), by, micro(now))
	if err != nil {
		return Case{}, fmt.Errorf("open a case: %w", err)
	}
	return c, nil
}

// TakeCaseTx assigns an open case to a member; ErrCaseTaken when it is
// somebody else's.
func (s *Service) TakeCaseTx(ctx context.Context, tx db.Tx, by Actor, of id.ID) (Case, error) {
	return s.moveCase(ctx, tx, of, func(c *Case) error {
		if !by.Has(c.Kind.opens()) {
			return ErrRole
		}
		if !c.Assignee.IsZero() && c.Assignee != by.ID() {
			return ErrCaseTaken
		}
		c.Assignee = by.ID()
		return nil
	})
}

// HandOverTx gives a case back to its queue (to zero) or to another member.
func (s *Service) HandOverTx(ctx context.Context, tx db.Tx, of, to id.ID) (Case, error) {
	return s.moveCase(ctx, tx, of, func(c *Case) error { c.Assignee = to; return nil })
}

// BecomesTx tells a case whose client its subject has become.
func (s *Service) BecomesTx(ctx context.Context, tx db.Tx, of id.ID, who client.ID) (Case, error) {
	return s.moveCase(ctx, tx, of, func(c *Case) error { c.Client = who; return nil })
}

// CloseCaseTx ends a case within another room's unit of work.
func (s *Service) CloseCaseTx(ctx context.Context, tx db.Tx, of id.ID) (Case, error) {
	return s.moveCase(ctx, tx, of, func(c *Case) error { c.State = CaseClosed; return nil })
}

// CloseCase ends a case of one's own: it opens nothing any more.
func (s *Service) CloseCase(ctx context.Context, by Actor, of id.ID) error {
	return s.db.Write(ctx, func(tx db.Tx) error {
		c, err := s.moveCase(ctx, tx, of, func(c *Case) error {
			if c.Assignee != by.ID() {
				return ErrNoCase
			}
			c.State = CaseClosed
			return nil
		})
		if err != nil {
			return err
		}
		return s.record(ctx, tx, by.Ref(), c.Client, "case.closed", c.Text(), c.Kind.Word())
	})
}

func (s *Service) moveCase(ctx context.Context, tx db.Tx, of id.ID, change func(*Case) error) (Case, error) {
	c, err := s.scanCase(tx.Row(ctx, qCaseLock, of.Bytes()))
	if err != nil {
		return Case{}, err
	}
	if c.State != CaseOpen {
		return Case{}, ErrCaseClosed
	}
	if err := change(&c); err != nil {
		return Case{}, err
	}
	c.Changed = s.now()
	var proved int64
	if !c.Proved.IsZero() {
		proved = micro(c.Proved)
	}
	_, err = tx.Exec(ctx, qCaseSet, c.ID.Bytes(), orNil(c.Assignee), int16(c.State), int64(c.Client), proved, micro(c.Changed))
	return c, err
}

// CaseByID reads a case; whether it opens anything for somebody is another question.
func (s *Service) CaseByID(ctx context.Context, of id.ID) (Case, error) {
	return s.scanCase(s.db.Row(ctx, qCase, of.Bytes()))
}

// CaseOn finds the open case of a subject; ErrMissing when there is none.
func (s *Service) CaseOn(ctx context.Context, r db.Reader, subject string) (Case, error) {
	return s.scanCase(r.Row(ctx, qCaseOn, subject))
}

// Cases lists the open cases of a member, newest first.
func (s *Service) Cases(ctx context.Context, by Actor) ([]Case, error) {
	return s.cases(ctx, qCasesBy, by.ID().Bytes())
}

// CasesOf lists the cases about a client, newest first.
func (s *Service) CasesOf(ctx context.Context, who client.ID) ([]Case, error) {
	return s.cases(ctx, qCasesOf, int64(who))
}

// Holds finds the open case that is assigned to the actor and about the
// target; ErrNoCase when he has none.
func (s *Service) Holds(ctx context.Context, r db.Reader, by Actor, of Target) (Case, error) {
	c, err := Case{}, error(ErrMissing)
	if of.Client != 0 {
		c, err = s.scanCase(r.Row(ctx, qHolds, by.ID().Bytes(), int64(of.Client)))
	}
	if errors.Is(err, ErrMissing) && of.Subject != "" {
		c, err = s.scanCase(r.Row(ctx, qHoldsOn, by.ID().Bytes(), of.Subject))
	}
	if errors.Is(err, ErrMissing) {
		err = ErrNoCase
	}
	return c, err
}

// own reads an open case of the actor's.
func (s *Service) own(ctx context.Context, r db.Reader, by Actor, of id.ID) (Case, error) {
	c, err := s.scanCase(r.Row(ctx, qCase, of.Bytes()))
	switch {
	case errors.Is(err, ErrMissing):
		return Case{}, ErrNoCase
	case err != nil:
		return Case{}, err
	case c.Assignee != by.ID() || c.State != CaseOpen:
		return Case{}, ErrNoCase
	}
	return c, nil
}

// CodeWords hears the code word of a caller; room access.
type CodeWords interface {
	// CheckCodeWord says whether it was the right word; it counts tries.
	CheckCodeWord(ctx context.Context, who client.ID, by access.Staff, word string) (bool, error)
}

// provedFor is how long a code word said in a call opens changes.
const provedFor = 30 * time.Minute

// HearCodeWord passes on what the member heard on the phone: the answer is yes
// or no and nothing else. A yes lets the case propose changes for half an hour.
func (s *Service) HearCodeWord(ctx context.Context, by Actor, of id.ID, words CodeWords, heard string) (bool, error) {
	if !by.Has(Support) {
		return false, ErrRole
	}
	c, err := s.own(ctx, s.db, by, of)
	if err != nil {
		return false, err
	}
	right, err := words.CheckCodeWord(ctx, c.Client, by, heard)
	if err != nil || !right {
		return false, err
	}
	return true, s.db.Write(ctx, func(tx db.Tx) error {
		c, err := s.moveCase(ctx, tx, of, func(c *Case) error { c.Proved = s.now(); return nil })
		if err != nil {
			return err
		}
		return s.record(ctx, tx, by.Ref(), c.Client, "case.proved", c.Text(), "code word")
	})
}

// Proved tells that the caller of a case has said his code word a short while
// ago; ErrNotProved otherwise.
func (s *Service) Proved(ctx context.Context, by Actor, of id.ID) (Case, error) {
	return s.proved(ctx, s.db, by, of)
}

func (s *Service) proved(ctx context.Context, r db.Reader, by Actor, of id.ID) (Case, error) {
	c, err := s.own(ctx, r, by, of)
	if err != nil {
		return Case{}, err
	}
	if c.Proved.IsZero() || s.now().Sub(c.Proved) > provedFor {
		return Case{}, ErrNotProved
	}
	return c, nil
}

// Did keeps an act on a client, done in a case of one's own, in the trail.
func (s *Service) Did(ctx context.Context, by Actor, of id.ID, act string) error {
	return s.db.Write(ctx, func(tx db.Tx) error {
		c, err := s.own(ctx, tx, by, of)
		if err != nil {
			return err
		}
		return s.record(ctx, tx, by.Ref(), c.Client, act, c.Text(), "")
	})
}

// AddNote writes a note about a client; a case of one's own is needed.
func (s *Service) AddNote(ctx context.Context, by Actor, who client.ID, text string) error {
	if n := len([]rune(text)); n == 0 || n > 2000 {
		return ErrNoteLength.At("note")
	}
	return s.db.Write(ctx, func(tx db.Tx) error {
		c, err := s.Holds(ctx, tx, by, Target{Client: who})
		if err != nil {
			return err
		}
		key := s.ids.New()
		sealed, err := s.vault.SealText(vault.PII, vault.At{Table: "staff_note.body", Row: key.Bytes()}, text)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qNoteNew, key.Bytes(), int64(who), c.ID.Bytes(), by.ID().Bytes(), sealed, micro(tx.Now())); err != nil {
			return err
		}
		return s.record(ctx, tx, by.Ref(), who, "staff.note", key.Text(NotePrefix), "")
	})
}

// Notes reads what was written about a client; a case of one's own is needed.
func (s *Service) Notes(ctx context.Context, by Actor, who client.ID) ([]Note, error) {
	if _, err := s.Holds(ctx, s.db, by, Target{Client: who}); err != nil {
		return nil, err
	}
	rows, err := s.db.Rows(ctx, qNotes, int64(who))
	if err != nil {
		return nil, fmt.Errorf("notes: %w", err)
	}
	defer rows.Close()
	var out []Note
	for rows.Next() {
		var raw, body, member, name []byte
		var at int64
		if err := rows.Scan(&raw, &body, &at, &member, &name); err != nil {
			return nil, err
		}
		n := Note{At: moment(at)}
		if n.ID, err = id.FromBytes(raw); err != nil {
			return nil, err
		}
		if n.Text, err = s.vault.OpenText(vault.PII, vault.At{Table: "staff_note.body", Row: n.ID.Bytes()}, body); err != nil {
			return nil, err
		}
		if n.Who, err = s.shortName(member, name); err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, rows.Err()
}

func (s *Service) shortName(member, sealed []byte) (string, error) {
	who, err := id.FromBytes(member)
	if err != nil {
		return "", err
	}
	n, err := s.openName(who, sealed)
	return n.Short(), err
}

func (s *Service) cases(ctx context.Context, q *db.Stmt, arg any) ([]Case, error) {
	rows, err := s.db.Rows(ctx, q, arg)
	if err != nil {
		return nil, fmt.Errorf("cases: %w", err)
	}
	defer rows.Close()
	var out []Case
	for rows.Next() {
		c, err := s.scanCase(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

func (s *Service) scanCase(row interface{ Scan(...any) error }) (Case, error) {
	var c Case
	var raw, assignee []byte
	var proved, opened, changed int64
	err := row.Scan(&raw, &c.Kind, &c.Client, &c.Subject, &assignee, &c.State, &proved, &opened, &changed)
	if errors.Is(err, sql.ErrNoRows) {
		return Case{}, ErrMissing
	}
	if err != nil {
		return Case{}, fmt.Errorf("read a case: %w", err)
	}
	if c.ID, err = id.FromBytes(raw); err != nil {
		return Case{}, err
	}
	if c.Assignee, err = fromBytes(assignee); err != nil {
		return Case{}, err
	}
	c.Proved, c.Opened, c.Changed = moment(proved), moment(opened), moment(changed)
	return c, nil
}

// InCase does something to a client within one unit of work, if the actor has
// one of the roles and an open case about him. Act names it in the trail; do
// may write lines of its own.
func (s *Service) InCase(ctx context.Context, by Actor, roles Roles, who client.ID, act, subject string, do func(context.Context, db.Tx) error) error {
	if !by.Has(roles) {
		return ErrRole
	}
	return s.db.Write(ctx, func(tx db.Tx) error {
		c, err := s.Holds(ctx, tx, by, Target{Client: who})
		if err != nil {
			return err
		}
		if err := do(ctx, tx); err != nil {
			return err
		}
		return s.record(ctx, tx, by.Ref(), who, act, subject, c.Text())
	})
}
