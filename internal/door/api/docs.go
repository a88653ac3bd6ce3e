package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed" // the stylesheet below
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"rocketbank/internal/base/locale"
	"rocketbank/internal/door/ui"
)

//go:embed docs.css
var docsCSS []byte

// docsPolicy lets the page use our own styles, fonts, pictures and scripts.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
	"manifest-src 'self'; worker-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

// docs is everything the page tells, in one language.
type docs struct {
	ui.Page
	Style  string // address of the stylesheet
	Groups []docGroup
	Shapes []docShape
	Codes  []docCode
}

type docGroup struct {
	Title string
	Ops   []docOp
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

// serveDocs shows the page. It is for people, so it knows the language and
// the theme that they chose in the cabinet; it reads no other cookie.
func (d *Door) serveDocs(w http.ResponseWriter, r *http.Request) {
	c := callOf(r.Context())
	c.route = "GET /api/docs"
	lang := locale.Pick(choice(r, "__Host-lang"), r.Header.Get("Accept-Language"))
	page := d.docs(locale.For(lang))
	page.Page = ui.Page{
		Kit: d.d.Kit, P: locale.For(lang), Lang: lang, Theme: ui.ParseTheme(choice(r, "__Host-theme")), Path: "/api/docs", Now: d.d.Now(),
	}
	var b bytes.Buffer
	if err := docsPage(page).Render(context.WithoutCancel(r.Context()), &b); err != nil {
		d.write(c, d.problem(c, err))
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", string(lang))
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

// docs reads the OpenAPI document into what the page shows.
func (d *Door) docs(p *locale.Printer) docs {
	out := docs{Style: docsStyle()}
	for _, tag := range tags() {
		g := docGroup{Title: p.T("api.tag." + tag)}
		for _, rt := range d.routes {
			if rt.Tag == tag {
				g.Ops = append(g.Ops, d.docOp(p, rt))
			}
		}
		out.Groups = append(out.Groups, g)
	}
	schemas := d.api.OpenAPI().Components.Schemas.Map()
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		s := docShape{Name: name}
		for _, m := range membersOf(schemas[name]) {
			s.Members = append(s.Members, member(m, schemas[name].Properties[m], p.T(memberKey(p, name, m)), slices.Contains(schemas[name].Required, m)))
		}
		out.Shapes = append(out.Shapes, s)
	}
	for _, f := range Codes() {
		out.Codes = append(out.Codes, docCode{Code: f.Key, Text: p.T(f.Key), Status: status(f)})
	}
	return out
}

func (d *Door) docOp(p *locale.Printer, rt Route) docOp {
	op := d.operationOf(rt)
	o := docOp{ID: rt.ID, Method: rt.Method, Path: rt.Path, Title: p.T(docKey(rt)), About: p.T(docKey(rt) + ".about"), Scope: string(rt.Scope)}
	for _, param := range op.Parameters {
		o.Params = append(o.Params, member(param.Name, param.Schema, p.T("api.param."+paramKey(param.Name)), param.Required))
	}
	if op.RequestBody != nil {
		if doc := op.RequestBody.Content["application/json"]; doc != nil {
			o.Body, o.BodyText = shapeName(doc.Schema.Ref), d.example(doc.Schema)
		} else {
			o.BodyText = strings.Join(slices.Sorted(maps.Keys(op.RequestBody.Content)), "\n")
		}
	}
	success := "200"
	if rt.status != 0 {
		success = itoa(rt.status)
	}
	if answer := op.Responses[success].Content["application/json"]; answer != nil { // a 204 says nothing more
		o.Answer, o.AnswerText = shapeName(answer.Schema.Ref), d.example(answer.Schema)
	}
	for kind := range op.Responses[success].Content {
		if o.Answer == "" {
			o.Media = kind
		}
	}
	var refusals []string
	for code := range op.Responses {
		if code >= "400" {
			refusals = append(refusals, code)
		}
	}
	slices.Sort(refusals)
	o.Refusals = strings.Join(refusals, ", ")
	return o
}

func member(name string, s *huma.Schema, text string, required bool) docMember {
	m := docMember{Name: name, Text: text, Type: s.Type, Shape: shapeName(s.Ref), Required: required}
	if s.Items != nil {
		m.Shape = shapeName(s.Items.Ref)
		if m.Shape == "" {
			m.Type = s.Items.Type + "[]"
			s = s.Items
		}
	}
	switch {
	case len(s.Enum) > 0:
		words := make([]string, len(s.Enum))
		for i, v := range s.Enum {
			words[i], _ = v.(string)
		}
		m.Type = strings.Join(words, " | ")
	case s.Format != "":
		m.Type = s.Format
	}
	return m
}

func shapeName(ref string) string { return strings.TrimPrefix(ref, "#/components/schemas/") }

// membersOf gives the members of an object: what must be there first, as the type
// lists it, then the rest.
func membersOf(s *huma.Schema) []string {
	out := slices.Clone(s.Required)
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// example writes an object with the examples of its members.
func (d *Door) example(s *huma.Schema) string {
	var b bytes.Buffer
	d.writeExample(&b, s, "")
	return b.String()
}

func (d *Door) writeExample(b *bytes.Buffer, s *huma.Schema, indent string) {
	if s.Ref != "" {
		s = d.api.OpenAPI().Components.Schemas.SchemaFromRef(s.Ref)
	}
	switch {
	case len(s.Examples) > 0:
		b.WriteString(quoted(s.Examples[0]))
	case len(s.Enum) > 0:
		b.WriteString(quoted(s.Enum[0]))
	case s.Type == "array":
		b.WriteString("[")
		d.writeExample(b, s.Items, indent)
		b.WriteString("]")
	case s.Type == "boolean":
		b.WriteString("false")
	case s.Type == "string" && s.Format == "date-time":
		b.WriteString(`"2026-11-22T11:05:00Z"`)
	case s.Type == "object":
		b.WriteString("{")
		n := 0
		for _, name := range membersOf(s) {
			if name == "signature" || name == "quote" && s.Properties["payee"] != nil && s.Properties["total"] == nil {
				continue // reserved, or the other way to say the same
			}
			if n++; n > 1 {
				b.WriteString(",")
			}
			b.WriteString("\n" + indent + "  " + quoted(name) + ": ")
			d.writeExample(b, s.Properties[name], indent+"  ")
		}
		b.WriteString("\n" + indent + "}")
	default:
		b.WriteString(`"…"`)
	}
}

func quoted(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return `"…"`
	}
	return strings.TrimSpace(b.String())
}
