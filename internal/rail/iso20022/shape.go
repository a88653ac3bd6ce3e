package iso20022

import (
	"reflect"
	"strconv"
	"strings"
)

// The Go types above are the schema: the fields of a struct are the elements of
// a sequence, in their order, named by the tag xml. What has omitempty may be
// left out, a slice may come again, and the tag iso says what a text may be:
// its greatest length, a list of words («set A B»), a word of the standard's
// lists («word 4»), count, date, time, uetr, currency or bik. Of a field that
// is tagged «choice» exactly one part is there; a sum tagged «zero» may be
// nought.

// most is how often an element may come again. It is not in any schema; it
// bounds what one message can cost.
const most = 10_000

// part is one field as the schema sees it.
type part struct {
	name     string
	optional bool
	iso      string
}

func partOf(f reflect.StructField) part {
	name, rest, _ := strings.Cut(f.Tag.Get("xml"), ",")
	return part{name: name, optional: rest == "omitempty", iso: f.Tag.Get("iso")}
}

// isAmount tells the one type that is an element with an attribute.
func isAmount(t reflect.Type) bool { return t == reflect.TypeFor[Amount]() }

func indexed(name string, i int) string { return name + "[" + strconv.Itoa(i+1) + "]" }

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "/" + name
}

// check goes over a message's values and tells the first that is not as the
// schema has it.
func check(v reflect.Value, path string) *Error {
	for i := range v.NumField() {
		p, f := partOf(v.Type().Field(i)), v.Field(i)
		if f.Kind() != reflect.Slice {
			if absent(f) {
				if !p.optional {
					return &Error{join(path, p.name), Missing}
				}
				continue
			}
			if err := checkOne(f, p, join(path, p.name)); err != nil {
				return err
			}
			continue
		}
		switch n := f.Len(); {
		case n == 0 && !p.optional:
			return &Error{join(path, p.name), Missing}
		case n > most:
			return &Error{join(path, p.name), TooMany}
		}
		for j := range f.Len() {
			if err := checkOne(f.Index(j), p, join(path, indexed(p.name, j))); err != nil {
				return err
			}
		}
	}
	return nil
}

// absent tells what is not written: an empty text or no pointer.
func absent(v reflect.Value) bool {
	return v.Kind() == reflect.String && v.Len() == 0 || v.Kind() == reflect.Pointer && v.IsNil()
}

func checkOne(v reflect.Value, p part, path string) *Error {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() == reflect.String {
		if why := wrong(v.String(), p.iso); why != "" {
			return &Error{path, why}
		}
		return nil
	}
	if isAmount(v.Type()) {
		a, _ := v.Interface().(Amount)
		if why := a.wrong(p.iso == "zero"); why != "" {
			return &Error{path, why}
		}
		return nil
	}
	if err := check(v, path); err != nil {
		return err
	}
	there := 0
	for i := range v.NumField() {
		if f := v.Field(i); !absent(f) && (f.Kind() != reflect.Slice || f.Len() > 0) {
			there++
		}
	}
	switch {
	case p.iso == "choice" && there != 1:
		return &Error{path, Choice}
	case there == 0: // an element that says nothing, which the other side would not see as we meant it
		return &Error{path, Missing}
	}
	return nil
}
