package accesstest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"testing"

	"rocketbank/internal/bank/access"
)

// Key is a browser's own key, as WebCrypto makes it.
type Key struct {
	SPKI    []byte
	private *ecdsa.PrivateKey
}

// NewKey makes a key.
func NewKey(t testing.TB) *Key {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return &Key{SPKI: spki, private: private}
}

// Sign gives r and s over the SHA-256 of a text.
func (k *Key) Sign(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, k.private, sum[:])
	if err != nil {
		panic(err) // only if the machine has no randomness
	}
	raw := make([]byte, 64)
	r.FillBytes(raw[:32])
	s.FillBytes(raw[32:])
	return raw
}

// Enrol is the first word of a new device: in is Flow.ID.Text(FlowPrefix) or
// the reference of a passkey login.
func (k *Key) Enrol(in string) *access.Enrolment {
	return &access.Enrolment{PublicKey: k.SPKI, Signature: k.Sign(access.EnrolText(in, k.SPKI))}
}

// Proof signs a request.
func (k *Key) Proof(nonce, method, path string, body []byte) *access.RequestProof {
	p := &access.RequestProof{Method: method, Path: path, Body: sha256.Sum256(body), Nonce: nonce}
	p.Signature = k.Sign(p.Text())
	return p
}

// Header is Proof as it travels.
func (k *Key) Header(nonce, method, path string, body []byte) string {
	return "1 " + nonce + " " + base64.RawURLEncoding.EncodeToString(k.Proof(nonce, method, path, body).Signature)
}
