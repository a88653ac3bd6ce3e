package web

import (
	"net/http"
	"time"
)

// SetCookie sets a cookie the only way we do: bound to this very host, sent
// over TLS alone (or to localhost), out of reach of scripts and of other
// sites' posts. Its name starts with __Host-. A zero life ends with the browser.
func SetCookie(w http.ResponseWriter, name, value string, life time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(life / time.Second),
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// DropCookie takes a cookie back.
func DropCookie(w http.ResponseWriter, name string) {
	http.SetCookie(w, &http.Cookie{Name: name, Path: "/", MaxAge: -1, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

// Cookie reads a cookie; an absent one, and one sent twice, is empty.
func Cookie(r *http.Request, name string) string {
	all := r.CookiesNamed(name)
	if len(all) != 1 {
		return ""
	}
	return all[0].Value
}
