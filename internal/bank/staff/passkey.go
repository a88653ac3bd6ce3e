package staff

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

var (
	qPasskeyNew = db.Query(`INSERT INTO staff_passkey (id, member, record, created_us, used_us) VALUES ($1, $2, $3, $4, $4)
		ON CONFLICT DO NOTHING`)
	qPasskeys     = db.Query(`SELECT id, record, created_us, used_us FROM staff_passkey WHERE member = $1 ORDER BY created_us, id LIMIT 100`)
	qPasskeyUsed  = db.Query(`UPDATE staff_passkey SET record = $2, used_us = $3 WHERE id = $1`)
	qPasskeyDrop  = db.Query(`DELETE FROM staff_passkey WHERE id = $1 AND member = $2`)
	qPasskeysDrop = db.Query(`DELETE FROM staff_passkey WHERE member = $1`)

	qCeremonyNew  = db.Query(`INSERT INTO staff_ceremony (hash, kind, member, data, until_us) VALUES ($1, $2, $3, $4, $5)`)
	qCeremonyTake = db.Query(`DELETE FROM staff_ceremony WHERE hash = $1 AND kind = $2 AND until_us > $3 RETURNING data`)
)

// Kinds of passkey dialogues.
const (
	ceremonyLogin    = 1
	ceremonyRegister = 2
)

// maxPasskeys of one member.
const maxPasskeys = 5

// Passkey is a key a member comes in with.
type Passkey struct {
	ID      []byte
	Created time.Time
	Used    time.Time
}

// Dialogue is a passkey dialogue begun: what the browser is asked, and the
// reference its answer comes with.
type Dialogue struct {
	Options json.RawMessage
	Ref     string
}

// holder is a member as the library wants to see him.
type holder struct {
	member Member
	keys   []webauthn.Credential
}

func (h holder) WebAuthnID() []byte                         { return h.member.ID.Bytes() }
func (h holder) WebAuthnName() string                       { return h.member.Name.Whole() }
func (h holder) WebAuthnDisplayName() string                { return h.member.Name.Whole() }
func (h holder) WebAuthnCredentials() []webauthn.Credential { return h.keys }

// BeginLogin asks the browser for any passkey of the console.
func (s *Service) BeginLogin(ctx context.Context) (Dialogue, error) {
	options, data, err := s.keys.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return Dialogue{}, fmt.Errorf("begin a login of staff: %w", err)
	}
	return s.begin(ctx, ceremonyLogin, id.ID{}, options, data)
}

// FinishLogin takes the browser's answer and opens a session.
func (s *Service) FinishLogin(ctx context.Context, ref string, response []byte) (Entry, error) {
	data, err := s.take(ctx, ceremonyLogin, ref)
	if err != nil {
		return Entry{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		return Entry{}, s.refused(ctx, err)
	}
	var h holder
	find := func(_, handle []byte) (webauthn.User, error) {
		who, err := id.FromBytes(handle)
		if err != nil {
			return nil, err
		}
		h, err = s.holder(ctx, s.db, who)
		return h, err
	}
	_, key, err := s.keys.ValidatePasskeyLogin(find, data, parsed)
	if err != nil {
		return Entry{}, s.refused(ctx, err)
	}
	if key.Authenticator.CloneWarning {
		return Entry{}, s.refused(ctx, errors.New("the counter of the passkey went back"))
	}
	if h.member.State != Active {
		return Entry{}, ErrDisabled
	}
	var out Entry
	err = s.db.Write(ctx, func(tx db.Tx) error {
		record, err := s.sealKey(*key)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qPasskeyUsed, key.ID, record, micro(s.now())); err != nil {
			return err
		}
		out, err = s.openSession(ctx, tx, h.member, ByPasskey)
		return err
	})
	return out, err
}

// refused keeps a failed login in the trail, where the watch counts it.
func (s *Service) refused(ctx context.Context, why error) error {
	err := s.db.Write(ctx, func(tx db.Tx) error {
		return s.record(ctx, tx, "visitor", 0, "staff.login.refused", "", "")
	})
	return errors.Join(ErrPasskey.Because(why), err)
}

// Invited tells whose one-time link it is, without using it.
func (s *Service) Invited(ctx context.Context, token string) (Member, error) {
	who, kind, err := s.link(ctx, s.db, token)
	if err != nil {
		return Member{}, err
	}
	if kind != linkInvite {
		return Member{}, ErrLink
	}
	return s.Member(ctx, who)
}

