// Package access decides who may come in.
//
// There are two ways in, and neither is a code from a SMS alone. A device the
// bank knows holds a 256-bit cookie; with it the passcode opens a session. A
// new device proves the phone by a one-time code and then still needs the
// existing passcode, after which it is known too. A passcode is never tried
// without one of these proofs, and bad tries on a strange device never lock the
// owner's own device out.
//
// A stranger who types a phone learns nothing before he has proved it: nothing
// is looked up by that phone until the right code came back, so known and
// unknown phones get the same work, the same SMS and the same pages.
//
// Codes, sessions and pauses run on real time, never on the business clock.
package access

import (
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/vault"
)

// The refusals. Those with a time carry it as the argument "until", those that
// count carry "n" tries left.
var (
	ErrNoFlow       = fault.New(fault.Missing, "access.no_flow")        // start again from the phone
	ErrStep         = fault.New(fault.Conflict, "access.wrong_step")    // the flow stands elsewhere: show Flow.Stage
	ErrWrongCode    = fault.New(fault.Invalid, "access.wrong_code")     // n
	ErrCodeStale    = fault.New(fault.Invalid, "access.code_stale")     // too old or used: ask a new one
	ErrCodesPaused  = fault.New(fault.Throttled, "access.codes_paused") // until
	ErrTooManyCodes = fault.New(fault.Throttled, "access.too_many_sms") // until
	ErrResendEarly  = fault.New(fault.Throttled, "access.resend_early") // until
	ErrNotMobile    = fault.New(fault.Invalid, "access.not_mobile")     // no SMS reaches it
	ErrWrongPass    = fault.New(fault.Invalid, "access.wrong_passcode") // n
	ErrPaused       = fault.New(fault.Throttled, "access.paused")       // until
	ErrNoDevice     = fault.New(fault.Unauthenticated, "access.no_device")
	ErrNobody       = fault.New(fault.Refused, "access.nobody") // the proved phone is no client's
	ErrNoSession    = fault.New(fault.Unauthenticated, "access.no_session")
	ErrIdle         = fault.New(fault.Unauthenticated, "access.idle")    // five minutes without a request
	ErrTooOld       = fault.New(fault.Unauthenticated, "access.too_old") // twelve hours since login
	ErrEnded        = fault.New(fault.Unauthenticated, "access.ended")   // ended here or from another device
	ErrMissing      = fault.New(fault.Missing, "access.missing")         // no such device, session or token of yours
	ErrBlocked      = fault.New(fault.Forbidden, "access.blocked")       // the client himself is blocked
	ErrStepUp       = fault.New(fault.Forbidden, "access.step_up")       // a fresh passcode is needed
	ErrBadToken     = fault.New(fault.Unauthenticated, "access.bad_token")
	ErrScope        = fault.New(fault.Forbidden, "access.scope") // the token may not do that
	ErrTokenName    = fault.New(fault.Invalid, "access.token_name")
	ErrTokenScope   = fault.New(fault.Invalid, "access.token_scope")
	ErrTokenExpiry  = fault.New(fault.Invalid, "access.token_expiry")
	ErrTokenCount   = fault.New(fault.Refused, "access.token_count")
)

// Limits say how patient the door is. Zero values mean the standard ones.
type Limits struct {
	CodeTTL      time.Duration // a code works this long: 5 min
	ResendAfter  time.Duration // a further code may be asked for: 120 s
	WrongCodes   int           // wrong codes per phone before a pause: 5
	CodePause    time.Duration // … which lasts: 30 min
	SMSPerPhone  int           // codes to one phone in an hour: 6
	SMSPerDay    int           // codes to one phone in a day: 15
	SMSPerIP     int           // codes asked for from one address in an hour: 60
	WrongPass    int           // wrong passcodes before a pause: 5
	Idle         time.Duration // a session without a request: 5 min
	Absolute     time.Duration // a session at all: 12 h
	FlowTTL      time.Duration // registration or login, from phone to end: 30 min
	TokensPerOne int           // live API tokens of one client: 20
}

// Options say how the door is set up.
type Options struct {
	Host   string           // the cabinet's host name: the last line of a code SMS
	Now    func() time.Time // real time; time.Now when nil
	Limits Limits
}

// Service is the door's keeper. It is safe for concurrent use.
type Service struct {
	db      *db.DB
	vault   *vault.Vault
	ids     *id.Source
	clients *client.Directory
	host    string
	now     func() time.Time
	limits  Limits
}

// Visitor is where a request comes from.
type Visitor struct {
	IP    string // network address without a port; may be empty inside the house
	Agent string // the User-Agent header; only a coarse name is kept of it
}

