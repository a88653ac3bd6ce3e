package cabinet_test

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/staff"
	"rocketbank/internal/bank/topup"
	"rocketbank/internal/bank/webhook"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/door/cabinet"
)

// asked is how a route answered: the status, and where it leads.
func (a answer) said() string {
	if a.status != http.StatusSeeOther {
		return fmt.Sprint(a.status)
	}
	to, _, _ := strings.Cut(a.header.Get("Location"), "?")
	return "303 " + to
}

// peek asks for a path and reads no more than how the answer begins: a stream
// of events has no end.
func (b *browser) peek(path string) answer {
	b.w.Helper()
	r, err := http.NewRequest("GET", b.w.origin+path, nil)
	if err != nil {
		b.w.Fatal(err)
	}
	r.Header = b.header.Clone()
	resp, err := b.client.Do(r)
	if err != nil {
		b.w.Fatal(err)
	}
	resp.Body.Close()
	return answer{w: b.w, status: resp.StatusCode, header: resp.Header, at: "GET " + path}
}

// try sends a row's request as one of its people.
func (b *browser) try(rt cabinet.RouteRow, m may, of *things) answer {
	b.w.Helper()
	path := concrete(rt)
	if m.path != nil {
		path = m.path(of)
	}
	if rt.Method == "GET" {
		if rt.Watcher {
			return b.peek(path)
		}
		return b.get(path)
	}
	form := url.Values{}
	if m.form != nil {
		form = m.form(of)
	}
	return b.post(path, form)
}

// colleagues are browsers with the sessions of staff: one in each role, in the
// cookie of the console and in that of the cabinet.
func (w *world) colleagues() map[string]*browser {
	w.Helper()
	if err := w.DB.Stamp(ctx, db.Demo); err != nil {
		w.Fatal(err)
	}
	rooms, err := staff.New(w.DB, w.Vault, id.NewSource(time.Now), staff.Options{Origin: "https://console.bank.example", Host: "console.bank.example", Now: w.Now})
	if err != nil {
		w.Fatal(err)
	}
	out := map[string]*browser{}
	for _, role := range staff.AllRoles() {
		link, err := rooms.DemoLink(ctx, role.Word())
		if err != nil {
			w.Fatal(err)
		}
		e, err := rooms.EnterDemo(ctx, link[strings.LastIndex(link, "/")+1:])
		if err != nil {
			w.Fatal(err)
		}
		b := w.browser()
		b.cookie("__Host-rbs", e.Token.Reveal())
		b.cookie("__Host-rb", e.Token.Reveal())
		b.cookie("__Host-rbf", e.Token.Reveal())
		out[role.Word()] = b
	}
	return out
}

// owner makes a client who has one of everything, and an applicant beside him.
func (w *world) owner(n int, friend *person) *things {
	w.Helper()
	p := w.person(n, 1000)
	o := &things{p: p, card: "/cards/" + p.card}
	o.transfer = p.pay(friend, "10")
	o.payout, o.link = p.sendsToCard("50"), p.sendsLink("20")
	o.operation = strings.Replace(o.transfer, "/transfers/tr_", "/operations/op_", 1)
	o.bought, o.dispute = p.buys("Kinoteatr", 500), p.disputes(p.buys("Kiosk", 40))
	o.payee, o.friend = p.payeeToken(friend.phone), p.befriends("Друг", friend.phone)
	o.purchase, _ = p.challenged(n)
	known := map[string]bool{}
	for key := range w.acquirer.charges {
		known[key] = true
	}
	p.post("/topup", p.topUpForm("500")).is(303)
	for key := range w.acquirer.charges {
		if !known[key] {
			o.topup = "/topup/" + key
			w.acquirer.settle(key, topup.ChargeCharged, "")
		}
	}
	o.take(w)
	o.login = regexp.MustCompile(`/profile/logins/as_[0-9a-z]+`).FindString(p.get("/profile/devices").is(200).body)

	o.applicant = w.browser()
	o.applicant.proved(accesstest.Phone(n + 50))
	passport := url.Values{}
	for name, v := range goodPassport {
		passport[name] = v
	}
	passport.Set("number", fmt.Sprintf("1234%02d", n))
	o.applicant.filled(passport)
	o.shot = o.applicant.shots()[0]
	return o
}

// last puts the route that ends the sessions of the matrix behind the others.
func last(rt cabinet.RouteRow) int {
	if rt.Path == "/logout" {
		return 1
	}
	return 0
}

