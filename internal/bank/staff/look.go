package staff

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

var (
	qLookNew = db.Query(`INSERT INTO staff_look (id, member, session, role, client, subject, case_id, what, reason, at_us)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`)
	qLook = db.Query(`SELECT member, session, client, subject, what, at_us FROM staff_look WHERE id = $1`)
	// How many different people somebody has opened since a moment.
	qLooked = db.Query(`SELECT COUNT(*) FROM (SELECT DISTINCT client, subject FROM staff_look WHERE member = $1 AND at_us > $2) d`)
	qLooks  = db.Query(`SELECT l.id, l.role, l.what, l.reason, l.at_us, c.kind, m.id, m.name
		FROM staff_look l JOIN staff_member m ON m.id = l.member JOIN staff_case c ON c.id = l.case_id
		WHERE l.client = $1 ORDER BY l.id DESC LIMIT $2`)
	qLooksBecome = db.Query(`UPDATE staff_look SET client = $2 WHERE subject = $1 AND client = 0`)
)

// roleFor is the single role in which an actor deals with a kind of case.
func roleFor(by Actor, k CaseKind) Roles {
	for _, one := range by.Roles().Each() {
		if one.Any(k.opens()) {
			return one
		}
	}
	for _, one := range by.Roles().Each() {
		if one.Any(Clients) {
			return one
		}
	}
	return 0
}

// Look opens a part of a client's or an applicant's data: it demands an open
// case assigned to the actor and a reason, keeps both where the client can
// read them, and writes the trail. Whoever then shows the data calls Looking
// at each page.
func (s *Service) Look(ctx context.Context, by Actor, of Target, what What, reason string) (out Look, err error) {
	err = s.db.Write(ctx, func(tx db.Tx) error {
		out, err = s.LookTx(ctx, tx, by, of, what, reason)
		return err
	})
	return out, err
}

// LookTx is Look within another room's unit of work. It writes the trail, so
// call it last.
func (s *Service) LookTx(ctx context.Context, tx db.Tx, by Actor, of Target, what What, reason string) (Look, error) {
	reason = strings.Join(strings.Fields(reason), " ")
	if n := utf8.RuneCountInString(reason); n < 10 || n > 200 {
		return Look{}, ErrReason.At("reason")
	}
	if !by.Has(Clients) {
		return Look{}, ErrRole
	}
	c, err := s.Holds(ctx, tx, by, of)
	if err != nil {
		return Look{}, err
	}
	return s.look(ctx, tx, by, c, of, what, reason)
}

func (s *Service) look(ctx context.Context, tx db.Tx, by Actor, c Case, of Target, what What, reason string) (Look, error) {
	if of.Client == 0 {
		of.Client = c.Client
	}
	l := Look{ID: s.ids.New(), At: s.now(), Who: by.Name(), Role: roleFor(by, c.Kind), What: what, Reason: reason, Case: c.Kind, Target: of}
	sealed, err := s.vault.SealText(vault.PII, lookAt(l.ID), reason)
	if err != nil {
		return Look{}, err
	}
	if _, err := tx.Exec(ctx, qLookNew, l.ID.Bytes(), by.ID().Bytes(), by.Session().Bytes(), int64(l.Role), int64(of.Client), of.Subject,
		c.ID.Bytes(), string(what), sealed, micro(l.At)); err != nil {
		return Look{}, fmt.Errorf("keep a look: %w", err)
	}
	if err := s.alarms(ctx, tx, by, of.Client, l.At); err != nil {
		return Look{}, err
	}
	return l, audit.Append(ctx, tx, audit.Entry{
		At: tx.Now(), Actor: by.Ref(), Client: int64(of.Client), Act: "staff.look", Subject: l.ID.Text(LookPrefix),
		Details: []byte(string(what) + " " + c.Text()),
	})
}

