package threeds

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
)

// The authentication value binds what was authenticated to what is authorised.
// It is the issuer's own construction, because the issuer both makes and checks
// it: 20 bytes,
//
//	B1 | result | key id | HMAC-SHA-256(key, fields)[:8] | ATN | 00
//
// with the fields joined by 0x1F: "v1", card number, dsTransID, amount,
// currency, exponent, the shop's name in capitals, and the result's letter.
const (
	valueSize   = 20
	valueFormat = 0xB1
	valueMAC    = 8
	fieldMark   = "\x1f"
)

// Result is how the authentication was won.
type Result byte

// The results, with the letters that go into the seal.
const (
	ByChallenge  Result = 1 // C
	Frictionless Result = 2 // F
	ByAttempt    Result = 3 // A
)

func (r Result) letter() string {
	if r < ByChallenge || r > ByAttempt {
		return ""
	}
	return "CFA"[r-1 : r]
}

// Value is what an authentication value says by itself. ATN is the number
// under which the issuer finds the authentication again.
type Value struct {
	Result Result
	KeyID  byte
	ATN    uint64
	mac    [valueMAC]byte
}

// Sealed is what a value is bound to.
type Sealed struct {
	PAN          PAN
	DSTransID    string
	Amount       string // minor units, as in purchaseAmount
	Currency     string
	Exponent     string
	MerchantName string
}

// Errors of authentication values.
var (
	ErrValue     = errors.New("threeds: no authentication value")
	ErrValueSeal = errors.New("threeds: authentication value of something else")
)

// minKey is what a key has at least.
const minKey = 16

// Seal binds a value to fields under a key. The ATN is not under the seal:
// a value may be sealed when the card's number is at hand and numbered later.
func Seal(key []byte, v Value, s Sealed) (Value, error) {
	mac, err := seal(key, v.Result, s)
	v.mac = mac
	return v, err
}

// Text gives the 28 letters of base64 for authenticationValue.
func (v Value) Text() string {
	b := make([]byte, 0, valueSize)
	b = append(b, valueFormat, byte(v.Result), v.KeyID)
	b = append(b, v.mac[:]...)
	b = binary.BigEndian.AppendUint64(b, v.ATN)
	b = append(b, 0)
	return base64.StdEncoding.EncodeToString(b)
}

// ParseValue reads a value as it comes in an authorisation. Nothing is proven
// yet: Verify with the key that KeyID names does that.
func ParseValue(s string) (Value, error) {
	if len(s) != base64.StdEncoding.EncodedLen(valueSize) {
		return Value{}, ErrValue
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != valueSize || b[0] != valueFormat || b[valueSize-1] != 0 || Result(b[1]).letter() == "" {
		return Value{}, ErrValue
	}
	v := Value{Result: Result(b[1]), KeyID: b[2], ATN: binary.BigEndian.Uint64(b[3+valueMAC:])}
	copy(v.mac[:], b[3:])
	return v, nil
}

// Verify tells whether a value was made with this key for these fields.
func (v Value) Verify(key []byte, s Sealed) error {
	mac, err := seal(key, v.Result, s)
	if err != nil {
		return err
	}
	if !hmac.Equal(mac[:], v.mac[:]) {
		return ErrValueSeal
	}
	return nil
}

func seal(key []byte, r Result, s Sealed) (mac [valueMAC]byte, err error) {
	fields := []string{"v1", s.PAN.Reveal(), s.DSTransID, s.Amount, s.Currency, s.Exponent, strings.ToUpper(s.MerchantName), r.letter()}
	for _, f := range fields {
		if strings.Contains(f, fieldMark) {
			return mac, ErrValue // else two sets of fields could give one text
		}
	}
	if len(key) < minKey || r.letter() == "" || s.PAN.Reveal() == "" {
		return mac, ErrValue
	}
	h := hmac.New(sha256.New, key)
	h.Write([]byte(strings.Join(fields, fieldMark)))
	copy(mac[:], h.Sum(nil))
	return mac, nil
}
