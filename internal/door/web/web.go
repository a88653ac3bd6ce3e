// Package web is the doorway that all web doors share: what must hold for a
// request before anybody reads it and for an answer whoever wrote it.
//
// A Front gives each request an identifier and the visitor's true address,
// slows down who comes too often, refuses unsafe requests from other sites,
// puts the security headers on every answer, catches panics and writes one
// line to the log. A door wraps its handler in it and says how it words a
// refusal. Nothing here knows a client, a session or an operation.
package web

import (
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"rocketbank/internal/base/fault"
)

// Options say how the doorway is set up.
type Options struct {
	// Origin is the address people use: "https://bank.example". An https
	// origin makes every answer carry HSTS.
	Origin string
	// FormTargets are further origins a form may lead to after our redirect:
	// the acquirer's 3-D page.
	FormTargets []string
	// CrossSite lists routes that other sites post to by the nature of their
	// protocol («POST /acs/challenge»). Whoever serves one proves by something
	// else than a cookie who it is that came.
	CrossSite []string
	// Proxies may tell on whose behalf they come. Nobody else is believed.
	Proxies Proxies
	// Rate bounds how often one address may come; zero is the standard.
	Rate Rate
	Log  *slog.Logger     // may be nil
	Now  func() time.Time // real time; the machine's when nil
}

// Front is the doorway. It is safe for concurrent use.
type Front struct {
	origin  *url.URL
	headers [][2]string
	proxies Proxies
	gate    *throttle
	log     *slog.Logger
	now     func() time.Time
	cross   *http.CrossOriginProtection
}

// New makes a doorway; it refuses an origin that is none.
func New(o Options) (*Front, error) {
	origin, err := parseOrigin(o.Origin)
	if err != nil {
		return nil, err
	}
	targets := make([]string, 0, len(o.FormTargets))
	for _, t := range o.FormTargets {
		u, err := parseOrigin(t)
		if err != nil {
			return nil, err
		}
		targets = append(targets, u.Scheme+"://"+u.Host)
	}
	f := &Front{
		origin: origin, headers: securityHeaders(origin.Scheme == "https", targets),
		proxies: o.Proxies, log: o.Log, now: o.Now, cross: http.NewCrossOriginProtection(),
	}
	for _, route := range o.CrossSite {
		f.cross.AddInsecureBypassPattern(route)
	}
	if f.log == nil {
		f.log = slog.New(slog.DiscardHandler)
	}
	if f.now == nil {
		f.now = time.Now
	}
	f.gate = newThrottle(o.Rate, f.now)
	return f, nil
}

func parseOrigin(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return nil, fmt.Errorf("%q is no origin: write it as https://bank.example", s)
	}
	return u, nil
}

// Origin gives the address people use, without a slash at the end.
func (f *Front) Origin() string { return f.origin.Scheme + "://" + f.origin.Host }

// Fail answers a refusal or a broken handler in the words of a door. The status
// comes from Status; nothing of the answer has been written yet.
type Fail func(w http.ResponseWriter, r *http.Request, err error)

// Wrap puts the doorway before a door.
func (f *Front) Wrap(door http.Handler, fail Fail) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		started := f.now()
		v := &Visit{ID: newID(), IP: f.proxies.visitor(r)}
		w := &answer{ResponseWriter: rw}
		r = r.WithContext(withVisit(r.Context(), v))
		h := w.Header()
		for _, kv := range f.headers {
			h.Set(kv[0], kv[1])
		}
		h.Set("X-Request-Id", v.ID)
		defer f.finish(w, r, v, started, fail)
		if wait, ok := f.gate.take(v.IP); !ok {
			fail(w, r, ErrTooOften.With("wait", wait))
			return
		}
		if err := f.cross.Check(r); err != nil {
			fail(w, r, ErrCrossSite.Because(err))
			return
		}
		door.ServeHTTP(w, r)
	})
}

// finish catches a panic and writes the request's line. No query, no address,
// no name: the route's pattern says enough.
func (f *Front) finish(w *answer, r *http.Request, v *Visit, started time.Time, fail Fail) {
	if p := recover(); p != nil {
		if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(p)
		}
		f.log.Error("panic", "request", v.ID, "route", v.Route, "panic", fmt.Sprint(p), "stack", stack())
		if w.status == 0 {
			f.failSafely(w, r, fmt.Errorf("panic: %v", p), fail)
		}
	}
	status := w.status
	if status == 0 {
		status = http.StatusOK
	}
	level := slog.LevelInfo
	if status >= 500 {
		level = slog.LevelError
	}
	f.log.LogAttrs(r.Context(), level, "request",
		slog.String("id", v.ID), slog.String("method", method(r.Method)), slog.String("route", v.Route), slog.Int("status", status),
		slog.Duration("took", f.now().Sub(started)), slog.String("actor", v.Actor))
}

// failSafely words a failure; should even that fail, it says it plainly.
func (f *Front) failSafely(w *answer, r *http.Request, err error, fail Fail) {
	defer func() {
		if p := recover(); p != nil && w.status == 0 {
			f.log.Error("panic while telling of a panic", "panic", fmt.Sprint(p))
			http.Error(w, "500 "+VisitOf(r).ID, http.StatusInternalServerError)
		}
	}()
	fail(w, r, err)
}

// method keeps what a stranger invents as a method out of the log.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "OTHER"
}

var letters = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// newID makes a request identifier short enough to be read out on the phone.
func newID() string {
	var b [10]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return letters.EncodeToString(b[:])
}

// The doorway's own refusals.
var (
	ErrTooOften  = fault.New(fault.Throttled, "web.too_often")  // {wait}
	ErrCrossSite = fault.New(fault.Forbidden, "web.cross_site") // an unsafe request from another site
	ErrTooLarge  = fault.New(fault.Invalid, "web.too_large")    // 413
	ErrForm      = fault.New(fault.Invalid, "web.bad_form")     // 400: no form at all
	ErrMedia     = fault.New(fault.Invalid, "web.bad_media")    // 415
	ErrMethod    = fault.New(fault.Invalid, "web.bad_method")   // 405
	ErrNotFound  = fault.New(fault.Missing, "web.not_found")    // no such page
	ErrDoubled   = fault.New(fault.Invalid, "web.doubled")      // a field came twice
	ErrText      = fault.New(fault.Invalid, "web.bad_text")     // NUL or broken UTF-8
	ErrHost      = fault.New(fault.Invalid, "web.wrong_host")   // 421
)