// take gives the owner what forms name: a second device with a session, a
// token, a passkey, an alert.
func (o *things) take(w *world) {
	w.Helper()
	must := func(err error) {
		if err != nil {
			w.Fatal(err)
		}
	}
	in := o.in(w)
	person := accesstest.Person{ID: o.p.id, Phone: o.p.phone, Key: o.p.key, Entry: access.Entry{Session: in}}
	second := w.NewBrowser(person)
	o.device, o.session = second.Session.Device.Text("dv"), second.Session.ID.Text("ss")
	_, passkey := w.WithPasskey(person)
	o.passkey = passkey.ID.Text(access.PasskeyPrefix)
	signed, err := order.New(order.Deps{DB: w.DB, Vault: w.Vault}).Changes(ctx, o.p.id, 1)
	must(err)
	o.order = "/profile/orders/" + signed[0].ID.Text(order.Prefix)
	c, err := w.Access.ConfirmPasscode(ctx, in, accesstest.Passcode)
	must(err)
	token, _, err := w.Access.CreateToken(ctx, c.Proof, access.NewToken{Name: "таблица", Scopes: []access.Scope{access.ScopeRead}, TTL: 24 * time.Hour})
	must(err)
	o.token = token.ID.Text("tk")
	hook, _, err := w.hooks.Make(ctx, webhook.NewHook{Client: o.p.id, Token: token.ID, URL: "https://example.com/hook", Events: []webhook.Family{webhook.Transfers}})
	must(err)
	o.hook = "/profile/webhooks/" + hook.Text()
	must(w.DB.Write(ctx, func(tx db.Tx) error {
		key := id.NewSource(time.Now).New()
		o.alert, o.notMe = key.Text("al"), access.NotMeToken(w.Vault, o.p.id, key)
		return access.NewRaiser(w.Vault, w.Now).Raise(ctx, tx, key, o.p.id, access.Alert{
			Kind: access.AlertKind(access.NewDevice), Device: second.Session.Device, Name: second.Session.Device.Text("dv"),
		})
	}))
}

// in is the owner's session.
func (o *things) in(w *world) access.Session {
	w.Helper()
	for _, c := range o.p.cookies() {
		if c.Name == "__Host-rb" {
			in, err := w.Access.Session(ctx, c.Value, access.Watches)
			if err != nil {
				w.Fatal(err)
			}
			return in
		}
	}
	w.Fatal("no session")
	return access.Session{}
}

// W05: every route of the table × its owner, another client, each role of
// staff, nobody. A route without a row fails, and so does a row without a route.
func TestW05_CabinetMatrix(t *testing.T) {
	w := lite(t)
	friend := w.person(9, 0)
	o, other := w.owner(1, friend), w.owner(2, friend)
	w.asks(o.p.id, newPassport)
	o.p.uploadTo("/profile/papers", "main", "1.jpg", photo(t, 0))
	o.paper = paperShot.FindString(o.p.get("/profile/papers").is(200).body)
	nobody, colleagues := w.browser(), w.colleagues()
	rows := cabinetMatrix()
	table := w.door.Table()
	slices.SortStableFunc(table, func(a, b cabinet.RouteRow) int { return cmp.Compare(last(a), last(b)) })
	for _, rt := range table {
		name := rt.Method + " " + rt.Path
		m, known := rows[name]
		delete(rows, name)
		if !known {
			t.Errorf("%s has no row in the matrix", name)
		}
		owner, stranger := o.p.browser, other.p.browser
		if m.applicant {
			owner, stranger = o.applicant, other.applicant
		}
		if got := nobody.try(rt, m, o).said(); got != m.nobody {
			t.Errorf("%s: nobody gets %s, want %s", name, got, m.nobody)
		}
		for role, b := range colleagues {
			if got := b.try(rt, m, o).said(); got != m.nobody {
				t.Errorf("%s: %s of the staff gets %s, want %s", name, role, got, m.nobody)
			}
		}
		if m.nobody == toLogin && !strings.HasPrefix(rt.Path, "/login") {
			// A flow is no session.
			if got := other.applicant.try(rt, m, o).said(); got != m.nobody {
				t.Errorf("%s: an applicant gets %s, want %s", name, got, m.nobody)
			}
		}
		if got := stranger.try(rt, m, o).said(); got != m.other {
			t.Errorf("%s: another client gets %s, want %s", name, got, m.other)
		}
		if got := strings.ReplaceAll(owner.try(rt, m, o).said(), o.link, "/links/{id}"); got != m.owner {
			t.Errorf("%s: the owner gets %s, want %s", name, got, m.owner)
		}
	}
	o.p.get("/home").to("/login")
	for name := range rows {
		t.Errorf("the matrix has a row for %s, which is no route", name)
	}
}
