package id_test

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/base/id"
)

var noon = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// Identifiers of one process grow, whatever its clock does: within one
// millisecond, beyond the 4,096 that a millisecond has room for, and while the
// clock goes back. New rows land side by side, and a feed by key is a feed by time.
func TestIdentifiersGrow(t *testing.T) {
	t.Parallel()
	now := noon
	s := id.NewSource(func() time.Time { return now })
	last := s.New()
	grow := func(what string, n int) {
		t.Helper()
		for range n {
			x := s.New()
			if bytes.Compare(x[:], last[:]) <= 0 {
				t.Fatalf("%s: %x after %x", what, x, last)
			}
			if x[6]>>4 != 7 || x[8]>>6 != 2 {
				t.Fatalf("%s: %x is no UUIDv7", what, x)
			}
			last = x
		}
	}
	if !last.Time().Equal(noon) {
		t.Errorf("made at %v, says %v", noon, last.Time())
	}
	grow("within a millisecond", 1000)
	if !last.Time().Equal(noon) {
		t.Errorf("a thousand identifiers later it says %v", last.Time())
	}
	grow("more than a millisecond holds", 10_000)
	now = noon.Add(-time.Hour)
	grow("the clock went back", 10)
	if last.Time().Before(noon) {
		t.Errorf("the identifier says %v", last.Time())
	}
	now = noon.Add(time.Second)
	grow("the clock went on", 1)
	if !last.Time().Equal(now) {
		t.Errorf("made at %v, says %v", now, last.Time())
	}
	if a, b := last.Text("tr"), s.New().Text("tr"); a >= b {
		t.Errorf("as texts: %s, then %s", a, b)
	}
}

// Callers who ask at once get different identifiers, and so do two processes
// whose clocks show the same.
func TestIdentifiersDiffer(t *testing.T) {
	t.Parallel()
	still := func() time.Time { return noon }
	var mu sync.Mutex
	seen := map[id.ID]bool{}
	var all sync.WaitGroup
	for _, s := range []*id.Source{id.NewSource(still), id.NewSource(still)} {
		for range 4 {
			all.Go(func() {
				for range 500 {
					x := s.New()
					mu.Lock()
					if seen[x] {
						t.Errorf("%x twice", x)
					}
					seen[x] = true
					mu.Unlock()
				}
			})
		}
	}
	all.Wait()
}

// An identifier has one spelling; any other is refused, not understood.
func TestOneSpelling(t *testing.T) {
	t.Parallel()
	x := id.ID{0x01, 0x93, 0xa1, 0xb2, 0xff, 0xff, 0x70, 0, 0x80, 1, 2, 3, 4, 5, 6, 7}
	text := x.Text("tr")
	if got, err := id.Parse("tr", text); err != nil || got != x {
		t.Fatalf("%s: %x %v", text, got, err)
	}
	last := text[len(text)-1]
	others := []string{
		"", "tr", "tr_", strings.ToUpper(text), "TR" + text[2:], "op" + text[2:], " " + text, text + " ", text + "\n", text + "0", text[:len(text)-1], text + "=",
		strings.Replace(text, "_", "-", 1), strings.Replace(text, "_", "", 1), "tr_" + text, strings.Replace(text, "0", "o", 1), text[:10] + "\n" + text[11:], text[:10] + "\n" + text[10:],
		text[:10] + "\x00" + text[11:], "tr_" + strings.Repeat("u", 26),
	}
	const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
	at := strings.IndexByte(alphabet, last)
	for bits := 1; bits < 4; bits++ { // the two bits that are too many
		others = append(others, text[:len(text)-1]+string(alphabet[at|bits]))
	}
	for _, other := range others {
		if got, err := id.Parse("tr", other); !errors.Is(err, id.ErrMalformed) {
			t.Errorf("%q: %x %v", other, got, err)
		}
	}
	for n := range 40 {
		if _, err := id.FromBytes(make([]byte, n)); (err == nil) != (n == 16) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

// What a stranger writes in an address is an identifier in its one spelling or nothing.
func FuzzParse(f *testing.F) {
	x := id.ID{0x01, 0x93, 0xa1, 0xb2, 0xff, 0xff, 0x70, 0, 0x80, 1, 2, 3, 4, 5, 6, 7}
	for _, s := range []string{x.Text("tr"), "", "tr_", x.Text("op"), strings.ToUpper(x.Text("tr"))} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := id.Parse("tr", text)
		if err != nil {
			if got != (id.ID{}) || !errors.Is(err, id.ErrMalformed) {
				t.Errorf("%q: %x %v", text, got, err)
			}
			return
		}
		if got.Text("tr") != text {
			t.Errorf("%q reads as %s", text, got.Text("tr"))
		}
	})
}
