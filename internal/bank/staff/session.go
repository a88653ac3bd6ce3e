package staff

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

// touchEvery spares a write per request.
const touchEvery = 15 * time.Second

var (
	qSessionNew = db.Query(`INSERT INTO staff_session (hash, id, member, way, started_us, seen_us, ends_us, ended_us)
		VALUES ($1, $2, $3, $4, $5, $5, $6, NULL)`)
	// The member is read with the session, so that his rights of this moment count.
	qSession = db.Query(`SELECT s.id, s.way, s.started_us, s.seen_us, s.ends_us, s.ended_us, ` + memberColumns + `
		FROM staff_session s JOIN staff_member m ON m.id = s.member WHERE s.hash = $1`)
	qTouch       = db.Query(`UPDATE staff_session SET seen_us = $2 WHERE hash = $1 AND ended_us IS NULL AND seen_us < $2`)
	qSessionEnd  = db.Query(`UPDATE staff_session SET ended_us = $2 WHERE id = $1 AND ended_us IS NULL`)
	qSessionsEnd = db.Query(`UPDATE staff_session SET ended_us = $2 WHERE member = $1 AND ended_us IS NULL`)
	qSessionsOld = db.Query(`DELETE FROM staff_session WHERE ends_us < $1`)
	qLinksOld    = db.Query(`DELETE FROM staff_link WHERE until_us < $1`)
	qCeremonyOld = db.Query(`DELETE FROM staff_ceremony WHERE until_us < $1`)
)

// Entry is a login that worked.
type Entry struct {
	Session Session
	// Token is the session cookie; it dies with the browser.
	Token vault.Hidden
}

func (s *Service) openSession(ctx context.Context, tx db.Tx, m Member, way Way) (Entry, error) {
	now := s.now()
	in := Session{ID: s.ids.New(), Member: m, Way: way, Started: now, IdleEnds: now.Add(s.limits.Idle), Ends: now.Add(s.limits.Absolute)}
	token := newSecret()
	_, err := tx.Exec(ctx, qSessionNew, s.hash(token), in.ID.Bytes(), m.ID.Bytes(), int16(way), micro(now), micro(in.Ends))
	if err != nil {
		return Entry{}, fmt.Errorf("open a session of staff: %w", err)
	}
	how := "passkey"
	if way == ByDemoLink {
		how = "demo link"
	}
	return Entry{Session: in, Token: vault.Hide(token)}, s.record(ctx, tx, in.Actor().Ref(), 0, "staff.login", m.Text(), how)
}

// Session tells who holds a session cookie, with the rights he has now. The
// refusals say why nobody does: ErrNoSession, ErrIdle, ErrTooOld, ErrDisabled.
func (s *Service) Session(ctx context.Context, token string, a Activity) (Session, error) {
	hash := s.hash(token)
	if hash == nil {
		return Session{}, ErrNoSession
	}
	var in Session
	var rawID, rawMember, name []byte
	var started, seen, ends, created int64
	var ended sql.NullInt64
	m := &in.Member
	err := s.db.Row(ctx, qSession, hash).Scan(&rawID, &in.Way, &started, &seen, &ends, &ended,
		&rawMember, &name, &m.Roles, &m.State, &created, &m.Passkeys)
	if errors.Is(err, db.ErrNoRows) {
		return Session{}, ErrNoSession
	}
	if err != nil {
		return Session{}, fmt.Errorf("read a session of staff: %w", err)
	}
	if in.ID, err = id.FromBytes(rawID); err != nil {
		return Session{}, err
	}
	if m.ID, err = id.FromBytes(rawMember); err != nil {
		return Session{}, err
	}
	in.Started, in.Ends, m.Created = moment(started), moment(ends), moment(created)
	in.IdleEnds = moment(seen).Add(s.limits.Idle)
	now := s.now()
	switch {
	case m.State != Active:
		return Session{}, ErrDisabled
	case ended.Valid:
		return Session{}, ErrNoSession
	case !now.Before(in.Ends):
		return Session{}, ErrTooOld
	case !now.Before(in.IdleEnds):
		return Session{}, ErrIdle
	}
	if m.Name, err = s.openName(m.ID, name); err != nil {
		return Session{}, err
	}
	if a == Acts && now.Sub(moment(seen)) >= touchEvery {
		if err := s.db.Write(ctx, func(tx db.Tx) error {
			_, err := tx.Exec(ctx, qTouch, hash, micro(now))
			return err
		}); err != nil {
			return Session{}, fmt.Errorf("touch a session of staff: %w", err)
		}
		in.IdleEnds = now.Add(s.limits.Idle)
	}
	return in, nil
}

// Logout ends a session.
func (s *Service) Logout(ctx context.Context, in Session) error {
	return s.db.Write(ctx, func(tx db.Tx) error {
		n, err := tx.Exec(ctx, qSessionEnd, in.ID.Bytes(), micro(s.now()))
		if err != nil || n == 0 {
			return err
		}
		return s.record(ctx, tx, in.Actor().Ref(), 0, "staff.logout", in.Member.Text(), "")
	})
}

func (s *Service) endSessions(ctx context.Context, tx db.Tx, who id.ID) error {
	_, err := tx.Exec(ctx, qSessionsEnd, who.Bytes(), micro(s.now()))
	return err
}

// Sweep throws away sessions, links and dialogues that are long over.
func (s *Service) Sweep(ctx context.Context) error {
	return s.db.Write(ctx, func(tx db.Tx) error {
		old := micro(s.now().Add(-30 * 24 * time.Hour))
		for _, q := range []*db.Stmt{qSessionsOld, qLinksOld, qCeremonyOld} {
			if _, err := tx.Exec(ctx, q, old); err != nil {
				return err
			}
		}
		return nil
	})
}
