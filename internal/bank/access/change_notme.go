package access

import (
	"context"
	"fmt"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

// Freezer freezes a client's cards (room card).
type Freezer interface {
	// FreezeAll freezes every card that works and tells how many there were.
	FreezeAll(ctx context.Context, tx db.Tx, who client.ID) (int, error)
}

var (
	qAllDevices  = db.Query(`SELECT id FROM device WHERE client = $1 AND ended_us IS NULL ORDER BY id LIMIT 500`)
	qStrangeStop = db.Query(`INSERT INTO tally (kind, key, n, since_us) VALUES ($1, $2, $3, $4)
		ON CONFLICT (kind, key) DO UPDATE SET n = excluded.n, since_us = excluded.since_us`)
	qFactorForget = db.Query(`DELETE FROM factor_code WHERE client = $1`)
)

// NotMeAbout reads what the link of an alert is about, for the page with the
// button; ErrNoAlert when the link is none of ours or too old. It changes
// nothing: mail scanners and previews open links by themselves.
func (s *Service) NotMeAbout(ctx context.Context, token string) (ShownAlert, error) {
	who, alert, err := s.alertOf(ctx, token)
	if err != nil {
		return ShownAlert{}, err
	}
	return NewRaiser(s.vault, s.now).Find(ctx, s.db, who, alert)
}

// NotMe is the client's «Это не я», said by nothing but the link: at worst
// somebody who found it locks the client out and the contact centre lets him
// in again. Every session ends, cards are frozen, tokens that may move money
// are revoked, what was started is cancelled, the device it is about becomes a
// strange one, new devices are paused for a day and limits reduced for two.
// When it is a factor itself that was changed, nobody knows any more on which
// device the thief sits, and all devices become strange. Said again it
// changes nothing more.
func (s *Service) NotMe(ctx context.Context, token string) (ShownAlert, error) {
	who, alert, err := s.alertOf(ctx, token)
	if err != nil {
		return ShownAlert{}, err
	}
	return s.deny(ctx, who, alert, Session{})
}

// DenyAlert is NotMe from a page of the client's own session, which goes on.
func (s *Service) DenyAlert(ctx context.Context, in Session, alert id.ID) (ShownAlert, error) {
	return s.deny(ctx, in.Client, alert, in)
}

// LockDown is NotMe said on the phone: the contact centre may do it for
// whoever calls, since it only makes things safer. It ends no device.
func (s *Service) LockDown(ctx context.Context, by Staff, who client.ID) error {
	return s.db.Write(ctx, func(tx db.Tx) error {
		if err := s.lockDown(ctx, tx, who, Session{}); err != nil {
			return err
		}
		return s.recordBy(ctx, tx, staffActor(by), who, "client.locked_down", "", "")
	})
}

func (s *Service) alertOf(ctx context.Context, token string) (client.ID, id.ID, error) {
	hash := notMeHash(s.vault, token)
	if hash == nil {
		return 0, id.ID{}, ErrNoAlert
	}
	var who client.ID
	var raw []byte
	err := s.db.Row(ctx, qBearers, hash, bearAlert).Scan(&who, &raw)
	if noRows(err) {
		return 0, id.ID{}, ErrNoAlert
	}
	if err != nil {
		return 0, id.ID{}, fmt.Errorf("find an alert: %w", err)
	}
	alert, err := idOf(raw, "alert")
	return who, alert, err
}

func (s *Service) deny(ctx context.Context, who client.ID, alert id.ID, spare Session) (out ShownAlert, err error) {
	r := NewRaiser(s.vault, s.now)
	err = s.db.Write(ctx, func(tx db.Tx) error {
		now := s.now()
		if out, err = r.scan(tx.Row(ctx, qAlertLock, int64(who), alert.Bytes(), micro(now)).Scan); err != nil {
			return err
		}
		if !out.Denied.IsZero() {
			return nil
		}
		if _, err := tx.Exec(ctx, qAlertDenied, int64(who), alert.Bytes(), micro(now)); err != nil {
			return err
		}
		out.Denied = now
		devices, err := s.denied(ctx, tx, who, out)
		if err != nil {
			return err
		}
		for _, device := range devices {
			if device == spare.Device {
				continue
			}
			if err := s.endDevice(ctx, tx, who, device); err != nil && err != error(ErrMissing) {
				return err
			}
		}
		if err := s.endPasskeysSince(ctx, tx, who, out.At); err != nil {
			return err
		}
		if err := s.lockDown(ctx, tx, who, spare); err != nil {
			return err
		}
		return s.record(ctx, tx, who, "alert.denied", alert.Text(AlertPrefix), string(out.Kind))
	})
	return out, err
}

// denied lists the devices that end with an alert.
func (s *Service) denied(ctx context.Context, tx db.Tx, who client.ID, a ShownAlert) (out []id.ID, err error) {
	switch a.Kind {
	case AlertPasscode, AlertPhone, AlertCodeWord, AlertPerson:
	default:
		if a.Device.IsZero() {
			return nil, nil
		}
		return []id.ID{a.Device}, nil
	}
	rows, err := tx.Rows(ctx, qAllDevices, int64(who))
	if err != nil {
		return nil, fmt.Errorf("devices: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var raw []byte
		if err := rows.Scan(&raw); err != nil {
			return nil, fmt.Errorf("devices: %w", err)
		}
		device, err := idOf(raw, "device")
		if err != nil {
			return nil, err
		}
		out = append(out, device)
	}
	return out, rows.Err()
}

// lockDown stops whatever may be going on against the client's will.
func (s *Service) lockDown(ctx context.Context, tx db.Tx, who client.ID, spare Session) error {
	now := s.now()
	if _, err := tx.Exec(ctx, qEndAll, int64(who), micro(now), spare.ID.Bytes(), micro(now.Add(-s.limits.Idle))); err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	if err := s.revokeMovers(ctx, tx, who); err != nil {
		return err
	}
	for _, q := range []*db.Stmt{qRecoveryCancel, qNumberCancel} {
		if _, err := tx.Exec(ctx, q, int64(who)); err != nil {
			return fmt.Errorf("cancel what was started: %w", err)
		}
	}
	if _, err := tx.Exec(ctx, qFactorForget, int64(who)); err != nil {
		return fmt.Errorf("cancel what was started: %w", err)
	}
	_, err := tx.Exec(ctx, qStrangeStop, int16(strangePasses), vault.Row64(int64(who)), s.limits.WrongPass, micro(now))
	if err != nil {
		return fmt.Errorf("pause new devices: %w", err)
	}
	if err := s.reduce(ctx, tx, who, "not_me"); err != nil {
		return err
	}
	if s.cards == nil {
		return nil
	}
	_, err = s.cards.FreezeAll(ctx, tx, who)
	return err
}
