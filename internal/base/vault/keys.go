package vault

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

const keySize = 32

// keysFormat is the newest format of a key set. Format 1 had neither class
// scan, data keys nor signing keys: they are derived from what it has.
const keysFormat = 2

// Keys is the whole set of keys as a [Provider] keeps it. It shows nothing of
// itself when printed.
type Keys struct{ m material }

type material struct {
	seals  map[Class]map[uint32][]byte
	sign   map[signer]map[uint32][]byte // Ed25519 seeds
	lookup []byte
	mac    []byte
	pepper []byte
	moving bool // a rotation was begun and not all values have moved yet
}

// keysJSON is how a key set is written down; []byte is base64 there.
type keysJSON struct {
	Format int                          `json:"format"`
	Seals  map[Class]map[uint32][]byte  `json:"seals"`          // class → version → AES-256 key
	Sign   map[signer]map[uint32][]byte `json:"sign,omitempty"` // purpose → version → Ed25519 seed
	Lookup []byte                       `json:"lookup"`
	MAC    []byte                       `json:"mac"`
	Pepper []byte                       `json:"pepper"`
	Moving bool                         `json:"moving,omitempty"`
}

var errNoKeySet = errors.New("no key set of this program")

// NewKeys makes the keys of a new bank.
func NewKeys() Keys {
	m := material{
		seals:  make(map[Class]map[uint32][]byte, len(classes)),
		sign:   make(map[signer]map[uint32][]byte, len(signers)),
		lookup: randomBytes(keySize), mac: randomBytes(keySize), pepper: randomBytes(keySize),
	}
	for _, c := range classes {
		m.seals[c] = map[uint32][]byte{1: randomBytes(keySize)}
	}
	for _, s := range signers {
		m.sign[s] = map[uint32][]byte{1: randomBytes(keySize)}
	}
	return Keys{m}
}

// ParseKeys reads what Bytes wrote, in this format or an older one. Its error
// never quotes what it read.
func ParseKeys(raw []byte) (Keys, error) {
	var f keysJSON
	if err := json.Unmarshal(raw, &f); err != nil || f.Format < 1 || f.Format > keysFormat {
		return Keys{}, errNoKeySet
	}
	m := material{seals: f.Seals, sign: f.Sign, lookup: f.Lookup, mac: f.MAC, pepper: f.Pepper, moving: f.Moving}
	if err := m.grow(); err != nil {
		return Keys{}, err
	}
	return Keys{m}, nil
}

// Bytes is the set for a provider to keep: secret as nothing else is.
func (k Keys) Bytes() ([]byte, error) {
	raw, err := json.MarshalIndent(keysJSON{Format: keysFormat, Seals: k.m.seals, Sign: k.m.sign,
		Lookup: k.m.lookup, MAC: k.m.mac, Pepper: k.m.pepper, Moving: k.m.moving}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	return append(raw, '\n'), nil
}

// Format is stars under every verb.
func (k Keys) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(stars)) }

// MarshalJSON is stars; Bytes is the way to write keys down.
func (k Keys) MarshalJSON() ([]byte, error) { return json.Marshal(stars) }

// rotated gives the set with one more version of every class and signing key.
func (k Keys) rotated() Keys {
	out := k.clone()
	for _, versions := range out.m.seals {
		versions[slices.Max(slices.Collect(maps.Keys(versions)))+1] = randomBytes(keySize)
	}
	for _, versions := range out.m.sign {
		versions[slices.Max(slices.Collect(maps.Keys(versions)))+1] = randomBytes(keySize)
	}
	out.m.moving = true
	return out
}

// moved gives the set without the mark of an unfinished rotation.
func (k Keys) moved() Keys {
	out := k.clone()
	out.m.moving = false
	return out
}

func (k Keys) clone() Keys {
	m := k.m
	m.seals = make(map[Class]map[uint32][]byte, len(k.m.seals))
	for c, versions := range k.m.seals {
		m.seals[c] = maps.Clone(versions)
	}
	m.sign = make(map[signer]map[uint32][]byte, len(k.m.sign))
	for s, versions := range k.m.sign {
		m.sign[s] = maps.Clone(versions)
	}
	return Keys{m}
}

// firstClasses stand in key sets of format 1; the others came later.
var firstClasses = []Class{PAN, PII, Secret, Chat}

// grow gives an old set the keys that came later, derived so that every
// process that reads the same file has the same ones without writing to it.
func (m *material) grow() error {
	for _, k := range [][]byte{m.lookup, m.mac, m.pepper} {
		if len(k) != keySize {
			return errors.New("the look-up key, token key or pepper is missing")
		}
	}
	for _, c := range firstClasses {
		if len(m.seals[c]) == 0 {
			return fmt.Errorf("no key for class %q", c)
		}
	}
	secret := m.secret()
	for _, c := range classes {
		if len(m.seals[c]) > 0 {
			continue
		}
		key, err := derived(secret, "class "+string(c))
		if err != nil {
			return err
		}
		m.seals[c] = map[uint32][]byte{1: key}
	}
	if m.sign == nil {
		m.sign = make(map[signer]map[uint32][]byte, len(signers))
	}
	for _, s := range signers {
		if len(m.sign[s]) > 0 {
			continue
		}
		seed, err := derived(secret, "signer "+string(s))
		if err != nil {
			return err
		}
		m.sign[s] = map[uint32][]byte{1: seed}
	}
	return nil
}

// secret is what keys that came late are derived from: the part of a set that
// a rotation leaves alone.
func (m *material) secret() []byte { return slices.Concat(m.lookup, m.mac, m.pepper) }

func derived(secret []byte, what string) ([]byte, error) {
	return hkdf.Key(sha256.New, secret, nil, "rocketbank vault 1 "+what, keySize)
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails since Go 1.24
	return b
}
