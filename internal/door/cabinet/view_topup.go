package cabinet

import (
	"time"

	"rocketbank/internal/base/money"
	"rocketbank/internal/door/ui"
)

// TopUpView is GET /topup?amount=… and POST /topup when it was refused.
//
// Form fields (to POST /topup): amount, to (id of our card), card_number,
// card_expiry («12/28»), card_cvc, agreed, and everything in Hidden (the
// idempotency key). agreed is the token of the quote that the page has shown;
// empty when it has shown none. If it is not for this sum, answer 200 with this
// page and the Quote instead of charging: nobody pays a fee unseen.
//
// «Рассчитать» sends the form to POST /topup/quote, which must not read the
// card's fields: htmx sends amount alone and gets TopUpQuotePanel; a plain form
// gets this page back.
type TopUpView struct {
	ui.Page
	Amount      string // as typed
	NumberAgain bool   // say that the number has to be typed again; neither it nor the CVC ever comes back
	Expiry      string // as typed
	To          string // chosen card of ours
	Cards       []ui.Card
	Rule        string // what top-ups cost, in words
	Quote       *TopUpQuote
	Quick       []money.Amount // nil: 1 000, 3 000, 10 000 ₽
	LimitLeft   money.Amount
	LimitCap    money.Amount
	Hidden      []ui.Hidden
}

// expiryLen is how long a card's date may be: «12/2028».
const expiryLen = 7

// TopUpQuote is the price of a top-up.
type TopUpQuote struct {
	Token   string
	Amount  money.Amount // reaches the account
	Fee     money.Amount
	Total   money.Amount // is charged to the other bank's card
	Problem string       // why it will be refused; empty when it will pass
}

// TopUpQuoteView is the fragment that POST /topup/quote answers to htmx.
type TopUpQuoteView struct {
	ui.Page
	Quote               *TopUpQuote
	Rule                string
	Problem             string
	LimitLeft, LimitCap money.Amount
}

// TopUpState is what is known about a top-up.
type TopUpState string

// The states of a top-up's result page.
const (
	TopUpDone       TopUpState = "done"
	TopUpRefused    TopUpState = "refused"
	TopUpProcessing TopUpState = "processing" // «проверяем»
)

// TopUpResultView is GET /topup/{id}, also without a session: then Page.Reader
// is empty, To and Left stay empty and nothing personal is shown.
type TopUpResultView struct {
	ui.Page
	ID                 string // «tu_…»
	State              TopUpState
	Amount, Fee, Total money.Amount
	Foreign            string // last four digits of the other bank's card
	To                 string // name of our card
	Left               *money.Amount
	At                 time.Time
	Reason             string // refused: in the reader's words
	// ContinueHref is the other bank's page while its step is still open; empty else.
	ContinueHref string
	RetryHref    string // the form again
}
