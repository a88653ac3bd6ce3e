package purchase

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"time"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
)

// Class is the kind of conversation a message belongs to.
type Class byte

// The classes, by the second digit of ISO 8583's message type.
const (
	Authorisation Class = '1' // reserves; clearing posts later
	Financial     Class = '2' // posts at once
	Reversing     Class = '4' // takes an earlier message back
)

// What is being done: the first two digits of the processing code (ISO 8583 DE 3).
const (
	Buy          = "00"
	Withdraw     = "01"
	BuyWithCash  = "09"
	GiveBack     = "20" // refund by a merchant
	CreditVisa   = "26" // original credit (OCT)
	CreditMC     = "28" // payment transaction
	Inquire      = "30"
	InquireSaved = "31"
	UnblockPIN   = "91"
	ChangePIN    = "92"
)

// Request is one message of the network about one card, decoded.
type Request struct {
	Link   string // which line it came by
	Class  Class
	Repeat bool // a message that may have come before (xx1)
	Advice bool // it happened already: it is written down, never refused

	Number  vault.Hidden // the card's
	Process string       // one of the constants above
	Amount  money.Amount // in the merchant's currency
	Billing money.Amount // in the account's currency as the network converted it; no currency: not told
	Cash    money.Amount // the part of BuyWithCash that is cash

	STAN, Sent, RRN string    // trace number, transmission time MMDDhhmmss, retrieval reference
	Acquirer        string    // institution that sends
	Local           time.Time // the terminal's clock; zero: not told
	Expiry          string    // YYMM, empty: not told
	Entry           string    // point of service entry mode, three digits
	Condition       string    // point of service condition code
	MCC, Country    string    // merchant category; acquirer's or merchant's country, ISO numeric
	Sequence        string    // card sequence number
	Terminal        string
	Merchant        Merchant

	Track2  vault.Hidden // as read, empty: none
	PIN     vault.Hidden // enciphered block, raw bytes; empty: none
	PINISO4 bool         // the block is of format 4
	NewPIN  vault.Hidden // of ChangePIN
	Chip    []byte       // chip data, BER-TLV
	CVC2    vault.Hidden
	Proof   string // authentication value of 3-D Secure, base64

	Partial     bool   // the merchant takes less than he asked for
	Recurring   bool   // the merchant comes by himself, by an agreement made before
	Incremental bool   // more for the authorisation of the same RRN
	Code        string // approval code the message refers to (completions, advices)
	Outcome     string // of an advice: what was answered in our place, "00" approved
	// Original names the message that a reversal takes back; Actual is what
	// remains of it (no currency: nothing).
	Original Origin
	Actual   money.Amount
	TimedOut bool // a reversal because no answer came
	late     bool // a reversal of our own, because our answer came too late
}

// Merchant is who is paid.
type Merchant struct{ ID, Name, City, Country string }

// Origin is how the network names an earlier message (ISO 8583 DE 90).
type Origin struct {
	Class                Class
	STAN, Sent, Acquirer string
}

// Known tells whether there is a name at all.
func (o Origin) Known() bool { return o.STAN != "" && o.Sent != "" }

// of is the name under which the network would take this message back.
func (r Request) of() Origin { return Origin{r.Class, r.STAN, r.Sent, r.Acquirer} }

// key names an origin among the messages of one card.
func (o Origin) key(card id.ID) []byte {
	h := sha256.New()
	h.Write([]byte{'o', byte(o.Class)})
	h.Write([]byte(o.STAN + "|" + o.Sent + "|" + o.Acquirer + "|"))
	h.Write(card[:])
	return h.Sum(nil)[:16]
}

// key is the idempotency key of the message: the same line, class, sender,
// trace number, time and reference. It begins with the time, so that new keys
// land side by side.
func (r Request) key() []byte {
	h := sha256.New()
	h.Write([]byte(r.Link + "|" + string(r.Class) + "|" + r.Acquirer + "|" + r.STAN + "|" + r.Sent + "|" + r.RRN))
	sum := h.Sum(nil)
	out := make([]byte, 16)
	n, _ := strconv.ParseUint(r.Sent, 10, 32)  // at most 1231235959
	binary.BigEndian.PutUint32(out, uint32(n)) // #nosec G115 -- parsed as 32 bits
	copy(out[4:], sum)
	return out
}

// twin is the key of the message but for its transmission time, which the
// network sets anew when it repeats.
func (r Request) twin(card id.ID) []byte {
	h := sha256.New()
	h.Write([]byte{'t', byte(r.Class)})
	h.Write([]byte(r.Link + "|" + r.Acquirer + "|" + r.STAN + "|" + r.RRN + "|"))
	h.Write(card[:])
	return h.Sum(nil)[:16]
}

// print is what a repeat must agree with.
func (r Request) print(card id.ID) []byte {
	h := sha256.New()
	h.Write(card[:])
	h.Write([]byte(r.Process + "|" + strconv.FormatInt(r.Amount.Minor, 10) + "|" + strconv.Itoa(int(r.Amount.Cur))))
	return h.Sum(nil)[:16]
}

