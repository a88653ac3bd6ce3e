package webhook

import "rocketbank/internal/base/vault"

// Where this room rests ciphertexts, for the changing of keys.
var (
	_ = vault.Declare(vault.Column{Table: "webhook", Name: "url", Class: vault.PII, Key: []string{"client", "id"}, Row: []string{"id"}})
	_ = vault.Declare(vault.Column{Table: "webhook", Name: "secret", Class: vault.Secret, Key: []string{"client", "id"}, Row: []string{"id"}})
	_ = vault.Declare(vault.Column{Table: "webhook_delivery", Name: "body", Class: vault.PII, Key: []string{"client", "id"}, Row: []string{"id"}})
)
