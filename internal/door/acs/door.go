package acs

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"rocketbank/internal/bank/authentication"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
	"rocketbank/internal/rail/threeds"
)

// Bank decides (authentication.Service).
type Bank interface {
	Answer(ctx context.Context, a threeds.AReq) (threeds.ARes, *threeds.Erro, error)
	SeeBrowser(ctx context.Context, serverTransID, cookie string) error
	Begin(ctx context.Context, c threeds.CReq, session *string, token string) (authentication.Shown, error)
	Fail(ctx context.Context, serverTransID, acsTransID, token string) error
	Resume(ctx context.Context, acsTransID, token string) (authentication.Shown, error)
	EnterCode(ctx context.Context, acsTransID, token, code string) (authentication.Shown, error)
	Resend(ctx context.Context, acsTransID, token string) (authentication.Shown, error)
	Cancel(ctx context.Context, acsTransID, token string) (authentication.Shown, error)
	Finish(ctx context.Context, acsTransID, token string) (authentication.Return, error)
}

// Deps is what the door works with.
type Deps struct {
	// Front is the doorway of the ACS's origin, made with CrossSite.
	Front *web.Front
	Kit   *ui.Kit
	Bank  Bank
	// Scheme is the name under which the card scheme offers this, said on the
	// page: «Mastercard Identity Check».
	Scheme string
	// LoopbackHTTP lets shops and directory be http on this very machine, which
	// a demo needs and nobody else.
	LoopbackHTTP bool
	// Peer tells whether who posts a question is the directory, from his
	// certificate say; nil: whoever reaches the listener.
	Peer func(*http.Request) error
	Log  *slog.Logger     // may be nil
	Now  func() time.Time // real time; the machine's when nil
}

// Door is the ACS. It is safe for concurrent use.
type Door struct {
	Deps
	reader threeds.Reader
}

// New makes the door.
func New(d Deps) *Door {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Scheme == "" {
		d.Scheme = "Mastercard Identity Check"
	}
	return &Door{d, threeds.Reader{Component: threeds.ACS, LoopbackHTTP: d.LoopbackHTTP}}
}

// serve is a handler that leaves the wording of a refusal to the door.
type serve func(http.ResponseWriter, *http.Request) error

// route is one line of the table.
type route struct {
	method, path string
	cross        bool // other sites post here by the nature of the protocol
	serve        serve
}

// Paths that other sites and the configuration name.
const (
	areqPath      = "/acs/areq"
	ChallengePath = "/acs/challenge"
	MethodPath    = "/acs/method"
	submitPath    = "/acs/challenge/submit"
	statePath     = "/acs/challenge/state"
)

// routes is every way in.
func (d *Door) routes() []route {
	return []route{
		{http.MethodPost, areqPath, false, d.postAReq},
		{http.MethodGet, MethodPath, false, d.method},
		{http.MethodPost, MethodPath, true, d.method},
		{http.MethodPost, ChallengePath, true, d.postChallenge},
		// The page's own posts may come from a frame that the shop has
		// sandboxed: then the browser calls their origin «null».
		{http.MethodPost, submitPath, true, d.postSubmit},
		{http.MethodPost, statePath, true, d.postState},

		{http.MethodGet, "/static/{file}", false, plain(d.Kit.Static())},
		{http.MethodGet, "/favicon.ico", false, d.getFavicon},
		{http.MethodGet, "/healthz", false, d.getHealth},
	}
}

// CrossSite lists the routes that other sites post to, for web.Options: those
// that the table marks.
func CrossSite() []string {
	return []string{
		http.MethodPost + " " + MethodPath, http.MethodPost + " " + ChallengePath,
		http.MethodPost + " " + submitPath, http.MethodPost + " " + statePath,
	}
}

// Handler serves every route, behind the doorway.
func (d *Door) Handler() http.Handler {
	var ways []web.Way
	for _, rt := range d.routes() {
		ways = append(ways, web.Way{Method: rt.method, Path: rt.path, Handler: d.enter(rt)})
	}
	mux := web.Mux(ways, func(method, path, allow string) http.Handler {
		return d.enter(route{method: method, path: path, serve: func(w http.ResponseWriter, _ *http.Request) error { return web.NotThisWay(w, allow) }})
	}, d.enter(route{path: "/…", serve: func(http.ResponseWriter, *http.Request) error { return web.ErrNotFound }}))
	return d.Front.Wrap(d.Front.SameHost(mux, d.fail, "/healthz"), d.fail)
}

// enter runs a handler under its own name.
func (d *Door) enter(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		web.VisitOf(r).Route = rt.method + " " + rt.path
		if err := rt.serve(w, r); err != nil {
			d.fail(w, r, err)
		}
	})
}

// fail words a refusal: to the directory as an Erro, to people as a page.
func (d *Door) fail(w http.ResponseWriter, r *http.Request, err error) {
	status := web.Status(err)
	if errors.Is(err, authentication.ErrMissing) {
		status = http.StatusBadRequest // the protocol's word for a transaction that is none
	}
	if status >= http.StatusInternalServerError {
		d.Log.ErrorContext(r.Context(), "3-D Secure", "request", web.VisitOf(r).ID, "route", web.VisitOf(r).Route, "err", err)
	}
	if r.URL.Path == areqPath && r.Method == http.MethodPost {
		d.erro(w, threeds.NewErro(threeds.ACS, threeds.TransientFailure, threeds.TypeAReq, "try again later"))
		return
	}
	d.refuse(w, r, status, err)
}

func plain(h http.Handler) serve {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
		h.ServeHTTP(w, r)
		return nil
	}
}

func (d *Door) getFavicon(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "public, max-age=86400")
	http.Redirect(w, r, d.Kit.URL("logo.svg"), http.StatusMovedPermanently)
	return nil
}

// getHealth tells that the process answers at all.
func (d *Door) getHealth(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n")) // nobody to tell when the asker has gone
	return nil
}

// Cookies of the door. They exist in frames of other sites, hence SameSite=None
// and Partitioned: each shop's frame has its own.
const (
	browserCookie = "__Host-rocketbank-acs"        // dies with the browser
	deviceCookie  = "__Host-rocketbank-acs-device" // tells a browser that came before
	deviceLife    = 180 * 24 * time.Hour
)

// remember gives the browser a cookie, or keeps the one it has.
func remember(w http.ResponseWriter, r *http.Request, name string, life time.Duration) string {
	value := web.Cookie(r, name)
	if len(value) != secretLetters {
		value = secret()
	}
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(life / time.Second),
		Secure: true, HttpOnly: true, SameSite: http.SameSiteNoneMode, Partitioned: true,
	})
	return value
}

// secretLetters is the length of 256 bits in base64url.
const secretLetters = 43

func secret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// tokenOf is what proves that a browser is the one that came for this
// challenge. The page holds it, so that a browser without cookies gets on, and
// it tells nothing about the cookie or about another challenge.
func tokenOf(cookie, acsTransID string) string {
	sum := sha256.Sum256([]byte("acs " + acsTransID + " " + cookie))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
