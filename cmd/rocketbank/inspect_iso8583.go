package main

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"rocketbank/internal/rail/emv"
	"rocketbank/internal/rail/iso8583"
)

// inspectISO8583 shows the fields of one frame under the bank's own profile.
type inspectISO8583 struct {
	Unmask   bool   `help:"Show card numbers, tracks, PIN blocks and private data whole."`
	Unframed bool   `help:"The digits are the message alone, without the 2-byte length in front."`
	File     string `arg:"" optional:"" default:"-" help:"Hexadecimal digits, blanks allowed; - or nothing reads standard input."`
}

// maxFrameInput is far more than the longest frame in hex, with blanks.
const maxFrameInput = 1 << 20

// Run reads a frame.
func (c inspectISO8583) Run(in io.Reader, out io.Writer) error {
	raw, err := readArtefact(c.File, in, maxFrameInput)
	if err != nil {
		return err
	}
	shown, err := c.read(raw)
	var flaw *iso8583.FormatError
	if errors.As(err, &flaw) {
		err := json.NewEncoder(out).Encode(map[string]any{"error": map[string]any{"reason": flaw.Reason, "field": flaw.Field, "offset": flaw.Offset}})
		return errors.Join(errTold, err)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\n", shown)
	return err
}

// read gives the message as JSON. What is wrong with it is an
// *iso8583.FormatError whose offset counts the bytes of the message, without
// its length.
func (c inspectISO8583) read(raw []byte) ([]byte, error) {
	if len(raw) > maxFrameInput {
		return nil, &iso8583.FormatError{Reason: "too_long"}
	}
	text := bytes.Join(bytes.Fields(raw), nil)
	body := make([]byte, len(text)/2)
	if n, err := hex.Decode(body, text); err != nil {
		return nil, &iso8583.FormatError{Offset: n, Reason: "bad_hex"}
	}
	spec := iso8583.Standard()
	if !c.Unframed {
		var err error
		if body, err = unframe(spec, body); err != nil {
			return nil, err
		}
	}
	m, err := spec.Unpack(body)
	if err != nil {
		return nil, err
	}
	fields := object{}
	for _, n := range m.Fields() {
		var value any = spec.Show(m, n, c.Unmask)
		if chip, ok := m.GetBytes(55); ok && n == 55 {
			if value, err = c.chip(chip); err != nil {
				return nil, &iso8583.FormatError{Field: 55, Offset: len(body) - behind(spec, m, 55), Reason: err.Error()}
			}
		}
		fields = append(fields, member{strconv.Itoa(n), value})
	}
	return json.Marshal(object{{"mti", m.MTI}, {"fields", fields}})
}

// unframe takes the length off. Of a frame that was cut it tells where in the
// message the cut is.
func unframe(spec *iso8583.Spec, frame []byte) ([]byte, error) {
	head := iso8583.Binary2{}.Size()
	if len(frame) == 0 {
		return nil, &iso8583.FormatError{Reason: iso8583.Empty}
	}
	if len(frame) < head {
		return nil, &iso8583.FormatError{Reason: iso8583.Truncated}
	}
	size, body := int(binary.BigEndian.Uint16(frame)), frame[head:]
	switch {
	case size == 0:
		return nil, &iso8583.FormatError{Reason: iso8583.Empty}
	case len(body) > size:
		return nil, &iso8583.FormatError{Offset: size, Reason: iso8583.Trailing}
	case len(body) < size:
		if _, err := spec.Unpack(body); err != nil && len(body) > 0 {
			return nil, err
		}
		return nil, &iso8583.FormatError{Offset: len(body), Reason: iso8583.Truncated}
	}
	return body, nil
}

// behind counts the bytes from a field's value, which has three digits of
// length in front, to the end of the message.
func behind(spec *iso8583.Spec, m *iso8583.Message, field int) int {
	size := -3
	for _, n := range m.Fields() {
		if n >= field {
			v, _ := m.Get(n)
			size += spec.Fields[n].Var + len(v)
		}
	}
	return size
}

// holders are the tags that tell of the card and its holder: tracks, their
// discretionary data and the name.
var holders = map[string]bool{"56": true, "57": true, "9F1F": true, "9F20": true, "9F6B": true, "5F20": true, "9F0B": true}

// chip shows field 55 as an object of tags. An error is one word.
func (c inspectISO8583) chip(raw []byte) (object, error) {
	tags, err := emv.ParseTLV(raw)
	if err != nil {
		var flaw emv.Flaw
		errors.As(err, &flaw)
		return nil, errors.New(string(flaw))
	}
	out := object{}
	for _, tag := range tags.Tags() {
		v, _ := tags.Get(tag)
		value := fmt.Sprintf("%X", v)
		switch {
		case c.Unmask:
		case tag == "5A":
			value = iso8583.MaskPAN(strings.TrimRight(value, "F"))
		case holders[tag]:
			value = iso8583.Hidden
		}
		out = append(out, member{tag, value})
	}
	return out, nil
}

// object is a JSON object whose members keep their order.
type object []member

type member struct {
	name  string
	value any
}

// MarshalJSON writes the members.
func (o object) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, m := range o {
		if i > 0 {
			out = append(out, ',')
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		out = append(strconv.AppendQuote(out, m.name), ':')
		out = append(out, value...)
	}
	return append(out, '}'), nil
}
