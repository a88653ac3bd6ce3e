package payout

import (
	"rocketbank/internal/bank/bin"
	"rocketbank/internal/base/fault"
)

// What is wrong with a typed card number. Where one slip of the finger explains
// it, the fault names the places, counted from one; none repeats a digit.
var (
	ErrCardChars   = fault.New(fault.Invalid, "payout.card_chars").At("number")
	ErrCardShort   = fault.New(fault.Invalid, "payout.card_short").At("number")   // {n}
	ErrCardLong    = fault.New(fault.Invalid, "payout.card_long").At("number")    // {n}
	ErrCardExtra   = fault.New(fault.Invalid, "payout.card_extra").At("number")   // {at}
	ErrCardSwapped = fault.New(fault.Invalid, "payout.card_swapped").At("number") // {at}, {next}
	ErrCardNumber  = fault.New(fault.Invalid, "payout.card_number").At("number")
)

// ParseCard reads the number of a card as people write it, grouped by blanks or
// hyphens: 16–19 digits with a right check digit.
func ParseCard(typed string) (pan string, err error) {
	digits, ok := bin.Digits(typed)
	switch n := len(digits); {
	case !ok:
		return "", ErrCardChars
	case n < bin.MinDigits:
		return "", ErrCardShort.With("n", n)
	case n <= bin.MaxDigits && bin.Right(digits):
		return digits, nil
	case n > bin.MaxDigits+1:
		return "", ErrCardLong.With("n", n)
	}
	if at := extra(digits); at > 0 {
		return "", ErrCardExtra.With("at", at)
	}
	if len(digits) > bin.MaxDigits {
		return "", ErrCardLong.With("n", len(digits))
	}
	if at := swapped(digits); at > 0 {
		return "", ErrCardSwapped.With("at", at).With("next", at+1)
	}
	return "", ErrCardNumber
}

// Masked gives the first six and the last four digits of a card.
func Masked(pan string) string { return bin.Masked(pan) }

// extra gives the place of the one digit without which the number is right, 0
// when there is none or several. A digit typed twice is likelier than a strange
// one: if only one of those fits, it is it.
func extra(digits string) int {
	if len(digits) <= bin.MinDigits {
		return 0
	}
	var all, twice []int
	for i := range len(digits) {
		if i+1 < len(digits) && digits[i] == digits[i+1] {
			continue // any of a run leaves the same number: its last stands for it
		}
		if !bin.Right(digits[:i] + digits[i+1:]) {
			continue
		}
		all = append(all, i+1)
		if i > 0 && digits[i] == digits[i-1] {
			twice = append(twice, i+1)
		}
	}
	switch {
	case len(twice) == 1:
		return twice[0]
	case len(all) == 1:
		return all[0]
	}
	return 0
}

// swapped gives the place of the first of the only two neighbours that make the
// number right when they change places, 0 when there are none or several.
func swapped(digits string) int {
	found := 0
	for i := range len(digits) - 1 {
		if digits[i] == digits[i+1] || !bin.Right(digits[:i]+digits[i+1:i+2]+digits[i:i+1]+digits[i+2:]) {
			continue
		}
		if found > 0 {
			return 0
		}
		found = i + 1
	}
	return found
}
