// Package strictjson reads JSON the way a bank has to: what two readers could
// understand differently is refused, not guessed.
//
// The standard decoder keeps the last of two members of one name, takes
// "AMOUNT" for "amount", replaces broken UTF-8 and stops at the first value.
// Decode refuses all four, and members nobody asked for, and deep nesting;
// it names the member that is wrong. DecodeOpen lets unknown members pass: it
// is for the answers of partners, who may add to them without telling us.
package strictjson

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"
)

// MaxDepth is how deep objects and arrays may nest.
const MaxDepth = 32

// Reason says what is wrong with a document, in a word that may be shown.
type Reason string

// The reasons of a refusal.
const (
	Malformed Reason = "bad_json"
	BadUTF8   Reason = "bad_utf8"
	Unknown   Reason = "unknown_field"
	Duplicate Reason = "duplicate_field"
	WrongType Reason = "wrong_type"
	Trailing  Reason = "trailing_data"
	TooDeep   Reason = "too_deep"
)

// Error is a refused document. Field is the path of the member it is about,
// such as "card.number"; it holds names only, never values.
type Error struct {
	Reason Reason
	Field  string
}

// Error gives the reason and the member.
func (e *Error) Error() string {
	if e.Field == "" {
		return string(e.Reason)
	}
	return fmt.Sprintf("%s: %s", e.Reason, e.Field)
}

// Decode reads exactly one JSON value into the pointer given and refuses
// members that the target does not name.
func Decode(data []byte, into any) error { return decode(data, into, false) }

// DecodeOpen is Decode that lets unknown members pass.
func DecodeOpen(data []byte, into any) error { return decode(data, into, true) }

func decode(data []byte, into any, open bool) error {
	if !utf8.Valid(data) {
		return &Error{Reason: BadUTF8}
	}
	w := walker{dec: json.NewDecoder(bytes.NewReader(data)), open: open}
	w.dec.UseNumber()
	if err := w.value(reflect.TypeOf(into).Elem(), "", 0); err != nil {
		return err
	}
	if _, err := w.dec.Token(); !errors.Is(err, io.EOF) {
		return &Error{Reason: Trailing}
	}
	err := json.Unmarshal(data, into)
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong):
		return &Error{Reason: WrongType, Field: wrong.Field}
	default:
		// Syntax was checked above: what is left comes from the target's
		// own UnmarshalJSON or UnmarshalText.
		return &Error{Reason: WrongType}
	}
}

type walker struct {
	dec  *json.Decoder
	open bool
}

// value walks one value beside the type that will hold it. A nil type means
// that the shape is not ours to judge, only the duplicates in it.
func (w *walker) value(t reflect.Type, path string, depth int) error {
	if depth > MaxDepth {
		return &Error{Reason: TooDeep, Field: path}
	}
	tok, err := w.dec.Token()
	if err != nil {
		return &Error{Reason: Malformed}
	}
	switch tok {
	case json.Delim('{'):
		return w.object(shape(t), path, depth)
	case json.Delim('['):
		return w.array(shape(t), path, depth)
	}
	return nil
}

func (w *walker) object(t reflect.Type, path string, depth int) error {
	known, closed := map[string]reflect.Type(nil), false
	var elem reflect.Type
	if t != nil {
		switch t.Kind() {
		case reflect.Struct:
			known, closed = members(t), !w.open
		case reflect.Map:
			elem = t.Elem()
		}
	}
	seen := map[string]bool{}
	for w.dec.More() {
		tok, err := w.dec.Token()
		if err != nil {
			return &Error{Reason: Malformed}
		}
		name, ok := tok.(string)
		if !ok {
			return &Error{Reason: Malformed}
		}
		at := join(path, name)
		if seen[name] {
			return &Error{Reason: Duplicate, Field: at}
		}
		seen[name] = true
		member, found := known[name]
		if known != nil && !found {
			// A name that differs only in case is refused in both manners:
			// the decoder behind us would take it for the right one.
			if closed || like(known, name) {
				return &Error{Reason: Unknown, Field: at}
			}
		}
		if member == nil {
			member = elem
		}
		if err := w.value(member, at, depth+1); err != nil {
			return err
		}
	}
	return w.end()
}

func (w *walker) array(t reflect.Type, path string, depth int) error {
	var elem reflect.Type
	if t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) {
		elem = t.Elem()
	}
	for w.dec.More() {
		if err := w.value(elem, path, depth+1); err != nil {
			return err
		}
	}
	return w.end()
}

func (w *walker) end() error {
	if _, err := w.dec.Token(); err != nil {
		return &Error{Reason: Malformed}
	}
	return nil
}

var (
	jsonReader = reflect.TypeFor[json.Unmarshaler]()
	textReader = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// shape follows pointers and gives nil for types that read themselves.
func shape(t reflect.Type) reflect.Type {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || t.Kind() == reflect.Interface {
		return nil
	}
	if p := reflect.PointerTo(t); p.Implements(jsonReader) || p.Implements(textReader) {
		return nil
	}
	return t
}

// members lists the JSON names of a struct, those of embedded structs too.
func members(t reflect.Type) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Tag.Get("json") == "-", f.Anonymous && name == "", !f.IsExported():
			continue
		case name == "":
			name = f.Name
		}
		out[name] = f.Type
	}
	return out
}

func like(known map[string]reflect.Type, name string) bool {
	for k := range known {
		if strings.EqualFold(k, name) {
			return true
		}
	}
	return false
}

// maxPath keeps a refusal short whatever names were sent.
const maxPath = 100

func join(path, name string) string {
	if path != "" {
		name = path + "." + name
	}
	if len(name) > maxPath {
		name = strings.ToValidUTF8(name[:maxPath], "") + "…"
	}
	return name
}
