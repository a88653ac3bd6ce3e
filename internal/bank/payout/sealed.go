package payout

import "rocketbank/internal/base/vault"

// Where this room rests ciphertexts, for the changing of keys.
var (
	_ = vault.Declare(vault.Column{Table: "payout", Name: "details", Class: vault.PII, Key: []string{"id"}})
	_ = vault.Declare(vault.Column{Table: "payout", Name: "secret", Class: vault.PAN, Key: []string{"id"}})
)
