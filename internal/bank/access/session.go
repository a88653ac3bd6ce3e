package access

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/vault"
)

const (
	// touchEvery spares a write per request. The last seconds before a touch
	// are not seen, so an idle session ends up to this much early, never late.
	touchEvery = 15 * time.Second

	// rotationGrace is how long a replaced session cookie still works.
	rotationGrace = time.Minute
)

var (
	qSessionNew = db.Query(`INSERT INTO session (client, id, device, lang, started_us, seen_us, ends_us)
		VALUES ($1, $2, $3, $4, $5, $5, $6)`)
	qSession = db.Query(`SELECT s.client, s.id, s.device, s.lang, s.started_us, s.seen_us, s.ends_us, s.ended_us, b.until_us
		FROM bearer b JOIN session s ON s.client = b.client AND s.id = b.ref WHERE b.hash = $1 AND b.kind = 2`)
	qAlive = db.Query(`SELECT client, id, device, lang, started_us, seen_us, ends_us, ended_us, NULL
		FROM session WHERE client = $1 AND id = $2`)
	// A touch never wakes a session that ended meanwhile.
	qTouch = db.Query(`UPDATE session SET seen_us = $3
		WHERE client = $1 AND id = $2 AND ended_us IS NULL AND seen_us < $3 AND seen_us > $4 AND ends_us > $3`)
	qEnd    = db.Query(`UPDATE session SET ended_us = $3 WHERE client = $1 AND id = $2 AND ended_us IS NULL`)
	qEndAll = db.Query(`UPDATE session SET ended_us = $2 WHERE client = $1 AND id <> $3 AND ended_us IS NULL
		AND seen_us > $4 AND ends_us > $2`)
	qEndOn = db.Query(`UPDATE session SET ended_us = $3 WHERE client = $1 AND device = $2 AND ended_us IS NULL`)
)

func (s *Service) openSession(ctx context.Context, tx db.Tx, who client.ID, device id.ID, lang locale.Lang) (Entry, error) {
	now := s.now()
	in := Session{
		ID: s.ids.New(), Client: who, Device: device, Lang: lang,
		Started: now, Seen: now, IdleEnds: now.Add(s.limits.Idle), Ends: now.Add(s.limits.Absolute),
	}
	_, err := tx.Exec(ctx, qSessionNew, int64(who), in.ID.Bytes(), device.Bytes(), string(lang), micro(now), micro(in.Ends))
	if err != nil {
		return Entry{}, fmt.Errorf("open a session: %w", err)
	}
	token := newSecret()
	if _, err := tx.Exec(ctx, qBear, s.hash(token), bearSession, int64(who), in.ID.Bytes()); err != nil {
		return Entry{}, fmt.Errorf("open a session: %w", err)
	}
	return Entry{Session: in, SessionToken: vault.Hide(token)}, nil
}

// Session tells who holds a session cookie. The refusals say why nobody does:
// ErrNoSession, ErrIdle, ErrTooOld, ErrEnded.
func (s *Service) Session(ctx context.Context, token string, a Activity) (Session, error) {
	hash := s.hash(token)
	if hash == nil {
		return Session{}, ErrNoSession
	}
	in, err := s.session(s.db.Row(ctx, qSession, hash))
	if err != nil {
		return Session{}, err
	}
	now := s.now()
	if a == Acts && now.Sub(in.Seen) >= touchEvery {
		err := s.db.Write(ctx, func(tx db.Tx) error {
			_, err := tx.Exec(ctx, qTouch, int64(in.Client), in.ID.Bytes(), micro(now), micro(now.Add(-s.limits.Idle)))
			return err
		})
		if err != nil {
			return Session{}, fmt.Errorf("touch a session: %w", err)
		}
		in.Seen, in.IdleEnds = now, now.Add(s.limits.Idle)
	}
	return in, nil
}

// Alive tells whether a session still stands, for a stream that lives longer
// than its request; it is no activity.
func (s *Service) Alive(ctx context.Context, in Session) (Session, error) {
	return s.session(s.db.Row(ctx, qAlive, int64(in.Client), in.ID.Bytes()))
}

