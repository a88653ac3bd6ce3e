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

var qKnown = db.Query(`SELECT d.wrong, d.paused_us FROM device d WHERE d.client = $1 AND d.id = $2 AND d.ended_us IS NULL`)

// KnownDevice tells whose device a device cookie is; ErrNoDevice when nobody's.
func (s *Service) KnownDevice(ctx context.Context, deviceToken string) (Known, error) {
	who, device, err := s.bearer(ctx, deviceToken, bearDevice)
	if err != nil {
		return Known{}, err
	}
	if who == 0 {
		return Known{}, ErrNoDevice
	}
	var wrong int
	var paused int64
	err = s.db.Row(ctx, qKnown, int64(who), device.Bytes()).Scan(&wrong, &paused)
	if errors.Is(err, db.ErrNoRows) {
		return Known{}, ErrNoDevice
	}
	if err != nil {
		return Known{}, fmt.Errorf("known device: %w", err)
	}
	p, err := s.clients.Person(ctx, who)
	if err != nil {
		return Known{}, err
	}
	k := Known{Device: device, Client: who, First: p.First, Lang: p.Lang, TriesLeft: s.limits.WrongPass - wrong%s.limits.WrongPass}
	if until := moment(paused); until.After(s.now()) {
		k.Paused, k.TriesLeft = until, 0
	}
	return k, nil
}

// bearer finds whose random token it is; client 0 when it is nobody's.
func (s *Service) bearer(ctx context.Context, token string, kind int) (who client.ID, ref id.ID, err error) {
	hash := s.hash(token)
	if hash == nil {
		return 0, id.ID{}, nil
	}
	var raw []byte
	err = s.db.Row(ctx, qBearers, hash, kind).Scan(&who, &raw)
	if errors.Is(err, db.ErrNoRows) {
		return 0, id.ID{}, nil
	}
	if err != nil {
		return 0, id.ID{}, fmt.Errorf("find a bearer: %w", err)
	}
	ref, err = id.FromBytes(raw)
	return who, ref, err
}

// Login takes the passcode on a known device and opens a session.
func (s *Service) Login(ctx context.Context, deviceToken, passcode string, from Visitor) (Entry, error) {
	who, device, err := s.bearer(ctx, deviceToken, bearDevice)
	if err != nil {
		return Entry{}, err
	}
	if who == 0 {
		// The same work as for a device that is known: the time must not tell.
		if _, err := s.vault.CheckPasscode(ctx, "", passcode); err != nil {
			return Entry{}, err
		}
		return Entry{}, ErrNoDevice
	}
	if err := s.judge(ctx, who, device, passcode); err != nil {
		return Entry{}, err
	}
	return s.enter(ctx, who, device, "login")
}

// enter opens a session on a known device whose passcode was right.
func (s *Service) enter(ctx context.Context, who client.ID, device id.ID, act string) (e Entry, err error) {
	p, err := s.clients.Person(ctx, who)
	if err != nil {
		return Entry{}, err
	}
	err = s.db.Write(ctx, func(tx db.Tx) error {
		n, err := tx.Exec(ctx, qTryRight, int64(who), device.Bytes(), micro(s.now()))
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrNoDevice // forgotten from elsewhere while the passcode was checked
		}
		if e, err = s.openSession(ctx, tx, who, device, p.Lang); err != nil {
			return err
		}
		return s.record(ctx, tx, who, act, e.Session.ID.Text(SessionPrefix), "")
	})
	return e, err
}

// FinishLogin takes the existing passcode on a new device that has proved the
// phone (Stage AtPasscode, of either purpose), makes the device known and
// opens a session. Said again on a finished flow (AtEnd) it logs the same
// device in.
func (s *Service) FinishLogin(ctx context.Context, flowToken, passcode string, from Visitor) (Entry, error) {
	f, err := s.flow(ctx, s.db, qFlow, flowToken)
	if err != nil {
		return Entry{}, err
	}
	switch f.stage {
	case AtPasscode:
		return s.finishStrange(ctx, f, flowToken, passcode, from)
	case AtEnd:
		deviceToken := s.deviceToken(f, flowToken)
		e, err := s.Login(ctx, deviceToken, passcode, from)
		e.DeviceToken = vault.Hide(deviceToken)
		return e, err
	}
	return Entry{}, ErrStep
}

