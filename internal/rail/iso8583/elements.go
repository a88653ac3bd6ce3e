package iso8583

import (
	"slices"
	"strconv"
	"strings"
)

// Original names an earlier message, as field 90 of a reversal does.
type Original struct {
	MTI, STAN, Sent     string
	Acquirer, Forwarder string // without the noughts that fill them, "" when there is none
}

// ParseOriginal reads field 90: type 4, STAN 6, field 7 in 10, and both
// institutions in 11, right-justified.
func ParseOriginal(de90 string) (Original, error) {
	if len(de90) != 42 {
		return Original{}, &FormatError{Field: 90, Reason: WrongLength}
	}
	if i := N.wrong(de90); i >= 0 {
		return Original{}, &FormatError{Field: 90, Offset: i, Reason: Charset}
	}
	return Original{MTI: de90[:4], STAN: de90[4:10], Sent: de90[10:20],
		Acquirer: unfill(de90[20:31]), Forwarder: unfill(de90[31:])}, nil
}

// Original names this message, in the same form that ParseOriginal gives, so
// that the two can be compared.
func (m *Message) Original() Original {
	return Original{MTI: m.MTI, STAN: m.val[11], Sent: m.val[7], Acquirer: unfill(m.val[32]), Forwarder: unfill(m.val[33])}
}

// String gives field 90. Parts that are too long make it too long, which Pack
// tells.
func (o Original) String() string {
	return fill(o.MTI, 4) + fill(o.STAN, 6) + fill(o.Sent, 10) + fill(o.Acquirer, 11) + fill(o.Forwarder, 11)
}

func unfill(s string) string { return strings.TrimLeft(s, "0") }

func fill(s string, n int) string { return strings.Repeat("0", max(0, n-len(s))) + s }

// Amount54 is one group of field 54, additional amounts.
type Amount54 struct {
	Account  string // two digits of the processing code: 00, 10, 20, 30
	Type     string // 01 ledger balance, 02 available balance, 40 cashback, 57 original amount
	Currency string // ISO 4217, three digits
	Sign     string // C or D
	Minor    int64  // minor units of Currency, not negative
}

// group is the length of one group, most54 how many a field has.
const (
	group  = 20
	most54 = 6
)

// ParseAdditionalAmounts reads field 54.
func ParseAdditionalAmounts(de54 string) ([]Amount54, error) {
	if len(de54)%group != 0 || len(de54) > most54*group {
		return nil, &FormatError{Field: 54, Offset: len(de54) / group * group, Reason: WrongLength}
	}
	out := make([]Amount54, 0, len(de54)/group)
	for at := 0; at < len(de54); at += group {
		g := de54[at : at+group]
		i := AN.wrong(g[:4])
		if i < 0 {
			if i = N.wrong(g[4:7]); i >= 0 {
				i += 4
			} else if i = XN.wrong(g[7:]); i >= 0 {
				i += 7
			}
		}
		if i >= 0 {
			return nil, &FormatError{Field: 54, Offset: at + i, Reason: Charset}
		}
		minor, _ := strconv.ParseInt(g[8:], 10, 64) // twelve digits
		out = append(out, Amount54{Account: g[:2], Type: g[2:4], Currency: g[4:7], Sign: g[7:8], Minor: minor})
	}
	return out, nil
}

// FormatAdditionalAmounts writes field 54.
func FormatAdditionalAmounts(amounts []Amount54) (string, error) {
	var b strings.Builder
	for _, a := range amounts {
		if a.Minor < 0 || a.Minor > 999_999_999_999 {
			return "", &FormatError{Field: 54, Offset: b.Len(), Reason: Malformed}
		}
		if len(a.Account) != 2 || len(a.Type) != 2 || len(a.Currency) != 3 || len(a.Sign) != 1 {
			return "", &FormatError{Field: 54, Offset: b.Len(), Reason: WrongLength}
		}
		b.WriteString(a.Account + a.Type + a.Currency + a.Sign + fill(strconv.FormatInt(a.Minor, 10), 12))
	}
	if _, err := ParseAdditionalAmounts(b.String()); err != nil {
		return "", err
	}
	return b.String(), nil
}

