package api_test

import (
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/access/accesstest"
)

// newcomer is what a route of newcomers answers to the owner of an application,
// to somebody whose code is not given yet, and to the ticket of the status.
type newcomer struct {
	path    string // where the route's own has a place to fill
	body    any
	upload  bool
	owner   int
	starter int // 401 without the code: api.application_unproved
	ticket  int // 401: api.application_token
}

// W05: every route of newcomers has its row. None of them names a thing of
// somebody else: an application's secret is all that leads to it.
func newcomers() map[string]newcomer {
	all := steps(accesstest.Phone(1))
	step := func(name string) newcomer {
		return newcomer{body: all["/application/"+name], owner: 200, starter: 401, ticket: 401}
	}
	return map[string]newcomer{
		"startApplication":     {body: obj{"phone": accesstest.Phone(5).E164()}, owner: 201, starter: 201, ticket: 201},
		"proveApplication":     {body: obj{"code": "000000"}, owner: 200, starter: 422, ticket: 401},
		"resendCode":           {owner: 409, starter: 429, ticket: 401},
		"getApplication":       {owner: 200, starter: 401, ticket: 401},
		"saveName":             step("name"),
		"saveContact":          step("contact"),
		"savePassport":         step("passport"),
		"saveAddress":          step("address"),
		"saveDelivery":         step("delivery"),
		"saveWord":             step("word"),
		"uploadPage":           {path: "/api/v1/application/pages/main", upload: true, owner: 200, starter: 401, ticket: 401},
		"getPage":              {path: "/api/v1/application/pages/main", owner: 200, starter: 401, ticket: 401},
		"submitApplication":    {owner: 200, starter: 401, ticket: 401},
		"getApplicationStatus": {owner: 200, starter: 401, ticket: 200},
		"applyAgain":           {owner: 200, starter: 401, ticket: 401},
		"withdrawApplication":  {owner: 200, starter: 401, ticket: 401},
	}
}

func TestApplicationMatrix(t *testing.T) {
	each(t, func(w *world) {
		client, me, other := w.person(3, 100), accesstest.Phone(1), accesstest.Phone(2)
		owner, ticket := w.proved(me)
		w.filled(owner, me)
		stranger, _ := w.proved(other)
		w.filled(stranger, other)
		before := w.get(stranger, "/application").raw
		starter := w.started(accesstest.Phone(4))
		for range 2 { // what messages to this phone may cost is spent by the matrix
			w.Wait(time.Hour)
			owner, ticket = w.proved(me)
			stranger, _ = w.proved(other)
			starter = w.started(accesstest.Phone(4))
		}

		rows := newcomers()
		for _, rt := range w.door.Routes() {
			path := rt.Path
			if !ofNewcomers(rt) {
				// An application's secret is no token of the API.
				path = strings.NewReplacer("{id}", "x").Replace(path)
				for _, secret := range []string{owner, ticket, starter, strings.TrimPrefix(owner, "ra_")} {
					w.problem(w.do(ask{method: rt.Method, path: path, token: secret, body: obj{}}), 401, "access.bad_token")
				}
				continue
			}
			row, found := rows[rt.ID]
			delete(rows, rt.ID)
			if !found {
				w.Errorf("%s %s has no row in the matrix of newcomers", rt.Method, rt.Path)
				continue
			}
			if row.path != "" {
				path = row.path
			}
			do := func(secret string) reply {
				a := ask{method: rt.Method, path: path, token: secret, body: row.body}
				if row.upload {
					a.media, a.body = "image/jpeg", accesstest.Photo(1)
				}
				return w.do(a)
			}
			want := func(who, secret string, status int) {
				r := do(secret)
				if r.status != status {
					w.Errorf("%s: %s got %d, want %d %s", rt.ID, who, r.status, status, r.raw)
				} else if status >= 400 {
					w.problem(r, status, r.text("code"))
				}
			}
			for who, secret := range map[string]string{
				"nobody": "", "a reader's token": client.reading, "a token for transfers": client.transfer, "a made-up secret": "ra_" + strings.Repeat("A", 43),
				"a made-up ticket": "rs_" + strings.Repeat("A", 43), "the ticket as a secret": "ra_" + strings.TrimPrefix(ticket, "rs_"),
				"a login of the cabinet": "ra_" + w.loginFlow(client),
			} {
				if rt.ID == "startApplication" {
					break // it looks at no secret; what it may cost is counted
				}
				if r := do(secret); r.status != 401 || r.text("code") != "api.application_token" {
					w.Errorf("%s: %s got %d %s", rt.ID, who, r.status, r.raw)
				} else {
					w.problem(r, 401, "api.application_token")
				}
			}
			want("a starter", starter, row.starter)
			want("the ticket", ticket, row.ticket)
			want("the owner", owner, row.owner)
			if now := w.get(stranger, "/application").raw; ended(now) != ended(before) {
				w.Errorf("%s changed another's application", rt.ID)
			}
		}
		for id := range rows {
			w.Errorf("the matrix of newcomers has a row for %s, which is no route", id)
		}
	})
}

// ended cuts the end of the secret off an application's document.
func ended(raw string) string {
	at := strings.LastIndex(raw, `"expires_at"`)
	return raw[:max(at, 0)]
}

// loginFlow proves a client's phone for a login.
func (w *world) loginFlow(p person) string {
	w.Helper()
	if w.login == "" {
		w.login = w.Proved(p.phone)
	}
	return w.login
}
