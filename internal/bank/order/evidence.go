package order

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"

	"rocketbank/internal/base/id"
)

// EvidenceKind is how an order was confirmed.
type EvidenceKind string

// The kinds. Words are stored and never change.
const (
	Device  EvidenceKind = "device"  // the device's key signed the text
	Passkey EvidenceKind = "passkey" // a passkey signed the text's hash, the user verified
	Token   EvidenceKind = "token"   // the API caller's key signed the text
	Code    EvidenceKind = "code"    // a code that was sent for this text was typed in
)

// Evidence is the client's proof for one text. The doors make it with
// ByDevice, ByPasskey and ByToken out of what the client sent and of keys that
// room access vouches for; Service.AcceptCode alone makes one of a code.
type Evidence struct {
	Kind EvidenceKind
	By   string // whose key or session it was: dv_…, pk_…, tk_…; never a secret
	// Key is the public key, SPKI in DER.
	Key []byte
	// Signature is raw r‖s (64 bytes) over SHA-256 of the text, of devices and
	// tokens; of passkeys as the authenticator gave it.
	Signature []byte
	// AuthData and ClientData are what a passkey signed.
	AuthData, ClientData []byte
	// Phone is where a code was sent, masked.
	Phone string

	told bool // of a code: it was checked here
}

// Prefixes of who confirmed.
const (
	devicePrefix  = "dv"
	passkeyPrefix = "pk"
	tokenPrefix   = "tk"
)

// ByDevice is the signature of a device's key.
func ByDevice(device id.ID, key, signature []byte) Evidence {
	return Evidence{Kind: Device, By: device.Text(devicePrefix), Key: key, Signature: signature}
}

// ByToken is the signature of an API caller's key.
func ByToken(token id.ID, key, signature []byte) Evidence {
	return Evidence{Kind: Token, By: token.Text(tokenPrefix), Key: key, Signature: signature}
}

// ByPasskey is the assertion of a passkey whose challenge was the SHA-256 of
// the text. key is the credential's public key as SPKI.
func ByPasskey(passkey id.ID, key, authData, clientData, signature []byte) Evidence {
	return Evidence{Kind: Passkey, By: passkey.Text(passkeyPrefix), Key: key, AuthData: authData, ClientData: clientData, Signature: signature}
}

// Bounds of what a proof may bring.
const (
	maxKey       = 1024
	maxSignature = 1024
	maxPasskey   = 4096
	rawSignature = 64
)

var errProof = errors.New("the client's proof does not fit the text")

// check tells whether the proof is over this text. Of a code only the bank's
// own word exists, which its signature over the whole gives.
func (e Evidence) check(text string) error {
	if e.By == "" || len(e.Key) > maxKey || len(e.Signature) > maxSignature || len(e.AuthData) > maxPasskey || len(e.ClientData) > maxPasskey {
		return errProof
	}
	switch e.Kind {
	case Device, Token:
		if len(e.AuthData)+len(e.ClientData)+len(e.Phone) > 0 {
			return errProof
		}
		key, err := p256(e.Key)
		if err != nil {
			return err
		}
		if len(e.Signature) != rawSignature {
			return errProof
		}
		sum := sha256.Sum256([]byte(text))
		r, s := new(big.Int).SetBytes(e.Signature[:32]), new(big.Int).SetBytes(e.Signature[32:])
		if !ecdsa.Verify(key, sum[:], r, s) {
			return errProof
		}
		return nil
	case Passkey:
		if e.Phone != "" {
			return errProof
		}
		return e.checkPasskey(text)
	case Code:
		if e.Phone == "" || len(e.Key)+len(e.Signature)+len(e.AuthData)+len(e.ClientData) > 0 {
			return errProof
		}
		return nil
	}
	return errProof
}

// p256 reads a P-256 public key.
func p256(spki []byte) (*ecdsa.PublicKey, error) {
	any, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return nil, errProof
	}
	key, ok := any.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, errProof
	}
	return key, nil
}

// Sign is the other side's part, for tools and load clients: raw r‖s over the
// SHA-256 of a text. The same text gives the same signature (RFC 6979).
func Sign(key *ecdsa.PrivateKey, text string) ([]byte, error) {
	sum := sha256.Sum256([]byte(text))
	der, err := key.Sign(nil, sum[:], crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	var n struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &n); err != nil || key.Curve != elliptic.P256() {
		return nil, errors.New("sign: not a P-256 key")
	}
	out := make([]byte, rawSignature)
	n.R.FillBytes(out[:32])
	n.S.FillBytes(out[32:])
	return out, nil
}

// ReadKey reads a P-256 public key as callers bring it: SPKI as PEM, or its
// DER in base64 (any of the four alphabets). It gives the DER; ErrBadKey for
// everything else.
func ReadKey(text string) ([]byte, error) {
	if len(text) > 4*maxKey {
		return nil, ErrBadKey
	}
	var der []byte
	if block, rest := pem.Decode([]byte(text)); block != nil {
		if block.Type != "PUBLIC KEY" || len(rest) > 0 && len(trimmed(rest)) > 0 {
			return nil, ErrBadKey
		}
		der = block.Bytes
	} else {
		for _, enc := range []*base64.Encoding{base64.RawURLEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.StdEncoding} {
			if b, err := enc.DecodeString(string(trimmed([]byte(text)))); err == nil {
				der = b
				break
			}
		}
	}
	key, err := p256(der)
	if err != nil {
		return nil, ErrBadKey.Because(err)
	}
	// Written anew, so that one key has one spelling.
	der, err = x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, ErrBadKey.Because(err)
	}
	return der, nil
}

// KeyPrint names a public key in a text: the SHA-256 of its DER, in hex.
func KeyPrint(spki []byte) string {
	sum := sha256.Sum256(spki)
	return "sha256 " + hex.EncodeToString(sum[:])
}

// Flags of authenticator data (WebAuthn §6.1).
const (
	userPresent  = 0x01
	userVerified = 0x04
	authDataHead = 32 + 1 + 4
)

// checkPasskey verifies an assertion as WebAuthn §7.2 orders it, as far as it
// can be done without the bank: type, challenge, flags, signature. Whose
// credential it was and at which origin, room access checked before.
func (e Evidence) checkPasskey(text string) error {
	var c struct {
		Type      string `json:"type"`
		Challenge string `json:"challenge"`
	}
	sum := sha256.Sum256([]byte(text))
	if err := json.Unmarshal(e.ClientData, &c); err != nil || c.Type != "webauthn.get" || c.Challenge != b64.EncodeToString(sum[:]) {
		return errProof
	}
	if len(e.AuthData) < authDataHead || e.AuthData[32]&userPresent == 0 || e.AuthData[32]&userVerified == 0 {
		return errProof
	}
	any, err := x509.ParsePKIXPublicKey(e.Key)
	if err != nil {
		return errProof
	}
	client := sha256.Sum256(e.ClientData)
	signed := append(append(make([]byte, 0, len(e.AuthData)+len(client)), e.AuthData...), client[:]...)
	digest := sha256.Sum256(signed)
	ok := false
	switch key := any.(type) {
	case *ecdsa.PublicKey:
		ok = key.Curve == elliptic.P256() && ecdsa.VerifyASN1(key, digest[:], e.Signature)
	case *rsa.PublicKey:
		ok = key.N.BitLen() >= 2048 && rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], e.Signature) == nil
	case ed25519.PublicKey:
		ok = ed25519.Verify(key, signed, e.Signature)
	}
	if !ok {
		return errProof
	}
	return nil
}

var b64 = base64.RawURLEncoding.Strict()
