package api

import (
	"context"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/base/id"
)

// Device is a browser or phone that the bank knows.
type Device struct {
	ID       string     `json:"id" example:"dv_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	Kind     string     `json:"kind" enum:"keyed,scriptless"`
	Code     string     `json:"code" example:"7KQ2-M4XD"`
	Name     string     `json:"name" example:"Chrome, Android"`
	Since    time.Time  `json:"since"`
	Last     time.Time  `json:"last_at"`
	Reduced  *time.Time `json:"reduced_until,omitempty"`
	Sessions []Session  `json:"sessions" nullable:"false"`
}

// Session is a login that is still open.
type Session struct {
	ID      string    `json:"id" example:"ss_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	Device  string    `json:"device" example:"dv_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	Started time.Time `json:"started_at"`
	Last    time.Time `json:"last_at"`
	Ends    time.Time `json:"ends_at"`
}

// DeviceList is all devices of the caller.
type DeviceList struct {
	Devices []Device `json:"devices" nullable:"false"`
}

// SessionList is all open sessions of the caller.
type SessionList struct {
	Sessions []Session `json:"sessions" nullable:"false"`
}

func (d *Door) devices(ctx context.Context, c *call, _ *none) (*answer[DeviceList], error) {
	all, err := d.d.Access.Devices(ctx, c.token.Client, access.Session{})
	if err != nil {
		return nil, err
	}
	out := DeviceList{Devices: []Device{}}
	for _, v := range all {
		dev := Device{
			ID: v.ID.Text(access.DevicePrefix), Kind: kindWord(v.Kind), Code: v.Code, Name: v.Name, Since: v.Since.UTC(), Last: v.Last.UTC(), Sessions: []Session{},
		}
		if !v.Reduced.IsZero() {
			until := v.Reduced.UTC()
			dev.Reduced = &until
		}
		for _, s := range v.Sessions {
			dev.Sessions = append(dev.Sessions, shownSession(s))
		}
		out.Devices = append(out.Devices, dev)
	}
	return ok(out)
}

func kindWord(k access.DeviceKind) string {
	if k == access.Keyed {
		return "keyed"
	}
	return "scriptless"
}

func shownSession(s access.Session) Session {
	return Session{
		ID: s.ID.Text(access.SessionPrefix), Device: s.Device.Text(access.DevicePrefix), Started: s.Started.UTC(), Last: s.Seen.UTC(), Ends: s.Ends.UTC(),
	}
}

func (d *Door) sessions(ctx context.Context, c *call, _ *none) (*answer[SessionList], error) {
	all, err := d.d.Access.Devices(ctx, c.token.Client, access.Session{})
	if err != nil {
		return nil, err
	}
	out := SessionList{Sessions: []Session{}}
	for _, v := range all {
		for _, s := range v.Sessions {
			out.Sessions = append(out.Sessions, shownSession(s))
		}
	}
	return ok(out)
}

// forgetDevice makes a device a strange one: it has to come in anew.
func (d *Door) forgetDevice(ctx context.Context, c *call, in *idInput) (*none, error) {
	device, err := id.Parse(access.DevicePrefix, in.ID)
	if err != nil {
		return nil, access.ErrMissing
	}
	return nil, d.d.Access.ForgetDevice(ctx, c.token.Client, device)
}

func (d *Door) endSession(ctx context.Context, c *call, in *idInput) (*none, error) {
	session, err := id.Parse(access.SessionPrefix, in.ID)
	if err != nil {
		return nil, access.ErrMissing
	}
	return nil, d.d.Access.EndSession(ctx, c.token.Client, session)
}

// PasskeyList is all passkeys of the caller.
type PasskeyList struct {
	Passkeys []Passkey `json:"passkeys" nullable:"false"`
}

// Passkey is one way in by fingerprint, face or stick. They are added and
// removed in the cabinet alone, by who has just proved himself.
type Passkey struct {
	ID     string     `json:"id" example:"pk_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	Name   string     `json:"name" example:"Phone"`
	Since  time.Time  `json:"since"`
	Last   *time.Time `json:"last_at,omitempty"`
	Synced bool       `json:"synced"`
}

func (d *Door) passkeys(ctx context.Context, c *call, _ *none) (*answer[PasskeyList], error) {
	all, err := d.d.Access.Passkeys(ctx, c.token.Client)
	if err != nil {
		return nil, err
	}
	out := PasskeyList{Passkeys: []Passkey{}}
	for _, p := range all {
		key := Passkey{ID: p.ID.Text(passkeyPrefix), Name: p.Name, Since: p.Created.UTC(), Synced: p.Synced}
		if !p.Used.IsZero() {
			last := p.Used.UTC()
			key.Last = &last
		}
		out.Passkeys = append(out.Passkeys, key)
	}
	return ok(out)
}

// passkeyPrefix is what the identifiers of passkeys start with.
const passkeyPrefix = "pk"

// LookList is who of the bank's staff looked at the caller's data.
type LookList struct {
	Looks []Look `json:"looks" nullable:"false"`
}

// Look is one look.
type Look struct {
	Who    string    `json:"who" example:"Maria O."`
	Role   string    `json:"role"`
	What   string    `json:"what"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

func (d *Door) looks(ctx context.Context, c *call, _ *none) (*answer[LookList], error) {
	all, err := d.d.Looks.Looks(ctx, c.token.Client)
	if err != nil {
		return nil, err
	}
	out := LookList{Looks: []Look{}}
	for _, l := range all {
		out.Looks = append(out.Looks, Look{Who: l.Who, Role: l.Role, What: l.What, Reason: l.Reason, At: l.At.UTC()})
	}
	return ok(out)
}
