package cabinet_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"rocketbank/internal/bank/topup"
	"rocketbank/internal/base/id"
	"rocketbank/internal/door/cabinet"
	"rocketbank/internal/door/web"
)

// concrete fills the path of a route: ids of the right kind that are nobody's.
func concrete(rt cabinet.RouteRow) string {
	x := id.ID{1, 2, 3}
	for pattern, prefix := range map[string]string{"/operations/": "op", "/cards/": "cd", "/transfers/": "tr", "/topup/": "tu", "/profile/logins/": "as", "/profile/orders/": "or", "/order/scans/": "sc", "/profile/papers/": "sc", "/purchases/": "au", "/disputes/": "di", "/payouts/": "po", "/links/": "lk", "/friends/": "fr", "/profile/webhooks/": "wh"} {
		if strings.HasPrefix(rt.Path, pattern) {
			return strings.ReplaceAll(rt.Path, "{id}", x.Text(prefix))
		}
	}
	return strings.NewReplacer("{$}", "", "{guide}", "limits", "{file}", "app.css", "{page}", "main").Replace(rt.Path)
}

// W04, from the route table: an unsafe request from another site reaches no handler.
func TestCrossSitePostsAreRefusedOnEveryRoute(t *testing.T) {
	w := lite(t)
	p := w.person(1, 1000)
	unsafe := 0
	for _, rt := range w.door.Table() {
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH"} {
			for _, from := range []http.Header{{"Sec-Fetch-Site": {"cross-site"}}, {"Sec-Fetch-Site": {"same-site"}}, {"Sec-Fetch-Site": nil, "Origin": {otherBank}}, {"Sec-Fetch-Site": nil, "Origin": {"null"}}} {
				from.Set("Content-Type", "application/x-www-form-urlencoded")
				a := p.do(method, concrete(rt), strings.NewReader("all=1&passcode=7391"), from)
				if a.status != http.StatusForbidden {
					t.Errorf("%s %s from elsewhere: %d", method, rt.Path, a.status)
				}
				unsafe++
			}
		}
	}
	if unsafe < 200 {
		t.Error("only", unsafe, "requests: is the table walked?")
	}
	p.get("/home").is(200) // nobody was logged out
}

// W05 in its first form: without a session a session's route shows nothing,
// and a stranger's session finds none of another's things.
func TestWhoMayComeIn(t *testing.T) {
	w := lite(t)
	p, other := w.person(1, 1000), w.person(2, 0)
	receipt := p.pay(other, "10")
	p.post("/topup", p.topUpForm("5000")).is(303)
	var tu string
	for key := range w.acquirer.charges {
		tu = key
	}
	w.acquirer.settle(tu, topup.ChargeCharged, "")
	nobody, stranger := w.browser(), w.person(3, 0)
	mine := map[string]string{
		"/operations/{id}/dispute": p.buys("Kinoteatr", 500) + "/dispute", "/disputes/{id}": p.disputes(p.buys("Kiosk", 40)),
		"/friends/{id}":    p.befriends("Друг", other.phone),
		"/operations/{id}": strings.Replace(receipt, "/transfers/tr_", "/operations/op_", 1), "/transfers/{id}": receipt, "/transfers/{id}/receipt": receipt + "/receipt",
		"/profile/logins/{id}": regexp.MustCompile(`/profile/logins/as_[0-9a-z]+`).FindString(p.get("/profile/devices").body), "/cards/{id}": "/cards/" + p.card,
		"/cards/{id}/rules": "/cards/" + p.card + "/rules", "/topup/{id}": "/topup/" + tu,
	}
	mine["/friends/{id}/pay"] = mine["/friends/{id}"] + "/pay"
	mine["/purchases/{id}"], _ = p.challenged(1)
	mine["/payouts/{id}"] = p.sendsToCard("50")
	mine["/links/{id}"] = p.sendsLink("20")
	mine["/links/{id}/receipt"] = mine["/links/{id}"] + "/receipt"
	mine["/links/{id}/cancel"] = mine["/links/{id}"] + "/cancel"
	mine["/payouts/{id}/receipt"] = mine["/payouts/{id}"] + "/receipt"
	// An applicant's pictures and signed orders have their rows, owner, stranger
	// and nobody, in TestW05_CabinetMatrix, which makes some.
	elsewhere := map[string]bool{"/order/scans/{id}": true, "/profile/orders/{id}": true, "/profile/papers/{id}": true, "/profile/webhooks/{id}": true}
	for _, rt := range w.door.Table() {
		path := concrete(rt)
		switch {
		case rt.Insider && rt.Method == "GET":
			asked := path + "?x=1"
			loc := nobody.get(asked).to("/login")
			if want := "/login?next=" + url.QueryEscape(asked); loc != want && rt.Path != "/home" {
				t.Errorf("%s: to %s, want %s", rt.Path, loc, want)
			}
		case rt.Insider:
			nobody.post(path, url.Values{}).to("/login")
			a := nobody.htmx(path, url.Values{})
			if a.status != 200 || !strings.HasPrefix(a.header.Get("Hx-Redirect"), "/login") || a.body != "" {
				t.Errorf("%s by script: %d %v", rt.Path, a.status, a.header)
			}
		case rt.Watcher:
			nobody.get(path).is(401)
		default:
			if a := nobody.get(path); rt.Method == "GET" && a.status >= 500 {
				t.Errorf("%s: %d", rt.Path, a.status)
			}
		}
		if !strings.Contains(rt.Path, "{id}") {
			continue
		}
		own, ok := mine[rt.Path]
		if tail, card := strings.CutPrefix(rt.Path, "/cards/{id}/"); card {
			own, ok = "/cards/"+p.card+"/"+tail, true
		}
		if elsewhere[rt.Path] {
			p.get(path).is(404) // nobody's
			p.get(path + "x").is(404)
			p.get(path[:len(path)-1] + "'").is(404)
			continue
		}
		if !ok {
			t.Errorf("%s has no row: whose is it?", rt.Path)
			continue
		}
		if rt.Method == "POST" {
			stranger.post(own, url.Values{}).is(404)
			p.post(path, url.Values{}).is(404) // nobody's
			continue
		}
		p.get(own).is(200)
		stranger.get(own).is(404)
		p.get(path).is(404) // nobody's
		p.get(own + "x").is(404)
		p.get(own[:len(own)-1] + "'").is(404)
		p.get(strings.Replace(own, "_", "_x", 1)).is(404)
	}
	// The other side of a transfer has the operation, not the order.
	other.get(mine["/operations/{id}"]).is(200)
	other.get(receipt).is(404)
	// The return page tells a stranger without a session the state alone.
	a := nobody.get("/topup/" + tu).is(200)
	for _, secret := range []string{"5 000", "1111", "Соколова", "Анна"} {
		if strings.Contains(text(a.body), secret) {
			t.Errorf("the return page tells %q to anybody", secret)
		}
	}
	p.post("/profile/devices", url.Values{"end": {(id.ID{9}).Text("dv")}}).is(404)
	p.post("/profile/tokens", url.Values{"revoke": {(id.ID{9}).Text("tk")}}).is(404)
}

