package application

import "rocketbank/internal/base/vault"

// Where this room rests ciphertexts, for the changing of keys.
var _ = vault.Declare(vault.Column{Table: "application", Name: "person", Class: vault.PII, Key: []string{"id"}})
