// Package transfer sends money to people.
//
// A transfer goes: Resolve (whose phone is it?) → Quote (what will it cost?) →
// Order (the text that the client confirms) → ToFriend. The first three store
// nothing: a payee and a quote are sealed tokens bound to the client who asked,
// so that the last step is one ledger transaction with its guards, two feed
// rows and one outbox event, and no other word with the database.
package transfer

import (
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/ledger"
)

// Prefixes of identifiers outside.
const (
	Prefix      = "tr" // a transfer
	QuotePrefix = "qt"
)

// How long tokens live, and bounds of what a client may write.
const (
	PayeeTTL        = 24 * time.Hour
	QuoteTTL        = 10 * time.Minute
	MaxMessageRunes = 140
)

// The refusals of this room. Limits are refused with the faults of room limit.
var (
	ErrNotAClient        = fault.New(fault.Missing, "transfer.not_a_client").At("phone")
	ErrSelf              = fault.New(fault.Refused, "transfer.self").At("phone")
	ErrPayee             = fault.New(fault.Invalid, "transfer.payee_invalid").At("to")          // altered, another's, or older than PayeeTTL
	ErrQuote             = fault.New(fault.Invalid, "transfer.quote_invalid").At("quote")       // altered or another's
	ErrQuoteExpired      = fault.New(fault.Refused, "transfer.quote_expired").At("quote")       // ask for a new one
	ErrInsufficientFunds = fault.New(fault.Refused, "transfer.insufficient_funds").At("amount") // {missing}
	ErrAmount            = fault.New(fault.Invalid, "amount.not_positive").At("amount")
	ErrMessageLong       = fault.New(fault.Invalid, "transfer.message_long").At("message") // {max}
	ErrMessageChars      = fault.New(fault.Invalid, "transfer.message_chars").At("message")
	ErrNotProved         = fault.New(fault.Forbidden, "transfer.not_proved")
	ErrKeyReused         = fault.New(fault.Conflict, "transfer.key_reused")
	ErrMissing           = fault.New(fault.Missing, "transfer.missing")
	ErrAccount           = fault.New(fault.Missing, "transfer.no_such_account").At("from") // not one's own, or gone
	ErrBlocked           = fault.New(fault.Forbidden, "transfer.blocked")
)

// Payee is somebody money can be sent to, as the asking client may see him.
type Payee struct {
	Token string       // what a form carries; useless to anybody else
	Name  string       // masked: «Павел К.»
	Phone phone.Number // as the asking client typed it
	Until time.Time
}

// Quote is an offer: what a transfer would cost.
type Quote struct {
	Token  string
	ID     id.ID
	From   ledger.AccountID
	To     Payee
	Amount money.Amount // what the payee gets
	Fee    money.Amount
	Total  money.Amount // what leaves the account
	Price  tariff.Price // by which version and rule the fee is so
	Until  time.Time    // what is confirmed before this is what is charged
}

// ToFriend is the order to send money. Quote is the token of a Quote.
type ToFriend struct {
	Client  client.ID
	Key     ledger.Key // made with the page, or ledger.KeyOf of an API client's text
	Quote   string
	Message string
	// Signed is the order's own text with a proof that was checked, and
	// Standing how far whoever signed is trusted.
	Signed   order.Signed
	Standing client.Standing
}

// Receipt is a transfer that happened.
type Receipt struct {
	ID      id.ID
	Order   id.ID // what the client signed; zero in transfers of the first release
	At      time.Time
	From    ledger.AccountID
	To      Payee // Token is empty
	Amount  money.Amount
	Fee     money.Amount
	Total   money.Amount
	Message string
	Balance money.Amount // of the account after it; zero currency when not known
	Replay  bool         // the key was known: this happened before
}

// Text gives the outside identifier: tr_….
func (r Receipt) Text() string { return r.ID.Text(Prefix) }

// Prefill is what «Повторить» fills the form with.
type Prefill struct {
	To      Payee
	From    ledger.AccountID
	Amount  money.Amount
	Message string
}
