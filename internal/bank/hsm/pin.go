package hsm

import (
	"rocketbank/internal/base/vault"
	"rocketbank/internal/rail/emv"
)

// pinDigits is how long our PINs are.
const pinDigits = 4

// PVV turns a PIN that somebody has chosen into what is kept of it; ErrPINForm
// and ErrPINWeak for one that nobody should have.
func (s *Soft) PVV(pan string, pin vault.Hidden) (vault.Hidden, error) {
	switch {
	case !isPIN(pin.Reveal()):
		return vault.Hidden{}, ErrPINForm
	case emv.SequentialOrRepeated(pin.Reveal()):
		return vault.Hidden{}, ErrPINWeak
	}
	v, err := emv.PVV(s.k.pvk, pvki, pan, pin.Reveal())
	return vault.Hide(v), err
}

// VerifyPIN tells whether the PIN in a block of ISO 9564-1 format 0 or 4 is
// the card's. A block that is none of this card under our key is
// emv.ErrPINBlock: code 86, and no try is counted.
func (s *Soft) VerifyPIN(pan string, block []byte, iso4 bool, pvv string) (bool, error) {
	pin, err := s.OpenPIN(pan, block, iso4)
	if err != nil || !isPIN(pin.Reveal()) {
		return false, err // a PVV knows of four digits only: a longer PIN is a wrong one
	}
	return emv.VerifyPIN(s.k.pvk, pvki, pan, pin.Reveal(), pvv)
}

// OpenPIN opens a block, for a PIN that is changed at a cash machine: give it
// to PVV and keep it no longer than that.
func (s *Soft) OpenPIN(pan string, block []byte, iso4 bool) (vault.Hidden, error) {
	open := func() (string, error) { return emv.DecodeISO0(s.k.zpk, pan, block) }
	if iso4 {
		open = func() (string, error) { return emv.DecodeISO4(s.k.pin, pan, block) }
	}
	pin, err := open()
	if err != nil {
		return vault.Hidden{}, err
	}
	return vault.Hide(pin), nil
}

func isPIN(pin string) bool {
	if len(pin) != pinDigits {
		return false
	}
	for i := range len(pin) {
		if pin[i] < '0' || pin[i] > '9' {
			return false
		}
	}
	return true
}
