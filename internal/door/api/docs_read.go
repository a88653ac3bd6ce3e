package api

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"rocketbank/internal/base/locale"
)

// docGroups reads the OpenAPI document into what the pages show.
func (d *Door) docGroups(p *locale.Printer) []docGroup {
	var out []docGroup
	for _, tag := range tags() {
		g := docGroup{Path: docsPath + "/" + tag, Title: p.T("api.tag." + tag)}
		for _, rt := range d.routes {
			if rt.Tag == tag {
				g.Ops = append(g.Ops, d.docOp(p, rt))
			}
		}
		out = append(out, g)
	}
	return out
}

// docShapes gives the objects of some requests and whatever those are made of.
func (d *Door) docShapes(p *locale.Printer, ops []docOp) []docShape {
	schemas := d.api.OpenAPI().Components.Schemas.Map()
	found := map[string]docShape{}
	var add func(name string)
	add = func(name string) {
		schema := schemas[name]
		if _, known := found[name]; known || schema == nil {
			return
		}
		s := docShape{Name: name}
		for _, m := range membersOf(schema) {
			s.Members = append(s.Members, member(m, schema.Properties[m], p.T(memberKey(p, name, m)), slices.Contains(schema.Required, m)))
		}
		found[name] = s
		for _, m := range s.Members {
			add(m.Shape)
		}
	}
	for _, o := range ops {
		add(o.Body)
		add(o.Answer)
		for _, m := range o.Params {
			add(m.Shape)
		}
	}
	out := make([]docShape, 0, len(found))
	for _, name := range slices.Sorted(maps.Keys(found)) {
		out = append(out, found[name])
	}
	return out
}

func docCodes(p *locale.Printer) []docCode {
	var out []docCode
	for _, f := range Codes() {
		out = append(out, docCode{Code: f.Key, Text: p.T(f.Key), Status: status(f)})
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
