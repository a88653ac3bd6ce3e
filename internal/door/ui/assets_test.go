package ui

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
)

func testKit(t testing.TB) *Kit {
	t.Helper()
	k, err := NewKit(DefaultBrand())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func get(k *Kit, url, accept string) *http.Response {
	r := httptest.NewRequest(http.MethodGet, url, nil)
	r.Header.Set("Accept-Encoding", accept)
	w := httptest.NewRecorder()
	k.Static().ServeHTTP(w, r)
	return w.Result()
}

func TestAssetsAreServedForEverInTheBestEncoding(t *testing.T) {
	k := testKit(t)
	for _, c := range []struct{ accept, want string }{
		{"gzip, deflate, br, zstd", "br"},
		{"gzip;q=1.0, br;q=0", "gzip"},
		{"deflate", ""},
		{"", ""},
		{"xbr", ""},
	} {
		res := get(k, k.URL("app.css"), c.accept)
		if res.StatusCode != http.StatusOK || res.Header.Get("Content-Encoding") != c.want {
			t.Errorf("Accept-Encoding %q: %d, encoding %q, want %q", c.accept, res.StatusCode, res.Header.Get("Content-Encoding"), c.want)
		}
		if cc := res.Header.Get("Cache-Control"); !strings.Contains(cc, "immutable") {
			t.Errorf("Cache-Control %q", cc)
		}
		if res.Header.Get("Vary") != "Accept-Encoding" {
			t.Error("no Vary")
		}
		if got := decode(t, res); !bytes.Equal(got, k.assets.byName["app.css"].plain) {
			t.Errorf("Accept-Encoding %q: another content", c.accept)
		}
	}
}

func decode(t *testing.T, res *http.Response) []byte {
	t.Helper()
	var r io.Reader = res.Body
	switch res.Header.Get("Content-Encoding") {
	case "br":
		r = brotli.NewReader(r)
	case "gzip":
		z, err := gzip.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		r = z
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestUnknownNamesAndMethods(t *testing.T) {
	k := testKit(t)
	for _, url := range []string{"/static/", "/static/app.css", "/static/app.0000000000.css", "/static/../kit.go", "/static/OFL.txt"} {
		if res := get(k, url, ""); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", url, res.StatusCode)
		}
	}
	w := httptest.NewRecorder()
	k.Static().ServeHTTP(w, httptest.NewRequest(http.MethodPost, k.URL("app.css"), nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
	w = httptest.NewRecorder()
	k.Static().ServeHTTP(w, httptest.NewRequest(http.MethodHead, k.URL("app.css"), nil))
	if w.Code != http.StatusOK || w.Body.Len() != 0 || w.Header().Get("Content-Length") == "0" {
		t.Errorf("HEAD: %d, %d bytes", w.Code, w.Body.Len())
	}
}

// The budgets of the design guide, §2.
func TestBudgets(t *testing.T) {
	k := testKit(t)
	sum := func(names ...string) (n int) {
		for _, name := range names {
			a := k.assets.byName[name]
			if a.dense {
				n += len(a.plain)
			} else {
				br, _ := a.squeezed()
				n += len(br)
			}
		}
		return n
	}
	for _, b := range []struct {
		what string
		size int
		most int
	}{
		{"styles", sum("app.css"), 8 << 10},
		{"fonts", sum("onest-cyrillic.woff2", "onest-latin.woff2", "onest-ruble.woff2"), 29 << 10},
		{"scripts", sum("htmx.js", "app.js"), 15 << 10},
		{"styles of the questionnaire", sum("app.css", "order.css"), 8 << 10},
		{"styles of the cards", sum("app.css", "cards.css"), 8 << 10},
		{"scripts of the cards", sum("app.js", "cards.js", "key.js", "passkey.js"), 15 << 10},
		{"styles of a card's rules", sum("app.css", "rules.css"), 8 << 10},
		{"scripts of the questionnaire", sum("app.js", "order.js", "key.js"), 15 << 10},
	} {
		t.Logf("%s: %d bytes", b.what, b.size)
		if b.size > b.most {
			t.Errorf("%s: %d bytes compressed, at most %d", b.what, b.size, b.most)
		}
	}
}

// «Системная» on a dark machine and the chosen dark theme are one theme.
func TestBothDarkThemesAreEqual(t *testing.T) {
	css, err := os.ReadFile("static/app.css")
	if err != nil {
		t.Fatal(err)
	}
	block := func(after string) string {
		_, rest, ok := strings.Cut(string(css), after)
		if !ok {
			t.Fatalf("no %s", after)
		}
		body, _, _ := strings.Cut(rest, "}")
		return strings.TrimSpace(body)
	}
	chosen := block(`[data-theme="dark"]{`)
	system := block(`:root:not([data-theme]){`)
	if chosen != system {
		t.Error("the two dark blocks of app.css differ")
	}
	light := block(":root{")
	for _, token := range regexp.MustCompile(`--[a-z0-9-]+:#`).FindAllString(light, -1) {
		if !strings.Contains(chosen, token) {
			t.Errorf("%s has no dark colour", token)
		}
	}
}

func TestEveryUsedIconIsThereAndEveryIconIsUsed(t *testing.T) {
	k := testKit(t)
	used := map[string]bool{}
	var source strings.Builder
	for _, dir := range []string{".", "../cabinet"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if ext := path.Ext(e.Name()); (ext == ".templ" || ext == ".go") && !strings.HasSuffix(e.Name(), "_templ.go") && !strings.HasSuffix(e.Name(), "_test.go") {
				raw, err := os.ReadFile(path.Join(dir, e.Name()))
				if err != nil {
					t.Fatal(err)
				}
				source.Write(raw)
			}
		}
	}
	for name := range k.icons {
		if strings.Contains(source.String(), `"`+name+`"`) {
			used[name] = true
		} else {
			t.Errorf("lucide/%s.svg is not used: take it out", name)
		}
	}
	for _, m := range regexp.MustCompile(`Icon(?:S|XS)?\("([a-z0-9-]+)"\)`).FindAllStringSubmatch(source.String(), -1) {
		if k.icons[m[1]] == "" {
			t.Errorf("icon %s is not vendored", m[1])
		}
	}
}

func TestWorkerKeepsOnlyWhatIsNobodys(t *testing.T) {
	k := testKit(t)
	w := httptest.NewRecorder()
	k.Worker(w)
	body := w.Body.String()
	if strings.Contains(body, "'{") {
		t.Error("a place was not filled in")
	}
	for _, m := range regexp.MustCompile(`"(/[^"]*)"`).FindAllStringSubmatch(body, -1) {
		if k.assets.byPath[m[1]] == nil {
			t.Errorf("the worker keeps %s", m[1])
		}
	}
	if !strings.Contains(body, k.URL("app.css")) {
		t.Error("the worker does not keep the styles")
	}
}
