package web

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/base/fault"
)

func front(t *testing.T, o Options) *Front {
	t.Helper()
	if o.Origin == "" {
		o.Origin = "https://bank.example"
	}
	f, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func plainly(w http.ResponseWriter, _ *http.Request, err error) {
	http.Error(w, fmt.Sprint(fault.CodeOf(err)), Status(err))
}

func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestHeadersStandOnEveryAnswer(t *testing.T) {
	f := front(t, Options{FormTargets: []string{"https://acs.example"}})
	h := f.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/boom" {
			panic("boom")
		}
		_, _ = io.WriteString(w, "hello")
	}), plainly)
	for _, path := range []string{"/", "/boom"} {
		w := serve(h, httptest.NewRequest("GET", "https://bank.example"+path, nil))
		for name, want := range map[string]string{
			"Content-Security-Policy": "form-action 'self' https://acs.example", "X-Content-Type-Options": "nosniff",
			"Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
			"Strict-Transport-Security": "max-age=", "Cache-Control": "no-store", "X-Frame-Options": "DENY",
		} {
			if got := w.Header().Get(name); !strings.Contains(got, want) {
				t.Errorf("%s: %s = %q, want %q in it", path, name, got, want)
			}
		}
		if csp := w.Header().Get("Content-Security-Policy"); strings.Contains(csp, "unsafe") || !strings.Contains(csp, "frame-ancestors 'none'") {
			t.Errorf("weak policy: %s", csp)
		}
		if w.Header().Get("X-Request-Id") == "" {
			t.Error("no request id")
		}
	}
	plain := front(t, Options{Origin: "http://localhost:8080"})
	w := serve(plain.Wrap(http.NotFoundHandler(), plainly), httptest.NewRequest("GET", "/", nil))
	if w.Header().Get("Strict-Transport-Security") != "" {
		t.Error("HSTS over http")
	}
}

func TestPanicsAreCaughtAndLogged(t *testing.T) {
	var log strings.Builder
	f := front(t, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	h := f.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		VisitOf(r).Route, VisitOf(r).Actor = "GET /x", "7"
		panic(errors.New("secret cause"))
	}), plainly)
	w := serve(h, httptest.NewRequest("GET", "https://bank.example/x?name=Anna", nil))
	if w.Code != 500 || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	line := log.String()
	for _, want := range []string{"route=\"GET /x\"", "status=500", "actor=7", "id=" + w.Header().Get("X-Request-Id"), "secret cause"} {
		if !strings.Contains(line, want) {
			t.Errorf("the log lacks %s:\n%s", want, line)
		}
	}
	if strings.Contains(line, "Anna") {
		t.Error("the query is in the log")
	}
	// A failing page is no reason to say nothing.
	h = f.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a") }), func(http.ResponseWriter, *http.Request, error) { panic("b") })
	if w := serve(h, httptest.NewRequest("GET", "https://bank.example/", nil)); w.Code != 500 {
		t.Error(w.Code)
	}
}

// W04 for the doorway; the doors walk their own routes.
func TestCrossSiteUnsafeRequestsAreRefused(t *testing.T) {
	h := front(t, Options{}).Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), plainly)
	for _, tc := range []struct {
		method, header, value string
		want                  int
	}{
		{"POST", "Sec-Fetch-Site", "cross-site", 403}, {"POST", "Sec-Fetch-Site", "same-site", 403}, {"POST", "Origin", "https://evil.example", 403},
		{"POST", "Origin", "null", 403}, {"DELETE", "Sec-Fetch-Site", "cross-site", 403},
		{"POST", "Sec-Fetch-Site", "same-origin", 200}, {"POST", "Origin", "https://bank.example", 200}, {"GET", "Sec-Fetch-Site", "cross-site", 200}, {"POST", "X", "", 200},
	} {
		r := httptest.NewRequest(tc.method, "https://bank.example/", nil)
		r.Header.Set(tc.header, tc.value)
		if w := serve(h, r); w.Code != tc.want {
			t.Errorf("%s %s=%q: %d, want %d", tc.method, tc.header, tc.value, w.Code, tc.want)
		}
	}
}