// finishStrange takes a passcode on a device that is not known yet.
func (s *Service) finishStrange(ctx context.Context, f flowRow, flowToken, passcode string, from Visitor) (e Entry, err error) {
	if !ValidPasscode(passcode) {
		return Entry{}, ErrPassForm.At("passcode")
	}
	err = s.once(ctx, func(ctx context.Context) error { return s.judgeStrange(ctx, f.client, passcode, from) },
		[]byte("strange"), vault.Row64(int64(f.client)), []byte(passcode))
	if err != nil {
		return Entry{}, err
	}
	p, err := s.clients.Person(ctx, f.client)
	if err != nil {
		return Entry{}, err
	}
	err = s.db.Write(ctx, func(tx db.Tx) error {
		locked, err := s.flow(ctx, tx, qFlowLock, flowToken)
		if err != nil {
			return err
		}
		if locked.stage != AtPasscode {
			return ErrStep // a double tap: the other one was first, see FinishLogin
		}
		e, err = s.admit(ctx, tx, locked, flowToken, f.client, from, p)
		return err
	})
	if errors.Is(err, ErrStep) {
		return s.FinishLogin(ctx, flowToken, passcode, from)
	}
	return e, err
}

// judgeStrange checks a passcode on a strange device; nil means right. The
// tries are counted for the client over all strange devices, apart from those
// of his known ones, which go on working (A10).
func (s *Service) judgeStrange(ctx context.Context, who client.ID, passcode string, from Visitor) error {
	key := vault.Row64(int64(who))
	var stored string
	var tries int
	var until time.Time
	err := s.db.Write(ctx, func(tx db.Tx) (err error) {
		tries, until, err = count(ctx, tx, strangePasses, key, s.now(), s.limits.StrangePause)
		switch {
		case err != nil:
			return err
		case tries > s.limits.WrongPass:
			return ErrPaused.With("until", until).At("passcode")
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
		return errors.Join(err, s.write(ctx, qUncount, int16(strangePasses), key))
	case err != nil:
		return err
	case right:
		return s.write(ctx, qForget, int16(strangePasses), key)
	}
	act, refusal := "strange.wrong", ErrWrongPass.With("n", s.limits.WrongPass-tries)
	if tries == s.limits.WrongPass {
		act, refusal = "strange.paused", ErrPaused.With("until", until)
	}
	err = s.db.Write(ctx, func(tx db.Tx) error { return s.record(ctx, tx, who, act, "", coarse(from.Agent)) })
	if err != nil {
		return err
	}
	return refusal.At("passcode")
}

// Taken is a flow held by a unit of work.
type Taken struct {
	Flow
	row    flowRow
	bearer string
}

// Take locks a flow of the given purpose for a unit of work that means to end it.
func (s *Service) Take(ctx context.Context, tx db.Tx, p Purpose, token string) (Taken, error) {
	f, err := s.flow(ctx, tx, qFlowLock, token)
	if err != nil {
		return Taken{}, err
	}
	if f.purpose != p {
		return Taken{}, ErrNoFlow
	}
	shown, err := s.read(ctx, tx, f)
	return Taken{Flow: shown, row: f, bearer: token}, err
}

// TurnToLogin tells a flow that its phone has become a client's meanwhile.
func (s *Service) TurnToLogin(ctx context.Context, tx db.Tx, t Taken, who client.ID) error {
	t.row.stage, t.row.client = AtPasscode, who
	return s.save(ctx, tx, t.row)
}

// Admit ends a flow with a new client: it sets his passcode, makes the device
// known and opens his first session, in the caller's unit of work. Call it
// last: it writes the audit trail.
func (s *Service) Admit(ctx context.Context, tx db.Tx, t Taken, who client.ID, passcodeHash string, from Visitor) (Entry, error) {
	if t.Stage != AtNewPasscode {
		return Entry{}, ErrStep
	}
	if err := s.setPasscode(ctx, tx, who, passcodeHash, s.now()); err != nil {
		return Entry{}, err
	}
	return s.admit(ctx, tx, t.row, t.bearer, who, from, client.Person{ID: who, Lang: t.Lang})
}

func (s *Service) admit(ctx context.Context, tx db.Tx, f flowRow, flowToken string, who client.ID, from Visitor, p client.Person) (Entry, error) {
	f.stage, f.client = AtEnd, who
	if err := s.save(ctx, tx, f); err != nil {
		return Entry{}, err
	}
	deviceToken := s.deviceToken(f, flowToken)
	device, err := s.enrol(ctx, tx, who, deviceToken, from)
	if err != nil {
		return Entry{}, err
	}
	e, err := s.openSession(ctx, tx, who, device, p.Lang)
	if err != nil {
		return Entry{}, err
	}
	e.DeviceToken = vault.Hide(deviceToken)
	return e, s.record(ctx, tx, who, "device.enrolled", device.Text(DevicePrefix), coarse(from.Agent))
}

// deviceToken follows from the flow's own secret, so that an answer that was
// lost on its way and asked for again carries the same device.
func (s *Service) deviceToken(f flowRow, flowToken string) string {
	return b64.EncodeToString(s.vault.MAC("access.device", f.id.Bytes(), []byte(flowToken)))
}
