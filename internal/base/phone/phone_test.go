package phone

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"rocketbank/internal/base/fault"
)

func TestParse(t *testing.T) {
	const anya = "+79165550123"
	for _, tc := range []struct {
		in   string
		want string
		err  error
	}{
		{"+79165550123", anya, nil},
		{"+7 916 555-01-23", anya, nil},
		{"8 (916) 555-01-23", anya, nil},
		{"89165550123", anya, nil},
		{"79165550123", anya, nil},
		{"9165550123", anya, nil},
		{"  916 555 01 23\t", anya, nil},
		{"+7\u00a0916\u00a0555\u201101\u201323", anya, nil},
		{"+7.916.555.01.23", anya, nil},
		{"+7 495 123-45-67", "+74951234567", nil},
		{"+44 20 7946 0958", "+442079460958", nil},
		{"+374 91 123456", "+37491123456", nil},
		{"", "", ErrEmpty},
		{"  \u00a0 ", "", ErrEmpty},
		{"916 555", "", ErrShort},
		{"+7 916 555-01-2", "", ErrShort},
		{"+7 916 555-01-234", "", ErrLong},
		{"891655501234", "", ErrLong},
		{"99165550123", "", ErrInvalid},
		{"+", "", ErrInvalid},
		{"---", "", ErrInvalid},
		{"7916555O123", "", ErrInvalid},
		{"+7916555+0123", "", ErrInvalid},
		{"٩١٦٥٥٥٠١٢٣", "", ErrInvalid},
		{"９１６５５５０１２３", "", ErrInvalid},
		{"916555012\x00", "", ErrInvalid},
		{"916 555 01 23 доб. 4", "", ErrInvalid},
		{"📞9165550123", "", ErrInvalid},
		{"+7 000 000-00-00", "", ErrInvalid},
		{"+999 12345678", "", ErrInvalid},
		{strings.Repeat("9", 41), "", ErrLong},
		{strings.Repeat("9", 1<<20), "", ErrLong},
	} {
		got, err := Parse(tc.in)
		if got.E164() != tc.want || !errors.Is(err, tc.err) {
			t.Errorf("Parse(%.50q) = %q, %v; want %q, %v", tc.in, got.E164(), err, tc.want, tc.err)
		}
	}
}

func TestPrintedMasked(t *testing.T) {
	n, err := Parse("9165550123")
	if err != nil {
		t.Fatal(err)
	}
	const masked = "+7 916 •••-••-23"
	for _, verb := range []string{"%v", "%s", "%+v", "%#v"} {
		if got := fmt.Sprintf(verb, n); got != masked {
			t.Errorf("%s prints %q", verb, got)
		}
	}
	if got := fmt.Sprintf("%v", struct{ N Number }{n}); strings.Contains(got, "5550") {
		t.Errorf("inside a struct it prints %q", got)
	}
	var log bytes.Buffer
	l := slog.New(slog.NewJSONHandler(&log, nil))
	l.Info("x", "phone", n, "nested", struct{ N Number }{n})
	if strings.Contains(log.String(), "5550") || !strings.Contains(log.String(), masked) {
		t.Errorf("the log says %s", log.String())
	}
	if b, err := json.Marshal(n); err == nil {
		t.Errorf("JSON took it: %s", b)
	}
}

func TestPrettyAndMasked(t *testing.T) {
	for _, tc := range []struct{ in, pretty, masked string }{
		{"+79165550123", "+7 916 555-01-23", "+7 916 •••-••-23"},
		{"+77011234567", "+7 701 123-45-67", "+7 701 •••-••-67"},
		{"+442079460958", "+44 20 7946 0958", "+44 •••••••• 58"},
		{"+37491123456", "+374 91 123456", "+374 •••••• 56"},
	} {
		if got := Number(tc.in).Pretty(); got != tc.pretty {
			t.Errorf("Pretty(%s) = %q, want %q", tc.in, got, tc.pretty)
		}
		if got := Number(tc.in).Masked(); got != tc.masked {
			t.Errorf("Masked(%s) = %q, want %q", tc.in, got, tc.masked)
		}
	}
}

func TestMobile(t *testing.T) {
	for in, want := range map[string]bool{
		"+79165550123": true, "+79000000001": true, "+74951234567": false, "+37491123456": true, "": false,
	} {
		if got := Number(in).Mobile(); got != want {
			t.Errorf("Mobile(%s) = %v", in, got)
		}
	}
}

// Whatever is typed, Parse either refuses with a text for people or gives a
// number that it reads back as itself.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"+79165550123", "8 (916) 555-01-23", "", "+44 20 7946 0958", "٩١٦", "+", "00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := Parse(s)
		if err != nil {
			if fe, ok := fault.As(err); !ok || fe.Code != fault.Invalid {
				t.Fatalf("Parse(%q): %v is no refusal for people", s, err)
			}
			return
		}
		again, err := Parse(n.E164())
		if err != nil || again != n {
			t.Fatalf("Parse(%q) = %s, read again %s, %v", s, n.E164(), again.E164(), err)
		}
		if back, err := Parse(n.Pretty()); err != nil || back != n {
			t.Fatalf("Pretty(%s) = %q is read as %s, %v", n.E164(), n.Pretty(), back.E164(), err)
		}
		n.Masked()
		n.Mobile()
	})
}
