package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rocketbank/internal/base/locale"
	"rocketbank/internal/door/api"
)

var update = flag.Bool("update", false, "write golden files anew")

const golden = "../../../docs/openapi.json"

// The document in docs is the one that is served; -update writes it anew.
func TestOpenAPIIsFresh(t *testing.T) {
	got := api.New(api.Deps{}).OpenAPI()
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("docs/openapi.json is stale: go test ./internal/door/api -run OpenAPI -update")
	}
}

// Every route, parameter and member is told in words, sums are never numbers,
// and callers' shapes are closed while ours are open.
func TestOpenAPISaysEverything(t *testing.T) {
	door := api.New(api.Deps{})
	var doc struct {
		OpenAPI    string
		Paths      map[string]map[string]map[string]any
		Components struct {
			Schemas map[string]struct {
				AdditionalProperties *bool
				Properties           map[string]map[string]any
			}
		}
	}
	if err := json.Unmarshal(door.OpenAPI(), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.OpenAPI != "3.1.0" {
		t.Errorf("openapi %q", doc.OpenAPI)
	}
	said := func(where string, text any) {
		s, _ := text.(string)
		if s == "" || strings.HasPrefix(s, "api.") {
			t.Errorf("%s is not told: %q", where, s)
		}
	}
	n := 0
	for path, item := range doc.Paths {
		for method, op := range item {
			n++
			said(method+path, op["summary"])
			said(method+path, op["description"])
			params, _ := op["parameters"].([]any)
			for _, p := range params {
				said(path+" parameter", p.(obj)["description"])
			}
			// Of the routes of newcomers the first alone asks for no secret.
			_, refuses := op["responses"].(obj)["401"]
			if security, told := op["security"].([]any); !told || len(security) == 0 || refuses != (len(security[0].(obj)) > 0) || !refuses && path != "/api/v1/applications" {
				t.Errorf("%s %s has no word about tokens", method, path)
			}
		}
	}
	if n != len(door.Routes()) {
		t.Errorf("%d operations for %d routes", n, len(door.Routes()))
	}
	for name, s := range doc.Components.Schemas {
		sent := strings.HasPrefix(name, "New") || name == "Money"
		if closed := s.AdditionalProperties != nil && !*s.AdditionalProperties; closed != sent {
			t.Errorf("%s: closed %v", name, closed)
		}
		for member, m := range s.Properties {
			said(name+"."+member, m["description"])
			if typ := m["type"]; typ == "number" || typ == "integer" && member != "status" && member != "receipt" {
				t.Errorf("%s.%s is a %v", name, member, typ)
			}
		}
	}
}

func TestOpenAPIIsServed(t *testing.T) {
	w := lite(t, unlimited)
	r := w.do(ask{method: "GET", path: "/api/openapi.json"})
	if r.status != 200 || r.raw != string(w.door.OpenAPI()) || r.header.Get("Content-Type") != "application/json" {
		t.Errorf("%d %v", r.status, r.header)
	}
	w.problem(w.do(ask{method: "POST", path: "/api/openapi.json"}), 405, "api.method")
}

// Each code has its words in both languages, and its own place.
func TestCodes(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range api.Codes() {
		if seen[f.Key] {
			t.Errorf("%s stands twice", f.Key)
		}
		seen[f.Key] = true
		for _, lang := range locale.Langs() {
			if !locale.For(lang).Has(f.Key) {
				t.Errorf("%s has no text in %s", f.Key, lang)
			}
		}
	}
}

// listed tells whether the docs name a code.
func listed(code string) bool {
	for _, f := range api.Codes() {
		if f.Key == code {
			return true
		}
	}
	return false
}

var (
	inline        = regexp.MustCompile(`(?i)<style|\sstyle=|<script(?:[^>]*\ssrc=)?[^>]*>[^<]|\son[a-z]+=|javascript:`)
	address       = regexp.MustCompile(`(?:src|href|action)="([^"]*)"`)
	cyrillic      = regexp.MustCompile(`[^<>]*\p{Cyrillic}[^<>]*`) // with the words around it
	markedRussian = regexp.MustCompile(`<(\w+)[^>]* lang="ru"[^>]*>[^<]*</\w+>`)

	anchor = regexp.MustCompile(`\sid="([^"]*)"`)
)

// The pages need nothing inline and nothing from elsewhere, speak both
// languages, tell every request once, and every link among them leads somewhere.
func TestDocsPages(t *testing.T) {
	w := lite(t, unlimited)
	for _, lang := range []string{"ru", "en"} {
		pages := map[string]string{"/api/docs": w.docsPage("/api/docs", lang)}
		for _, m := range address.FindAllStringSubmatch(pages["/api/docs"], -1) {
			if path, _, _ := strings.Cut(m[1], "#"); strings.HasPrefix(path, "/api/docs/") && pages[path] == "" {
				pages[path] = w.docsPage(path, lang)
			}
		}
		var all strings.Builder
		for path, raw := range pages {
			for _, m := range address.FindAllStringSubmatch(raw, -1) {
				to, at, anchored := strings.Cut(m[1], "#")
				if to == "" {
					to = path
				}
				if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") {
					t.Errorf("%s: %s is not ours", path, m[1])
				}
				if page, is := pages[to]; anchored && (!is || !strings.Contains(page, ` id="`+at+`"`)) {
					t.Errorf("%s: %s leads nowhere", path, m[1])
				}
			}
			all.WriteString(raw)
		}
		for _, rt := range w.door.Routes() {
			if n := strings.Count(all.String(), ` id="`+rt.ID+`"`); n != 1 {
				t.Errorf("%s: %s is told %d times", lang, rt.ID, n)
			}
			if !strings.Contains(all.String(), rt.Path) {
				t.Errorf("%s: %s is missing", lang, rt.Path)
			}
		}
		if russian := strings.Contains(all.String(), "Перевести"); russian != (lang == "ru") {
			t.Errorf("%s: the languages are mixed up", lang)
		}
	}
	style := regexp.MustCompile(`/api/docs\.[0-9a-f]+\.css`).FindString(w.docsPage("/api/docs", "ru"))
	if r := w.do(ask{method: "GET", path: style}); r.status != 200 || !strings.Contains(r.header.Get("Cache-Control"), "immutable") {
		t.Errorf("stylesheet: %d %v", r.status, r.header)
	}
	for _, path := range []string{"/api/docs/", "/api/docs/nothing", "/api/docs/transfers/"} {
		if r := w.do(ask{method: "GET", path: path}); r.status != 404 {
			t.Errorf("%s: %d", path, r.status)
		}
	}
}

