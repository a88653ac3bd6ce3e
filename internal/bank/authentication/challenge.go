package authentication

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/rail/threeds"
)

// Begin takes the browser that came for its challenge and sends the code. The
// first that comes is the one: token, 256 bits that the door drew, is from then
// on the proof that it is the same, so that the page may be loaded again.
// session is the shop's threeDSSessionData, nil when it sent none.
//
// A CReq that names a transaction and does not fit it ends it: ErrOver, and the
// browser goes back to the shop. ErrMissing for one that is none of ours.
func (s *Service) Begin(ctx context.Context, c threeds.CReq, session *string, token string) (Shown, error) {
	acs, ok := parseUUID(c.ACSTransID)
	if !ok || token == "" {
		return Shown{}, ErrMissing
	}
	r, err := s.named(ctx, byACS, acs)
	if err != nil {
		return Shown{}, err
	}
	if c.Against(uuid(r.server), uuid(r.id), r.details.Version) != nil || r.details.Decoupled {
		return Shown{}, ErrMissing
	}
	first := false
	err = s.d.DB.Write(ctx, func(tx db.Tx) error {
		first = false
		if r, err = s.lock(ctx, tx, r.client, r.id); err != nil {
			return err
		}
		if r.state != Awaited {
			return s.holds(r, token)
		}
		now := s.now()
		r.token, r.begun, r.touched, r.ends = s.tokenHash(r, token), now, now, now.Add(s.d.Rules.Longest)
		r.details.Session, r.details.Window = session, c.Window
		r.next = now.Add(s.d.Rules.Idle)
		first = true
		return s.move(ctx, tx, &r, Challenged)
	})
	if err != nil {
		return Shown{}, err
	}
	if first {
		s.kick(r.client)
		// A code that may not be sent (a SIM changed lately, too many messages)
		// leaves the way through the cabinet.
		if r, err = s.send(ctx, r); err != nil && !refused(err) {
			return Shown{}, err
		}
	}
	return s.show(ctx, r)
}

// refused tells a refusal from a breakdown.
func refused(err error) bool {
	var f *fault.Error
	return errors.As(err, &f) && f.Code != fault.Broken
}

// Fail ends a challenge whose CReq names it rightly and is broken otherwise.
func (s *Service) Fail(ctx context.Context, serverTransID, acsTransID, token string) error {
	acs, ok := parseUUID(acsTransID)
	if !ok {
		return ErrMissing
	}
	r, err := s.named(ctx, byACS, acs)
	if err != nil {
		return err
	}
	if uuid(r.server) != serverTransID {
		return ErrMissing
	}
	return s.d.DB.Write(ctx, func(tx db.Tx) error {
		if r, err = s.lock(ctx, tx, r.client, r.id); err != nil {
			return err
		}
		if r.state != Awaited {
			return ErrMissing
		}
		r.token = s.tokenHash(r, token)
		return s.conclude(ctx, tx, &r, ending{status: threeds.Denied, reason: threeds.InvalidTransaction, cancel: threeds.CancelledByError})
	})
}

// Resume gives the browser its own challenge again.
func (s *Service) Resume(ctx context.Context, acsTransID, token string) (Shown, error) {
	r, err := s.own(ctx, acsTransID, token)
	if err != nil {
		return Shown{}, err
	}
	return s.show(ctx, r)
}

// Cancel is the buyer's «Отменить».
func (s *Service) Cancel(ctx context.Context, acsTransID, token string) (Shown, error) {
	r, err := s.own(ctx, acsTransID, token)
	if err != nil {
		return Shown{}, err
	}
	err = s.change(ctx, &r, func(tx db.Tx, r *row) error {
		if r.state != Challenged {
			return nil
		}
		return s.conclude(ctx, tx, r, ending{status: threeds.Denied, reason: threeds.CardAuthenticationFailed, cancel: threeds.CancelledByHolder})
	})
	if err != nil {
		return Shown{}, err
	}
	return s.show(ctx, r)
}

// own finds a challenge by its number for the browser that it belongs to.
func (s *Service) own(ctx context.Context, acsTransID, token string) (row, error) {
	acs, ok := parseUUID(acsTransID)
	if !ok {
		return row{}, ErrMissing
	}
	r, err := s.named(ctx, byACS, acs)
	if err != nil {
		return row{}, err
	}
	return r, s.holds(r, token)
}

// holds tells whether a browser has the token of the challenge; ErrMissing if not.
func (s *Service) holds(r row, token string) error {
	if len(r.token) == 0 || token == "" || subtle.ConstantTimeCompare(r.token, s.tokenHash(r, token)) != 1 {
		return ErrMissing
	}
	return nil
}

func (s *Service) tokenHash(r row, token string) []byte {
	return s.d.Vault.MAC("authentication.browser", r.id.Bytes(), s.d.Vault.Lookup(vault.Token, token))
}

// change runs fn over the locked row. What is over its time ends first.
func (s *Service) change(ctx context.Context, r *row, fn func(tx db.Tx, r *row) error) error {
	was := *r
	err := s.d.DB.Write(ctx, func(tx db.Tx) error {
		locked, err := s.lock(ctx, tx, was.client, was.id)
		if err != nil {
			return err
		}
		*r = locked
		if end, late := s.late(*r); late {
			return s.conclude(ctx, tx, r, end)
		}
		return fn(tx, r)
	})
	if err == nil && r.state == Decided {
		s.kick(r.client)
	}
	return err
}

// touch notes a sign of life.
func (s *Service) touch(r *row) {
	now := s.now()
	r.touched = now
	if !r.details.Decoupled {
		r.next = earlier(now.Add(s.d.Rules.Idle), r.ends)
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// late tells whether a challenge's time is up, and how it ends then.
func (s *Service) late(r row) (ending, bool) {
	now := s.now()
	if (r.state != Awaited && r.state != Challenged) || r.next.IsZero() || now.Before(r.next) {
		return ending{}, false
	}
	switch {
	case r.details.Decoupled:
		return ending{status: threeds.Denied, reason: threeds.DecoupledExpired, cancel: threeds.DecoupledTimedOut}, true
	case r.state == Awaited:
		return ending{status: threeds.Denied, reason: threeds.TimedOutAtACS, cancel: threeds.FirstCReqNeverCame}, true
	}
	return ending{status: threeds.Denied, reason: threeds.TimedOutAtACS, cancel: threeds.TimedOutACS}, true
}

// show is what the page says about a challenge.
func (s *Service) show(ctx context.Context, r row) (Shown, error) {
	out := Shown{
		ACSTransID: uuid(r.id), Shop: r.details.Shop, Sum: r.sum(), When: r.at, Last4: r.details.Last4, Window: r.details.Window,
		Return: r.details.NotifyURL, ShopURL: r.details.ShopURL, Over: r.state != Challenged,
	}
	if out.Over {
		return out, nil
	}
	who, err := s.d.People.ByID(ctx, r.client)
	if err != nil {
		return Shown{}, fmt.Errorf("whose challenge: %w", err)
	}
	out.Phone = phone.Number(who.Phone)
	out.SentAt, out.CodeEnds, out.TriesLeft = r.sent, r.until, int(max(0, s.d.Rules.Tries-r.wrong))
	if r.sends < s.d.Rules.Sends {
		out.ResendAt = s.now()
		if !r.sent.IsZero() {
			out.ResendAt = r.sent.Add(s.d.Rules.ResendAfter)
		}
	}
	out.Ends = earlier(r.touched.Add(s.d.Rules.Idle), r.ends)
	return out, nil
}
