package ui

import (
	"time"

	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/locale"
)

// Theme is the reader's choice of colours, kept in a cookie.
type Theme string

// The themes. System is the zero value: it follows the machine.
const (
	System Theme = ""
	Light  Theme = "light"
	Dark   Theme = "dark"
)

// ParseTheme reads a cookie or a form value; anything strange is System.
func ParseTheme(s string) Theme {
	if t := Theme(s); t == Light || t == Dark {
		return t
	}
	return System
}

// Page is what every page knows about its reader and its place. View models
// embed it; a door fills it once per request.
type Page struct {
	Kit   *Kit            // assets and brand, made once at start
	P     *locale.Printer // words, numbers and dates in the reader's language
	Lang  locale.Lang
	Theme Theme
	// Path is the request's own path and query. The forms that switch language,
	// theme or the eye send it back as "back", to return to the same place.
	Path string
	// Now is the bank's business time; «Сегодня» and «Вчера» are told from it.
	Now time.Time
	// Reader is the client's name, «Аня Соколова»; empty before login. Pages
	// with a reader get the navigation, pages without one get a bare shell.
	Reader string
	// IdleAfter is how long the session lives without a request. The page warns
	// a minute before; zero means nobody is signed in.
	IdleAfter time.Duration
	// SumsHidden is the state of the eye: every sum is replaced by dots.
	SumsHidden bool
	// Notice is a one-time message about what has just been done, or nil.
	Notice *Notice
	// Device is the key that signs what this page sends; empty without one.
	Device Device
	// Errors are the refusals of the last POST. Their fields are names of form
	// fields; a problem with an unknown or empty field stands on top only.
	Errors Errors
}

// Device is what a page tells the script that holds this browser's device key.
type Device struct {
	Code  string        // which key: «ABCD-EFGH»; empty: the device has none
	Nonce string        // good for one signature
	Left  time.Duration // how long the session's cookie lives without a signature; zero before login
}

// SignedIn tells whether the page is shown inside a session.
func (p Page) SignedIn() bool { return p.Reader != "" }

// Tone colours a message. It is never the only sign: an icon goes with it.
type Tone string

// The tones of banners, pills and toasts.
const (
	Info Tone = "info"
	Good Tone = "pos"
	Warn Tone = "warn"
	Bad  Tone = "neg"
)

// Notice is a one-time message, shown as a toast. Text is ready to read.
type Notice struct {
	Tone Tone
	Text string
}

// Problem is one refusal in the words of the reader.
type Problem struct {
	Field string // name of the form field it is about; empty: the whole form
	Text  string
}

// Errors is a list of problems, in the order of the fields.
type Errors []Problem

// For gives the text that stands under the field, or nothing.
func (e Errors) For(field string) string {
	for _, p := range e {
		if p.Field == field {
			return p.Text
		}
	}
	return ""
}

// Any tells whether there is a problem at all.
func (e Errors) Any() bool { return len(e) > 0 }

// Explain turns an error into problems the reader understands: a fault's own
// text at its own field, anything else into the general sentence of a broken
// bank. A joined error gives several problems.
func Explain(p *locale.Printer, errs ...error) Errors {
	var out Errors
	for _, err := range errs {
		if err == nil {
			continue
		}
		if many, ok := err.(interface{ Unwrap() []error }); ok {
			out = append(out, Explain(p, many.Unwrap()...)...)
			continue
		}
		f, ok := fault.As(err)
		if !ok {
			out = append(out, Problem{Text: p.T("ui.broken")})
			continue
		}
		out = append(out, Problem{Field: f.Field, Text: p.Fault(f)})
	}
	return out
}

// Hidden is a hidden form field that carries state between two requests:
// signed tokens, idempotency keys, the place to return to.
type Hidden struct{ Name, Value string }
