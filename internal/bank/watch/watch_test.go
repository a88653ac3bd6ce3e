package watch_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/watch"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/base/id"
)

var ctx = context.Background()

type channel struct {
	fail bool
	said []watch.Alert
}

func (c *channel) Say(_ context.Context, a watch.Alert) error {
	if c.fail {
		return errors.New("the pager is off")
	}
	c.said = append(c.said, a)
	return nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func happens(t *testing.T, d *db.DB, act string, times int) {
	t.Helper()
	must(t, d.Write(ctx, func(tx db.Tx) error {
		var lines []audit.Entry
		for range times {
			lines = append(lines, audit.Entry{At: tx.Now(), Actor: "visitor", Act: act})
		}
		return audit.Append(ctx, tx, lines...)
	}))
}

func TestTrailBecomesAlerts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)
		pager := &channel{}
		o := watch.Options{Channels: []watch.Channel{pager}, Now: func() time.Time { return now }}
		s := watch.New(d, id.NewSource(time.Now), o)
		twin := watch.New(d, id.NewSource(time.Now), o) // another process of the same bank

		happens(t, d, "staff.login.refused", 50) // before the watch was there
		must(t, s.Step(ctx))
		happens(t, d, "staff.login.refused", 4)
		must(t, s.Step(ctx))
		must(t, twin.Step(ctx))
		if len(pager.said) != 0 {
			t.Fatalf("four refusals said %+v", pager.said)
		}
		happens(t, d, "staff.login.refused", 1)
		pager.fail = true
		if err := s.Step(ctx); err == nil {
			t.Error("a silent pager is no error")
		}
		pager.fail = false
		must(t, twin.Step(ctx)) // says what the other could not
		happens(t, d, "staff.login.refused", 3)
		must(t, s.Step(ctx))
		if len(pager.said) != 1 || pager.said[0].Kind != "staff_refused" || pager.said[0].Grade != watch.Critical || pager.said[0].N != 5 {
			t.Fatalf("said %+v", pager.said)
		}
		counts, err := s.Counts(ctx, 24)
		must(t, err)
		if !slices.ContainsFunc(counts, func(c watch.Count) bool { return c.Kind == "staff_refused" && c.N == 8 }) {
			t.Errorf("counted %+v", counts)
		}
		alerts, err := s.Alerts(ctx, 10)
		must(t, err)
		if len(alerts) != 1 || alerts[0].N != 8 {
			t.Errorf("one alert that grows: %+v", alerts)
		}
		must(t, s.Seen(ctx, "staff:st_x", alerts[0].ID))
		if err := s.Seen(ctx, "staff:st_y", alerts[0].ID); !errors.Is(err, watch.ErrMissing) {
			t.Errorf("seen twice: %v", err)
		}
		// Two hours later it is worth a word again.
		now = now.Add(2 * time.Hour)
		happens(t, d, "staff.login.refused", 5)
		must(t, s.Step(ctx))
		if len(pager.said) != 2 {
			t.Errorf("after two hours: %d", len(pager.said))
		}
	})
}

// What strangers can provoke does not bury the rest.
func TestReportsAreBounded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := watch.New(d, id.NewSource(time.Now), watch.Options{})
		for i := range 100 {
			must(t, s.CSP(ctx, "img-src", "https://"+strings.Repeat("a", i+1)+".example"))
		}
		alerts, err := s.Alerts(ctx, 500)
		must(t, err)
		if len(alerts) != 20 {
			t.Errorf("%d alerts", len(alerts))
		}
	})
}

func TestParseReport(t *testing.T) {
	r, err := watch.ParseReport(strings.NewReader(`
{"config":{"scanner_name":"govulncheck","scanner_version":"v1.1.4","db_last_modified":"2026-11-20T00:00:00Z"}}
{"progress":{"message":"Scanning"}}
{"osv":{"id":"GO-2026-0002","summary":"Panic in a parser"}}
{"osv":{"id":"GO-2026-0001","summary":"Leak of memory"}}
{"finding":{"osv":"GO-2026-0001","fixed_version":"v1.2.0","trace":[{"module":"example.com/a","version":"v1.1.0"}]}}
{"finding":{"osv":"GO-2026-0002","fixed_version":"v2.0.1","trace":[{"module":"example.com/b","version":"v2.0.0"}]}}
{"finding":{"osv":"GO-2026-0002","fixed_version":"v2.0.1","trace":[{"module":"example.com/b","version":"v2.0.0","function":"Parse"}]}}
{"gosec":{"Issues":[{},{}]}}
{"staticcheck":[{}]}`))
	must(t, err)
	if r.Scanner != "govulncheck v1.1.4" || r.Gosec != 2 || r.Staticcheck != 1 || len(r.Advisories) != 2 {
		t.Fatalf("read %+v", r)
	}
	if a := r.Advisories[0]; a.ID != "GO-2026-0002" || !a.Called || a.Summary != "Panic in a parser" || a.Found != "v2.0.0" || a.Fixed != "v2.0.1" {
		t.Errorf("what our code calls comes first: %+v", a)
	}
	if _, err := watch.ParseReport(strings.NewReader(`{"config":`)); err == nil {
		t.Error("half a report is taken for a whole one")
	}
	if r, err := watch.ReadReport(t.TempDir() + "/none.json"); err != nil || !r.At.IsZero() {
		t.Errorf("no report: %+v %v", r, err)
	}
}
