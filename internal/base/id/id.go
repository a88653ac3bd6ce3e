// Package id makes and reads the bank's identifiers: UUIDv7 (RFC 9562 §5.7),
// sixteen bytes, ordered by time. Inside they are bytes; outside they are a
// prefix that says what they name and 26 letters of Crockford's base 32.
package id

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// ID is a UUIDv7.
type ID [16]byte

// ErrMalformed tells that a text is no identifier of the wanted kind.
var ErrMalformed = errors.New("id: malformed")

var alphabet = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// Text gives the outside form, e.g. "tr_06b3w…".
func (x ID) Text(prefix string) string { return prefix + "_" + alphabet.EncodeToString(x[:]) }

// Bytes gives the sixteen bytes as the databases store them.
func (x ID) Bytes() []byte { return x[:] }

// IsZero tells an identifier that was never set.
func (x ID) IsZero() bool { return x == ID{} }

// Time gives the moment the identifier was made, to the millisecond.
func (x ID) Time() time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(x[:8]) >> 16)).UTC()
}

// Parse reads the outside form of an identifier with the given prefix.
func Parse(prefix, text string) (ID, error) {
	rest, ok := strings.CutPrefix(text, prefix+"_")
	if !ok || len(rest) != 26 {
		return ID{}, ErrMalformed
	}
	raw, err := alphabet.DecodeString(rest)
	if err != nil || len(raw) != 16 {
		return ID{}, ErrMalformed
	}
	// The 26 letters hold 130 bits: a text whose last two bits are not zero
	// would be a second spelling of the same identifier.
	if alphabet.EncodeToString(raw) != rest {
		return ID{}, ErrMalformed
	}
	return ID(raw), nil
}

// FromBytes reads the stored form.
func FromBytes(b []byte) (ID, error) {
	if len(b) != 16 {
		return ID{}, fmt.Errorf("%w: %d bytes", ErrMalformed, len(b))
	}
	return ID(b), nil
}

// Source makes identifiers that grow within one process, even inside one
// millisecond. It is safe for concurrent use.
type Source struct {
	now func() time.Time

	mu   sync.Mutex
	last int64 // milliseconds<<12 | counter of the last identifier
	tail [4096]byte
	used int
}

// NewSource makes a source that reads the given clock.
func NewSource(now func() time.Time) *Source {
	s := &Source{now: now}
	s.used = len(s.tail)
	return s
}

// New makes the next identifier: 48 bits of milliseconds, a 12-bit counter
// that borrows from the time when it is spent, and 62 random bits.
func (s *Source) New() ID {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.now().UnixMilli() << 12
	if next <= s.last {
		next = s.last + 1
	}
	s.last = next
	if s.used+8 > len(s.tail) {
		rand.Read(s.tail[:]) // never fails since Go 1.24
		s.used = 0
	}
	var x ID
	binary.BigEndian.PutUint64(x[:8], uint64(next>>12)<<16|7<<12|uint64(next&0xfff))
	copy(x[8:], s.tail[s.used:s.used+8])
	s.used += 8
	x[8] = x[8]&0x3f | 0x80
	return x
}
