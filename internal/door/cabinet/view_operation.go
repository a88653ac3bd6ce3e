package cabinet

import (
	"time"

	"rocketbank/internal/base/money"
	"rocketbank/internal/door/ui"
)

// OperationsView is GET /operations?before=KEY&day=N.
//
// For an htmx request (HX-Request: true) answer with the same page: the button
// takes its part out of it by itself.
type OperationsView struct {
	ui.Page
	Operations []ui.Operation
	// Next is the key of the next page, the value of ?before=; empty: no more.
	Next string
	// ShownDay is the ?day= of the request, parsed (0 if absent): the bank day
	// (clock.Day) that the rows shown before ended with. Its header is not
	// repeated.
	ShownDay int64
	// Continued is true when the request had ?before=.
	Continued bool
}

// OperationView is GET /operations/{id}.
type OperationView struct {
	ui.Page
	Operation ui.Operation
	ID        string // «op_…», shown as the number of the document
	// Payee or payer, when the operation has one.
	Who   string // masked name
	Phone string // E.164, shown masked; may be empty
	// Message is the sender's text, as plain text.
	Message  string
	Fee      *money.Amount // nil: has no notion of a fee
	Left     *money.Amount // balance after, nil when it isn't known
	Last4    string        // of the card of ours
	Purchase *PurchaseView // of a card at somebody else's terminal
	Dispute  *DisputeLine  // of a purchase: the dispute there is, or how to open one
	Out      *PayoutTo     // whom money went to at another bank, or came back from
	Foreign  string        // last four digits of the other bank's card of a top-up
	// RepeatHref is the prefilled form, «/transfer?to=…&amount=…»; empty hides it.
	RepeatHref string
	// ReceiptHref is «/transfers/tr_…» or «/topup/tu_…»; empty hides it.
	ReceiptHref string
}

// ReceiptView is GET /transfers/{id}: success right after sending, a receipt
// ever after.
type ReceiptView struct {
	ui.Page
	ID      string // «tr_…»
	Fresh   bool   // just sent: the planet makes its turn
	Amount  money.Amount
	Fee     money.Amount
	Left    *money.Amount // balance after; nil leaves the line out
	Payee   ui.Payee
	From    ui.Card
	Message string
	At      time.Time
	// RepeatHref is the prefilled form.
	RepeatHref    string
	OperationHref string
	SignedHref    string // the signed receipt as a file; empty: there is none
}
