package web

import (
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// ReportPath is where browsers tell of what a page's policy has stopped.
const ReportPath = "/csp-report"

// maxReport bounds a browser's report.
const maxReport = 16 << 10

// CSPReports takes browsers' reports of content that our policy has stopped
// and hands on which rule it was and the origin of what was stopped. The rest
// of a report (the page's address, samples) is not even looked at. Anybody may
// post here, so whatever is no report is taken in silence.
func CSPReports(sink func(ctx context.Context, directive, blocked string)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxReport))
		if err == nil {
			for _, one := range parseReports(r.Header.Get("Content-Type"), raw) {
				sink(r.Context(), one[0], one[1])
			}
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

// parseReports reads both forms: report-uri's single object and the Reporting
// API's list.
func parseReports(contentType string, raw []byte) (out [][2]string) {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return nil
	}
	switch kind {
	case "application/csp-report":
		var m struct {
			Report struct {
				Effective string `json:"effective-directive"`
				Violated  string `json:"violated-directive"`
				Blocked   string `json:"blocked-uri"`
			} `json:"csp-report"`
		}
		if json.Unmarshal(raw, &m) == nil {
			if m.Report.Effective == "" {
				m.Report.Effective, _, _ = strings.Cut(m.Report.Violated, " ")
			}
			out = append(out, [2]string{m.Report.Effective, m.Report.Blocked})
		}
	case "application/reports+json":
		var list []struct {
			Type string `json:"type"`
			Body struct {
				Effective string `json:"effectiveDirective"`
				Blocked   string `json:"blockedURL"`
			} `json:"body"`
		}
		if json.Unmarshal(raw, &list) == nil {
			for _, one := range list[:min(len(list), 10)] {
				if one.Type == "csp-violation" {
					out = append(out, [2]string{one.Body.Effective, one.Body.Blocked})
				}
			}
		}
	}
	kept := out[:0]
	for _, one := range out {
		if knownDirective(one[0]) {
			kept = append(kept, [2]string{one[0], originOf(one[1])})
		}
	}
	return kept
}

func knownDirective(s string) bool {
	switch s {
	case "default-src", "script-src", "script-src-elem", "script-src-attr", "style-src", "style-src-elem", "style-src-attr", "img-src",
		"font-src", "connect-src", "manifest-src", "worker-src", "frame-src", "child-src", "media-src", "object-src", "frame-ancestors",
		"base-uri", "form-action", "trusted-types", "require-trusted-types-for":
		return true
	}
	return false
}

// originOf keeps of an address its origin, or the browser's word for content
// that stands in the page itself.
func originOf(s string) string {
	switch s {
	case "inline", "eval", "wasm-eval", "self", "data", "blob", "":
		return s
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || u.Host == "" || len(u.Host) > 100 {
		return "other"
	}
	for _, r := range u.Scheme + u.Host {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(".:-[]", r) {
			return "other"
		}
	}
	return strings.ToLower(u.Scheme + "://" + u.Host)
}
