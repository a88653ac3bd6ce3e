package hook_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/watch"
	"rocketbank/internal/base/id"
	"rocketbank/internal/partner/hook"
	"rocketbank/internal/rail/signature"
)

var alert = watch.Alert{ID: id.NewSource(time.Now).New(), Kind: "decoy", Grade: watch.Critical, Subject: "staff:st_x", N: 1, At: time.Unix(1790000000, 0)}

func TestSays(t *testing.T) {
	var got map[string]any
	status := http.StatusNoContent
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		if err := signature.Verify("secret", r.Header.Get(signature.Header), raw, time.Now()); err != nil {
			t.Error(err)
		}
		if err := json.Unmarshal(raw, &got); err != nil {
			t.Error(err)
		}
		w.Header().Set("Location", "http://127.0.0.1:1/")
		w.WriteHeader(status)
	}))
	defer server.Close()
	h, err := hook.New(hook.Config{URL: server.URL, Secret: "secret", Private: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Say(context.Background(), alert); err != nil {
		t.Fatal(err)
	}
	if got["kind"] != "decoy" || got["grade"] != "critical" || got["subject"] != "staff:st_x" || got["id"] != alert.Text() {
		t.Errorf("told %v", got)
	}
	for _, status = range []int{http.StatusFound, http.StatusInternalServerError} {
		if err := h.Say(context.Background(), alert); err == nil {
			t.Errorf("status %d is taken for success", status)
		}
	}
}

// W13 in small: whatever a name resolves to, no private address is called.
func TestPrivateNetworksAreRefused(t *testing.T) {
	for _, address := range []string{"https://127.0.0.1/", "https://[::1]/", "https://10.0.0.7/", "https://169.254.169.254/latest", "https://100.100.100.200/",
		"https://localhost:8443/", "https://[::ffff:127.0.0.1]/", "https://0.0.0.0/", "https://[fd00::1]/", "https://192.168.1.1/"} {
		h, err := hook.New(hook.Config{URL: address, Timeout: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Say(context.Background(), alert); !errors.Is(err, hook.ErrPrivate) {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{"", "http://pager.example/", "https://user:secret@pager.example/", "ftp://pager.example/"} {
		if _, err := hook.New(hook.Config{URL: address}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", address, err)
		}
	}
}
