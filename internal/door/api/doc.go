// Package api is the bank's open JSON API: everything a client may do with
// his own money, for programs that hold one of his personal tokens.
//
// A request is judged in a fixed order: whose token is it, how often does it
// ask, is there such a route, may the token do that, is the query right, is the
// body one JSON document of the expected shape; only then a bank room is asked.
// No cookie is ever read, so no browser can be tricked into an order.
//
// Who is no client yet orders a card with the secret of his application
// instead: it is got by a phone, opened by the code sent there, and takes its
// holder to this one questionnaire and nowhere else.
//
// Each refusal is one problem+json with a stable code, in the language of
// Accept-Language. Sums are decimal strings beside a currency; numbers are
// refused, because a reader in between may take them for floats.
//
// The OpenAPI document is written from the types of this package, and the
// pages at /api/docs from the document; their texts stand in the catalogue.
package api

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/privacy"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/ledger"
)

// Tokens tells who holds a personal token (access.Service).
type Tokens interface {
	ByToken(ctx context.Context, secret string) (access.Token, error)
	TokenStanding(t access.Token) client.Standing
}

// Clients reads a client for himself (client.Directory).
type Clients interface {
	ByID(ctx context.Context, who client.ID) (client.Client, error)
}

// Cards governs a client's cards (card.Service). What takes the holder himself
// (requisites, PIN, looser rules, reissue, closing) is not asked here.
type Cards interface {
	Of(ctx context.Context, who client.ID) ([]card.Card, error)
	Ours(pan string) bool
	ByID(ctx context.Context, who client.ID, card id.ID) (card.Card, error)
	IssueVirtual(ctx context.Context, who client.ID, n card.NewVirtual) (card.Card, error)
	OrderPlastic(ctx context.Context, who client.ID, n card.NewPlastic) (card.Card, error)
	DeliveryOf(ctx context.Context, who client.ID, card id.ID) (card.Delivery, error)
	Rename(ctx context.Context, who client.ID, card id.ID, name string) error
	SetArt(ctx context.Context, who client.ID, card id.ID, a card.Art) error
	SetMain(ctx context.Context, who client.ID, card id.ID) error
	Freeze(ctx context.Context, tx db.Tx, who client.ID, card id.ID, by card.By, actor string) error
	Unfreeze(ctx context.Context, tx db.Tx, who client.ID, card id.ID, by card.By, actor string) error
	Suspend(ctx context.Context, who client.ID, card id.ID, until time.Time) error
	Resume(ctx context.Context, who client.ID, card id.ID) error
	WillFail(ctx context.Context, who client.ID, card id.ID) ([]string, error)
	ChangeRules(ctx context.Context, who client.ID, card id.ID, to card.Rules) error
	DryRun(ctx context.Context, who client.ID, card id.ID, to card.Rules) ([]card.Hit, error)
}

// Operations reads a client's feed (operation.Service).
type Operations interface {
	Feed(ctx context.Context, who client.ID, f operation.Filter) (operation.Page, error)
	One(ctx context.Context, who client.ID, op id.ID) (operation.Operation, error)
}

// Limits reads what a client may still move, and counts what a token approves
// (limit.Service).
type Limits interface {
	Left(ctx context.Context, who client.ID, at client.Standing) (limit.Left, error)
	Approve(ctx context.Context, tx db.Tx, at client.Standing, sum money.Amount) error
}

// Tariffs tells what operations cost (tariff.Service).
type Tariffs interface {
	Book(ctx context.Context) (tariff.Book, error)
	Words(ctx context.Context, p *locale.Printer, of tariff.Price, bank string) (string, error)
}

// Transfers sends money to people (transfer.Service).
type Transfers interface {
	Resolve(ctx context.Context, who client.ID, p phone.Number, ip string) (transfer.Payee, error)
	Quote(ctx context.Context, who client.ID, from ledger.AccountID, payee string, sum money.Amount) (transfer.Quote, error)
	Order(who client.ID, quote, message string) (order.Document, error)
	ToFriend(ctx context.Context, cmd transfer.ToFriend) (transfer.Receipt, error)
	Receipt(ctx context.Context, who client.ID, transfer id.ID) (transfer.Receipt, error)
	SignedOrder(ctx context.Context, who client.ID, transfer id.ID) (id.ID, error)
}

