package emv

import (
	"crypto/aes"
	"crypto/subtle"
	"encoding/hex"
	"io"
	"strings"
)

// EncodeISO0 seals a PIN for transport: ISO 9564-1 format 0 under a TDES key.
func EncodeISO0(zpk Key2, pan, pin string) ([]byte, error) {
	if zpk.Zero() {
		return nil, ErrKey
	}
	if !isPIN(pin) {
		return nil, ErrPIN
	}
	block, err := panField0(pan)
	if err != nil {
		return nil, err
	}
	field := pinField(0, pin, 'F', 16)
	subtle.XORBytes(block[:], block[:], field)
	zpk.k().encrypt(&block)
	return block[:], nil
}

// DecodeISO0 opens a block of format 0. Anything but a clean PIN field is
// ErrPINBlock: another key, another card or another format, see there.
func DecodeISO0(zpk Key2, pan string, block []byte) (string, error) {
	if zpk.Zero() {
		return "", ErrKey
	}
	field, err := panField0(pan)
	if err != nil {
		return "", err
	}
	if len(block) != 8 {
		return "", ErrPINBlock
	}
	clear := [8]byte(block)
	zpk.k().decrypt(&clear)
	subtle.XORBytes(clear[:], clear[:], field[:])
	return readPIN(clear[:], '0', 'f')
}

// panField0 is four zeros and the 12 digits before the check digit.
func panField0(pan string) ([8]byte, error) {
	if !isDigits(pan, 13, 19) {
		return [8]byte{}, ErrPAN
	}
	return [8]byte(packDigits("0000" + pan[len(pan)-13:len(pan)-1])), nil
}

// pinField writes format, length, PIN and fill.
func pinField(format byte, pin string, fill byte, digits int) []byte {
	var b strings.Builder
	b.WriteByte('0' + format)
	b.WriteByte("0123456789ABC"[len(pin)])
	b.WriteString(pin)
	for b.Len() < digits {
		b.WriteByte(fill)
	}
	field, err := hex.DecodeString(b.String())
	if err != nil {
		panic(err) // the digits were checked before
	}
	return field
}

// readPIN takes the PIN out of the first 16 digits of a clear field.
func readPIN(clear []byte, format, fill byte) (string, error) {
	var text [16]byte
	hex.Encode(text[:], clear[:8])
	size := int(clear[0] & 0x0F)
	if text[0] != format || size < 4 || size > 12 {
		return "", ErrPINBlock
	}
	pin, rest := string(text[2:2+size]), text[2+size:]
	if !isPIN(pin) {
		return "", ErrPINBlock
	}
	for _, c := range rest {
		if c != fill {
			return "", ErrPINBlock
		}
	}
	return pin, nil
}

// EncodeISO4 seals a PIN by ISO 9564-1 format 4 under an AES key. The random
// bytes make two blocks of one PIN differ; they come from the caller, who
// passes crypto/rand's reader.
func EncodeISO4(aesKey []byte, pan, pin string, random io.Reader) ([]byte, error) {
	key, err := aes.NewCipher(aesKey)
	if err != nil {
		return nil, ErrKey
	}
	if !isPIN(pin) {
		return nil, ErrPIN
	}
	field, err := panField4(pan)
	if err != nil {
		return nil, err
	}
	block := make([]byte, 16)
	copy(block, pinField(4, pin, 'A', 16))
	if _, err := io.ReadFull(random, block[8:]); err != nil {
		return nil, err
	}
	key.Encrypt(block, block)
	subtle.XORBytes(block, block, field)
	key.Encrypt(block, block)
	return block, nil
}

// DecodeISO4 opens a block of format 4; see DecodeISO0 for its errors.
func DecodeISO4(aesKey []byte, pan string, block []byte) (string, error) {
	key, err := aes.NewCipher(aesKey)
	if err != nil {
		return "", ErrKey
	}
	field, err := panField4(pan)
	if err != nil {
		return "", err
	}
	if len(block) != 16 {
		return "", ErrPINBlock
	}
	clear := make([]byte, 16)
	key.Decrypt(clear, block)
	subtle.XORBytes(clear, clear, field)
	key.Decrypt(clear, clear)
	return readPIN(clear, '4', 'a')
}

// panField4 is the number of digits beyond 12, the number, and zeros.
func panField4(pan string) ([]byte, error) {
	if !isDigits(pan, 1, 19) {
		return nil, ErrPAN
	}
	if len(pan) < 12 {
		pan = lastDigits(pan, 12)
	}
	text := string('0'+byte(len(pan)-12)) + pan
	return packDigits(text + strings.Repeat("0", 32-len(text))), nil
}
