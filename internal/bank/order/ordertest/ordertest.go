// Package ordertest signs orders the way clients do: with the key of a device
// or token, and with a passkey.
package ordertest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"testing"

	"rocketbank/internal/bank/order"
	"rocketbank/internal/base/id"
)

// Key gives the n-th key of the tests (1 to 255) and its SPKI.
func Key(n byte) (*ecdsa.PrivateKey, []byte) {
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{n}, 32))
	if err != nil {
		panic(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		panic(err)
	}
	return key, spki
}

// Sign signs a text as a device does.
func Sign(t testing.TB, key *ecdsa.PrivateKey, text string) []byte {
	t.Helper()
	out, err := order.Sign(key, text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Encoded is Sign as programs send it.
func Encoded(t testing.TB, key *ecdsa.PrivateKey, text string) string {
	t.Helper()
	return base64.RawURLEncoding.EncodeToString(Sign(t, key, text))
}

// Passkey makes the assertion of a passkey over a text.
func Passkey(t testing.TB, passkey id.ID, key *ecdsa.PrivateKey, spki []byte, text string) order.Evidence {
	t.Helper()
	challenge := sha256.Sum256([]byte(text))
	client := []byte(`{"type":"webauthn.get","challenge":"` + base64.RawURLEncoding.EncodeToString(challenge[:]) + `","origin":"https://bank.example"}`)
	rp := sha256.Sum256([]byte("bank.example"))
	auth := binary.BigEndian.AppendUint32(append(rp[:], 0x05), 7)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(bytes.Clone(auth), hash[:]...))
	sig, err := key.Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return order.ByPasskey(passkey, spki, auth, client, sig)
}

// Resign puts a passkey's signature over what its evidence says by now.
func Resign(t testing.TB, e *order.Evidence, key *ecdsa.PrivateKey) {
	t.Helper()
	hash := sha256.Sum256(e.ClientData)
	digest := sha256.Sum256(append(bytes.Clone(e.AuthData), hash[:]...))
	var err error
	if e.Signature, err = key.Sign(nil, digest[:], crypto.SHA256); err != nil {
		t.Fatal(err)
	}
}
