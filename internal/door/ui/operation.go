package ui

import (
	"time"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/money"
)

// Kind says what an operation is about; it picks icon, colour and words.
type Kind string

// The kinds that exist today. An unknown kind is drawn grey.
const (
	TransferOut Kind = "transfer_out"
	TransferIn  Kind = "transfer_in"
	TopUp       Kind = "topup"
	FeeKind     Kind = "fee"
	Correction  Kind = "correction"
	Purchase    Kind = "purchase"
	Cash        Kind = "cash"
	MoneyBack   Kind = "refund"
	CardCredit  Kind = "card_credit"

	DisputeCredit Kind = "dispute_credit"
	PayoutOut     Kind = "payout"        // to another bank
	PayoutBack    Kind = "payout_return" // … and sent back by it
	LinkOut       Kind = "link_out"      // by a link
	LinkIn        Kind = "link_in"       // taken from a link
)

// State is how far an operation has come.
type State string

// The states of an operation row.
const (
	Done     State = ""         // posted
	Pending  State = "pending"  // clock, «в обработке»
	Declined State = "declined" // struck sum, red icon and the reason
	Refund   State = "refund"   // money came back
	Released State = "released" // a hold was given back
	Disputed State = "disputed" // flag: the bank looks into it
	Asked    State = "asked"    // … and waits for the client's answer
)

// Operation is one row of the feed.
type Operation struct {
	Href   string // its page, "/operations/op_…"
	Kind   Kind
	Group  string // of a Purchase: kind of shop, a word of card.Group; picks icon and second line
	State  State
	Title  string       // «Павел К.»; empty: the words of the kind
	Note   string       // message or other second line; empty: the words of the kind alone
	Amount money.Amount // signed: what it did to the balance; a declined one keeps its sign
	At     time.Time
	Card   string // name of the card, «Основная»; may be empty
	Reason string // why it was declined, ready to read, with the missing sum
	New    bool   // arrived by the event stream a moment ago: marked for one breath
}

// Day is one bank day of the feed.
type Day struct {
	At         time.Time // some moment of the day
	Spent      money.Amount
	Whole      bool // all rows of the day are here, so that Spent may be shown
	Operations []Operation
}

// Days groups rows, newest first, by bank day. The last day of a feed that goes
// on (more) and a first day whose beginning was shown before (continues) are
// not whole: their sum would be a lie.
func Days(ops []Operation, more, continues bool) []Day {
	var days []Day
	for _, op := range ops {
		if len(days) == 0 || clock.Day(days[len(days)-1].At) != clock.Day(op.At) {
			days = append(days, Day{At: op.At, Spent: money.Rub(0), Whole: true})
		}
		d := &days[len(days)-1]
		d.Operations = append(d.Operations, op)
		if op.Amount.Minor < 0 && op.State != Declined && op.State != Released {
			if sum, err := d.Spent.Add(op.Amount); err == nil {
				d.Spent = sum
			}
		}
	}
	if len(days) > 0 && more {
		days[len(days)-1].Whole = false
	}
	if len(days) > 0 && continues {
		days[0].Whole = false
	}
	return days
}

// Art is the picture on a bank card.
type Art string

// The three pictures.
const (
	Night Art = "night"
	Flame Art = "flame"
	Mint  Art = "mint"
)

// CardState is what a card can do now.
type CardState string

// The states of a card.
const (
	CardActive    CardState = ""
	CardFrozen    CardState = "frozen"
	CardPaused    CardState = "paused"
	CardWaiting   CardState = "waiting" // plastic on its way
	CardDead      CardState = "dead"
	CardReissuing CardState = "reissuing"
	CardClosing   CardState = "closing"
)

// Card is a bank card as the client sees it: never its number.
type Card struct {
	ID      string // outside id, also the value of the "from" and "to" fields
	Href    string // "/cards/cd_…"
	Name    string // «Основная»
	Last4   string
	Balance money.Amount
	Art     Art
	State   CardState
	Virtual bool
}

// Payee is a person money can be sent to.
type Payee struct {
	Name  string // masked: «Павел К.»
	Phone string // E.164; shown in full only if the reader typed it himself
	Token string // signed payee token: value of the "to" field
	Href  string // "/transfer?to=…", for lists of recent people
}
