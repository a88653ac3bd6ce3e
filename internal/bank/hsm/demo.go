package hsm

import (
	"encoding/hex"
	"strings"

	"rocketbank/internal/base/vault"
	"rocketbank/internal/rail/emv"
)

// Chip is what a factory puts on a card. It holds keys and prints none of them.
type Chip struct {
	AC, SMI emv.Key2     // the card's own keys, for cryptograms and scripts
	Track2  vault.Hidden // the magnetic stripe's, «PAN=YYMM…»
	Track57 vault.Hidden // the chip's copy, tag 57 in hexadecimal
	DKI     byte
}

// dki names the set of issuer keys in 9F10.
const dki = 1

// service is what our plastic says of itself: international, with a chip,
// online PIN asked as usual (ISO/IEC 7813).
const service = "201"

// discretionary is what stands in the track before the verification value.
const (
	discretionaryHead = "00000"
	discretionaryTail = "00"
)

// Personalise gives what a card factory would put on a chip and a stripe. Only
// the demo makes plastic: a test of the house keeps everybody else away.
func (s *Soft) Personalise(pan, psn, expiry string) (Chip, error) {
	c := Chip{DKI: dki}
	var err error
	if c.AC, err = emv.MasterKey(option, s.k.ac, pan, psn); err != nil {
		return Chip{}, err
	}
	if c.SMI, err = emv.MasterKey(option, s.k.smi, pan, psn); err != nil {
		return Chip{}, err
	}
	stripe, err := s.CVV(pan, expiry, service)
	if err != nil {
		return Chip{}, err
	}
	chip, err := s.ICVV(pan, expiry)
	if err != nil {
		return Chip{}, err
	}
	track := func(cut, cvv string) string {
		return pan + cut + expiry + service + discretionaryHead + cvv + discretionaryTail
	}
	c.Track2 = vault.Hide(track("=", stripe))
	equivalent := track("D", chip)
	if len(equivalent)%2 == 1 {
		equivalent += "F"
	}
	if _, err := hex.DecodeString(equivalent); err != nil {
		return Chip{}, emv.ErrPAN
	}
	c.Track57 = vault.Hide(strings.ToUpper(equivalent))
	return c, nil
}

// DemoTerminalKeys gives the keys that the demo's terminals seal PINs with:
// TDES for ISO-0, AES-128 for ISO-4. Only the demo may ask, as for Personalise.
func (s *Soft) DemoTerminalKeys() (zpk emv.Key2, pinAES []byte) {
	return s.k.zpk, append([]byte(nil), s.k.pin...)
}