func (s *Service) link(ctx context.Context, r db.Reader, token string) (who id.ID, kind int, err error) {
	hash := s.hash(token)
	if hash == nil {
		return id.ID{}, 0, ErrLink
	}
	var raw []byte
	var until int64
	err = r.Row(ctx, qLink, hash).Scan(&raw, &kind, &until)
	if errors.Is(err, db.ErrNoRows) || err == nil && !s.now().Before(moment(until)) {
		return id.ID{}, 0, ErrLink
	}
	if err != nil {
		return id.ID{}, 0, fmt.Errorf("read a one-time link: %w", err)
	}
	who, err = id.FromBytes(raw)
	return who, kind, err
}

// BeginRegister asks the browser of who holds an invitation to make a passkey.
func (s *Service) BeginRegister(ctx context.Context, token string) (Dialogue, error) {
	m, err := s.Invited(ctx, token)
	if err != nil {
		return Dialogue{}, err
	}
	return s.beginRegister(ctx, m.ID)
}

// BeginAddPasskey asks for a further passkey inside a session.
func (s *Service) BeginAddPasskey(ctx context.Context, in Session) (Dialogue, error) {
	return s.beginRegister(ctx, in.Member.ID)
}

func (s *Service) beginRegister(ctx context.Context, who id.ID) (Dialogue, error) {
	h, err := s.holder(ctx, s.db, who)
	if err != nil {
		return Dialogue{}, err
	}
	if len(h.keys) >= maxPasskeys {
		return Dialogue{}, ErrTooManyKeys
	}
	options, data, err := s.keys.BeginRegistration(h, webauthn.WithExclusions(webauthn.Credentials(h.keys).CredentialDescriptors()))
	if err != nil {
		return Dialogue{}, fmt.Errorf("begin a passkey of staff: %w", err)
	}
	return s.begin(ctx, ceremonyRegister, who, options, data)
}

// FinishRegister takes the new passkey, uses the invitation up and opens the
// first session.
func (s *Service) FinishRegister(ctx context.Context, token, ref string, response []byte) (Entry, error) {
	m, err := s.Invited(ctx, token)
	if err != nil {
		return Entry{}, err
	}
	key, err := s.made(ctx, m.ID, ref, response)
	if err != nil {
		return Entry{}, err
	}
	var out Entry
	err = s.db.Write(ctx, func(tx db.Tx) error {
		who, kind, err := s.link(ctx, tx, token)
		if err != nil {
			return err
		}
		if who != m.ID || kind != linkInvite || m.State != Active {
			return ErrLink
		}
		if n, err := tx.Exec(ctx, qLinkUsed, s.hash(token), micro(s.now())); err != nil || n != 1 {
			return errors.Join(ErrLink, err)
		}
		if err := s.keepKey(ctx, tx, m.ID, key); err != nil {
			return err
		}
		out, err = s.openSession(ctx, tx, m, ByPasskey)
		return err
	})
	return out, err
}

// FinishAddPasskey keeps a further passkey of who is inside.
func (s *Service) FinishAddPasskey(ctx context.Context, in Session, ref string, response []byte) error {
	key, err := s.made(ctx, in.Member.ID, ref, response)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx db.Tx) error {
		if err := s.keepKey(ctx, tx, in.Member.ID, key); err != nil {
			return err
		}
		return s.record(ctx, tx, in.Actor().Ref(), 0, "staff.passkey.added", in.Member.Text(), "")
	})
}

// made checks the browser's answer to a registration.
func (s *Service) made(ctx context.Context, who id.ID, ref string, response []byte) (webauthn.Credential, error) {
	data, err := s.take(ctx, ceremonyRegister, ref)
	if err != nil {
		return webauthn.Credential{}, err
	}
	h, err := s.holder(ctx, s.db, who)
	if err != nil {
		return webauthn.Credential{}, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return webauthn.Credential{}, ErrPasskey.Because(err)
	}
	key, err := s.keys.CreateCredential(h, data, parsed)
	if err != nil {
		return webauthn.Credential{}, ErrPasskey.Because(err)
	}
	return *key, nil
}

func (s *Service) keepKey(ctx context.Context, tx db.Tx, who id.ID, key webauthn.Credential) error {
	record, err := s.sealKey(key)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, qPasskeyNew, key.ID, who.Bytes(), record, micro(s.now()))
	if err == nil && n == 0 {
		err = ErrPasskey // somebody has this very key already
	}
	return err
}

