// Package vault keeps what nobody may read from the database alone.
//
// Card numbers, names, phones and birth dates rest as ciphertext under keys
// that live in a file of their own. Each ciphertext is bound to the place it
// was written for: table, row, class and key version are authenticated with
// it, so a value copied into another row does not open there. What must be
// found again without being readable goes through a keyed hash with a key of
// its own. Tokens that travel through a client's browser (quotes, payees) are
// signed with a third key, and passcodes are argon2id hashes over a pepper.
//
// A ciphertext carries the version of its key, so that keys can be changed
// while the bank is open: new values take the newest key, old values keep
// opening under theirs until they are written again.
package vault

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Class says what kind of value is sealed. Every class has keys of its own.
type Class string

// The classes.
const (
	PAN    Class = "pan"    // full card numbers
	PII    Class = "pii"    // names, phones, birth dates, messages of payments
	Secret Class = "secret" // passcode hashes and the like
	Chat   Class = "chat"   // what clients write to support
	Scan   Class = "scan"   // pictures of passports and their thumbnails

	dataKeys Class = "datakey" // wraps the keys of single clients
)

var classes = []Class{PAN, PII, Secret, Chat, Scan, dataKeys}

// Classes lists all classes, the one that wraps clients' own keys too.
func Classes() []Class { return slices.Clone(classes) }

// Kind says what a keyed hash looks up; equal values of different kinds have
// different hashes.
type Kind string

// The kinds in use.
const (
	Phone  Kind = "phone"  // a phone in E.164
	Number Kind = "pan"    // a card number, digits only
	Net    Kind = "net"    // the network address of a visitor
	Token  Kind = "token"  // a random bearer token: session, device, flow
	API    Kind = "apikey" // a personal token of the open API

	Passport Kind = "passport" // series and number, ten digits
	Mail     Kind = "mail"     // an e-mail address, lower case
)

// At names the place a value is sealed for: table or "table.column", and the
// row's key.
type At struct {
	Table string
	Row   []byte
}

// Row64 gives the row key of a table whose key is a number.
func Row64(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }

// ErrSealed tells that a ciphertext does not open: it was altered, it stands
// in another place than it was written for, or its key is gone.
var ErrSealed = errors.New("vault: the value does not open here")

// Layout of a ciphertext: format, key version, then what the AEAD made
// (nonce, ciphertext, tag).
const (
	formatOne   = 1 // under a key of the class
	formatOwner = 2 // under the data key of one client
	headerSize  = 1 + 4
)

// Vault seals, opens, looks up, signs and hashes. It is safe for concurrent use.
type Vault struct {
	state  atomic.Pointer[state]
	owners owners
	cost   cost
	slots  chan struct{} // passcodes being hashed
	queue  chan struct{} // passcodes being hashed or waiting for it
	decoy  string        // a hash that no passcode fits

	provider Provider   // nil: the keys are gone with the process
	reading  sync.Mutex // held while the provider is asked
	mark     string     // what the provider said when state was read
}

// state is one reading of the keys; a rotation puts another in its place.
type state struct {
	seals     map[Class]keyring
	sign      map[signer]signing
	lookupKey []byte
	macKey    []byte
	pepper    []byte
	keys      Keys
}

type keyring struct {
	newest uint32
	byVer  map[uint32]tink.AEAD
}

func newVault(m material, c cost, slots int) (*Vault, error) {
	s, err := newState(m)
	if err != nil {
		return nil, err
	}
	v := &Vault{cost: c, slots: make(chan struct{}, slots), queue: make(chan struct{}, maxWaitingPasscodes)}
	v.state.Store(s)
	v.decoy = v.encode(randomBytes(saltSize), randomBytes(hashSize))
	return v, nil
}

