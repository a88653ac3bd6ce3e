package emv

// PVV is Visa's PIN verification value: four digits that are stored instead of
// the PIN. The index of the key (pvki) is a digit, as a number or as ASCII.
func PVV(pvk Key2, pvki byte, pan, pin string) (string, error) {
	if pvki >= '0' {
		pvki -= '0'
	}
	switch {
	case pvk.Zero():
		return "", ErrKey
	case pvki > 9:
		return "", ErrPVKI
	case !isDigits(pan, 12, 19):
		return "", ErrPAN
	case !isPIN(pin):
		return "", ErrPIN
	}
	// The transformed security parameter: the last 11 digits of the number
	// without its check digit, the index, the first four digits of the PIN.
	var tsp [16]byte
	copy(tsp[:11], pan[len(pan)-12:])
	tsp[11] = '0' + pvki
	copy(tsp[12:], pin)
	block := [8]byte(packDigits(string(tsp[:])))
	pvk.k().encrypt(&block)
	return decimalise(block[:], 4), nil
}

// VerifyPIN tells whether a PIN is the one whose PVV is stored.
func VerifyPIN(pvk Key2, pvki byte, pan, pin, pvv string) (bool, error) {
	want, err := PVV(pvk, pvki, pan, pin)
	return err == nil && Same(want, pvv), err
}

// isPIN: ISO 9564-1 allows 4 to 12 digits. We issue 4.
func isPIN(pin string) bool { return isDigits(pin, 4, 12) }

// SequentialOrRepeated tells a PIN that everybody tries first: with four equal
// digits in a row, or four that follow each other up or down. 0 follows 9, as
// on the keys of a terminal.
func SequentialOrRepeated(pin string) bool {
	run, last := 1, byte(0xFF)
	for i := 1; i < len(pin); i++ {
		step := (pin[i] - pin[i-1] + 10) % 10
		switch {
		case step != 0 && step != 1 && step != 9:
			run, last = 1, 0xFF
			continue
		case step == last:
			run++
		default:
			run, last = 2, step
		}
		if run >= 4 {
			return true
		}
	}
	return false
}
