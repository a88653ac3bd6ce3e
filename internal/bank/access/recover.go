package access

import (
	"context"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

// ErrNoRecovery tells that nobody started a recovery: call us.
var ErrNoRecovery = fault.New(fault.Refused, "access.no_recovery")

// ErrRecoveryWaits tells from when a new device may end it ("until").
var ErrRecoveryWaits = fault.New(fault.Refused, "access.recovery_waits")

const (
	// recoveryWait is how long a new device waits after the contact centre
	// started a recovery: the time in which the client, told on his number and
	// on his old devices, says «Это не я».
	recoveryWait = 24 * time.Hour
	recoveryFor  = 7 * 24 * time.Hour
)

// The states of a recovery and of a number change.
const (
	startedState   = 1 // number change: proposed
	approvedState  = 2 // number change: two of the staff agree
	doneState      = 3
	cancelledState = 4
)

var (
	qRecoveryNew    = db.Query(`INSERT INTO recovery (client, id, state, staff, made_us, ready_us, ends_us) VALUES ($1, $2, 1, $3, $4, $5, $6)`)
	qRecoveryOpen   = db.Query(`SELECT id, made_us, ready_us, ends_us FROM recovery WHERE client = $1 AND state = 1 AND ends_us > $2 ORDER BY id DESC LIMIT 1`)
	qRecoveryDone   = db.Query(`UPDATE recovery SET state = 3 WHERE client = $1 AND id = $2 AND state = 1`)
	qRecoveryCancel = db.Query(`UPDATE recovery SET state = 4 WHERE client = $1 AND state = 1`)
)

// Recovery is a way back that the contact centre started for a client who
// forgot his passcode.
type Recovery struct {
	ID    id.ID
	Made  time.Time
	Ready time.Time // from when a new device may end it; a known one need not wait
	Ends  time.Time
}

// StartRecovery starts a way back for a client who forgot his passcode. It is
// all the contact centre can do: the passcode is chosen by the client himself,
// who needs the code of a SMS, the code word once more and either a device the
// bank knows or a day of waiting. He is told at once, with «Это не я». It
// takes the right code word that this member of staff heard last
// (CheckCodeWord), else ErrNotHeard.
func (s *Service) StartRecovery(ctx context.Context, by Staff, who client.ID) (out Recovery, err error) {
	err = s.db.Write(ctx, func(tx db.Tx) error {
		if err := s.useHeard(ctx, tx, who, by); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qRecoveryCancel, int64(who)); err != nil {
			return fmt.Errorf("start a recovery: %w", err)
		}
		now := s.now()
		out = Recovery{ID: s.ids.New(), Made: now, Ready: now.Add(recoveryWait), Ends: now.Add(recoveryFor)}
		_, err := tx.Exec(ctx, qRecoveryNew, int64(who), out.ID.Bytes(), by.Ref(), micro(now), micro(out.Ready), micro(out.Ends))
		if err != nil {
			return fmt.Errorf("start a recovery: %w", err)
		}
		if err := s.raise(ctx, tx, who, Alert{Kind: AlertRecovery, Staff: by.Name(), Ready: out.Ready}); err != nil {
			return err
		}
		return s.recordBy(ctx, tx, staffActor(by), who, "recovery.started", out.ID.Text(RecoveryPrefix), "")
	})
	return out, err
}

// RecoveryOf tells what a flow that has proved its phone (AtPasscode) can do
// about a forgotten passcode: nil when nothing has gone wrong yet and the
// client may choose a new one, ErrNoRecovery or ErrRecoveryWaits otherwise.
// deviceToken is that of a known device, if it is one; whether its key is
// there too is asked by Recover, for a page is opened without a proof.
func (s *Service) RecoveryOf(ctx context.Context, flowToken, deviceToken string) error {
	f, err := s.flow(ctx, s.db, qFlow, flowToken)
	if err != nil {
		return err
	}
	if f.stage != AtPasscode {
		return ErrStep
	}
	who, device, err := s.bearer(ctx, deviceToken, bearDevice)
	if err != nil {
		return err
	}
	known := false
	if who == f.client {
		on, err := s.deviceOf(ctx, s.db, who, device)
		if err != nil && err != error(ErrNoDevice) {
			return err
		}
		known = err == nil && s.reduced(on.reduced, 0).IsZero()
	}
	_, err = s.openRecovery(ctx, s.db, f.client, known)
	return err
}

// knownTo gives the device of a browser that belongs to the client of a flow
// and is long enough his own; false for every other browser.
func (s *Service) knownTo(ctx context.Context, f flowRow, deviceToken string, from Visitor) (known bool, on deviceRow, signed Evidence, err error) {
	signed = Evidence{Means: ByCookie}
	who, device, err := s.bearer(ctx, deviceToken, bearDevice)
	if err != nil || who == 0 || who != f.client {
		return false, deviceRow{}, signed, err
	}
	on, err = s.deviceOf(ctx, s.db, who, device)
	if err == error(ErrNoDevice) {
		return false, deviceRow{}, signed, nil
	}
	if err != nil {
		return false, deviceRow{}, signed, err
	}
	if on.kind == Keyed {
		if s.checkProof(on.id, on.key, from.Proof) != nil {
			return false, deviceRow{}, signed, nil // its cookie alone: as strange as any
		}
		signed = Evidence{Means: ByKey, PublicKey: on.key, Signed: from.Proof.Text(), Signature: from.Proof.Signature}
	}
	// A device that is new itself vouches for nothing yet.
	return s.reduced(on.reduced, 0).IsZero(), on, signed, nil
}

