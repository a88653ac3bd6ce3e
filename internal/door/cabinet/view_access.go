package cabinet

import (
	"time"

	"rocketbank/internal/base/money"
	"rocketbank/internal/door/ui"
)

// UnprovedView answers a form that a device with a key sent without its
// signature; status 403.
type UnprovedView struct {
	ui.Page
	Again string // the page the form is on, with what was typed where it can be kept
	Kept  bool   // … and it was kept
	Stale bool   // the page had been open for too long
}

// PasskeysView is GET and POST /profile/passkeys.
//
// Form fields to add one: name, passcode, and from the script ref and passkey;
// to rename: rename=ID, name; to remove: remove=ID and a fresh proof.
type PasskeysView struct {
	ui.Page
	Passkeys []Passkey
	Name     string // as typed
	Ask      string // the passkey whose removal is asked about
	Rename   string // … or that gets another name
	Offer    bool   // right after a login: the page says why one would want it
}

// Passkey is a key in a phone or a stick.
type Passkey struct {
	ID      string
	Name    string
	Created time.Time
	Used    time.Time // zero: never yet
	Synced  bool
}

// PasscodeView is GET and POST /profile/passcode.
//
// Form fields: passcode and send=1 ask for the code; then passcode (or a
// passkey's answer), code, code_word, new, repeat.
type PasscodeView struct {
	ui.Page
	Passkeys bool
	Sent     bool // a code is on its way
	Phone    string
	ResendIn time.Duration
}

// RecoverView is GET and POST /login/recover, once the phone is proved.
//
// Form fields: code_word, new, repeat; from the script the signature of the
// order, and where there is none the code that was sent for it.
type RecoverView struct {
	ui.Page
	Flow       string    // what a new device's key signs
	NotStarted bool      // nobody started it: call us
	Ready      time.Time // from when a new device may go on; zero: now
	Order      FlowOrder
}

// FlowOrder is the order of a change that ends outside any session.
type FlowOrder struct {
	Text string
	Sent string // where the code for it went, masked; empty: none was sent
}

// Alert is a question about what happened to the ways in: «Это вы?».
type Alert struct {
	ID     string
	Text   string
	Name   string // coarse name of the browser; may be empty
	Place  string // may be empty
	At     time.Time
	Denied bool
}

// NotMeView is GET and POST /n/{token}, the link of a message.
type NotMeView struct {
	ui.Page
	Alert Alert
	Token string
	Done  bool
}

// LimitsView is GET and POST /profile/limits.
//
// Form fields: own_one, own_day, own_month as typed, do (save; keep drops what
// waits).
type LimitsView struct {
	ui.Page
	One    money.Amount // most of one transfer
	Day    Meter
	Month  Meter
	TopUp  Meter
	Caps   []LimitCap
	Resets time.Time // when the day's begin anew
	Renews time.Time // when the month's do
	Own    OwnLimits
}

// OwnLimits are the limits that the client sets himself.
type OwnLimits struct {
	One, Day, Month string // as typed
	// Next is what waits, in words; Until when it begins. Empty: nothing waits.
	Next  []string
	Until time.Time
	Delay int // hours that a raise takes
}

// LimitsOrderView is the raise of own limits that waits to be confirmed.
//
// Form fields (to POST /profile/limits): offer, and passkey from the
// authenticator, or passcode and signature from the device, or passcode and code
// from the SMS.
type LimitsOrderView struct {
	ui.Page
	Offer, Order string
	Next         []string
	Delay        int
	Keyed        bool
	Passkeys     bool
	CodeSent     bool
	Phone        string
}

// Meter is a limit and what is left of it.
type Meter struct{ Left, Cap money.Amount }

// LimitCap is one more cap and why it holds.
type LimitCap struct {
	Why   string // simplified, scriptless, reduced, own
	Order *money.Amount
	Day   *Meter
	Until time.Time // zero: it does not end by itself
}

// VerifyView is GET and POST /receipts/verify: anybody may check a receipt.
//
// Form fields: receipt (the text) or file.
type VerifyView struct {
	ui.Page
	Checked bool
	Flaw    string // why it does not hold; empty: it does
	Lines   []VerifyLine
	Text    string // the order to the letter
	By      string // whose proof: «device dv_…»
	Kind    string // device, passkey, token, code
	At      time.Time
	KeyID   string
}

// VerifyLine is a line of the order, named in the reader's words.
type VerifyLine struct{ Name, Value string }

// LooksView is GET /profile/looks: which members of staff looked at the client.
type LooksView struct {
	ui.Page
	Looks []Look
}

// Look is one look.
type Look struct {
	Who  string // role and short name
	What string
	Why  string
	At   time.Time
}

// DataView is GET and POST /profile/data.
//
// Form fields: ask (json, pdf, delete, stay) and a fresh proof.
type DataView struct {
	ui.Page
	Name     string
	Phone    string
	Consents []GivenConsent
	Kept     []string // what stays how long and why, ready to read
	AnswerBy time.Time
	Answered time.Time // when the bank answered the last request; zero: it did not
	Ask      string    // json, pdf or delete: the proof is asked for
	Passkeys bool
}

// GivenConsent is a line of the log of consents.
type GivenConsent struct {
	Text    string
	Version string
	Given   bool
	At      time.Time
}

// ChangeView is the order of a dangerous change that waits to be confirmed.
//
// Form fields (to POST /profile/change): offer, and signature from the device,
// passkey from the authenticator or code from the SMS.
type ChangeView struct {
	ui.Page
	Offer    string
	Order    string
	Lines    []VerifyLine
	Keyed    bool
	Passkeys bool
	CodeSent bool
	Phone    string
	Back     string // where «Отмена» leads
}

// OrdersView is GET /profile/orders: signed orders that moved no money.
type OrdersView struct {
	ui.Page
	Orders []SignedOrder
}

// SignedOrder is one of them.
type SignedOrder struct {
	What, Href string
	At         time.Time
}
