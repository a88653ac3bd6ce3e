package cabinet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// call is one request as the handlers see it.
type call struct {
	form    web.Form
	proof   string // the device's signature of this request, as it came
	body    []byte // what it signed
	inside  bool
	session access.Session
	client  client.Client // whose session it is
	device  ui.Device     // what the page tells the script that holds the key
	// left is the session that a browser came with to a way in: it ends when
	// the way ends well.
	left access.Session
}

type callKey struct{}

// of gives the call of a request; outside a route it is empty.
func of(r *http.Request) *call {
	if c, ok := r.Context().Value(callKey{}).(*call); ok {
		return c
	}
	return &call{}
}

// enter puts the rules of a route before its handler.
func (d *Door) enter(rt route) http.Handler {
	name := strings.TrimSpace(rt.method + " " + rt.path)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		web.VisitOf(r).Route = name
		c := &call{}
		r = r.WithContext(context.WithValue(r.Context(), callKey{}, c))
		err := d.admit(w, r, rt, c)
		if isUnproved(err) {
			err = d.unproved(w, r, rt, c, err)
			if err == nil {
				return
			}
		}
		if err != nil {
			d.fail(w, r, err)
			return
		}
		if rt.who >= insider && !c.inside {
			return // sent to the login page
		}
		if err := rt.serve(w, r); err != nil {
			d.fail(w, r, err)
		}
	})
}

// admit reads the form, finds out who comes, and has a keyed device prove that
// it is the one that asks.
func (d *Door) admit(w http.ResponseWriter, r *http.Request, rt route, c *call) (err error) {
	posted := r.Method == http.MethodPost && rt.method == http.MethodPost
	if posted && !rt.files {
		if c.body, err = web.ReadBody(w, r, rt.limit()); err != nil {
			return err
		}
		if c.body, c.proof = cutProof(c.body); c.proof != "" {
			web.PutBody(r, c.body)
		}
		if c.form, err = web.ReadForm(w, r, rt.limit()); err != nil {
			return err
		}
	}
	if h := r.Header.Get(access.ProofHeader); h != "" {
		c.proof = h
	}
	if rt.who == machine {
		return nil
	}
	why := d.findSession(w, r, rt, c)
	if c.inside && posted && c.session.Kind == access.Keyed {
		if rt.files {
			if c.body, err = web.ReadBody(w, r, rt.limit()); err != nil {
				return err
			}
		}
		switch err := d.prove(w, r, c); {
		case err == nil:
		case rt.entry && isUnproved(err):
			c.inside, c.left = false, c.session // he comes as anybody does
		case isUnproved(err):
			d.offerNonce(w, c)
			if c.client, why = d.Clients.ByID(r.Context(), c.session.Client); why != nil {
				return why
			}
			return err
		case fault.CodeOf(err) == fault.Unauthenticated:
			c.inside, why = false, err // it ended this very moment
		default:
			return err
		}
	}
	if c.inside {
		c.left = c.session
		d.offerNonce(w, c)
		v := web.VisitOf(r)
		v.Actor = strconv.FormatInt(int64(c.session.Client), 10)
		c.client, err = d.Clients.ByID(r.Context(), c.session.Client)
		return err
	}
	switch {
	case why != nil && fault.CodeOf(why) != fault.Unauthenticated:
		return why // the database, not the visitor
	case rt.who == watcher:
		return access.ErrNoSession
	case rt.who == insider:
		d.toLogin(w, r, rt, why)
	}
	return nil
}

// findSession looks the session cookie up; the error says why nobody is inside.
func (d *Door) findSession(w http.ResponseWriter, r *http.Request, rt route, c *call) error {
	token := web.Cookie(r, sessionCookie)
	if token == "" {
		return access.ErrNoSession
	}
	activity := access.Acts
	if rt.who == watcher || rt.polled && htmx(r) {
		activity = access.Watches
	}
	in, err := d.Access.Session(r.Context(), token, activity)
	if err != nil {
		if fault.CodeOf(err) == fault.Unauthenticated && rt.who != watcher && !rt.quiet {
			web.DropCookie(w, sessionCookie)
		}
		return err
	}
	c.inside, c.session = true, in
	return nil
}

// page fills what every page knows.
func (d *Door) page(r *http.Request) ui.Page {
	c := of(r)
	lang := locale.Pick(web.Cookie(r, langCookie), r.Header.Get("Accept-Language"))
	if c.inside && web.Cookie(r, langCookie) == "" && c.client.Lang != "" {
		lang = c.client.Lang
	}
	p := ui.Page{
		Kit: d.Kit, P: locale.For(lang), Lang: lang, Theme: ui.ParseTheme(web.Cookie(r, themeCookie)),
		Path: r.URL.RequestURI(), Now: d.DB.Now(), SumsHidden: web.Cookie(r, sumsCookie) == "hidden",
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		p.Path = homeOf(r) // a POST's address shows nothing when it is opened
	}
	if c.inside {
		p.Reader = c.client.Name.Whole()
		p.IdleAfter = max(time.Second, c.session.IdleEnds.Sub(d.Now()))
		if c.device.Left > 0 {
			p.IdleAfter = min(p.IdleAfter, c.device.Left) // the cookie is all it has
		}
	}
	p.Device = c.device
	return p
}

// homeOf names the page that a form was posted from.
func homeOf(r *http.Request) string {
	path := strings.TrimSuffix(strings.TrimSuffix(r.URL.Path, "/quote"), "/recipient")
	if path == "/logout" {
		return "/"
	}
	return path
}

// render writes a page with a status.
func (d *Door) render(w http.ResponseWriter, r *http.Request, status int, page templ.Component) error {
	var b bytes.Buffer
	if err := page.Render(r.Context(), &b); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	web.WriteHTML(w, r, status, b.Bytes())
	return nil
}

// byScript tells whether a script waits for the answer: it is told where to go
// on by a header, for it would follow a redirect itself.
func byScript(r *http.Request) bool { return htmx(r) || r.Header.Get(access.ProofHeader) != "" }

// htmx tells a request made by the script of a page: it gets fragments, and
// HX-Redirect where a plain form gets 303.
func htmx(r *http.Request) bool {
	return r.Header.Get("HX-Request") == "true" && r.Header.Get("HX-History-Restore-Request") == ""
}

// seeOther leads the browser on by GET.
func seeOther(w http.ResponseWriter, r *http.Request, to string) error {
	if byScript(r) {
		w.Header().Set("HX-Redirect", to)
		w.WriteHeader(http.StatusOK)
		return nil
	}
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// explain puts refusals into the reader's words; what is no refusal goes to
// the log and on to the error page.
func explain(p *locale.Printer, errs ...error) (ui.Errors, error) {
	for _, err := range errs {
		if err == nil {
			continue
		}
		if many, ok := err.(interface{ Unwrap() []error }); ok {
			if _, other := explain(p, many.Unwrap()...); other != nil {
				return nil, other
			}
			continue
		}
		if _, ok := fault.As(err); !ok {
			return nil, err
		}
	}
	return ui.Explain(p, errs...), nil
}

// until reads the moment that a refusal carries.
func until(err error) (time.Time, bool) {
	var f *fault.Error
	if !errors.As(err, &f) {
		return time.Time{}, false
	}
	t, ok := f.Args["until"].(time.Time)
	return t, ok
}

// left reads the number of tries that a refusal carries.
func left(err error) int {
	var f *fault.Error
	if errors.As(err, &f) {
		switch n := f.Args["n"].(type) {
		case int:
			return n
		case int64:
			return int(n)
		}
	}
	return 0
}
