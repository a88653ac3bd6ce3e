package directory_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rocketbank/internal/partner/directory"
)

func line(t *testing.T, c directory.Config) *directory.Line {
	t.Helper()
	l, err := directory.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestAllowed(t *testing.T) {
	t.Parallel()
	live := directory.Config{Hosts: []string{"ds.scheme.example", "ds.scheme.example:8443", "10.0.0.5:9000"}}
	demo := directory.Config{Hosts: []string{"127.0.0.1:8081", "localhost:8081"}, LoopbackHTTP: true}
	for _, c := range []struct {
		config  directory.Config
		address string
		ok      bool
	}{
		{live, "https://ds.scheme.example/rreq", true}, {live, "https://ds.scheme.example:443/", true}, {live, "https://DS.scheme.example/", true},
		{live, "https://ds.scheme.example:8443/a?b=c", true}, {live, "https://10.0.0.5:9000/", true},
		{live, "http://ds.scheme.example/", false}, {live, "https://ds.scheme.example:444/", false}, {live, "https://scheme.example/", false},
		{live, "https://ds.scheme.example.evil.example/", false}, {live, "https://ds.scheme.example@evil.example/", false},
		{live, "https://u@ds.scheme.example/", false}, {live, "https://ds.scheme.example/#x", false}, {live, "https://10.0.0.5/", false},
		{live, "https://169.254.169.254/", false}, {live, "//ds.scheme.example/", false}, {live, "", false}, {live, "ds.scheme.example", false},
		{demo, "http://127.0.0.1:8081/rreq", true}, {demo, "http://localhost:8081/rreq", true}, {demo, "http://127.0.0.1:8082/", false}, {demo, "https://127.0.0.1:8081/", true},
		{directory.Config{Hosts: []string{"127.0.0.1:8081"}}, "http://127.0.0.1:8081/rreq", false},
		{directory.Config{}, "https://ds.scheme.example/", false},
	} {
		if got := line(t, c.config).Allowed(c.address); got != c.ok {
			t.Errorf("%v: %s: %v", c.config.Hosts, c.address, got)
		}
	}
	for _, bad := range []string{"https://ds.example", "ds.example/rreq", "", "u@ds.example", "a b"} {
		if _, err := directory.New(directory.Config{Hosts: []string{bad}}); err == nil {
			t.Errorf("%q was taken for a host", bad)
		}
	}
}

func TestSend(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /rreq", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("Content-Type") != "application/json; charset=utf-8" {
			w.WriteHeader(http.StatusUnsupportedMediaType)
		}
		_, _ = w.Write(append([]byte("got "), body...))
	})
	mux.Handle("POST /away", http.RedirectHandler("/rreq", http.StatusTemporaryRedirect))
	mux.HandleFunc("POST /long", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 70_000)) })
	mux.HandleFunc("POST /broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	l := line(t, directory.Config{Hosts: []string{strings.TrimPrefix(server.URL, "http://")}, LoopbackHTTP: true})
	ctx := context.Background()
	if got, err := l.Send(ctx, server.URL+"/rreq", []byte("result")); err != nil || string(got) != "got result" {
		t.Errorf("%s %v", got, err)
	}
	for _, path := range []string{"/away", "/long", "/broken", "/nowhere"} {
		if got, err := l.Send(ctx, server.URL+path, []byte("result")); err == nil {
			t.Errorf("%s: taken: %.20s", path, got)
		} else if strings.Contains(err.Error(), server.URL) {
			t.Errorf("%s: the error names the address: %v", path, err)
		}
	}
	if _, err := l.Send(ctx, "http://127.0.0.1:1/rreq", nil); err == nil {
		t.Error("another host was called")
	}
}
