package transfer

import (
	"context"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// People finds clients (client.Directory). client.ErrNobody when there is none.
type People interface {
	ByPhone(ctx context.Context, p phone.Number) (client.Person, error)
	Person(ctx context.Context, who client.ID) (client.Person, error)
}

// Kicker wakes the open pages of a client (live.Hub).
type Kicker interface{ Kick(client.ID) }

// Deps is what a Service works with.
type Deps struct {
	DB         *db.DB
	Book       *ledger.Book
	Vault      *vault.Vault
	IDs        *id.Source
	People     People
	Operations *operation.Service
	Limits     *limit.Service
	Tariff     tariff.Tariff
	Live       Kicker // may be nil
}

// Service sends money to people.
type Service struct{ d Deps }

// New makes the service.
func New(d Deps) *Service { return &Service{d} }

// Resolve tells whose phone it is. Each call is counted: 20 a bank day per
// client, 200 per address (ip may be empty when there is none). Nobody there
// answers ErrNotAClient, one's own phone ErrSelf.
func (s *Service) Resolve(ctx context.Context, who client.ID, p phone.Number, ip string) (Payee, error) {
	panic("unwritten")
}

// Payee reads a token back, for a form that carries it. ErrPayee when it is not
// this client's, altered or too old.
func (s *Service) Payee(who client.ID, token string) (Payee, error) { panic("unwritten") }

// Recent gives people this client sent money to lately, the last first, without
// counting look-ups. Their phones are masked.
func (s *Service) Recent(ctx context.Context, who client.ID, limit int) ([]Payee, error) {
	panic("unwritten")
}

// Quote offers a transfer of amount from an account to the payee of a token.
// Whose account it is and what is on it is checked when money moves.
func (s *Service) Quote(who client.ID, from ledger.AccountID, payee string, amount money.Amount) (Quote, error) {
	panic("unwritten")
}

// ReadQuote reads a token back, for a confirmation page. An expired quote is
// given together with ErrQuoteExpired.
func (s *Service) ReadQuote(who client.ID, token string) (Quote, error) { panic("unwritten") }

// Order gives the text to be confirmed for a quote and a message.
func (s *Service) Order(who client.ID, quote, message string) (Order, error) { panic("unwritten") }

// ToFriend sends the money. The same key and content give the same answer, also
// a refusal: a page that shows a refusal carries a fresh key. Another content
// under the same key answers ErrKeyReused.
func (s *Service) ToFriend(ctx context.Context, cmd ToFriend) (Receipt, error) {
	panic("unwritten")
}

// Receipt reads a transfer that this client sent; ErrMissing for any other.
func (s *Service) Receipt(ctx context.Context, who client.ID, transfer id.ID) (Receipt, error) {
	panic("unwritten")
}

// Repeat gives what to fill the form with to send the same again.
func (s *Service) Repeat(ctx context.Context, who client.ID, transfer id.ID) (Prefill, error) {
	panic("unwritten")
}
