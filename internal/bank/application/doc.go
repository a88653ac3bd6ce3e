// Package application takes on a new client: from «Заказать карту» to a card
// that works.
//
// The short form asks phone, name and birth date; a code proves the phone, and
// the chosen passcode turns the application into a client, an account and a
// virtual card in one unit of work. Nobody learns on the way whether a phone
// is already a client's: such an application looks like any other until the
// right code is given, and then goes on as a login.
package application

import (
	"context"
	"strings"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/vault"
)

// Form is what a newcomer types.
type Form struct {
	Phone     string // any usual spelling
	Name      string // «Имя Фамилия»
	BirthDate string // «31.12.1990» or «1990-12-31»
	Lang      locale.Lang
}

// Problems are all faults of a form at once, each with its Field: phone, name,
// birth_date, passcode, repeat.
type Problems []*fault.Error

// Error lists the keys.
func (p Problems) Error() string {
	var keys []string
	for _, f := range p {
		keys = append(keys, f.Error())
	}
	return strings.Join(keys, "; ")
}

// Unwrap makes errors.As find the first fault.
func (p Problems) Unwrap() []error {
	out := make([]error, len(p))
	for i, f := range p {
		out[i] = f
	}
	return out
}

// Service takes applications. It is safe for concurrent use.
type Service struct {
	db      *db.DB
	vault   *vault.Vault
	ids     *id.Source
	clients *client.Directory
	access  *access.Service
	cards   *card.Service
}

// New makes the service.
func New(d *db.DB, v *vault.Vault, ids *id.Source, clients *client.Directory, a *access.Service, cards *card.Service) *Service {
	panic("unwritten")
}

// Start checks the form and sends a code. What is wrong comes back as Problems.
// The code is then taken by access.ConfirmCode with access.ForOrder; its
// Flow.Stage leads to Finish (AtNewPasscode) or to access.FinishLogin (AtPasscode).
func (s *Service) Start(ctx context.Context, f Form, from access.Visitor) (access.Flow, error) {
	panic("unwritten")
}

// Done is a newcomer who is a client now.
type Done struct {
	Entry access.Entry
	Card  card.Card
}

// Finish takes the chosen passcode twice and makes client, account, card,
// device and session at once. Said again with the same flow and passcode it
// gives the same client and card and a session of its own.
func (s *Service) Finish(ctx context.Context, flowToken, passcode, repeat string, from access.Visitor) (Done, error) {
	panic("unwritten")
}
