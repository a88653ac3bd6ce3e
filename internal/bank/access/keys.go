package access

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base32"
	"math/big"

	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
)

// DeviceKind tells how a device shows that it is the one. A device is made
// with its kind and keeps it: what came without a key never gets one, and what
// has a key is nothing without it.
type DeviceKind int16

// The kinds.
const (
	Scriptless DeviceKind = 1 // a cookie and no key of its own
	Keyed      DeviceKind = 2 // a P-256 key that its browser cannot give away
)

// The refusals of keys and what they sign.
var (
	ErrKey        = fault.New(fault.Invalid, "access.key")           // not a P-256 key, or it did not sign its enrolment
	ErrProof      = fault.New(fault.Forbidden, "access.proof")       // the device's key did not sign this request
	ErrStaleNonce = fault.New(fault.Unauthenticated, "access.nonce") // used, too old or of another device: sign again over a fresh one
)

const (
	maxSPKI   = 128 // bytes; a P-256 key has 91
	rawBytes  = 64  // r and s of a P-256 signature
	codeParts = 4
)

// ParseKey reads a P-256 public key in its only form here: SPKI DER.
func ParseKey(spki []byte) (*ecdsa.PublicKey, error) {
	if len(spki) > maxSPKI {
		return nil, ErrKey
	}
	any, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return nil, ErrKey
	}
	key, ok := any.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, ErrKey
	}
	// One key has one text: its code and its evidence name these bytes.
	again, err := x509.MarshalPKIXPublicKey(key)
	if err != nil || !bytes.Equal(again, spki) {
		return nil, ErrKey
	}
	return key, nil
}

// Signed tells whether a raw signature (r and s, 32 bytes each, as WebCrypto
// makes it) over the SHA-256 of a text was made by the key.
func Signed(key *ecdsa.PublicKey, text, signature []byte) bool {
	if len(signature) != rawBytes {
		return false
	}
	sum := sha256.Sum256(text)
	r, s := new(big.Int).SetBytes(signature[:rawBytes/2]), new(big.Int).SetBytes(signature[rawBytes/2:])
	return ecdsa.Verify(key, sum[:], r, s)
}

// Enrolment is a new device's key and its first signature, over EnrolText.
type Enrolment struct {
	PublicKey []byte // SPKI DER
	Signature []byte // r and s
}

// FlowPrefix is the outside form of a flow's identifier, which EnrolText names.
const FlowPrefix = "fl"

// EnrolText is what a new device signs. in is the flow's identifier
// («fl_…», Flow.ID.Text(FlowPrefix)) or the reference of a passkey login.
func EnrolText(in string, spki []byte) string {
	return "rocketbank enrol 1\n" + in + "\n" + b64.EncodeToString(spki) + "\n"
}

// check gives the key of an enrolment that was made for this way in.
func (e *Enrolment) check(in string) ([]byte, error) {
	key, err := ParseKey(e.PublicKey)
	if err != nil {
		return nil, err
	}
	if !Signed(key, []byte(EnrolText(in, e.PublicKey)), e.Signature) {
		return nil, ErrKey
	}
	return e.PublicKey, nil
}

var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// DeviceCode is the short code by which people tell one device from another,
// «ABCD-EFGH»: of its key, or of its identifier when it has none.
func DeviceCode(spki []byte, device id.ID) string {
	if len(spki) == 0 {
		spki = device.Bytes()
	}
	sum := sha256.Sum256(spki)
	s := crockford.EncodeToString(sum[:])
	return s[:codeParts] + "-" + s[codeParts:2*codeParts]
}
