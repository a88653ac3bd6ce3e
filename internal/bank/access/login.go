package access

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

var qKnown = db.Query(`SELECT d.wrong, d.paused_us, d.kind, d.public_key FROM device d WHERE d.client = $1 AND d.id = $2 AND d.ended_us IS NULL`)

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
	var kind DeviceKind
	var key []byte
	err = s.db.Row(ctx, qKnown, int64(who), device.Bytes()).Scan(&wrong, &paused, &kind, &key)
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
	k := Known{Device: device, Kind: kind, Code: DeviceCode(key, device), Client: who, First: p.First, Lang: p.Lang, TriesLeft: s.limits.WrongPass - wrong%s.limits.WrongPass}
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

// Login takes the passcode on a known device and opens a session. A keyed
// device also needs from.Proof over a nonce of its own: who holds its cookie
// alone does not even get to try a passcode.
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
	on, err := s.deviceOf(ctx, s.db, who, device)
	if err != nil {
		return Entry{}, err
	}
	signed, err := s.proveLogin(ctx, who, on, from)
	if err != nil {
		return Entry{}, err
	}
	if err := s.judge(ctx, who, device, passcode); err != nil {
		return Entry{}, err
	}
	return s.enter(ctx, who, on, signed, from)
}

// proveLogin takes a known device's proof of its login request and uses its
// nonce up.
func (s *Service) proveLogin(ctx context.Context, who client.ID, on deviceRow, from Visitor) (Evidence, error) {
	if on.kind != Keyed {
		return Evidence{Means: ByCookie}, nil
	}
	err := s.checkProof(on.id, on.key, from.Proof)
	if errors.Is(err, ErrProof) {
		return Evidence{}, errors.Join(s.cookieAlone(ctx, who, on, from), err)
	}
	if err != nil {
		return Evidence{}, err
	}
	err = s.db.Write(ctx, func(tx db.Tx) error { return s.useNonce(ctx, tx, on.id, from.Proof.Nonce) })
	return Evidence{Means: ByKey, PublicKey: on.key, Signed: from.Proof.Text(), Signature: from.Proof.Signature}, err
}

// enter opens a session on a known device that has shown all it must.
func (s *Service) enter(ctx context.Context, who client.ID, on deviceRow, signed Evidence, from Visitor) (e Entry, err error) {
	p, err := s.clients.Person(ctx, who)
	if err != nil {
		return Entry{}, err
	}
	err = s.db.Write(ctx, func(tx db.Tx) error {
		n, err := tx.Exec(ctx, qTryRight, int64(who), on.id.Bytes(), micro(s.now()))
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrNoDevice // forgotten from elsewhere while the passcode was checked
		}
		if e, err = s.openSession(ctx, tx, who, on, p.Lang); err != nil {
			return err
		}
		if err := s.otherBrowser(ctx, tx, who, on, from); err != nil {
			return err
		}
		if err := s.state(ctx, tx, e.Session, on, id.ID{}, signed, from); err != nil {
			return err
		}
		return s.record(ctx, tx, who, "login", e.Session.ID.Text(SessionPrefix), "")
	})
	if err != nil {
		return Entry{}, err
	}
	return s.standing(ctx, e)
}

// standing fills in what caps the orders of a session that was just opened.
func (s *Service) standing(ctx context.Context, e Entry) (Entry, error) {
	in, err := s.Session(ctx, e.SessionToken.Reveal(), Watches)
	if err != nil {
		return Entry{}, err
	}
	e.Session = in
	return e, nil
}

// FinishLogin takes the existing passcode on a new device that has proved the
// phone (Stage AtPasscode, of either purpose), makes the device known, with
// from.Key as its key, and opens a session. Said again on a finished flow
// (AtEnd) with the same key it logs the same device in.
func (s *Service) FinishLogin(ctx context.Context, flowToken, passcode string, from Visitor) (Entry, error) {
	f, err := s.flow(ctx, s.db, qFlow, flowToken)
	if err != nil {
		return Entry{}, err
	}
	switch f.stage {
	case AtPasscode:
		return s.finishStrange(ctx, f, flowToken, passcode, from)
	case AtEnd:
		return s.finishedFlow(ctx, f, flowToken, passcode, from)
	}
	return Entry{}, ErrStep
}

