package web

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"rocketbank/internal/base/fault"
)

// Whatever is posted as a browser's report: what is handed on is a rule that
// exists and an origin or one of the browser's own words, never a path.
func FuzzParseReports(f *testing.F) {
	for _, s := range []string{
		`{"csp-report":{"effective-directive":"script-src","blocked-uri":"https://evil.example/path?q=1"}}`,
		`{"csp-report":{"violated-directive":"img-src 'self'","blocked-uri":"data"}}`,
		`[{"type":"csp-violation","body":{"effectiveDirective":"style-src-attr","blockedURL":"inline"}}]`,
		`[]`, `{}`, `null`, "\x00", `{"csp-report":null}`,
	} {
		f.Add("application/csp-report", []byte(s))
		f.Add("application/reports+json; charset=utf-8", []byte(s))
	}
	f.Fuzz(func(t *testing.T, kind string, raw []byte) {
		got := parseReports(kind, raw)
		if len(got) > 10 {
			t.Errorf("%d reports of one request", len(got))
		}
		for _, one := range got {
			_, host, address := strings.Cut(one[1], "://")
			if !knownDirective(one[0]) || address && strings.ContainsAny(host, "/?#@ \n\"<\x00") || !address && strings.Trim(one[1], "abcdefghijklmnopqrstuvwxyz-") != "" {
				t.Errorf("%q %q: handed on %q", kind, raw, one)
			}
			if again := originOf(one[1]); again != one[1] && one[1] != "other" {
				t.Errorf("%q is not settled: then %q", one[1], again)
			}
		}
	})
}

// Whatever is posted as a form: it is refused with a known word, or each of its
// fields is text that a page can show again.
func FuzzReadForm(f *testing.F) {
	for _, s := range []string{"", "a=1&b=2", "a=1&a=2", "a=%00", "a=%ff", "%zz=1", "a;b", "=&=", "a=" + strings.Repeat("x", 100), strings.Repeat("a&", 300)} {
		f.Add("application/x-www-form-urlencoded", []byte(s))
		f.Add("", []byte(s))
	}
	f.Add("multipart/form-data; boundary=x", []byte("--x\r\n\r\n--x--"))
	f.Add("application/x-www-form-urlencoded; charset=\"", []byte("a=1"))
	const most = 256
	f.Fuzz(func(t *testing.T, kind string, raw []byte) {
		r := httptest.NewRequest("POST", "/x?query=1", strings.NewReader(string(raw)))
		r.Header["Content-Type"] = []string{kind}
		form, err := ReadForm(httptest.NewRecorder(), r, most)
		if err != nil {
			if _, ok := fault.As(err); !ok {
				t.Errorf("%q %q: %v", kind, raw, err)
			}
			return
		}
		if len(raw) > most || len(form.values) > maxFields || form.Has("query") && !strings.Contains(string(raw), "query") && !strings.Contains(string(raw), "%") {
			t.Errorf("%q %q: %d bytes, %d fields", kind, raw, len(raw), len(form.values))
		}
		faults := form.Faults()
		for name, all := range form.values {
			for _, s := range append(form.All(name), form.Get(name)) {
				if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
					t.Errorf("%q: %q", name, s)
				}
			}
			if len(all) > 1 && len(faults) == 0 {
				t.Errorf("%q came %d times and nobody minds", name, len(all))
			}
		}
		for _, err := range faults {
			if !errors.Is(err, ErrDoubled) && !errors.Is(err, ErrText) {
				t.Errorf("%v", err)
			}
		}
	})
}
