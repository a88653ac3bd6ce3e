package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/rail/strictjson"
)

// maxBody bounds what is read of a request.
const maxBody = 64 << 10

// Route is one operation of the API.
type Route struct {
	ID     string // «createTransfer», also the key of its texts
	Method string
	Path   string // /api/v1/…
	Scope  access.Scope
	Tag    string

	holder   holder // whose secret it takes
	status   int    // of success; 200 when zero
	problems []int
}

// newHuma sets the library up as we use it: types, documents and answers. It
// serves no page of its own, and its own validation is not used: it knows
// neither duplicate members nor our languages.
func newHuma(mux *http.ServeMux) huma.API {
	format := huma.Format{Marshal: marshal, Unmarshal: strictjson.Decode}
	return humago.New(mux, huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI:    "3.1.0",
			Info:       &huma.Info{Version: version},
			Components: &huma.Components{Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)},
		},
		Formats:       map[string]huma.Format{"application/json": format, "json": format, problemType: format},
		DefaultFormat: "application/json",
	})
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// marshal writes a whole answer at once. A caller who has gone is no error.
func marshal(w io.Writer, v any) error {
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	if err := encode(b, v); err != nil {
		return err
	}
	w.Write(b.Bytes()) //nolint:errcheck // see above
	return nil
}

// get adds a route without a body.
func get[I, O any](d *Door, rt Route, fn func(context.Context, *call, *I) (*O, error)) {
	add(d, rt, func(ctx context.Context, c *call, in *I) (*O, error) { return fn(ctx, c, in) })
}

// post adds a route whose body is one JSON document of type B, by whichever method.
func post[I, B, O any](d *Door, rt Route, fn func(context.Context, *call, *I, *B) (*O, error)) {
	add(d, rt, func(ctx context.Context, c *call, in *I) (*O, error) {
		var body B
		if err := read(c, &body); err != nil {
			return nil, err
		}
		return fn(ctx, c, in, &body)
	})
	reg := d.api.OpenAPI().Components.Schemas
	d.operationOf(rt).RequestBody = &huma.RequestBody{
		Required: true,
		Content:  map[string]*huma.MediaType{"application/json": {Schema: reg.Schema(reflect.TypeFor[B](), true, "")}},
	}
}

// bare adds a route that orders something and has nothing to say: no body, or
// an empty document.
func bare[I, O any](d *Door, rt Route, fn func(context.Context, *call, *I) (*O, error)) {
	add(d, rt, func(ctx context.Context, c *call, in *I) (*O, error) {
		if c.r.ContentLength != 0 {
			if err := read(c, &struct{}{}); err != nil {
				return nil, err
			}
		}
		return fn(ctx, c, in)
	})
}

// files documents a body that is a file, bare or within a form.
func files(d *Door, rt Route) {
	content := map[string]*huma.MediaType{}
	for _, kind := range uploadMedia() {
		content[kind] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	}
	content[formMedia].Schema = &huma.Schema{
		Type: huma.TypeObject, Required: []string{"file"}, Properties: map[string]*huma.Schema{"file": {Type: huma.TypeString, Format: "binary"}},
	}
	d.operationOf(rt).RequestBody = &huma.RequestBody{Required: true, Content: content}
}

// pictures documents an answer that is a picture.
func pictures(d *Door, rt Route) {
	d.operationOf(rt).Responses["200"].Content = map[string]*huma.MediaType{"image/jpeg": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
}

// answers200 documents the shape of an answer that goes out as bytes.
func answers200[T any](d *Door, rt Route) {
	schema := d.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[T](), true, "")
	d.operationOf(rt).Responses["200"].Content = map[string]*huma.MediaType{"application/json": {Schema: schema}}
}

func add[I, O any](d *Door, rt Route, fn func(context.Context, *call, *I) (*O, error)) {
	pattern := rt.Method + " " + rt.Path
	query := queryOf(reflect.TypeFor[I]())
	huma.Register(d.api, huma.Operation{
		OperationID: rt.ID, Method: rt.Method, Path: rt.Path, Tags: []string{rt.Tag}, DefaultStatus: rt.status,
		SkipValidateParams: true, SkipValidateBody: true,
		Security:  rt.security(),
		Responses: d.answers(rt),
	}, func(ctx context.Context, in *I) (*O, error) {
		c := callOf(ctx)
		c.route = pattern
		if err := c.allowed(rt); err != nil {
			return nil, d.problem(c, err)
		}
		if err := checkQuery(c.r.URL.RawQuery, query); err != nil {
			return nil, d.problem(c, err)
		}
		out, err := fn(ctx, c, in)
		if err != nil {
			return nil, d.problem(c, err)
		}
		return out, nil
	})
	d.routes = append(d.routes, rt)
}

