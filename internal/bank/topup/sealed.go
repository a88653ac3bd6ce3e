package topup

import "rocketbank/internal/base/vault"

// Where this room rests ciphertexts, for the changing of keys.
var (
	_ = vault.Declare(vault.Column{Table: "topup", Name: "action", Class: vault.PII, Key: []string{"id"}})
	_ = vault.Declare(vault.Column{Table: "topup", Name: "details", Class: vault.PII, Key: []string{"id"}})
)
