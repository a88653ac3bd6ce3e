package access

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

// BeginPasskeyLogin starts a login by any passkey of this bank, whoever's it
// is. options are what parseRequestOptionsFromJSON takes, also with mediation
// "conditional"; the answer's toJSON goes with ref to FinishPasskeyLogin. What
// the passkey signs is the access statement itself: the challenge is its
// SHA-256. It writes nothing, since anybody may ask for it.
func (s *Service) BeginPasskeyLogin(_ context.Context, from Visitor) (options json.RawMessage, ref string, err error) {
	if s.partyIs != nil {
		return nil, "", s.partyIs
	}
	now := s.now()
	text := "rocketbank access 1\nby passkey\ntime " + now.Format(time.RFC3339Nano) + "\nplace " + place(from) +
		"\nnonce " + newSecret() + "\n"
	sum := sha256.Sum256([]byte(text))
	asked, _, err := s.party.BeginDiscoverableLogin(webauthn.WithChallenge(sum[:]))
	if err != nil {
		return nil, "", fmt.Errorf("begin a passkey login: %w", err)
	}
	options, err = json.Marshal(asked.Response)
	return options, s.loginRef(text, now), err
}

// FinishPasskeyLogin opens a session for the passkey's owner. deviceToken is
// the device cookie, if there is one. A device of his that is still whole goes
// on; a keyed one shows that by from.Proof. Else the browser becomes a new
// device, with from.Key (signed over EnrolText(ref, …)) or without a key, and
// one whose key was lost ends. The new one has no reduced limits, since the
// passkey vouches for it.
func (s *Service) FinishPasskeyLogin(ctx context.Context, ref string, response []byte, deviceToken string, from Visitor) (Entry, error) {
	text, ends, err := s.readLoginRef(ref)
	if err != nil {
		return Entry{}, err
	}
	sum := sha256.Sum256([]byte(text))
	parsed, err := parseAnswer(response)
	if err != nil {
		return Entry{}, err
	}
	k, err := scanPasskey(s.db.Row(ctx, qPasskeyOf, parsed.RawID).Scan)
	if err != nil {
		return Entry{}, err
	}
	seen, err := s.check(ctx, k, b64.EncodeToString(sum[:]), parsed)
	if err != nil {
		return Entry{}, err
	}
	proof, err := k.proof(parsed)
	if err != nil {
		return Entry{}, err
	}
	signed := Evidence{
		Text: text, Means: ByPasskey, PublicKey: proof.PublicKey,
		AuthData: proof.AuthData, Client: proof.ClientData, Signature: proof.Signature,
	}
	on, lost, err := s.passkeyDevice(ctx, k.client, deviceToken, from)
	if err != nil {
		return Entry{}, err
	}
	fresh := Evidence{}
	if on.id.IsZero() {
		if fresh, err = s.newKey(ref, from); err != nil {
			return Entry{}, err
		}
	}
	p, err := s.clients.Person(ctx, k.client)
	if err != nil {
		return Entry{}, err
	}
	token := newSecret()
	var e Entry
	err = s.db.Write(ctx, func(tx db.Tx) error {
		e = Entry{}
		at := on
		if err := s.useLogin(ctx, tx, sum[:], ends); err != nil {
			return err
		}
		if err := s.used(ctx, tx, k, seen); err != nil {
			return err
		}
		act := "login"
		if at.id.IsZero() {
			if at, err = s.vouchedDevice(ctx, tx, k, token, lost, fresh.PublicKey, from); err != nil {
				return err
			}
			act = "device.enrolled"
		} else if n, err := tx.Exec(ctx, qTryRight, int64(k.client), at.id.Bytes(), micro(s.now())); err != nil {
			return err
		} else if n == 0 {
			return ErrNoDevice
		}
		if e, err = s.openSession(ctx, tx, k.client, at, p.Lang); err != nil {
			return err
		}
		if on.id.IsZero() {
			e.DeviceToken = vault.Hide(token)
		}
		if err := s.state(ctx, tx, e.Session, at, k.ID, signed, from); err != nil {
			return err
		}
		return s.record(ctx, tx, k.client, act, e.Session.ID.Text(SessionPrefix), k.ID.Text(PasskeyPrefix))
	})
	if err != nil {
		return Entry{}, err
	}
	return s.standing(ctx, e)
}

// vouchedDevice makes a device known on a passkey's word. The word of one that
// was added on a device with reduced limits is no better than that device's.
func (s *Service) vouchedDevice(ctx context.Context, tx db.Tx, k passkeyRow, token string, lost id.ID, spki []byte, from Visitor) (deviceRow, error) {
	if !lost.IsZero() {
		if err := s.endDevice(ctx, tx, k.client, lost); err != nil && !errors.Is(err, ErrMissing) {
			return deviceRow{}, err
		}
	}
	return s.enrol(ctx, tx, k.client, s.ids.New(), token, spki, tx.Now().UnixMicro() >= k.reduced, from)
}

