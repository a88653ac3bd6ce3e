package hook_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"rocketbank/internal/base/vault"
	"rocketbank/internal/partner/hook"
	"rocketbank/internal/rail/signature"
)

func TestCallerSeals(t *testing.T) {
	now := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	status := http.StatusNoContent
	var problem error
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		problem = signature.Verify("s3cret", r.Header.Get(signature.Header), body, now)
		if r.Header.Get("Idempotency-Key") != "we_1" || r.Header.Get("Content-Type") != "application/json" || string(body) != `{"a":1}` {
			t.Errorf("%v %s", r.Header, body)
		}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
	}))
	defer s.Close()
	c := hook.NewCaller(5*time.Second, true, func() time.Time { return now })
	post := func() (int, string) {
		a := c.Post(context.Background(), s.URL, vault.Hide("s3cret"), "we_1", []byte(`{"a":1}`))
		return a.Status, a.Problem
	}
	if got, why := post(); got != 204 || why != "" || problem != nil {
		t.Errorf("%d %q %v", got, why, problem)
	}
	for _, bad := range []int{301, 302, 307, 400, 410, 500} { // a redirect is not followed
		status = bad
		if got, why := post(); got != bad || why != "status" {
			t.Errorf("%d: %d %q", bad, got, why)
		}
	}
}

// W12: whatever the name resolves to, no private address is called.
func TestCallerKeepsOutOfPrivateNetworks(t *testing.T) {
	called := false
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	defer s.Close()
	c := hook.NewCaller(5*time.Second, false, time.Now)
	for _, to := range []string{s.URL, "http://localhost:" + s.URL[len("http://127.0.0.1:"):], "http://10.0.0.1/", "http://169.254.169.254/latest/meta-data", "http://[::1]:1/", "http://[::ffff:127.0.0.1]:1/", "http://100.64.0.1/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://198.18.0.1/", "http://[::7f00:1]/"} {
		if a := c.Post(context.Background(), to, vault.Hide("x"), "k", nil); a.Problem != "private" && a.Problem != "refused" {
			t.Errorf("%s: %+v", to, a)
		}
	}
	if a := c.Post(context.Background(), s.URL, vault.Hide("x"), "k", nil); a.Problem != "private" || called {
		t.Errorf("%+v, called %v", a, called)
	}
	if a := c.Post(context.Background(), "http://\x00", vault.Hide("x"), "k", nil); a.Problem != "refused" {
		t.Errorf("%+v", a)
	}
}

func TestCallerGivesUpInTime(t *testing.T) {
	stop := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-stop:
		}
	}))
	defer s.Close()
	defer close(stop)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if a := hook.NewCaller(5*time.Second, true, time.Now).Post(ctx, s.URL, vault.Hide("x"), "k", nil); a.Problem != "timeout" {
		t.Errorf("%+v", a)
	}
}
