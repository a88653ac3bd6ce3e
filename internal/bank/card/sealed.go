package card

import "rocketbank/internal/base/vault"

// Where this room rests ciphertexts, for the changing of keys.
var (
	_ = vault.Declare(vault.Column{Table: "card", Name: "pan", Class: vault.PAN, Key: []string{"client", "id"}, Row: []string{"id"}})
	_ = vault.Declare(vault.Column{Table: "card", Name: "holder", Class: vault.PII, Key: []string{"client", "id"}, Row: []string{"id"}})
	_ = vault.Declare(vault.Column{Table: "card", Name: "name", Class: vault.PII, Key: []string{"client", "id"}, Row: []string{"id"}})
	_ = vault.Declare(vault.Column{Table: "card", Name: "pvv", Class: vault.Secret, Key: []string{"client", "id"}, Row: []string{"id"}})
	_ = vault.Declare(vault.Column{Table: "card_delivery", Name: "place", Class: vault.PII, Key: []string{"client", "card"}, Row: []string{"card"}})
)
