package console_test

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/staff"
	"rocketbank/internal/bank/watch"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/door/console"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// ordered hands an application in and gives its number.
func (d *desk) ordered(n int) string {
	d.Helper()
	p := accesstest.Phone(n)
	return d.Fill(application.ByFlow(d.Ordered(p)), p, "Вера", "Лебедева").Text(application.Prefix)
}

func (a answer) says(d *desk, words ...string) answer {
	d.Helper()
	for _, s := range words {
		if !strings.Contains(a.body, s) {
			d.Errorf("the page (%d) does not say %q", a.status, s)
		}
	}
	return a
}

func (a answer) hides(d *desk, words ...string) answer {
	d.Helper()
	for _, s := range words {
		if strings.Contains(a.body, s) {
			d.Errorf("the page (%d) tells %q", a.status, s)
		}
	}
	return a
}

func (a answer) to(d *desk) string {
	d.Helper()
	if a.status != http.StatusSeeOther {
		d.Fatalf("%d, want 303\n%s", a.status, regexp.MustCompile(`<[^>]+>`).ReplaceAllString(a.body, " "))
	}
	return a.header.Get("Location")
}

var callID = regexp.MustCompile(`ac_[0-9a-z]{26}`)

// From the queue to the approval: masked until it is the manager's own and a
// reason is given; the client later reads who looked and why.
func TestManagerTakesAClientOn(t *testing.T) {
	each(t, func(d *desk) {
		number, secrets := d.ordered(1), []string{"Лебедева", "770-001", "Мясницкая", "9165550001", "555-00-01"}
		page := "/applications/" + number
		m := d.as("manager")
		m.get("/applications").says(d, "Вера Л.", number).hides(d, secrets...)
		m.get(page).says(d, "Вера Л.").hides(d, secrets...)
		if got := m.post(page+"/open", "reason", "первый звонок клиенту"); got.status != http.StatusForbidden {
			t.Errorf("opened without taking it: %d", got.status)
		}
		m.post(page + "/take").to(d)
		m.get(page).hides(d, secrets...)
		if got := m.post(page+"/open", "reason", "так"); got.status != http.StatusUnprocessableEntity {
			t.Errorf("opened without a reason: %d", got.status)
		}
		opened := m.post(page+"/open", "reason", "первый звонок клиенту").to(d)
		look, err := url.Parse(opened)
		d.must(err)
		lk := look.Query().Get("look")
		m.get(opened).says(d, "Лебедева Вера", "770-001", "Мясницкая", "+7 916 555-00-01")
		picture := regexp.MustCompile(`/scans/sc_[0-9a-z]{26}`).FindString(m.get(opened).body)
		m.get(page+picture).hides(d, "JFIF")
		scan := m.get(page + picture + "?look=" + lk)
		if want := `attachment; filename="` + strings.TrimPrefix(picture, "/scans/") + `.jpg"`; scan.header.Get("Content-Disposition") != want {
			t.Errorf("W10: the scan comes as %s", scan.header.Get("Content-Disposition"))
		}
		if scan.status != 200 || scan.header.Get("Content-Type") != "image/jpeg" || scan.header.Get("Cache-Control") != "no-store" {
			t.Errorf("the scan: %d %v", scan.status, scan.header)
		}
		if got := m.get(page + "/scans/nothing?look=" + lk); got.status != http.StatusNotFound {
			t.Errorf("no such page: %d", got.status)
		}
		// Another manager has neither the data nor the look.
		other := d.as("manager")
		other.get(opened).hides(d, secrets...)
		if got := other.get(page + picture + "?look=" + lk); got.status != http.StatusForbidden {
			t.Errorf("another's look opens a scan: %d", got.status)
		}
		for _, role := range []string{"support", "auditor", "security", "admin"} {
			if got := d.as(role).get(page); got.status != http.StatusForbidden {
				t.Errorf("%s: %d", role, got.status)
			}
		}

		// The call: the phrase, an outcome that is missing, one that is kept.
		all := []string{"look", lk}
		for _, c := range application.Checks() {
			all = append(all, "check_"+string(c), "1")
		}
		if got := m.post(page+"/approve", all...); got.status != http.StatusUnprocessableEntity {
			t.Errorf("approved without a talk: %d", got.status)
		}
		m.post(page+"/call", "look", lk, "anyway", "1").to(d)
		during := m.get(opened)
		call := callID.FindString(during.body)
		key, err := id.Parse(application.CallPrefix, call)
		d.must(err)
		ap, err := id.Parse(application.Prefix, number)
		d.must(err)
		during.says(d, d.Apply.Phrase(context.Background(), ap, key))
		for _, bad := range [][]string{{"outcome", ""}, {"outcome", "flown"}, {"outcome", "call_back"}, {"outcome", "call_back", "again_day", "2001-01-01", "again_time", "10:00"}} {
			if got := m.post(page+"/call/end", append(bad, "call", call, "look", lk)...); got.status != http.StatusUnprocessableEntity {
				t.Errorf("%v: %d", bad, got.status)
			}
		}
		m.post(page+"/call/end", "call", call, "look", lk, "outcome", "reached", "note", "всё подтвердила").to(d)
		m.get(opened).says(d, "всё подтвердила")

		// A page is asked for again, then the application is approved.
		if got := m.post(page+"/retake", "look", lk); got.status != http.StatusUnprocessableEntity {
			t.Errorf("nothing asked for: %d", got.status)
		}
		if got := m.post(page+"/approve", "look", lk, "check_phrase", "1"); got.status != http.StatusUnprocessableEntity {
			t.Errorf("approved with one check: %d", got.status)
		}
		m.post(page+"/approve", all...).to(d)
		m.get(page).says(d, "Одобрена").hides(d, secrets...)
		who, err := d.Clients.HoldsPhone(context.Background(), d.DB, accesstest.Phone(1))
		d.must(err)
		looks, err := d.staff.LooksAt(context.Background(), who)
		d.must(err)
		if len(looks) != 1 || looks[0].Reason != "первый звонок клиенту" {
			t.Errorf("the client sees %d looks", len(looks))
		}
		m.get(opened).hides(d, secrets...) // the case is over
	})
}

