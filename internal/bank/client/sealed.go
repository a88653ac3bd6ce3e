package client

import "rocketbank/internal/base/vault"

// Where this room rests ciphertexts, for the changing of keys.
var (
	_ = vault.Declare(vault.Column{Table: "client", Name: "name", Class: vault.PII, Key: []string{"id"}})
	_ = vault.Declare(vault.Column{Table: "client", Name: "born", Class: vault.PII, Key: []string{"id"}})
	_ = vault.Declare(vault.Column{Table: "client", Name: "phone", Class: vault.PII, Key: []string{"id"}})
)
