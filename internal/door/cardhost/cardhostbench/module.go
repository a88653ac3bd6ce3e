package cardhostbench

import (
	"crypto/rand"
	"time"

	"rocketbank/internal/base/vault"
	"rocketbank/internal/rail/emv"
)

// module is a security module with keys of the moment: it computes what the
// bank's own one does, and its terminals can be given its keys, which never
// leave the real one outside the demo.
type module struct{ ac, pvk, zpk, cvk emv.Key2 }

// pin is what every holder types.
const pin = "7391"

func newModule() (*module, error) {
	m := &module{}
	for _, k := range []*emv.Key2{&m.ac, &m.pvk, &m.zpk, &m.cvk} {
		raw := make([]byte, 16)
		rand.Read(raw) // never fails
		var err error
		if *k, err = emv.NewKey2(raw); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *module) VerifyPIN(number string, block []byte, iso4 bool, pvv string) (bool, error) {
	typed, err := m.OpenPIN(number, block, iso4)
	if err != nil {
		return false, err
	}
	return emv.VerifyPIN(m.pvk, 1, number, typed.Reveal(), pvv)
}

func (m *module) PVV(number string, pin vault.Hidden) (vault.Hidden, error) {
	v, err := emv.PVV(m.pvk, 1, number, pin.Reveal())
	return vault.Hide(v), err
}

func (m *module) OpenPIN(number string, block []byte, _ bool) (vault.Hidden, error) {
	p, err := emv.DecodeISO0(m.zpk, number, block)
	return vault.Hide(p), err
}

func (m *module) Cryptogram(number, sequence string, tags emv.TLV) (emv.Cryptogram, error) {
	return emv.ARQC(emv.Mastercard, m.ac, number, sequence, emv.OptionA, tags)
}

func (m *module) UnblockScript(string, string, emv.TLV) ([]byte, error) { return nil, emv.ErrCVN }

func (m *module) CVV(number, expiry, service string) (string, error) {
	return emv.CVV(m.cvk, number, expiry, service)
}

func (m *module) ICVV(number, expiry string) (string, error) { return m.CVV(number, expiry, "999") }

func (m *module) CVV2(number, expiry string) (string, error) { return m.CVV(number, expiry, "000") }

func (m *module) DynamicCVV2(string, string, time.Time) ([]string, error) { return nil, nil }

func (m *module) DCVV(number, expiry, service, atc string) (string, error) {
	return emv.DCVV(m.cvk, number, expiry, service, atc)
}
