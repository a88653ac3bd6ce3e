package iso20022

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"strings"
)

// MaxMessage is the longest message that is read, in bytes.
const MaxMessage = 4 << 20

// instance is the name space of attributes about schemas, which are passed
// over at the root.
const instance = "http://www.w3.org/2001/XMLSchema-instance"

var errEncoding = errors.New("not UTF-8")

// Parse reads a message: *CreditTransfer, *StatusReport, *PaymentReturn or
// *Statements. An error is an *Error.
func Parse(raw []byte) (Message, error) {
	if len(raw) > MaxMessage {
		return nil, &Error{"", TooLong}
	}
	in := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))))
	in.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errEncoding }
	r := reader{in: in}
	m, bad := r.document()
	if bad == nil {
		bad = check(reflect.ValueOf(m).Elem(), "")
	}
	if bad == nil {
		bad = m.rules()
	}
	if bad != nil {
		return nil, bad
	}
	return m, nil
}

type reader struct {
	in *xml.Decoder
	ns string
}

// next gives a start, an end, a text or, behind everything, nil.
func (r *reader) next(path string) (xml.Token, *Error) {
	for {
		t, err := r.in.Token()
		if err == io.EOF {
			return nil, nil
		}
		if errors.Is(err, errEncoding) {
			return nil, &Error{path, Encoding}
		}
		if err != nil {
			return nil, &Error{path, NotXML}
		}
		switch t := t.(type) {
		case xml.ProcInst:
			if t.Target != "xml" || r.ns != "" {
				return nil, &Error{path, Markup}
			}
		case xml.Directive, xml.Comment:
			return nil, &Error{path, Markup}
		default:
			return t, nil
		}
	}
}

// document reads the whole: root, message, and nothing behind.
func (r *reader) document() (Message, *Error) {
	root, err := r.open("")
	if err != nil {
		return nil, err
	}
	kind, ok := strings.CutPrefix(root.Name.Space, space)
	m, name := known(kind)
	switch {
	case root.Name.Local != "Document" || !ok:
		return nil, &Error{"", Namespace}
	case m == nil:
		return nil, &Error{"", UnknownMessage}
	}
	r.ns = root.Name.Space
	for _, a := range root.Attr {
		if !declares(a) && a.Name.Space != instance {
			return nil, &Error{"", UnknownAttribute}
		}
	}
	e, err := r.open("")
	if err != nil {
		return nil, err
	}
	if err := r.plain(e, ""); err != nil {
		return nil, err
	}
	if e.Name.Local != name {
		return nil, &Error{shown(e.Name.Local), UnknownElement}
	}
	if err := r.sequence(reflect.ValueOf(m).Elem(), ""); err != nil {
		return nil, err
	}
	for open := true; ; {
		t, err := r.next("")
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case nil:
			return m, nil
		case xml.EndElement:
			open = false
		case xml.CharData:
			if !blank(t) {
				return nil, &Error{"", Stray}
			}
		case xml.StartElement:
			if open {
				return nil, &Error{shown(t.Name.Local), UnknownElement}
			}
			return nil, &Error{"", NotXML}
		}
	}
}

// open gives the element that begins here.
func (r *reader) open(path string) (xml.StartElement, *Error) {
	for {
		t, err := r.next(path)
		if err != nil {
			return xml.StartElement{}, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			return t, nil
		case xml.CharData:
			if !blank(t) {
				return xml.StartElement{}, &Error{path, Stray}
			}
		case nil:
			return xml.StartElement{}, &Error{path, NotXML}
		default:
			return xml.StartElement{}, &Error{path, Missing}
		}
	}
}

// plain checks that an element is of the message's name space and has no
// attribute but declarations and those named.
func (r *reader) plain(e xml.StartElement, path string, attributes ...string) *Error {
	if e.Name.Space != r.ns {
		return &Error{path, Namespace}
	}
	had := map[string]bool{}
	for _, a := range e.Attr {
		if declares(a) {
			continue
		}
		if a.Name.Space != "" || len(attributes) == 0 || a.Name.Local != attributes[0] {
			return &Error{path, UnknownAttribute}
		}
		if had[a.Name.Local] {
			return &Error{path, Twice}
		}
		had[a.Name.Local] = true
	}
	for _, name := range attributes {
		if !had[name] {
			return &Error{join(path, "@"+name), Missing}
		}
	}
	return nil
}

