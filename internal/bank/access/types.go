package access

import (
	"slices"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// Visitor is where a request comes from.
type Visitor struct {
	IP    string // network address without a port; may be empty inside the house
	Agent string // the User-Agent header; only a coarse name is kept of it
	// Key is the new key of a browser that comes in on a device not yet known;
	// nil: it has none and becomes Scriptless for good.
	Key *Enrolment
	// Proof is what a known device with a key said to this very request.
	Proof *RequestProof
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
	AtCode     Stage = 1 // the code from the SMS is awaited
	AtPasscode Stage = 2 // the phone is a client's: his existing passcode is awaited
	// AtNewPasscode: a passcode is to be chosen. Of a client (Flow.Client) who
	// has none yet: FirstLogin takes the code word and the passcode. Of nobody
	// (ForOrder alone): his application goes on.
	AtNewPasscode Stage = 3
	AtNobody      Stage = 4 // the phone is nobody's and a login was tried: offer to order a card
	AtEnd         Stage = 5 // done; the same passcode again gives the same answer
)

// Flow is one way in, from the phone to the passcode, on one browser.
type Flow struct {
	ID      id.ID
	Purpose Purpose
	Stage   Stage
	Phone   phone.Number // prints masked
	Client  client.ID    // whose phone it is, once the code was right; 0: nobody's
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
	Kind     DeviceKind
	Lang     locale.Lang
	Started  time.Time
	Seen     time.Time // last request, to about 15 seconds
	IdleEnds time.Time // when it ends if nothing is done
	Ends     time.Time // when it ends at the latest
	// CookieEnds is when the cookie that opened it dies without a proof; zero
	// for a device without a key, whose cookie lives as long as its session.
	CookieEnds time.Time
	// Standing is what caps the orders of this session.
	Standing client.Standing

	key        string // SPKI DER
	cookie     string // the cookie's hash
	cookieMade time.Time
}

// Key gives the public key (SPKI DER) of the session's device; nil for a
// device without one.
func (in Session) Key() []byte {
	if in.key == "" {
		return nil
	}
	return []byte(in.key)
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
	passkey id.ID // that proved it; zero: the passcode did
	at      time.Time
}

// Client tells who proved himself.
func (p Proof) Client() client.ID { return p.client }

// Session tells in which session.
func (p Proof) Session() id.ID { return p.session }

// At tells when; zero when nobody did.
func (p Proof) At() time.Time { return p.at }

// Fresh tells whether somebody proved himself so lately that a dangerous thing
// may still rest on it; now is real time.
func (p Proof) Fresh(now time.Time) bool { return p.client != 0 && now.Sub(p.at) <= proofFor }

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
	Kind   DeviceKind // Keyed: Login needs Visitor.Proof over Nonce(Device)
	Code   string     // «ABCD-EFGH», see DeviceCode
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
	Kind    DeviceKind
	Code    string    // «ABCD-EFGH», see DeviceCode
	Name    string    // «Chrome, Android»
	Reduced time.Time // until when it has the limits of a new device; zero: it has not
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
	// PublicKey is the caller's own key, P-256 SPKI in DER (order.ReadKey).
	// ScopeTransfer needs it, and both caps: most of one order and of a bank day.
	PublicKey        []byte
	OrderCap, DayCap money.Amount
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
	PublicKey []byte
	// OrderCap and DayCap are what it may move; zero when it may move nothing.
	OrderCap, DayCap money.Amount

	owner tokenOwner // as ByToken found him; of no other token
}

// tokenOwner is what an API token's lookup tells of whose it is.
type tokenOwner struct {
	reduced int64 // until when a changed factor reduces his limits
	level   client.Level
	state   client.State
	account ledger.AccountID // that his money comes to
	caps    client.CapRow    // that he set himself
}

// May tells whether the token has a scope. A token of the first release that
// was made for transfers has no key to sign them with: it may read.
func (t Token) May(s Scope) bool {
	if s == ScopeTransfer && len(t.PublicKey) == 0 {
		return false
	}
	return slices.Contains(t.Scopes, s) || s == ScopeRead && slices.Contains(t.Scopes, ScopeTransfer)
}
