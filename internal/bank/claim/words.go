package claim

import (
	"context"
	"encoding/base64"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
)

// secretBytes is what a link carries: 128 bits.
const secretBytes = 16

var b64 = base64.RawURLEncoding.Strict()

// secret is what the link of a claim carries. It follows from the claim, so
// that a reminder has the same link and nothing needs to keep it.
func (s *Service) secret(r row) string {
	return b64.EncodeToString(s.d.Vault.MAC("claim.link", r.id.Bytes())[:secretBytes])
}

// hash is the form it rests in; nil for what cannot be one, so that no megabyte
// of address is hashed.
func (s *Service) hash(secret string) []byte {
	if len(secret) != b64.EncodedLen(secretBytes) {
		return nil
	}
	return s.d.Vault.Lookup(vault.Token, "claim\x00"+secret)
}

// Path is where links lead, below the origin.
const Path = "/l/"

func (s *Service) url(r row) string { return s.d.Origin + Path + s.secret(r) }

func (s *Service) words(l locale.Lang) *locale.Printer { return locale.For(l) }

// until is the day a link ends, for a message in a language.
func (s *Service) until(l locale.Lang, r row) locale.Arg {
	return locale.A("until", s.words(l).Date(r.until, s.d.DB.Now()))
}

// say puts a message to the sender or receiver into the outbox.
func (s *Service) say(ctx context.Context, tx db.Tx, owner client.ID, to phone.Number, text string) error {
	return access.SendSMS(ctx, tx, s.d.Vault, owner, access.SMS{Key: s.d.IDs.New(), To: to, Text: vault.Hide(text)})
}

// sayToSender tells him about his link on his own number.
func (s *Service) sayToSender(ctx context.Context, tx db.Tx, me client.Client, key string, args ...locale.Arg) error {
	return s.say(ctx, tx, me.ID, me.Phone, s.words(me.Lang).T(key, args...))
}
