package web

import (
	"context"
	"net/http"
	"runtime/debug"
)

// Visit is what is known about one request. Doors fill Route and Actor for the
// log as they learn them.
type Visit struct {
	ID    string // shown on error pages and in X-Request-Id
	IP    string // the visitor's network address to count by, without a port; of IPv6 the /64
	Route string // pattern of the route, "GET /operations/{id}"
	Actor string // whose session or token it is: a number, never a name
}

type visitKey struct{}

func withVisit(ctx context.Context, v *Visit) context.Context {
	return context.WithValue(ctx, visitKey{}, v)
}

// VisitOf gives the request's visit; an empty one outside a Front.
func VisitOf(r *http.Request) *Visit {
	if v, ok := r.Context().Value(visitKey{}).(*Visit); ok {
		return v
	}
	return &Visit{}
}

// answer remembers the status for the log.
type answer struct {
	http.ResponseWriter
	status int
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= 200 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController flush streams and lift deadlines.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func stack() string { return string(debug.Stack()) }
