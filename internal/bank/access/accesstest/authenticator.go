package accesstest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"slices"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
)

// The flags of an authenticator's answer.
const (
	UserPresent  = 0x01
	UserVerified = 0x04
	Attested     = 0x40
)

// Authenticator is a phone or a stick that holds passkeys, together with the
// browser it is plugged into.
type Authenticator struct {
	Origin string // where the browser is
	Flags  byte   // what it says of its user
	Count  uint32 // its counter; it grows by Step with each answer
	Step   uint32

	keys []*passkey
}

type passkey struct {
	id, handle []byte
	rp         string
	private    *ecdsa.PrivateKey
}

// NewAuthenticator makes one without passkeys, in a browser at the tests' bank.
func NewAuthenticator() *Authenticator {
	return &Authenticator{Origin: "https://bank.example", Flags: UserPresent | UserVerified, Step: 1}
}

// Answer is what an authenticator is about to sign; a test may spoil it.
type Answer struct {
	Type      string
	Challenge string
	Origin    string
	RPID      string
	Flags     byte
	Count     uint32
	Handle    []byte
	Key       *ecdsa.PrivateKey
	// Signed is called with the finished answer, to spoil what was signed.
	Signed func(authData, clientData, signature []byte) (a, c, s []byte)
}

var b64 = base64.RawURLEncoding

type creation struct {
	Challenge string `json:"challenge"`
	RP        struct {
		ID string `json:"id"`
	} `json:"rp"`
	User struct {
		ID string `json:"id"`
	} `json:"user"`
	Exclude []struct {
		ID string `json:"id"`
	} `json:"excludeCredentials"`
}

// Create answers navigator.credentials.create.
func (a *Authenticator) Create(options json.RawMessage, spoil ...func(*Answer)) ([]byte, error) {
	var o creation
	if err := json.Unmarshal(options, &o); err != nil {
		return nil, err
	}
	for _, e := range o.Exclude {
		if slices.ContainsFunc(a.keys, func(k *passkey) bool { return b64.EncodeToString(k.id) == e.ID }) {
			return nil, errors.New("InvalidStateError: this authenticator holds a passkey of this list")
		}
	}
	handle, err := b64.DecodeString(o.User.ID)
	if err != nil {
		return nil, err
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	k := &passkey{id: make([]byte, 24), handle: handle, rp: o.RP.ID, private: private}
	rand.Read(k.id)
	ans := Answer{Type: "webauthn.create", Challenge: o.Challenge, Origin: a.Origin, RPID: o.RP.ID, Flags: a.Flags | Attested, Count: a.Count}
	for _, f := range spoil {
		f(&ans)
	}
	point, err := private.PublicKey.Bytes() // 4, x, y
	if err != nil {
		return nil, err
	}
	cose, err := webauthncbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	if err != nil {
		return nil, err
	}
	authData := ans.authData()
	authData = append(authData, make([]byte, 16)...) // AAGUID
	authData = binary.BigEndian.AppendUint16(authData, uint16(len(k.id)))
	authData = append(append(authData, k.id...), cose...)
	object, err := webauthncbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": authData})
	if err != nil {
		return nil, err
	}
	a.keys = append(a.keys, k)
	return json.Marshal(map[string]any{
		"id": b64.EncodeToString(k.id), "rawId": b64.EncodeToString(k.id), "type": "public-key",
		"clientExtensionResults": map[string]any{}, "authenticatorAttachment": "platform",
		"response": map[string]any{
			"clientDataJSON": b64.EncodeToString(ans.clientData()), "attestationObject": b64.EncodeToString(object),
			"transports": []string{"internal", "hybrid"},
		},
	})
}

type request struct {
	Challenge string `json:"challenge"`
	RPID      string `json:"rpId"`
	Allow     []struct {
		ID string `json:"id"`
	} `json:"allowCredentials"`
}

// Get answers navigator.credentials.get with the newest passkey that fits.
func (a *Authenticator) Get(options json.RawMessage, spoil ...func(*Answer)) ([]byte, error) {
	var o request
	if err := json.Unmarshal(options, &o); err != nil {
		return nil, err
	}
	var k *passkey
	for _, one := range a.keys {
		allowed := len(o.Allow) == 0
		for _, e := range o.Allow {
			allowed = allowed || b64.EncodeToString(one.id) == e.ID
		}
		if allowed && one.rp == o.RPID {
			k = one
		}
	}
	if k == nil {
		return nil, errors.New("NotAllowedError: no passkey of this list")
	}
	a.Count += a.Step
	ans := Answer{
		Type: "webauthn.get", Challenge: o.Challenge, Origin: a.Origin, RPID: o.RPID, Flags: a.Flags, Count: a.Count,
		Handle: k.handle, Key: k.private,
	}
	for _, f := range spoil {
		f(&ans)
	}
	authData, clientData := ans.authData(), ans.clientData()
	hash := sha256.Sum256(clientData)
	digest := sha256.Sum256(append(slices.Clone(authData), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, ans.Key, digest[:])
	if err != nil {
		return nil, err
	}
	if ans.Signed != nil {
		authData, clientData, signature = ans.Signed(authData, clientData, signature)
	}
	return json.Marshal(map[string]any{
		"id": b64.EncodeToString(k.id), "rawId": b64.EncodeToString(k.id), "type": "public-key",
		"clientExtensionResults": map[string]any{}, "authenticatorAttachment": "platform",
		"response": map[string]any{
			"clientDataJSON": b64.EncodeToString(clientData), "authenticatorData": b64.EncodeToString(authData),
			"signature": b64.EncodeToString(signature), "userHandle": b64.EncodeToString(ans.Handle),
		},
	})
}

func (a Answer) authData() []byte {
	host := sha256.Sum256([]byte(a.RPID))
	return binary.BigEndian.AppendUint32(append(host[:], a.Flags), a.Count)
}

func (a Answer) clientData() []byte {
	raw, err := json.Marshal(map[string]any{"type": a.Type, "challenge": a.Challenge, "origin": a.Origin, "crossOrigin": false})
	if err != nil {
		panic(err) // four plain values
	}
	return raw
}
