package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/door/web"
)

func TestCSPReports(t *testing.T) {
	var got []string
	h := web.CSPReports(func(_ context.Context, directive, blocked string) { got = append(got, directive+" "+blocked) })
	for _, tc := range []struct{ kind, body, want string }{
		{"application/csp-report", `{"csp-report":{"effective-directive":"script-src-elem","blocked-uri":"https://evil.example/x.js?token=1","document-uri":"https://bank.example/secret"}}`,
			"script-src-elem https://evil.example"},
		{"application/csp-report", `{"csp-report":{"violated-directive":"style-src 'self'","blocked-uri":"inline"}}`, "style-src inline"},
		{"application/reports+json", `[{"type":"csp-violation","body":{"effectiveDirective":"img-src","blockedURL":"data"}},{"type":"deprecation"}]`, "img-src data"},
		{"application/csp-report", `{"csp-report":{"effective-directive":"<b>","blocked-uri":"x"}}`, ""},
		{"application/csp-report", `{"csp-report":{"effective-directive":"img-src","blocked-uri":"https://` + strings.Repeat("a", 200) + `/"}}`, "img-src other"},
		{"application/csp-report", `{"csp-report":{"effective-directive":"img-src","blocked-uri":"a\nlevel=ERROR"}}`, "img-src other"},
		{"application/csp-report", `{"csp-report":{"effective-directive":"img-src","blocked-uri":"//evil.example/x"}}`, "img-src other"},
		{"application/csp-report", `{`, ""},
		{"text/plain", `{"csp-report":{"effective-directive":"img-src"}}`, ""},
		{"application/csp-report", `{"csp-report":{"effective-directive":"img-src","blocked-uri":"` + strings.Repeat("x", 17<<10) + `"}}`, ""},
	} {
		got = nil
		r := httptest.NewRequest(http.MethodPost, web.ReportPath, strings.NewReader(tc.body))
		r.Header.Set("Content-Type", tc.kind)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusNoContent || strings.Join(got, ";") != tc.want {
			t.Errorf("%.80s: %d %v, want %q", tc.body, w.Code, got, tc.want)
		}
	}
}

func TestSecurityTxt(t *testing.T) {
	now := func() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) }
	w := httptest.NewRecorder()
	web.SecurityTxt("https://bank.example", "", now, "mailto:security@bank.example").ServeHTTP(w, httptest.NewRequest(http.MethodGet, web.SecurityTxtPath, nil))
	for _, line := range []string{"Contact: mailto:security@bank.example", "Expires: 2027-05-01T00:00:00Z", "Canonical: https://bank.example/.well-known/security.txt"} {
		if !strings.Contains(w.Body.String(), line+"\n") {
			t.Errorf("no line %q in %q", line, w.Body)
		}
	}
	if got := w.Header().Get("Content-Type"); got != "text/plain; charset=utf-8" {
		t.Errorf("type %s", got)
	}
}
