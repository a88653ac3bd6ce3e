package cardnetwork

import (
	"errors"
	"slices"

	"rocketbank/internal/rail/iso8583"
)

// State is how a credit stands.
type State int

// Nought is Unknown: whoever forgets to look does not give money back.
const (
	Unknown  State = iota // the money may have been given; Ask
	NotSent               // nothing left this machine
	Done                  // the card has the money
	Declined              // it has not, and never will under these numbers
)

// String gives the word.
func (s State) String() string {
	return [...]string{"unknown", "not_sent", "done", "declined"}[s]
}

// Outcome is what is known of a credit.
type Outcome struct {
	State    State
	Code     string // the network's response code (field 39), "" when there was no answer
	Approval string // field 38 of what is done
}

// Errors of a credit, for the log: the caller goes by Outcome.State.
var (
	ErrOffline = errors.New("cardnetwork: not signed on")
	ErrBusy    = errors.New("cardnetwork: too many credits are under way")
	ErrTimeout = errors.New("cardnetwork: no answer in time")
	ErrCut     = errors.New("cardnetwork: the line was cut")
	ErrAnswer  = errors.New("cardnetwork: the answer makes no sense")
	ErrCode    = errors.New("cardnetwork: the answer decides nothing")
)

// refusals are the response codes that say a definite no to a credit (ISO
// 8583:1987, field 39, as the schemes use it). Whatever is not among them
// decides nothing: some others are approvals (08, 11, 16), most judge a route, a
// moment or a repeat.
var refusals = []string{
	"01", "02", "03", "04", "05", "07", "13", "14", "15", "33", "34", "35", "36", "37", "38", "39", "41", "42", "43", "44", "46",
	"51", "52", "53", "54", "55", "56", "57", "58", "59", "61", "62", "63", "64", "65", "75", "76", "77", "78", "82", "83", "86", "93",
}

// malformed are codes that say no to a message as such. A first message was
// refused with them; of a repeat they say nothing about the one before it.
var malformed = []string{"12", "30", "40", "92"}

// outcome reads an answer to a credit.
func (o Options) outcome(asked, a *iso8583.Message) (Outcome, error) {
	if want, _ := iso8583.Response(asked.MTI); a.MTI != want {
		return Outcome{}, ErrAnswer
	}
	for _, n := range [...]int{2, 3, 4, 7, 11, 32, 37, 41, 49} {
		want, _ := asked.Get(n)
		got, there := a.Get(n)
		// What a request had an answer repeats; a card's number may be left out.
		if got != want && (there || n != 2) {
			return Outcome{}, ErrAnswer
		}
	}
	code, _ := a.Get(39)
	out := Outcome{Code: code}
	switch {
	case code == "00":
		out.State = Done
		out.Approval, _ = a.Get(38)
		return out, nil
	case code == "" || code == "10" || code == "85": // part of a credit, or a card that is only good, are no outcome
		return out, ErrAnswer
	case slices.Contains(refusals, code), slices.Contains(o.Final, code), slices.Contains(malformed, code) && asked.MTI[3] == '0':
		out.State = Declined
		return out, nil
	}
	return out, ErrCode
}
