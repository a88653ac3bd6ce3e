package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"rocketbank/internal/base/db/dbtest"
)

// The demo starts from an empty folder with everything it promises, goes on
// after kill -9, and its book adds up.
func TestDemoStarts(t *testing.T) {
	t.Parallel()
	start := func(t *testing.T, db string) {
		d := newDemo(t, db)
		d.killSeeding() // the next start makes the example people anew
		d.start()
		demoStarts(t, d)
	}
	t.Run("sqlite", func(t *testing.T) { start(t, "") })
	t.Run("postgres", func(t *testing.T) { start(t, dbtest.Postgres(t)) })
}

// readyLine is the contract others script against: these fields, in this order.
const readyLine = "ready cabinet=%s api=%s console=%s sandbox=%s cardhost=%s acs=%s"

func demoStarts(t *testing.T, d *Demo) {
	t.Logf("ready after %v", d.took)
	if want := fmt.Sprintf(readyLine, d.Cabinet, d.API, d.Console, d.Sandbox, d.Cardhost, d.ACS); d.line != want {
		t.Errorf("it printed  %q\nready.json: %q", d.line, want)
	}
	if d.API != d.Cabinet+"/api/v1" || !strings.HasPrefix(d.Console, "http://localhost:") {
		t.Errorf("api %s, console %s", d.API, d.Console)
	}
	if !strings.HasPrefix(d.Cabinet, "http://localhost:") || !strings.HasPrefix(d.Sandbox, "http://127.0.0.1:") {
		t.Errorf("cabinet %s, sandbox %s: they must be two sites", d.Cabinet, d.Sandbox)
	}
	if len(d.People) < 2 {
		t.Fatalf("example people: %v", d.People)
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if res, err := http.Get(d.Cabinet + path); err != nil || res.StatusCode != http.StatusOK {
			t.Errorf("%s: %v %v", path, res, err)
		}
	}
	person := d.People[0]
	status, me := d.Call("GET", "/me", person.Token, nil, nil)
	if status != http.StatusOK {
		t.Errorf("GET /me of %s: %d %v", person.Name, status, me)
	}
	before := d.Cabinet
	d.Kill()
	d.Restart()
	if d.Cabinet != before {
		t.Errorf("after a restart the cabinet is at %s, before it was at %s", d.Cabinet, before)
	}
	if again := d.Person(person.Name); again != person {
		t.Errorf("after a restart %s is %v, was %v", person.Name, again, person)
	}
	d.Verify()
	p := d.Open(t, Opt{})
	p.Go("/")
	p.Gate("landing")
	p.Budget("/")
}
