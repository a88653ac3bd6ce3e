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
	"reflect"
	"strings"
	"sync"
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
	w := walker{data: data, open: open}
	if err := w.value(reflect.TypeOf(into).Elem(), "", 0); err != nil {
		return err
	}
	if w.next() != end {
		return &Error{Reason: Trailing}
	}
	err := json.Unmarshal(data, into)
	var wrong *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax): // within a text or a number, which the walk passes over
		return &Error{Reason: Malformed}
	case errors.As(err, &wrong):
		return &Error{Reason: WrongType, Field: wrong.Field}
	default:
		// What is left comes from the target's own UnmarshalJSON or
		// UnmarshalText.
		return &Error{Reason: WrongType}
	}
}

// walker goes over the bytes once and looks at names alone. It is lenient with
// texts and numbers, which the decoder behind it judges, and strict with
// everything between them.
type walker struct {
	data []byte
	at   int
	open bool
}

// end is what next gives behind the last byte.
const end = 0

// next skips blanks and gives the byte that follows without taking it.
func (w *walker) next() byte {
	for ; w.at < len(w.data); w.at++ {
		switch c := w.data[w.at]; c {
		case ' ', '\t', '\r', '\n':
		case end:
			return 1 // a NUL is not the end, and no more right than any control byte
		default:
			return c
		}
	}
	return end
}

// value walks one value beside the type that will hold it. A nil type means
// that the shape is not ours to judge, only the duplicates in it.
func (w *walker) value(t reflect.Type, path string, depth int) error {
	if depth > MaxDepth {
		return &Error{Reason: TooDeep, Field: path}
	}
	switch c := w.next(); {
	case c == '{':
		return w.object(shape(t), path, depth)
	case c == '[':
		return w.array(shape(t), path, depth)
	case c == '"':
		_, err := w.text()
		return err
	case c == '-' || c >= '0' && c <= '9':
		for w.at < len(w.data) && inNumber(w.data[w.at]) {
			w.at++
		}
		return nil
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if bytes.HasPrefix(w.data[w.at:], []byte(word)) {
			w.at += len(word)
			return nil
		}
	}
	return &Error{Reason: Malformed}
}

func inNumber(c byte) bool {
	return c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'
}

// text takes a text and gives its bytes between the quotes.
func (w *walker) text() ([]byte, error) {
	w.at++
	from := w.at
	for w.at < len(w.data) {
		switch w.data[w.at] {
		case '"':
			w.at++
			return w.data[from : w.at-1], nil
		case '\\':
			w.at++
		}
		w.at++
	}
	return nil, &Error{Reason: Malformed}
}

// name takes a member's name and gives what it means: an escaped letter is the letter.
func (w *walker) name() (string, error) {
	if w.next() != '"' {
		return "", &Error{Reason: Malformed}
	}
	from := w.at
	raw, err := w.text()
	if err != nil || bytes.IndexByte(raw, '\\') < 0 {
		return string(raw), err
	}
	var name string
	if json.Unmarshal(w.data[from:w.at], &name) != nil {
		return "", &Error{Reason: Malformed}
	}
	return name, nil
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
	w.at++
	if w.next() == '}' {
		w.at++
		return nil
	}
	var seen names
	for {
		name, err := w.name()
		if err != nil {
			return err
		}
		at := join(path, name)
		if !seen.add(name) {
			return &Error{Reason: Duplicate, Field: at}
		}
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
		if w.next() != ':' {
			return &Error{Reason: Malformed}
		}
		w.at++
		if err := w.value(member, at, depth+1); err != nil {
			return err
		}
		if done, err := w.more('}'); done || err != nil {
			return err
		}
	}
}

func (w *walker) array(t reflect.Type, path string, depth int) error {
	var elem reflect.Type
	if t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) {
		elem = t.Elem()
	}
	w.at++
	if w.next() == ']' {
		w.at++
		return nil
	}
	for {
		if err := w.value(elem, path, depth+1); err != nil {
			return err
		}
		if done, err := w.more(']'); done || err != nil {
			return err
		}
	}
}

// more takes the comma before the next element, or the bracket behind the last.
func (w *walker) more(closing byte) (done bool, err error) {
	switch c := w.next(); c {
	case closing, ',':
		w.at++
		return c == closing, nil
	}
	return false, &Error{Reason: Malformed}
}

// names are those that an object has had. Few are compared one by one, many
// go into a map, so that a hostile document costs no more than its length.
type names struct {
	few  [8]string
	n    int
	many map[string]bool
}

func (s *names) add(name string) (isNew bool) {
	for _, old := range s.few[:min(s.n, len(s.few))] {
		if old == name {
			return false
		}
	}
	if s.many[name] {
		return false
	}
	if s.n < len(s.few) {
		s.few[s.n] = name
	} else {
		if s.many == nil {
			s.many = map[string]bool{}
		}
		s.many[name] = true
	}
	s.n++
	return true
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

// shapes remembers what members found: a type never changes.
var shapes sync.Map // reflect.Type → map[string]reflect.Type

// members lists the JSON names of a struct, those of embedded structs too.
func members(t reflect.Type) map[string]reflect.Type {
	if m, ok := shapes.Load(t); ok {
		return m.(map[string]reflect.Type)
	}
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
	shapes.Store(t, out)
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
