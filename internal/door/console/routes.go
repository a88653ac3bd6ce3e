package console

import (
	"net/http"
	"slices"

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
	raw          bool        // the body is no form: the handler reads it
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
		{method: get, path: "/me", who: member, serve: d.getMe},
		{method: post, path: "/me/passkeys/begin", who: member, serve: d.postMyPasskeyBegin},
		{method: post, path: "/me/passkeys/finish", who: member, serve: d.postMyPasskeyFinish},
		{method: post, path: "/me/passkeys/remove", who: member, serve: d.postMyPasskeyRemove},

		// Clients: masked, opened by a case and a reason.
		{method: get, path: "/clients", who: member, roles: staff.Clients, serve: d.getSearch},
		{method: post, path: "/clients", who: member, roles: staff.Clients, serve: d.postSearch},
		{method: get, path: "/clients/{uid}", who: member, roles: staff.Clients, serve: d.getClient},
		{method: post, path: "/clients/{uid}/case", who: member, roles: staff.Clients, serve: d.postOpenCase},
		{method: post, path: "/clients/{uid}/open", who: member, roles: staff.Clients, serve: d.postLook},
		{method: post, path: "/clients/{uid}/note", who: member, roles: staff.Clients, serve: d.postNote},
		{method: post, path: "/clients/{uid}/word", who: member, roles: staff.Support, serve: d.postWord},
		{method: post, path: "/clients/{uid}/act", who: member, roles: staff.Clients, serve: d.postAct},
		{method: get, path: "/clients/{uid}/propose/{kind}", who: member, roles: staff.Clients &^ staff.Manager, serve: d.getPropose},
		{method: post, path: "/clients/{uid}/propose/{kind}", who: member, roles: staff.Clients &^ staff.Manager, serve: d.postPropose},
		{method: post, path: "/cases/{id}/close", who: member, roles: staff.Clients, serve: d.postCloseCase},
		{method: get, path: "/proposals", who: member, roles: staff.Clients, serve: d.getProposals},
		{method: get, path: "/proposals/{id}", who: member, roles: staff.Clients, serve: d.getProposal},
		{method: post, path: "/proposals/{id}", who: member, roles: staff.Clients, serve: d.postDecide},
		{method: get, path: "/proposals/{id}/scans/{scan}", who: member, roles: staff.Clients &^ staff.Manager, serve: d.getProposalScan},

		// Requests to delete, answered within thirty days; no client data is opened.
		{method: get, path: "/deletions", who: member, roles: staff.Compliance, serve: d.getDeletions},
		{method: get, path: "/deletions/{id}", who: member, roles: staff.Compliance, serve: d.getDeletion},
		{method: post, path: "/deletions/{id}", who: member, roles: staff.Compliance, serve: d.postDeletion},

		// Those who watch the others; none of these shows a client.
		{method: get, path: "/audit", who: member, roles: staff.Auditor | staff.Security, serve: d.getAudit},
		{method: get, path: "/watch", who: member, roles: staff.Security, serve: d.getWatch},
		{method: post, path: "/watch/alerts/{id}", who: member, roles: staff.Security, serve: d.postAlertSeen},
		{method: post, path: "/watch/decoys", who: member, roles: staff.Security, serve: d.postDecoy},
		{method: get, path: "/watch/sbom.json", who: member, roles: staff.Security | staff.Auditor, serve: d.getSBOM},
		{method: get, path: "/staff", who: member, roles: staff.Admin, serve: d.getStaff},
		{method: post, path: "/staff", who: member, roles: staff.Admin, serve: d.postStaff},
		{method: post, path: "/staff/{id}", who: member, roles: staff.Admin, serve: d.postMember},

		// What browsers and machines ask for.
		{method: get, path: "/static/{file}", who: machine, serve: plain(d.Kit.Static())},
		{method: get, path: "/favicon.ico", who: machine, serve: d.getFavicon},
		{method: get, path: "/healthz", who: machine, serve: d.getHealth},
		{method: post, path: web.ReportPath, who: machine, raw: true, serve: plain(web.CSPReports(d.stopped))},
	}
	return slices.Concat(all, d.applicationRoutes(), d.deliveryRoutes(), d.breakRoutes(), d.disputeRoutes())
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
