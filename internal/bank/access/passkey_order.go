package access

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
)

// PasskeyProof is a passkey's signature over a text, which anybody can check
// with its public key alone.
type PasskeyProof struct {
	Passkey    id.ID
	PublicKey  []byte // SPKI DER
	AuthData   []byte
	ClientData []byte // JSON, as the browser wrote it
	Signature  []byte
}

// BeginPasskeyOrder starts the signing of a text by one of the client's
// passkeys: the challenge is the text's SHA-256. ErrNoPasskey when he has none.
func (s *Service) BeginPasskeyOrder(ctx context.Context, in Session, text []byte) (options json.RawMessage, err error) {
	sum := sha256.Sum256(text)
	if options, err = s.askOwner(ctx, in, sum[:]); err != nil {
		return nil, err
	}
	return options, s.write(ctx, qAskOrder, sum[:], int16(toOrder), int64(in.Client), in.ID.Bytes(), micro(s.now().Add(s.limits.Challenge)))
}

// CheckPasskeyOrder takes a passkey's signature over a text that
// BeginPasskeyOrder was called for in this session. The very same answer sent
// again, as after a lost connection, is right again; another one is not.
func (s *Service) CheckPasskeyOrder(ctx context.Context, in Session, text, response []byte) (PasskeyProof, error) {
	k, parsed, err := s.ownAnswer(ctx, in, response)
	if err != nil {
		return PasskeyProof{}, err
	}
	sum := sha256.Sum256(text)
	seen, err := s.check(ctx, k, b64.EncodeToString(sum[:]), parsed)
	if err != nil {
		return PasskeyProof{}, err
	}
	proof, err := k.proof(parsed)
	if err != nil {
		return PasskeyProof{}, err
	}
	answer := sha256.Sum256(bytes.Join([][]byte{k.ID.Bytes(), proof.AuthData, proof.ClientData, proof.Signature}, []byte{0}))
	err = s.db.Write(ctx, func(tx db.Tx) error {
		args := []any{sum[:], int16(toOrder), int64(in.Client), in.ID.Bytes(), micro(s.now()), answer[:]}
		n, err := tx.Exec(ctx, qAnswerOrder, args...)
		if err != nil {
			return fmt.Errorf("answer of a passkey: %w", err)
		}
		if n == 1 {
			return s.used(ctx, tx, k, seen)
		}
		var same int
		if err := tx.Row(ctx, qSameAnswer, args...).Scan(&same); err != nil {
			return fmt.Errorf("answer of a passkey: %w", err)
		}
		if same == 0 {
			return ErrChallenge
		}
		return nil
	})
	if err != nil {
		return PasskeyProof{}, err
	}
	return proof, nil
}

func (k passkeyRow) proof(parsed *protocol.ParsedCredentialAssertionData) (PasskeyProof, error) {
	spki, err := spkiOf(k.publicKey)
	if err != nil {
		return PasskeyProof{}, err
	}
	raw := parsed.Raw.AssertionResponse
	return PasskeyProof{Passkey: k.ID, PublicKey: spki, AuthData: raw.AuthenticatorData, ClientData: raw.ClientDataJSON, Signature: raw.Signature}, nil
}

// spkiOf turns a passkey's public key into the form everybody's tools read.
func spkiOf(cose []byte) ([]byte, error) {
	parsed, err := webauthncose.ParsePublicKey(cose)
	if err != nil {
		return nil, ErrPasskey.Because(err)
	}
	var key any
	switch k := parsed.(type) {
	case webauthncose.EC2PublicKeyData:
		ec, err := k.ToECDSA()
		if err != nil || ec.Curve != elliptic.P256() {
			return nil, ErrPasskey
		}
		key = ec
	case webauthncose.OKPPublicKeyData:
		key = ed25519.PublicKey(k.XCoord)
	case webauthncose.RSAPublicKeyData:
		e, err := webauthncose.ParseRSAPublicKeyDataExponent(&k)
		if err != nil {
			return nil, ErrPasskey.Because(err)
		}
		key = &rsa.PublicKey{N: new(big.Int).SetBytes(k.Modulus), E: e}
	default:
		return nil, ErrPasskey
	}
	spki, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, ErrPasskey.Because(err)
	}
	return spki, nil
}

const (
	authDataBytes  = 37 // host's hash, flags, counter; what follows is optional
	flagsAt        = 32
	presentAndSure = 0x01 | 0x04 // user present, user verified
)

// Check verifies the proof over a text by itself, without the bank. Which host
// it was made for is in RPIDHash.
func (p PasskeyProof) Check(text []byte) error {
	var said struct {
		Type      string `json:"type"`
		Challenge string `json:"challenge"`
	}
	sum := sha256.Sum256(text)
	if err := json.Unmarshal(p.ClientData, &said); err != nil || said.Type != "webauthn.get" || said.Challenge != b64.EncodeToString(sum[:]) {
		return ErrEvidence
	}
	if len(p.AuthData) < authDataBytes || p.AuthData[flagsAt]&presentAndSure != presentAndSure {
		return ErrEvidence
	}
	client := sha256.Sum256(p.ClientData)
	signed := append(bytes.Clone(p.AuthData), client[:]...)
	digest := sha256.Sum256(signed)
	key, err := x509.ParsePKIXPublicKey(p.PublicKey)
	if err != nil {
		return ErrEvidence
	}
	ok := false
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		ok = k.Curve == elliptic.P256() && ecdsa.VerifyASN1(k, digest[:], p.Signature)
	case ed25519.PublicKey:
		ok = ed25519.Verify(k, signed, p.Signature)
	case *rsa.PublicKey:
		ok = rsa.VerifyPKCS1v15(k, crypto.SHA256, digest[:], p.Signature) == nil
	}
	if !ok {
		return ErrEvidence
	}
	return nil
}

// RPIDHash is the SHA-256 of the host name the passkey was asked by.
func (p PasskeyProof) RPIDHash() []byte {
	if len(p.AuthData) < authDataBytes {
		return nil
	}
	return p.AuthData[:flagsAt]
}
