package tariff

import (
	"fmt"
	"strings"
	"time"

	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/money"
)

// Kind is what is priced. The words stand in files and in the API and never change.
type Kind string

// The kinds.
const (
	TopUp      Kind = "topup"      // from another bank's card, of the sum that is credited
	Friend     Kind = "friend"     // to another client
	CardOut    Kind = "card_out"   // to another bank's card
	PhoneOut   Kind = "phone_out"  // to another bank by phone
	Link       Kind = "link"       // to who chooses himself where it goes
	Requisites Kind = "requisites" // to an account of another bank
)

// Kinds lists all kinds in the order of the price list. A kind's place is part
// of its counter's name in the book, so new ones come last.
func Kinds() []Kind { return []Kind{TopUp, Friend, CardOut, PhoneOut, Link, Requisites} }

// Open tells whether every bank does this kind of operation. The list prices
// more: a way opens with its rail (payout.Service), its price known beforehand.
func (k Kind) Open() bool { return k == TopUp || k == Friend || k == Link }

// The refusals of this room.
var (
	// ErrChanged: the price that was shown is no longer in force, or the free
	// part of the month it counted on went elsewhere. Ask for a new one.
	ErrChanged = fault.New(fault.Refused, "tariff.changed").At("quote")
	// ErrNoPrice: the version in force does not price such an operation.
	ErrNoPrice = fault.New(fault.Refused, "tariff.no_price")
)

// Rule is one line of a version. Sums without a currency are absent.
type Rule struct {
	N        int    // its place in the version, from 1: with the version's number its name for ever
	Kind     Kind   // what it prices
	Bank     string // the recipient's bank; empty: any that has no rule of its own
	From, To money.Amount
	PPM      int64        // share of the sum, in parts per million: 10 000 is 1 %
	Min, Max money.Amount // no less and no more than this, when it is not free
	Free     money.Amount // so much of a calendar month costs nothing
}

// holds tells whether a sum lies in the rule's band; both edges belong to it.
func (r Rule) holds(minor int64) bool {
	return minor >= r.From.Minor && (r.To.Cur == 0 || minor <= r.To.Minor)
}

// Costless tells that nobody ever pays by this rule.
func (r Rule) Costless() bool { return r.PPM == 0 && r.Min.Minor == 0 }

// Percent writes the share for programs: "1.5".
func (r Rule) Percent() string { return strings.Replace(unfixed(r.PPM, 4), ",", ".", 1) }

// Fee gives the fee for a positive sum of which so much is free. Who pays
// nothing pays no least fee either.
func (r Rule) Fee(sum, free money.Amount) (money.Amount, error) {
	none := money.Amount{Cur: sum.Cur}
	if r.Costless() {
		return none, nil
	}
	paid, err := sum.Sub(free)
	if err != nil {
		return none, fmt.Errorf("fee: %w", err)
	}
	if !paid.Positive() {
		return none, nil
	}
	fee, err := paid.PPM(r.PPM, money.HalfUp)
	if err != nil {
		return none, fmt.Errorf("fee: %w", err)
	}
	if r.Min.Cur != 0 {
		fee.Minor = max(fee.Minor, r.Min.Minor)
	}
	if r.Max.Cur != 0 {
		fee.Minor = min(fee.Minor, r.Max.Minor)
	}
	return fee, nil
}

// freePart gives what of a sum the month's allowance still covers.
func (r Rule) freePart(sum, used money.Amount) money.Amount {
	return money.Amount{Minor: min(sum.Minor, max(0, r.Free.Minor-used.Minor)), Cur: sum.Cur}
}

// Bank is a bank that a version names.
type Bank struct{ Code, RU, EN string }

// Version is a whole price list. It is a value: nobody changes one.
type Version struct {
	Number int64
	From   time.Time // in force from this moment until the next version's
	Banks  []Bank
	Rules  []Rule
}

