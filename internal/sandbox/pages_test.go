package sandbox_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/sandbox"
)

func TestPages(t *testing.T) {
	t.Parallel()
	movable := clock.NewMovable(clock.System(), 0)
	w := newWorld(t, func(c *sandbox.Config) { c.Clock = movable })
	w.sendSMS("0193-key-1", anna, "раз")
	c, _ := w.charge("tu_pages_1", w.card("good"))
	inline := regexp.MustCompile(`(?i)<style|style=|onclick|onload|<script(>| type="module">)|javascript:`)
	for _, path := range []string{"/", "/phone", "/phone/79165550123", "/cards", "/credits", "/clock", w.path(c.ActionURL)} {
		for _, lang := range []string{"ru", "en"} {
			req, _ := http.NewRequest(http.MethodGet, w.url+path, nil)
			req.Header.Set("Accept-Language", lang)
			a := w.must(req)
			if a.status != http.StatusOK || !strings.Contains(a.body, `<html lang="`+lang+`">`) || strings.Count(a.body, "<h1") != 1 {
				t.Errorf("%s %s: %d\n%s", lang, path, a.status, a.body)
			}
			if inline.MatchString(a.body) {
				t.Errorf("%s runs something inline", path)
			}
			if strings.Contains(a.body, "sandbox.") && strings.Contains(strings.ReplaceAll(a.body, "sandbox.css", ""), "sandbox.") {
				t.Errorf("%s %s: a text is missing", lang, path)
			}
			if lang == "en" && regexp.MustCompile(`[а-яё]{3,}`).MatchString(strings.NewReplacer("Русский", "", "раз", "", "Рокетбанк", "", "Пополнение", "").Replace(a.body)) {
				t.Errorf("%s: Russian on the English page", path)
			}
			for name, want := range map[string]string{
				"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Cross-Origin-Opener-Policy": "same-origin",
			} {
				if got := a.header.Get(name); got != want {
					t.Errorf("%s: %s %q", path, name, got)
				}
			}
			csp := a.header.Get("Content-Security-Policy")
			for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
				if !strings.Contains(csp, want) || strings.Contains(csp, "unsafe") {
					t.Errorf("%s: policy %s", path, csp)
				}
			}
		}
	}
	for _, path := range []string{"/static/sandbox.css", "/static/fresh.js", "/static/icon.svg"} {
		if a := w.get(path); a.status != http.StatusOK || len(a.body) == 0 {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	a := w.post("/language", "lang", "en", "back", "/cards")
	cookie := a.header.Get("Set-Cookie")
	if a.header.Get("Location") != "/cards" || !strings.HasPrefix(cookie, "__Host-sandbox-lang=en; Path=/;") || !strings.Contains(cookie, "Secure") || !strings.Contains(cookie, "HttpOnly") {
		t.Errorf("%s %s", a.header.Get("Location"), cookie)
	}
}

// TestForeignSitesMayNotAct: every unsafe request of another site is refused.
func TestForeignSitesMayNotAct(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *sandbox.Config) { c.Clock = clock.NewMovable(clock.System(), 0) })
	c, _ := w.charge("tu_cross_1", w.card("good"))
	page := w.path(c.ActionURL)
	for _, path := range []string{page, page + "/cancel", "/clock", "/language", "/phone", "/phone/79165550123/switch",
		"/phone/79165550123/messages/x/again", "/phone/79165550123/messages/x/undelivered", "/sms/messages", "/acquirer/charges"} {
		req, _ := http.NewRequest(http.MethodPost, w.url+path, strings.NewReader("code=1234&step=day"))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		req.Header.Set("Origin", "http://evil.example")
		if a := w.must(req); a.status != http.StatusForbidden {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	w.wantState("tu_cross_1", "action_required", "")
}

func TestClock(t *testing.T) {
	t.Parallel()
	if a := newWorld(t).get("/clock"); a.status != http.StatusNotFound {
		t.Fatalf("without a movable clock there is a page: %d", a.status)
	}
	start := time.Date(2027, time.January, 31, 12, 0, 0, 0, clock.Moscow)
	movable := clock.NewMovable(clock.Func(func() time.Time { return start.UTC() }), 0)
	w := newWorld(t, func(c *sandbox.Config) { c.Clock = movable })
	for _, s := range []struct{ step, want string }{
		{"month", "2027-02-28 12:00"}, {"hour", "2027-02-28 13:00"}, {"day", "2027-03-01 13:00"}, {"month", "2027-04-01 13:00"},
	} {
		if a := w.post("/clock", "step", s.step); a.status != http.StatusSeeOther {
			t.Fatal(a.status)
		}
		if got := movable.Now().In(clock.Moscow).Format("2006-01-02 15:04"); got != s.want {
			t.Fatalf("%s leads to %s, want %s", s.step, got, s.want)
		}
	}
	before := movable.Now()
	for _, step := range []string{"", "-day", "year", "1"} {
		if a := w.post("/clock", "step", step); a.status != 422 {
			t.Errorf("%q: %d", step, a.status)
		}
	}
	if !movable.Now().Equal(before) {
		t.Error("a bad step moved the time")
	}
	// The world goes with it: cards stay good, messages carry the new date.
	w.sendSMS("0193-key-1", anna, "раз")
	if m := w.inbox(anna)[0]; !strings.HasPrefix(m.At, "2027-04-01T10:00") {
		t.Error(m.At)
	}
	if a := w.get("/cards.json"); !strings.Contains(a.body, `"exp":"12/29"`) {
		t.Error(a.body)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	good := sandbox.Config{DataDir: t.TempDir(), Origin: "http://127.0.0.1:1", SMSKey: "a", AcquirerKey: "b", CallbackSecret: "c"}
	for name, change := range map[string]func(*sandbox.Config){
		"no sms key":    func(c *sandbox.Config) { c.SMSKey = "" },
		"no secret":     func(c *sandbox.Config) { c.CallbackSecret = "" },
		"no origin":     func(c *sandbox.Config) { c.Origin = "" },
		"origin + path": func(c *sandbox.Config) { c.Origin = "http://127.0.0.1:1/" },
		"no folder":     func(c *sandbox.Config) { c.DataDir = "" },
		"bad folder":    func(c *sandbox.Config) { c.DataDir = "/dev/null/x" },
	} {
		cfg := good
		change(&cfg)
		if _, err := sandbox.New(cfg); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	box, err := sandbox.New(good)
	if err != nil {
		t.Fatal(err)
	}
	if err := box.Close(); err != nil {
		t.Fatal(err)
	}
}

// carrier is a network that always fails and writes down when it was asked.
type carrier struct {
	mu    sync.Mutex
	times []time.Time
}

func (c *carrier) RoundTrip(*http.Request) (*http.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.times = append(c.times, time.Now())
	return nil, errors.New("no route")
}

// TestCallbackBackOff: ten tries, 1, 2, 4 … 256 seconds apart, then no more;
// and Close does not wait for the rest.
func TestCallbackBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		net := &carrier{}
		box, err := sandbox.New(sandbox.Config{
			DataDir: t.TempDir(), Origin: "http://127.0.0.1:1", SMSKey: smsKey, AcquirerKey: acqKey, CallbackSecret: secret, Transport: net,
		})
		if err != nil {
			t.Fatal(err)
		}
		send := func(key string) {
			req, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://127.0.0.1:1/sms/messages",
				strings.NewReader(`{"to":"+79165550123","text":"x","callback_url":"http://127.0.0.1:2/sms/receipt"}`))
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Authorization", "Bearer "+smsKey)
			req.Header.Set("Idempotency-Key", key)
			out := &discard{h: http.Header{}}
			box.ServeHTTP(out, req)
			if out.status != http.StatusAccepted {
				t.Fatal(out.status)
			}
		}
		send("0193-key-1")
		time.Sleep(time.Hour)
		if len(net.times) != 10 {
			t.Fatalf("%d tries", len(net.times))
		}
		for i, at := range net.times[1:] {
			if got, want := at.Sub(net.times[i]), time.Second<<i; got != want {
				t.Fatalf("try %d came after %v, want %v", i+2, got, want)
			}
		}
		send("0193-key-2")
		time.Sleep(5 * time.Second)
		stopped := time.Now()
		if err := box.Close(); err != nil {
			t.Fatal(err)
		}
		if time.Since(stopped) > time.Second {
			t.Fatal("Close waited for the retries")
		}
	})
}

type discard struct {
	h      http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(p []byte) (int, error) { return io.Discard.Write(p) }