// alarms looks at who has opened too many people, and at bait.
func (s *Service) alarms(ctx context.Context, tx db.Tx, by Actor, who client.ID, now time.Time) error {
	if s.alarm == nil {
		return nil
	}
	var n int
	if err := tx.Row(ctx, qLooked, by.ID().Bytes(), micro(now.Add(-time.Hour))).Scan(&n); err != nil {
		return fmt.Errorf("count looks: %w", err)
	}
	if n >= s.limits.ManyLooks {
		if err := s.alarm.Raise(ctx, tx, "mass_viewing", by.Ref(), n); err != nil {
			return err
		}
	}
	bait, err := s.alarm.Decoy(ctx, tx, who)
	if err != nil || !bait {
		return err
	}
	return s.alarm.Raise(ctx, tx, "decoy", by.Ref(), 1)
}

// Looking tells that a look still opens its part: the same member, session and
// person, not too long ago, and the case still open and his. Each page shown
// is a line of the trail.
func (s *Service) Looking(ctx context.Context, by Actor, look id.ID, of Target) (Look, error) {
	var member, session []byte
	var at int64
	l := Look{ID: look, Who: by.Name()}
	err := s.db.Row(ctx, qLook, look.Bytes()).Scan(&member, &session, &l.Target.Client, &l.Target.Subject, &l.What, &at)
	if errors.Is(err, db.ErrNoRows) {
		return Look{}, ErrLookTooOld
	}
	if err != nil {
		return Look{}, fmt.Errorf("read a look: %w", err)
	}
	l.At = moment(at)
	me, here := by.ID(), by.Session()
	if string(member) != string(me[:]) || string(session) != string(here[:]) || s.now().Sub(l.At) > s.limits.LookFor ||
		of.Client != l.Target.Client || of.Client == 0 && of.Subject != l.Target.Subject {
		return Look{}, ErrLookTooOld
	}
	if !by.Has(Clients) {
		return Look{}, ErrRole
	}
	return l, s.db.Write(ctx, func(tx db.Tx) error {
		if _, err := s.Holds(ctx, tx, by, of); err != nil {
			return err
		}
		return s.record(ctx, tx, by.Ref(), l.Target.Client, "staff.read", look.Text(LookPrefix), string(l.What))
	})
}

// LooksAt tells a client who has looked at his data, newest first.
func (s *Service) LooksAt(ctx context.Context, who client.ID) ([]Look, error) {
	if who == 0 {
		return nil, nil
	}
	rows, err := s.db.Rows(ctx, qLooks, int64(who), 200)
	if err != nil {
		return nil, fmt.Errorf("looks: %w", err)
	}
	defer rows.Close()
	var out []Look
	for rows.Next() {
		var raw, reason, member, name []byte
		var at int64
		l := Look{Target: Target{Client: who}}
		if err := rows.Scan(&raw, &l.Role, &l.What, &reason, &at, &l.Case, &member, &name); err != nil {
			return nil, fmt.Errorf("looks: %w", err)
		}
		l.At = moment(at)
		if l.ID, err = id.FromBytes(raw); err != nil {
			return nil, err
		}
		if l.Reason, err = s.vault.OpenText(vault.PII, lookAt(l.ID), reason); err != nil {
			return nil, fmt.Errorf("the reason of a look: %w", err)
		}
		if l.Who, err = s.shortName(member, name); err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, rows.Err()
}

// LooksBecomeTx gives the looks at an application to the client it became, so
// that he sees them too.
func (s *Service) LooksBecomeTx(ctx context.Context, tx db.Tx, subject string, who client.ID) error {
	_, err := tx.Exec(ctx, qLooksBecome, subject, int64(who))
	return err
}

// Searched keeps that somebody searched for a client: how and whether he was
// found, never by what.
func (s *Service) Searched(ctx context.Context, by Actor, how string, who client.ID) error {
	if !by.Has(Clients) {
		return ErrRole
	}
	return s.db.Write(ctx, func(tx db.Tx) error {
		if who != 0 && s.alarm != nil {
			switch bait, err := s.alarm.Decoy(ctx, tx, who); {
			case err != nil:
				return err
			case bait:
				if err := s.alarm.Raise(ctx, tx, "decoy", by.Ref(), 1); err != nil {
					return err
				}
			}
		}
		return s.record(ctx, tx, by.Ref(), who, "staff.search", "", how)
	})
}

func lookAt(l id.ID) vault.At { return vault.At{Table: "staff_look.reason", Row: l.Bytes()} }