func newState(m material) (*state, error) {
	s := &state{
		seals: make(map[Class]keyring, len(classes)), sign: make(map[signer]signing, len(signers)),
		lookupKey: m.lookup, macKey: m.mac, pepper: m.pepper, keys: Keys{m},
	}
	for _, class := range classes {
		keys := m.seals[class]
		if len(keys) == 0 {
			return nil, fmt.Errorf("vault: no key for class %q", class)
		}
		ring := keyring{byVer: make(map[uint32]tink.AEAD, len(keys))}
		for ver, key := range keys {
			if ver == 0 || len(key) != keySize {
				return nil, fmt.Errorf("vault: bad key %d of class %q", ver, class)
			}
			a, err := subtle.NewAESGCM(key)
			if err != nil {
				return nil, fmt.Errorf("vault: key %d of class %q: %w", ver, class, err)
			}
			ring.byVer[ver] = a
			ring.newest = max(ring.newest, ver)
		}
		s.seals[class] = ring
	}
	for _, who := range signers {
		one, err := newSigning(m.sign[who])
		if err != nil {
			return nil, fmt.Errorf("vault: signing key %q: %w", who, err)
		}
		s.sign[who] = one
	}
	for _, k := range [][]byte{m.lookup, m.mac, m.pepper} {
		if len(k) != keySize {
			return nil, errors.New("vault: the look-up key, token key or pepper is missing")
		}
	}
	return s, nil
}

// Seal encrypts plain under the newest key of the class, bound to its place.
func (v *Vault) Seal(class Class, at At, plain []byte) ([]byte, error) {
	ring, ok := v.state.Load().seals[class]
	if !ok {
		return nil, fmt.Errorf("vault: unknown class %q", class)
	}
	body, err := ring.byVer[ring.newest].Encrypt(plain, place(class, at, ring.newest))
	if err != nil {
		return nil, fmt.Errorf("vault: seal %s for %s: %w", class, at.Table, err)
	}
	out := make([]byte, headerSize, headerSize+len(body))
	out[0] = formatOne
	binary.BigEndian.PutUint32(out[1:], ring.newest)
	return append(out, body...), nil
}

// Open decrypts what Seal made for the same class and place.
func (v *Vault) Open(class Class, at At, sealed []byte) ([]byte, error) {
	ring, ok := v.state.Load().seals[class]
	if !ok || len(sealed) < headerSize || sealed[0] != formatOne {
		return nil, ErrSealed
	}
	ver := binary.BigEndian.Uint32(sealed[1:headerSize])
	a, ok := ring.byVer[ver]
	if !ok && ver > ring.newest {
		a, ok = v.newcomer(class, ver)
	}
	if !ok {
		return nil, fmt.Errorf("%w: no key %d of class %q", ErrSealed, ver, class)
	}
	plain, err := a.Decrypt(sealed[headerSize:], place(class, at, ver))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// SealText and OpenText are Seal and Open for text.
func (v *Vault) SealText(class Class, at At, plain string) ([]byte, error) {
	return v.Seal(class, at, []byte(plain))
}

// OpenText opens what SealText sealed.
func (v *Vault) OpenText(class Class, at At, sealed []byte) (string, error) {
	b, err := v.Open(class, at, sealed)
	return string(b), err
}

// Newest tells the key version that Seal uses for the class.
func (v *Vault) Newest(class Class) uint32 { return v.state.Load().seals[class].newest }

// VersionOf tells the key version of a ciphertext, for the changing of keys.
func VersionOf(sealed []byte) (uint32, bool) {
	if len(sealed) < headerSize || sealed[0] != formatOne {
		return 0, false
	}
	return binary.BigEndian.Uint32(sealed[1:headerSize]), true
}

// Lookup gives the keyed hash under which a value of the kind is found again.
func (v *Vault) Lookup(kind Kind, value string) []byte {
	return sum(v.state.Load().lookupKey, string(kind), [][]byte{[]byte(value)})
}

// MAC signs the parts for one purpose; the same parts cut elsewhere, or
// another purpose, give another signature.
func (v *Vault) MAC(purpose string, parts ...[]byte) []byte {
	return sum(v.state.Load().macKey, purpose, parts)
}

// CheckMAC compares in constant time.
func (v *Vault) CheckMAC(mac []byte, purpose string, parts ...[]byte) bool {
	return hmac.Equal(mac, v.MAC(purpose, parts...))
}

func sum(key []byte, purpose string, parts [][]byte) []byte {
	h := hmac.New(sha256.New, key)
	var n [4]byte
	write := func(b []byte) {
		binary.BigEndian.PutUint32(n[:], uint32(len(b)))
		h.Write(n[:])
		h.Write(b)
	}
	write([]byte(purpose))
	for _, p := range parts {
		write(p)
	}
	return h.Sum(nil)
}

// place is the associated data: every part with its length, so that no two
// places share a spelling.
func place(class Class, at At, ver uint32) []byte {
	b := make([]byte, 0, 64)
	for _, s := range [...]string{at.Table, string(at.Row), string(class)} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	return binary.BigEndian.AppendUint32(b, ver)
}
