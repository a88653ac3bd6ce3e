package cardhost

import (
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/rail/iso8583"
)

// request reads a message about a card; false when a field that it needs is
// missing or makes no sense.
func request(link string, m *iso8583.Message, now time.Time) (purchase.Request, bool) {
	text := func(n int) string { v, _ := m.Get(n); return v }
	r := purchase.Request{
		Link: link, Class: purchase.Class(m.MTI[1]), Repeat: m.MTI[3] == '1', Advice: m.MTI[2] == '2',
		Number: vault.Hide(text(2)), STAN: text(11), Sent: text(7), RRN: strings.TrimSpace(text(37)), Acquirer: text(32), Expiry: text(14),
		Entry: text(22), Condition: text(25), MCC: text(18), Sequence: sequence(text(23)), Terminal: strings.TrimSpace(text(41)),
		Code: text(38), Outcome: text(39), Track2: vault.Hide(text(35)), PIN: vault.Hide(text(52)),
		Merchant: place(text(43), strings.TrimSpace(text(42))),
	}
	r.Chip, _ = m.GetBytes(55)
	r.Country = country(text(19), r.Merchant.Country)
	if t, err := iso8583.LocalTime(text(13), text(12), now.In(clock.Moscow)); err == nil {
		r.Local = t
	}
	if len(text(3)) != 6 || r.STAN == "" || r.Sent == "" || r.Acquirer == "" || !number(m, &r) || !sums(m, &r) || !private(m, &r) {
		return r, false
	}
	r.Process = text(3)[:2]
	if r.Process == purchase.BuyWithCash && !cashback(m, &r) {
		return r, false
	}
	return r, r.Class != purchase.Reversing || original(m, &r)
}

// number finds the card's number in field 2 or on track 2; where both stand
// they must agree.
func number(m *iso8583.Message, r *purchase.Request) bool {
	track, on := m.Get(35)
	if !on {
		return !r.Number.Empty()
	}
	pan, yymm, _, _, err := iso8583.ParseTrack2(track)
	if err != nil || !r.Number.Empty() && r.Number.Reveal() != pan {
		return false
	}
	r.Number = vault.Hide(pan)
	if r.Expiry == "" {
		r.Expiry = yymm
	}
	return true
}

// sums reads the amounts. A question may have none.
func sums(m *iso8583.Message, r *purchase.Request) bool {
	var ok bool
	if r.Amount, ok = amount(m, 4, 49); !ok {
		return false
	}
	if m.Has(6) {
		if r.Billing, ok = amount(m, 6, 51); !ok {
			return false
		}
	}
	return true
}

// amount reads a sum and its currency; roubles when no currency stands there.
func amount(m *iso8583.Message, sum, currency int) (money.Amount, bool) {
	v, has := m.Get(sum)
	if !has {
		return money.Rub(0), true
	}
	minor, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return money.Amount{}, false
	}
	cur := money.RUB
	if c, has := m.Get(currency); has {
		n, err := strconv.ParseInt(c, 10, 16)
		if err != nil || n == 0 {
			return money.Amount{}, false
		}
		cur = money.Currency(n)
	}
	return money.Amount{Minor: minor, Cur: cur}, true
}

// cashback reads the part of a purchase that is cash (field 54, type 40).
func cashback(m *iso8583.Message, r *purchase.Request) bool {
	v, _ := m.Get(54)
	list, err := iso8583.ParseAdditionalAmounts(v)
	if err != nil {
		return false
	}
	for _, a := range list {
		if a.Type == "40" {
			n, err := strconv.ParseInt(a.Currency, 10, 16)
			r.Cash = money.Amount{Minor: a.Minor, Cur: money.Currency(n)}
			return err == nil
		}
	}
	return true // the room says that the sum is missing
}

// original reads what a reversal takes back and what remains of it.
func original(m *iso8583.Message, r *purchase.Request) bool {
	r.TimedOut = r.Outcome == "68" || r.Outcome == "" && r.Advice
	if v, has := m.Get(90); has {
		o, err := iso8583.ParseOriginal(v)
		if err != nil || len(o.MTI) != 4 {
			return false
		}
		r.Original = purchase.Origin{Class: purchase.Class(o.MTI[1]), STAN: o.STAN, Sent: o.Sent, Acquirer: o.Acquirer}
	}
	if v, has := m.Get(95); has {
		if len(v) < 12 {
			return false
		}
		minor, err := strconv.ParseInt(v[:12], 10, 64)
		if err != nil {
			return false
		}
		r.Actual = money.Amount{Minor: minor, Cur: r.Amount.Cur}
	}
	return r.Original.Known() || r.RRN != ""
}

// private reads field 48 of the link's profile.
func private(m *iso8583.Message, r *purchase.Request) bool {
	v, has := m.Get(48)
	if !has {
		return true
	}
	kv, err := iso8583.ParsePrivate(v)
	if err != nil {
		return false
	}
	r.CVC2, r.Proof = vault.Hide(kv["CVC2"]), kv["AAV"]
	r.Partial, r.Recurring, r.Incremental = kv["PARTIAL"] == "1", kv["RECUR"] == "1", kv["INCR"] == "1"
	if block, has := kv["PIN4"]; has {
		raw, err := hex.DecodeString(block)
		if err != nil || len(raw) != 16 {
			return false
		}
		r.PIN, r.PINISO4 = vault.Hide(string(raw)), true
	}
	if block, has := kv["NEWPIN"]; has {
		raw, err := hex.DecodeString(block)
		if err != nil || len(raw) != 8 && len(raw) != 16 {
			return false
		}
		r.NewPIN = vault.Hide(string(raw))
	}
	return true
}

// sequence is the two last digits of field 23, which has three.
func sequence(v string) string {
	if len(v) == 3 {
		return v[1:]
	}
	return v
}

// place takes field 43 apart: name, city, country. The test profile of the
// link has 22, 13 and, at the end, two letters.
func place(v, merchant string) purchase.Merchant {
	out := purchase.Merchant{ID: merchant, Name: strings.TrimSpace(v)}
	if len(v) == 40 {
		out.Name, out.City, out.Country = strings.TrimSpace(v[:22]), strings.TrimSpace(v[22:35]), strings.TrimSpace(v[38:])
	}
	return out
}

// country is where it happens: the merchant's country, else the acquirer's.
func country(acquirer, letters string) string {
	if n, ok := numeric[letters]; ok {
		return n
	}
	return acquirer
}
