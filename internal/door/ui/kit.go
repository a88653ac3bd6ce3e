package ui

import (
	"fmt"
	"net/http"
	"regexp"
)

// Kit is what every page needs from the start of the program: the brand, the
// icons, and the assets under their hashed names. It never changes and may be
// shared.
type Kit struct {
	Brand  Brand
	assets *assets
	icons  icons
	logo   string // the inside of logo.svg
	worker []byte
}

// NewKit prepares everything but the compressed forms of the assets; those are
// made when first asked for, or by Warm.
func NewKit(brand Brand) (*Kit, error) {
	a, err := newAssets()
	if err != nil {
		return nil, err
	}
	i, err := newIcons()
	if err != nil {
		return nil, err
	}
	k := &Kit{Brand: brand, assets: a, icons: i}
	inside := regexp.MustCompile(`(?s)<svg[^>]*>(.*)</svg>`).FindSubmatch(a.byName["logo.svg"].plain)
	if inside == nil {
		return nil, fmt.Errorf("logo.svg is no drawing")
	}
	k.logo = string(inside[1])
	if k.worker, err = newWorker(a); err != nil {
		return nil, err
	}
	return k, nil
}

// Warm compresses the assets before the first visitor asks for them. It takes
// about a second; a server runs it beside its start.
func (k *Kit) Warm() { k.assets.warm() }

// Static serves the assets; mount it at "/static/".
func (k *Kit) Static() http.Handler { return k.assets }

// URL gives the hashed address of an asset, e.g. URL("app.css"). Asking for
// one that does not exist is a broken invariant.
func (k *Kit) URL(name string) string { return k.assets.url(name) }
