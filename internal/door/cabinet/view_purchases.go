package cabinet

import (
	"time"

	"rocketbank/internal/door/ui"
)

// PurchaseAsk is a purchase in the internet that waits for the client's word.
type PurchaseAsk struct {
	ID, Href string
	Shop     string
	Sum      string // in the shop's currency, ready to read; empty: the shop keeps the card, nothing is paid
	Card     string // «•• 4821»
	At       time.Time
	Left     time.Duration // until nobody waits for the word any more
}

// AskedView is GET /purchases/{id} and POST /purchases/approve when it was
// refused or sent a code.
//
// Form fields (to POST /purchases/approve): purchase, and passkey from the
// authenticator, or passcode and signature from the device, or passcode and
// code from the SMS; again=1 asks for another. To POST /purchases/deny:
// purchase. Both lead to /purchases/{id} by 303.
type AskedView struct {
	ui.Page
	Ask      PurchaseAsk
	Fate     string // waits, approved, refused, expired
	Order    string // the text that is signed, to the letter, while it waits
	Keyed    bool   // the device signs; else a code is sent for the text
	Passkeys bool
	CodeSent bool
	Phone    string // where the code goes
	Frozen   bool   // «Это не я» was said: the card waits for a call
}
