package emv

import "crypto/subtle"

// Script is an issuer script: commands that the terminal hands to the card
// (EMV Book 3, 10.10). Its bytes are the value of tag 71, when it is to run
// before the second cryptogram, or 72, when after.
type Script struct {
	ID       [4]byte
	Commands [][]byte
}

// Bytes writes the identifier (9F18) and each command (86).
func (s Script) Bytes() []byte {
	out := appendObject(nil, 0x9F18, s.ID[:])
	for _, c := range s.Commands {
		out = appendObject(out, 0x86, c)
	}
	return out
}

// ParseScript reads the value of tag 71 or 72.
func ParseScript(b []byte) (Script, error) {
	if len(b) > MaxTLV {
		return Script{}, ErrTooLong
	}
	objects, err := parseObjects(b, true)
	if err != nil {
		return Script{}, err
	}
	var s Script
	for _, o := range objects {
		switch {
		case o.tag == 0x9F18 && len(o.value) == len(s.ID):
			s.ID = [4]byte(o.value)
		case o.tag == 0x86:
			s.Commands = append(s.Commands, o.value)
		default:
			return Script{}, flawOf(ErrScript, o.tag)
		}
	}
	return s, nil
}

// unblockPIN is the header of PIN CHANGE/UNBLOCK that sets the try counter
// back and leaves the PIN (EMV Book 3, 6.5.10), with room for the MAC alone.
var unblockPIN = [5]byte{0x84, 0x24, 0x00, 0x00, 0x08}

// UnblockPIN makes the script that gives a card its PIN tries back, for the
// answer to this cryptogram: put its Bytes under tag 72. The key is the
// issuer's for script integrity (IMK-SMI).
func (c Cryptogram) UnblockPIN(imkSMI Key2, pan, psn string, option byte, id [4]byte) (Script, error) {
	mk, err := MasterKey(option, imkSMI, pan, psn)
	if err != nil {
		return Script{}, err
	}
	mac, err := c.commandMAC(mk, unblockPIN, nil)
	if err != nil {
		return Script{}, err
	}
	return Script{ID: id, Commands: [][]byte{append(unblockPIN[:], mac[:]...)}}, nil
}

// IsUnblockPIN tells, as the card does under its own key for script integrity,
// whether a command is the unblocking of its PIN that belongs to this
// cryptogram.
func (c Cryptogram) IsUnblockPIN(mkSMI Key2, command []byte) bool {
	mac, err := c.commandMAC(mkSMI, unblockPIN, nil)
	return err == nil && subtle.ConstantTimeCompare(append(unblockPIN[:], mac[:]...), command) == 1
}

// commandMAC seals a command for the card that made the cryptogram.
func (c Cryptogram) commandMAC(mk Key2, header [5]byte, data []byte) ([8]byte, error) {
	if mk.Zero() {
		return [8]byte{}, ErrKey
	}
	switch c.suite.script {
	case scriptVisa:
		text := append(header[:], c.atc[0], c.atc[1])
		text = append(append(text, c.Value[:]...), data...)
		return MAC3(visaScriptKey(mk, c.atc), text, Padding2), nil
	case scriptCommon:
		return MAC3(SessionCSK(mk, c.Value), append(header[:], data...), Padding2), nil
	}
	return [8]byte{}, ErrNoScript
}

// visaScriptKey mixes the counter into the right end of one half and its
// inverse into that of the other.
func visaScriptKey(mk Key2, atc [2]byte) Key2 {
	raw := mk.must().raw
	raw[6] ^= atc[0]
	raw[7] ^= atc[1]
	raw[14] ^= ^atc[0]
	raw[15] ^= ^atc[1]
	oddParity(&raw)
	return newKey2(raw)
}
