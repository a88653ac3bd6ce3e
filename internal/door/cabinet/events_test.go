package cabinet_test

import (
	"bufio"
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// listen opens the event stream; messages come through the channel as whole
// events, which is closed when the stream ends.
func (p *person) listen(query ...string) (events <-chan string, stop func()) {
	p.w.Helper()
	c, cancel := context.WithCancel(ctx)
	r, err := http.NewRequestWithContext(c, "GET", p.w.origin+"/events"+strings.Join(query, ""), nil)
	if err != nil {
		p.w.Fatal(err)
	}
	resp, err := (&http.Client{Jar: p.client.Jar}).Do(r)
	if err != nil {
		p.w.Fatal(err)
	}
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" || resp.Header.Get("Cache-Control") != "no-store" {
		p.w.Fatal(resp.Status, resp.Header)
	}
	out := make(chan string, 100)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(out)
		defer resp.Body.Close()
		var event strings.Builder
		for s := bufio.NewScanner(resp.Body); s.Scan(); {
			if s.Text() != "" {
				event.WriteString(s.Text() + "\n")
				continue
			}
			if !strings.HasPrefix(event.String(), ":") {
				out <- event.String()
			}
			event.Reset()
		}
	}()
	return out, func() { cancel(); <-done }
}

func await(t *testing.T, events <-chan string, what string) string {
	t.Helper()
	for end := time.After(20 * time.Second); ; {
		select {
		case e, open := <-events:
			if !open {
				t.Fatal("the stream ended without", what)
			}
			if strings.Contains(text(e), what) || strings.Contains(e, what) {
				return e
			}
		case <-end:
			t.Fatal("never came:", what)
		}
	}
}

// The friend sees the money without reloading; the stream keeps no session
// awake and says goodbye when it is over.
func TestFriendSeesItLive(t *testing.T) {
	each(t, func(w *world) {
		p, friend := w.person(1, 1000), w.person(2, 0)
		friend.get("/home").is(200)
		events, stop := friend.listen()
		defer stop()
		await(t, events, "hx-partial")
		p.pay(friend, "123,45")
		e := await(t, events, "123,45")
		for _, want := range []string{`hx-target="#home"`, "Анна С.", "за обед"} {
			if !strings.Contains(e, want) {
				t.Errorf("the message lacks %q:\n%s", want, e)
			}
		}
		for line := range strings.Lines(e) {
			if !strings.HasPrefix(line, "data: ") && line != "data:\n" {
				t.Errorf("a line without a name: %q", line)
			}
		}
		// Idle: the stream was no activity.
		w.Wait(5*time.Minute + time.Second)
		w.hub.Kick(friend.id)
		await(t, events, "event: bye")
		if _, open := <-events; open {
			t.Error("the stream goes on after the goodbye")
		}
		friend.get("/events").is(401)
		friend.get("/home").to("/login")
	})
}

func TestLogoutEndsTheStream(t *testing.T) {
	w := lite(t)
	p := w.person(1, 0)
	events, stop := p.listen()
	defer stop()
	await(t, events, "hx-partial")
	p.post("/logout", url.Values{}).to("/login")
	await(t, events, "event: bye")
}

// A shutdown waits for every answer, so streams end with it, without a
// goodbye: the browser shall come back.
func TestShutdownEndsTheStream(t *testing.T) {
	w := lite(t)
	p := w.person(1, 0)
	events, stop := p.listen()
	defer stop()
	await(t, events, "hx-partial")
	p.get("/readyz").is(200)
	close(w.stopping)
	for e := range events {
		if strings.Contains(e, "bye") {
			t.Error("goodbye for good")
		}
	}
	p.get("/readyz").is(503)
	p.get("/healthz").is(200)
}

func TestStreamsAreBounded(t *testing.T) {
	w := lite(t)
	p := w.person(1, 0)
	for range 16 {
		_, stop := p.listen()
		defer stop()
	}
	p.get("/events").is(429)
}

// Connections by another name than the bank's own are not the bank's.
func TestHostIsChecked(t *testing.T) {
	w := lite(t)
	addr := w.server.Listener.Addr().String()
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := c.Get("http://" + addr + "/login?next=%2Fhome")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 307 || resp.Header.Get("Location") != w.origin+"/login?next=%2Fhome" {
		t.Error(resp.Status, resp.Header.Get("Location"))
	}
	r, _ := http.NewRequest("GET", w.origin+"/", nil)
	r.Host = "evil.example"
	if resp, err = c.Do(r); err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 421 {
		t.Error(resp.Status)
	}
}
