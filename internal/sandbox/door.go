package sandbox

import (
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
)

//go:embed static
var staticFiles embed.FS

//go:embed pages/*.html
var pageFiles embed.FS

// door speaks HTTP for the sandbox: two APIs for programs, pages for people.
type door struct {
	cfg      Config
	sms      *gateway
	acquirer *acquirer
	credits  *credits
	till     *till
	shop     *shop
	agents   *agents
	post     *courier
	railway  *railway
	pages    map[string]*template.Template
	log      *slog.Logger
}

func newDoor(cfg Config, sms *gateway, acq *acquirer, given *credits, till *till, web *shop, post *courier, rail *railway, paid *agents) (http.Handler, error) {
	pages, err := parsePages()
	if err != nil {
		return nil, err
	}
	static, err := fs.Sub(staticFiles, "static")
	if err != nil {
		return nil, err
	}
	d := &door{cfg: cfg, sms: sms, acquirer: acq, credits: given, till: till, shop: web, post: post, railway: rail, agents: paid, pages: pages, log: cfg.Log}
	return d.routes(http.FileServerFS(static)), nil
}

// routes is the whole sandbox in the order of its menu.
func (d *door) routes(static http.Handler) http.Handler {
	mux := http.NewServeMux()

	mux.Handle("GET /{$}", d.page(d.getIndex))
	mux.Handle("GET /phone", d.page(d.getPhones))
	mux.Handle("POST /phone", d.page(d.postFindPhone))
	mux.Handle("GET /phone/{number}", d.page(d.getPhone))
	mux.Handle("GET /phone/{number}/messages", d.page(d.getPhoneList))
	mux.Handle("POST /phone/{number}/switch", d.page(d.postSwitch))
	mux.Handle("POST /phone/{number}/messages/{id}/again", d.page(d.postAgain))
	mux.Handle("POST /phone/{number}/messages/{id}/undelivered", d.page(d.postUndelivered))
	mux.Handle("GET /cards", d.page(d.getCards))
	mux.Handle("GET /credits", d.page(d.getCredits))
	mux.Handle("GET /credits.json", d.api(d.getCreditsJSON))
	if d.cfg.Clock != nil {
		mux.Handle("GET /clock", d.page(d.getClock))
		mux.Handle("POST /clock", d.page(d.postClock))
	}
	if d.cfg.Staff != nil {
		mux.Handle("GET /staff", d.page(d.getStaff))
		mux.Handle("POST /staff", d.page(d.postStaff))
		mux.Handle("GET /staff.json", d.api(d.getStaffJSON))
	}
	if d.till != nil {
		mux.Handle("GET /terminal", d.page(d.getTerminal))
		mux.Handle("POST /terminal", d.page(d.postTerminal))
		mux.Handle("GET /terminal/{slip}", d.page(d.getSlip))
		mux.Handle("POST /terminal/{slip}", d.page(d.postSlip))
		mux.Handle("POST /clearing", d.page(d.postClearing))
		mux.Handle("POST /terminal.json", d.api(d.postTerminalJSON))
		mux.Handle("POST /clearing.json", d.api(d.postClearingJSON))
	}
	if d.railway != nil {
		mux.Handle("GET /rail", d.page(d.getRail))
		mux.Handle("POST /rail/{name}/back", d.page(d.postRailBack))
		mux.Handle("GET /rail.json", d.api(d.getRailJSON))
		d.railRoutes(mux)
	}
	guard := http.NewCrossOriginProtection()
	if d.shop != nil {
		mux.Handle("GET /shop", d.page(d.getShop))
		mux.Handle("POST /shop", d.page(d.postShop))
		mux.Handle("GET /shop/{order}", d.page(d.getOrder))
		// The issuer's page sends the browser here, and that is another site.
		mux.Handle("POST /shop/return/{order}", d.page(d.postReturn))
		guard.AddInsecureBypassPattern("POST /shop/return/{order}")
		mux.Handle("POST /shop/result", d.api(d.postResult))
	}
	if len(d.cfg.Agents) > 0 {
		mux.Handle("GET /agents", d.page(d.getAgents))
		mux.Handle("POST "+AgentsPath+"/{agent}/accounts/check", d.sealed(d.postAccount))
		mux.Handle("POST "+AgentsPath+"/{agent}/payments", d.sealed(d.postAgentPayment))
		mux.Handle("GET "+AgentsPath+"/{agent}/payments/{key}", d.sealed(d.getAgentPayment))
	}
	mux.Handle("POST /language", d.page(d.postLanguage))

	mux.Handle("GET /3ds/{token}", d.page(d.getThreeDS))
	mux.Handle("POST /3ds/{token}", d.page(d.postThreeDS))
	mux.Handle("POST /3ds/{token}/cancel", d.page(d.postThreeDSCancel))

	mux.Handle("GET /messages.json", d.api(d.getMessages))
	mux.Handle("GET /cards.json", d.api(d.getCardsJSON))
	mux.Handle("POST "+SMSPath+"/messages", d.api(d.postMessage))
	mux.Handle("POST "+AcquirerPath+"/charges", d.api(d.postCharge))
	mux.Handle("GET "+AcquirerPath+"/charges/{key}", d.api(d.getCharge))

	mux.Handle("GET /static/", http.StripPrefix("/static/", static))
	mux.Handle("GET /favicon.ico", http.RedirectHandler("/static/icon.svg", http.StatusMovedPermanently))
	mux.Handle("/", d.page(func(http.ResponseWriter, *http.Request) error {
		return refuse(http.StatusNotFound, "no_such_page", "")
	}))
	return guard.Handler(shielded(mux))
}

