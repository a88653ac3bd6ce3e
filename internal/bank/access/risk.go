package access

import (
	"context"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
)

// NewsKind says what happened to a client's ways in.
type NewsKind string

// The kinds of news.
const (
	NewDevice  NewsKind = "new_device"  // a further device is known now
	NewPasskey NewsKind = "new_passkey" // a passkey was added
	// WrongPasscodes: somebody has the code of a SMS and tries passcodes on a
	// device that is not known.
	WrongPasscodes NewsKind = "wrong_passcodes"
	// StolenCookie: somebody holds the cookie of a device and not its key.
	StolenCookie NewsKind = "stolen_cookie"
	// OtherBrowser: the cookie of a device without a key came from another kind
	// of browser, with the right passcode.
	OtherBrowser NewsKind = "other_browser"
)

// News is something a client should hear of on the ways he had before.
type News struct {
	Kind   NewsKind
	Client client.ID
	Device id.ID     // that it is about; zero when none is known
	Name   string    // coarse name of the browser, «Chrome, Android»
	Place  string    // coarse name and masked network address
	At     time.Time // real time
}

// Teller tells a client of news within the unit of work they happened in
// (room notice). What it writes must leave through the outbox.
type Teller interface {
	Tell(ctx context.Context, tx db.Tx, n News) error
}

func (s *Service) tell(ctx context.Context, tx db.Tx, n News) error {
	if s.teller == nil {
		return nil
	}
	n.At = s.now()
	return s.teller.Tell(ctx, tx, n)
}

// oncePerDay tells news once a day for one device, however often it happens.
func (s *Service) oncePerDay(ctx context.Context, tx db.Tx, on deviceRow, n News) error {
	times, _, err := count(ctx, tx, deviceNews, append([]byte(n.Kind), on.id.Bytes()...), s.now(), 24*time.Hour)
	if err != nil || times > 1 {
		return err
	}
	return s.tell(ctx, tx, n)
}

// cookieAlone keeps that somebody came with the cookie of a keyed device and
// could not sign: a copy of the cookie on another machine.
func (s *Service) cookieAlone(ctx context.Context, who client.ID, on deviceRow, from Visitor) error {
	return s.db.Write(ctx, func(tx db.Tx) error {
		err := s.oncePerDay(ctx, tx, on, News{Kind: StolenCookie, Client: who, Device: on.id, Name: on.name, Place: place(from)})
		if err != nil {
			return err
		}
		return s.record(ctx, tx, who, "device.unproved", on.id.Text(DevicePrefix), coarse(from.Agent))
	})
}

// otherBrowser looks whether the cookie of a device without a key has moved to
// another kind of browser; with a key it cannot.
func (s *Service) otherBrowser(ctx context.Context, tx db.Tx, who client.ID, on deviceRow, from Visitor) error {
	name := coarse(from.Agent)
	if on.kind == Keyed || name == "" || on.name == "" || name == on.name {
		return nil
	}
	return s.oncePerDay(ctx, tx, on, News{Kind: OtherBrowser, Client: who, Device: on.id, Name: name, Place: place(from)})
}

// reduced gives until when the limits of a new device or of a changed factor
// hold; zero when neither does any more. Both are business time: the window is
// a rule about orders, which live by that clock.
func (s *Service) reduced(device, factor int64) time.Time {
	until := moment(max(device, factor))
	if !s.db.Now().Before(until) {
		return time.Time{}
	}
	return until
}