// answers documents the refusals that a route may give.
func (d *Door) answers(rt Route) map[string]*huma.Response {
	schema := d.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "")
	out := map[string]*huma.Response{}
	usual := []int{401, 403, 429, 500, 503}
	switch rt.holder {
	case byNobody:
		usual = usual[2:]
	case byStarter, byOwner, byObserver:
		usual = append(usual[:1], usual[2:]...)
	}
	for _, s := range append(usual, rt.problems...) {
		out[itoa(s)] = &huma.Response{
			Description: http.StatusText(s),
			Content:     map[string]*huma.MediaType{problemType: {Schema: schema}},
		}
	}
	return out
}

// security tells the document what a route takes.
func (rt Route) security() []map[string][]string {
	switch rt.holder {
	case byNobody:
		return []map[string][]string{{}}
	case byStarter, byOwner:
		return []map[string][]string{{"application": {}}}
	case byObserver:
		return []map[string][]string{{"application": {}}, {"ticket": {}}}
	}
	return []map[string][]string{{"token": {string(rt.Scope)}}}
}

// refuseRest answers what no route took: a known path by another method, or no path.
func (d *Door) refuseRest() {
	methods := map[string][]string{}
	for _, rt := range d.routes {
		methods[rt.Path] = append(methods[rt.Path], rt.Method)
		if rt.Method == http.MethodGet {
			methods[rt.Path] = append(methods[rt.Path], http.MethodHead)
		}
	}
	for path, allow := range methods {
		slices.Sort(allow)
		d.v1.HandleFunc(path, d.refuseMethod(strings.Join(allow, ", ")))
	}
	d.v1.HandleFunc("/", d.refuseUnknown)
}

// queryOf lists the query parameters that an input takes.
func queryOf(t reflect.Type) []string {
	var out []string
	for _, f := range reflect.VisibleFields(t) {
		if name, ok := f.Tag.Lookup("query"); ok {
			out = append(out, name)
		}
	}
	return out
}

// checkQuery refuses parameters that the route does not know, or gets twice:
// a misspelt filter must not show everything.
func checkQuery(raw string, known []string) error {
	if raw == "" {
		return nil
	}
	q, err := url.ParseQuery(raw)
	if err != nil {
		return errQuery
	}
	var wrong []error
	for name, values := range q {
		switch {
		case !slices.Contains(known, name):
			wrong = append(wrong, errParam.At(short(name)))
		case len(values) > 1:
			wrong = append(wrong, errParamTwice.At(name))
		}
	}
	slices.SortFunc(wrong, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return join(wrong)
}

// join is errors.Join that leaves a single refusal as it is.
func join(errs []error) error {
	if len(errs) == 1 {
		return errs[0]
	}
	return errors.Join(errs...)
}

// short keeps a name that somebody made up from filling the answer.
func short(name string) string {
	const most = 60
	name = strings.ToValidUTF8(name, "�")
	if r := []rune(name); len(r) > most {
		return string(r[:most]) + "…"
	}
	return name
}

// read takes the body as exactly one JSON document of the shape of into.
func read(c *call, into any) error {
	if err := checkMedia(c.r.Header); err != nil {
		return err
	}
	if c.r.ContentLength > maxBody {
		c.w.Header().Set("Connection", "close") // the rest is not worth reading
		return errTooLarge.With("max", maxBody)
	}
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	if _, err := b.ReadFrom(http.MaxBytesReader(c.w, c.r.Body, maxBody)); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return errTooLarge.With("max", maxBody)
		}
		return errTimeout.Because(err)
	}
	if len(bytes.TrimSpace(b.Bytes())) == 0 {
		return errJSON
	}
	if err := strictjson.Decode(b.Bytes(), into); err != nil {
		return documentFault(err)
	}
	return nil
}

// checkMedia takes application/json in UTF-8 and nothing packed.
func checkMedia(h http.Header) error {
	values := h["Content-Type"]
	if len(values) != 1 || h.Get("Content-Encoding") != "" {
		return errMediaType
	}
	if values[0] == "application/json" {
		return nil
	}
	kind, params, err := mime.ParseMediaType(values[0])
	if err != nil || kind != "application/json" {
		return errMediaType
	}
	for name, v := range params {
		if name != "charset" || !strings.EqualFold(v, "utf-8") {
			return errMediaType
		}
	}
	return nil
}

// required collects what is wrong with several members of one body.
type flaws []error

func (f *flaws) add(err error) {
	if err != nil {
		*f = append(*f, err)
	}
}

// need refuses an absent or empty member.
func (f *flaws) need(name, value string) bool {
	if value == "" {
		f.add(errRequired.At(name))
	}
	return value != ""
}

func (f flaws) err() error { return join(f) }

// at names the member a room's refusal is about, when the room did not.
func at(name string, err error) error {
	if f, ok := fault.As(err); ok {
		return f.At(name)
	}
	return err
}
