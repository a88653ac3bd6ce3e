package emv

import "crypto/subtle"

// CVV is the card verification value of three digits. One formula serves the
// whole family; the callers choose what goes in:
//
//	CVV1   magnetic stripe      YYMM, the service code of the track
//	CVV2   printed, internet    the product's order of YYMM, service code 000
//	iCVV   chip's track 2       YYMM, service code 999
//
// The expiry is four digits and not checked to be a month: it is an input of a
// formula here, and schemes order it in two ways.
func CVV(cvk Key2, pan, expiry, service string) (string, error) {
	switch {
	case cvk.Zero():
		return "", ErrKey
	case !isDigits(pan, 8, 19):
		return "", ErrPAN
	case !isDigits(expiry, 4, 4):
		return "", ErrExpiry
	case !isDigits(service, 3, 3):
		return "", ErrService
	}
	digits := []byte("00000000000000000000000000000000")
	copy(digits[copy(digits, pan):], expiry+service)
	block := packDigits(string(digits))
	c := [8]byte(block[:8])
	cvk.k().k1.Encrypt(c[:], c[:])
	subtle.XORBytes(c[:], c[:], block[8:])
	cvk.k().encrypt(&c)
	return decimalise(c[:], 3), nil
}

// DCVV is the dynamic value of a contactless card in magnetic stripe mode: a
// CVV under the card's own key (option A, sequence number 00) over a number
// whose first four digits are the transaction counter as the track gives it.
func DCVV(imk Key2, pan, expiry, service, atc string) (string, error) {
	if !isDigits(pan, 8, 19) {
		return "", ErrPAN
	}
	if !isDigits(atc, 4, 4) {
		return "", ErrATC
	}
	mk, err := MasterKeyA(imk, pan, "00")
	if err != nil {
		return "", err
	}
	return CVV(mk, atc+pan[4:], expiry, service)
}

// CAVV is the three digits of Visa's cardholder authentication verification
// value: a CVV with the unpredictable number of four digits in the place of
// the expiry, and the result of authentication (1) and of the second factor
// (2) in that of the service code.
func CAVV(key Key2, pan, unpredictable, result, factor string) (string, error) {
	if !isDigits(result, 1, 1) || !isDigits(factor, 2, 2) {
		return "", ErrService
	}
	return CVV(key, pan, unpredictable, result+factor)
}
