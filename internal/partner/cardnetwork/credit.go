package cardnetwork

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/rail/iso8583"
)

// Process is how the card's scheme calls a credit (field 3).
type Process string

// The two ways; Mir follows the second.
const (
	OCT     Process = "26" // original credit transaction of Visa
	Payment Process = "28" // payment transaction of Mastercard
)

// purposes say in field 48 that a person sends to a person, and with which
// merchant's type: Visa's business application id, Mastercard's type of
// transaction.
var purposes = map[Process]struct{ key, value, mcc string }{
	OCT:     {"BAI", "PP", "4829"},
	Payment: {"TTI", "C07", "6536"},
}

// Credit is money for a card. STAN, RRN and Sent are its key in the network:
// they come from a durable record and are the same in every repeat.
type Credit struct {
	STAN      string    // six digits, used once in a day; see Numbers
	RRN       string    // twelve characters
	Sent      time.Time // to the second
	PAN       vault.Hidden
	Amount    money.Amount
	Process   Process
	Reference string       // the transfer's own name, as the receiver's bank may ask about it
	Sender    vault.Hidden // the sender's name in Latin letters; may be empty
}

// maxNumber is how many credits a day may have.
const maxNumber = 999_999

// ErrNumber tells a count that has no trace number.
var ErrNumber = errors.New("cardnetwork: a day has 999,999 trace numbers")

// Numbers gives the trace and the reference number of the n-th credit of a day
// in UTC, counted from one. The count is the caller's and durable.
func Numbers(sent time.Time, n int) (stan, rrn string, err error) {
	if n < 1 || n > maxNumber {
		return "", "", ErrNumber
	}
	t := sent.UTC()
	stan = fmt.Sprintf("%06d", n)
	return stan, fmt.Sprintf("%d%03d%02d%s", t.Year()%10, t.YearDay(), t.Hour(), stan), nil
}

// Limits of fields.
const (
	maxMinor     = 999_999_999_999 // twelve digits
	maxReference = 40
	maxSender    = 60
)

// ErrInvalid is a credit that can never be sent. What is wrong is told without
// the value.
var ErrInvalid = errors.New("cardnetwork: this is no credit")

// check refuses what the network would not understand, before anything is sent.
func (c Credit) check() error {
	pan := c.PAN.Reveal()
	wrong := func(what string) error { return fmt.Errorf("%w: %s", ErrInvalid, what) }
	switch _, known := purposes[c.Process]; {
	case len(c.STAN) != 6 || !digits(c.STAN) || c.STAN == "000000":
		return wrong("the trace number")
	case len(c.RRN) != 12 || !plain(c.RRN, "") || strings.Contains(c.RRN, " "):
		return wrong("the reference number")
	case c.Sent.IsZero():
		return wrong("the time")
	case len(pan) < 13 || len(pan) > 19 || !iso8583.LuhnOK(pan):
		return wrong("the card number")
	case c.Amount.Cur != money.RUB:
		return wrong("the currency")
	case c.Amount.Minor < 1 || c.Amount.Minor > maxMinor:
		return wrong("the sum")
	case !known:
		return wrong("the process")
	case c.Reference == "" || len(c.Reference) > maxReference || !plain(c.Reference, ";="):
		return wrong("the transfer's name")
	case len(c.Sender.Reveal()) > maxSender || !plain(c.Sender.Reveal(), ";"):
		return wrong("the sender's name")
	}
	return nil
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// plain tells a text of printable ASCII without some characters.
func plain(s, without string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' || strings.ContainsRune(without, r) })
}

// message writes the credit; a repeat differs in its type alone.
func (o Options) message(c Credit, mti string) (*iso8583.Message, error) {
	purpose := purposes[c.Process]
	pairs := map[string]string{"REF": c.Reference, purpose.key: purpose.value}
	if !c.Sender.Empty() {
		pairs["FROM"] = c.Sender.Reveal()
	}
	private, err := iso8583.FormatPrivate(pairs)
	if err != nil {
		return nil, ErrInvalid
	}
	local := c.Sent.In(clock.Moscow)
	m := iso8583.NewMessage(mti)
	m.Set(2, c.PAN.Reveal())
	m.Set(3, string(c.Process)+"0000")
	m.Set(4, sum(c.Amount))
	m.Set(7, iso8583.FormatSent(c.Sent))
	m.Set(11, c.STAN)
	m.Set(12, local.Format("150405"))
	m.Set(13, local.Format("0102"))
	m.Set(18, purpose.mcc)
	m.Set(19, "643")
	m.Set(22, "100") // a stored card number
	m.Set(25, "05")  // the holder is there, the card is not
	m.Set(32, o.Acquirer)
	m.Set(37, c.RRN)
	m.Set(41, pad(o.Terminal, 8))
	m.Set(42, pad(o.Merchant, 15))
	m.Set(43, pad(o.Place, 40))
	m.Set(48, private)
	m.Set(49, "643")
	return m, nil
}

func sum(a money.Amount) string { return fmt.Sprintf("%012d", a.Minor) }

func pad(s string, n int) string { return s + strings.Repeat(" ", max(0, n-len(s))) }