// openRecovery finds what was started for a client and may be ended now.
func (s *Service) openRecovery(ctx context.Context, r db.Reader, who client.ID, known bool) (Recovery, error) {
	var out Recovery
	var raw []byte
	var made, ready, ends int64
	now := s.now()
	err := r.Row(ctx, qRecoveryOpen, int64(who), micro(now)).Scan(&raw, &made, &ready, &ends)
	if noRows(err) {
		return Recovery{}, ErrNoRecovery
	}
	if err != nil {
		return Recovery{}, fmt.Errorf("recovery: %w", err)
	}
	if out.ID, err = idOf(raw, "recovery"); err != nil {
		return Recovery{}, err
	}
	out.Made, out.Ready, out.Ends = moment(made), moment(ready), moment(ends)
	if !known && now.Before(out.Ready) {
		return Recovery{}, ErrRecoveryWaits.With("until", out.Ready)
	}
	return out, nil
}

// Recover ends a recovery: it sets the passcode that the client chose and
// opens a session. It takes all of: the phone's code (a flow AtPasscode), a
// recovery that the contact centre started, a known device (deviceToken, and
// from.Proof if it has a key) or the day of waiting, the code word, and the
// client's word on the order (RecoveryOrder). n.Code is not looked at. All other sessions end and limits are reduced for 48
// hours (MarkChanged); a known device goes on, another becomes known.
func (s *Service) Recover(ctx context.Context, flowToken, deviceToken string, n NewPasscode, from Visitor, sign Signer) (e Entry, err error) {
	f, err := s.flow(ctx, s.db, qFlow, flowToken)
	if err != nil {
		return Entry{}, err
	}
	if f.stage != AtPasscode {
		return Entry{}, ErrStep
	}
	known, on, signed, err := s.knownTo(ctx, f, deviceToken, from)
	if err != nil {
		return Entry{}, err
	}
	started, err := s.openRecovery(ctx, s.db, f.client, known)
	if err != nil {
		return Entry{}, err
	}
	if !known {
		if signed, err = s.newKey(f.id.Text(FlowPrefix), from); err != nil {
			return Entry{}, err
		}
		on = deviceRow{id: s.ids.New()}
	}
	c, err := s.clients.ByID(ctx, f.client)
	if err != nil {
		return Entry{}, err
	}
	if err := CheckNewPasscode(n.Passcode, n.Repeat, c.Born, c.Phone); err != nil {
		return Entry{}, err
	}
	if !known {
		if err := s.simTrusted(ctx, s.db, c.Phone); err != nil {
			return Entry{}, err
		}
	}
	if err := s.judgeCodeWord(ctx, f.client, n.CodeWord, "client"); err != nil {
		return Entry{}, err
	}
	change, err := s.recoveryChange(ctx, f, started)
	if err != nil {
		return Entry{}, err
	}
	word, err := change.confirmed(ctx, sign, on.id, signed.PublicKey)
	if err != nil {
		return Entry{}, err
	}
	hash, err := s.vault.HashPasscode(ctx, n.Passcode)
	if err != nil {
		return Entry{}, err
	}
	err = s.db.Write(ctx, func(tx db.Tx) error {
		f, err := s.flow(ctx, tx, qFlowLock, flowToken)
		if err != nil {
			return err
		}
		if f.stage != AtPasscode {
			return ErrStep
		}
		if known && on.kind == Keyed {
			if err := s.useNonce(ctx, tx, on.id, from.Proof.Nonce); err != nil {
				return err
			}
		}
		r, err := s.openRecovery(ctx, tx, f.client, known)
		if err != nil {
			return err
		}
		if r.ID != started.ID {
			return ErrChangeProof // another one was started meanwhile
		}
		if err := keep(ctx, tx, word); err != nil {
			return err
		}
		if n, err := tx.Exec(ctx, qRecoveryDone, int64(f.client), r.ID.Bytes()); err != nil || n == 0 {
			return orElse(err, ErrNoRecovery)
		}
		if err := s.setPasscode(ctx, tx, f.client, hash, s.now()); err != nil {
			return err
		}
		if err := forget(ctx, tx, strangePasses, vault.Row64(int64(f.client))); err != nil {
			return err
		}
		if err := s.MarkChanged(ctx, tx, f.client, Changed{Factor: FactorPasscode}); err != nil {
			return err
		}
		e, err = s.comeBack(ctx, tx, f, flowToken, known, on, signed, from, client.Person{ID: c.ID, Lang: c.Lang})
		return err
	})
	if err != nil {
		return Entry{}, err
	}
	return s.standing(ctx, e)
}

// comeBack ends a flow on a known device, which goes on, or on a new one.
func (s *Service) comeBack(ctx context.Context, tx db.Tx, f flowRow, flowToken string, known bool, on deviceRow, signed Evidence, from Visitor, p client.Person) (Entry, error) {
	if !known {
		return s.admit(ctx, tx, f, flowToken, f.client, on.id, signed, from, p)
	}
	f.stage = AtEnd
	if err := s.save(ctx, tx, f); err != nil {
		return Entry{}, err
	}
	n, err := tx.Exec(ctx, qTryRight, int64(f.client), on.id.Bytes(), micro(s.now()))
	if err != nil || n == 0 {
		return Entry{}, orElse(err, ErrNoDevice)
	}
	e, err := s.openSession(ctx, tx, f.client, on, p.Lang)
	if err != nil {
		return Entry{}, err
	}
	if err := s.state(ctx, tx, e.Session, on, id.ID{}, signed, from); err != nil {
		return Entry{}, err
	}
	return e, s.record(ctx, tx, f.client, "login", e.Session.ID.Text(SessionPrefix), "recovery")
}

// orElse gives the first of two errors.
func orElse(err, other error) error {
	if err != nil {
		return err
	}
	return other
}