// A route that other sites post to by its nature is named, and no other is open.
func TestCrossSiteRoutesAreNamed(t *testing.T) {
	h := front(t, Options{CrossSite: []string{"POST /acs/challenge"}}).Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), plainly)
	for _, tc := range []struct {
		method, path string
		want         int
	}{
		{"POST", "/acs/challenge", 200}, {"POST", "/acs/challenge/", 403}, {"POST", "/acs", 403}, {"DELETE", "/acs/challenge", 403},
	} {
		r := httptest.NewRequest(tc.method, "https://bank.example"+tc.path, nil)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		if w := serve(h, r); w.Code != tc.want {
			t.Errorf("%s %s: %d, want %d", tc.method, tc.path, w.Code, tc.want)
		}
	}
}

// W17: whoever is no configured proxy says nothing about where he comes from.
func TestForwardedHeaders(t *testing.T) {
	trusted, err := ParseProxies([]string{"10.0.0.0/8", "::1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		peer, told, want string
		proxies          Proxies
	}{
		{"198.51.100.7:1", "203.0.113.9", "198.51.100.7", nil},
		{"198.51.100.7:1", "203.0.113.9", "198.51.100.7", trusted},
		{"10.1.1.1:1", "203.0.113.9", "203.0.113.9", trusted},
		{"10.1.1.1:1", "1.1.1.1, 203.0.113.9, 10.2.2.2", "203.0.113.9", trusted},
		{"10.1.1.1:1", "1.1.1.1, junk", "10.1.1.1", trusted},
		{"10.1.1.1:1", "", "10.1.1.1", trusted},
		{"[::1]:1", "2001:db8::1", "2001:db8::", trusted},
		{"[::ffff:10.1.1.1]:1", "203.0.113.9", "203.0.113.9", trusted},
		{"junk", "203.0.113.9", "", trusted},
	} {
		var got string
		var left http.Header
		h := front(t, Options{Proxies: tc.proxies}).Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got, left = VisitOf(r).IP, r.Header }), plainly)
		r := httptest.NewRequest("GET", "https://bank.example/", nil)
		r.RemoteAddr = tc.peer
		r.Header.Set("X-Forwarded-For", tc.told)
		r.Header.Set("X-Forwarded-Host", "evil.example")
		serve(h, r)
		if got != tc.want {
			t.Errorf("peer %s told %q: %q, want %q", tc.peer, tc.told, got, tc.want)
		}
		for _, name := range forwardedHeaders() {
			if left.Get(name) != "" {
				t.Errorf("%s went through", name)
			}
		}
	}
	if _, err := ParseProxies([]string{"10.0.0.0/99"}); err == nil {
		t.Error("a bad network was taken")
	}
}

