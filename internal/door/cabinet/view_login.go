package cabinet

import (
	"time"

	"rocketbank/internal/door/ui"
)

// Why a reader is asked to log in although he was inside before.
type Expiry string

// The reasons.
const (
	NotExpired   Expiry = ""
	IdleExpired  Expiry = "idle"     // five minutes without a request
	HardExpired  Expiry = "absolute" // twelve hours since login
	EndedByOwner Expiry = "ended"    // ended from another device
)

// LoginPhoneView is GET and POST /login on a strange device.
//
// Form fields: phone, next (where to go after login; the door checks that it is
// a path of its own). On success 303 to /login/code, the same for a phone that
// is unknown (A07).
type LoginPhoneView struct {
	ui.Page
	Phone     string // as typed
	Next      string
	Expired   Expiry
	KeptForm  bool // what was typed before the session ended is kept
	LoggedOut bool // arrived from POST /logout
}

// LoginKnownView is GET /login on a known device; it posts to /login/passcode.
//
// Form fields: passcode, next. «Это не я» posts other=1 to /login.
type LoginKnownView struct {
	ui.Page
	Name      string // given name, «Аня»
	Next      string
	Expired   Expiry
	KeptForm  bool
	TriesLeft int  // shown when 1…3, a warning before the lock; else 0
	LoggedOut bool // arrived from POST /logout
	Passkeys  bool // he has passkeys: they come first
	// KeyLost: the device has a key and this request was not signed by it. The
	// page says what that means and leads on as on a new device.
	KeyLost bool
}

// LoginPasscodeView is GET and POST /login/passcode on a new device, after the
// code: the existing passcode makes the device known (A09).
//
// Form fields: passcode, next.
type LoginPasscodeView struct {
	ui.Page
	Next      string
	TriesLeft int
	Hidden    []ui.Hidden
	Flow      string // «fl_…»: what the browser's new key signs
}

// LockedView is shown instead of a login form while it is on pause; status 429.
type LockedView struct {
	ui.Page
	Until time.Time
	Today time.Time // real time: a pause of a day names the day too
}

// ForgotView is GET /login/forgot: «позвоните нам», no reset.
type ForgotView struct{ ui.Page }
