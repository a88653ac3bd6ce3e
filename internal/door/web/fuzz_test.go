package web

import (
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

// No forwarded header makes a visitor anything but an address, and none but a
// trusted proxy's counts.
func FuzzVisitor(f *testing.F) {
	for _, s := range []string{"", "203.0.113.9", "a, b", "10.0.0.1, 203.0.113.9,", "::ffff:1.2.3.4", "fe80::1%eth0", "1.2.3.4:80", ",,,"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	proxies, err := ParseProxies([]string{"10.0.0.0/8"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, told string, trusted bool) {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = "198.51.100.7:1"
		if trusted {
			r.RemoteAddr = "10.0.0.7:1"
		}
		r.Header["X-Forwarded-For"] = strings.Split(told, "\n")
		got := proxies.visitor(r)
		if a, err := netip.ParseAddr(got); err != nil || a.Zone() != "" || !trusted && got != "198.51.100.7" {
			t.Fatalf("told %q: %q", told, got)
		}
	})
}

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
		got, ok := LocalPath(s)
		if !ok {
			return
		}
		seen := strings.NewReplacer("\t", "", "\n", "", "\r", "", "\\", "/").Replace(strings.TrimSpace(got))
		u, err := base.Parse(seen)
		if err != nil || u.Host != base.Host || u.Scheme != base.Scheme || u.User != nil {
			t.Fatalf("%q leads to %v (%v)", s, u, err)
		}
		if again, ok := LocalPath(got); !ok || again != got {
			t.Fatalf("%q is not settled: %q then %q", s, got, again)
		}
	})
}