// shielded sets what every answer carries. Nothing here may be cached or
// framed, and pages run no script and no style but their own.
func shielded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy("'self'"))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

func policy(formTargets string) string {
	return "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
		"base-uri 'none'; frame-ancestors 'none'; form-action " + formTargets
}

// letReturn lets the forms of a 3-D Secure page lead to the shop: browsers hold
// form-action against redirects too, and the page ends with one.
func letReturn(w http.ResponseWriter, returnURL string) {
	if u, err := url.Parse(returnURL); err == nil {
		w.Header().Set("Content-Security-Policy", policy("'self' "+u.Scheme+"://"+u.Host))
	}
}

// api answers a refusal as JSON.
func (d *door) api(h func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := h(w, r)
		if err == nil {
			return
		}
		no := d.refusalOf(r, err)
		type detail struct {
			Reason string `json:"reason"`
			Field  string `json:"field,omitempty"`
		}
		if err := writeJSON(w, no.status, map[string]detail{"error": {no.reason, no.field}}); err != nil {
			d.log.Error("sandbox", "err", err)
		}
	})
}

// maxForm bounds what a page's form may send.
const maxForm = 4 << 10

// page answers a refusal as a page.
func (d *door) page(h func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		err := r.ParseForm()
		if err != nil {
			err = refuse(http.StatusBadRequest, "bad_form", "")
		} else {
			err = h(w, r)
		}
		if err == nil {
			return
		}
		no := d.refusalOf(r, err)
		if err := d.show(w, r, no.status, "refusal.html", "sandbox.refusal.title", no.status); err != nil {
			d.log.Error("sandbox", "err", err)
		}
	})
}

func (d *door) refusalOf(r *http.Request, err error) *refusal {
	var no *refusal
	if errors.As(err, &no) {
		return no
	}
	// The pattern, not the path: a path may name a person.
	d.log.Error("sandbox", "route", r.Pattern, "err", err)
	return &refusal{status: http.StatusInternalServerError, reason: "broken"}
}

// sheet is what every page is printed from.
type sheet struct {
	*locale.Printer
	Title   string
	Path    string // where the language switch comes back to
	Now     time.Time
	Bank    string
	Clock   bool
	Staff   bool
	Till    bool
	Shop    bool
	Rail    bool
	Agents  bool
	Refresh int // seconds between reloads without script; 0 = none
	Data    any
}

// Word says a text of the catalogue; the arguments are name, value, name, value…
func (s sheet) Word(key string, pairs ...any) string {
	args := make([]locale.Arg, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		name, _ := pairs[i].(string)
		args = append(args, locale.A(name, pairs[i+1]))
	}
	return s.T(key, args...)
}

// When says a day and a time.
func (s sheet) When(t time.Time) string { return s.Day(t, s.Now) + ", " + s.Printer.Clock(t) }

// Rub says an amount.
func (s sheet) Rub(minor int64) string { return s.Money(money.Rub(minor)) }

// Other is the language to switch to.
func (s sheet) Other() locale.Lang {
	if s.Lang() == locale.Russian {
		return locale.English
	}
	return locale.Russian
}

func (d *door) sheet(r *http.Request, title string, data any) sheet {
	p := locale.For(langOf(r))
	return sheet{
		Printer: p, Title: p.T(title), Path: r.URL.Path, Now: d.cfg.now().In(clock.Moscow),
		Bank: d.cfg.BankOrigin, Clock: d.cfg.Clock != nil, Staff: d.cfg.Staff != nil, Till: d.till != nil, Shop: d.shop != nil, Rail: d.railway != nil, Agents: len(d.cfg.Agents) > 0, Data: data,
	}
}

// show prints a whole page. It is made in memory first, so that a broken
// template is a 500 and not half a page.
func (d *door) show(w http.ResponseWriter, r *http.Request, status int, page, title string, data any) error {
	return d.print(w, status, page, "layout", d.sheet(r, title, data))
}

func (d *door) print(w http.ResponseWriter, status int, page, block string, s sheet) error {
	var b strings.Builder
	if err := d.pages[page].ExecuteTemplate(&b, block, s); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(b.String())) // a reader that has gone is not our error
	return nil
}

// parsePages joins every page with the frame they share.
func parsePages() (map[string]*template.Template, error) {
	names, err := fs.Glob(pageFiles, "pages/*.html")
	if err != nil {
		return nil, err
	}
	out := map[string]*template.Template{}
	for _, name := range names {
		name = strings.TrimPrefix(name, "pages/")
		if name == "layout.html" {
			continue
		}
		t, err := template.New(name).ParseFS(pageFiles, "pages/layout.html", "pages/"+name)
		if err != nil {
			return nil, fmt.Errorf("sandbox page %s: %w", name, err)
		}
		out[name] = t
	}
	return out, nil
}

const langCookie = "__Host-sandbox-lang"

func langOf(r *http.Request) locale.Lang {
	chosen := ""
	if c, err := r.Cookie(langCookie); err == nil {
		chosen = c.Value
	}
	return locale.Pick(chosen, r.Header.Get("Accept-Language"))
}

func (d *door) postLanguage(w http.ResponseWriter, r *http.Request) error {
	http.SetCookie(w, &http.Cookie{
		Name: langCookie, Value: string(locale.For(locale.Lang(r.PostFormValue("lang"))).Lang()),
		Path: "/", MaxAge: 365 * 24 * 3600, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	return seeOther(w, r, localPath(r.PostFormValue("back")))
}

// localPath keeps a way back on this site.
func localPath(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") || strings.Contains(s, `\`) {
		return "/"
	}
	return u.Path
}

func seeOther(w http.ResponseWriter, r *http.Request, to string) error {
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}
