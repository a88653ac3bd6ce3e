package cabinet_test

import (
	"net/url"
	"strings"
	"testing"

	"rocketbank/internal/door/cabinet"
)

// Whatever is taken for a path of our own leads to our own host, also in the
// eyes of a browser, which reads a backslash as a slash and drops tabs.
func FuzzLocalPath(f *testing.F) {
	for _, s := range []string{"/home", "/transfer?to=x&amount=5", "//evil", "/\\evil", "/%2f%2fevil", "/a?b=//c", "/?x=\t", "/a#b", "https://evil"} {
		f.Add(s)
	}
	base, err := url.Parse("https://bank.example/login")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := cabinet.LocalPath(s)
		if !ok {
			return
		}
		seen := strings.NewReplacer("\t", "", "\n", "", "\r", "", "\\", "/").Replace(strings.TrimSpace(got))
		u, err := base.Parse(seen)
		if err != nil || u.Host != base.Host || u.Scheme != base.Scheme || u.User != nil {
			t.Fatalf("%q leads to %v (%v)", s, u, err)
		}
		if again, ok := cabinet.LocalPath(got); !ok || again != got {
			t.Fatalf("%q is not settled: %q then %q", s, got, again)
		}
	})
}
