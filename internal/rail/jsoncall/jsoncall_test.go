package jsoncall_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rocketbank/internal/rail/jsoncall"
)

func TestCheckAddress(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"https://api.partner.example/v1":          true,
		"https://10.0.0.5:8443":                   true,
		"http://127.0.0.1:41000/sms":              true,
		"http://localhost:41000":                  true,
		"http://[::1]:41000/sms":                  true,
		"http://127.9.9.9/":                       true,
		"http://api.partner.example":              false,
		"http://10.0.0.5":                         false,
		"http://localhost.evil.example":           false,
		"http://127.0.0.1.evil.example":           false,
		"http://2130706433":                       false, // 127.0.0.1 in one number
		"ftp://127.0.0.1":                         false,
		"https://user:secret@api.partner.example": false,
		"https://api.partner.example?x=1":         false,
		"https://api.partner.example#x":           false,
		"https://":                                false,
		"api.partner.example":                     false,
		"":                                        false,
		"https://a b":                             false,
	} {
		err := jsoncall.CheckAddress(address)
		if (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the refusal tells the password: %v", err)
		}
	}
	if _, err := jsoncall.New("https://x.example", "", 0); err == nil {
		t.Error("no key was taken")
	}
}

func line(t *testing.T, h http.HandlerFunc, timeout time.Duration) *jsoncall.Line {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	l, err := jsoncall.New(srv.URL+"/v1/", "key", timeout)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestPost(t *testing.T) {
	t.Parallel()
	l := line(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path != "/v1/charges" || r.Header.Get("Authorization") != "Bearer key" || r.Header.Get("Idempotency-Key") != "k-1" ||
			r.Header.Get("Content-Type") != "application/json" || string(body) != `{"a":1}` {
			t.Errorf("%s %v %s", r.URL.Path, r.Header, body)
		}
		w.WriteHeader(http.StatusUnprocessableEntity)
		io.WriteString(w, `{"error":{"reason":"bad_card","field":"card","more":1}}`)
	}, 0)
	a, err := l.Post(context.Background(), "/charges", "k-1", map[string]int{"a": 1})
	if err != nil || a.Status != 422 || a.OK() || a.Reason() != "bad_card" {
		t.Fatalf("%+v %v", a, err)
	}
}

func TestReason(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"error":{"reason":"bad_card"}}`:                               "bad_card",
		`{"error":{"reason":"<script>"}}`:                               "",
		`{"error":{"reason":"` + strings.Repeat("a", 41) + `"}}`:        "",
		`{"error":{"reason":"bad_card","reason":"insufficient_funds"}}`: "",
		`{"error":"bad"}`:  "",
		`<html>404</html>`: "",
		``:                 "",
	} {
		if got := (jsoncall.Answer{Body: []byte(body)}).Reason(); got != want {
			t.Errorf("%s: %q", body, got)
		}
	}
}

// TestTrouble: what is certainly not sent is told from what may have arrived.
func TestTrouble(t *testing.T) {
	t.Parallel()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := "http://" + free.Addr().String()
	free.Close()
	nobody, err := jsoncall.New(gone, "key", 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := nobody.Post(context.Background(), "/x", "k", 1); !errors.Is(err, jsoncall.ErrNotSent) {
		t.Errorf("nobody there: %v", err)
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := nobody.Get(cancelled, "/x"); !errors.Is(err, jsoncall.ErrNotSent) {
		t.Errorf("cancelled before: %v", err)
	}

	stuck := make(chan struct{})
	for name, h := range map[string]http.HandlerFunc{
		"cut":     func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) },
		"timeout": func(http.ResponseWriter, *http.Request) { <-stuck },
		"half": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			io.WriteString(w, "{")
		},
		"too long":  func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, strings.Repeat(" ", 70<<10)) },
		"slow body": func(w http.ResponseWriter, _ *http.Request) { w.(http.Flusher).Flush(); <-stuck },
	} {
		l := line(t, h, 200*time.Millisecond)
		if a, err := l.Post(context.Background(), "/x", "k", 1); err == nil || errors.Is(err, jsoncall.ErrNotSent) {
			t.Errorf("%s: %+v %v", name, a, err)
		}
	}
	close(stuck)
}

// TestNothingIsSentTwice: not after a cut on a kept connection either, where
// net/http would by itself.
func TestNothingIsSentTwice(t *testing.T) {
	t.Parallel()
	var posts atomic.Int32
	l := line(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.Method == http.MethodPost {
			posts.Add(1)
			panic(http.ErrAbortHandler)
		}
		io.WriteString(w, "{}")
	}, 0)
	for range 3 {
		if _, err := l.Get(context.Background(), "/warm"); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Post(context.Background(), "/x", "k", 1); err == nil {
			t.Fatal("an answer")
		}
	}
	if n := posts.Load(); n != 3 {
		t.Fatalf("%d posts arrived of 3", n)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	l := line(t, func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		http.Redirect(w, r, "/v1/elsewhere", http.StatusTemporaryRedirect)
	}, 0)
	a, err := l.Post(context.Background(), "/x", "k", 1)
	if err != nil || a.Status != 307 || calls.Load() != 1 {
		t.Fatalf("%+v %v after %d calls", a, err, calls.Load())
	}
}