// finishedFlow answers a login that is said again because its answer was lost.
// The enrolment of a keyed device is bound to this flow, and so proves here
// what a request proof proves later.
func (s *Service) finishedFlow(ctx context.Context, f flowRow, flowToken, passcode string, from Visitor) (Entry, error) {
	deviceToken := s.deviceToken(f, flowToken)
	who, device, err := s.bearer(ctx, deviceToken, bearDevice)
	if err != nil {
		return Entry{}, err
	}
	if who == 0 {
		return s.Login(ctx, deviceToken, passcode, from)
	}
	on, err := s.deviceOf(ctx, s.db, who, device)
	if err != nil {
		return Entry{}, err
	}
	signed := Evidence{Means: ByCookie}
	if on.kind == Keyed {
		if from.Key == nil {
			return Entry{}, ErrProof
		}
		if signed, err = s.newKey(f.id.Text(FlowPrefix), from); err != nil {
			return Entry{}, err
		}
		if !bytes.Equal(signed.PublicKey, on.key) {
			return Entry{}, ErrProof
		}
	}
	if err := s.judge(ctx, who, device, passcode); err != nil {
		return Entry{}, err
	}
	e, err := s.enter(ctx, who, on, signed, from)
	e.DeviceToken = vault.Hide(deviceToken)
	return e, err
}

// newKey checks the key a new device came with; no key is right too.
func (s *Service) newKey(in string, from Visitor) (Evidence, error) {
	if from.Key == nil {
		return Evidence{Means: ByCookie}, nil
	}
	spki, err := from.Key.check(in)
	if err != nil {
		return Evidence{}, err
	}
	return Evidence{Means: ByNewKey, PublicKey: spki, Signed: EnrolText(in, spki), Signature: from.Key.Signature}, nil
}

// finishStrange takes a passcode on a device that is not known yet.
func (s *Service) finishStrange(ctx context.Context, f flowRow, flowToken, passcode string, from Visitor) (e Entry, err error) {
	if !ValidPasscode(passcode) {
		return Entry{}, ErrPassForm.At("passcode")
	}
	signed, err := s.newKey(f.id.Text(FlowPrefix), from)
	if err != nil {
		return Entry{}, err
	}
	whole, err := s.openPhone(f)
	if err != nil {
		return Entry{}, err
	}
	if err := s.simTrusted(ctx, s.db, whole); err != nil {
		return Entry{}, err
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
		e, err = s.admit(ctx, tx, locked, flowToken, f.client, s.ids.New(), signed, from, p)
		return err
	})
	if errors.Is(err, ErrStep) {
		return s.FinishLogin(ctx, flowToken, passcode, from)
	}
	if err != nil {
		return Entry{}, err
	}
	return s.standing(ctx, e)
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
	err = s.db.Write(ctx, func(tx db.Tx) error {
		if tries == s.limits.WrongPass {
			if err := s.tell(ctx, tx, News{Kind: WrongPasscodes, Client: who, Name: coarse(from.Agent), Place: place(from)}); err != nil {
				return err
			}
		}
		return s.record(ctx, tx, who, act, "", coarse(from.Agent))
	})
	if err != nil {
		return err
	}
	return refusal.At("passcode")
}

// admit ends a flow on a new device: it makes the device known under the given
// identifier and opens a session, in the caller's unit of work.
func (s *Service) admit(ctx context.Context, tx db.Tx, f flowRow, flowToken string, who client.ID, device id.ID, signed Evidence, from Visitor, p client.Person) (Entry, error) {
	f.stage, f.client = AtEnd, who
	if err := s.save(ctx, tx, f); err != nil {
		return Entry{}, err
	}
	deviceToken := s.deviceToken(f, flowToken)
	on, err := s.enrol(ctx, tx, who, device, deviceToken, signed.PublicKey, false, from)
	if err != nil {
		return Entry{}, err
	}
	e, err := s.openSession(ctx, tx, who, on, p.Lang)
	if err != nil {
		return Entry{}, err
	}
	if err := s.state(ctx, tx, e.Session, on, id.ID{}, signed, from); err != nil {
		return Entry{}, err
	}
	e.DeviceToken = vault.Hide(deviceToken)
	return e, s.record(ctx, tx, who, "device.enrolled", on.id.Text(DevicePrefix), coarse(from.Agent))
}

// deviceToken follows from the flow's own secret, so that an answer that was
// lost on its way and asked for again carries the same device.
func (s *Service) deviceToken(f flowRow, flowToken string) string {
	return b64.EncodeToString(s.vault.MAC("access.device", f.id.Bytes(), []byte(flowToken)))
}
