package claim

import "rocketbank/internal/base/vault"

// Where this room rests ciphertexts, for the changing of keys.
var _ = vault.Declare(vault.Column{Table: "claim", Name: "details", Class: vault.PII, Key: []string{"id"}})