// An IPv6 visitor has 2^64 addresses: whoever counts sees his network, at the
// door itself and behind it. IPv4 is counted by the address, however written.
func TestCountersSeeTheNetworkOfAnIPv6Visitor(t *testing.T) {
	trusted, err := ParseProxies([]string{"10.0.0.0/8", "2001:db8:0:a::/64"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ peer, told, want string }{
		{"[2001:db8:1:2:3:4:5:6]:1", "", "2001:db8:1:2::"},
		{"[2001:db8:1:2:ffff:ffff:ffff:ffff]:1", "", "2001:db8:1:2::"},
		{"[2001:db8:1:3::1]:1", "", "2001:db8:1:3::"},
		{"[fe80::1%eth0]:1", "", "fe80::"},
		{"[::ffff:198.51.100.7]:1", "", "198.51.100.7"},
		{"198.51.100.8:1", "", "198.51.100.8"},
		{"10.1.1.1:1", "2001:db8:1:2::9", "2001:db8:1:2::"},
		{"10.1.1.1:1", "::ffff:203.0.113.9", "203.0.113.9"},
		{"10.1.1.1:1", "2001:db8:1:2::9, 2001:db8:0:a::1", "2001:db8:1:2::"},
	} {
		f := front(t, Options{Proxies: trusted})
		var got string
		h := f.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = VisitOf(r).IP }), plainly)
		r := httptest.NewRequest("GET", "https://bank.example/", nil)
		r.RemoteAddr = tc.peer
		r.Header.Set("X-Forwarded-For", tc.told)
		outside := f.Address(r.Clone(r.Context()))
		serve(h, r)
		if got != tc.want || outside != tc.want {
			t.Errorf("%s for %q: counted as %q and %q, want %q", tc.peer, tc.told, got, outside, tc.want)
		}
	}
	f := front(t, Options{Rate: Rate{PerSecond: 1, Burst: 2}, Now: func() time.Time { return time.Unix(0, 0) }})
	h := f.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), plainly)
	for i, want := range []int{200, 200, 429} {
		r := httptest.NewRequest("GET", "https://bank.example/", nil)
		r.RemoteAddr = fmt.Sprintf("[2001:db8::%d]:1", i)
		if w := serve(h, r); w.Code != want {
			t.Errorf("address %d of one network: %d, want %d", i, w.Code, want)
		}
	}
}

func TestThrottle(t *testing.T) {
	now := time.Unix(0, 0)
	g := newThrottle(Rate{PerSecond: 10, Burst: 3}, func() time.Time { return now })
	take := func(ip string) bool { _, ok := g.take(ip); return ok }
	for range 3 {
		if !take("192.0.2.1") {
			t.Fatal("within the burst")
		}
	}
	if wait, ok := g.take("192.0.2.1"); ok || wait <= 0 {
		t.Error("beyond the burst", wait, ok)
	}
	if !take("192.0.2.2") {
		t.Error("another address pays for the first")
	}
	now = now.Add(100 * time.Millisecond)
	if !take("192.0.2.1") || take("192.0.2.1") {
		t.Error("one comes back each tenth of a second")
	}
	off := newThrottle(Rate{PerSecond: -1}, func() time.Time { return now })
	for range 1000 {
		if _, ok := off.take("192.0.2.1"); !ok {
			t.Fatal("switched off")
		}
	}
	for i := range maxAddresses + 10 { // memory stays bounded
		g.take(fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255))
	}
	if len(g.seen) > maxAddresses+1 {
		t.Error(len(g.seen))
	}
}

func TestSameHost(t *testing.T) {
	f := front(t, Options{Origin: "http://localhost:8080"})
	h := f.SameHost(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "in") }), plainly, "/healthz")
	for _, tc := range []struct {
		method, url string
		want        int
		location    string
	}{
		{"GET", "http://localhost:8080/home", 200, ""},
		{"GET", "http://127.0.0.1:8080/home?a=b", 307, "http://localhost:8080/home?a=b"},
		{"GET", "http://[::1]:8080/", 307, "http://localhost:8080/"},
		{"GET", "http://127.0.0.1:8080//evil.example/x", 307, "http://localhost:8080/evil.example/x"},
		{"POST", "http://127.0.0.1:8080/login", 421, ""},
		{"GET", "http://evil.example/home", 421, ""},
		{"GET", "http://127.0.0.1:8080/healthz", 200, ""},
	} {
		w := serve(h, httptest.NewRequest(tc.method, tc.url, nil))
		if w.Code != tc.want || w.Header().Get("Location") != tc.location {
			t.Errorf("%s %s: %d %q", tc.method, tc.url, w.Code, w.Header().Get("Location"))
		}
	}
	live := front(t, Options{})
	if w := serve(live.SameHost(http.NotFoundHandler(), plainly), httptest.NewRequest("GET", "http://127.0.0.1/", nil)); w.Code != 421 {
		t.Error("only the demo leads 127.0.0.1 on:", w.Code)
	}
}

