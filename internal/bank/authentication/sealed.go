package authentication

import "rocketbank/internal/base/vault"

// Where this room rests ciphertexts, for the changing of keys.
var (
	_ = vault.Declare(vault.Column{Table: "authentication", Name: "details", Class: vault.PII, Key: []string{"client", "id"}, Row: []string{"id"}})
	_ = vault.Declare(vault.Column{Table: "authentication", Name: "answer", Class: vault.PII, Key: []string{"client", "id"}, Row: []string{"id"}})
	_ = vault.Declare(vault.Column{Table: "authentication", Name: "result", Class: vault.PII, Key: []string{"client", "id"}, Row: []string{"id"}})
)
