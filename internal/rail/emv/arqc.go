package emv

import (
	"crypto/subtle"
	"slices"
)

// Cryptogram is what the card's cryptogram has to be, with what is needed to
// answer it.
type Cryptogram struct {
	Value [8]byte

	suite  suite
	mk, sk Key2
	atc    [2]byte
}

// ARQC computes the application cryptogram of chip data under the issuer's key
// for cryptograms: card key by option, session key, data and padding as the
// scheme's cryptogram version in 9F10 says (EMV Book 2, 8.1). TC and AAC are
// made alike. Compare by Matches.
func ARQC(scheme Scheme, imk Key2, pan, psn string, option byte, tags TLV) (Cryptogram, error) {
	mk, err := MasterKey(option, imk, pan, psn)
	if err != nil {
		return Cryptogram{}, err
	}
	return CardARQC(scheme, mk, tags)
}

// CardARQC is ARQC by the card's own key: what the card itself computes.
func CardARQC(scheme Scheme, mk Key2, tags TLV) (Cryptogram, error) {
	if mk.Zero() {
		return Cryptogram{}, ErrKey
	}
	s, iad, err := suiteOf(scheme, tags)
	if err != nil {
		return Cryptogram{}, err
	}
	buf := make([]byte, 0, 80)
	for _, tag := range s.tags {
		if buf, err = appendTag(buf, tags, tag); err != nil {
			return Cryptogram{}, err
		}
	}
	tail := s.tail(iad)
	if tail == nil {
		return Cryptogram{}, flawOf(ErrIAD, 0x9F10)
	}
	buf = append(buf, tail...)
	c := Cryptogram{suite: s, mk: mk, sk: mk}
	if c.atc, err = fixed[[2]byte](tags, 0x9F36); err != nil {
		return Cryptogram{}, err
	}
	switch s.session {
	case csk:
		c.sk = SessionCSK(mk, [8]byte{c.atc[0], c.atc[1]})
	case skd:
		un, err := fixed[[4]byte](tags, 0x9F37)
		if err != nil {
			return Cryptogram{}, err
		}
		c.sk = SessionSKD(mk, c.atc, un)
	}
	c.Value = MAC3(c.sk, buf, s.padding)
	return c, nil
}

// Supported tells whether the table has a row for a cryptogram version.
func Supported(scheme Scheme, cvn byte) bool {
	_, ok := suites[cvnOf{scheme, cvn}]
	return ok
}

func suiteOf(scheme Scheme, tags TLV) (suite, IAD, error) {
	raw, ok := tags.get(0x9F10)
	if !ok {
		return suite{}, IAD{}, flawOf(ErrMissing, 0x9F10)
	}
	iad, err := ParseIAD(scheme, raw)
	if err != nil {
		return suite{}, IAD{}, flawOf(ErrIAD, 0x9F10)
	}
	s, ok := suites[cvnOf{scheme, iad.CVN}]
	if !ok {
		return suite{}, IAD{}, ErrCVN
	}
	return s, iad, nil
}

// appendTag adds a covered value. Its length has to be right: a MAC over
// values that run together says nothing about where one ends. The other amount
// may be left out by a terminal that has none; the card then seals zeros.
func appendTag(buf []byte, tags TLV, tag uint32) ([]byte, error) {
	v, ok := tags.get(tag)
	if !ok && tag == 0x9F03 {
		return append(buf, 0, 0, 0, 0, 0, 0), nil
	}
	if !ok {
		return nil, flawOf(ErrMissing, tag)
	}
	if !knownTags[tag].fits(v) {
		return nil, flawOf(ErrLength, tag)
	}
	return append(buf, v...), nil
}

// fixed gives a value of a known length as an array.
func fixed[A [2]byte | [4]byte](tags TLV, tag uint32) (a A, err error) {
	v, ok := tags.get(tag)
	if !ok {
		return a, flawOf(ErrMissing, tag)
	}
	if len(v) != len(a) {
		return a, flawOf(ErrLength, tag)
	}
	return A(v), nil
}

// Matches tells whether the cryptogram that the card sent is this one.
func (c Cryptogram) Matches(sent []byte) bool {
	return subtle.ConstantTimeCompare(c.Value[:], sent) == 1
}

// ARPCSize is how many bytes of tag 91 are the ARPC itself: 8 by method 1, 4
// by method 2, 0 when this version knows no answer.
func (c Cryptogram) ARPCSize() int {
	switch c.suite.arpc {
	case method1MK, method1SK:
		return 8
	case method2SK:
		return 4
	}
	return 0
}

// ARPC makes the answer to the card, the value of tag 91 (EMV Book 2, 8.2).
// Method 1 uses the response code; method 2 the card status update and up to 8
// bytes of the issuer's own data. A version that expects no answer is
// ErrNoARPC: send no tag 91 then.
func (c Cryptogram) ARPC(arc [2]byte, csu [4]byte, prop []byte) (tag91 []byte, err error) {
	switch c.suite.arpc {
	case method1MK:
		return method1(c.mk, c.Value, arc), nil
	case method1SK:
		return method1(c.sk, c.Value, arc), nil
	case method2SK:
		if len(prop) > 8 {
			return nil, ErrProp
		}
		return method2(c.sk, c.Value, csu, prop), nil
	}
	return nil, ErrNoARPC
}

func method1(key Key2, arqc [8]byte, arc [2]byte) []byte {
	arqc[0] ^= arc[0]
	arqc[1] ^= arc[1]
	key.must().encrypt(&arqc)
	return append(arqc[:], arc[:]...)
}

func method2(key Key2, arqc [8]byte, csu [4]byte, prop []byte) []byte {
	answer := slices.Concat(csu[:], prop)
	mac := MAC3(key, append(arqc[:], answer...), Padding2)
	return append(mac[:4:4], answer...)
}
