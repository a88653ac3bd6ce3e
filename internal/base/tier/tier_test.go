package tier

import "testing"

func TestCount(t *testing.T) {
	for in, want := range map[string]int{"": 1, "default": 1, "ci": 2, "soak": 3} {
		t.Setenv(Variable, in)
		if got := Count(1, 2, 3); got != want {
			t.Errorf("%s=%q: Count = %d, want %d", Variable, in, got, want)
		}
	}
}

func TestMisspeltTierPanics(t *testing.T) {
	t.Setenv(Variable, "soaked")
	defer func() {
		if recover() == nil {
			t.Error("a misspelt tier passed as the default one")
		}
	}()
	Now()
}

func TestMissing(t *testing.T) {
	for in, want := range map[string]string{"default": "skip", "ci": "fail", "soak": "fail"} {
		t.Setenv(Variable, in)
		d := &double{TB: t}
		Missing(d, "PostgreSQL")
		if d.did != want {
			t.Errorf("%s=%q: Missing did %q, want %q", Variable, in, d.did, want)
		}
	}
}

func TestAtLeast(t *testing.T) {
	t.Setenv(Variable, "ci")
	d := &double{TB: t}
	AtLeast(d, CI)
	if d.did != "" {
		t.Errorf("tier ci: a ci test did %q", d.did)
	}
	AtLeast(d, Soak)
	if d.did != "skip" {
		t.Errorf("tier ci: a soak test did %q", d.did)
	}
}

// double notes the first thing that became of a test instead of ending it.
type double struct {
	testing.TB
	did string
}

func (d *double) Helper()               {}
func (d *double) Skipf(string, ...any)  { d.note("skip") }
func (d *double) Fatalf(string, ...any) { d.note("fail") }

func (d *double) note(what string) {
	if d.did == "" {
		d.did = what
	}
}
