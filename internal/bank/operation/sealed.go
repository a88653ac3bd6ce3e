package operation

import "rocketbank/internal/base/vault"

// Where this room rests ciphertexts, for the changing of keys.
var _ = vault.Declare(vault.Column{Table: "operation", Name: "details", Class: vault.PII, Key: []string{"client", "id"}, Place: "operation"})
