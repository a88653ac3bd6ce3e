package access

import "rocketbank/internal/base/vault"

// Where this room rests ciphertexts, for the changing of keys. Messages that
// nobody could deliver stay in the outbox, so they move too.
var (
	_ = vault.Declare(vault.Column{Table: "passcode", Name: "hash", Class: vault.Secret, Key: []string{"client"}})
	_ = vault.Declare(vault.Column{Table: "access_statement", Name: "proof", Class: vault.Secret, Key: []string{"client", "id"}, Row: []string{"id"}})
	_ = vault.Declare(vault.Column{Table: "flow", Name: "phone", Class: vault.PII, Key: []string{"token", "id"}, Row: []string{"id"}})
	_ = vault.Declare(vault.Column{Table: "outbox", Name: "payload", Class: vault.PII, Key: []string{"id"}, Place: "outbox.sms", Where: "topic = '" + SMSTopic + "'"})
)
