package cabinet

import (
	"time"

	"rocketbank/internal/base/money"
	"rocketbank/internal/door/ui"
)

// PaymentsView is GET /payments: transfer and top-up, and recent people.
type PaymentsView struct {
	ui.Page
	Recent  []ui.Payee
	ToCards bool // money goes to other banks' cards
	ByLink  bool // … and by links
}

// MoreView is GET /more.
type MoreView struct{ ui.Page }

// DevicesView is GET and POST /profile/devices.
//
// Form fields: end=ID of a device whose sessions end, all=1 to end every other
// one, forget=ID of a device that is to be a strange one. GET with forget=ID
// asks first, on ForgetPage.
type DevicesView struct {
	ui.Page
	Devices []Device
	Logins  []Login
}

// Login is one access statement: who came in where, and what shows it.
type Login struct {
	ID    string
	Name  string
	Place string
	Code  string // the device's code; empty: it is forgotten
	Means string // cookie, key, new_key, passkey
	At    time.Time
}

// Device is a browser that knows the client, and its session if there is one.
type Device struct {
	ID      string // value of "end" and "forget"
	Name    string // «Chrome, Linux»
	Place   string // network address or city; may be empty
	Since   time.Time
	Last    time.Time
	Current bool
	Live    bool      // has a session now
	Code    string    // «ABCD-EFGH»
	Keyed   bool      // it has a key; else its orders are confirmed by SMS
	Reduced time.Time // until when it has the limits of a new device; zero: it has not
}

// ForgetView is GET /profile/devices?forget=ID.
type ForgetView struct {
	ui.Page
	Device Device
}

// TokensView is GET and POST /profile/tokens.
//
// Form fields to create: name, scope (several: read, transfer), days (30, 90,
// 365), passcode; to revoke: revoke=ID. A created token is answered on the spot
// with Fresh set (status 201, no-store), the only time it is seen.
type TokensView struct {
	ui.Page
	Hooks  []Hook // addresses that tokens have told
	Tokens []Token
	Fresh  string // the secret, once
	Name   string // as typed
	Scopes []string
	Days   int
	// Form is true when the create form is to be shown open (after a refusal or ?new=1).
	Form bool
	// Key, PerOrder and PerDay are what a token that may send money needs.
	Key, PerOrder, PerDay string
	FormKey               string // the same form sent twice makes one token
	// AskPasscode adds the field passcode to the create form.
	AskPasscode bool
}

// Token is an API token without its secret.
type Token struct {
	ID      string
	Name    string
	Hint    string // first letters, «rb_06b3…»
	Scopes  []string
	Created time.Time
	Expires time.Time
	Last    time.Time // zero: never used
	Expired bool
	Keyed   bool // it signs its orders, and has caps
	// PerOrder and PerDay are its caps.
	PerOrder, PerDay money.Amount
}

// TokenOrderView is the order that makes a token which may send money.
//
// Form fields (to POST /profile/tokens/order): offer, passcode, and signature
// from the device or code from the SMS.
type TokenOrderView struct {
	ui.Page
	Offer    string
	Order    string
	Lines    []VerifyLine
	Keyed    bool
	CodeSent bool
	Phone    string
}

// SettingsView is GET and POST /profile/settings, also before login.
//
// Form fields, each sent alone or together: lang (ru, en), theme (system,
// light, dark), sums (hidden, shown), back (own path to return to). All three
// live in cookies: lang, theme, sums.
type SettingsView struct{ ui.Page }

// HelpView is GET /help: the list of guides and the phone.
type HelpView struct{ ui.Page }

// GuideView is GET /help/{guide}. Ask GuideExists first and answer 404 if not.
type GuideView struct {
	ui.Page
	Guide string
}

// ErrorView is any page of refusal: 403, 404, 405, 413, 422, 429, 500, 503.
type ErrorView struct {
	ui.Page
	Status    int
	RequestID string        // shown to be told to support; may be empty
	RetryIn   time.Duration // 429 and 503: when to come back; zero if unknown
}

// OfflineView is GET /offline, cached by the worker: no personal data in it.
type OfflineView struct{ ui.Page }
