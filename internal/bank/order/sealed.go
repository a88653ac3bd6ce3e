package order

import "rocketbank/internal/base/vault"

// Where this room rests ciphertexts, for the changing of keys.
var _ = vault.Declare(vault.Column{Table: "signed_order", Name: "body", Class: vault.PII, Key: []string{"id", "client"}})