// shop names the merchant for "seen before", without keeping his name.
func (r Request) shop() []byte {
	h := sha256.Sum256([]byte(r.Acquirer + "|" + r.Merchant.ID))
	return h[:16]
}

// channel tells how the card was read (ISO 8583 DE 22).
func (r Request) channel() card.Channel {
	if len(r.Entry) < 2 {
		return card.Manual
	}
	switch r.Entry[:2] {
	case "05", "95":
		return card.Chip
	case "07":
		return card.Contactless
	case "90", "80", "02", "91":
		return card.Magstripe
	case "81":
		return card.Ecommerce
	case "10":
		return card.OnFile
	}
	return card.Manual
}

// channelWord is the stable word of a channel.
func channelWord(c card.Channel) string {
	switch c {
	case card.Chip:
		return "chip"
	case card.Contactless:
		return "contactless"
	case card.Magstripe:
		return "magstripe"
	case card.Ecommerce:
		return "internet"
	case card.OnFile:
		return "on_file"
	}
	return "manual"
}

// fallback tells that a chip could not be read and the stripe was.
func (r Request) fallback() bool { return len(r.Entry) >= 2 && r.Entry[:2] == "80" }

// credit tells that money comes to the card.
func (r Request) credit() bool {
	return r.Process == GiveBack || r.Process == CreditVisa || r.Process == CreditMC
}

// cash tells that money is taken in notes.
func (r Request) cash() bool { return r.Process == Withdraw }

// empty tells a question that moves no money.
func (r Request) empty() bool {
	switch r.Process {
	case Inquire, InquireSaved, UnblockPIN, ChangePIN:
		return true
	}
	return r.Process == Buy && r.Amount.IsZero() && r.Condition == statusInquiry
}

// statusInquiry is the condition code of a question whether the card is good.
const statusInquiry = "51"

// preauthorised is the condition code of pre-authorisations and their completions.
const preauthorised = "06"

// mailOrPhone is the condition code of an order by mail or telephone.
const mailOrPhone = "08"

// Reason is the bank's answer in one word. Words are stored and shown, and
// never change.
type Reason string

// The reasons.
const (
	Approved       Reason = "approved"
	PartlyApproved Reason = "partial"
	NothingAgainst Reason = "nothing_against" // a status inquiry

	DoNotHonour     Reason = "do_not_honour"
	NoSuchType      Reason = "no_such_type"
	BadAmount       Reason = "bad_amount"
	NoSuchCard      Reason = "no_such_card"
	LostCard        Reason = "lost_card"
	StolenCard      Reason = "stolen_card"
	Suspicious      Reason = "suspicious"
	HolderForbids   Reason = "switch" // Answer.Switch tells which
	Paused          Reason = "paused" // frozen or suspended by the holder
	NotPermitted    Reason = "not_permitted"
	NoFunds         Reason = "no_funds"
	OverLimit       Reason = "over_limit" // Answer.Switch tells which
	NeedsProof      Reason = "needs_proof"
	ExpiredCard     Reason = "expired_card"
	WrongPIN        Reason = "wrong_pin"
	PINBlocked      Reason = "pin_blocked"
	PINUnverifiable Reason = "pin_unverifiable"
	NeedsPIN        Reason = "needs_pin"
	WrongCVC        Reason = "wrong_cvc"
	BadCryptogram   Reason = "bad_cryptogram"
	ClonedChip      Reason = "cloned_chip"
	TwiceSent       Reason = "twice_sent"
	NotActivated    Reason = "not_activated"
	ClosedAccount   Reason = "closed_account"
	Unavailable     Reason = "unavailable"
	NotReversible   Reason = "not_reversible"
	Malformed       Reason = "malformed"
	WeakPIN         Reason = "weak_pin"
)

// Yes tells whether the merchant may go on.
func (r Reason) Yes() bool { return r == Approved || r == PartlyApproved || r == NothingAgainst }

// Answer is what the network is told.
type Answer struct {
	Reason  Reason       `json:"r"`
	Switch  string       `json:"s,omitempty"` // of HolderForbids and OverLimit
	Code    string       `json:"c,omitempty"` // approval code, only with a yes
	Amount  money.Amount `json:"m"`           // of PartlyApproved: in the merchant's currency
	Missing money.Amount `json:"x"`           // of NoFunds
	// Balances are told for inquiries and at cash machines.
	Ledger    *money.Amount `json:"l,omitempty"`
	Available *money.Amount `json:"v,omitempty"`
	Chip      []byte        `json:"t,omitempty"` // issuer authentication data and scripts, BER-TLV
	Part      id.ID         `json:"p,omitzero"`  // the hold that an increment added
	Undone    bool          `json:"u,omitempty"` // of a completion that was taken back
	Auth      id.ID         `json:"-"`           // the authorisation, zero: none
	Replay    bool          `json:"-"`
}
