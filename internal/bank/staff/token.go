package staff

import (
	"crypto/rand"
	"encoding/base64"

	"rocketbank/internal/base/vault"
)

// tokenBytes is what a session cookie or a one-time link holds.
const tokenBytes = 32

var b64 = base64.RawURLEncoding

func newSecret() string {
	b := make([]byte, tokenBytes)
	rand.Read(b) // never fails since Go 1.24
	return b64.EncodeToString(b)
}

// hash gives the form a random token rests in; nil for what cannot be one.
func (s *Service) hash(token string) []byte {
	if len(token) != b64.EncodedLen(tokenBytes) {
		return nil
	}
	return s.vault.Lookup(vault.Token, "staff "+token)
}
