// Package order keeps what clients confirm, so that anybody can check it later.
//
// Every money order and every dangerous change is one canonical text: who,
// what, how much, to whom, from where, when, the order's identifier and the
// version of the terms. The client confirms this text and no other: a keyed
// device or an API token signs it, a passkey signs its hash, and a device
// without a key answers with a code that was sent for exactly this text. The
// bank checks the proof, signs both together (Ed25519) and keeps them as one
// row that lands in the same transaction as what was ordered.
//
// A Receipt is that row as a document. Verify needs nothing but the document
// and the bank's public key: no database, no network, no clock.
//
// The room stands below access: it knows keys and signatures, not sessions.
// Whoever hands it a public key vouches that it is the client's.
package order

import (
	"rocketbank/internal/base/fault"
)

// Prefix of an order's identifier outside: or_….
const Prefix = "or"

// Terms is the version of the terms of service that orders are made under.
const Terms = "2026-11"

// Kind is what an order does.
type Kind int16

// The kinds. Numbers are stored and never change.
const (
	Transfer      Kind = 1 // money to another client
	NewToken      Kind = 2 // an API token that may send money
	NewPasskey    Kind = 3
	RemovePasskey Kind = 4
	PersonalData  Kind = 5
	RaiseLimit    Kind = 6
	Closing       Kind = 7
	NewFactor     Kind = 8 // passcode, code word, phone
	CardRules     Kind = 9 // switches and limits of a card that become looser

	Link Kind = 14 // money to whoever has a phone, who chooses where it goes

	OnlinePurchase Kind = 12 // a purchase in the internet, asked about by 3-D Secure
	Payout         Kind = 13 // money to another bank
)

// whats are the words of the line «what:». They are part of the evidence.
var whats = map[Kind]string{
	Transfer: "transfer to a friend", NewToken: "new API token", NewPasskey: "new passkey", RemovePasskey: "remove a passkey",
	PersonalData: "change of personal data", RaiseLimit: "raise of a limit", Closing: "closing", NewFactor: "change of a way in",
	CardRules:      "looser rules of a card",
	OnlinePurchase: "purchase on the internet",
	Payout:         "transfer to another bank",
	Link:           "transfer by a link",
}

// What gives the words for a kind, as they stand in the text.
func (k Kind) What() string { return whats[k] }

func kindOf(what string) (Kind, bool) {
	for k, w := range whats {
		if w == what {
			return k, true
		}
	}
	return 0, false
}

// The refusals.
var (
	ErrNotSigned   = fault.New(fault.Forbidden, "order.not_signed")   // no proof, or not over this text
	ErrBadKey      = fault.New(fault.Invalid, "order.bad_key")        // no public key that we can check
	ErrNoReceipt   = fault.New(fault.Missing, "order.no_receipt")     // no such order, or not yours
	ErrCodeForm    = fault.New(fault.Invalid, "order.code_form")      // not six digits; no try is lost
	ErrWrongCode   = fault.New(fault.Invalid, "order.wrong_code")     // n tries left
	ErrCodeStale   = fault.New(fault.Invalid, "order.code_stale")     // too old, out of tries or none sent: ask for a new one
	ErrCodesPaused = fault.New(fault.Throttled, "order.codes_paused") // until
	ErrResendEarly = fault.New(fault.Throttled, "order.resend_early") // until
)
