package cabinet

import (
	"time"

	"rocketbank/internal/base/money"
	"rocketbank/internal/door/ui"
)

// LandingView is GET /: what the bank is, «Заказать карту» and «Войти».
type LandingView struct {
	ui.Page
	Ordered bool // a card was ordered on this browser: its status is one tap away
}

// OrderView is GET and POST /order, the first step of the questionnaire.
//
// Form fields: phone (any usual spelling). On success 303 to /order/code.
type OrderView struct {
	QuestView
	Phone string // as typed
}

// CodePurpose says what a one-time code opens.
type CodePurpose string

// A code is bound to its purpose: one for ordering a card never logs anyone in.
const (
	CodeForOrder CodePurpose = "order"
	CodeForLogin CodePurpose = "login"
)

// CodeView is GET and POST /order/code and /login/code.
//
// Form fields: code; the second form on the page sends resend=1 and nothing
// else, to the same route. Hidden goes into both.
type CodeView struct {
	ui.Page
	Purpose  CodePurpose
	PhoneEnd string // E.164 of the phone; the page shows it masked
	// ResendIn is how long the reader still has to wait for a new code; zero
	// shows the button.
	ResendIn time.Duration
	Resent   bool // a new code has just been sent
	// TriesLeft is shown when it is below 5; 0 with a spent code leaves the
	// «new code» form alone on the page.
	TriesLeft int
	Spent     bool // out of tries or too old: only a new code helps
	Hidden    []ui.Hidden
}

// OrderDoneView is GET /order/done: the card exists.
type OrderDoneView struct {
	ui.Page
	Card ui.Card
}

// HomeView is GET /home and, through HomeLive, the data of an unnamed event
// stream message.
type HomeView struct {
	ui.Page
	Purchases    []PurchaseAsk // wait for the client's word
	Alerts       []Alert       // questions about what happened to the ways in
	WantsQuest   bool          // a client of the old way has not filled the questionnaire in
	OfferPasskey bool          // the device signs, and he has no passkey yet
	WantsPapers  bool          // a change of his own data waits for his word
	Total        money.Amount
	Cards        []ui.Card
	Spending     *Spending // nil: nothing was spent this month, the box is left out
	// Feed holds the newest rows; More tells that older ones exist.
	Feed []ui.Operation
	More bool
}

// Spending is what went out in the running calendar month.
type Spending struct {
	Month time.Time // any moment of the month
	Total money.Amount
	// Before is the sum spent up to the same day of last month; nil leaves the
	// comparison out.
	Before *money.Amount
	// Shares are the parts, largest first; at most seven are drawn, the rest
	// is gathered into «Прочее».
	Shares []Share
}

// Share is one coloured part of the spending.
type Share struct {
	Label  string // ready to read: a payee's name or a kind's word
	Amount money.Amount
}