// passkeyDevice finds the device that a passkey login goes on with; zero when
// the browser must become a new one. lost is the device it was until then.
func (s *Service) passkeyDevice(ctx context.Context, who client.ID, deviceToken string, from Visitor) (on deviceRow, lost id.ID, err error) {
	whose, device, err := s.bearer(ctx, deviceToken, bearDevice)
	if err != nil || whose != who {
		return deviceRow{}, id.ID{}, err // nobody's, or somebody else's who used this browser before
	}
	on, err = s.deviceOf(ctx, s.db, who, device)
	switch {
	case errors.Is(err, ErrNoDevice):
		return deviceRow{}, id.ID{}, nil
	case err != nil:
		return deviceRow{}, id.ID{}, err
	case from.Proof == nil && from.Key != nil:
		return deviceRow{}, device, nil // its key is lost, or it never had one
	}
	_, err = s.proveLogin(ctx, who, on, from)
	return on, id.ID{}, err
}

func parseAnswer(response []byte) (*protocol.ParsedCredentialAssertionData, error) {
	if len(response) > maxAnswer {
		return nil, ErrPasskey
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		return nil, refused(err)
	}
	if len(parsed.RawID) > maxCredential {
		return nil, ErrPasskey
	}
	return parsed, nil
}

// check verifies an answer to the challenge ref by a passkey: type, challenge,
// origin, host, presence, user verification, signature, owner and counter.
func (s *Service) check(ctx context.Context, k passkeyRow, ref string, parsed *protocol.ParsedCredentialAssertionData) (*webauthn.Credential, error) {
	o, err := s.owner(ctx, k.client)
	if err != nil {
		return nil, err
	}
	o.keys = []passkeyRow{k}
	// A passkey names its owner, or it was none that could be found by itself.
	if len(parsed.Response.UserHandle) > 0 && !bytes.Equal(parsed.Response.UserHandle, o.handle) {
		return nil, ErrPasskey
	}
	seen, err := s.party.ValidateLogin(o, webauthn.SessionData{
		Challenge: ref, RelyingPartyID: s.party.Config.RPID, UserID: o.handle, UserVerification: protocol.VerificationRequired,
	}, parsed)
	if err != nil {
		return nil, refused(err)
	}
	return seen, nil
}

// used keeps that a passkey was used. A counter that does not grow means a
// copy of it, and is refused (A06).
func (s *Service) used(ctx context.Context, tx db.Tx, k passkeyRow, seen *webauthn.Credential) error {
	if seen.Authenticator.CloneWarning {
		return ErrPasskey.Because(errors.New("the counter of the passkey did not grow"))
	}
	n, err := tx.Exec(ctx, qPasskeyUsed, int64(k.client), k.ID.Bytes(), int64(seen.Authenticator.SignCount),
		int64(seen.Flags.ProtocolValue()), micro(s.now()))
	if err != nil {
		return fmt.Errorf("use a passkey: %w", err)
	}
	if n == 0 {
		return ErrPasskey // removed meanwhile, or its copy was quicker
	}
	return nil
}

// BeginPasskeyStepUp starts a step-up by one of the client's passkeys;
// ErrNoPasskey when he has none.
func (s *Service) BeginPasskeyStepUp(ctx context.Context, in Session) (options json.RawMessage, ref string, err error) {
	challenge := randomBytes(tokenBytes)
	if options, err = s.askOwner(ctx, in, challenge); err != nil {
		return nil, "", err
	}
	ref = b64.EncodeToString(challenge)
	return options, ref, s.ask(ctx, question{purpose: toStepUp, client: in.Client, session: in.ID, ref: ref})
}

// askOwner gives the options that ask one of the client's passkeys to sign.
func (s *Service) askOwner(ctx context.Context, in Session, challenge []byte) (json.RawMessage, error) {
	o, err := s.owner(ctx, in.Client)
	if err != nil {
		return nil, err
	}
	if len(o.keys) == 0 {
		return nil, ErrNoPasskey
	}
	asked, _, err := s.party.BeginLogin(o, webauthn.WithChallenge(challenge), webauthn.WithAllowedCredentials(o.descriptors()))
	if err != nil {
		return nil, fmt.Errorf("ask a passkey: %w", err)
	}
	return json.Marshal(asked.Response)
}

// ConfirmPasskey is ConfirmPasscode by a passkey.
func (s *Service) ConfirmPasskey(ctx context.Context, in Session, ref string, response []byte) (Confirmed, error) {
	if err := s.answered(ctx, question{purpose: toStepUp, client: in.Client, session: in.ID, ref: ref}); err != nil {
		return Confirmed{}, err
	}
	k, parsed, err := s.ownAnswer(ctx, in, response)
	if err != nil {
		return Confirmed{}, err
	}
	seen, err := s.check(ctx, k, ref, parsed)
	if err != nil {
		return Confirmed{}, err
	}
	out, err := s.stepUp(ctx, in, func(tx db.Tx) error { return s.used(ctx, tx, k, seen) })
	if err == nil {
		out.Proof.passkey = k.ID // it stands for the code of a SMS too, see OfferPasscode
	}
	return out, err
}

// ownAnswer reads an answer that must be by a passkey of the session's client.
func (s *Service) ownAnswer(ctx context.Context, in Session, response []byte) (passkeyRow, *protocol.ParsedCredentialAssertionData, error) {
	parsed, err := parseAnswer(response)
	if err != nil {
		return passkeyRow{}, nil, err
	}
	k, err := scanPasskey(s.db.Row(ctx, qPasskeyOf, parsed.RawID).Scan)
	if err == nil && k.client != in.Client {
		err = ErrPasskey
	}
	return k, parsed, err
}
