// Package tier says how thoroughly the tests of this run shall look.
//
// There are three tiers, chosen by the variable ROCKETBANK_TIER: "default" is
// what a colleague runs before a commit (`go test ./...`), "ci" is what the
// build runs, "soak" is the full counts (`make soak`). A test asks for a
// count; it never reads the variable itself.
package tier

import (
	"fmt"
	"os"
	"testing"
)

// Variable is the name of the environment variable that chooses the tier.
const Variable = "ROCKETBANK_TIER"

// Tier is one of the three.
type Tier int

// The tiers, each more thorough than the one before.
const (
	Default Tier = iota
	CI
	Soak
)

// String gives the spelling that Variable takes.
func (t Tier) String() string { return [...]string{"default", "ci", "soak"}[t] }

// Now tells the tier of this run. A misspelt tier panics: a run that was meant
// to be thorough must not pass by being short.
func Now() Tier {
	t, err := parse(os.Getenv(Variable))
	if err != nil {
		panic(err)
	}
	return t
}

func parse(s string) (Tier, error) {
	switch s {
	case "", "default":
		return Default, nil
	case "ci":
		return CI, nil
	case "soak":
		return Soak, nil
	}
	return 0, fmt.Errorf("tier: %s=%q, want default, ci or soak", Variable, s)
}

// Count picks the number of rounds for this run.
func Count(def, ci, soak int) int {
	return [...]int{def, ci, soak}[Now()]
}

// Missing ends a test whose surroundings are absent (no PostgreSQL, no
// browser): it skips by default and fails in ci and soak, where a test that
// silently did not run would be a false green.
func Missing(t testing.TB, what string) {
	t.Helper()
	if now := Now(); now != Default {
		t.Fatalf("%s is missing, and tier %s must not go on without it", what, now)
	}
	t.Skipf("SKIPPED: %s is missing; with %s=ci this is a failure", what, Variable)
}

// AtLeast skips a test that is too long for tiers below want.
func AtLeast(t testing.TB, want Tier) {
	t.Helper()
	if now := Now(); now < want {
		t.Skipf("runs from tier %s on, this is %s", want, now)
	}
}