// Rule gives the rule of a sum: the bank's own, else that of any bank.
func (v Version) Rule(kind Kind, bank string, sum money.Amount) (Rule, bool) {
	var any Rule
	for _, r := range v.Rules {
		switch {
		case r.Kind != kind || !r.holds(sum.Minor):
		case r.Bank == "":
			any = r
		case r.Bank == bank:
			return r, true
		}
	}
	return any, any.N != 0
}

// ByNumber gives the rule at a place.
func (v Version) ByNumber(n int) (Rule, bool) {
	if n < 1 || n > len(v.Rules) {
		return Rule{}, false
	}
	return v.Rules[n-1], true
}

// Price is what one operation costs, and why.
type Price struct {
	Version int64
	Rule    int
	Kind    Kind
	Amount  money.Amount // of which the fee is taken
	Free    money.Amount // the part of it that the month's allowance covers
	Fee     money.Amount
}

// Price works out what a positive sum costs; used is how much of the month's
// allowance is gone. Only what is above the allowance is charged.
func (v Version) Price(kind Kind, bank string, sum, used money.Amount) (Price, error) {
	if !sum.Positive() || sum.Cur != money.RUB {
		return Price{}, fmt.Errorf("price of %s: not a sum in roubles", sum)
	}
	r, ok := v.Rule(kind, bank, sum)
	if !ok {
		return Price{}, ErrNoPrice
	}
	p := Price{Version: v.Number, Rule: r.N, Kind: kind, Amount: sum, Free: r.freePart(sum, used)}
	var err error
	p.Fee, err = r.Fee(sum, p.Free)
	return p, err
}

// slack is how far a posting may lie behind the moment its price was last
// checked: the wait for the book and then some.
const slack = time.Hour

// Book is every version there ever was, the oldest first.
type Book []Version

// At gives the version in force at a moment; false before the first.
func (b Book) At(t time.Time) (Version, bool) {
	for i := len(b) - 1; i >= 0; i-- {
		if !b[i].From.After(t) {
			return b[i], true
		}
	}
	return Version{}, false
}

// After gives the first version that comes into force later than a moment.
func (b Book) After(t time.Time) (Version, bool) {
	for _, v := range b {
		if v.From.After(t) {
			return v, true
		}
	}
	return Version{}, false
}

// Version finds a version by its number.
func (b Book) Version(number int64) (Version, bool) {
	for _, v := range b {
		if v.Number == number {
			return v, true
		}
	}
	return Version{}, false
}

// Wrong works a price of the past out again from the version that was in force
// and tells what does not agree; empty when all does. at is when money moved.
func (b Book) Wrong(p Price, at time.Time) string {
	v, ok := b.Version(p.Version)
	if !ok {
		return fmt.Sprintf("by version %d of the tariff, which was never kept", p.Version)
	}
	if now, _ := b.At(at); now.Number != v.Number {
		if before, _ := b.At(at.Add(-slack)); before.Number != v.Number {
			return fmt.Sprintf("by version %d of the tariff, which was not in force", p.Version)
		}
	}
	r, ok := v.ByNumber(p.Rule)
	if !ok || r.Kind != p.Kind || !r.holds(p.Amount.Minor) {
		return fmt.Sprintf("by rule %d.%d of the tariff, which prices something else", p.Version, p.Rule)
	}
	if p.Free.Minor < 0 || p.Free.Minor > min(p.Amount.Minor, r.Free.Minor) {
		return fmt.Sprintf("with %d free, and rule %d.%d gives no more than %d a month", p.Free.Minor, p.Version, p.Rule, r.Free.Minor)
	}
	fee, err := r.Fee(p.Amount, p.Free)
	if err != nil || fee != p.Fee {
		return fmt.Sprintf("for a fee of %d, and rule %d.%d says %d", p.Fee.Minor, p.Version, p.Rule, fee.Minor)
	}
	return ""
}
