package app

import (
	"net/http"
	"net/netip"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// answers counts what the doors answer, by class of status: 5xx and a flood of
// 401 or 429 are what somebody must look at.
type answers struct {
	total *prometheus.CounterVec
	// unmatched is money that came back and that the partners' door could not place.
	unmatched prometheus.Counter
}

func newAnswers() *answers {
	return &answers{
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rocketbank_answers_total", Help: "Answers of the doors by status class; 401, 403 and 429 by themselves.",
		}, []string{"door", "status"}),
		unmatched: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "rocketbank_payout_returns_unmatched_total", Help: "Returns by the phone-number rail that fit no payout; each needs a person.",
		}),
	}
}

// of counts the answers of one door.
func (a *answers) of(door string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		defer func() { a.total.WithLabelValues(door, class(c.status)).Inc() }()
		h.ServeHTTP(c, r)
	})
}

func class(status int) string {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
		return strconv.Itoa(status)
	}
	return strconv.Itoa(status/100) + "xx"
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets streams reach the connection (http.ResponseController).
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// onlyFrom lets nobody but the given networks in. It stands before the doors
// where a proxy ends TLS: whoever reached the listener past the proxy would
// speak in clear.
func onlyFrom(networks []netip.Prefix, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		if err == nil {
			for _, n := range networks {
				if n.Contains(peer.Addr().Unmap()) {
					h.ServeHTTP(w, r)
					return
				}
			}
		}
		http.Error(w, "this listener answers the bank's proxies only; use the bank's https address", http.StatusForbidden)
	})
}
