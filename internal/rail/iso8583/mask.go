package iso8583

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"
)

// Hidden is printed in the place of what is not to be seen.
const Hidden = "****"

// shown are the fields that a log may have. None is longer than 12 characters,
// so a card number, which has 13 at least, does not fit into one even when a
// broken frame has shifted it there. Expiry, response data, track, PIN, chip,
// names, accounts and private data are not among them.
var shown = [129]bool{3: true, 4: true, 5: true, 6: true, 7: true, 9: true, 10: true, 11: true, 12: true, 13: true, 15: true, 16: true,
	18: true, 19: true, 22: true, 23: true, 25: true, 26: true, 28: true, 32: true, 33: true, 37: true, 38: true, 39: true, 41: true,
	49: true, 50: true, 51: true, 70: true}

// shownLen is the longest value shown.
const shownLen = 12

// String gives the message for a log: type and fields, masked.
func (m Message) String() string {
	out := make([]byte, 0, 256)
	if validMTI(m.MTI) {
		out = append(out, m.MTI...)
	} else {
		out = append(out, Hidden...)
	}
	for n := m.have.next(0); n != 0; n = m.have.next(n) {
		out = append(out, ' ')
		out = strconv.AppendInt(out, int64(n), 10)
		out = append(out, '=')
		switch v := m.val[n]; {
		case n == 2:
			out = append(out, MaskPAN(v)...)
		case shown[n] && len(v) <= shownLen && ANS.wrong(v) < 0:
			out = append(out, v...)
		default:
			out = append(out, Hidden...)
		}
	}
	return string(out)
}

// Format writes String under every verb, %#v and %x included.
func (m Message) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(m.String())) }

// LogValue gives String, and only when the line is written.
func (m Message) LogValue() slog.Value { return slog.StringValue(m.String()) }

// Show gives a field as an engineer may see it, binary ones as capital hex:
// unless unmasked without track, PIN block, chip and private data, and without
// the middle of a card number, be it in field 2 or inside a longer text. It is
// for a screen; a log takes String.
func (s *Spec) Show(m *Message, n int, unmask bool) string {
	v, ok := m.Get(n)
	if !ok {
		return ""
	}
	f := s.Fields[n]
	switch {
	case unmask || f.Kind == B && n != 52 && n != 55:
	case n == 2:
		return MaskPAN(v)
	case n == 35 || n == 45 || n == 48 || n == 52 || n == 55:
		return Hidden
	case n != 54 && n != 95 && (f.Kind == AN || f.Kind == ANS) && f.Len >= 19: // amounts side by side are no number
		return maskWithin(v)
	}
	if f.Kind == B {
		return string(appendHex(nil, []byte(v)))
	}
	return v
}

// maskWithin masks what may be a card number in a text.
func maskWithin(v string) string {
	var out strings.Builder
	for v != "" {
		size := strings.IndexFunc(v, func(r rune) bool { return r < '0' || r > '9' })
		if size < 0 {
			size = len(v)
		}
		if run := v[:size]; size >= 13 && size <= 19 && LuhnOK(run) {
			out.WriteString(MaskPAN(run))
		} else {
			out.WriteString(run)
		}
		if size < len(v) {
			out.WriteByte(v[size])
			size++
		}
		v = v[size:]
	}
	return out.String()
}

// MaskPAN gives the first six and the last four digits of a card number, as
// PCI DSS 3.4.1 allows, and nothing of a text that is too short for that to
// hide anything.
func MaskPAN(pan string) string {
	if len(pan) < 13 || len(pan) > 19 || !digits(pan) {
		return Hidden
	}
	return pan[:6] + Hidden + pan[len(pan)-4:]
}
