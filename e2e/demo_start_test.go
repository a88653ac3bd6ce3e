package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// The demo starts from an empty folder with everything it promises, goes on
// after kill -9, and its book adds up.
func TestDemoStarts(t *testing.T) {
	eachDemo(t, func(t *testing.T, d *Demo) {
		t.Logf("ready after %v", d.took)
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
	})
}
