package app

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/door/ui"
)

// W05: what stands at fixed places of the clients' origin, beside the doors'
// own tables. A route without a row fails, and so does a row without a route.
// Whose cookie comes makes no difference, and other methods are refused.
func TestW05_KnownRoutes(t *testing.T) {
	t.Parallel()
	rows := map[string]struct {
		kind, body string
		status     int
		says       string
	}{
		"GET /.well-known/security.txt": {"", "", http.StatusOK, "Contact: mailto:hole@bank.example\n"},
		"POST /csp-report": {"application/csp-report", `{"csp-report":{"effective-directive":"img-src","blocked-uri":"https://evil.example/x?card=4"}}`,
			http.StatusNoContent, ""},
	}
	ctx, log := context.Background(), slog.New(slog.DiscardHandler)
	b, err := openBank(ctx, parts{
		db: dbtest.Open(t, dbtest.SQLite(t), clock.System()), vault: vault.Ephemeral(), clock: clock.System(), log: log,
		origin: "https://my.bank.example", bin: "550000", brand: "Рокетбанк", acquirer: till{log}, sms: &inbox{},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.close(); err != nil {
			t.Error(err)
		}
	})
	c := doorConfig{origin: "https://my.bank.example", brand: ui.DefaultBrand(), securityContact: "mailto:hole@bank.example"}
	all, err := b.doors(c)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, path, kind, body string, change func(*http.Request)) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "https://my.bank.example"+path, strings.NewReader(body))
		if kind != "" {
			r.Header.Set("Content-Type", kind)
		}
		change(r)
		w := httptest.NewRecorder()
		all.cabinet.ServeHTTP(w, r)
		return w
	}
	people := map[string]func(*http.Request){
		"nobody": func(*http.Request) {},
		"somebody with cookies": func(r *http.Request) {
			r.Header.Set("Cookie", "__Host-rb=x; __Host-rbd=x; __Host-rbs=x")
			r.Header.Set("Authorization", "Bearer rb_x")
		},
	}
	for _, rt := range b.knownRoutes(c.origin, c) {
		name := rt.Method + " " + rt.Path
		row, known := rows[name]
		delete(rows, name)
		if !known {
			t.Errorf("%s has no row: who may ask?", name)
			continue
		}
		for who, as := range people {
			w := ask(rt.Method, rt.Path, row.kind, row.body, as)
			if w.Code != row.status || !strings.Contains(w.Body.String(), row.says) || len(w.Result().Cookies()) > 0 || w.Header().Get("X-Request-Id") == "" {
				t.Errorf("%s by %s: %d %q", name, who, w.Code, w.Body)
			}
			for _, method := range []string{"GET", "POST", "PUT", "DELETE", "PATCH"} {
				if method == rt.Method {
					continue
				}
				w := ask(method, rt.Path, row.kind, row.body, as)
				if w.Code != http.StatusMethodNotAllowed || !strings.HasPrefix(w.Header().Get("Allow"), rt.Method) {
					t.Errorf("%s %s by %s: %d, Allow %q", method, rt.Path, who, w.Code, w.Header().Get("Allow"))
				}
			}
		}
	}
	for name := range rows {
		t.Errorf("there is a row for %s, which is no route", name)
	}
	// A report told the security officer the rule and the origin, no more.
	var dump strings.Builder
	if err := b.db.Dump(ctx, &dump); err != nil {
		t.Fatal(err)
	}
	if got := dump.String(); !strings.Contains(got, "https://evil.example") || strings.Contains(got, "card=4") {
		t.Error("what was kept of the report is not its origin alone")
	}
	// Another site may not post here on a visitor's behalf, nor a huge report.
	if w := ask("POST", "/csp-report", "application/csp-report", "{}", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }); w.Code != http.StatusForbidden {
		t.Errorf("from another site: %d", w.Code)
	}
	r := httptest.NewRequest("POST", "https://my.bank.example/csp-report", io.LimitReader(endless{}, 1<<20))
	w := httptest.NewRecorder()
	if all.cabinet.ServeHTTP(w, r); w.Code != http.StatusNoContent {
		t.Errorf("an endless report: %d", w.Code)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}
