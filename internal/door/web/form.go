package web

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// DefaultBody is how long a request's body may be where a route says nothing else.
const DefaultBody = 64 << 10

// maxFields bounds a form: no page of ours has that many.
const maxFields = 100

// Form is a posted form as it came. A field that comes twice, or text that is
// none, is not guessed at: Faults names it and the page is shown again.
type Form struct {
	values url.Values
}

// ReadForm reads the body of a POST, at most max bytes of it. The query is no
// part of a form. Errors are ErrTooLarge, ErrMedia and ErrForm.
func ReadForm(w http.ResponseWriter, r *http.Request, max int64) (Form, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		if r.ContentLength == 0 && r.Header.Get("Content-Type") == "" {
			return Form{values: url.Values{}}, nil // a bare POST: every field is empty
		}
		return Form{}, ErrMedia
	}
	r.Body = http.MaxBytesReader(w, r.Body, max)
	if err := r.ParseForm(); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return Form{}, ErrTooLarge
		}
		return Form{}, ErrForm.Because(err)
	}
	if len(r.PostForm) > maxFields {
		return Form{}, ErrForm
	}
	return Form{values: r.PostForm}, nil
}

// Get gives a field as it was typed, without what no page could show again.
func (f Form) Get(name string) string { return clean(f.values.Get(name)) }

// All gives every value of a field that may come several times.
func (f Form) All(name string) []string {
	var out []string
	for _, s := range f.values[name] {
		out = append(out, clean(s))
	}
	return out
}

// Has tells whether the field came at all.
func (f Form) Has(name string) bool { return f.values.Has(name) }

// Faults lists what is wrong with the fields before they are read: sent twice
// (unless several may come), holding NUL or broken UTF-8.
func (f Form) Faults(several ...string) []error {
	var out []error
	for name, all := range f.values {
		if len(all) > 1 && !slices.Contains(several, name) {
			out = append(out, ErrDoubled.At(clean(name)))
			continue
		}
		for _, s := range all {
			if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
				out = append(out, ErrText.At(clean(name)))
				break
			}
		}
	}
	slices.SortFunc(out, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return out
}

func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}