// Orders checks signatures and gives receipts (order.Service).
type Orders interface {
	Accept(who client.ID, d order.Document, e order.Evidence) (order.Signed, error)
	Receipt(ctx context.Context, who client.ID, order id.ID) ([]byte, error)
}

// Access shows and ends the caller's ways in (access.Service).
type Access interface {
	Devices(ctx context.Context, who client.ID, in access.Session) ([]access.Device, error)
	ForgetDevice(ctx context.Context, who client.ID, device id.ID) error
	EndSession(ctx context.Context, who client.ID, session id.ID) error
	Passkeys(ctx context.Context, who client.ID) ([]access.Passkey, error)
}

// Flows proves a newcomer's phone (access.Service).
type Flows interface {
	FlowOf(ctx context.Context, token string) (access.Flow, error)
	ConfirmCode(ctx context.Context, p access.Purpose, token, code string) (access.Flow, error)
	Resend(ctx context.Context, p access.Purpose, token string, from access.Visitor) (access.Flow, error)
	Prolong(ctx context.Context, token string) (time.Time, error)
}

// Applications takes newcomers on (application.Service).
type Applications interface {
	Begin(ctx context.Context, number string, lang locale.Lang, from access.Visitor) (access.Flow, error)
	Open(ctx context.Context, h application.Holder) (application.View, error)
	Again(ctx context.Context, h application.Holder) (application.View, error)
	View(ctx context.Context, h application.Holder) (application.View, error)
	SaveName(ctx context.Context, h application.Holder, f application.NameForm) (application.View, error)
	SaveContact(ctx context.Context, h application.Holder, f application.ContactForm) (application.View, error)
	SavePassport(ctx context.Context, h application.Holder, f application.PassportForm) (application.View, error)
	SaveAddress(ctx context.Context, h application.Holder, f application.AddressForm) (application.View, error)
	SaveDelivery(ctx context.Context, h application.Holder, f application.DeliveryForm) (application.View, error)
	SaveWord(ctx context.Context, h application.Holder, f application.WordForm) (application.View, error)
	Upload(ctx context.Context, h application.Holder, page application.Page, r io.Reader) (application.PageView, error)
	Thumb(ctx context.Context, h application.Holder, page application.Page) ([]byte, error)
	Submit(ctx context.Context, h application.Holder) (application.View, error)
	Withdraw(ctx context.Context, h application.Holder) error
	Status(ctx context.Context, token string) (application.Status, error)
}

// Looks tells who of the staff looked at a client's data (privacy.Service).
type Looks interface {
	Looks(ctx context.Context, who client.ID) ([]privacy.Look, error)
}

// Deps is what the door works with.
type Deps struct {
	DB         *db.DB // reads accounts, tells the business time, holds a freeze together
	Tokens     Tokens
	Clients    Clients
	Cards      Cards
	Operations Operations
	Limits     Limits
	Tariffs    Tariffs
	Transfers  Transfers
	Payouts    Payouts // nil: no money goes to other banks
	Links      Links   // nil: no money goes by links
	Bins       Bins
	Receivers  Receivers // nil: nobody in other banks is found by phone
	Orders     Orders
	Access     Access
	Looks      Looks
	Disputes   Disputes
	Webhooks   Webhooks
	Friends    Friends
	OwnLimits  OwnLimits
	// Authentications asks clients about purchases in the internet; nil: this
	// bank has no 3-D Secure.
	Authentications Authentications

	Flows        Flows
	Applications Applications

	Kit *ui.Kit      // the look of the page at /api/docs; without it there is no page
	Log *slog.Logger // one line per request; silent when nil
	// Address tells where a request comes from, without a port, for counted
	// look-ups; the connection's own address when nil. The wiring knows which
	// proxies may be believed.
	Address func(*http.Request) string
	Rate    Rate
	HTTPS   bool             // people reach the bank by TLS alone: tell programs so too (W03)
	Now     func() time.Time // real time, for the rate; time.Now when nil
}

// Rate is how often one token may ask, in this process. The zero Rate is the
// standard one; a negative PerSecond means as often as it likes.
type Rate struct {
	PerSecond int // 50
	Burst     int // at once after a pause: 100
}
