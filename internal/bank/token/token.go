// Package token seals what a page or an API client carries from one step of an
// order to the next: a payee, a quote.
//
// Tokens are sealed rather than signed: they hold client and account numbers
// that a browser has no need to know. The asking client is part of the seal, so
// a token is useless to anybody else, and nothing is stored.
package token

import (
	"encoding/base64"
	"fmt"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/vault"
)

const maxToken = 4096

// Body is what a token holds.
type Body interface {
	Pack(*Packer)
	Unpack(*Unpacker)
}

// Seal makes a token of a kind for a client.
func Seal(v *vault.Vault, kind string, who client.ID, body Body) (string, error) {
	plain := make(Packer, 1, 160)
	plain[0] = packVersion
	body.Pack(&plain)
	sealed, err := v.Seal(vault.PII, vault.At{Table: kind, Row: vault.Row64(int64(who))}, plain)
	if err != nil {
		return "", fmt.Errorf("seal a token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// Open reads a token; false for everything that this client was not given.
func Open(v *vault.Vault, kind string, who client.ID, token string, body Body) bool {
	if len(token) > maxToken {
		return false
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return false
	}
	plain, err := v.Open(vault.PII, vault.At{Table: kind, Row: vault.Row64(int64(who))}, sealed)
	if err != nil || len(plain) == 0 || plain[0] != packVersion {
		return false
	}
	u := NewUnpacker(plain[1:])
	body.Unpack(u)
	return u.Done()
}
