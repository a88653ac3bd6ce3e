// Package operation is the client's feed: one row for each thing that happened
// to his money, whatever moved underneath.
//
// A row lands together with the money, as a carried row of the ledger
// transaction (see Service.Row), and is never changed by a second write path.
// Names and messages are ciphertext bound to their row. The feed is read by
// key, newest first: identifiers grow with time, so a page stays where it was
// while new rows arrive above it.
package operation

import (
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// Prefix is what operation identifiers start with outside: op_….
const Prefix = "op"

// ErrMissing: no such operation, or not yours.
var ErrMissing = fault.New(fault.Missing, "operation.missing")

// Kind says what happened. Numbers are stored and never change.
type Kind int16

// The kinds that exist today.
const (
	TransferOut Kind = 1 // to another client
	TransferIn  Kind = 2 // from another client
	TopUp       Kind = 3 // from another bank's card
	Correction  Kind = 4 // put right by the bank, by two members of staff
	Purchase    Kind = 5 // paid by card
	Cash        Kind = 6 // taken from a cash machine or over a counter
	Refund      Kind = 7 // a merchant gives money back
	CardCredit  Kind = 8 // sent to the card through its network
	// DisputeCredit is what the bank returned for a purchase that went wrong.
	DisputeCredit Kind = 9
	Payout        Kind = 10 // sent out of the bank: to a card, a phone
	PayoutReturn  Kind = 11 // sent out, and sent back by the other side
	LinkOut       Kind = 12 // by a link, whose receiver chooses where it goes
	LinkIn        Kind = 13 // taken from a link
)

// String gives the stable word used by the API: "transfer_out".
func (k Kind) String() string {
	switch k {
	case TransferOut:
		return "transfer_out"
	case TransferIn:
		return "transfer_in"
	case TopUp:
		return "topup"
	case Correction:
		return "correction"
	case Purchase:
		return "purchase"
	case Cash:
		return "cash"
	case Refund:
		return "refund"
	case CardCredit:
		return "card_credit"
	case DisputeCredit:
		return "dispute_credit"
	case Payout:
		return "payout"
	case PayoutReturn:
		return "payout_return"
	case LinkOut:
		return "link_out"
	case LinkIn:
		return "link_in"
	}
	return "other"
}

// OfCard tells the kinds that a card made at somebody else's terminal.
func (k Kind) OfCard() bool { return k >= Purchase && k <= CardCredit }

// State is how far an operation has come. Numbers are stored and never change.
type State int16

// The states of an operation.
const (
	Done     State = 1
	Pending  State = 2
	Declined State = 3
	Reversed State = 4 // was held, and was given back
)

// String gives the stable word used by the API.
func (s State) String() string {
	switch s {
	case Done:
		return "done"
	case Pending:
		return "pending"
	case Declined:
		return "declined"
	case Reversed:
		return "reversed"
	}
	return "other"
}

// Operation is one row of a client's feed.
type Operation struct {
	ID      id.ID
	Client  client.ID
	Account ledger.AccountID
	Kind    Kind
	State   State
	Amount  money.Amount // signed: what it did to the account, fee included
	Fee     money.Amount // the part of it that was a fee, never negative
	At      time.Time
	Txn     id.ID // the ledger transaction behind it; for transfers it is ID
	Details Details
	// By which version and rule of the tariff the fee is so, and what of the sum
	// the free part of the month covered. Nought where room tariff priced
	// nothing; written with the row and read by Check alone.
	Tariff int64
	Rule   int
	Free   int64
}

// Text gives the outside identifier.
func (o Operation) Text() string { return o.ID.Text(Prefix) }

// Details is what only the client may read. It is stored sealed.
type Details struct {
	Name    string `json:"n,omitempty"` // the other side, masked: «Павел К.»
	Phone   string `json:"p,omitempty"` // the other side's phone, E.164, only where the client typed it himself
	Card    string `json:"c,omitempty"` // another bank's card, first 6 and last 4
	Message string `json:"m,omitempty"`
	// Peer and PeerAccount let a transfer be repeated without a new look-up.
	// They are never shown.
	Peer        client.ID        `json:"i,omitempty"`
	PeerAccount ledger.AccountID `json:"a,omitempty"`
	// Order and Proof are what the row does not tell of the order behind it
	// and of its confirmation; see transfer.Service.Evidence.
	Order string `json:"o,omitempty"`
	Proof string `json:"r,omitempty"`
	// Purchase tells what a card did: kinds Purchase, Cash, Refund and CardCredit.
	Purchase *PurchaseDetails `json:"b,omitempty"`
	// Payout tells where money was sent: kinds Payout and PayoutReturn. A return
	// of what was sent by a link has none: Order names the link.
	Payout *PayoutDetails `json:"w,omitempty"`
}

// PayoutDetails is where money went. Details.Name is the receiver as the sender
// may see him.
type PayoutDetails struct {
	Way       string `json:"w"` // card, phone, mobile, wallet
	To        string `json:"t"` // the receiver's number, its middle hidden, or his phone
	BankRU    string `json:"r,omitempty"`
	BankEN    string `json:"e,omitempty"`
	Reason    string `json:"d,omitempty"` // of Reversed: a stable word
	Reference string `json:"f,omitempty"` // the other side's name for it
	For       id.ID  `json:"o,omitzero"`  // of PayoutReturn: what came back
}

// PurchaseDetails is what the network told of a purchase. Details.Name is the
// merchant, cleaned; Details.Card is the last four digits of the card.
type PurchaseDetails struct {
	Card     id.ID        `json:"k"`           // the card that paid
	MCC      string       `json:"m,omitempty"` // merchant category code, ISO 18245
	City     string       `json:"y,omitempty"`
	Country  string       `json:"n,omitempty"` // ISO 3166 numeric
	Local    money.Amount `json:"l"`           // in the merchant's currency
	Held     money.Amount `json:"h"`           // what was held, in the account's currency
	Channel  string       `json:"c,omitempty"` // chip, contactless, magstripe, internet, manual, on_file
	Code     string       `json:"a,omitempty"` // approval code
	Reason   string       `json:"d,omitempty"` // of Declined and Reversed: a stable word
	Missing  money.Amount `json:"x"`           // of Declined for want of money
	Terminal string       `json:"t,omitempty"`
	// Returns is what came back for a purchase, the earliest first.
	Returns []Return `json:"g,omitempty"`
	// Of a refund: the purchase it is for, where that is certain, and how much
	// of it went to the bank because its client had been paid for a dispute.
	For  id.ID        `json:"f,omitzero"`
	Kept money.Amount `json:"w,omitzero"`
}

// Return is money that came back for a purchase.
type Return struct {
	Refund     id.ID        `json:"r,omitzero"` // the operation that tells of it; zero: all of it was the bank's and none does
	Chargeback bool         `json:"c,omitempty"`
	Sum        money.Amount `json:"s"`
	Kept       money.Amount `json:"k"` // the part of it that was the bank's
	At         time.Time    `json:"t"`
}

// maxReturns bounds how many returns a purchase lists; what comes beyond it
// goes into the last line.
const maxReturns = 20

// Returned writes down that money came back for the purchase.
func (b *PurchaseDetails) Returned(r Return) {
	if n := len(b.Returns); n >= maxReturns {
		b.Returns[n-1].Sum.Minor += r.Sum.Minor
		b.Returns[n-1].Kept.Minor += r.Kept.Minor
		return
	}
	b.Returns = append(b.Returns, r)
}

// Unreturned takes back, of what a refund brought, what was a mistake.
func (b *PurchaseDetails) Unreturned(refund id.ID, sum, kept money.Amount) {
	for i := range b.Returns {
		if r := &b.Returns[i]; r.Refund == refund || i == len(b.Returns)-1 {
			r.Sum.Minor -= sum.Minor
			r.Kept.Minor -= kept.Minor
			return
		}
	}
}

// CameBack sums what came back for the purchase: all of it, and the bank's part.
func (b *PurchaseDetails) CameBack() (sum, kept money.Amount) {
	sum, kept = money.Rub(0), money.Rub(0)
	for _, r := range b.Returns {
		sum.Minor += r.Sum.Minor
		kept.Minor += r.Kept.Minor
	}
	return sum, kept
}

// Outstanding is what a purchase has taken from its client and nobody has given
// back to him yet; never below nought.
func (o Operation) Outstanding() money.Amount {
	out := money.Amount{Minor: -o.Amount.Minor, Cur: o.Amount.Cur}
	if b := o.Details.Purchase; b != nil {
		sum, kept := b.CameBack()
		out.Minor -= sum.Minor - kept.Minor
	}
	out.Minor = max(0, out.Minor)
	return out
}

// Filter chooses a page of the feed.
type Filter struct {
	Before   id.ID     // rows older than this one; zero: from the newest
	From, To time.Time // From ≤ at < To; zero: open
	Limit    int       // 1–100; 0 means 20
}

// Page is a page of the feed, newest first.
type Page struct {
	Operations []Operation
	Next       id.ID // give it as Filter.Before; zero: this was the last page
}

// Spend is what left in a month, by kind, and the number of operations.
type Spend struct {
	Total  money.Amount // not negative
	Count  int
	ByKind []KindSpend // the largest first
}

// KindSpend is one line of Spend.
type KindSpend struct {
	Kind  Kind
	Sum   money.Amount // not negative
	Count int
}

// DaySum is what left in a bank day: transfers between one's own accounts and
// declined operations are not counted.
type DaySum struct {
	Day   int64 // clock.Day
	Spent money.Amount
}
