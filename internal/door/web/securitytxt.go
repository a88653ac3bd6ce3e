package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// SecurityTxtPath is where researchers look for whom to tell (RFC 9116).
const SecurityTxtPath = "/.well-known/security.txt"

// SecurityTxt says whom to tell of a hole. Contacts are URIs (mailto:, https:,
// tel:), the best first; policy may be empty. The RFC wants an expiry date: it
// is the end of the half-year to come, as long as somebody keeps this running.
func SecurityTxt(origin, policy string, now func() time.Time, contacts ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var b strings.Builder
		for _, c := range contacts {
			fmt.Fprintf(&b, "Contact: %s\n", c)
		}
		t := now().UTC()
		fmt.Fprintf(&b, "Expires: %s\n", time.Date(t.Year(), t.Month()+6, 1, 0, 0, 0, 0, time.UTC).Format(time.RFC3339))
		b.WriteString("Preferred-Languages: ru, en\n")
		fmt.Fprintf(&b, "Canonical: %s%s\n", origin, SecurityTxtPath)
		if policy != "" {
			fmt.Fprintf(&b, "Policy: %s\n", policy)
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "public, max-age=3600")
		_, _ = w.Write([]byte(b.String())) // nobody to tell when the asker has gone
	})
}
