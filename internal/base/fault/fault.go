// Package fault classifies the errors that cross a door.
//
// A fault carries three things for three readers: a code the program can
// branch on, a catalogue key the customer may see in his own language, and a
// cause that only the log sees. Every error that is not a fault is Broken:
// the customer gets a reference number and the log gets the rest.
package fault

import (
	"errors"
	"maps"
)

// Code says what kind of refusal an error is. Doors turn it into a status.
type Code string

// The codes, with the HTTP status that the web doors give them.
const (
	Invalid         Code = "invalid"         // 422: the customer can correct it
	Unauthenticated Code = "unauthenticated" // 401: no session, token or proof
	Forbidden       Code = "forbidden"       // 403
	Missing         Code = "missing"         // 404, also for "not yours"
	Conflict        Code = "conflict"        // 409: replay with other content, stale version
	Refused         Code = "refused"         // 422: a rule of the bank said no (funds, limit, block)
	Throttled       Code = "throttled"       // 429
	Busy            Code = "busy"            // 503: try again in a moment with the same key
	Broken          Code = "broken"          // 500: everything else
)

// Error is a refusal with a text for people. It is a value: With, At and
// Because return changed copies, so a package-level fault can be shared.
type Error struct {
	Code  Code
	Key   string         // catalogue key, e.g. "transfer.insufficient_funds"
	Field string         // the form field or JSON member it is about, may be empty
	Args  map[string]any // values for the text's {places}
	Err   error          // the cause, never shown

	origin *Error // the value this one was copied from, for errors.Is
}

// New makes a fault with a code and the catalogue key of its text.
func New(code Code, key string) *Error { return &Error{Code: code, Key: key} }

// Error gives the key and the cause; it is meant for logs.
func (e *Error) Error() string {
	s := string(e.Code) + ": " + e.Key
	if e.Field != "" {
		s += " (" + e.Field + ")"
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is makes copies made by With, At and Because equal to their original.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && e.root() == t.root()
}

// With returns a copy that carries a value for the text's {name}.
func (e *Error) With(name string, value any) *Error {
	c := e.copied()
	c.Args = maps.Clone(e.Args)
	if c.Args == nil {
		c.Args = map[string]any{}
	}
	c.Args[name] = value
	return c
}

// At returns a copy that names the field it is about.
func (e *Error) At(field string) *Error {
	c := e.copied()
	c.Field = field
	return c
}

// Because returns a copy with a cause.
func (e *Error) Because(err error) *Error {
	c := e.copied()
	c.Err = err
	return c
}

func (e *Error) copied() *Error {
	c := *e
	c.origin = e.root()
	return &c
}

func (e *Error) root() *Error {
	if e.origin != nil {
		return e.origin
	}
	return e
}

// As finds the fault in a chain of errors.
func As(err error) (*Error, bool) {
	var f *Error
	ok := errors.As(err, &f)
	return f, ok
}

// CodeOf gives the code of an error; Broken for everything that is no fault.
func CodeOf(err error) Code {
	if f, ok := As(err); ok {
		return f.Code
	}
	return Broken
}
