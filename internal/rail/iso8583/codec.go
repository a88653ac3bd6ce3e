package iso8583

import (
	"encoding/binary"
	"encoding/hex"
)

// Pack gives a message as the body of a frame.
func (s *Spec) Pack(m *Message) ([]byte, error) {
	size := 4 + 2*s.bitmapLen()
	for n := m.have.next(0); n != 0; n = m.have.next(n) {
		size += 3 + len(m.val[n])
	}
	return s.Append(make([]byte, 0, size), m)
}

// Append is Pack behind what dst already holds. On an error dst is given back
// as it was, and the error's offset is where the body would have got to.
func (s *Spec) Append(dst []byte, m *Message) ([]byte, error) {
	start := len(dst)
	flaw := func(field, at int, reason string) ([]byte, error) {
		return dst[:start], &FormatError{Field: field, Offset: at - start, Reason: reason}
	}
	if !validMTI(m.MTI) {
		return flaw(0, start, WrongMTI)
	}
	if m.lost != 0 {
		return flaw(m.lost, start, Unknown)
	}
	dst = append(dst, m.MTI...)
	words := m.have[:1]
	if m.have[1] != 0 {
		words = m.have[:]
	}
	for i, w := range words {
		if i == 0 && len(words) == 2 {
			w |= second
		}
		var raw [8]byte
		binary.BigEndian.PutUint64(raw[:], w)
		if s.HexBitmap {
			dst = appendHex(dst, raw[:])
		} else {
			dst = append(dst, raw[:]...)
		}
	}
	for n := m.have.next(0); n != 0; n = m.have.next(n) {
		f, v := s.Fields[n], m.val[n]
		switch {
		case n == 65:
			return flaw(n, len(dst), ThirdBitmap)
		case n == 1 || f.Len == 0:
			return flaw(n, len(dst), Unknown)
		case len(v) > f.Len || f.Var == 0 && len(v) != f.Len:
			return flaw(n, len(dst), WrongLength)
		}
		switch l := len(v); f.Var {
		case 2:
			dst = append(dst, '0'+byte(l/10), '0'+byte(l%10))
		case 3:
			dst = append(dst, '0'+byte(l/100), '0'+byte(l/10%10), '0'+byte(l%10))
		}
		if i := f.Kind.wrong(v); i >= 0 {
			return flaw(n, len(dst)+i, Charset)
		}
		dst = append(dst, v...)
	}
	return dst, nil
}

// Unpack reads the body of a frame. It keeps nothing of the slice.
func (s *Spec) Unpack(body []byte) (*Message, error) {
	in := string(body) // one copy that all values share
	m := new(Message)
	at, err := s.head(m, in)
	if err != nil {
		return nil, err
	}
	for n := m.have.next(0); n != 0; n = m.have.next(n) {
		f, size := s.Fields[n], 0
		if f.Len == 0 {
			return nil, &FormatError{Field: n, Offset: at, Reason: Unknown}
		}
		begin := at
		if size, at, err = f.length(in, at, n); err != nil {
			return nil, err
		}
		if len(in)-at < size {
			return nil, &FormatError{Field: n, Offset: begin, Reason: Truncated}
		}
		v := in[at : at+size]
		if i := f.Kind.wrong(v); i >= 0 {
			return nil, &FormatError{Field: n, Offset: at + i, Reason: Charset}
		}
		m.val[n] = v
		at += size
	}
	if at != len(in) {
		return nil, &FormatError{Offset: at, Reason: Trailing}
	}
	return m, nil
}

// head reads type and bitmaps and gives where the fields begin.
func (s *Spec) head(m *Message, in string) (at int, err error) {
	switch {
	case in == "":
		return 0, &FormatError{Reason: Empty}
	case len(in) < 4:
		return 0, &FormatError{Reason: Truncated}
	case !validMTI(in[:4]):
		return 0, &FormatError{Reason: WrongMTI}
	}
	m.MTI, at = in[:4], 4
	for i := range m.have {
		if len(in)-at < s.bitmapLen() {
			return 0, &FormatError{Field: 1, Offset: at, Reason: Truncated}
		}
		raw := in[at : at+s.bitmapLen()]
		if s.HexBitmap {
			b, err := hex.DecodeString(raw)
			if err != nil {
				return 0, &FormatError{Field: 1, Offset: at, Reason: Charset}
			}
			raw = string(b)
		}
		for j := range 8 {
			m.have[i] = m.have[i]<<8 | uint64(raw[j])
		}
		if m.have[0]&second == 0 {
			at += s.bitmapLen()
			break
		}
		if i == 1 && m.have.has(65) {
			return 0, &FormatError{Field: 65, Offset: at, Reason: ThirdBitmap}
		}
		at += s.bitmapLen()
	}
	m.have.remove(1)
	return at, nil
}

// second is bit 1, which says that a second bitmap follows.
const second = 1 << 63

func (s *Spec) bitmapLen() int {
	if s.HexBitmap {
		return 16
	}
	return 8
}

// length reads how long the field at this place is.
func (f Field) length(in string, at, n int) (size, next int, err error) {
	if f.Var == 0 {
		return f.Len, at, nil
	}
	if len(in)-at < f.Var {
		return 0, 0, &FormatError{Field: n, Offset: at, Reason: Truncated}
	}
	for i := range f.Var {
		c := in[at+i]
		if c < '0' || c > '9' {
			return 0, 0, &FormatError{Field: n, Offset: at + i, Reason: WrongLength}
		}
		size = size*10 + int(c-'0')
	}
	if size > f.Len {
		return 0, 0, &FormatError{Field: n, Offset: at, Reason: WrongLength}
	}
	return size, at + f.Var, nil
}

// appendHex writes in capitals, as links do.
func appendHex(dst, b []byte) []byte {
	const digits = "0123456789ABCDEF"
	for _, c := range b {
		dst = append(dst, digits[c>>4], digits[c&15])
	}
	return dst
}
