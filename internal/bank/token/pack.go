package token

import (
	"encoding/binary"

	"rocketbank/internal/base/id"
)

// Token bodies are written field by field behind a version: a token is opened
// three times on the way of a transfer, and JSON took a tenth of that way. A
// body is only ever read after its seal, so a malformed one is another
// release's, and a token of another release is refused like an old one.
const packVersion = 3

// Packer writes whole numbers as varints and texts behind their length.
type Packer []byte

// NewUnpacker reads what was packed.
func NewUnpacker(raw []byte) *Unpacker { return &Unpacker{rest: raw} }

// Int writes a number.
func (p *Packer) Int(n int64) { *p = binary.AppendVarint(*p, n) }

// Text writes a text.
func (p *Packer) Text(s string) { *p = append(binary.AppendUvarint(*p, uint64(len(s))), s...) }

// ID writes an identifier.
func (p *Packer) ID(x id.ID) { *p = append(*p, x[:]...) }

// Unpacker reads what Packer wrote. Once something is missing it gives zero
// values; done tells whether everything was there and nothing was left over.
type Unpacker struct {
	rest []byte
	bad  bool
}

// Int reads a number.
func (u *Unpacker) Int() int64 {
	n, size := binary.Varint(u.rest)
	if size <= 0 {
		u.rest, u.bad = nil, true
		return 0
	}
	u.rest = u.rest[size:]
	return n
}

// Text reads a text.
func (u *Unpacker) Text() string {
	n, size := binary.Uvarint(u.rest)
	if size <= 0 || n > uint64(len(u.rest)-size) {
		u.rest, u.bad = nil, true
		return ""
	}
	s := string(u.rest[size : size+int(n)])
	u.rest = u.rest[size+int(n):]
	return s
}

// ID reads an identifier.
func (u *Unpacker) ID() (x id.ID) {
	if len(u.rest) < len(x) {
		u.rest, u.bad = nil, true
		return x
	}
	copy(x[:], u.rest)
	u.rest = u.rest[len(x):]
	return x
}

// Done tells that everything was there and nothing was left over.
func (u *Unpacker) Done() bool { return !u.bad && len(u.rest) == 0 }
