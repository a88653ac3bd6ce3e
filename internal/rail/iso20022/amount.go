package iso20022

import (
	"strconv"
	"strings"

	"rocketbank/internal/base/money"
)

// Amount is a sum as the message writes it: a decimal number and the currency's
// three letters.
type Amount struct {
	Currency string
	Value    string
}

// FromMoney writes a sum of roubles, always with two decimals.
func FromMoney(a money.Amount) Amount {
	s := strconv.FormatInt(a.Minor, 10)
	if len(s) < 3 {
		s = strings.Repeat("0", 3-len(s)) + s
	}
	return Amount{Currency: a.Cur.String(), Value: s[:len(s)-2] + "." + s[len(s)-2:]}
}

// Money gives a sum of roubles in kopecks, nought too; false for another currency or a
// number that is no sum of roubles.
func (a Amount) Money() (money.Amount, bool) {
	if a.Currency != money.RUB.String() || a.wrong(true) != "" {
		return money.Amount{}, false
	}
	whole, part, _ := strings.Cut(a.Value, ".")
	n, err := strconv.ParseInt(whole+(part + "00")[:2], 10, 64)
	return money.Rub(n), err == nil
}

// The schema's bounds of a sum.
const (
	maxDigits   = 18
	maxDecimals = 5
	rubDecimals = 2
)

// wrong checks the form: digits, perhaps a point and more digits; above nought,
// but for a balance.
func (a Amount) wrong(zero bool) Reason {
	if !capitals(a.Currency, 3) {
		return Code
	}
	whole, part, point := strings.Cut(a.Value, ".")
	switch {
	case !digits(whole) || point && !digits(part):
		return Number
	case len(whole) > 1 && whole[0] == '0':
		return Number
	case len(whole)+len(part) > maxDigits:
		return Sum
	case len(part) > maxDecimals || a.Currency == "RUB" && len(part) > rubDecimals:
		return Decimals
	case !zero && strings.Trim(whole+part, "0") == "":
		return Sum
	}
	return ""
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func capitals(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
