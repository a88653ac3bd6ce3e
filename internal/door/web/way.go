package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"rocketbank/internal/base/fault"
)

// Way is one line of a door's table of routes.
type Way struct {
	Method, Path string
	Handler      http.Handler
}

// methods are all that a request may come with (RFC 9110 §9, RFC 5789).
func methods() []string {
	return []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodConnect, http.MethodOptions, http.MethodTrace,
	}
}

// Mux serves a door's table. A path that is there for other methods is answered
// by wrong with what it allows, and a path that is nowhere by nothing, so that
// both answers are the door's own pages.
func Mux(ways []Way, wrong func(method, path, allow string) http.Handler, nothing http.Handler) *http.ServeMux {
	mux := http.NewServeMux()
	allowed := map[string]string{}
	for _, w := range ways {
		mux.Handle(w.Method+" "+w.Path, w.Handler)
		allow := w.Method
		if w.Method == http.MethodGet {
			allow += ", HEAD"
		}
		if before := allowed[w.Path]; before != "" {
			allow = before + ", " + allow
		}
		allowed[w.Path] = allow
	}
	// Method by method: a pattern for all of them would conflict with one like
	// GET /topup/{id} that covers the same path.
	for path, allow := range allowed {
		for _, m := range methods() {
			if m != http.MethodHead && !slices.Contains(strings.Split(allow, ", "), m) {
				mux.Handle(m+" "+path, wrong(m, path, allow))
			}
		}
	}
	mux.Handle("/", nothing)
	return mux
}

// NotThisWay refuses a method and says which ones the path takes.
func NotThisWay(w http.ResponseWriter, allow string) error {
	w.Header().Set("Allow", allow)
	return ErrMethod
}

// maxLocalPath bounds an address to go back to.
const maxLocalPath = 4000

// LocalPath checks an address to go back to: a path of our own and nothing
// else. Whatever a browser might read as another host is refused.
func LocalPath(s string) (string, bool) {
	if len(s) == 0 || len(s) > maxLocalPath || s[0] != '/' || strings.HasPrefix(s, "//") {
		return "", false
	}
	for _, r := range s {
		if r <= ' ' || r == '\\' || r > 0x7e {
			return "", false
		}
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Fragment != "" || strings.HasPrefix(u.Path, "//") || strings.Contains(u.Path, "\\") {
		return "", false
	}
	return u.RequestURI(), true
}

// OnForm tells whether a refusal belongs on the form it came from rather than
// on a page of its own.
func OnForm(err error) bool {
	switch fault.CodeOf(err) {
	case fault.Invalid, fault.Refused, fault.Conflict, fault.Throttled, fault.Busy:
		return true
	}
	return false
}
