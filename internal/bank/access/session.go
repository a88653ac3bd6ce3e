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

const (
	sessionColumns = `s.client, s.id, s.device, s.lang, s.started_us, s.seen_us, s.ends_us, COALESCE(s.ended_us, d.ended_us),
		d.kind, d.public_key, d.reduced_us, COALESCE(k.reduced_us, 0)`
	ofDevice = `JOIN device d ON d.client = s.client AND d.id = s.device LEFT JOIN client_risk k ON k.client = s.client`
)

var (
	qSessionNew = db.Query(`INSERT INTO session (client, id, device, lang, started_us, seen_us, ends_us)
		VALUES ($1, $2, $3, $4, $5, $5, $6)`)
	qSession = db.Query(`SELECT ` + sessionColumns + `, b.until_us, b.made_us
		FROM bearer b JOIN session s ON s.client = b.client AND s.id = b.ref ` + ofDevice + ` WHERE b.hash = $1 AND b.kind = 2`)
	qAlive = db.Query(`SELECT ` + sessionColumns + `, NULL, 0 FROM session s ` + ofDevice + ` WHERE s.client = $1 AND s.id = $2`)
	// A touch never wakes a session that ended meanwhile.
	qTouch = db.Query(`UPDATE session SET seen_us = $3
		WHERE client = $1 AND id = $2 AND ended_us IS NULL AND seen_us < $3 AND seen_us > $4 AND ends_us > $3`)
	qEnd    = db.Query(`UPDATE session SET ended_us = $3 WHERE client = $1 AND id = $2 AND ended_us IS NULL`)
	qEndAll = db.Query(`UPDATE session SET ended_us = $2 WHERE client = $1 AND id <> $3 AND ended_us IS NULL
		AND seen_us > $4 AND ends_us > $2`)
	qEndOn = db.Query(`UPDATE session SET ended_us = $3 WHERE client = $1 AND device = $2 AND ended_us IS NULL`)
)

// openSession opens a session on a device.
func (s *Service) openSession(ctx context.Context, tx db.Tx, who client.ID, on deviceRow, lang locale.Lang) (Entry, error) {
	now := s.now()
	in := Session{
		ID: s.ids.New(), Client: who, Device: on.id, Kind: on.kind, Lang: lang, key: string(on.key), cookieMade: now,
		Started: now, Seen: now, IdleEnds: now.Add(s.limits.Idle), Ends: now.Add(s.limits.Absolute),
	}
	_, err := tx.Exec(ctx, qSessionNew, int64(who), in.ID.Bytes(), on.id.Bytes(), string(lang), micro(now), micro(in.Ends))
	if err != nil {
		return Entry{}, fmt.Errorf("open a session: %w", err)
	}
	token := newSecret()
	if err := s.bearSession(ctx, tx, who, in.ID, on.kind, token, now); err != nil {
		return Entry{}, err
	}
	in.cookie = string(s.hash(token))
	if on.kind == Keyed {
		in.CookieEnds = now.Add(s.limits.Cookie)
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
	in.cookie = string(hash)
	own, err := s.clients.Stands(ctx, in.Client)
	if err != nil {
		return Session{}, err
	}
	in.Standing.Level, in.Standing.Blocked, in.Standing.Own = own.Level, own.Blocked, own.Own
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
// than its request; it is no activity. A stream of a keyed device ends with
// the cookie that opened it, and the browser comes again with its newer one.
func (s *Service) Alive(ctx context.Context, in Session) (Session, error) {
	if !in.CookieEnds.IsZero() && !s.now().Before(in.CookieEnds) {
		return Session{}, ErrIdle
	}
	now, err := s.session(s.db.Row(ctx, qAlive, int64(in.Client), in.ID.Bytes()))
	now.CookieEnds, now.cookie, now.cookieMade = in.CookieEnds, in.cookie, in.cookieMade
	now.Standing.Level, now.Standing.Blocked, now.Standing.Own = in.Standing.Level, in.Standing.Blocked, in.Standing.Own
	return now, err
}

func (s *Service) session(row *sql.Row) (Session, error) {
	var in Session
	var rawID, rawDevice []byte
	var key []byte
	var started, seen, ends, newUntil, riskUntil, made int64
	var ended, until sql.NullInt64
	err := row.Scan(&in.Client, &rawID, &rawDevice, &in.Lang, &started, &seen, &ends, &ended,
		&in.Kind, &key, &newUntil, &riskUntil, &until, &made)
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
	in.key, in.cookieMade = string(key), moment(made)
	in.Standing.Scriptless = in.Kind != Keyed
	in.Standing.Reduced = s.reduced(newUntil, riskUntil)
	if until.Valid && in.Kind == Keyed {
		in.CookieEnds = moment(until.Int64)
	}
	now := s.now()
	switch {
	case ended.Valid:
		return Session{}, ErrEnded
	case !now.Before(in.Ends):
		return Session{}, ErrTooOld
	case !now.Before(in.IdleEnds):
		return Session{}, ErrIdle
	case !until.Valid || now.Before(moment(until.Int64)):
		return in, nil
	case in.Kind == Keyed:
		return Session{}, ErrIdle // no proof for so long
	}
	return Session{}, ErrNoSession
}

// ConfirmPasscode takes a fresh passcode inside a session, before an order or
// something dangerous. Wrong tries count on the device together with those of
// its logins; the one that pauses the device ends its sessions.
func (s *Service) ConfirmPasscode(ctx context.Context, in Session, passcode string) (Confirmed, error) {
	if err := s.judge(ctx, in.Client, in.Device, passcode); err != nil {
		return Confirmed{}, err
	}
	return s.stepUp(ctx, in, nil)
}

// stepUp gives whoever has just proved himself his proof and a new cookie.
// What also writes lands in the same unit of work.
func (s *Service) stepUp(ctx context.Context, in Session, also func(db.Tx) error) (Confirmed, error) {
	token := newSecret()
	var proof Proof
	err := s.db.Write(ctx, func(tx db.Tx) error {
		now := s.now()
		if also != nil {
			if err := also(tx); err != nil {
				return err
			}
		}
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
		if err := s.bearSession(ctx, tx, in.Client, in.ID, in.Kind, token, now); err != nil {
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
