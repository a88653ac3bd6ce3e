package staff

import "rocketbank/internal/base/vault"

// Where this room rests ciphertexts, for the rotation of keys.
var (
	_ = vault.Declare(vault.Column{Table: "staff_member", Name: "name", Class: vault.PII, Key: []string{"id"}})
	_ = vault.Declare(vault.Column{Table: "staff_passkey", Name: "record", Class: vault.Secret, Key: []string{"id"}})
	_ = vault.Declare(vault.Column{Table: "staff_ceremony", Name: "data", Class: vault.Secret, Key: []string{"hash"}})
	_ = vault.Declare(vault.Column{Table: "staff_note", Name: "body", Class: vault.PII, Key: []string{"id"}})
	_ = vault.Declare(vault.Column{Table: "staff_look", Name: "reason", Class: vault.PII, Key: []string{"id"}})
	_ = vault.Declare(vault.Column{Table: "staff_proposal", Name: "payload", Class: vault.PII, Key: []string{"id"}})
)
