package claim

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/a-h/templ"

	"rocketbank/internal/bank/claim"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// Bank keeps the links (claim.Service).
type Bank interface {
	See(ctx context.Context, secret string) (claim.Shown, error)
	SendCode(ctx context.Context, secret, ip string, lang locale.Lang) (claim.Shown, error)
	EnterCode(ctx context.Context, secret, code string) (claim.Choice, error)
	Choose(ctx context.Context, secret, pass string) (claim.Choice, error)
	Check(ctx context.Context, secret, pass string, w claim.Wish) (claim.Plan, error)
	Take(ctx context.Context, secret, plan string) (claim.Shown, error)
}

// Deps is what the door works with.
type Deps struct {
	// Front is a doorway of its own on the cabinet's origin: Rate bounds it.
	Front *web.Front
	Kit   *ui.Kit
	Bank  Bank
	// LangCookie is where readers keep their language. It is the only cookie
	// that is looked at; none is set.
	LangCookie string
	Log        *slog.Logger     // may be nil
	Now        func() time.Time // real time; the machine's when nil
	Business   func() time.Time // business time, for days in words
}

// Rate is how often one address may come: people read, and guessing links or
// codes is slow.
var Rate = web.Rate{PerSecond: 2, Burst: 60}

// Door is the pages of links. It is safe for concurrent use.
type Door struct{ Deps }

// New makes the door.
func New(d Deps) *Door {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Business == nil {
		d.Business = d.Now
	}
	return &Door{d}
}

// serve is a handler that leaves the wording of a refusal to the door.
type serve func(http.ResponseWriter, *http.Request) error

// route is one line of the table.
type route struct {
	method, path string
	serve        serve
}

// routes is every way in.
func (d *Door) routes() []route {
	return []route{
		{http.MethodGet, claim.Path + "{link}", d.get},
		{http.MethodPost, claim.Path + "{link}", d.postCode},
		{http.MethodPost, claim.Path + "{link}/code", d.postEnter},
		{http.MethodPost, claim.Path + "{link}/where", d.postWhere},
		{http.MethodPost, claim.Path + "{link}/take", d.postTake},
	}
}

// Handler serves every route, behind the doorway.
func (d *Door) Handler() http.Handler {
	var ways []web.Way
	for _, rt := range d.routes() {
		ways = append(ways, web.Way{Method: rt.method, Path: rt.path, Handler: d.enter(rt)})
	}
	mux := web.Mux(ways, func(method, path, allow string) http.Handler {
		return d.enter(route{method, path, func(w http.ResponseWriter, _ *http.Request) error { return web.NotThisWay(w, allow) }})
	}, d.enter(route{path: "/l/…", serve: func(http.ResponseWriter, *http.Request) error { return claim.ErrLink }}))
	return d.Front.Wrap(d.Front.SameHost(mux, d.fail), d.fail)
}

// enter runs a handler under its own name, with what stands on all its answers.
func (d *Door) enter(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		web.VisitOf(r).Route = rt.method + " " + rt.path
		if err := rt.serve(w, r); err != nil {
			d.fail(w, r, err)
		}
	})
}

// policy is stricter than the cabinet's: no other page posts from here.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
	"manifest-src 'self'; worker-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

// render writes a page.
func (d *Door) render(w http.ResponseWriter, r *http.Request, status int, page templ.Component) error {
	var b bytes.Buffer
	if err := page.Render(r.Context(), &b); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex, nofollow, noarchive")
	web.WriteHTML(w, r, status, b.Bytes())
	return nil
}

// page is what every page knows about its reader.
func (d *Door) page(r *http.Request) ui.Page {
	l := locale.Pick(web.Cookie(r, d.LangCookie), r.Header.Get("Accept-Language"))
	p := ui.Page{Kit: d.Kit, P: locale.For(l), Lang: l, Now: d.Business(), Path: "/"}
	if link := r.PathValue("link"); link != "" {
		if path, ok := web.LocalPath(claim.Path + link); ok {
			p.Path = path
		}
	}
	return p
}

// fail is the plain page of a refusal.
func (d *Door) fail(w http.ResponseWriter, r *http.Request, err error) {
	status := web.Status(err)
	v := refusalView{Page: d.page(r), RequestID: web.VisitOf(r).ID}
	if f, ok := fault.As(err); ok {
		v.Text = v.P.Fault(f)
	} else {
		v.Text = v.P.T("ui.broken")
	}
	if status >= http.StatusInternalServerError {
		d.Log.ErrorContext(r.Context(), "claim", "request", v.RequestID, "route", web.VisitOf(r).Route, "err", err)
	}
	if err := d.render(w, r, status, refusalPage(v)); err != nil {
		d.Log.ErrorContext(r.Context(), "claim: page of a refusal", "err", err)
		http.Error(w, http.StatusText(status), status)
	}
}
