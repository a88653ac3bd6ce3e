package cabinet

import (
	"rocketbank/internal/base/money"
	"rocketbank/internal/door/ui"
)

// BanksView is GET /transfer/bank?draft=…, and POST /transfer/bank when it was
// refused: in which bank does the owner of a phone want to be paid?
//
// Form fields (to POST /transfer/bank): draft, q (both hidden) and bank, the
// button that was pressed. The search is a GET form of draft and q. On success
// 303 to /transfer/phone?draft=….
type BanksView struct {
	ui.Page
	Phone     string // E.164, as the reader typed it
	Draft     string
	Search    string
	Long      bool  // too many for one screen: the search is shown
	Preferred *Bank // nil: he chose none
	Banks     []Bank
}

// Bank is a line of the list.
type Bank struct {
	ID, Name        string
	Down, Preferred bool
}

// PhoneOutView is GET /transfer/phone?draft=…, and POST /transfer/phone when it
// was refused: how much, from which card, with what words.
//
// Form fields (to POST /transfer/phone): to, from, amount, message. The button
// «Рассчитать» sends the same to POST /transfer/phone/quote, which answers
// OutQuotePanel for htmx and this page for a plain form.
type PhoneOutView struct {
	ui.Page
	To                  *PayoutTo
	Token               string // what the form carries of him
	Phone               string // E.164, as the reader typed it
	From                string
	Sources             []ui.Card
	Amount, Message     string
	Quote               *Quote
	Rule                string
	LimitLeft, LimitCap money.Amount
	// Free is how much of this month goes without a fee, of FreeOf; no currency:
	// the tariff has nothing free.
	Free, FreeOf money.Amount
	ChangeHref   string
}
