package app

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	dto "github.com/prometheus/client_model/go"
)

// Without TLS of its own the server speaks only to the proxies that end it.
func TestOnlyProxiesSpeakInClear(t *testing.T) {
	h := onlyFrom([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")}, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for peer, want := range map[string]int{
		"10.0.0.7:4444": 200, "[::ffff:10.0.0.7]:4444": 200, "10.0.1.7:4444": 403, "[2001:db8::1]:1": 403, "unknown": 403,
	} {
		r, w := httptest.NewRequest(http.MethodPost, "/login", nil), httptest.NewRecorder()
		r.RemoteAddr = peer
		if h.ServeHTTP(w, r); w.Code != want {
			t.Errorf("%s: %d, want %d", peer, w.Code, want)
		}
	}
}

func TestAnswersAreCountedByClass(t *testing.T) {
	a := newAnswers()
	for _, status := range []int{200, 204, 401, 500} {
		a.of("cabinet", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })).
			ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	}
	for class, want := range map[string]float64{"2xx": 2, "401": 1, "5xx": 1} {
		var got dto.Metric
		if err := a.total.WithLabelValues("cabinet", class).Write(&got); err != nil || got.GetCounter().GetValue() != want {
			t.Errorf("%s: %v, want %v", class, got.GetCounter().GetValue(), want)
		}
	}
}
