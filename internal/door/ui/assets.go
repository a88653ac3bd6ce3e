package ui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
)

//go:embed static lucide/*.svg
var files embed.FS

// asset is one file as it is served: under a name with a hash of its content,
// in up to three encodings, for ever.
type asset struct {
	path  string // "/static/app.0f3c….css"
	mime  string
	plain []byte
	dense bool // a font or a picture: compressing it gains nothing
	// squeezed gives the brotli and gzip forms, made when first asked for: the
	// best compression of a script takes a tenth of a second.
	squeezed func() (br, gz []byte)
}

// assets holds every file under its served path and under its own name.
type assets struct {
	byPath map[string]*asset
	byName map[string]*asset
}

// mimes lists what is served; other files (licence texts) stay in the program.
func mimeOf(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".woff2":
		return "font/woff2"
	}
	return ""
}

// newAssets reads the embedded files, joins the small scripts into app.js,
// and writes hashed font names into the stylesheet.
func newAssets() (*assets, error) {
	a := &assets{byPath: map[string]*asset{}, byName: map[string]*asset{}}
	var scripts bytes.Buffer
	err := fs.WalkDir(files, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || mimeOf(name) == "" || path.Ext(name) == ".css" {
			return err
		}
		raw, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		if path.Dir(name) == "static/js" {
			// Each small script is a module of its own: a block keeps its names in.
			fmt.Fprintf(&scripts, "{\n%s}\n", lineComment.ReplaceAll(raw, nil))
			return nil
		}
		return a.add(path.Base(name), raw)
	})
	if err != nil {
		return nil, fmt.Errorf("read assets: %w", err)
	}
	if err := a.add("app.js", scripts.Bytes()); err != nil {
		return nil, err
	}
	sheets, err := fs.Glob(files, "static/*.css")
	if err != nil {
		return nil, err
	}
	for _, name := range sheets {
		css, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if css, err = a.link(cssComment.ReplaceAll(css, nil)); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if err := a.add(path.Base(name), css); err != nil {
			return nil, err
		}
	}
	return a, nil
}

var cssComment = regexp.MustCompile(`(?s)/\*.*?\*/\n?`)

var lineComment = regexp.MustCompile(`(?m)^\s*//.*\n`)

var cssURL = regexp.MustCompile(`url\(([a-z0-9-]+\.[a-z0-9]+)\)`)

// link replaces url(name) by the served path of name.
func (a *assets) link(css []byte) ([]byte, error) {
	var missing error
	out := cssURL.ReplaceAllFunc(css, func(m []byte) []byte {
		name := string(cssURL.FindSubmatch(m)[1])
		f, ok := a.byName[name]
		if !ok {
			missing = fmt.Errorf("the styles want %s, which is not there", name)
			return m
		}
		return []byte("url(" + f.path + ")")
	})
	return out, missing
}

func (a *assets) add(name string, raw []byte) error {
	sum := sha256.Sum256(raw)
	ext := path.Ext(name)
	f := &asset{
		path:  "/static/" + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:5]) + ext,
		mime:  mimeOf(name),
		plain: raw,
		dense: ext == ".woff2" || ext == ".png",
	}
	f.squeezed = sync.OnceValues(func() (br, gz []byte) { return squeeze(raw) })
	if a.byName[name] != nil {
		return fmt.Errorf("two assets are called %s", name)
	}
	a.byPath[f.path], a.byName[name] = f, f
	return nil
}

// squeeze compresses into memory, where nothing can fail.
func squeeze(raw []byte) (br, gz []byte) {
	var b, z bytes.Buffer
	fill(brotli.NewWriterLevel(&b, brotli.BestCompression), raw)
	w, err := gzip.NewWriterLevel(&z, gzip.BestCompression)
	if err != nil {
		panic(fmt.Sprintf("ui: %v", err))
	}
	fill(w, raw)
	return b.Bytes(), z.Bytes()
}

func fill(w io.WriteCloser, raw []byte) {
	_, err := w.Write(raw)
	if err = errors.Join(err, w.Close()); err != nil {
		panic(fmt.Sprintf("ui: compress: %v", err))
	}
}

// warm compresses everything ahead of the first visitor.
func (a *assets) warm() {
	for _, f := range a.byPath {
		if !f.dense {
			f.squeezed()
		}
	}
}

func (a *assets) url(name string) string {
	f, ok := a.byName[name]
	if !ok {
		panic("ui: no asset " + name)
	}
	return f.path
}

// paths lists the served paths in order; the worker keeps them.
func (a *assets) paths() []string {
	var out []string
	for p := range a.byPath {
		out = append(out, p)
	}
	slices.Sort(out)
	return out
}

// ServeHTTP answers GET and HEAD of a hashed name. The name is the content, so
// it may be kept for ever; a name from an older release is simply not there.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := a.byPath[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.mime)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	body := f.plain
	if !f.dense {
		h.Set("Vary", "Accept-Encoding")
		switch accept := r.Header.Get("Accept-Encoding"); {
		case accepts(accept, "br"):
			body, _ = f.squeezed()
			h.Set("Content-Encoding", "br")
		case accepts(accept, "gzip"):
			_, body = f.squeezed()
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // a reader who has gone is told nothing
	}
}

// accepts tells whether an Accept-Encoding names the coding with a weight above
// zero. «*» is not honoured: nobody who means brotli says so.
func accepts(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, param, _ := strings.Cut(strings.TrimSpace(part), ";")
		if !strings.EqualFold(strings.TrimSpace(name), coding) {
			continue
		}
		q, found := strings.CutPrefix(strings.ReplaceAll(param, " ", ""), "q=")
		if !found {
			return true
		}
		weight, err := strconv.ParseFloat(q, 64)
		return err == nil && weight > 0
	}
	return false
}
