package hsm

import (
	"fmt"
	"io"
	"log/slog"

	"rocketbank/internal/base/vault"
	"rocketbank/internal/rail/emv"
)

// The names of the keys in the vault. They never change.
const (
	keyCVK            = "cvk"
	keyPVK            = "pvk"
	keyAC             = "imk-ac"
	keySMI            = "imk-smi"
	keyDCVV           = "imk-dcvv"
	keyZPK            = "zpk"
	keyPIN            = "pin-aes"
	keyDynamic        = "dynamic-cvc2"
	keyAuthentication = "authentication"
)

// Soft is the module in software. It is safe for concurrent use.
type Soft struct{ k *keys }

// keys hang behind a pointer and print nothing, whatever holds them.
type keys struct {
	cvk, pvk, ac, smi, dcvv, zpk emv.Key2
	pin, dynamic, authentication []byte
}

// New derives all keys.
func New(v *vault.Vault) (*Soft, error) {
	k := &keys{}
	for name, to := range map[string]*emv.Key2{keyCVK: &k.cvk, keyPVK: &k.pvk, keyAC: &k.ac, keySMI: &k.smi, keyDCVV: &k.dcvv, keyZPK: &k.zpk} {
		raw, err := v.CardKey(name)
		if err != nil {
			return nil, fmt.Errorf("hsm: key %s: %w", name, err)
		}
		if *to, err = emv.NewKey2(raw); err != nil {
			return nil, fmt.Errorf("hsm: key %s: %w", name, err)
		}
	}
	for name, to := range map[string]*[]byte{keyPIN: &k.pin, keyDynamic: &k.dynamic, keyAuthentication: &k.authentication} {
		var err error
		if *to, err = v.CardKey(name); err != nil {
			return nil, fmt.Errorf("hsm: key %s: %w", name, err)
		}
	}
	return &Soft{k}, nil
}

// Format prints the module's name under every verb.
func (s *Soft) Format(f fmt.State, _ rune) { io.WriteString(f, "hsm") } //nolint:errcheck // as fmt does

// LogValue gives the module's name.
func (s *Soft) LogValue() slog.Value { return slog.StringValue("hsm") }

// The index of the PIN verification key, and the derivation of card keys that
// our product uses.
const (
	pvki   byte = 1
	option      = emv.OptionA
	scheme      = emv.Mastercard
)

// Cryptogram computes what the card's cryptogram has to be (CVN 10, 11, 14 and
// 15 of M/Chip). An unknown version is emv.ErrCVN.
func (s *Soft) Cryptogram(pan, psn string, tags emv.TLV) (emv.Cryptogram, error) {
	return emv.ARQC(scheme, s.k.ac, pan, psn, option, tags)
}

// UnblockScript makes the issuer script that gives the chip its PIN tries
// back, the value of tag 72 for the answer to the cryptogram in these tags.
func (s *Soft) UnblockScript(pan, psn string, tags emv.TLV) ([]byte, error) {
	c, err := s.Cryptogram(pan, psn, tags)
	if err != nil {
		return nil, err
	}
	script, err := c.UnblockPIN(s.k.smi, pan, psn, option, [4]byte{0, 0, 0, 1})
	if err != nil {
		return nil, err
	}
	return script.Bytes(), nil
}

// AuthenticationKey seals authentication values of 3-D Secure. The id goes
// into the value, so that a second key can follow.
func (s *Soft) AuthenticationKey() (id byte, key []byte) {
	return 1, append([]byte(nil), s.k.authentication...)
}
