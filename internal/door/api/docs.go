package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed" // the stylesheet below
	"encoding/hex"
	"net/http"
	"strconv"

	"github.com/a-h/templ"

	"rocketbank/internal/base/locale"
	"rocketbank/internal/door/ui"
)

//go:embed docs.css
var docsCSS []byte

// docsPolicy lets the page use our own styles, fonts, pictures and scripts.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
	"manifest-src 'self'; worker-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

// docsPath is where the pages stand: the contents, and one page for each group
// of requests, so that none grows with the whole.
const docsPath = "/api/docs"

// contents is the first page: the rules, what there is, and every refusal.
type contents struct {
	ui.Page
	Style  string // address of the stylesheet
	Groups []docGroup
	Codes  []docCode
}

// chapter is the page of one group of requests.
type chapter struct {
	ui.Page
	Style string
	docGroup
	Shapes []docShape // of its requests and answers, and what they are made of
}

type docGroup struct {
	Path, Title string
	Ops         []docOp
}

type docOp struct {
	ID, Method, Path     string
	Title, About, Scope  string
	Params               []docMember
	Body, Answer         string // names of shapes
	Media                string // of what is no JSON
	BodyText, AnswerText string // examples
	Refusals             string // statuses
}

type docShape struct {
	Name    string
	Members []docMember
}

// docMember is a parameter or a member of an object.
type docMember struct {
	Name, Text string
	Type       string
	Shape      string // its type is a shape, or a list of them
	Required   bool
}

type docCode struct {
	Code, Text string
	Status     int
}

// serveContents shows what the API has.
func (d *Door) serveContents(w http.ResponseWriter, r *http.Request) {
	page, style := d.docsFrame(r), docsStyle()
	d.serveDocs(w, r, "GET "+docsPath, page, contentsPage(contents{Page: page, Style: style, Groups: d.docGroups(page.P), Codes: docCodes(page.P)}))
}

// serveChapter shows one group of requests.
func (d *Door) serveChapter(w http.ResponseWriter, r *http.Request) {
	page := d.docsFrame(r)
	for _, g := range d.docGroups(page.P) {
		if g.Path == r.URL.Path {
			d.serveDocs(w, r, "GET "+docsPath+"/{tag}", page, chapterPage(chapter{Page: page, Style: docsStyle(), docGroup: g, Shapes: d.docShapes(page.P, g.Ops)}))
			return
		}
	}
	d.refuseUnknown(w, r)
}

// docsFrame is the page around the text. The text is for people, so it knows
// the language and the theme that they chose in the cabinet; it reads no other
// cookie.
func (d *Door) docsFrame(r *http.Request) ui.Page {
	lang := locale.Pick(choice(r, "__Host-lang"), r.Header.Get("Accept-Language"))
	return ui.Page{
		Kit: d.d.Kit, P: locale.For(lang), Lang: lang, Theme: ui.ParseTheme(choice(r, "__Host-theme")), Path: r.URL.Path, Now: d.d.Now(),
	}
}

func (d *Door) serveDocs(w http.ResponseWriter, r *http.Request, route string, page ui.Page, text templ.Component) {
	c := callOf(r.Context())
	c.route = route
	var b bytes.Buffer
	if err := text.Render(context.WithoutCancel(r.Context()), &b); err != nil {
		d.write(c, d.problem(c, err))
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", string(page.Lang))
	h.Set("Content-Security-Policy", docsPolicy)
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-cache")
	h.Set("Vary", "Accept-Language, Cookie")
	send(w, r, b.Bytes())
}

// choice reads what somebody chose in the cabinet; a cookie sent twice is none.
func choice(r *http.Request, name string) string {
	all := r.CookiesNamed(name)
	if len(all) != 1 {
		return ""
	}
	return all[0].Value
}

// docsStyle is the stylesheet's address; the name is the content.
func docsStyle() string {
	sum := sha256.Sum256(docsCSS)
	return "/api/docs." + hex.EncodeToString(sum[:5]) + ".css"
}

func (d *Door) serveDocsStyle(w http.ResponseWriter, r *http.Request) {
	callOf(r.Context()).route = "GET /api/docs.css"
	h := w.Header()
	h.Set("Content-Type", "text/css; charset=utf-8")
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	send(w, r, docsCSS)
}

func send(w http.ResponseWriter, r *http.Request, b []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	if r.Method != http.MethodHead {
		w.Write(b) //nolint:errcheck // the reader has gone; nobody is left to tell
	}
}
