package access

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
)

const (
	maxDevices  = 100 // on one page
	maxSessions = 500
)

var (
	qEnrol = db.Query(`INSERT INTO device (client, id, kind, public_key, name, wrong, paused_us, reduced_us, created_us, seen_us)
		VALUES ($1, $2, $3, $4, $5, 0, 0, $6, $7, $7)`)
	qAnyDevice = db.Query(`SELECT COUNT(*) FROM device WHERE client = $1`)
	qDevices   = db.Query(`SELECT id, kind, public_key, name, reduced_us, created_us, seen_us FROM device
		WHERE client = $1 AND ended_us IS NULL ORDER BY seen_us DESC, id DESC LIMIT $2`)
	qSessions = db.Query(`SELECT id, device, lang, started_us, seen_us, ends_us FROM session
		WHERE client = $1 AND ended_us IS NULL AND ends_us > $2 AND seen_us > $3 ORDER BY seen_us DESC, id DESC LIMIT $4`)
	qEndDevice = db.Query(`UPDATE device SET ended_us = $3 WHERE client = $1 AND id = $2 AND ended_us IS NULL`)
)

// deviceRow is what a login needs of a device.
type deviceRow struct {
	id      id.ID
	kind    DeviceKind
	key     []byte // SPKI DER; nil without a key
	name    string
	reduced int64 // business time; 0: no reduced limits
}

// deviceOf reads a known device; ErrNoDevice when it is none any more.
func (s *Service) deviceOf(ctx context.Context, r db.Reader, who client.ID, device id.ID) (deviceRow, error) {
	d := deviceRow{id: device}
	err := r.Row(ctx, qDevice, int64(who), device.Bytes()).Scan(&d.kind, &d.key, &d.name, &d.reduced)
	if errors.Is(err, db.ErrNoRows) {
		return deviceRow{}, ErrNoDevice
	}
	if err != nil {
		return deviceRow{}, fmt.Errorf("device: %w", err)
	}
	return d, nil
}

// enrol makes a device known, with the key spki or, when that is nil, without.
// A client's first device has his whole trust, and so has one that a passkey
// vouches for; any other starts with reduced limits, and he is told of it (A14).
func (s *Service) enrol(ctx context.Context, tx db.Tx, who client.ID, device id.ID, token string, spki []byte, vouched bool, from Visitor) (deviceRow, error) {
	d := deviceRow{id: device, kind: Scriptless, key: spki, name: coarse(from.Agent)}
	if len(spki) > 0 {
		d.kind = Keyed
	}
	var others int
	if err := tx.Row(ctx, qAnyDevice, int64(who)).Scan(&others); err != nil {
		return deviceRow{}, fmt.Errorf("enrol a device: %w", err)
	}
	if others > 0 && !vouched {
		d.reduced = micro(tx.Now().Add(s.limits.Reduced))
	}
	now := micro(s.now())
	if _, err := tx.Exec(ctx, qEnrol, int64(who), d.id.Bytes(), int16(d.kind), d.key, d.name, d.reduced, now); err != nil {
		return deviceRow{}, fmt.Errorf("enrol a device: %w", err)
	}
	if _, err := tx.Exec(ctx, qBear, s.hash(token), bearDevice, int64(who), d.id.Bytes()); err != nil {
		return deviceRow{}, fmt.Errorf("enrol a device: %w", err)
	}
	if others == 0 {
		return d, nil
	}
	return d, s.tell(ctx, tx, News{Kind: NewDevice, Client: who, Device: d.id, Name: d.name, Place: place(from)})
}

// Devices lists a client's known devices with their live sessions, the most
// recently used first. in may be zero.
func (s *Service) Devices(ctx context.Context, who client.ID, in Session) (out []Device, err error) {
	err = s.db.Read(ctx, func(r db.Reader) error {
		live, err := s.liveSessions(ctx, r, who)
		if err != nil {
			return err
		}
		rows, err := r.Rows(ctx, qDevices, int64(who), maxDevices)
		if err != nil {
			return fmt.Errorf("devices: %w", err)
		}
		defer rows.Close()
		out = nil
		for rows.Next() {
			var d Device
			var raw, key []byte
			var reduced, since, last int64
			if err := rows.Scan(&raw, &d.Kind, &key, &d.Name, &reduced, &since, &last); err != nil {
				return fmt.Errorf("devices: %w", err)
			}
			if d.ID, err = id.FromBytes(raw); err != nil {
				return fmt.Errorf("devices: %w", err)
			}
			d.Since, d.Last, d.Current = moment(since), moment(last), d.ID == in.Device
			d.Code, d.Reduced = DeviceCode(key, d.ID), s.reduced(reduced, 0)
			for _, one := range live {
				if one.Device == d.ID {
					d.Sessions = append(d.Sessions, one)
					d.Last = later(d.Last, one.Seen)
				}
			}
			out = append(out, d)
		}
		return rows.Err()
	})
	slices.SortStableFunc(out, func(a, b Device) int { return b.Last.Compare(a.Last) })
	return out, err
}

func (s *Service) liveSessions(ctx context.Context, r db.Reader, who client.ID) (out []Session, err error) {
	now := s.now()
	rows, err := r.Rows(ctx, qSessions, int64(who), micro(now), micro(now.Add(-s.limits.Idle)), maxSessions)
	if err != nil {
		return nil, fmt.Errorf("sessions: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		in := Session{Client: who}
		var rawID, rawDevice []byte
		var lang string
		var started, seen, ends int64
		if err := rows.Scan(&rawID, &rawDevice, &lang, &started, &seen, &ends); err != nil {
			return nil, fmt.Errorf("sessions: %w", err)
		}
		if in.ID, err = id.FromBytes(rawID); err != nil {
			return nil, fmt.Errorf("sessions: %w", err)
		}
		if in.Device, err = id.FromBytes(rawDevice); err != nil {
			return nil, fmt.Errorf("sessions: %w", err)
		}
		in.Lang, in.Started, in.Seen, in.Ends = locale.Lang(lang), moment(started), moment(seen), moment(ends)
		in.IdleEnds = in.Seen.Add(s.limits.Idle)
		out = append(out, in)
	}
	return out, rows.Err()
}

// ForgetDevice makes one of the client's devices a strange one and ends its sessions.
func (s *Service) ForgetDevice(ctx context.Context, who client.ID, device id.ID) error {
	return s.db.Write(ctx, func(tx db.Tx) error {
		if err := s.endDevice(ctx, tx, who, device); err != nil {
			return err
		}
		return s.record(ctx, tx, who, "device.forgotten", device.Text(DevicePrefix), "")
	})
}

func (s *Service) endDevice(ctx context.Context, tx db.Tx, who client.ID, device id.ID) error {
	n, err := tx.Exec(ctx, qEndDevice, int64(who), device.Bytes(), micro(s.now()))
	if err != nil {
		return fmt.Errorf("end a device: %w", err)
	}
	if n == 0 {
		return ErrMissing
	}
	if _, err := tx.Exec(ctx, qUnbear, int64(who), device.Bytes()); err != nil {
		return fmt.Errorf("end a device: %w", err)
	}
	return s.endSessionsOf(ctx, tx, who, device)
}
