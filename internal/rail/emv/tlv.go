package emv

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
)

// MaxTLV is how long chip data may be: field 55 has no more.
const MaxTLV = 255

// maxTag is how many bytes a tag may have; EMV uses two, schemes three.
const maxTag = 3

// TLV is chip data: BER-TLV objects in the order they came. It prints its
// tags and never their values, which may hold a card's number. Both pointers
// keep fmt from the values when a struct holds a TLV in a small letter: it
// looks through one at most.
type TLV struct{ objects *[]*object }

type object struct {
	tag   uint32
	value []byte
}

// ParseTLV reads chip data (EMV Book 3 annex B). Padding bytes 00 and FF
// between objects are passed over. Refused are: more than MaxTLV bytes, what
// ends too early, a tag that comes twice, and constructed tags other than the
// templates 70, 77, 71 and 72, whose content has to be right too.
func ParseTLV(b []byte) (TLV, error) {
	if len(b) > MaxTLV {
		return TLV{}, ErrTooLong
	}
	objects, err := parseObjects(bytes.Clone(b), false)
	if err != nil {
		return TLV{}, err
	}
	return TLV{&objects}, nil
}

func parseObjects(b []byte, inner bool) ([]*object, error) {
	var out []*object
	for len(b) > 0 {
		if b[0] == 0x00 || b[0] == 0xFF {
			b = b[1:]
			continue
		}
		o, rest, err := parseObject(b)
		if err != nil {
			return nil, err
		}
		// A script holds as many commands (86) as it likes; nothing else
		// comes twice, or two readers could each believe another one.
		if !(inner && o.tag == 0x86) && find(out, o.tag) >= 0 {
			return nil, flawOf(ErrDuplicate, o.tag)
		}
		if constructed(o.tag) {
			if inner || !template(o.tag) {
				return nil, flawOf(ErrConstructed, o.tag)
			}
			if _, err := parseObjects(o.value, true); err != nil {
				return nil, err
			}
		}
		out = append(out, &o)
		b = rest
	}
	return out, nil
}

// parseObject takes one object from the front.
func parseObject(b []byte) (o object, rest []byte, err error) {
	o.tag, b, err = takeTag(b)
	if err != nil {
		return o, nil, err
	}
	if len(b) == 0 {
		return o, nil, flawOf(ErrTruncated, o.tag)
	}
	size, extra := int(b[0]), 0
	switch {
	case size < 0x80:
	case size == 0x81:
		extra = 1
	case size == 0x82:
		extra = 2
	default: // the endless form and lengths no field can hold
		return o, nil, flawOf(ErrLength, o.tag)
	}
	if len(b) < 1+extra {
		return o, nil, flawOf(ErrTruncated, o.tag)
	}
	if extra > 0 {
		size = 0
		for _, c := range b[1 : 1+extra] {
			size = size<<8 | int(c)
		}
	}
	if b = b[1+extra:]; len(b) < size {
		return o, nil, flawOf(ErrTruncated, o.tag)
	}
	o.value = b[:size:size]
	return o, b[size:], nil
}

func takeTag(b []byte) (tag uint32, rest []byte, err error) {
	tag = uint32(b[0])
	if b[0]&0x1F != 0x1F {
		return tag, b[1:], nil
	}
	for i := 1; i < len(b); i++ {
		if i == maxTag {
			return tag, nil, flawOf(ErrTag, tag)
		}
		tag = tag<<8 | uint32(b[i])
		if b[i]&0x80 == 0 {
			return tag, b[i+1:], nil
		}
	}
	return tag, nil, flawOf(ErrTruncated, tag)
}

func constructed(tag uint32) bool {
	for tag > 0xFF {
		tag >>= 8
	}
	return tag&0x20 != 0
}

func template(tag uint32) bool { return tag == 0x70 || tag == 0x77 || tag == 0x71 || tag == 0x72 }

func find(objects []*object, tag uint32) int {
	return slices.IndexFunc(objects, func(o *object) bool { return o.tag == tag })
}

// Get gives the value of a tag, named by its hexadecimal digits. The value is
// not to be changed.
func (t TLV) Get(tag string) ([]byte, bool) {
	n, ok := parseTag(tag)
	if !ok {
		return nil, false
	}
	return t.get(n)
}

func (t TLV) get(tag uint32) ([]byte, bool) {
	list := t.list()
	i := find(list, tag)
	if i < 0 {
		return nil, false
	}
	return list[i].value, true
}

func (t TLV) list() []*object {
	if t.objects == nil {
		return nil
	}
	return *t.objects
}

// Set puts a value under a tag: in its place when it is there, else at the
// end. What could not be read back is refused and changes nothing.
func (t *TLV) Set(tag string, v []byte) error {
	n, ok := parseTag(tag)
	if !ok {
		return ErrTag
	}
	fresh := &object{n, bytes.Clone(v)}
	objects := slices.Clone(t.list()) // another TLV may share ours
	if i := find(objects, n); i >= 0 {
		objects[i] = fresh
	} else {
		objects = append(objects, fresh)
	}
	if _, err := ParseTLV(TLV{&objects}.Bytes()); err != nil {
		return err
	}
	t.objects = &objects
	return nil
}

// Tags lists the tags in their order.
func (t TLV) Tags() []string {
	out := make([]string, len(t.list()))
	for i, o := range t.list() {
		out[i] = tagText(o.tag)
	}
	return out
}

// Bytes writes the objects in their order, with the shortest lengths.
func (t TLV) Bytes() []byte {
	var out []byte
	for _, o := range t.list() {
		out = appendObject(out, o.tag, o.value)
	}
	return out
}

func appendObject(out []byte, tag uint32, value []byte) []byte {
	for shift := 8 * (maxTag - 1); shift >= 0; shift -= 8 {
		if tag>>shift != 0 {
			out = append(out, byte(tag>>shift))
		}
	}
	switch n := len(value); {
	case n < 0x80:
		out = append(out, byte(n))
	case n <= 0xFF:
		out = append(out, 0x81, byte(n))
	default:
		out = append(out, 0x82, byte(n>>8), byte(n))
	}
	return append(out, value...)
}

// parseTag reads a tag's name and takes nothing that is not exactly one tag.
func parseTag(name string) (uint32, bool) {
	var b [maxTag]byte
	if len(name) > 2*maxTag || name == "" {
		return 0, false
	}
	n, err := hex.Decode(b[:], []byte(name))
	if err != nil || b[0] == 0x00 || b[0] == 0xFF {
		return 0, false
	}
	tag, rest, err := takeTag(b[:n])
	return tag, err == nil && len(rest) == 0
}

func tagText(tag uint32) string {
	s := fmt.Sprintf("%X", tag)
	if len(s)%2 == 1 {
		s = "0" + s
	}
	return s
}

// Format prints the tags whatever the verb is.
func (t TLV) Format(f fmt.State, _ rune) { io.WriteString(f, t.text()) } //nolint:errcheck // as fmt does

// LogValue gives the tags.
func (t TLV) LogValue() slog.Value { return slog.StringValue(t.text()) }

func (t TLV) text() string { return "[" + strings.Join(t.Tags(), " ") + "]" }
