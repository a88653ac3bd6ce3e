package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// The harness itself: whatever goes wrong in a browser is seen, and a clean
// page is not blamed.
func TestHarnessSeesTrouble(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(serveTrouble))
	defer site.Close()
	for _, tc := range []struct {
		path, want string
		noJS       bool
	}{
		{"/clean", "", false},
		{"/clean", "", true},
		{"/console", "console: \"broken\"", false},
		{"/throws", "script: ", false},
		{"/inline", "security: ", false},
		{"/missing", "404", false},
		{"/image500", "answer 500", true},
		{"/500", "answer 500", false},
	} {
		name := strings.TrimPrefix(tc.path, "/")
		if tc.noJS {
			name += "-nojs"
		}
		t.Run(name, func(t *testing.T) {
			p := Open(t, site.URL, Opt{NoJS: tc.noJS})
			p.Go(tc.path)
			p.Idle(50 * time.Millisecond)
			_ = chromedp.Do(p, chromedp.Evaluate[chromedp.Void]("0"))
			got := strings.Join(p.complaints(), "\n")
			if tc.want == "" && got != "" || !strings.Contains(got, tc.want) {
				t.Errorf("complaints %q, want %q", got, tc.want)
			}
			p.Allow("") // all of them were wanted
		})
	}
}

func serveTrouble(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", "default-src 'self'")
	switch r.URL.Path {
	case "/console.js":
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, `console.error("broken")`)
		return
	case "/throws.js":
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, `nothing.there()`)
		return
	case "/icon.svg":
		w.Header().Set("Content-Type", "image/svg+xml")
		fmt.Fprint(w, `<svg xmlns="http://www.w3.org/2000/svg"/>`)
		return
	case "/500":
		w.WriteHeader(http.StatusInternalServerError)
	case "/500.png":
		w.WriteHeader(http.StatusInternalServerError)
		return
	case "/missing.png":
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	body := map[string]string{
		"/console":  `<script src="/console.js"></script>`,
		"/throws":   `<script src="/throws.js"></script>`,
		"/inline":   `<script>1</script>`,
		"/missing":  `<img src="/missing.png" alt="">`,
		"/image500": `<img src="/500.png" alt="">`,
		"/wide":     `<main><h1>Wide</h1><div style="width:2000px">x</div></main>`,
		"/form":     formBody(r),
	}[r.URL.Path]
	if r.URL.Path == "/wide" {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; style-src 'unsafe-inline'")
	}
	fmt.Fprintf(w, `<!doctype html><html lang="en"><head><meta name="viewport" content="width=device-width"><link rel="icon" href="/icon.svg"><title>Page</title></head>
		<body>%s</body></html>`, body)
}

func formBody(r *http.Request) string {
	if r.Method == http.MethodPost {
		return `<main><h1>Sent</h1><p id="got">` + r.PostFormValue("sum") + `/` + r.PostFormValue("card") + `</p></main>`
	}
	return `<main><h1>Form</h1><form method="post"><input type="hidden" name="sum" value="no"><label>Sum <input name="sum" value="12"></label>
		<label><input type="radio" name="card" value="one" checked>One</label><label><input type="radio" name="card" value="two">Two</label>
		<button>Отправить 5 000 ₽</button></form></main>`
}

// A person fills a form, with and without scripts, with a finger and a mouse.
func TestHarnessFillsForms(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(serveTrouble))
	defer site.Close()
	for name, o := range map[string]Opt{"desktop": {}, "mobile": {Mobile: true}, "nojs": {NoJS: true}} {
		t.Run(name, func(t *testing.T) {
			p := Open(t, site.URL, o)
			p.Go("/form")
			p.Fill("sum", "5000,5")
			p.Choose("card", "two")
			p.Submit("Отправить 5 000 ₽")
			p.Sees("Sent")
			p.SeesNot("Form")
			p.Text("#got", "no/two")
			p.At("/form")
		})
	}
}

// The gates find what they are for.
func TestHarnessGates(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(serveTrouble))
	defer site.Close()
	double := &blamed{TB: t}
	p := Open(t, site.URL, Opt{})
	p.Go("/missing")
	p.Allow("404")
	if len(p.axe()) == 0 {
		t.Error("axe finds nothing on a page without a heading and landmarks")
	}
	p.Go("/wide")
	p.t = double
	p.noSideways("wide", 1280)
	p.t = t
	if !double.failed {
		t.Error("a page of 2000 px passes as one of 1280")
	}
	c := p.Cold("/form")
	if c.Requests != 1 || c.Bytes < 300 || c.ByKind["Document"] < 200 || c.ByKind["Document"] >= c.Bytes {
		t.Errorf("the cost of a page with one document is %+v", c)
	}
}

// blamed notes a failure instead of failing.
type blamed struct {
	testing.TB
	failed bool
}

func (b *blamed) Helper()               {}
func (b *blamed) Errorf(string, ...any) { b.failed = true }
