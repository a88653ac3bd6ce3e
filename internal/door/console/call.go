package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"rocketbank/internal/bank/staff"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// The cookies of the console. Its names differ from the cabinet's, because
// cookies ignore ports and a demo has both on one host.
const (
	sessionCookie = "__Host-rbs"
	langCookie    = "__Host-rbs-lang"
	themeCookie   = "__Host-rbs-theme"
	noticeCookie  = "__Host-rbs-note"

	choiceLife = 365 * 24 * time.Hour
)

// call is one request as the handlers see it.
type call struct {
	form    web.Form
	inside  bool
	session staff.Session
	actor   staff.Actor
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
		sent, err := d.admit(w, r, rt, c)
		if err == nil && !sent {
			err = rt.serve(w, r)
		}
		if err != nil {
			d.fail(w, r, err)
		}
	})
}

// admit finds out who comes and whether he may; sent tells that he was led to
// the login page. The form is read last: a stranger's is not worth reading.
func (d *Door) admit(w http.ResponseWriter, r *http.Request, rt route, c *call) (sent bool, err error) {
	if rt.who != machine {
		if why := d.findSession(w, r, rt, c); why != nil {
			if fault.CodeOf(why) != fault.Unauthenticated {
				return false, why
			}
			if rt.who == member {
				d.toLogin(w, r, why)
				return true, nil
			}
		}
	}
	if rt.who == member && rt.roles != 0 && !c.actor.Has(rt.roles) {
		return false, staff.ErrRole
	}
	if r.Method == http.MethodPost && rt.method == http.MethodPost && !rt.raw && !multipart(r) {
		c.form, err = web.ReadForm(w, r, rt.limit())
	}
	return false, err
}

// multipart forms are read by the routes that take uploads.
func multipart(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data")
}

// findSession looks the session cookie up; the error says why nobody is inside.
func (d *Door) findSession(w http.ResponseWriter, r *http.Request, rt route, c *call) error {
	token := web.Cookie(r, sessionCookie)
	if token == "" {
		return staff.ErrNoSession
	}
	activity := staff.Acts
	if rt.polled {
		activity = staff.Watches
	}
	in, err := d.Staff.Session(r.Context(), token, activity)
	if err != nil {
		if fault.CodeOf(err) == fault.Unauthenticated {
			web.DropCookie(w, sessionCookie)
		}
		return err
	}
	c.inside, c.session, c.actor = true, in, in.Actor()
	web.VisitOf(r).Actor = c.actor.Ref()
	return nil
}

// toLogin sends somebody without a session to the login page, which brings him
// back to where he was.
func (d *Door) toLogin(w http.ResponseWriter, r *http.Request, why error) {
	q := url.Values{}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		if next, ok := web.LocalPath(r.URL.RequestURI()); ok && next != "/" {
			q.Set("next", next)
		}
	}
	for word, reason := range map[string]error{"idle": staff.ErrIdle, "old": staff.ErrTooOld, "disabled": staff.ErrDisabled} {
		if errors.Is(why, reason) {
			q.Set("why", word)
		}
	}
	to := "/login"
	if len(q) > 0 {
		to += "?" + q.Encode()
	}
	_ = seeOther(w, r, to) // writes, and cannot fail
}

// Page is what every page of the console knows.
type Page struct {
	ui.Page
	Actor staff.Actor
}

// page fills what every page knows.
func (d *Door) page(r *http.Request) Page {
	c := of(r)
	lang := locale.Pick(web.Cookie(r, langCookie), r.Header.Get("Accept-Language"))
	p := Page{Page: ui.Page{
		Kit: d.Kit, P: locale.For(lang), Lang: lang, Theme: ui.ParseTheme(web.Cookie(r, themeCookie)),
		Path: r.URL.RequestURI(), Now: d.DB.Now(),
	}}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		p.Path = "/" // a POST's address shows nothing when it is opened
	}
	if c.inside {
		p.Actor, p.Reader = c.actor, c.session.Member.Name.Whole()
		p.IdleAfter = max(time.Second, c.session.IdleEnds.Sub(d.Now()))
	}
	return p
}

// shown is page with the message that the last request left.
func (d *Door) shown(w http.ResponseWriter, r *http.Request) Page {
	p := d.page(r)
	if key := web.Cookie(r, noticeCookie); key != "" {
		web.DropCookie(w, noticeCookie)
		if key = "console.notice." + key; p.P.Has(key) {
			p.Notice = &ui.Notice{Tone: ui.Good, Text: p.P.T(key)}
		}
	}
	return p
}

// leaveNotice names the message of the next page: a key behind console.notice.
func leaveNotice(w http.ResponseWriter, name string) {
	web.SetCookie(w, noticeCookie, name, time.Minute)
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

// seeOther leads the browser on by GET.
func seeOther(w http.ResponseWriter, _ *http.Request, to string) error {
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// fail is the one way from an error to a page. What is no refusal of ours is
// told to the log alone.
func (d *Door) fail(w http.ResponseWriter, r *http.Request, err error) {
	v := web.VisitOf(r)
	status := web.Status(err)
	if r.Context().Err() != nil && status >= 500 {
		w.WriteHeader(http.StatusServiceUnavailable) // he has gone, or we are closing
		return
	}
	f, told := fault.As(err)
	if status >= 500 {
		d.Log.ErrorContext(r.Context(), "request failed", "id", v.ID, "route", v.Route, "err", err)
	}
	view := ErrorView{Page: d.page(r), Status: status, RequestID: v.ID}
	if told && status != http.StatusInternalServerError {
		view.Text = view.P.Fault(f)
	}
	if err := d.render(w, r, status, ErrorPage(view)); err != nil {
		d.Log.ErrorContext(r.Context(), "the error page does not render", "id", v.ID, "err", err)
		http.Error(w, strconv.Itoa(status)+" "+v.ID, status)
	}
}

// stopped hands a browser's report on to the watch.
func (d *Door) stopped(ctx context.Context, directive, blocked string) {
	if err := d.Watch.CSP(ctx, directive, blocked); err != nil {
		d.Log.ErrorContext(ctx, "keep a report of a browser", "err", err)
	}
}
