package api

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/base/locale"
)

// Door is the open API; mount it at "/api/".
type Door struct {
	d      Deps
	log    *slog.Logger
	rates  *rates
	api    huma.API
	outer  *http.ServeMux
	v1     *http.ServeMux
	routes []Route
	spec   []byte
}

// New makes the door.
func New(d Deps) *Door {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Address == nil {
		d.Address = peer
	}
	door := &Door{d: d, log: d.Log, rates: newRates(d.Rate, d.Now), outer: http.NewServeMux(), v1: http.NewServeMux()}
	door.api = newHuma(door.v1)
	door.addRoutes()
	door.finishSpec()

	door.outer.HandleFunc("/api/v1/", door.serveV1)
	door.outer.HandleFunc("GET /api/openapi.json", door.serveSpec)
	door.outer.HandleFunc("/api/openapi.json", door.refuseMethod("GET, HEAD"))
	if d.Kit != nil {
		door.outer.HandleFunc("GET "+docsPath, door.serveContents)
		door.outer.HandleFunc("GET "+docsPath+"/{tag}", door.serveChapter)
		door.outer.HandleFunc(docsPath, door.refuseMethod("GET, HEAD"))
		door.outer.HandleFunc(docsPath+"/{tag}", door.refuseMethod("GET, HEAD"))
		door.outer.HandleFunc("GET "+docsStyle(), door.serveDocsStyle)
		door.outer.Handle("GET /api/{$}", http.RedirectHandler(docsPath, http.StatusSeeOther))
	}
	door.outer.HandleFunc("/", door.refuseUnknown)
	return door
}

// Routes lists every route under /api/v1 with the scope it asks for.
func (d *Door) Routes() []Route { return d.routes }

// call is what the door knows about one request.
type call struct {
	id    string // request id: in the answer and in the log
	p     *locale.Printer
	token access.Token
	// applicant is who comes instead of a token's holder where cards are ordered.
	applicant applicant
	route     string // the pattern, for the log
	r         *http.Request
	w         http.ResponseWriter
	cause     error // what broke, for the log
}

type callKey struct{}

func callOf(ctx context.Context) *call { return ctx.Value(callKey{}).(*call) }

// ServeHTTP answers one request.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := d.d.Now()
	rec := &recorder{ResponseWriter: w}
	c := &call{id: requestID(), p: locale.For(languageOf(r)), w: rec}
	c.r = r.WithContext(context.WithValue(r.Context(), callKey{}, c))

	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("X-Request-Id", c.id)
	if d.d.HTTPS {
		h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	}

	defer func() {
		if v := recover(); v != nil {
			if v == http.ErrAbortHandler {
				panic(v)
			}
			c.cause = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
			if rec.status == 0 {
				d.write(c, d.problem(c, c.cause))
			}
		}
		d.logLine(c, rec, start)
	}()
	if unclean(r.URL.Path) {
		d.refuseUnknown(rec, c.r)
		return
	}
	d.outer.ServeHTTP(rec, c.r)
}

// serveV1 lets holders of a token in, and nobody else, whatever they ask for.
// Newcomers have none: who orders a card has the secret of his application.
func (d *Door) serveV1(w http.ResponseWriter, r *http.Request) {
	c := callOf(r.Context())
	admit := d.admit
	if ofApplication(r.URL.Path) {
		admit = d.admitApplicant
	}
	if err := admit(c); err != nil {
		d.write(c, d.problem(c, err))
		return
	}
	d.v1.ServeHTTP(w, r)
}

// admit finds out whose request it is and whether he asks too often.
func (d *Door) admit(c *call) error {
	secret, err := bearer(c.r.Header["Authorization"])
	if err != nil {
		return err
	}
	if c.token, err = d.d.Tokens.ByToken(c.r.Context(), secret); err != nil {
		return err
	}
	if wait := d.rates.take(c.token.ID); wait > 0 {
		return errTooOften.With("wait", wait)
	}
	return nil
}

// maxSecret bounds what is looked up at all.
const maxSecret = 200

// bearer takes the token out of the one Authorization header.
func bearer(values []string) (string, error) {
	if len(values) == 0 {
		return "", errNoToken
	}
	scheme, secret, _ := strings.Cut(values[0], " ")
	if len(values) > 1 || !strings.EqualFold(scheme, "bearer") {
		return "", errNoToken
	}
	if secret == "" || len(secret) > maxSecret || strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", access.ErrBadToken
	}
	return secret, nil
}

// refuseUnknown answers an address that is none of ours.
func (d *Door) refuseUnknown(_ http.ResponseWriter, r *http.Request) {
	c := callOf(r.Context())
	d.write(c, d.problem(c, errNoRoute))
}

// refuseMethod answers a method that an address does not have.
func (d *Door) refuseMethod(allow string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := callOf(r.Context())
		w.Header().Set("Allow", allow)
		d.write(c, d.problem(c, errMethod.With("allow", allow)))
	}
}

// unclean tells a path that the mux would redirect; an order is never redirected.
func unclean(path string) bool {
	return strings.Contains(path, "//") || strings.Contains(path, "/./") || strings.Contains(path, "/../") ||
		strings.HasSuffix(path, "/.") || strings.HasSuffix(path, "/..")
}

func languageOf(r *http.Request) locale.Lang {
	return locale.Pick("", r.Header.Get("Accept-Language"))
}

func peer(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

var letters = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// requestID is of the same form as the cabinet's: it can be read out on the phone.
func requestID() string {
	var b [10]byte
	rand.Read(b[:]) // never fails since Go 1.24
	return letters.EncodeToString(b[:])
}

// logLine writes the one line of a request. It holds no secrets, names or
// bodies; identifiers of the path are left out by telling the pattern.
func (d *Door) logLine(c *call, rec *recorder, start time.Time) {
	if c.cause != nil && !errors.Is(c.cause, context.Canceled) {
		d.log.Error("api: broken", "id", c.id, "route", c.route, "err", c.cause)
	}
	level := slog.LevelInfo
	if rec.status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	if !d.log.Enabled(c.r.Context(), level) {
		return
	}
	actor := ""
	if !c.token.ID.IsZero() {
		actor = c.token.ID.Text(tokenPrefix)
	}
	if !c.applicant.flow.ID.IsZero() {
		actor = c.applicant.flow.ID.Text(access.FlowPrefix)
	}
	d.log.LogAttrs(c.r.Context(), level, "api request",
		slog.String("id", c.id), slog.String("method", method(c.r.Method)), slog.String("route", c.route), slog.Int("status", rec.status),
		slog.Duration("took", d.d.Now().Sub(start)), slog.String("actor", actor))
}

// method keeps made-up methods out of the log.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "OTHER"
}

// recorder remembers the status that was sent.
type recorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the first status.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
		w.ResponseWriter.WriteHeader(status)
	}
}

// Write notes the status that a bare Write implies.
func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController through.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
