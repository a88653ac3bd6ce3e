package emv

import (
	"crypto/sha1" // #nosec G505 -- EMV Book 2 annex A1.4.2 is defined over SHA-1
)

// The ways to a card's own key that EMV Book 2 annex A1.4 has.
const (
	OptionA byte = 'A'
	OptionB byte = 'B'
)

// MasterKey derives a card's key by the option given.
func MasterKey(option byte, imk Key2, pan, psn string) (Key2, error) {
	switch option {
	case OptionA:
		return MasterKeyA(imk, pan, psn)
	case OptionB:
		return MasterKeyB(imk, pan, psn)
	}
	return Key2{}, ErrOption
}

// MasterKeyA derives a card's key from the issuer's by option A: from the last
// 16 digits of number and sequence number. An empty sequence number is 00.
func MasterKeyA(imk Key2, pan, psn string) (Key2, error) {
	x, err := identity(imk, pan, psn)
	if err != nil {
		return Key2{}, err
	}
	return diversify(imk, lastDigits(x, 16)), nil
}

// MasterKeyB derives a card's key by option B, which hashes numbers of more
// than 16 digits, whose last 16 would not tell them apart. Shorter numbers go
// by option A.
func MasterKeyB(imk Key2, pan, psn string) (Key2, error) {
	if len(pan) <= 16 {
		return MasterKeyA(imk, pan, psn)
	}
	x, err := identity(imk, pan, psn)
	if err != nil {
		return Key2{}, err
	}
	if len(x)%2 == 1 {
		x = "0" + x
	}
	sum := sha1.Sum(packDigits(x)) // #nosec G401 -- EMV Book 2 annex A1.4.2 is defined over SHA-1
	return diversify(imk, decimalise(sum[:], 16)), nil
}

// identity is the text both options start from: number and sequence number.
func identity(imk Key2, pan, psn string) (string, error) {
	if imk.Zero() {
		return "", ErrKey
	}
	if !isDigits(pan, 1, 19) {
		return "", ErrPAN
	}
	if psn == "" {
		psn = "00"
	}
	if !isDigits(psn, 2, 2) {
		return "", ErrPSN
	}
	return pan + psn, nil
}

// diversify makes a key of 16 digits Y and of Y inverted.
func diversify(imk Key2, y string) Key2 {
	left := [8]byte(packDigits(y))
	right := left
	for i := range right {
		right[i] ^= 0xFF
	}
	return imk.k().pair(left, right)
}

// SessionCSK is the common session key derivation of EMV Book 2 annex A1.3.
// For cryptograms r is the transaction counter and six zeros, for script
// messages it is the ARQC.
func SessionCSK(mk Key2, r [8]byte) Key2 {
	left, right := r, r
	left[2], right[2] = 0xF0, 0x0F
	return mk.must().pair(left, right)
}

// SessionSKD is the session key of M/Chip: the same formula over the counter
// and the terminal's unpredictable number.
func SessionSKD(mk Key2, atc [2]byte, un [4]byte) Key2 {
	return SessionCSK(mk, [8]byte{atc[0], atc[1], 0, 0, un[0], un[1], un[2], un[3]})
}
