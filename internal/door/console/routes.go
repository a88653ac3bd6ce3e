package console

import (
	"net/http"

	"rocketbank/internal/bank/staff"
	"rocketbank/internal/door/web"
)

// serve is a handler that leaves the wording of a refusal to the door.
type serve func(http.ResponseWriter, *http.Request) error

// who may use a route.
type who int

const (
	machine who = iota // no session is looked for: files and health
	visitor            // anybody; a session is used if there is one
	member             // a session is needed, and one of the route's roles
)

// route is one line of the table.
type route struct {
	method, path string
	who          who
	roles        staff.Roles // any of these; none: every member
	body         int64       // most bytes of a posted form; 0: the usual bound
	polled       bool        // asked by a script again and again: no activity
	serve        serve
}

const (
	get  = http.MethodGet
	post = http.MethodPost
)

// routes is every way into the console, in the order of the menu.
func (d *Door) routes() []route {
	all := []route{
		// Coming in.
		{method: get, path: "/login", who: visitor, serve: d.getLogin},
		{method: post, path: "/login/begin", who: visitor, serve: d.postLoginBegin},
		{method: post, path: "/login/finish", who: visitor, serve: d.postLoginFinish},
		{method: get, path: "/enter/{token}", who: visitor, serve: d.getEnter},
		{method: post, path: "/enter/{token}/begin", who: visitor, serve: d.postEnterBegin},
		{method: post, path: "/enter/{token}/finish", who: visitor, serve: d.postEnterFinish},
		{method: post, path: "/logout", who: visitor, serve: d.postLogout},
		{method: post, path: "/settings", who: visitor, serve: d.postSettings},

		{method: get, path: "/{$}", who: member, serve: d.getHome},

		// What browsers and machines ask for.
		{method: get, path: "/static/{file}", who: machine, serve: plain(d.Kit.Static())},
		{method: get, path: "/favicon.ico", who: machine, serve: d.getFavicon},
		{method: get, path: "/healthz", who: machine, serve: d.getHealth},
	}
	return append(all, d.applicationRoutes()...)
}

// limit is how long a body may be.
func (rt route) limit() int64 {
	if rt.body > 0 {
		return rt.body
	}
	return web.DefaultBody
}

func plain(h http.Handler) serve {
	return func(w http.ResponseWriter, r *http.Request) error {
		h.ServeHTTP(w, r)
		return nil
	}
}
