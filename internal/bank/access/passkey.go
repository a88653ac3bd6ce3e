package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
)

// PasskeyPrefix is the outside form of a passkey's identifier.
const PasskeyPrefix = "pk"

// The refusals of passkeys.
var (
	ErrPasskey      = fault.New(fault.Invalid, "access.passkey")        // the answer is not right
	ErrChallenge    = fault.New(fault.Conflict, "access.challenge")     // answered already or too late: begin again
	ErrPasskeyName  = fault.New(fault.Invalid, "access.passkey_name")   // 1 to 40 letters
	ErrPasskeyCount = fault.New(fault.Refused, "access.passkey_count")  // n
	ErrNoPasskey    = fault.New(fault.Missing, "access.no_passkey")     // none here to do it with
	ErrKnownPasskey = fault.New(fault.Conflict, "access.passkey_known") // it is on the list already
)

const (
	maxPasskeyName = 40 // letters
	maxAnswer      = 16 << 10
	maxCredential  = 1023 // bytes, by the standard
)

// Passkey is a key in a phone or a stick, as its owner sees it.
type Passkey struct {
	ID      id.ID
	Name    string
	Created time.Time
	Used    time.Time // zero: never yet
	Synced  bool      // it is kept by the maker's cloud, not in one device alone
}

// relyingParty is whose passkeys they are: the cabinet's host, reached at the
// cabinet's origin alone.
func relyingParty(o Options) (*webauthn.WebAuthn, error) {
	if o.Origin == "" {
		o.Origin = "https://" + o.Host
	}
	if o.Brand == "" {
		o.Brand = "Рокетбанк"
	}
	return webauthn.New(&webauthn.Config{
		RPID: o.Host, RPDisplayName: o.Brand, RPOrigins: []string{o.Origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementPreferred, UserVerification: protocol.VerificationRequired,
		},
	})
}

// passkeyRow is a passkey as it is stored.
type passkeyRow struct {
	Passkey
	client     client.ID
	credential []byte
	publicKey  []byte // COSE
	aaguid     []byte
	transports string
	flags      uint8
	uses       uint32
	reduced    int64 // business time until when it vouches for no device
}

// #nosec G101 -- names of columns
const passkeyColumns = `client, id, credential, public_key, name, aaguid, transports, flags, uses, reduced_us, created_us, used_us`

