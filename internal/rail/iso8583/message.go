package iso8583

import "math/bits"

// Message is one message: its type and its fields. Values are immutable texts,
// raw bytes in those of binary fields, so a message may be copied with = and
// compared with ==. Setting never fails: a field that the link's profile does
// not know or cannot hold is told by Spec.Pack.
type Message struct {
	MTI  string
	have set
	val  [129]string
	// lost is a number outside 1–128 that was set and could not be kept.
	lost int
}

// NewMessage makes a message without fields.
func NewMessage(mti string) *Message { return &Message{MTI: mti} }

// Set sets a field, for a binary one to the bytes of the text.
func (m *Message) Set(n int, v string) {
	if n < 1 || n > 128 {
		m.lost = n
		if n == 0 {
			m.lost = -1 // nought means that nothing was lost
		}
		return
	}
	m.have.add(n)
	m.val[n] = v
}

// SetBytes sets a field to a copy of bytes.
func (m *Message) SetBytes(n int, v []byte) { m.Set(n, string(v)) }

// Get gives a field, of a binary one its bytes as they are.
func (m *Message) Get(n int) (string, bool) {
	if !m.Has(n) {
		return "", false
	}
	return m.val[n], true
}

// GetBytes gives a copy of a field's bytes.
func (m *Message) GetBytes(n int) ([]byte, bool) {
	v, ok := m.Get(n)
	if !ok {
		return nil, false
	}
	return []byte(v), true
}

// Has tells whether a field is there, be it an empty one.
func (m *Message) Has(n int) bool { return n >= 1 && n <= 128 && m.have.has(n) }

// Clear takes a field out.
func (m *Message) Clear(n int) {
	if n >= 1 && n <= 128 {
		m.have.remove(n)
		m.val[n] = ""
	} else {
		m.lost = 0
	}
}

// Fields gives the numbers of the fields that are there, ascending.
func (m *Message) Fields() []int {
	out := make([]int, 0, bits.OnesCount64(m.have[0])+bits.OnesCount64(m.have[1]))
	for n := m.have.next(0); n != 0; n = m.have.next(n) {
		out = append(out, n)
	}
	return out
}

// set is a set of the numbers 1–128, each word as a bitmap is sent: number 1
// is the highest bit of the first.
type set [2]uint64

func (s *set) has(n int) bool { return s[(n-1)>>6]&(1<<(63-(n-1)&63)) != 0 }
func (s *set) add(n int)      { s[(n-1)>>6] |= 1 << (63 - (n-1)&63) }
func (s *set) remove(n int)   { s[(n-1)>>6] &^= 1 << (63 - (n-1)&63) }

// next gives the lowest number above n, 0 when there is none.
func (s *set) next(n int) int {
	for ; n < 128; n = n&^63 + 64 {
		if rest := s[n>>6] << (n & 63); rest != 0 {
			return n + bits.LeadingZeros64(rest) + 1
		}
	}
	return 0
}
