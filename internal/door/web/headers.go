package web

import (
	"net"
	"net/http"
	"strings"
)

// securityHeaders lists what every answer carries (W02, W03). Nothing of ours
// is inline, framed, embedded by others or loaded from another host. A form
// may be led on to the listed origins, because browsers apply form-action to
// the redirect that follows it. Browsers report what was stopped (CSPReports).
func securityHeaders(https bool, formTargets []string) [][2]string {
	forms := strings.Join(append([]string{"'self'"}, formTargets...), " ")
	out := [][2]string{
		{"Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
			"manifest-src 'self'; worker-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action " + forms +
			"; report-uri " + ReportPath},
		{"X-Content-Type-Options", "nosniff"},
		{"X-Frame-Options", "DENY"},
		{"Referrer-Policy", "same-origin"},
		{"Cross-Origin-Opener-Policy", "same-origin"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
		{"Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
		{"Cache-Control", "no-store"}, // who serves something public says so himself
	}
	if https {
		out = append(out, [2]string{"Strict-Transport-Security", "max-age=63072000; includeSubDomains"})
	}
	return out
}

// SameHost lets only requests to the origin's own host through, so that no
// other name pointed at us can act as the bank's site. A loopback address typed
// instead of localhost is led there, because cookies and passkeys live at the
// name; free lists paths that machines ask by address.
func (f *Front) SameHost(next http.Handler, fail Fail, free ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.EqualFold(r.Host, f.origin.Host) {
			next.ServeHTTP(w, r)
			return
		}
		for _, p := range free {
			if r.URL.Path == p {
				next.ServeHTTP(w, r)
				return
			}
		}
		if f.origin.Hostname() == "localhost" && loopback(r.Host) && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
			// Only path and query are the visitor's; the host is ours.
			http.Redirect(w, r, f.Origin()+"/"+strings.TrimLeft(r.URL.RequestURI(), "/\\"), http.StatusTemporaryRedirect)
			return
		}
		fail(w, r, ErrHost)
	})
}

func loopback(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && ip.IsLoopback()
}
