package application

import (
	"context"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/scan"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
)

// Service takes applications. It is safe for concurrent use.
type Service struct {
	db      *db.DB
	vault   *vault.Vault
	ids     *id.Source
	clients *client.Directory
	access  *access.Service
	cards   *card.Service
	scans   *scan.Service
}

// New makes the service.
func New(d *db.DB, v *vault.Vault, ids *id.Source, clients *client.Directory, a *access.Service, cards *card.Service) *Service {
	return &Service{db: d, vault: v, ids: ids, clients: clients, access: a, cards: cards, scans: scan.New(d, v, ids)}
}

// welcome tells a new client that his card is ready.
func (s *Service) welcome(ctx context.Context, tx db.Tx, who client.ID, to phone.Number, lang locale.Lang, c card.Card) error {
	text := locale.For(lang).T("application.sms_welcome", locale.A("card", "•• "+c.Last4))
	return access.SendSMS(ctx, tx, s.vault, who, access.SMS{Key: s.ids.New(), To: to, Text: vault.Hide(text)})
}

// Scans are where this room keeps its pictures, for rooms that take pictures by
// the same rules: how many are read at a time is counted once.
func (s *Service) Scans() *scan.Service { return s.scans }