// RemovePasskey takes a passkey back; the last one stays.
func (s *Service) RemovePasskey(ctx context.Context, in Session, key []byte) error {
	return s.db.Write(ctx, func(tx db.Tx) error {
		if _, _, err := s.lockMember(ctx, tx, in.Member.ID); err != nil {
			return err
		}
		h, err := s.holder(ctx, tx, in.Member.ID)
		if err != nil {
			return err
		}
		if len(h.keys) < 2 {
			return ErrMissing
		}
		n, err := tx.Exec(ctx, qPasskeyDrop, key, in.Member.ID.Bytes())
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrMissing
		}
		return s.record(ctx, tx, in.Actor().Ref(), 0, "staff.passkey.removed", in.Member.Text(), "")
	})
}

// Passkeys lists the passkeys of a member.
func (s *Service) Passkeys(ctx context.Context, who id.ID) ([]Passkey, error) {
	var out []Passkey
	err := s.eachKey(ctx, s.db, who, func(p Passkey, _ webauthn.Credential) { out = append(out, p) })
	return out, err
}

func (s *Service) holder(ctx context.Context, r db.Reader, who id.ID) (holder, error) {
	m, err := s.member(ctx, r, who)
	if err != nil {
		return holder{}, err
	}
	h := holder{member: m}
	err = s.eachKey(ctx, r, who, func(_ Passkey, c webauthn.Credential) { h.keys = append(h.keys, c) })
	return h, err
}

func (s *Service) eachKey(ctx context.Context, r db.Reader, who id.ID, each func(Passkey, webauthn.Credential)) error {
	rows, err := r.Rows(ctx, qPasskeys, who.Bytes())
	if err != nil {
		return fmt.Errorf("passkeys of staff: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var p Passkey
		var sealed []byte
		var created, used int64
		if err := rows.Scan(&p.ID, &sealed, &created, &used); err != nil {
			return err
		}
		p.ID = bytes.Clone(p.ID)
		p.Created, p.Used = moment(created), moment(used)
		plain, err := s.vault.Open(vault.Secret, keyAt(p.ID), sealed)
		if err != nil {
			return fmt.Errorf("a passkey of staff: %w", err)
		}
		var c webauthn.Credential
		if err := json.Unmarshal(plain, &c); err != nil {
			return fmt.Errorf("a passkey of staff: %w", err)
		}
		each(p, c)
	}
	return rows.Err()
}

func keyAt(key []byte) vault.At { return vault.At{Table: "staff_passkey.record", Row: key} }

func (s *Service) sealKey(c webauthn.Credential) ([]byte, error) {
	plain, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	return s.vault.Seal(vault.Secret, keyAt(c.ID), plain)
}

func (s *Service) begin(ctx context.Context, kind int, who id.ID, options any, data *webauthn.SessionData) (Dialogue, error) {
	asked, err := json.Marshal(options)
	if err != nil {
		return Dialogue{}, err
	}
	plain, err := json.Marshal(data)
	if err != nil {
		return Dialogue{}, err
	}
	ref := newSecret()
	hash := s.hash(ref)
	sealed, err := s.vault.Seal(vault.Secret, ceremonyAt(hash), plain)
	if err != nil {
		return Dialogue{}, err
	}
	err = s.db.Write(ctx, func(tx db.Tx) error {
		_, err := tx.Exec(ctx, qCeremonyNew, hash, kind, orNil(who), sealed, micro(s.now().Add(s.limits.Ceremony)))
		return err
	})
	return Dialogue{Options: asked, Ref: ref}, err
}

// take ends a dialogue: its answer counts once, right or wrong.
func (s *Service) take(ctx context.Context, kind int, ref string) (webauthn.SessionData, error) {
	hash := s.hash(ref)
	if hash == nil {
		return webauthn.SessionData{}, ErrPasskey
	}
	var sealed []byte
	err := s.db.Write(ctx, func(tx db.Tx) error {
		return tx.Row(ctx, qCeremonyTake, hash, kind, micro(s.now())).Scan(&sealed)
	})
	if errors.Is(err, db.ErrNoRows) {
		return webauthn.SessionData{}, ErrPasskey
	}
	if err != nil {
		return webauthn.SessionData{}, fmt.Errorf("a passkey dialogue: %w", err)
	}
	plain, err := s.vault.Open(vault.Secret, ceremonyAt(hash), sealed)
	if err != nil {
		return webauthn.SessionData{}, err
	}
	var data webauthn.SessionData
	return data, json.Unmarshal(plain, &data)
}

func ceremonyAt(hash []byte) vault.At { return vault.At{Table: "staff_ceremony.data", Row: hash} }
