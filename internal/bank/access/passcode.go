package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

var (
	qPasscode    = db.Query(`SELECT hash FROM passcode WHERE client = $1`)
	qPasscodeSet = db.Query(`INSERT INTO passcode (client, hash, set_us) VALUES ($1, $2, $3)
		ON CONFLICT (client) DO UPDATE SET hash = excluded.hash, set_us = excluded.set_us`)
	// A try is taken before it is judged; a paused device has none to take.
	qTry = db.Query(`UPDATE device SET wrong = wrong + 1
		WHERE client = $1 AND id = $2 AND ended_us IS NULL AND paused_us <= $3 RETURNING wrong`)
	qPause     = db.Query(`UPDATE device SET paused_us = $3 WHERE client = $1 AND id = $2`)
	qPausedTil = db.Query(`SELECT paused_us FROM device WHERE client = $1 AND id = $2 AND ended_us IS NULL`)
	qTryBack   = db.Query(`UPDATE device SET wrong = wrong - 1, paused_us = 0 WHERE client = $1 AND id = $2 AND wrong > 0`)
	qTryRight  = db.Query(`UPDATE device SET wrong = 0, paused_us = 0, seen_us = $3
		WHERE client = $1 AND id = $2 AND ended_us IS NULL`)
)

// Passcodes are four to six digits.
const (
	minPasscode = 4
	maxPasscode = 6
)

// ValidPasscode tells whether a text has the form of a passcode.
func ValidPasscode(s string) bool {
	return len(s) >= minPasscode && len(s) <= maxPasscode && allDigits(s)
}

// pauses follow each other when a device keeps failing; after the last the
// device becomes a strange one.
var pauses = [...]time.Duration{15 * time.Minute, time.Hour, 24 * time.Hour}

func passcodeAt(who client.ID) vault.At {
	return vault.At{Table: "passcode.hash", Row: vault.Row64(int64(who))}
}

// storedPasscode reads a client's passcode hash; empty for nobody, which no
// passcode fits.
func (s *Service) storedPasscode(ctx context.Context, r db.Reader, who client.ID) (string, error) {
	var sealed []byte
	err := r.Row(ctx, qPasscode, int64(who)).Scan(&sealed)
	if errors.Is(err, db.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("passcode: %w", err)
	}
	// Sealed for its client: a hash copied to another client's row does not open.
	return s.vault.OpenText(vault.Secret, passcodeAt(who), sealed)
}

func (s *Service) setPasscode(ctx context.Context, tx db.Tx, who client.ID, hash string, now time.Time) error {
	sealed, err := s.vault.SealText(vault.Secret, passcodeAt(who), hash)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, qPasscodeSet, int64(who), sealed, micro(now))
	return err
}

// judge checks a passcode on a known device; nil means right. The same
// passcode that comes several times at once, as a double tap does, is judged
// once and counts once.
func (s *Service) judge(ctx context.Context, who client.ID, device id.ID, passcode string) error {
	if !ValidPasscode(passcode) {
		return ErrPassForm.At("passcode")
	}
	return s.once(ctx, func(ctx context.Context) error { return s.judgeKnown(ctx, who, device, passcode) },
		[]byte("known"), vault.Row64(int64(who)), device.Bytes(), []byte(passcode))
}

// once runs fn for all callers that ask for the same thing at the same moment.
func (s *Service) once(ctx context.Context, fn func(context.Context) error, same ...[]byte) error {
	done := s.judging.DoChan(string(s.vault.MAC("access.once", same...)), func() (any, error) {
		return nil, fn(context.WithoutCancel(ctx)) // the others have not gone away
	})
	select {
	case r := <-done:
		return r.Err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Service) judgeKnown(ctx context.Context, who client.ID, device id.ID, passcode string) error {
	var stored string
	var tries int
	var until time.Time
	err := s.db.Write(ctx, func(tx db.Tx) (err error) {
		tries, until, err = s.takeTry(ctx, tx, who, device)
		if err != nil {
			return err
		}
		stored, err = s.storedPasscode(ctx, tx, who)
		return err
	})
	if err != nil {
		return err
	}
	right, err := s.vault.CheckPasscode(ctx, stored, passcode)
	switch {
	case errors.Is(err, vault.ErrBusy):
		// Not judged, so no try is lost.
		return errors.Join(err, s.write(ctx, qTryBack, int64(who), device.Bytes()))
	case err != nil:
		return err
	case right:
		return s.write(ctx, qTryRight, int64(who), device.Bytes(), micro(s.now()))
	}
	return s.failed(ctx, who, device, tries, until)
}

// write runs one statement as a unit of work.
func (s *Service) write(ctx context.Context, q *db.Stmt, args ...any) error {
	return s.db.Write(ctx, func(tx db.Tx) error {
		_, err := tx.Exec(ctx, q, args...)
		return err
	})
}

// takeTry counts a try. The one that fills a round of five pauses the device
// at once and is still judged; if it is right, the pause goes with the count.
func (s *Service) takeTry(ctx context.Context, tx db.Tx, who client.ID, device id.ID) (tries int, until time.Time, err error) {
	now := s.now()
	err = tx.Row(ctx, qTry, int64(who), device.Bytes(), micro(now)).Scan(&tries)
	if errors.Is(err, db.ErrNoRows) {
		var paused int64
		err = tx.Row(ctx, qPausedTil, int64(who), device.Bytes()).Scan(&paused)
		if errors.Is(err, db.ErrNoRows) {
			return 0, time.Time{}, ErrNoDevice
		}
		if err != nil {
			return 0, time.Time{}, fmt.Errorf("device pause: %w", err)
		}
		return 0, time.Time{}, ErrPaused.With("until", moment(paused)).At("passcode")
	}
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("take a try: %w", err)
	}
	if tries%s.limits.WrongPass == 0 {
		until = now.Add(pauses[min(tries/s.limits.WrongPass, len(pauses))-1])
		_, err = tx.Exec(ctx, qPause, int64(who), device.Bytes(), micro(until))
	}
	return tries, until, err
}

// failed keeps what a wrong passcode on a known device means.
func (s *Service) failed(ctx context.Context, who client.ID, device id.ID, tries int, until time.Time) error {
	subject := device.Text(DevicePrefix)
	err := s.db.Write(ctx, func(tx db.Tx) error {
		switch {
		case until.IsZero():
			return s.record(ctx, tx, who, "passcode.wrong", subject, "")
		case tries > len(pauses)*s.limits.WrongPass:
			if err := s.endDevice(ctx, tx, who, device); err != nil {
				return err
			}
			return s.record(ctx, tx, who, "device.ended", subject, "too many wrong passcodes")
		}
		if err := s.endSessionsOf(ctx, tx, who, device); err != nil {
			return err
		}
		return s.record(ctx, tx, who, "device.paused", subject, "")
	})
	switch {
	case err != nil:
		return err
	case tries > len(pauses)*s.limits.WrongPass && !until.IsZero():
		return ErrNoDevice
	case !until.IsZero():
		return ErrPaused.With("until", until).At("passcode")
	}
	left := s.limits.WrongPass - tries%s.limits.WrongPass
	return ErrWrongPass.With("n", left).At("passcode")
}
