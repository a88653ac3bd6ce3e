package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"unicode"

	"github.com/danielgtaylor/huma/v2"

	"rocketbank/internal/base/locale"
)

// The document speaks English: programs read it, and the page at /api/docs
// tells the same in both languages. Types give the shape, the catalogue the
// words, so that neither is written twice.

// finishSpec puts the words into the document and writes it once.
func (d *Door) finishSpec() {
	o := d.api.OpenAPI()
	p := locale.For(locale.English)
	o.Info.Title = p.T("api.doc.title")
	o.Info.Description = p.T("api.doc.about") + "\n\n" + p.T("api.doc.money") + "\n\n" + p.T("api.doc.problems")
	o.Servers = []*huma.Server{{URL: "/"}}
	o.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token":       {Type: "http", Scheme: "bearer", Description: p.T("api.doc.token")},
		"application": {Type: "http", Scheme: "bearer", Description: p.T("api.doc.application")},
		"ticket":      {Type: "http", Scheme: "bearer", Description: p.T("api.doc.ticket")},
	}
	for _, tag := range tags() {
		o.Tags = append(o.Tags, &huma.Tag{Name: tag, Description: p.T("api.tag." + tag)})
	}
	for _, rt := range d.routes {
		op := d.operationOf(rt)
		op.Summary, op.Description = p.T(docKey(rt)), p.T(docKey(rt)+".about")
		for _, param := range op.Parameters {
			param.Description = p.T("api.param." + paramKey(param.Name))
		}
		if made := op.Responses["201"]; made != nil {
			for name, h := range made.Headers {
				h.Description = p.T("api.param." + paramKey(name))
			}
		}
	}
	schemas := o.Components.Schemas.Map()
	delete(schemas, "ErrorModel") // the library's own shape of errors, which we never send
	delete(schemas, "ErrorDetail")
	for name, s := range schemas {
		if !closed(name) { // we may add to our answers; readers must let it pass
			s.AdditionalProperties = nil
		}
		for member, m := range s.Properties {
			text := p.T(memberKey(p, name, member))
			if m.Ref != "" { // words beside a reference are allowed since 3.1
				s.Properties[member] = &huma.Schema{Ref: m.Ref, Description: text}
				continue
			}
			m.Description = text
		}
	}
	compact, err := json.Marshal(o)
	var b bytes.Buffer
	if err == nil {
		err = json.Indent(&b, compact, "", "  ")
	}
	if err != nil {
		panic("api: the document cannot be written: " + err.Error())
	}
	b.WriteByte('\n')
	d.spec = b.Bytes()
}

// closed tells the shapes that callers send: members nobody asked for are refused.
func closed(schema string) bool {
	return strings.HasPrefix(schema, "New") || schema == "Money"
}

func tags() []string {
	return []string{"applications", "client", "money", "cards", "transfers", "payouts", "links", "friends", "webhooks", "access"}
}

func (d *Door) operationOf(rt Route) *huma.Operation {
	item := d.api.OpenAPI().Paths[rt.Path]
	switch rt.Method {
	case http.MethodPost:
		return item.Post
	case http.MethodPut:
		return item.Put
	case http.MethodPatch:
		return item.Patch
	case http.MethodDelete:
		return item.Delete
	}
	return item.Get
}

// docKey is the catalogue key of a route's one line; with ".about" its paragraph.
func docKey(rt Route) string { return "api.op." + snake(rt.ID) }

func paramKey(name string) string { return strings.ReplaceAll(strings.ToLower(name), "-", "_") }

// memberKey is the catalogue key of a member: of its own schema where that
// says something special, else of every member of the name.
func memberKey(p *locale.Printer, schema, member string) string {
	if own := "api.member." + snake(schema) + "." + member; p.Has(own) {
		return own
	}
	return "api.member." + member
}

// snake writes createTransfer as create_transfer.
func snake(s string) string {
	var b strings.Builder
	for i, r := range s {
		if unicode.IsUpper(r) {
			if i > 0 {
				b.WriteByte('_')
			}
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}

// OpenAPI gives the document as it is served.
func (d *Door) OpenAPI() []byte { return d.spec }

func (d *Door) serveSpec(w http.ResponseWriter, r *http.Request) {
	callOf(r.Context()).route = "GET /api/openapi.json"
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache")
	send(w, r, d.spec)
}