// docsPage reads one page and holds it to what every one must be.
func (w *world) docsPage(path, lang string) string {
	w.Helper()
	r := w.do(ask{method: "GET", path: path, lang: lang})
	if r.status != 200 || r.header.Get("Content-Type") != "text/html; charset=utf-8" || r.header.Get("Content-Language") != lang {
		w.Fatalf("%s in %s: %d %v", path, lang, r.status, r.header)
	}
	csp := r.header.Get("Content-Security-Policy")
	if strings.Contains(csp, "unsafe") || strings.Contains(csp, "http") || !strings.Contains(csp, "default-src 'none'") {
		w.Errorf("%s: policy %q", path, csp)
	}
	if m := inline.FindString(r.raw); m != "" {
		w.Errorf("%s in %s: something inline: %q", path, lang, m)
	}
	var ids []string
	for _, m := range anchor.FindAllStringSubmatch(r.raw, -1) {
		if slices.Contains(ids, m[1]) {
			w.Errorf("%s in %s: id %q twice", path, lang, m[1])
		}
		ids = append(ids, m[1])
	}
	if m := regexp.MustCompile(`>api\.(doc|member|param|op|tag)\.[a-z_.]*`).FindString(r.raw); m != "" {
		w.Errorf("%s in %s: no text for %s", path, lang, m)
	}
	if m := cyrillic.FindString(markedRussian.ReplaceAllString(r.raw, "")); m != "" && lang == "en" {
		w.Errorf("%s: the English page speaks Russian: %q", path, m)
	}
	return r.raw
}
