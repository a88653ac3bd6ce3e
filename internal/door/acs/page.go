package acs

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"rocketbank/internal/bank/authentication"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// challengeView is the page that asks the holder.
type challengeView struct {
	ui.Page
	authentication.Shown
	Scheme string
	Token  string
	Note   string // key of a word about what was just done
	Chosen string // the language that was chosen on the page; empty: the browser's
	now    time.Time
}

// leaveView is the page that takes the browser back: a form that a script sends
// at once and a finger without one.
type leaveView struct {
	ui.Page
	Action string
	Fields []ui.Hidden
	Passed bool
	Silent bool // the hidden frame of the 3DS Method: nobody reads it
}

type refusalView struct {
	ui.Page
	Text      string
	RequestID string
}

// page is what every page knows about its reader.
func (d *Door) page(r *http.Request, lang string) ui.Page {
	l := locale.Pick(lang, r.Header.Get("Accept-Language"))
	return ui.Page{Kit: d.Kit, P: locale.For(l), Lang: l, Path: r.URL.Path, Now: d.Now()}
}

// policy is what the page may do beside the usual nothing: where its forms may
// lead, and who may frame it.
type policy struct{ forms, frames []string }

// header writes the Content-Security-Policy.
func (p policy) header() string {
	none := func(list []string) string {
		if len(list) == 0 {
			return "'none'"
		}
		return strings.Join(list, " ")
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; " +
		"form-action " + strings.Join(append([]string{"'self'"}, p.forms...), " ") + "; frame-ancestors " + none(p.frames)
}

// origins gives the origins of addresses that were checked when they came, each
// once. Nothing else of an address gets into a policy.
func origins(addresses ...string) (out []string) {
	for _, a := range addresses {
		u, err := url.Parse(a)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.ContainsAny(u.Host, " ;,'\"*") {
			continue
		}
		if o := u.Scheme + "://" + u.Host; !slices.Contains(out, o) {
			out = append(out, o)
		}
	}
	return out
}

// render writes a page with headers of its own: it lives in frames of other
// sites, which the doorway forbids to everybody else's.
func (d *Door) render(w http.ResponseWriter, r *http.Request, status int, p policy, page templ.Component) error {
	var b bytes.Buffer
	if err := page.Render(r.Context(), &b); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Security-Policy", p.header())
	h.Del("X-Frame-Options") // it knows no list; frame-ancestors says who
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Referrer-Policy", "strict-origin") // the shop sees which bank it was, and no more
	web.WriteHTML(w, r, status, b.Bytes())
	return nil
}

// sum is what is paid, empty where nothing is.
func (v challengeView) sum() string {
	if v.Shown.Sum.Cur == 0 {
		return ""
	}
	return v.Shown.Sum.Text(v.P)
}

// wait is how many seconds it takes until another code may be asked for.
func (v challengeView) wait() string {
	left := v.ResendAt.Sub(v.now)
	if v.ResendAt.IsZero() || left <= 0 {
		return ""
	}
	return strconv.Itoa(int((left + time.Second - 1) / time.Second))
}

// titled is what the tab says, an error first.
func titled(p ui.Page, title string) string {
	if p.Errors.Any() {
		return p.P.T("ui.title_error", locale.A("title", title))
	}
	return title
}