func (s *Service) session(row *sql.Row) (Session, error) {
	var in Session
	var rawID, rawDevice []byte
	var started, seen, ends int64
	var ended, until sql.NullInt64
	err := row.Scan(&in.Client, &rawID, &rawDevice, &in.Lang, &started, &seen, &ends, &ended, &until)
	if errors.Is(err, db.ErrNoRows) {
		return Session{}, ErrNoSession
	}
	if err != nil {
		return Session{}, fmt.Errorf("read a session: %w", err)
	}
	if in.ID, err = id.FromBytes(rawID); err != nil {
		return Session{}, fmt.Errorf("read a session: %w", err)
	}
	if in.Device, err = id.FromBytes(rawDevice); err != nil {
		return Session{}, fmt.Errorf("read a session: %w", err)
	}
	in.Started, in.Seen, in.Ends = moment(started), moment(seen), moment(ends)
	in.IdleEnds = in.Seen.Add(s.limits.Idle)
	now := s.now()
	switch {
	case ended.Valid:
		return Session{}, ErrEnded
	case !now.Before(in.Ends):
		return Session{}, ErrTooOld
	case !now.Before(in.IdleEnds):
		return Session{}, ErrIdle
	case until.Valid && !now.Before(moment(until.Int64)):
		return Session{}, ErrNoSession
	}
	return in, nil
}

// ConfirmPasscode takes a fresh passcode inside a session, before an order or
// something dangerous. Wrong tries count on the device together with those of
// its logins; the one that pauses the device ends its sessions.
func (s *Service) ConfirmPasscode(ctx context.Context, in Session, passcode string) (Confirmed, error) {
	if err := s.judge(ctx, in.Client, in.Device, passcode); err != nil {
		return Confirmed{}, err
	}
	token := newSecret()
	var proof Proof
	err := s.db.Write(ctx, func(tx db.Tx) error {
		now := s.now()
		if _, err := tx.Exec(ctx, qTryRight, int64(in.Client), in.Device.Bytes(), micro(now)); err != nil {
			return err
		}
		if _, err := s.session(tx.Row(ctx, qAlive, int64(in.Client), in.ID.Bytes())); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qTouch, int64(in.Client), in.ID.Bytes(), micro(now), micro(now.Add(-s.limits.Idle))); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qRetire, int64(in.Client), in.ID.Bytes(), micro(now.Add(rotationGrace))); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qBear, s.hash(token), bearSession, int64(in.Client), in.ID.Bytes()); err != nil {
			return err
		}
		proof = Proof{client: in.Client, session: in.ID, device: in.Device, at: now}
		return s.record(ctx, tx, in.Client, "step_up", in.ID.Text(SessionPrefix), "")
	})
	if err != nil {
		return Confirmed{}, err
	}
	return Confirmed{Proof: proof, SessionToken: vault.Hide(token)}, nil
}

// Logout ends the session; the device stays known.
func (s *Service) Logout(ctx context.Context, in Session) error {
	err := s.EndSession(ctx, in.Client, in.ID)
	if errors.Is(err, ErrMissing) {
		return nil // it had ended already
	}
	return err
}

// EndSession ends one of the client's sessions.
func (s *Service) EndSession(ctx context.Context, who client.ID, session id.ID) error {
	return s.db.Write(ctx, func(tx db.Tx) error {
		n, err := tx.Exec(ctx, qEnd, int64(who), session.Bytes(), micro(s.now()))
		if err != nil {
			return fmt.Errorf("end a session: %w", err)
		}
		if n == 0 {
			return ErrMissing
		}
		return s.record(ctx, tx, who, "session.ended", session.Text(SessionPrefix), "")
	})
}

// EndOthers ends every live session of the client but this one and tells how many.
func (s *Service) EndOthers(ctx context.Context, in Session) (int, error) {
	return s.endAllBut(ctx, in.Client, in.ID)
}

// EndAll ends every live session of the client, this one too, and tells how many.
func (s *Service) EndAll(ctx context.Context, in Session) (int, error) {
	return s.endAllBut(ctx, in.Client, id.ID{})
}

func (s *Service) endAllBut(ctx context.Context, who client.ID, spare id.ID) (ended int, err error) {
	err = s.db.Write(ctx, func(tx db.Tx) error {
		now := s.now()
		n, err := tx.Exec(ctx, qEndAll, int64(who), micro(now), spare.Bytes(), micro(now.Add(-s.limits.Idle)))
		if err != nil {
			return fmt.Errorf("end sessions: %w", err)
		}
		if ended = int(n); ended == 0 {
			return nil
		}
		return s.record(ctx, tx, who, "sessions.ended", "", "")
	})
	return ended, err
}

func (s *Service) endSessionsOf(ctx context.Context, tx db.Tx, who client.ID, device id.ID) error {
	_, err := tx.Exec(ctx, qEndOn, int64(who), device.Bytes(), micro(s.now()))
	return err
}
