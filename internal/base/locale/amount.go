package locale

import (
	"strings"

	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/money"
)

// The refusals of ParseAmount.
var (
	ErrAmountEmpty    = fault.New(fault.Invalid, "amount.empty")
	ErrAmountInvalid  = fault.New(fault.Invalid, "amount.invalid")
	ErrAmountDecimals = fault.New(fault.Invalid, "amount.too_many_decimals")
	ErrAmountPositive = fault.New(fault.Invalid, "amount.not_positive")
	ErrAmountLarge    = fault.New(fault.Invalid, "amount.too_large")
)

// maxRoubles bounds what is an amount at all; the bank's limits are far below.
const maxRoubles = 1_000_000_000_000

// ParseAmount reads roubles as people type them: «5 000», «5000,5», «5000.50»,
// “1,234.56”, with or without ₽. What could be read in two ways («1,234»,
// «50 00») is refused rather than guessed, and so is everything that is not
// made of ASCII digits: signs, exponents, NaN, Arabic digits.
func ParseAmount(s string) (money.Amount, error) {
	s = strings.TrimSpace(s)
	s = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(s, "₽"), "₽"))
	if s == "" {
		return money.Amount{}, ErrAmountEmpty
	}
	negative := false
	for _, sign := range []string{"-", minus} {
		if rest, ok := strings.CutPrefix(s, sign); ok {
			s, negative = rest, true
			break
		}
	}
	kopecks, err := parseKopecks(s)
	if err != nil {
		return money.Amount{}, err
	}
	if negative || kopecks == 0 {
		return money.Amount{}, ErrAmountPositive
	}
	return money.Rub(kopecks), nil
}

func parseKopecks(s string) (int64, error) {
	whole, frac, err := cutPoint(s)
	if err != nil {
		return 0, err
	}
	digits, err := ungroup(whole)
	if err != nil {
		return 0, err
	}
	if !allDigits(frac) {
		return 0, ErrAmountInvalid
	}
	digits = strings.TrimLeft(digits, "0")
	if len(digits) > 13 {
		return 0, ErrAmountLarge
	}
	if len(frac) > 2 {
		return 0, ErrAmountDecimals
	}
	var roubles int64
	for _, d := range digits {
		roubles = roubles*10 + int64(d-'0')
	}
	kopecks := roubles * 100
	for i, place := 0, int64(10); i < len(frac); i, place = i+1, place/10 {
		kopecks += int64(frac[i]-'0') * place
	}
	if kopecks > maxRoubles*100 {
		return 0, ErrAmountLarge
	}
	return kopecks, nil
}

// cutPoint splits at the decimal sign: the dot if there is one (commas before
// it group, as in English), else the comma.
func cutPoint(s string) (whole, frac string, err error) {
	point := "."
	if !strings.Contains(s, ".") {
		point = ","
	}
	whole, frac, _ = strings.Cut(s, point)
	if whole == "" || strings.ContainsAny(frac, ".,") {
		return "", "", ErrAmountInvalid
	}
	return whole, frac, nil
}

// ungroup takes the separators out of the whole part: one kind of them, and
// three digits after each.
func ungroup(whole string) (string, error) {
	by := ""
	for _, sep := range []string{" ", nbsp, "\u202f", "\u2009", "'", ","} {
		if strings.Contains(whole, sep) {
			by = sep
			break
		}
	}
	if by == "" {
		if !allDigits(whole) {
			return "", ErrAmountInvalid
		}
		return whole, nil
	}
	groups := strings.Split(whole, by)
	for i, g := range groups {
		if !allDigits(g) || i > 0 && len(g) != 3 || i == 0 && (g == "" || len(g) > 3) {
			return "", ErrAmountInvalid
		}
	}
	return strings.Join(groups, ""), nil
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