func TestReadForm(t *testing.T) {
	post := func(body, kind string) (Form, error) {
		r := httptest.NewRequest("POST", "/?a=query", strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		return ReadForm(httptest.NewRecorder(), r, 100)
	}
	const kind = "application/x-www-form-urlencoded; charset=utf-8"
	f, err := post(url.Values{"a": {"Анна"}, "b": {"1", "2"}, "c": {"x\x00y"}, "d": {"\xff"}}.Encode(), kind)
	if err != nil {
		t.Fatal(err)
	}
	if f.Get("a") != "Анна" || f.Get("c") != "xy" || !f.Has("b") || f.Has("e") || len(f.All("b")) != 2 {
		t.Errorf("%+v", f)
	}
	if got := f.Faults(); len(got) != 3 || !errors.Is(got[0], ErrText) && !errors.Is(got[0], ErrDoubled) {
		t.Error(got)
	}
	if got := f.Faults("b"); len(got) != 2 {
		t.Error(got)
	}
	for _, tc := range []struct {
		body, kind string
		want       *fault.Error
	}{
		{strings.Repeat("a", 101), kind, ErrTooLarge}, {"a=%zz", kind, ErrForm}, {"{}", "application/json", ErrMedia}, {"a=1", "", ErrMedia},
		{"a=1;b=2", kind, ErrForm},
	} {
		if _, err := post(tc.body, tc.kind); !errors.Is(err, tc.want) {
			t.Errorf("%.20q %s: %v, want %v", tc.body, tc.kind, err, tc.want)
		}
	}
	if _, err := ReadForm(httptest.NewRecorder(), httptest.NewRequest("POST", "/", nil), 10); err != nil {
		t.Error("a bare POST:", err)
	}
}

func TestStatusTable(t *testing.T) {
	for err, want := range map[error]int{
		ErrTooLarge: 413, ErrMedia: 415, ErrForm: 400, ErrMethod: 405, ErrHost: 421, ErrTooOften: 429, ErrCrossSite: 403, ErrNotFound: 404,
		fault.New(fault.Refused, "x.y"): 422, fault.New(fault.Busy, "x.y"): 503, fault.New(fault.Conflict, "x.y"): 409,
		fault.New(fault.Unauthenticated, "x.y"): 401, errors.New("anything"): 500,
	} {
		if got := Status(fmt.Errorf("wrapped: %w", err)); got != want {
			t.Errorf("%v: %d, want %d", err, got, want)
		}
	}
}

// W01.
func TestCookies(t *testing.T) {
	w := httptest.NewRecorder()
	SetCookie(w, "__Host-x", "v", time.Hour)
	DropCookie(w, "__Host-y")
	for _, c := range w.Result().Cookies() {
		if !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("%+v", c)
		}
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "__Host-x=1; __Host-x=2; __Host-y=3")
	if Cookie(r, "__Host-x") != "" || Cookie(r, "__Host-y") != "3" || Cookie(r, "z") != "" {
		t.Error("a doubled cookie must count as none")
	}
}

func TestPagesArePackedForOurOwnPagesOnly(t *testing.T) {
	page := []byte(strings.Repeat("<p>text</p>", 500))
	for _, tc := range []struct{ site, accept, want string }{
		{"same-origin", "gzip, br", "gzip"}, {"", "gzip", "gzip"}, {"none", "gzip", "gzip"}, {"cross-site", "gzip", ""}, {"same-origin", "br", ""}, {"same-origin", "gzip;q=0", ""},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Sec-Fetch-Site", tc.site)
		r.Header.Set("Accept-Encoding", tc.accept)
		w := httptest.NewRecorder()
		WriteHTML(w, r, 200, page)
		if got := w.Header().Get("Content-Encoding"); got != tc.want {
			t.Errorf("%+v: %q", tc, got)
		}
	}
}
