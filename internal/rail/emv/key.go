package emv

import (
	"crypto/cipher"
	"crypto/des" // #nosec G502 -- EMV Book 2 annex A1 is defined over DES
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"math/bits"
	"strings"
)

// Key2 is a double-length TDES key K1‖K2, used as K1‖K2‖K1. It is expanded
// once when it is made, may be used by many goroutines, and prints as stars
// under every verb. From inside another struct's small letter, where fmt does
// not ask Format, it prints an address: fmt looks through a pointer when the
// verb does not fit one, but never into a function. The zero value is no key.
type Key2 struct{ k func() *expanded }

// expanded holds both halves ready for use. Two single ciphers serve TDES, the
// retail MAC and the CVV, and cost less to set up than a triple one, which
// matters because each transaction makes two keys of its own.
type expanded struct {
	raw    [16]byte
	k1, k2 cipher.Block
}

// NewKey2 makes a key of 16 bytes. Parity is not looked at: partners send keys
// with and without it, and DES does not use those bits.
func NewKey2(b []byte) (Key2, error) {
	if len(b) != 16 {
		return Key2{}, ErrKey
	}
	return newKey2([16]byte(b)), nil
}

// ParseKey2 reads a key from 32 hexadecimal digits.
func ParseKey2(s string) (Key2, error) {
	b, err := hex.DecodeString(s)
	if err != nil {
		return Key2{}, ErrKey
	}
	return NewKey2(b)
}

func newKey2(raw [16]byte) Key2 {
	k := &expanded{raw, single(raw[:8]), single(raw[8:])}
	return Key2{func() *expanded { return k }}
}

func single(half []byte) cipher.Block {
	c, err := des.NewCipher(half) // #nosec G405 -- EMV Book 2 annex A1 is defined over DES
	if err != nil {
		panic(err) // only for a wrong length, which the type excludes
	}
	return c
}

// Zero tells that there is no key.
func (k Key2) Zero() bool { return k.k == nil }

// Reveal gives the 16 bytes, for whoever seals the key or puts it on a card.
func (k Key2) Reveal() []byte { b := k.must().raw; return b[:] }

// Equal compares without telling by its time where keys differ.
func (k Key2) Equal(other Key2) bool {
	if k.Zero() || other.Zero() {
		return k.Zero() && other.Zero()
	}
	return subtle.ConstantTimeCompare(k.k().raw[:], other.k().raw[:]) == 1
}

// KCV is the key check value, six hexadecimal digits: the one thing about a
// key that two people may read to each other.
func (k Key2) KCV() string {
	var b [8]byte
	k.must().encrypt(&b)
	return strings.ToUpper(hex.EncodeToString(b[:3]))
}

// must is for verbs that return no error: to call one without a key is a
// broken program.
func (k Key2) must() *expanded {
	if k.k == nil {
		panic("emv: an empty key is used")
	}
	return k.k()
}

// encrypt is TDES of one block in place.
func (k *expanded) encrypt(b *[8]byte) {
	k.k1.Encrypt(b[:], b[:])
	k.k2.Decrypt(b[:], b[:])
	k.k1.Encrypt(b[:], b[:])
}

// decrypt is the inverse of encrypt.
func (k *expanded) decrypt(b *[8]byte) {
	k.k1.Decrypt(b[:], b[:])
	k.k2.Encrypt(b[:], b[:])
	k.k1.Decrypt(b[:], b[:])
}

// pair makes a key of the two halves' encryptions with odd parity: the last
// step of every derivation of EMV Book 2 annex A1.
func (k *expanded) pair(left, right [8]byte) Key2 {
	k.encrypt(&left)
	k.encrypt(&right)
	var raw [16]byte
	copy(raw[:8], left[:])
	copy(raw[8:], right[:])
	oddParity(&raw)
	return newKey2(raw)
}

func oddParity(raw *[16]byte) {
	for i, c := range raw {
		if bits.OnesCount8(c)%2 == 0 {
			raw[i] = c ^ 1
		}
	}
}

// Padding is a padding method of ISO/IEC 9797-1.
type Padding int

// Padding1 adds zeros only where a block is not full; Padding2 always adds a
// byte 80 and then zeros.
const (
	Padding1 Padding = 1
	Padding2 Padding = 2
)

// MAC3 is ISO/IEC 9797-1 MAC algorithm 3 with DES, the «retail MAC»: CBC with
// the left half over all blocks, then the last one once back with the right
// half and once more with the left.
func MAC3(key Key2, data []byte, p Padding) [8]byte {
	k := key.must()
	mac := new([8]byte)
	for len(data) >= 8 {
		subtle.XORBytes(mac[:], mac[:], data[:8])
		k.k1.Encrypt(mac[:], mac[:])
		data = data[8:]
	}
	if p == Padding2 || len(data) > 0 {
		subtle.XORBytes(mac[:], mac[:], data)
		if p == Padding2 {
			mac[len(data)] ^= 0x80
		}
		k.k1.Encrypt(mac[:], mac[:])
	}
	k.k2.Decrypt(mac[:], mac[:])
	k.k1.Encrypt(mac[:], mac[:])
	return *mac
}

const stars = "***"

// Format prints stars whatever the verb is.
func (Key2) Format(f fmt.State, _ rune) { io.WriteString(f, stars) } //nolint:errcheck // as fmt does

// LogValue gives stars.
func (Key2) LogValue() slog.Value { return slog.StringValue(stars) }

// MarshalText gives stars, so that no dump of a structure tells the key.
func (Key2) MarshalText() ([]byte, error) { return []byte(stars), nil }