var (
	qPasskeyNew = db.Query(`INSERT INTO passkey (` + passkeyColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0)`)
	qPasskeyAlias = db.Query(`INSERT INTO passkey_credential (credential, client, passkey) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`)
	qPasskeys     = db.Query(`SELECT ` + passkeyColumns + ` FROM passkey
		WHERE client = $1 AND ended_us IS NULL ORDER BY id DESC LIMIT 100`)
	qPasskeyOf = db.Query(`SELECT p.client, p.id, p.credential, p.public_key, p.name, p.aaguid, p.transports, p.flags, p.uses,
		p.reduced_us, p.created_us, p.used_us
		FROM passkey_credential c JOIN passkey p ON p.client = c.client AND p.id = c.passkey
		WHERE c.credential = $1 AND p.ended_us IS NULL`)
	qPasskeyCount  = db.Query(`SELECT COUNT(*) FROM passkey WHERE client = $1 AND ended_us IS NULL`)
	qPasskeyRename = db.Query(`UPDATE passkey SET name = $3 WHERE client = $1 AND id = $2 AND ended_us IS NULL`)
	qPasskeyEnd    = db.Query(`UPDATE passkey SET ended_us = $3 WHERE client = $1 AND id = $2 AND ended_us IS NULL`)
	qPasskeyUnname = db.Query(`DELETE FROM passkey_credential WHERE client = $1 AND passkey = $2`)
	// The counter only grows; of two answers with one count, one counts (A06).
	qPasskeyUsed = db.Query(`UPDATE passkey SET uses = $3, flags = $4, used_us = $5
		WHERE client = $1 AND id = $2 AND ended_us IS NULL AND (uses < $3 OR uses = 0 AND $3 = 0)`)
)

func scanPasskey(scan func(...any) error) (p passkeyRow, err error) {
	var raw []byte
	var created, used int64
	err = scan(&p.client, &raw, &p.credential, &p.publicKey, &p.Name, &p.aaguid, &p.transports, &p.flags, &p.uses, &p.reduced, &created, &used)
	if errors.Is(err, db.ErrNoRows) {
		return passkeyRow{}, ErrPasskey
	}
	if err != nil {
		return passkeyRow{}, fmt.Errorf("read a passkey: %w", err)
	}
	if p.ID, err = id.FromBytes(raw); err != nil {
		return passkeyRow{}, fmt.Errorf("read a passkey: %w", err)
	}
	p.Created, p.Used, p.Synced = moment(created), moment(used), p.known().Flags.BackupState
	return p, nil
}

// known is the passkey in the words of the library that checks it.
func (p passkeyRow) known() webauthn.Credential {
	c := webauthn.Credential{
		ID: p.credential, PublicKey: p.publicKey, AttestationType: "none", AttestationFormat: "none",
		Flags:         webauthn.NewCredentialFlags(protocol.AuthenticatorFlags(p.flags)),
		Authenticator: webauthn.Authenticator{AAGUID: p.aaguid, SignCount: p.uses},
	}
	for t := range strings.FieldsFuncSeq(p.transports, func(r rune) bool { return r == ',' }) {
		c.Transport = append(c.Transport, protocol.AuthenticatorTransport(t))
	}
	return c
}

func (s *Service) passkeys(ctx context.Context, r db.Reader, who client.ID) (out []passkeyRow, err error) {
	rows, err := r.Rows(ctx, qPasskeys, int64(who))
	if err != nil {
		return nil, fmt.Errorf("passkeys: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		p, err := scanPasskey(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// owner is a client in the words of the library.
type owner struct {
	handle []byte
	name   string
	keys   []passkeyRow
}

func (o owner) WebAuthnID() []byte          { return o.handle }
func (o owner) WebAuthnName() string        { return o.name }
func (o owner) WebAuthnDisplayName() string { return o.name }
func (o owner) WebAuthnCredentials() (out []webauthn.Credential) {
	for _, k := range o.keys {
		out = append(out, k.known())
	}
	return out
}

func (o owner) descriptors() (out []protocol.CredentialDescriptor) {
	for _, k := range o.keys {
		known := k.known()
		out = append(out, known.Descriptor())
	}
	return out
}

// owner gives a client with his passkeys. The handle that an authenticator
// keeps is his outside number, which tells a stranger nothing.
func (s *Service) owner(ctx context.Context, who client.ID) (owner, error) {
	if s.partyIs != nil {
		return owner{}, s.partyIs
	}
	c, err := s.clients.ByID(ctx, who)
	if err != nil {
		return owner{}, err
	}
	keys, err := s.passkeys(ctx, s.db, who)
	return owner{handle: c.UID.Bytes(), name: c.Name.Masked(), keys: keys}, err
}

// Passkeys lists a client's passkeys, the newest first.
func (s *Service) Passkeys(ctx context.Context, who client.ID) (out []Passkey, err error) {
	keys, err := s.passkeys(ctx, s.db, who)
	for _, k := range keys {
		out = append(out, k.Passkey)
	}
	return out, err
}

// RenamePasskey gives one of the client's passkeys another name.
func (s *Service) RenamePasskey(ctx context.Context, who client.ID, passkey id.ID, name string) error {
	name, err := passkeyName(name)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx db.Tx) error {
		n, err := tx.Exec(ctx, qPasskeyRename, int64(who), passkey.Bytes(), name)
		if err == nil && n == 0 {
			err = ErrMissing
		}
		return err
	})
}

func passkeyName(name string) (string, error) {
	name = strings.TrimSpace(name)
	bad := func(r rune) bool { return r == utf8.RuneError || unicode.IsControl(r) }
	if name == "" || utf8.RuneCountInString(name) > maxPasskeyName || strings.ContainsFunc(name, bad) {
		return "", ErrPasskeyName.At("name")
	}
	return name, nil
}

// justProved tells whether somebody has just proved himself.
func (s *Service) justProved(p Proof) error {
	if p.client == 0 || s.now().Sub(p.at) > proofFor {
		return ErrStepUp
	}
	return nil
}

// OfferRemoval begins the removal of one of the client's passkeys, by whoever
// has just proved himself; CarryOut ends it.
func (s *Service) OfferRemoval(ctx context.Context, in Session, p Proof, passkey id.ID) (Offer, error) {
	if err := s.fresh(in, p); err != nil {
		return Offer{}, err
	}
	keys, err := s.passkeys(ctx, s.db, in.Client)
	if err != nil {
		return Offer{}, err
	}
	for _, k := range keys {
		if k.ID != passkey {
			continue
		}
		spki, err := spkiOf(k.publicKey)
		if err != nil {
			return Offer{}, err
		}
		return s.offer(ctx, in, changeBody{Remove: &removedKey{ID: k.ID, Name: k.Name, Print: order.KeyPrint(spki)}})
	}
	return Offer{}, ErrMissing
}

// endPasskey makes a passkey worthless at once.
func (s *Service) endPasskey(ctx context.Context, tx db.Tx, who client.ID, passkey id.ID) error {
	n, err := tx.Exec(ctx, qPasskeyEnd, int64(who), passkey.Bytes(), micro(s.now()))
	if err != nil {
		return fmt.Errorf("remove a passkey: %w", err)
	}
	if n == 0 {
		return ErrMissing
	}
	if _, err := tx.Exec(ctx, qPasskeyUnname, int64(who), passkey.Bytes()); err != nil {
		return fmt.Errorf("remove a passkey: %w", err)
	}
	return s.record(ctx, tx, who, "passkey.removed", passkey.Text(PasskeyPrefix), "")
}

// youngBefore is how much older than an alert a passkey may be that goes with it.
const youngBefore = time.Minute

// endPasskeysSince removes what somebody added who should not have been here.
func (s *Service) endPasskeysSince(ctx context.Context, tx db.Tx, who client.ID, since time.Time) error {
	keys, err := s.passkeys(ctx, tx, who)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if k.Created.Before(since.Add(-youngBefore)) {
			continue
		}
		if _, err := tx.Exec(ctx, qPasskeyEnd, int64(who), k.ID.Bytes(), micro(s.now())); err != nil {
			return fmt.Errorf("remove a passkey: %w", err)
		}
		if _, err := tx.Exec(ctx, qPasskeyUnname, int64(who), k.ID.Bytes()); err != nil {
			return fmt.Errorf("remove a passkey: %w", err)
		}
	}
	return nil
}

// algorithms are those that every passkey of today can do and that anybody can
// check with standard tools.
func algorithms(o *protocol.PublicKeyCredentialCreationOptions) error {
	o.Parameters = nil
	for _, alg := range []webauthncose.COSEAlgorithmIdentifier{webauthncose.AlgES256, webauthncose.AlgEdDSA, webauthncose.AlgRS256} {
		o.Parameters = append(o.Parameters, protocol.CredentialParameter{Type: protocol.PublicKeyCredentialType, Algorithm: alg})
	}
	return nil
}

// BeginPasskey starts the adding of a passkey for whoever has just proved
// himself. options are what parseCreationOptionsFromJSON takes; the answer's
// toJSON goes with ref to OfferPasskey.
func (s *Service) BeginPasskey(ctx context.Context, p Proof) (options json.RawMessage, ref string, err error) {
	if err := s.justProved(p); err != nil {
		return nil, "", err
	}
	o, err := s.owner(ctx, p.client)
	if err != nil {
		return nil, "", err
	}
	if len(o.keys) >= s.limits.Passkeys {
		return nil, "", ErrPasskeyCount.With("n", s.limits.Passkeys)
	}
	creation, _, err := s.party.BeginRegistration(o, algorithms, webauthn.WithExclusions(o.descriptors()))
	if err != nil {
		return nil, "", fmt.Errorf("begin a passkey: %w", err)
	}
	ref = creation.Response.Challenge.String()
	if err := s.ask(ctx, question{purpose: toAdd, client: p.client, session: p.session, ref: ref}); err != nil {
		return nil, "", err
	}
	options, err = json.Marshal(creation.Response)
	return options, ref, err
}

// OfferPasskey takes the passkey that the browser made and offers the order to
// add it, which names its key; CarryOut ends it. One that is added while the
// device has reduced limits vouches for no other device until they have ended.
func (s *Service) OfferPasskey(ctx context.Context, in Session, p Proof, ref, name string, response []byte) (Offer, error) {
	if err := s.fresh(in, p); err != nil {
		return Offer{}, err
	}
	name, err := passkeyName(name)
	if err != nil {
		return Offer{}, err
	}
	o, err := s.owner(ctx, in.Client)
	if err != nil {
		return Offer{}, err
	}
	if err := s.answered(ctx, question{purpose: toAdd, client: in.Client, session: in.ID, ref: ref}); err != nil {
		return Offer{}, err
	}
	made, err := s.registered(o, ref, response)
	if err != nil {
		return Offer{}, err
	}
	spki, err := spkiOf(made.PublicKey)
	if err != nil {
		return Offer{}, err
	}
	return s.offer(ctx, in, changeBody{Add: &offeredKey{
		ID: s.ids.New(), Name: name, Credential: made.ID, PublicKey: made.PublicKey, Print: order.KeyPrint(spki), AAGUID: made.Authenticator.AAGUID,
		Transports: joinTransports(made.Transport), Flags: uint8(made.Flags.ProtocolValue()), Uses: made.Authenticator.SignCount,
		Synced: made.Flags.BackupState,
	}})
}

func (s *Service) registered(o owner, ref string, response []byte) (*webauthn.Credential, error) {
	if len(response) > maxAnswer {
		return nil, ErrPasskey
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return nil, refused(err)
	}
	var params protocol.PublicKeyCredentialCreationOptions
	if err := algorithms(&params); err != nil {
		return nil, err
	}
	made, err := s.party.CreateCredential(o, webauthn.SessionData{
		Challenge: ref, RelyingPartyID: s.party.Config.RPID, UserID: o.handle,
		UserVerification: protocol.VerificationRequired, CredParams: params.Parameters,
	}, parsed)
	if err != nil {
		return nil, refused(err)
	}
	if _, err := spkiOf(made.PublicKey); err != nil || len(made.ID) > maxCredential {
		return nil, ErrPasskey
	}
	return made, nil
}

// refused is what a person sees of a wrong answer; why is for the log.
func refused(why error) error { return ErrPasskey.Because(why) }

func joinTransports(list []protocol.AuthenticatorTransport) string {
	var out []string
	for _, t := range list {
		switch t { // never what somebody else made up
		case protocol.USB, protocol.NFC, protocol.BLE, protocol.SmartCard, protocol.Hybrid, protocol.Internal:
			out = append(out, string(t))
		}
	}
	return strings.Join(out, ",")
}

func (s *Service) addPasskey(ctx context.Context, tx db.Tx, k passkeyRow, on deviceRow) error {
	var have int
	if err := tx.Row(ctx, qPasskeyCount, int64(k.client)).Scan(&have); err != nil {
		return fmt.Errorf("count passkeys: %w", err)
	}
	if have >= s.limits.Passkeys {
		return ErrPasskeyCount.With("n", s.limits.Passkeys)
	}
	n, err := tx.Exec(ctx, qPasskeyAlias, k.credential, int64(k.client), k.ID.Bytes())
	if err != nil {
		return fmt.Errorf("add a passkey: %w", err)
	}
	if n == 0 {
		return ErrKnownPasskey
	}
	if _, err := tx.Exec(ctx, qPasskeyNew, int64(k.client), k.ID.Bytes(), k.credential, k.publicKey, k.Name, k.aaguid, k.transports,
		int64(k.flags), int64(k.uses), k.reduced, micro(k.Created)); err != nil {
		return fmt.Errorf("add a passkey: %w", err)
	}
	// Told by the device's name: the passkey's own was chosen by whoever added it.
	if err := s.tell(ctx, tx, News{Kind: NewPasskey, Client: k.client, Device: on.id, Name: on.name}); err != nil {
		return err
	}
	return s.record(ctx, tx, k.client, "passkey.added", k.ID.Text(PasskeyPrefix), "")
}
