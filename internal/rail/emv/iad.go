package emv

import (
	"bytes"
	"fmt"
)

// Scheme is whose rules a card follows.
type Scheme string

// The schemes. The specification of Mir's application is closed; what is known
// of its chip data looks like M/Chip, so its rows of the table say that, and
// whoever gets the specification changes the rows.
const (
	Visa       Scheme = "visa"
	Mastercard Scheme = "mastercard"
	Mir        Scheme = "mir"
)

// registered are the application providers (ISO/IEC 7816-5), the first five
// bytes of an application's name.
var registered = []struct {
	rid    [5]byte
	scheme Scheme
}{
	{[5]byte{0xA0, 0x00, 0x00, 0x00, 0x03}, Visa},
	{[5]byte{0xA0, 0x00, 0x00, 0x00, 0x04}, Mastercard},
	{[5]byte{0xA0, 0x00, 0x00, 0x06, 0x58}, Mir},
}

// SchemeOf tells the scheme by the application's name (84 or 9F06), "" when
// the chip data do not say or name an application that is not in the table.
func SchemeOf(tags TLV) Scheme {
	for _, tag := range []uint32{0x84, 0x9F06} {
		name, _ := tags.get(tag)
		for _, r := range registered {
			if bytes.HasPrefix(name, r.rid[:]) {
				return r.scheme
			}
		}
	}
	return ""
}

// IAD is the issuer application data, tag 9F10: how the card made its
// cryptogram and what it thinks of the transaction.
type IAD struct {
	DKI, CVN      byte
	CVR, Counters []byte // Counters is nil when the card sends none
	Raw           []byte
}

// maxIAD is the longest 9F10 of EMV Book 3 annex A.
const maxIAD = 32

// layout is where the parts of 9F10 stand: dki and cvn are places, cvr and
// counters are from and to.
type layout struct {
	least         int
	dki, cvn      int
	cvr, counters [2]int
}

var (
	// visaOld is Visa's format 0/1/3: 06 DKI CVN CVR(4), then what the issuer
	// likes.
	visaOld = layout{least: 7, dki: 1, cvn: 2, cvr: [2]int{3, 7}}
	// visaNew is Visa's format 2, always full: 1F CVN DKI CVR(5) ….
	visaNew = layout{least: 32, cvn: 1, dki: 2, cvr: [2]int{3, 8}}
	// mchip is DKI CVN CVR(6), DAC or ICC dynamic number (2), counters (8).
	mchip = layout{least: 8, dki: 0, cvn: 1, cvr: [2]int{2, 8}, counters: [2]int{10, 18}}
)

// layoutOf tells the layout by scheme and first byte.
func layoutOf(s Scheme, b []byte) (layout, bool) {
	switch {
	case len(b) == 0 || len(b) > maxIAD:
	case s == Visa && b[0] == 0x06, s == Mir && b[0] == 0x06 && len(b) == 7:
		return visaOld, true
	case s == Visa && b[0] == 0x1F:
		return visaNew, true
	case s == Mastercard || s == Mir:
		return mchip, true
	}
	return layout{}, false
}

// ParseIAD reads tag 9F10 as the scheme lays it out.
func ParseIAD(s Scheme, b []byte) (IAD, error) {
	l, ok := layoutOf(s, b)
	if !ok || len(b) < l.least {
		return IAD{}, ErrIAD
	}
	out := IAD{DKI: b[l.dki], CVN: b[l.cvn], CVR: b[l.cvr[0]:l.cvr[1]], Raw: b}
	if end := l.counters[1]; end > 0 && len(b) >= end {
		out.Counters = b[l.counters[0]:end]
	}
	return out, nil
}

// String names the key and the version, which an operator looks for.
func (d IAD) String() string { return fmt.Sprintf("DKI %02X CVN %02X", d.DKI, d.CVN) }
