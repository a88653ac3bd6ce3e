package application

import "rocketbank/internal/base/vault"

// Where this room rests ciphertexts, for the changing of keys.
var (
	_ = vault.Declare(vault.Column{Table: "application", Name: "person", Class: vault.PII, Key: []string{"id"}})
	_ = vault.Declare(vault.Column{Table: "card_application", Name: "phone", Class: vault.PII, Key: []string{"id"}})
	_ = vault.Declare(vault.Column{Table: "card_application", Name: "person", Class: vault.PII, Key: []string{"id"}})
	_ = vault.Declare(vault.Column{Table: "card_application", Name: "note", Class: vault.PII, Key: []string{"id"}, Where: "note IS NOT NULL"})
	_ = vault.Declare(vault.Column{Table: "card_application", Name: "word", Class: vault.Secret, Key: []string{"id"}, Where: "word IS NOT NULL"})
	_ = vault.Declare(vault.Column{Table: "card_application_call", Name: "note", Class: vault.PII,
		Key: []string{"application", "id"}, Row: []string{"id"}, Where: "note IS NOT NULL"})
)