// Security headers, no-store and a request id stand on every answer, whatever
// its status; public files alone may be kept.
func TestHeadersOnEveryRoute(t *testing.T) {
	w := lite(t)
	p, nobody := w.person(1, 1000), w.browser()
	check := func(a answer, public bool) {
		t.Helper()
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin", "X-Frame-Options": "DENY",
		} {
			if got := a.header.Get(name); got != want && !strings.Contains(a.at, "/.well-known/") {
				t.Errorf("%s: %s is %q", a.at, name, got)
			}
		}
		csp := a.header.Get("Content-Security-Policy")
		for _, want := range []string{"script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "manifest-src 'self'", "form-action 'self' " + otherBank} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: the policy lacks %s", a.at, want)
			}
		}
		if strings.Contains(csp, "unsafe") || strings.Contains(csp, "*") {
			t.Errorf("%s: %s", a.at, csp)
		}
		if a.header.Get("X-Request-Id") == "" {
			t.Errorf("%s: no request id", a.at)
		}
		if a.header.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s: HSTS over http", a.at)
		}
		if cc := a.header.Get("Cache-Control"); !public && cc != "no-store" {
			t.Errorf("%s: Cache-Control %q", a.at, cc)
		}
		for _, c := range a.cookie {
			if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
				t.Errorf("%s: cookie %+v", a.at, c)
			}
		}
		if a.status >= 500 {
			t.Errorf("%s: %d", a.at, a.status)
		}
	}
	for _, rt := range w.door.Table() {
		if rt.Watcher || rt.Path == "/logout" {
			check(nobody.do(rt.Method, concrete(rt), nil, nil), false)
			continue
		}
		for _, b := range []*browser{nobody, p.browser} {
			a := b.do(rt.Method, concrete(rt), nil, nil)
			check(a, rt.Machine)
			if rt.Machine && rt.Path != "/healthz" && rt.Path != "/readyz" && (strings.Contains(a.body, "Соколова") || len(a.cookie) > 0) {
				t.Errorf("%s may be kept and is personal", rt.Path)
			}
		}
	}
	check(nobody.get("/no/such/page").is(404), false)
	check(p.do("DELETE", "/home", nil, nil).is(405), false)
	if allow := p.do("POST", "/home", nil, nil).is(405).header.Get("Allow"); allow != "GET, HEAD" {
		t.Error(allow)
	}
}

// Every error page names the request, so that support can find the line.
func TestErrorPagesNameTheRequest(t *testing.T) {
	w := lite(t)
	p := w.person(1, 0)
	for _, a := range []answer{p.get("/nowhere"), p.get("/cards/cd_x"), p.do("PUT", "/home", nil, nil), p.post("/login/passcode", url.Values{"passcode": {"1", "2"}}),
		p.do("POST", "/transfer", strings.NewReader(strings.Repeat("a", 70<<10)), urlencoded), p.do("POST", "/transfer", strings.NewReader("{}"), http.Header{"Content-Type": {"application/json"}})} {
		if a.status < 400 || a.status >= 500 || !strings.Contains(a.body, a.header.Get("X-Request-Id")) {
			t.Errorf("%s: %d without its id:\n%s", a.at, a.status, text(a.body))
		}
		if strings.Contains(a.body, "goroutine") || strings.Contains(a.body, ".go:") {
			t.Errorf("%s shows its inside", a.at)
		}
	}
}

