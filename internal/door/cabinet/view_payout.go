package cabinet

import (
	"time"

	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/door/ui"
)

// PayoutTo is who gets money at another bank, as the payer may see him.
type PayoutTo struct {
	Way   string // card, phone, …: a word of payout.Way
	Title string // masked: «220012••••••4821»
	Name  string // «Иван Петрович С.»; may be empty
	Bank  string // as the reader calls it; empty: not known
}

// bank is what the tariff's words call the receiver's bank.
func (t *PayoutTo) bank() string {
	if t == nil {
		return ""
	}
	return t.Bank
}

// name is the shortest that tells whom: the name, or the masked number.
func (t PayoutTo) name() string { return orElse(t.Name, t.Title) }

// arrives says when the money is there; to clients of ours at once.
func (t *PayoutTo) arrives(p ui.Page) string {
	if t == nil {
		return p.P.T("cabinet.now")
	}
	return p.P.T("cabinet.payout.arrives." + t.Way)
}

// comes is the same as a line of its own.
func (t *PayoutTo) comes(p ui.Page) string {
	if t == nil {
		return p.P.T("cabinet.at_once")
	}
	return p.P.T("cabinet.payout.comes", locale.A("when", t.arrives(p)))
}

// WayTab is a way to send money on the page that begins a transfer.
type WayTab struct {
	Href, Label string
	Current     bool
}

// CardOutView is GET /transfer/card and POST of it when it was refused.
//
// Form fields (to POST /transfer/card): number or card (the number that was
// understood, under seal), from, amount, message. «Рассчитать» sends the same to
// POST /transfer/card/quote, which answers OutQuotePanel for htmx and this page
// for a plain form. On success 303 to /payout/confirm?draft=….
type CardOutView struct {
	ui.Page
	Ways []WayTab
	// Number is what was typed if it is no card number: one digit is mended
	// sooner than sixteen are typed. A good one comes back under seal alone.
	Number      string
	NumberAgain bool      // a number was known here and has to be typed once more
	Again       string    // … of this card, masked: money went to it before
	Card        string    // sealed number; empty: the field asks for it
	To          *PayoutTo // whose number that is
	ChangeHref  string    // the form with everything but the number
	From        string
	Sources     []ui.Card
	Amount      string
	Message     string
	Quote       *Quote
	Rule        string // what this way costs, in words, while the bank is not known
	Recent      []PayoutRow
	LimitLeft   money.Amount
	LimitCap    money.Amount
}

// OutQuoteView is the fragment that answers a live calculation of money for
// another bank, whatever the way.
type OutQuoteView struct {
	ui.Page
	To                  *PayoutTo // nil: not known yet
	Quote               *Quote
	Rule                string
	Problem             string
	LimitLeft, LimitCap money.Amount
}

// PayoutRow is somebody money went to at another bank.
type PayoutRow struct {
	To   PayoutTo
	Href string // the form, filled in with what may be kept
}

// PayoutState is what is known about money on its way to another bank.
type PayoutState string

// The states of the page /payouts/{id}.
const (
	PayoutDone     PayoutState = "done"
	PayoutChecking PayoutState = "checking" // «проверяем»
	PayoutRefused  PayoutState = "refused"
	PayoutReturned PayoutState = "returned" // it had arrived, and the other side sent it back
)

// PayoutView is GET /payouts/{id}: how it ended right after sending, a receipt
// ever after.
type PayoutView struct {
	ui.Page
	ID                 string // «po_…»
	State              PayoutState
	Fresh              bool // just sent: the planet makes its turn
	To                 PayoutTo
	From               ui.Card
	Amount, Fee, Total money.Amount
	Message            string
	Reason             string // refused: why, in the reader's words
	Reference          string // the other side's number of it; may be empty
	At, DoneAt         time.Time
	RepeatHref         string
	SignedHref         string // the signed receipt as a file
}
