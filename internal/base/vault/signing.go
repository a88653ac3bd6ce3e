package vault

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// signer says what a signing key of the bank signs.
type signer string

const (
	signReceipts signer = "receipt" // what a client got for a signed order
	signHeads    signer = "audit"   // heads of the audit trail
)

var signers = []signer{signReceipts, signHeads}

// SigningKey is one of the bank's own Ed25519 keys.
type SigningKey struct {
	id      string
	private ed25519.PrivateKey
}

func newSigningKey(seed []byte) (SigningKey, error) {
	if len(seed) != ed25519.SeedSize {
		return SigningKey{}, fmt.Errorf("a signing key has %d bytes", len(seed))
	}
	private := ed25519.NewKeyFromSeed(seed)
	return SigningKey{KeyID(private.Public().(ed25519.PublicKey)), private}, nil
}

// KeyID names a public key: the first 16 hex digits of its SHA-256.
func KeyID(public ed25519.PublicKey) string {
	h := sha256.Sum256(public)
	return hex.EncodeToString(h[:8])
}

// ID names the key, so that a signature can say which one made it.
func (k SigningKey) ID() string { return k.id }

// Public is the half that anybody may have.
func (k SigningKey) Public() ed25519.PublicKey { return k.private.Public().(ed25519.PublicKey) }

// Sign signs a text.
func (k SigningKey) Sign(text []byte) []byte { return ed25519.Sign(k.private, text) }

// Format shows the name of the key and nothing else.
func (k SigningKey) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("key " + k.id)) }

// signing is the key that signs now, and the public halves of all versions.
type signing struct {
	newest  SigningKey
	publics map[string]ed25519.PublicKey
}

func newSigning(seeds map[uint32][]byte) (signing, error) {
	s := signing{publics: make(map[string]ed25519.PublicKey, len(seeds))}
	newest := uint32(0)
	for version, seed := range seeds {
		k, err := newSigningKey(seed)
		if err != nil {
			return signing{}, err
		}
		s.publics[k.ID()] = k.Public()
		if version > newest {
			newest, s.newest = version, k
		}
	}
	if newest == 0 {
		return signing{}, fmt.Errorf("a signing key is missing")
	}
	return s, nil
}

// ReceiptKey counter-signs orders.
func (v *Vault) ReceiptKey() SigningKey { return v.state.Load().sign[signReceipts].newest }

// ReceiptKeys are the public keys of all versions by their id: old receipts
// keep verifying after a rotation.
func (v *Vault) ReceiptKeys() map[string]ed25519.PublicKey { return v.publics(signReceipts) }

// AuditKey signs heads of the audit trail.
func (v *Vault) AuditKey() SigningKey { return v.state.Load().sign[signHeads].newest }

// AuditKeys are the public keys of all versions by their id.
func (v *Vault) AuditKeys() map[string]ed25519.PublicKey { return v.publics(signHeads) }

func (v *Vault) publics(s signer) map[string]ed25519.PublicKey {
	all := v.state.Load().sign[s].publics
	out := make(map[string]ed25519.PublicKey, len(all))
	for id, k := range all {
		out[id] = k
	}
	return out
}
