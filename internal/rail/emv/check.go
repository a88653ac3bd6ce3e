package emv

import "time"

// Message is what the rest of a card message says about the transaction, to
// hold the chip data against.
type Message struct {
	Type     string    // the first two digits of the processing code (DE 3)
	Currency string    // three digits (DE 49)
	Date     time.Time // the host's day, in the time zone of the host
	Days     int       // how far the terminal's day may be from it; 0 is 3
	PAN, PSN string    // DE 2; DE 23 as two digits, empty is 00
	// Advice allows a TC or an AAC: an offline decision told later. An
	// authorisation carries an ARQC.
	Advice bool
}

// needed is what an issuer cannot do without.
var needed = []uint32{0x9F36, 0x9F37, 0x9F10, 0x9F26, 0x95, 0x9A, 0x9C, 0x9F02, 0x5F2A, 0x82, 0x9F1A}

// Check compares chip data with the message before any key is used, and gives
// all that does not fit, each with its tag; nothing when it fits. The amount
// is not compared: 9F02 may rightly differ from DE 4 (tips, conversion at the
// terminal), and the cryptogram covers 9F02 anyway.
func Check(tags TLV, m Message) []*Error {
	var out []*Error
	report := func(f Flaw, tag uint32) { out = append(out, &Error{f, tagText(tag)}) }
	for _, tag := range needed {
		if _, ok := tags.get(tag); !ok {
			report(ErrMissing, tag)
		}
	}
	for _, o := range tags.list() {
		info, known := knownTags[o.tag]
		if !known {
			continue
		}
		if !info.fits(o.value) {
			report(ErrLength, o.tag)
		} else if f := differs(o.tag, o.value, m); f != "" {
			report(f, o.tag)
		}
	}
	if _, ok := tags.get(0x5F34); !ok && m.PSN != "" && m.PSN != "00" {
		report(ErrOtherPSN, 0x5F34)
	}
	return out
}

// differs holds one value of the right length against the message.
func differs(tag uint32, v []byte, m Message) Flaw {
	switch tag {
	case 0x9C:
		if digits(v) != m.Type {
			return ErrType
		}
	case 0x5F2A:
		if digits(v) != "0"+m.Currency {
			return ErrCurrency
		}
	case 0x9A:
		if !near(digits(v), m) {
			return ErrDate
		}
	case 0x9F27:
		if kind := Kind(v[0] & 0xC0); kind != Asks && !(m.Advice && (kind == TC || kind == AAC)) {
			return ErrNotARQC
		}
	case 0x5A:
		if !Same(until(digits(v), 'F'), m.PAN) {
			return ErrOtherPAN
		}
	case 0x57:
		if !Same(until(digits(v), 'D'), m.PAN) {
			return ErrOtherPAN
		}
	case 0x5F34:
		if psn := m.PSN; digits(v) != psn && !(psn == "" && v[0] == 0) {
			return ErrOtherPSN
		}
	}
	return ""
}

// digits spells bytes as they stand in packed decimal fields.
func digits(v []byte) string {
	out := make([]byte, 0, 2*maxIAD)
	for _, c := range v {
		out = append(out, "0123456789ABCDEF"[c>>4], "0123456789ABCDEF"[c&0x0F])
	}
	return string(out)
}

func until(s string, end byte) string {
	for i := range len(s) {
		if s[i] == end {
			return s[:i]
		}
	}
	return s
}

// near tells whether a terminal's day YYMMDD is close enough to ours.
func near(yymmdd string, m Message) bool {
	day, err := time.Parse("060102", yymmdd)
	if err != nil {
		return false
	}
	// time.Parse takes 69 to 99 for the last century; EMV has no cards of it.
	if day.Year() < 2000 {
		day = day.AddDate(100, 0, 0)
	}
	within := m.Days
	if within == 0 {
		within = 3
	}
	y, mo, d := m.Date.Date()
	apart := day.Sub(time.Date(y, mo, d, 0, 0, 0, 0, time.UTC)) / (24 * time.Hour)
	return max(apart, -apart) <= time.Duration(within)
}
