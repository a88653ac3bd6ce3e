package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
)

// Key makes a transaction happen once: the same owner and key always get the
// same answer. Forms carry an identifier made with the page (Key(x)); the text
// of an API client is hashed by KeyOf.
type Key [16]byte

// KeyOf hashes the parts of a key given as texts.
func KeyOf(parts ...string) Key { return Key(hash16(parts...)) }

// Print is the fingerprint of what was ordered. A key that comes back with
// another print is a conflict, not a replay.
type Print [16]byte

// PrintOf hashes the canonical parts of an order.
func PrintOf(parts ...string) Print { return Print(hash16(parts...)) }

func hash16(parts ...string) (out [16]byte) {
	h := sha256.New()
	var n [8]byte
	for _, p := range parts { // each part behind its length: "ab","c" is not "a","bc"
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	copy(out[:], h.Sum(nil))
	return out
}

// Kind tells what a transaction is to the bank.
type Kind int16

// The kinds of transactions.
const (
	KindOpening  Kind = 1 // an opening balance, in the demo and in benches
	KindTransfer Kind = 2 // between clients
	KindTopUp    Kind = 3 // from another bank's card
	KindExpiry   Kind = 4 // a hold given back because its time was over
	KindReturn   Kind = 5 // money of an earlier transaction given back
	KindBench    Kind = 6 // a transfer in a bench of the book alone: no feed tells of it
	// KindCorrection is a manual posting that two members of staff agreed on.
	KindCorrection Kind = 7
	// KindPurchase is what a card paid at somebody else's terminal or shop: its
	// hold, its clearing, what comes back. Room purchase tells of it in the feed.
	KindPurchase Kind = 8
	// KindDispute is what the bank returned for a purchase that went wrong.
	KindDispute Kind = 9
	// KindPayout is money sent out of the bank: its hold, its posting, what comes back.
	KindPayout Kind = 10
	// KindLink is money sent by a link: into transit, out of it to a client of
	// ours, and back.
	KindLink Kind = 11
)

// Phase is the step a transaction takes.
type Phase int16

// The phases. Posted moves money at once. Pending only reserves it on the one
// debited account; Post moves all or a part of what a pending transaction
// reserved, Void gives it back. Reversal moves money of an earlier transaction back.
const (
	Posted   Phase = 1
	Pending  Phase = 2
	Post     Phase = 3
	Void     Phase = 4
	Reversal Phase = 5
)

// MaxLegs bounds a transaction.
const MaxLegs = 64

// Transaction is what a caller wants to happen, whole or not at all.
type Transaction struct {
	// ID is the transaction's identifier; zero lets the Book make one. A
	// replay answers with the identifier of the first time.
	ID    id.ID
	Owner int64 // whose Key it is: client number, BankOwner for the bank's own work
	Key   Key
	Print Print // zero lets the Book hash kind, phase, refers, legs and guards
	Kind  Kind
	Phase Phase
	// Refers is the transaction that is posted, voided or reversed.
	Refers id.ID
	// Hold is the account whose money the referred transaction reserved. Post
	// and Void need it, because accounts are locked before holds. An account
	// of the bank may be held too, for the sake of the guards.
	Hold AccountID
	// Legs sum to zero per currency; a Void has none.
	Legs   []Leg
	Guards []Guard  // counters raised by Posted and Pending
	Rows   []db.Row // rows that land with the money, see Txn, At, Seq and Balance
	// Expires is when a Pending is given back; zero means never.
	Expires time.Time
	// Final makes a Post give back what remains of the hold.
	Final bool
	// Over lets a Post move more than the hold has open; the excess needs
	// funds like any debit (or Force on its leg).
	Over bool
}

// Leg is one line of a transaction. A negative amount debits the account.
type Leg struct {
	Account AccountID
	// Owner, unless zero, asserts whose account it is: a leg on somebody
	// else's account answers ErrForeignAccount and nothing is remembered.
	Owner  int64
	Amount money.Amount
	// Force takes the account below its floor if need be; the floor is
	// lowered in the same step.
	Force bool
}

// GuardName names a limit counter of an owner.
type GuardName int16

// The counters.
const (
	GuardOutgoing GuardName = 1 // money sent to others
	GuardTopUp    GuardName = 2 // money taken from other banks' cards
	// What is sent from devices without a key, under the limits of a new
	// device or factor, and by one API token, counts apart as well.
	GuardScriptless GuardName = 3
	GuardReduced    GuardName = 4
	GuardToken      GuardName = 5 // its owner is the token's number, see limit
	// What is spent with one card. Their owner is the card's number, see
	// room card; Once counts operations and no money.
	GuardCardDay    GuardName = 6  // at home, cash included
	GuardCardCash   GuardName = 7  // cash, at home and abroad
	GuardCardAbroad GuardName = 8  // abroad, cash included
	GuardCardLife   GuardName = 9  // all a card may ever spend
	GuardCardOnce   GuardName = 10 // how often a card may ever be used
	// What of a month's free parts is used, one counter for each kind of
	// operation that room tariff prices: the last of the names.
	GuardFree GuardName = 100
)

// Window is the span after which a counter starts anew, in Moscow time.
type Window int16

// The windows.
const (
	BankDay       Window = 0
	CalendarMonth Window = 1
	Lifetime      Window = 2 // never starts anew
)

// Number gives the window that a moment falls into.
func (w Window) Number(at time.Time) int64 {
	switch w {
	case CalendarMonth:
		return clock.Month(at)
	case Lifetime:
		return 0
	}
	return clock.Day(at)
}

// Guard is a limit that must hold with the transaction counted in: the
// counter (Owner, Name, Window) may not pass Cap. The window is that of the
// moment of posting, never of an earlier quote. The same Name may be used with several windows.
type Guard struct {
	Owner  int64
	Name   GuardName
	Window Window
	Cap    money.Amount
	Amount money.Amount
}

// Place stands in the arguments of a carried row for a value that is known only
// after the decision.
type Place struct {
	what placeWhat
	leg  int
}

type placeWhat uint8

const (
	placeTxn placeWhat = iota + 1
	placeAt
	placeSeq
	placeBalance
)

// Txn stands for the transaction's identifier (16 bytes).
func Txn() Place { return Place{what: placeTxn} }

// At stands for the business time of the posting, microseconds UTC.
func At() Place { return Place{what: placeAt} }

// Seq stands for the sequence of leg i's entry within its account; 0 while pending.
func Seq(leg int) Place { return Place{what: placeSeq, leg: leg} }

// Balance stands for the posted balance after leg i, in minor units.
func Balance(leg int) Place { return Place{what: placeBalance, leg: leg} }