// Refused, asked for photos, given back: each leads where it should.
func TestOtherDecisions(t *testing.T) {
	each(t, func(d *desk) {
		m := d.as("manager")
		open := func(n int) (page, lk string) {
			page = "/applications/" + d.ordered(n)
			m.post(page + "/take").to(d)
			to, err := url.Parse(m.post(page+"/open", "reason", "проверка анкеты клиента").to(d))
			d.must(err)
			return page, to.Query().Get("look")
		}
		page, lk := open(1)
		m.post(page+"/release", "look", lk).to(d)
		m.get(page+"?look="+lk).hides(d, "Лебедева")

		page, lk = open(2)
		m.post(page+"/retake", "look", lk, "why_main", "glare", "note", "без вспышки").to(d)
		m.get("/applications?show=retake").says(d, strings.TrimPrefix(page, "/applications/"))

		page, lk = open(3)
		if got := m.post(page+"/refuse", "look", lk, "reason", "mood"); got.status != http.StatusUnprocessableEntity {
			t.Errorf("refused for no reason of ours: %d", got.status)
		}
		m.post(page+"/refuse", "look", lk, "reason", "documents").to(d)
		m.get(page).says(d, "Отказ")
		if got := m.post(page+"/met", "look", lk); got.status != http.StatusConflict {
			t.Errorf("met whom: %d", got.status)
		}
		if got := m.get("/applications/" + (id.ID{9}).Text(application.Prefix)); got.status != http.StatusNotFound {
			t.Errorf("nobody's application: %d", got.status)
		}
	})
}

// A tool for looking at the managers' pages in a browser.
func TestServeApplications(t *testing.T) {
	addr := os.Getenv("ROCKETBANK_CONSOLE_ADDR")
	if addr == "" {
		t.Skip("a tool for looking: ROCKETBANK_CONSOLE_ADDR=localhost:8098 go test -run ServeApplications -timeout 0 ./internal/door/console")
	}
	w := accesstest.New(t, dbtest.Open(t, dbtest.SQLite(t), clock.System()), vault.Ephemeral(), access.Limits{})
	d, ids := &desk{World: w}, id.NewSource(time.Now)
	d.must(w.DB.Stamp(context.Background(), db.Demo))
	var err error
	d.watch = watch.New(w.DB, ids, watch.Options{Now: w.Now})
	d.staff, err = staff.New(w.DB, w.Vault, ids, staff.Options{Origin: "http://" + addr, Host: "localhost", Now: w.Now, Alarm: d.watch})
	d.must(err)
	front, err := web.New(web.Options{Origin: "http://" + addr, Rate: web.Rate{PerSecond: -1}})
	d.must(err)
	kit, err := ui.NewKit(ui.DefaultBrand())
	d.must(err)
	door := console.New(console.Deps{
		Front: front, Kit: kit, DB: w.DB, Vault: w.Vault, IDs: ids, Staff: d.staff, Watch: d.watch, Clients: w.Clients,
		Cards: w.Cards, Access: w.Access, Operations: operation.New(w.DB, w.Vault), Applications: w.Apply, Now: w.Now,
	})
	for n := range 3 {
		t.Log(d.ordered(n + 1))
	}
	link, err := d.staff.DemoLink(context.Background(), "manager")
	d.must(err)
	d.must(os.WriteFile(os.TempDir()+"/console-link", []byte(link), 0o600))
	t.Fatal(http.ListenAndServe(addr, door.Handler())) // #nosec G114 -- a tool
}