// ParsePrivate reads field 48 of our test profile: K=V;K=V. A value may hold
// an equals sign, as base64 does; a key twice is refused.
func ParsePrivate(de48 string) (map[string]string, error) {
	out := map[string]string{}
	if de48 == "" {
		return out, nil
	}
	at := 0
	for pair := range strings.SplitSeq(de48, ";") {
		k, v, ok := strings.Cut(pair, "=")
		if _, twice := out[k]; !ok || k == "" || twice {
			return nil, &FormatError{Field: 48, Offset: at, Reason: Malformed}
		}
		if i := ANS.wrong(pair); i >= 0 {
			return nil, &FormatError{Field: 48, Offset: at + i, Reason: Charset}
		}
		out[k] = v
		at += len(pair) + 1
	}
	return out, nil
}

// FormatPrivate writes field 48 of our test profile, the keys in order, so
// that the same pairs are the same bytes.
func FormatPrivate(pairs map[string]string) (string, error) {
	keys := make([]string, 0, len(pairs))
	for k, v := range pairs {
		if k == "" || strings.ContainsAny(k, ";=") || strings.Contains(v, ";") {
			return "", &FormatError{Field: 48, Reason: Malformed}
		}
		if ANS.wrong(k) >= 0 || ANS.wrong(v) >= 0 {
			return "", &FormatError{Field: 48, Reason: Charset}
		}
		keys = append(keys, k)
	}
	slices.Sort(keys)
	var b strings.Builder
	for i, k := range keys {
		if i > 0 {
			b.WriteByte(';')
		}
		b.WriteString(k + "=" + pairs[k])
	}
	return b.String(), nil
}

// LuhnOK tells whether a card number's last digit checks the others (ISO/IEC
// 7812-1 annex B). A text that is not all digits does not.
func LuhnOK(pan string) bool {
	sum := 0
	for i := range len(pan) {
		c := pan[len(pan)-1-i]
		if c < '0' || c > '9' {
			return false
		}
		d := int(c - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return pan != "" && sum%10 == 0
}

// ParseTrack2 takes track 2 (ISO/IEC 7813) apart: card number, separator,
// expiry YYMM, service code of three digits and what the issuer keeps there.
// Padding of F at the end is dropped.
func ParseTrack2(s string) (pan, yymm, service, discretionary string, err error) {
	s = strings.TrimRight(s, "F")
	at := strings.IndexAny(s, "=D")
	flaw := func(at int, reason string) (string, string, string, string, error) {
		return "", "", "", "", &FormatError{Field: 35, Offset: at, Reason: reason}
	}
	if at < 0 {
		return flaw(0, Malformed)
	}
	pan, rest := s[:at], s[at+1:]
	switch i, j := N.wrong(pan), N.wrong(rest); {
	case i >= 0:
		return flaw(i, Charset)
	case j >= 0:
		return flaw(at+1+j, Charset)
	case len(pan) < 8 || len(pan) > 19:
		return flaw(0, WrongLength)
	case len(rest) < 7:
		return flaw(at+1, WrongLength)
	}
	return pan, rest[:4], rest[4:7], rest[7:], nil
}

// ParseRate reads a conversion rate (fields 9 and 10): the first digit tells
// how many of the seven that follow stand behind the decimal point, so
// 61234567 is 1234567 units of 10⁻⁶.
func ParseRate(de string) (units int64, decimals int, err error) {
	if len(de) != 8 {
		return 0, 0, &FormatError{Reason: WrongLength}
	}
	if i := N.wrong(de); i >= 0 {
		return 0, 0, &FormatError{Offset: i, Reason: Charset}
	}
	units, _ = strconv.ParseInt(de[1:], 10, 64) // seven digits
	return units, int(de[0] - '0'), nil
}
