package cabinet

import (
	"time"

	"rocketbank/internal/base/money"
	"rocketbank/internal/door/ui"
)

// RecipientView is the first step of a transfer: GET /transfer without ?to=,
// and POST /transfer/recipient when it was refused.
//
// Form fields (to POST /transfer/recipient): phone, amount, from, message (the
// last three hidden, so that «Сменить» keeps them). On success 303 to
// /transfer?to=TOKEN&amount=…&from=…&message=….
type RecipientView struct {
	ui.Page
	Phone                 string // as typed
	Amount, From, Message string // kept from the form, may be empty
	Recent                []ui.Payee
	Ways                  []WayTab
	Cards                 []PayoutRow // other banks' cards paid lately
	Friends               []FriendRow // the first of the contact book
	FriendsAll            int         // how many stand in it
	// LookupsLeft is told when fewer than six look-ups are left today; -1 hides it.
	LookupsLeft int
}

// NotClientView answers POST /transfer/recipient for a phone nobody here has
// (status 200): an invitation to share; no money moves.
type NotClientView struct {
	ui.Page
	Phone string // E.164 as the reader typed it; shown in full
	// ShareURL is the bank's own address, to copy or send by SMS.
	ShareURL string
	// LinkHref is the form of money by a link, filled in; empty: there is none.
	LinkHref string
}

// TransferView is GET /transfer?to=TOKEN and POST /transfer when it was refused.
//
// Form fields (to POST /transfer): to, from, amount, message. The button
// «Рассчитать» sends the same fields to POST /transfer/quote, which answers
// QuotePanel for htmx and this page with Quote for a plain form. On success
// POST /transfer gives 303 to /transfer/confirm?….
type TransferView struct {
	ui.Page
	Payee   ui.Payee
	From    string // chosen card's id; empty: the first
	Sources []ui.Card
	Amount  string // as typed
	Message string
	Quick   []money.Amount // quick sums; nil: 1 000, 5 000, 10 000 ₽
	Quote   *Quote         // nil until a sum was typed
	// LimitLeft and LimitCap are today's outgoing limit, shown even without a quote.
	LimitLeft, LimitCap money.Amount
	// ChangeHref is the first step with everything typed kept under seal: no
	// message may stand in an address (W08).
	ChangeHref string
}

// Quote is the offer for a sum: what it costs and what is left.
type Quote struct {
	Amount, Fee, Total  money.Amount
	Left                money.Amount // balance after
	LimitLeft, LimitCap money.Amount // of today, after this sum
	Rule                string       // by which rule of the tariff the fee is so, in words
	// Problem says in the reader's words why this sum will be refused («Не
	// хватает 340 ₽…»); empty when it will pass.
	Problem string
}

// QuoteView is the fragment that POST /transfer/quote answers to htmx, with
// status 200 also for a sum that can't be read (Problem says why; Quote nil
// keeps the limit line).
type QuoteView struct {
	ui.Page
	Payee               ui.Payee
	Quote               *Quote
	Problem             string
	LimitLeft, LimitCap money.Amount
}

// ConfirmView is GET of a confirmation page, /transfer/confirm or
// /payout/confirm, and POST of the same when it was refused.
//
// Form fields (to POST Action): passcode and everything in Hidden (a draft with
// quote token, message, idempotency key). On success 303 to the page of what
// was done; the same key again leads to the same.
type ConfirmView struct {
	ui.Page
	Action    string // the page's own address, where its form goes
	Payee     ui.Payee
	Out       *PayoutTo // who gets it at another bank; nil: Payee does
	From      ui.Card
	Quote     Quote
	Message   string
	Hidden    []ui.Hidden
	BackHref  string    // the form with everything typed
	Expires   time.Time // of the quote
	TriesLeft int       // passcode tries, shown when 1…3
	Order     string    // the text that is signed, to the letter
	Keyed     bool      // the device signs; else a code is sent for the text
	Passkeys  bool
	CodeSent  bool   // the passcode was right, the code is awaited
	Phone     string // where the code goes
	Caps      []LimitCap
	// Changed tells that the tariff changed since the price was shown: the page
	// asks again with the new one.
	Changed bool
	// Late tells that the quote ran out and was made anew: the page asks again.
	Late bool
	// Stale tells that the quote ran out: the page offers a new calculation and
	// no passcode field.
	Stale bool
}
