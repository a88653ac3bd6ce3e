package ui

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"

	"rocketbank/internal/base/locale"
)

// Manifest answers GET /manifest.webmanifest in the reader's language.
func (k *Kit) Manifest(w http.ResponseWriter, p *locale.Printer) {
	type icon struct {
		Src     string `json:"src"`
		Sizes   string `json:"sizes"`
		Type    string `json:"type"`
		Purpose string `json:"purpose"`
	}
	type shortcut struct {
		Name  string `json:"name"`
		URL   string `json:"url"`
		Icons []icon `json:"icons"`
	}
	mark := icon{k.URL("icon-192.png"), "192x192", "image/png", "any"}
	body, err := json.Marshal(map[string]any{
		"id": "/", "start_url": "/?src=pwa", "scope": "/", "display": "standalone",
		"lang": string(p.Lang()), "dir": "ltr",
		"name": k.Brand.In(p.Lang()), "short_name": k.Brand.In(p.Lang()),
		"description": p.T("ui.description", locale.A("bank", k.Brand.In(p.Lang()))),
		"theme_color": "#F4F3F7", "background_color": "#F4F3F7",
		"categories": []string{"finance"},
		"icons": []icon{
			mark,
			{k.URL("icon-512.png"), "512x512", "image/png", "any"},
			{k.URL("icon-maskable-512.png"), "512x512", "image/png", "maskable"},
			{k.URL("icon-mono.svg"), "any", "image/svg+xml", "monochrome"},
		},
		"shortcuts": []shortcut{
			{p.T("cabinet.home.transfer"), "/transfer", []icon{mark}},
			{p.T("cabinet.home.topup"), "/topup", []icon{mark}},
		},
	})
	if err != nil {
		panic(fmt.Sprintf("ui: manifest: %v", err)) // constants and catalogue texts only
	}
	h := w.Header()
	h.Set("Content-Type", "application/manifest+json; charset=utf-8")
	h.Set("Cache-Control", "private, max-age=3600")
	h.Set("Vary", "Cookie, Accept-Language")
	_, _ = w.Write(body) // a reader who has gone is told nothing
}

// Worker answers GET /worker.js: the small program of static/worker.txt with the
// list of files it may keep. Its name never changes, so it is asked for again
// at every visit; its content changes with the assets.
func (k *Kit) Worker(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	_, _ = w.Write(k.worker) // a reader who has gone is told nothing
}

// newWorker fills the list in: fonts, styles, scripts, drawings. The large PNG
// icons are the system's business, not the page's; the console is not theirs.
func newWorker(a *assets) ([]byte, error) {
	raw, err := files.ReadFile("static/worker.txt")
	if err != nil {
		return nil, err
	}
	kept := slices.DeleteFunc(a.paths(), func(p string) bool { return path.Ext(p) == ".png" || strings.Contains(p, "/console.") })
	list, err := json.Marshal(kept)
	if err != nil {
		return nil, err
	}
	// The hash of the list is the name of the cache: a new release, a new cache.
	css := a.url("app.css")
	version := strings.Split(css, ".")[1] + strings.Split(a.url("app.js"), ".")[1]
	raw = bytes.ReplaceAll(raw, []byte("'{version}'"), []byte("'"+version+"'"))
	return bytes.ReplaceAll(raw, []byte("'{files}'"), list), nil
}