// declares tells a declaration of a name space.
func declares(a xml.Attr) bool {
	return a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns"
}

func blank(b []byte) bool { return len(bytes.Trim(b, " \t\r\n")) == 0 }

// sequence reads the elements of a struct up to the end of the one they are in.
func (r *reader) sequence(v reflect.Value, path string) *Error {
	at, had := 0, false // the field that is next, and whether it has come already
	for {
		t, err := r.next(path)
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.CharData:
			if !blank(t) {
				return &Error{path, Stray}
			}
		case xml.StartElement:
			i, err := place(v.Type(), t.Name.Local, at, had, path)
			if err != nil {
				return err
			}
			at, had = i, true
			if err := r.field(v.Field(i), t, path); err != nil {
				return err
			}
		case xml.EndElement:
			return skipped(v.Type(), at, v.NumField(), had, path)
		default:
			return &Error{path, NotXML}
		}
	}
}

// place finds the field of an element, at the current one or behind it.
func place(t reflect.Type, name string, at int, had bool, path string) (int, *Error) {
	for i := range t.NumField() {
		if partOf(t.Field(i)).name != name {
			continue
		}
		switch {
		case i < at:
			return 0, &Error{join(path, name), Order}
		case i == at && had && t.Field(i).Type.Kind() != reflect.Slice:
			return 0, &Error{join(path, name), Twice}
		}
		return i, skipped(t, at, i, had, path)
	}
	return 0, &Error{join(path, shown(name)), UnknownElement}
}

// skipped tells a compulsory field between two places that has not come.
func skipped(t reflect.Type, at, to int, had bool, path string) *Error {
	if had {
		at++
	}
	for i := at; i < to; i++ {
		if p := partOf(t.Field(i)); !p.optional {
			return &Error{join(path, p.name), Missing}
		}
	}
	return nil
}

// field reads one element into its field.
func (r *reader) field(f reflect.Value, e xml.StartElement, path string) *Error {
	path = join(path, e.Name.Local)
	if f.Kind() == reflect.Slice {
		if f.Len() == most {
			return &Error{path, TooMany}
		}
		path = path[:len(path)-len(e.Name.Local)] + indexed(e.Name.Local, f.Len())
		f.Set(reflect.Append(f, reflect.Zero(f.Type().Elem())))
		f = f.Index(f.Len() - 1)
	}
	if f.Kind() == reflect.Pointer {
		f.Set(reflect.New(f.Type().Elem()))
		f = f.Elem()
	}
	switch {
	case isAmount(f.Type()):
		if err := r.plain(e, path, "Ccy"); err != nil {
			return err
		}
		text, err := r.text(path)
		if err != nil {
			return err
		}
		for _, a := range e.Attr {
			if a.Name.Space == "" && a.Name.Local == "Ccy" {
				f.Set(reflect.ValueOf(Amount{Currency: a.Value, Value: text}))
			}
		}
		return nil
	case f.Kind() == reflect.String:
		if err := r.plain(e, path); err != nil {
			return err
		}
		text, err := r.text(path)
		f.SetString(text)
		return err
	}
	if err := r.plain(e, path); err != nil {
		return err
	}
	return r.sequence(f, path)
}

// text reads an element that has only text, and has some.
func (r *reader) text(path string) (string, *Error) {
	var out []byte
	for {
		t, err := r.next(path)
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.CharData:
			out = append(out, t...)
		case xml.EndElement:
			if len(out) == 0 {
				return "", &Error{path, Length}
			}
			return string(out), nil
		case xml.StartElement:
			return "", &Error{join(path, shown(t.Name.Local)), UnknownElement}
		default:
			return "", &Error{path, NotXML}
		}
	}
}

// shown gives the name of a stranger's element where it looks like a name of
// the standard, so that no text gets into a log by way of one.
func shown(name string) string {
	if len(name) > 35 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
		return "*"
	}
	return name
}
