package access

import (
	"context"
	"encoding/json"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"rocketbank/internal/bank/client"
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

// Passkey is a key in a phone or a stick, as its owner sees it.
type Passkey struct {
	ID      id.ID
	Name    string
	Created time.Time
	Used    time.Time // zero: never yet
	Synced  bool      // it is kept by the maker's cloud, not in one device alone
}

// PasskeyProof is a passkey's signature over a text, which anybody can check
// with its public key alone.
type PasskeyProof struct {
	Passkey    id.ID
	PublicKey  []byte // SPKI DER
	AuthData   []byte
	ClientData []byte
	Signature  []byte
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

// Passkeys lists a client's passkeys, the newest first.
func (s *Service) Passkeys(ctx context.Context, who client.ID) ([]Passkey, error) { return nil, nil }

// RenamePasskey gives one of the client's passkeys another name.
func (s *Service) RenamePasskey(ctx context.Context, who client.ID, passkey id.ID, name string) error {
	return ErrMissing
}

// RemovePasskey makes one of the client's passkeys worthless at once.
func (s *Service) RemovePasskey(ctx context.Context, p Proof, passkey id.ID) error { return ErrMissing }

// BeginPasskey starts the adding of a passkey for whoever has just proved
// himself. options go to navigator.credentials.create
// (parseCreationOptionsFromJSON), its answer with ref to FinishPasskey.
func (s *Service) BeginPasskey(ctx context.Context, p Proof) (options json.RawMessage, ref string, err error) {
	return nil, "", ErrPasskey
}

// FinishPasskey adds the passkey that the browser made.
func (s *Service) FinishPasskey(ctx context.Context, p Proof, ref, name string, response []byte) (Passkey, error) {
	return Passkey{}, ErrPasskey
}

// BeginPasskeyLogin starts a login by any passkey of this bank, whoever's it
// is. options go to navigator.credentials.get (parseRequestOptionsFromJSON,
// also with mediation "conditional"). What the passkey signs is the access
// statement itself.
func (s *Service) BeginPasskeyLogin(ctx context.Context, from Visitor) (options json.RawMessage, ref string, err error) {
	return nil, "", ErrPasskey
}

// FinishPasskeyLogin opens a session for the passkey's owner. deviceToken is
// the device cookie, if any. A device of his that is still whole goes on: a
// keyed one needs from.Proof. Else the browser becomes a new device, with
// from.Key (signed over EnrolText(ref, …)) or without a key; it has no reduced
// limits, since the passkey vouches for it.
func (s *Service) FinishPasskeyLogin(ctx context.Context, ref string, response []byte, deviceToken string, from Visitor) (Entry, error) {
	return Entry{}, ErrPasskey
}

// BeginPasskeyStepUp starts a step-up by one of the client's passkeys.
func (s *Service) BeginPasskeyStepUp(ctx context.Context, in Session) (options json.RawMessage, ref string, err error) {
	return nil, "", ErrNoPasskey
}

// ConfirmPasskey is ConfirmPasscode by a passkey.
func (s *Service) ConfirmPasskey(ctx context.Context, in Session, ref string, response []byte) (Confirmed, error) {
	return Confirmed{}, ErrPasskey
}

// BeginPasskeyOrder starts the signing of a text by one of the client's
// passkeys: the challenge is its SHA-256.
func (s *Service) BeginPasskeyOrder(ctx context.Context, in Session, text []byte) (options json.RawMessage, err error) {
	return nil, ErrNoPasskey
}

// CheckPasskeyOrder takes a passkey's signature over a text that
// BeginPasskeyOrder was called for. The very same answer sent again, as after
// a lost connection, is right again; another one is not.
func (s *Service) CheckPasskeyOrder(ctx context.Context, in Session, text, response []byte) (PasskeyProof, error) {
	return PasskeyProof{}, ErrPasskey
}

// Check verifies the proof over a text by itself, without the bank.
func (p PasskeyProof) Check(text []byte) error { return ErrEvidence }
