// Package authentication finds out whether it is the card's holder who pays in
// the internet (EMV 3-D Secure, the issuer's part).
//
// A shop asks before it charges. The answer is given at once where the risk is
// low or unbearable; else the holder is challenged: with a code by SMS that
// names shop, sum and card, or by his signature in the cabinet. What he says
// is told to the directory of the card scheme first and to the browser after.
// A passed authentication leaves a value, bound to card, sum, shop and
// transaction, without which the host approves nothing that comes from the
// internet; it is used up with the money (Verify).
//
// Each authentication is one row and moves only by committed steps:
//
//	(asked) → answered
//	        → awaited → challenged → decided → telling → closed
//
// Timers are times in that row. A worker looks after them, so that a process
// may die anywhere and a shop still learns the end.
package authentication

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/rail/threeds"
)

// Prefix of the outside form of an authentication's identifier, «au_…».
const Prefix = "au"

// State is how far an authentication has come. Numbers are stored and never
// change.
type State int16

// The states. Before the first there is no row.
const (
	Answered   State = 1 // the answer was the end: passed, refused or impossible
	Awaited    State = 2 // the buyer's browser is to come for its challenge
	Challenged State = 3 // the holder is asked
	Decided    State = 4 // the result is written down, nobody was told yet
	Telling    State = 5 // the directory was told at least once and has not confirmed
	Closed     State = 6
)

// String gives the word.
func (s State) String() string {
	switch s {
	case Answered:
		return "answered"
	case Awaited:
		return "awaited"
	case Challenged:
		return "challenged"
	case Decided:
		return "decided"
	case Telling:
		return "telling"
	case Closed:
		return "closed"
	}
	return "invalid"
}

// The refusals of this room.
var (
	ErrMissing     = fault.New(fault.Missing, "authentication.missing")   // no such transaction, or not this browser's, or not this client's
	ErrOver        = fault.New(fault.Conflict, "authentication.over")     // it has ended already
	ErrNotOver     = fault.New(fault.Conflict, "authentication.not_over") // the holder has not answered yet
	ErrCodeForm    = fault.New(fault.Invalid, "authentication.code_form").At("code")
	ErrWrongCode   = fault.New(fault.Invalid, "authentication.wrong_code").At("code") // n tries left
	ErrCodeStale   = fault.New(fault.Invalid, "authentication.code_stale").At("code")
	ErrResendEarly = fault.New(fault.Throttled, "authentication.resend_early") // until
	ErrNoMoreCodes = fault.New(fault.Throttled, "authentication.no_more_codes")
	ErrNotSigned   = fault.New(fault.Forbidden, "authentication.not_signed")
)

// Sum is what is to be paid, in the shop's currency.
type Sum struct {
	money.Amount
	Exponent int    // digits after the point
	Letters  string // of the currency: «USD»
}

// Text writes the sum for people.
func (s Sum) Text(p *locale.Printer) string {
	if s.Cur == money.RUB {
		return p.MoneyShort(s.Amount)
	}
	whole, part := s.parts()
	out := p.Int(whole)
	if part != "" {
		point := ","
		if p.Lang() == locale.English {
			point = "."
		}
		out += point + part
	}
	return out + "\u00a0" + s.Letters
}

// plain writes the sum for programs: «250.00 USD».
func (s Sum) plain() string { return s.Decimal() + " " + s.Letters }

// Decimal writes it for programs: «1250.50», with as many digits after the
// point as the shop counts in.
func (s Sum) Decimal() string {
	whole, part := s.parts()
	if part != "" {
		part = "." + part
	}
	return fmt.Sprintf("%d%s", whole, part)
}

func (s Sum) parts() (whole int64, part string) {
	unit := int64(1)
	for range s.Exponent {
		unit *= 10
	}
	if unit > 1 {
		part = fmt.Sprintf("%0*d", s.Exponent, s.Minor%unit)
	}
	return s.Minor / unit, part
}

// Shown is what the buyer's browser may see of its own challenge.
type Shown struct {
	ACSTransID string
	Shop       string
	Sum        Sum       // of a purchase; no currency: nothing is paid now
	When       time.Time // business time
	Last4      string
	Phone      phone.Number // prints masked
	Window     threeds.WindowSize
	Return     string // the shop's address to which the browser will go
	ShopURL    string // the shop's own address, as it says: its page frames the challenge

	SentAt    time.Time // when the last code went out; zero: none did
	ResendAt  time.Time // from when another may be asked for; zero: no more
	CodeEnds  time.Time
	TriesLeft int
	Ends      time.Time // when it is over if nothing more happens
	Over      bool      // Finish is next
}

// Return is how the browser gets back to the shop.
type Return struct {
	URL     string // notificationURL, the only place it may go
	ShopURL string // as Shown.ShopURL
	CRes    string
	Session *string // threeDSSessionData to give back unchanged; nil: there was none
	Passed  bool
}

// Fate is what has become of a purchase that its holder was asked about.
type Fate string

// The fates.
const (
	Waits    Fate = "waits"
	Approved Fate = "approved" // by whoever proved to be the holder: here or by a code
	Refused  Fate = "refused"
	Expired  Fate = "expired" // nobody said anything in time
)

// Waiting is a purchase that waits for its holder's word in the cabinet, or did.
type Waiting struct {
	ID      id.ID
	Fate    Fate
	Client  client.ID
	Card    id.ID
	Last4   string
	Shop    string
	Sum     Sum
	Country string    // of the shop, ISO 3166-1 numeric
	At      time.Time // business time
	Since   time.Time
	Until   time.Time
}

// Text gives the outside identifier.
func (w Waiting) Text() string { return w.ID.Text(Prefix) }

// ParseID reads it.
func ParseID(text string) (id.ID, error) {
	x, err := id.Parse(Prefix, text)
	if err != nil {
		return id.ID{}, ErrMissing.Because(err)
	}
	return x, nil
}

// uuid is the spelling of an identifier in the protocol (RFC 9562 §4).
func uuid(x [16]byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", x[:4], x[4:6], x[6:8], x[8:10], x[10:])
}

// parseUUID reads what threeds has found to be one.
func parseUUID(s string) (x [16]byte, ok bool) {
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(b) != len(x) {
		return x, false
	}
	return [16]byte(b), true
}