// Purpose says what a flow and its codes are for. A code for one purpose is
// worthless for another.
type Purpose int16

// The purposes.
const (
	ForLogin Purpose = 1
	ForOrder Purpose = 2 // ordering a card
)

// Stage is the page a flow waits at.
type Stage int16

// The stages.
const (
	AtCode        Stage = 1 // the code from the SMS is awaited
	AtPasscode    Stage = 2 // the phone is a client's: his existing passcode is awaited
	AtNewPasscode Stage = 3 // the phone is nobody's and a card was ordered: a passcode is to be chosen
	AtNobody      Stage = 4 // the phone is nobody's and a login was tried: offer to order a card
	AtEnd         Stage = 5 // done; the same passcode again gives the same answer
)

// Flow is one way in, from the phone to the passcode, on one browser.
type Flow struct {
	ID      id.ID
	Purpose Purpose
	Stage   Stage
	Phone   string // masked, for the page
	Lang    locale.Lang
	// Token is the browser's proof that the flow is its own: 256 bits for a
	// cookie. It is set only by the call that made it.
	Token vault.Hidden

	ResendAt time.Time // from when a further code may be asked for
	CodeEnds time.Time // until when the last code works
	Ends     time.Time // until when the flow can be finished
	// TriesLeft counts wrong codes that are still forgiven for this phone.
	TriesLeft int
	Spent     bool // the code is too old or out of tries: only a new one helps
}

// Entry is a login that worked: two cookies and who it is.
type Entry struct {
	Session Session
	// SessionToken is the new session cookie; it dies with the browser.
	SessionToken vault.Hidden
	// DeviceToken is the device cookie; empty when the browser has it already.
	DeviceToken vault.Hidden
}

// Session is somebody inside.
type Session struct {
	ID       id.ID
	Client   client.ID
	Device   id.ID
	Lang     locale.Lang
	Started  time.Time
	Seen     time.Time // last request, to about 15 seconds
	IdleEnds time.Time // when it ends if nothing is done
	Ends     time.Time // when it ends at the latest
}

// Activity tells whether a request counts as the client doing something.
type Activity bool

// The event stream and other background requests are no activity.
const (
	Acts    Activity = true
	Watches Activity = false
)

// Proof is a fresh passcode check: whoever holds it has just shown that he is
// the client. Only this room can make one.
type Proof struct {
	client  client.ID
	session id.ID
	device  id.ID
	at      time.Time
}

// Client tells who proved himself.
func (p Proof) Client() client.ID { return p.client }

// Session tells in which session.
func (p Proof) Session() id.ID { return p.session }

// At tells when; zero when nobody did.
func (p Proof) At() time.Time { return p.at }

// Confirmed is the answer to a right passcode inside a session.
type Confirmed struct {
	Proof Proof
	// SessionToken replaces the session cookie (A16). The old one keeps
	// working for a minute, so that a double tap and a lost answer meet the
	// same session.
	SessionToken vault.Hidden
}

// Known is what a login page may say on a device that the bank knows.
type Known struct {
	Device id.ID
	Client client.ID
	First  string // given name, «Аня»
	Lang   locale.Lang
	// TriesLeft counts wrong passcodes before the next pause.
	TriesLeft int
	Paused    time.Time // until when; zero when it is not
}

// Device is a browser that the bank knows, as its owner sees it.
type Device struct {
	ID      id.ID
	Name    string // «Chrome, Android»
	Since   time.Time
	Last    time.Time
	Current bool // the one that asks
	// Sessions are the live ones, newest first.
	Sessions []Session
}

// Scope is what an API token may do.
type Scope string

// The scopes. ScopeTransfer includes reading.
const (
	ScopeRead     Scope = "read"
	ScopeTransfer Scope = "transfer"
)

// NewToken describes an API token to be made.
type NewToken struct {
	Name   string // 1–60 letters, the owner's own word for it
	Scopes []Scope
	TTL    time.Duration // a day to a year
	// PublicKey is the caller's own key (issue 2); nil today.
	PublicKey []byte
}

// Token is an API token without its secret.
type Token struct {
	ID        id.ID
	Client    client.ID
	Name      string
	Hint      string // first letters, «rb_06b3…»
	Scopes    []Scope
	Created   time.Time
	Expires   time.Time
	Last      time.Time // zero: never used; to about a minute
	Lang      locale.Lang
	PublicKey []byte
}

// May tells whether the token has a scope.
func (t Token) May(s Scope) bool {
	for _, has := range t.Scopes {
		if has == s || has == ScopeTransfer && s == ScopeRead {
			return true
		}
	}
	return false
}
