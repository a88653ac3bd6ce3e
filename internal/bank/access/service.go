package access

import (
	"crypto/rand"
	"encoding/base64"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"
	"golang.org/x/sync/singleflight"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

// The refusals. Those with a time carry it as the argument "until", those that
// count carry "n" tries left.
var (
	ErrNoFlow       = fault.New(fault.Missing, "access.no_flow")        // start again from the phone
	ErrStep         = fault.New(fault.Conflict, "access.wrong_step")    // the flow stands elsewhere: show Flow.Stage
	ErrCodeForm     = fault.New(fault.Invalid, "access.code_form")      // not six digits; no try is lost
	ErrWrongCode    = fault.New(fault.Invalid, "access.wrong_code")     // n
	ErrCodeStale    = fault.New(fault.Invalid, "access.code_stale")     // too old or used: ask a new one
	ErrCodesPaused  = fault.New(fault.Throttled, "access.codes_paused") // until
	ErrTooManyCodes = fault.New(fault.Throttled, "access.too_many_sms") // until
	ErrResendEarly  = fault.New(fault.Throttled, "access.resend_early") // until
	ErrNotMobile    = fault.New(fault.Invalid, "access.not_mobile")     // no SMS reaches it
	ErrPassForm     = fault.New(fault.Invalid, "access.passcode_form")  // not 4–6 digits; no try is lost
	ErrWrongPass    = fault.New(fault.Invalid, "access.wrong_passcode") // n
	ErrPaused       = fault.New(fault.Throttled, "access.paused")       // until
	ErrNoDevice     = fault.New(fault.Unauthenticated, "access.no_device")
	ErrNoSession    = fault.New(fault.Unauthenticated, "access.no_session")
	ErrIdle         = fault.New(fault.Unauthenticated, "access.idle")    // five minutes without a request
	ErrTooOld       = fault.New(fault.Unauthenticated, "access.too_old") // twelve hours since login
	ErrEnded        = fault.New(fault.Unauthenticated, "access.ended")   // ended here or from another device
	ErrMissing      = fault.New(fault.Missing, "access.missing")         // no such device, session or token of yours
	ErrStepUp       = fault.New(fault.Forbidden, "access.step_up")       // a fresh passcode is needed
	ErrBadToken     = fault.New(fault.Unauthenticated, "access.bad_token")
	ErrScope        = fault.New(fault.Forbidden, "access.scope") // the token may not do that
	ErrTokenName    = fault.New(fault.Invalid, "access.token_name")
	ErrTokenScope   = fault.New(fault.Invalid, "access.token_scope")
	ErrTokenExpiry  = fault.New(fault.Invalid, "access.token_expiry")
	ErrTokenCount   = fault.New(fault.Refused, "access.token_count")
)

// Limits say how patient the door is. A zero means the standard value.
type Limits struct {
	CodeTTL     time.Duration // a code works this long: 5 min
	ResendAfter time.Duration // a further code may be asked for: 120 s
	WrongCodes  int           // wrong codes per phone before a pause: 5
	CodePause   time.Duration // … which ends this long after the first: 30 min
	SMSPerHour  int           // codes to one phone in an hour: 6
	SMSPerDay   int           // codes to one phone in a day: 15
	SMSPerIP    int           // codes asked for from one address in an hour: 60
	SMSPerIPDay int           // codes asked for from one address in a day: 200
	SMSPerRange int           // codes to one range of ten thousand numbers in a day: 500
	SMSAll      int           // codes to everybody in a day: 20,000
	FlowTTL     time.Duration // a way in, from its last step: 30 min

	WrongPass    int           // wrong passcodes before a pause: 5
	StrangePause time.Duration // pause of new devices after that, from the first: 24 h

	Idle     time.Duration // a session without a request: 5 min
	Absolute time.Duration // a session at all: 12 h
	Tokens   int           // API tokens of one client: 20

	NonceTTL    time.Duration // a nonce for a request proof: 5 min
	Cookie      time.Duration // a keyed device's session cookie, from its last proof: 5 min
	CookieRenew time.Duration // … which a proof replaces when it is so old: 2 min
	Reduced     time.Duration // business time that a new device has reduced limits: 48 h
	SIMFresh    time.Duration // real time that codes to a changed SIM card prove nothing: 48 h
	Passkeys    int           // passkeys of one client: 10
	Challenge   time.Duration // a passkey's answer may take so long: 5 min
	LoginOpen   time.Duration // … and that of a login page, which offers it while it is open: 15 min
}

func (l Limits) orStandard() Limits {
	duration := func(d *time.Duration, std time.Duration) {
		if *d == 0 {
			*d = std
		}
	}
	count := func(n *int, std int) {
		if *n == 0 {
			*n = std
		}
	}
	duration(&l.CodeTTL, 5*time.Minute)
	duration(&l.ResendAfter, 120*time.Second)
	count(&l.WrongCodes, 5)
	duration(&l.CodePause, 30*time.Minute)
	count(&l.SMSPerHour, 6)
	count(&l.SMSPerDay, 15)
	count(&l.SMSPerIP, 60)
	count(&l.SMSPerIPDay, 200)
	count(&l.SMSPerRange, 500)
	count(&l.SMSAll, 20_000)
	duration(&l.FlowTTL, 30*time.Minute)
	count(&l.WrongPass, 5)
	duration(&l.StrangePause, 24*time.Hour)
	duration(&l.Idle, 5*time.Minute)
	duration(&l.Absolute, 12*time.Hour)
	count(&l.Tokens, 20)
	duration(&l.NonceTTL, 5*time.Minute)
	duration(&l.Cookie, 5*time.Minute)
	duration(&l.CookieRenew, 2*time.Minute)
	duration(&l.Reduced, 48*time.Hour)
	duration(&l.SIMFresh, 48*time.Hour)
	count(&l.Passkeys, 10)
	duration(&l.Challenge, 5*time.Minute)
	duration(&l.LoginOpen, 15*time.Minute)
	return l
}

// Options say how the door is set up.
type Options struct {
	Host   string           // the cabinet's host name: the last line of a code SMS, and whose passkeys they are
	Origin string           // where people use the cabinet, «https://bank.example»; https://Host when empty
	Brand  string           // the bank's name as a passkey's window shows it; «Рокетбанк» when empty
	Teller Teller           // tells a client what happened to his ways in; nil: nobody does
	Now    func() time.Time // real time; the machine's clock when nil
	Limits Limits
	Cards  Freezer // what «Это не я» freezes; nil where there are no cards
}

// Service is the keeper of the door. It is safe for concurrent use.
type Service struct {
	db      *db.DB
	vault   *vault.Vault
	ids     *id.Source
	clients *client.Directory
	host    string
	now     func() time.Time
	limits  Limits
	cards   Freezer
	judging singleflight.Group // passcodes that are being judged
	tokens  *tokenLookup       // API tokens that are being looked up
	teller  Teller
	party   *webauthn.WebAuthn // whose passkeys they are
	partyIs error              // why there is none
}

// New makes the service.
func New(d *db.DB, v *vault.Vault, ids *id.Source, clients *client.Directory, o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Host == "" {
		o.Host = "localhost"
	}
	now := o.Now
	party, err := relyingParty(o)
	return &Service{
		db: d, vault: v, ids: ids, clients: clients, host: o.Host, limits: o.Limits.orStandard(), cards: o.Cards,
		tokens: newTokenLookup(d), teller: o.Teller, party: party, partyIs: err,
		now: func() time.Time { return now().UTC().Truncate(time.Microsecond) },
	}
}

// Prefixes of what leaves this room.
const (
	DevicePrefix  = "dv"
	SessionPrefix = "ss"
	TokenPrefix   = "tk"
)

// tokenBytes is what a cookie or API token holds: 256 random bits (A16 asks 128).
const tokenBytes = 32

var b64 = base64.RawURLEncoding

func newSecret() string { return b64.EncodeToString(randomBytes(tokenBytes)) }

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails since Go 1.24
	return b
}

// hash gives the form a random token rests in; nil for what cannot be one, so
// that no megabyte of cookie is hashed.
func (s *Service) hash(token string) []byte {
	if len(token) != b64.EncodedLen(tokenBytes) {
		return nil
	}
	return s.vault.Lookup(vault.Token, token)
}

// Kinds of bearers, the alias of every random token somebody carries.
const (
	bearDevice  = 1
	bearSession = 2
	bearToken   = 3
)

var (
	qBear   = db.Query(`INSERT INTO bearer (hash, kind, client, ref) VALUES ($1, $2, $3, $4)`)
	qUnbear = db.Query(`DELETE FROM bearer WHERE client = $1 AND ref = $2`)
	qRetire = db.Query(`UPDATE bearer SET until_us = $3, retired = 1
		WHERE client = $1 AND ref = $2 AND retired = 0 AND (until_us IS NULL OR until_us > $3)`)
	qBearSession = db.Query(`INSERT INTO bearer (hash, kind, client, ref, until_us, made_us) VALUES ($1, 2, $2, $3, $4, $5)`)
	qBearers     = db.Query(`SELECT client, ref FROM bearer WHERE hash = $1 AND kind = $2`)
)

func micro(t time.Time) int64 { return t.UnixMicro() }

func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
