package iso20022

import (
	"bytes"
	"encoding/xml"
	"reflect"
)

// Write gives a message as XML, checked as a message that comes in is. An
// error is an *Error.
func Write(m Message) ([]byte, error) {
	v := reflect.ValueOf(m).Elem()
	bad := check(v, "")
	if bad == nil {
		bad = m.rules()
	}
	if bad != nil {
		return nil, bad
	}
	_, name := known(m.Kind())
	var out bytes.Buffer
	out.WriteString(xml.Header + `<Document xmlns="` + space + m.Kind() + `"><` + name + ">")
	write(&out, v)
	out.WriteString("</" + name + "></Document>\n")
	if out.Len() > MaxMessage {
		return nil, &Error{"", TooLong}
	}
	return out.Bytes(), nil
}

func write(out *bytes.Buffer, v reflect.Value) {
	for i := range v.NumField() {
		name, f := partOf(v.Type().Field(i)).name, v.Field(i)
		if f.Kind() != reflect.Slice {
			if !absent(f) {
				element(out, name, f)
			}
			continue
		}
		for j := range f.Len() {
			element(out, name, f.Index(j))
		}
	}
}

func element(out *bytes.Buffer, name string, v reflect.Value) {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	out.WriteString("<" + name)
	if a, ok := v.Interface().(Amount); ok {
		out.WriteString(` Ccy="` + a.Currency + `">` + a.Value) // both checked: letters and digits
	} else if out.WriteByte('>'); v.Kind() == reflect.String {
		_ = xml.EscapeText(out, []byte(v.String())) // a buffer takes everything
	} else {
		write(out, v)
	}
	out.WriteString("</" + name + ">")
}
