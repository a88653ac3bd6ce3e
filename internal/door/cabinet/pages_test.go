package cabinet

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"golang.org/x/net/html"

	"rocketbank/internal/base/locale"
	"rocketbank/internal/door/ui"
)

// Every page in every state and language is rendered and read back: balanced
// tags, one h1, a label for every field, references that lead somewhere, and
// nothing that the strict Content-Security-Policy would block.
//
// ROCKETBANK_GALLERY=folder keeps the files, ROCKETBANK_GALLERY_ADDR=host:port
// serves them with their assets until the test is stopped.
func TestPages(t *testing.T) {
	kit := galleryKit(t)
	dir := os.Getenv("ROCKETBANK_GALLERY")
	if dir == "" {
		dir = t.TempDir()
	}
	for _, lang := range locale.Langs() {
		for _, e := range gallery(kit, lang, ui.System) {
			t.Run(string(lang)+"/"+e.name, func(t *testing.T) {
				page := render(t, e)
				checkPage(t, e, page)
				if err := os.MkdirAll(filepath.Join(dir, string(lang)), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, string(lang), e.name+".html"), page, 0o644); err != nil {
					t.Fatal(err)
				}
			})
		}
	}
}

func TestServeGallery(t *testing.T) {
	addr := os.Getenv("ROCKETBANK_GALLERY_ADDR")
	if addr == "" {
		t.Skip("a tool for looking: ROCKETBANK_GALLERY_ADDR=127.0.0.1:8099 go test -run ServeGallery -timeout 0 ./internal/door/cabinet")
	}
	kit := galleryKit(t)
	mux := http.NewServeMux()
	mux.Handle("GET /static/{file}", kit.Static())
	mux.HandleFunc("GET /manifest.webmanifest", func(w http.ResponseWriter, r *http.Request) { kit.Manifest(w, locale.For(locale.Russian)) })
	mux.HandleFunc("GET /order/scans/{id}", func(w http.ResponseWriter, _ *http.Request) {
		picture := image.NewGray(image.Rect(0, 0, 320, 226))
		for i := range picture.Pix {
			picture.Pix[i] = uint8(120 + i/1000) // #nosec G115 -- 72,320 pixels
		}
		if err := jpeg.Encode(w, picture, nil); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("GET /gallery/{lang}/{theme}/{name}", func(w http.ResponseWriter, r *http.Request) {
		for _, e := range gallery(kit, locale.Lang(r.PathValue("lang")), ui.ParseTheme(r.PathValue("theme"))) {
			if e.name == r.PathValue("name") {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				w.Header().Set("Content-Security-Policy", "default-src 'self'; script-src 'self'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; manifest-src 'self'")
				if err := e.page.Render(r.Context(), w); err != nil {
					t.Error(err)
				}
				return
			}
		}
		http.NotFound(w, r)
	})
	t.Fatal(http.ListenAndServe(addr, mux))
}

func render(t *testing.T, e exhibit) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := e.page.Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var rawKey = regexp.MustCompile(`\b(ui|cabinet|amount|phone|plural)\.[a-z_]+(\.[a-z_]+)*\b`)
var unfilled = regexp.MustCompile(`\{[a-z]+\}`)

func checkPage(t *testing.T, e exhibit, page []byte) {
	t.Helper()
	if problems := balanced(page); len(problems) > 0 {
		t.Errorf("tags: %s", strings.Join(problems, "; "))
	}
	doc, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	ids, h1, labels := map[string]int{}, 0, map[string]bool{}
	var visit func(n *html.Node, f func(*html.Node))
	visit = func(n *html.Node, f func(*html.Node)) {
		f(n)
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			visit(c, f)
		}
	}
	visit(doc, func(n *html.Node) {
		if n.Type == html.TextNode && n.Parent.Data != "script" {
			if m := rawKey.FindString(n.Data); m != "" {
				t.Errorf("a catalogue key is shown as it is: %s", m)
			}
			if m := unfilled.FindString(n.Data); m != "" {
				t.Errorf("a place was not filled: %s in %q", m, strings.TrimSpace(n.Data))
			}
		}
		if n.Type != html.ElementNode {
			return
		}
		if id := attr(n, "id"); id != "" {
			ids[id]++
		}
		switch n.Data {
		case "h1":
			h1++
		case "label":
			labels[attr(n, "for")] = true
		case "style":
			t.Error("an inline style sheet")
		case "script":
			if attr(n, "src") == "" {
				t.Error("an inline script")
			}
		case "img":
			if !strings.HasPrefix(attr(n, "src"), "/order/scans/") || attr(n, "alt") == "" {
				t.Error("an image: drawings are inline SVG, only what somebody has sent is none")
			}
		}
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Key, "hx-on") {
				t.Errorf("<%s %s>: blocked by the policy", n.Data, a.Key)
			}
			if a.Key == "hx-trigger" && strings.Contains(a.Val, "[") {
				t.Errorf("a trigger filter needs eval: %s", a.Val)
			}
		}
	})
	for id, n := range ids {
		if n > 1 {
			t.Errorf("id %q stands %d times", id, n)
		}
	}
	visit(doc, func(n *html.Node) {
		if n.Type != html.ElementNode {
			return
		}
		switch n.Data {
		case "input", "select", "textarea":
			if typ := attr(n, "type"); typ != "hidden" && typ != "submit" && !labels[attr(n, "id")] && !inside(n, "label") {
				t.Errorf("no label for <%s name=%s>", n.Data, attr(n, "name"))
			}
		case "a", "button":
			if strings.TrimSpace(textOf(n)) == "" && attr(n, "aria-label") == "" {
				t.Errorf("<%s> without a name (href %s)", n.Data, attr(n, "href"))
			}
			if n.Data == "a" && attr(n, "href") == "" {
				t.Errorf("a link that leads nowhere: %q", textOf(n))
			}
		}
		if e.part {
			return // what a fragment refers to stands in the page
		}
		// What a swap takes out of a page must carry its drawings: the page it
		// lands in may not have the symbols.
		if m := regexp.MustCompile(`^#([a-z]+)`).FindStringSubmatch(attr(n, "hx-select")); m != nil {
			visit(doc, func(in *html.Node) {
				if in.Data == "use" && insideID(in, m[1]) {
					t.Errorf("#%s is swapped, and its icon %s is a reference", m[1], attr(in, "href"))
				}
			})
		}
		for _, key := range []string{"aria-describedby", "aria-labelledby"} {
			for _, id := range strings.Fields(attr(n, key)) {
				if ids[id] == 0 {
					t.Errorf("%s=%q leads nowhere", key, id)
				}
			}
		}
		if href := attr(n, "href"); n.Data == "a" && strings.HasPrefix(href, "#") && ids[href[1:]] == 0 {
			t.Errorf("link %s leads nowhere", href)
		}
	})
	if !e.part && h1 != 1 {
		t.Errorf("%d h1", h1)
	}
	if n := squeezed(t, page); n > 8<<10 {
		t.Errorf("%d bytes compressed, at most 8 KB", n)
	}
}

func squeezed(t *testing.T, page []byte) int {
	t.Helper()
	var b bytes.Buffer
	w := brotli.NewWriterLevel(&b, 5)
	if _, err := w.Write(page); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Len()
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func inside(n *html.Node, tag string) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		if p.Data == tag {
			return true
		}
	}
	return false
}

func insideID(n *html.Node, id string) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		if attr(p, "id") == id {
			return true
		}
	}
	return false
}

func textOf(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(textOf(c))
	}
	return b.String()
}

// balanced reads the tags as a stack; the parser itself would forgive everything.
func balanced(page []byte) (problems []string) {
	void := strings.Fields("area base br col embed hr img input link meta source track wbr")
	var open []string
	z := html.NewTokenizer(bytes.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if len(open) > 0 {
				problems = append(problems, "not closed: "+strings.Join(open, " "))
			}
			return problems
		case html.StartTagToken:
			name, _ := z.TagName()
			if !slices.Contains(void, string(name)) {
				open = append(open, string(name))
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			if len(open) == 0 || open[len(open)-1] != string(name) {
				return append(problems, "</"+string(name)+"> closes "+strings.Join(open, " "))
			}
			open = open[:len(open)-1]
		}
	}
}