// Whatever a browser could read as another host is no place to go back to.
func TestOpenRedirectIsRefused(t *testing.T) {
	bad := []string{"https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "/%0d%0aSet-Cookie:x\r\n", "javascript:alert(1)",
		"evil.example", "", "/a b", "/\x00", "///evil.example", "/пример", "/" + strings.Repeat("a", 5000), "/#x", "/%5cevil.example", "/%2f/evil.example", "http:/evil.example"}
	for _, s := range bad {
		if got, ok := web.LocalPath(s); ok && (len(got) < 2 || got[1] == '/' || got[1] == '\\') {
			t.Errorf("%q leads to %q", s, got)
		}
	}
	for _, s := range bad[:6] {
		if _, ok := web.LocalPath(s); ok {
			t.Errorf("%q is taken for a path", s)
		}
	}
	w := lite(t)
	p := w.person(1, 0)
	for _, s := range bad {
		if loc := p.get("/login?next=" + url.QueryEscape(s)).is(303).header.Get("Location"); !strings.HasPrefix(loc, "/") || strings.HasPrefix(loc, "//") || strings.Contains(loc, "\\") {
			t.Errorf("next=%q leads to %q", s, loc)
		}
		if strings.Contains(s, "\x00") {
			continue // no text at all: refused before anybody asks where it leads
		}
		if loc := p.post("/profile/settings", url.Values{"lang": {"ru"}, "back": {s}}).is(303).header.Get("Location"); !strings.HasPrefix(loc, "/") || strings.HasPrefix(loc, "//") {
			t.Errorf("back=%q leads to %q", s, loc)
		}
	}
}

// A07: whoever types a phone learns nothing about whose it is.
func TestUnknownPhonesGetTheSameAnswers(t *testing.T) {
	w := lite(t)
	p := w.person(1, 0)
	ask := func(phone string) (out []answer) {
		b := w.browser()
		out = append(out, b.post("/login", url.Values{"phone": {phone}}), b.get("/login/code"), b.post("/login/code", url.Values{"code": {"000000"}}))
		o := w.browser()
		return append(out, o.post("/order", url.Values{"phone": {phone}}), o.get("/order/code"))
	}
	known, unknown := ask(p.phone.E164()), ask("+79165559901")
	for i := range known {
		a, b := known[i], unknown[i]
		same := strings.NewReplacer("9901", "0001", "•••-••-01", "•••-••-01").Replace
		if a.status != b.status || a.header.Get("Location") != b.header.Get("Location") || len(a.cookie) != len(b.cookie) || same(text(a.body)) != same(text(b.body)) {
			t.Errorf("%s: %d %q differs from %d %q\n%s\n%s", a.at, a.status, a.header.Get("Location"), b.status, b.header.Get("Location"), text(a.body), text(b.body))
		}
	}
}

// The log names routes and numbers, never people, queries or secrets (S06).
func TestLogHoldsNothingPersonal(t *testing.T) {
	w := lite(t)
	p, friend := w.person(1, 1000), w.person(2, 0)
	p.pay(friend, "12,34")
	p.get("/transfer?message=" + url.QueryEscape("секрет") + "&amount=77707770")
	p.post("/login", url.Values{"phone": {"+79165550001"}})
	log := w.log.String()
	if !strings.Contains(log, `"route":"POST /transfer/confirm"`) || !strings.Contains(log, `"actor":"`) {
		t.Fatal("the log has no lines of requests:\n" + log)
	}
	for _, secret := range []string{"Анна", "Соколова", "9165550", "секрет", "77707770", "12,34", "message", "?", "за обед"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	// The passcode is short enough to stand in a measured time by chance.
	if regexp.MustCompile(`(^|[^0-9.])7391([^0-9]|$)`).MatchString(log) {
		t.Error("the log holds the passcode")
	}
}

func (p *person) pay(friend *person, amount string) string {
	p.w.Helper()
	_, form := p.confirmation(friend.phone, amount, "за обед")
	return p.post("/transfer/confirm", form).to("/transfers/")
}

func (p *person) topUpForm(amount string) url.Values {
	p.w.Helper()
	form := p.get("/topup").is(200).form("/topup")
	for name, value := range map[string]string{"amount": amount, "card_number": "4111111111111111", "card_expiry": "12/28", "card_cvc": "123"} {
		form.Set(name, value)
	}
	seen := p.post("/topup", form).is(200).form("/topup")
	seen.Set("card_number", "4111111111111111")
	seen.Set("card_cvc", "123")
	return seen
}

// A path that is tidied is answered by a redirect, which is an answer too.
func TestTidiedPathsCarryHeaders(t *testing.T) {
	w := lite(t)
	a := w.browser().get("//evil.example/../x")
	if a.header.Get("Content-Security-Policy") == "" || strings.Contains(a.header.Get("Location"), "//") {
		t.Error(a.status, a.header)
	}
}
