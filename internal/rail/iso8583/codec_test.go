package iso8583_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rocketbank/internal/rail/iso8583"
)

func TestVectors(t *testing.T) {
	t.Parallel()
	spec := iso8583.Standard()
	for _, v := range vectors {
		want := v.message(t)
		packed, err := spec.Pack(want)
		if err != nil || !bytes.Equal(packed, v.body(t)) {
			t.Errorf("%s: packed %X, %v", v.name, packed, err)
		}
		got, err := spec.Unpack(v.body(t))
		if err != nil || *got != *want {
			t.Errorf("%s: unpacked %v, %v", v.name, got, err)
		}
		frame, err := iso8583.AppendFrame(nil, iso8583.Binary2{}, packed)
		if err != nil || !bytes.Equal(frame, v.frame(t)) {
			t.Errorf("%s: framed %X, %v", v.name, frame, err)
		}
	}
}

// Each field alone, of its least and its greatest length, with the characters
// at both ends of its alphabet, in all profiles.
func TestEveryField(t *testing.T) {
	t.Parallel()
	for _, spec := range profiles() {
		known := 0
		for n, f := range spec.Fields {
			if f.Len == 0 {
				continue
			}
			known++
			least := f.Len
			if f.Var > 0 {
				least = 0
			}
			for _, size := range []int{least, f.Len} {
				for _, c := range ends(f.Kind) {
					v := strings.Repeat(c, size)
					if f.Kind == iso8583.XN {
						v = "D" + v[1:]
					}
					m := iso8583.NewMessage("0100")
					m.Set(n, v)
					body, err := spec.Pack(m)
					if err != nil {
						t.Fatalf("field %d of %d %q: %v", n, size, c, err)
					}
					back, err := spec.Unpack(body)
					if err != nil || *back != *m {
						t.Fatalf("field %d of %d %q came back as %v, %v", n, size, c, back, err)
					}
				}
			}
			tooLong := iso8583.NewMessage("0100")
			tooLong.Set(n, strings.Repeat("0", f.Len+1))
			_, err := spec.Pack(tooLong)
			wantFlaw(t, fmt.Sprintf("field %d too long", n), err, n, iso8583.WrongLength)
			if f.Var == 0 {
				short := iso8583.NewMessage("0100")
				short.Set(n, strings.Repeat("0", f.Len-1))
				_, err := spec.Pack(short)
				wantFlaw(t, fmt.Sprintf("field %d too short", n), err, n, iso8583.WrongLength)
			}
		}
		if known != 54 {
			t.Errorf("%d fields in the table", known)
		}
	}
}

func ends(k iso8583.Kind) []string {
	return map[iso8583.Kind][]string{iso8583.N: {"0", "9"}, iso8583.XN: {"0", "9"}, iso8583.AN: {"0", "9", "A", "Z", "a", "z", " "},
		iso8583.ANS: {" ", "~"}, iso8583.Z: {"0", "9", "=", "D", "F"}, iso8583.B: {"\x00", "\xff"}}[k]
}

func profiles() []*iso8583.Spec {
	hexed := iso8583.Standard()
	hexed.HexBitmap = true
	return []*iso8583.Spec{iso8583.Standard(), hexed}
}

func wantFlaw(t *testing.T, what string, err error, field int, reason string) {
	t.Helper()
	var f *iso8583.FormatError
	if !errors.As(err, &f) || f.Field != field || f.Reason != reason {
		t.Errorf("%s: %v, want %s of field %d", what, err, reason, field)
	}
}

func TestPackRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mti    string
		n      int
		v      string
		field  int
		offset int
		reason string
	}{
		"no type":              {"", 3, "000000", 0, 0, iso8583.WrongMTI},
		"letters in the type":  {"01A0", 3, "000000", 0, 0, iso8583.WrongMTI},
		"another edition":      {"1100", 3, "000000", 0, 0, iso8583.WrongMTI},
		"the bitmap":           {"0100", 1, "00000000", 1, 12, iso8583.Unknown},
		"the third bitmap":     {"0100", 65, "0", 65, 20, iso8583.ThirdBitmap},
		"not in the profile":   {"0100", 45, "0", 45, 12, iso8583.Unknown},
		"nought":               {"0100", 0, "0", -1, 0, iso8583.Unknown},
		"below":                {"0100", -5, "0", -5, 0, iso8583.Unknown},
		"above":                {"0100", 129, "0", 129, 0, iso8583.Unknown},
		"letter among digits":  {"0100", 3, "00000A", 3, 17, iso8583.Charset},
		"other than ASCII":     {"0100", 41, "МИР12", 41, 12, iso8583.Charset},
		"line break":           {"0100", 48, "A=1\n", 48, 18, iso8583.Charset},
		"fee of neither kind":  {"0100", 28, "X00000000", 28, 12, iso8583.Charset},
		"letter in the fee":    {"0100", 28, "C0000000C", 28, 20, iso8583.Charset},
		"semicolon in track 2": {"0100", 35, ";2200", 35, 14, iso8583.Charset},
		"punctuation in an":    {"0100", 38, "A1B2-3", 38, 16, iso8583.Charset},
	} {
		m := iso8583.NewMessage(c.mti)
		m.Set(c.n, c.v)
		before := []byte("before")
		out, err := iso8583.Standard().Append(before, m)
		wantFlaw(t, name, err, c.field, c.reason)
		var f *iso8583.FormatError
		if errors.As(err, &f) && f.Offset != c.offset {
			t.Errorf("%s: at %d, want %d", name, f.Offset, c.offset)
		}
		if string(out) != "before" {
			t.Errorf("%s: left %q", name, out)
		}
		m.Clear(c.n)
		m.MTI = "0800"
		if _, err := iso8583.Standard().Pack(m); err != nil {
			t.Errorf("%s, taken out again: %v", name, err)
		}
	}
}

func TestUnpackRefuses(t *testing.T) {
	t.Parallel()
	const none = "\x00\x00\x00\x00\x00\x00\x00\x00"
	for name, c := range map[string]struct {
		body   string
		field  int
		offset int
		reason string
	}{
		"nothing":                   {"", 0, 0, iso8583.Empty},
		"half a type":               {"01", 0, 0, iso8583.Truncated},
		"letters in the type":       {"O100" + none, 0, 0, iso8583.WrongMTI},
		"another edition":           {"1100" + none, 0, 0, iso8583.WrongMTI},
		"no bitmap":                 {"0100", 1, 4, iso8583.Truncated},
		"half a second bitmap":      {"0100\x80" + none, 1, 12, iso8583.Truncated},
		"third bitmap":              {"0100\x80" + none[1:] + "\x80" + none, 65, 12, iso8583.ThirdBitmap},
		"unknown field":             {"0100\x00\x00\x00\x00\x00\x08" + none[6:] + "00", 45, 12, iso8583.Unknown},
		"unknown, second half":      {"0100\x80" + none[1:] + none[1:] + "\x02", 127, 20, iso8583.Unknown},
		"a field and nothing":       {"0100\x20" + none[1:], 3, 12, iso8583.Truncated},
		"half a field":              {"0100\x20" + none[1:] + "00000", 3, 12, iso8583.Truncated},
		"half a length":             {"0100\x40" + none[1:] + "1", 2, 12, iso8583.Truncated},
		"half of what it says":      {"0100\x40" + none[1:] + "16220000", 2, 12, iso8583.Truncated},
		"length no number":          {"0100\x40" + none[1:] + "1A22000000", 2, 13, iso8583.WrongLength},
		"length with a sign":        {"0100\x40" + none[1:] + "+322000000", 2, 12, iso8583.WrongLength},
		"length over the most":      {"0100\x40" + none[1:] + "20" + strings.Repeat("0", 20), 2, 12, iso8583.WrongLength},
		"chip data over the most":   {"0100" + none[:6] + "\x02\x00" + "256" + strings.Repeat("\x00", 256), 55, 12, iso8583.WrongLength},
		"letter among digits":       {"0100\x20" + none[1:] + "00O000", 3, 14, iso8583.Charset},
		"bytes behind":              {"0100\x20" + none[1:] + "000000\x00", 0, 18, iso8583.Trailing},
		"bytes behind no field":     {"0100" + none + "0", 0, 12, iso8583.Trailing},
		"a frame inside the length": {"\x00\x270800" + none, 0, 0, iso8583.WrongMTI},
	} {
		_, err := iso8583.Standard().Unpack([]byte(c.body))
		wantFlaw(t, name, err, c.field, c.reason)
		var f *iso8583.FormatError
		if errors.As(err, &f) && f.Offset != c.offset {
			t.Errorf("%s: at %d, want %d", name, f.Offset, c.offset)
		}
	}
	hexed := profiles()[1]
	_, err := hexed.Unpack([]byte("08000000000000000G00"))
	wantFlaw(t, "bitmap that is no hex", err, 1, iso8583.Charset)
}

// A second bitmap of noughts is taken (npm iso_8583 always sends it) and never
// sent.
func TestSecondBitmapOfNoughts(t *testing.T) {
	t.Parallel()
	spec := iso8583.Standard()
	m, err := spec.Unpack([]byte("0100\xa0\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00000000"))
	if err != nil || m.Has(1) || len(m.Fields()) != 1 {
		t.Fatalf("%v, %v", m, err)
	}
	body, err := spec.Pack(m)
	if err != nil || string(body) != "0100\x20\x00\x00\x00\x00\x00\x00\x00000000" {
		t.Fatalf("%q, %v", body, err)
	}
	hexed, err := profiles()[1].Pack(m)
	if err != nil || string(hexed) != "01002000000000000000000000" {
		t.Fatalf("%q, %v", hexed, err)
	}
}

// A frame cut anywhere is refused, and so is one with something behind.
func TestCutAnywhere(t *testing.T) {
	t.Parallel()
	for _, spec := range profiles() {
		for _, v := range vectors {
			body, err := spec.Pack(v.message(t))
			if err != nil {
				t.Fatal(err)
			}
			for i := range body {
				if m, err := spec.Unpack(body[:i]); err == nil {
					t.Errorf("%s cut at %d was read as %v", v.name, i, m)
				}
			}
			_, err = spec.Unpack(append(body, '0'))
			wantFlaw(t, v.name, err, 0, iso8583.Trailing)
		}
	}
}

func TestMessage(t *testing.T) {
	t.Parallel()
	m := iso8583.NewMessage("0100")
	m.SetBytes(64, []byte{1, 2})
	m.Set(128, "x")
	m.Set(2, "")
	if got := fmt.Sprint(m.Fields()); got != "[2 64 128]" {
		t.Error(got)
	}
	if v, ok := m.Get(2); !ok || v != "" || !m.Has(2) {
		t.Error("an empty field is a field")
	}
	if b, ok := m.GetBytes(64); !ok || !bytes.Equal(b, []byte{1, 2}) {
		t.Error(b)
	}
	for _, n := range []int{-1, 0, 1, 3, 65, 129, 1 << 40} {
		if _, ok := m.Get(n); ok || m.Has(n) {
			t.Errorf("there is no field %d", n)
		}
		if b, ok := m.GetBytes(n); ok || b != nil {
			t.Errorf("there are no bytes of %d", n)
		}
		m.Clear(n)
	}
	other := *m
	other.Clear(2)
	if !m.Has(2) || other.Has(2) || other == *m {
		t.Error("a copy is a message of its own")
	}
}

func genMessage(spec *iso8583.Spec) *rapid.Generator[*iso8583.Message] {
	text := map[iso8583.Kind]*rapid.Generator[string]{}
	for k, runes := range map[iso8583.Kind]string{iso8583.N: "0123456789", iso8583.Z: "0123456789=DF", iso8583.AN: "019AZaz ", iso8583.ANS: " !09AZaz~;="} {
		text[k] = rapid.StringOfN(rapid.RuneFrom([]rune(runes)), 0, 999, -1)
	}
	of := func(t *rapid.T, f iso8583.Field, n int) string {
		least := f.Len
		if f.Var > 0 {
			least = 0
		}
		size := rapid.IntRange(least, f.Len).Draw(t, "length")
		switch f.Kind {
		case iso8583.B:
			return string(rapid.SliceOfN(rapid.Byte(), size, size).Draw(t, "bytes"))
		case iso8583.XN:
			return rapid.SampledFrom([]string{"C", "D"}).Draw(t, "sign") + strings.Repeat(rapid.SampledFrom([]string{"0", "5", "9"}).Draw(t, "digit"), size-1)
		}
		v := text[f.Kind].Draw(t, "text")
		return (v + strings.Repeat("0", size))[:size]
	}
	var known []int
	for n, f := range spec.Fields {
		if f.Len > 0 {
			known = append(known, n)
		}
	}
	return rapid.Custom(func(t *rapid.T) *iso8583.Message {
		m := iso8583.NewMessage(fmt.Sprintf("0%03d", rapid.IntRange(0, 999).Draw(t, "mti")))
		for _, n := range rapid.SliceOfNDistinct(rapid.SampledFrom(known), 0, len(known), rapid.ID[int]).Draw(t, "fields") {
			m.Set(n, of(t, spec.Fields[n], n))
		}
		return m
	})
}

func TestUnpackOfPackIsTheMessage(t *testing.T) {
	t.Parallel()
	for _, spec := range profiles() {
		messages := genMessage(spec)
		rapid.Check(t, func(t *rapid.T) {
			m := messages.Draw(t, "message")
			body, err := spec.Pack(m)
			if err != nil {
				t.Fatal(err)
			}
			back, err := spec.Unpack(body)
			if err != nil || *back != *m {
				t.Fatalf("%x came back as %v, %v", body, back, err)
			}
			cut := rapid.IntRange(0, len(body)-1).Draw(t, "cut")
			if _, err := spec.Unpack(body[:cut]); err == nil {
				t.Fatalf("cut at %d and read", cut)
			}
		})
	}
}

// FuzzUnpack: whatever is read packs to the same bytes but for an empty second
// bitmap, prints without a card number, and whatever is refused says why.
func FuzzUnpack(f *testing.F) {
	for _, v := range vectors {
		f.Add(v.body(f), false)
		hexed, err := profiles()[1].Pack(v.message(f))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(hexed, true)
	}
	f.Add([]byte("0100\x80\x00\x00\x00\x00\x00\x00\x00\x80\x00\x00\x00\x00\x00\x00\x00"), false)
	specs := map[bool]*iso8583.Spec{false: profiles()[0], true: profiles()[1]}
	f.Fuzz(func(t *testing.T, body []byte, hexBitmap bool) {
		spec := specs[hexBitmap]
		m, err := spec.Unpack(body)
		if err != nil {
			var flaw *iso8583.FormatError
			if !errors.As(err, &flaw) || flaw.Reason == "" || flaw.Offset < 0 || flaw.Offset > len(body) {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		if pan, _ := m.Get(2); len(pan) >= 13 && strings.Contains(m.String(), pan) {
			t.Fatal("a card number is printed")
		}
		out, err := spec.Pack(m)
		if err != nil {
			t.Fatal(err)
		}
		again, err := spec.Unpack(out)
		if err != nil || *again != *m {
			t.Fatalf("%v, %v", again, err)
		}
		if len(out) == len(body) {
			if hexBitmap { // in which both cases of letters are taken
				body, out = bytes.ToUpper(body), bytes.ToUpper(out)
			}
			if !bytes.Equal(out, body) {
				t.Fatalf("%x became %x", body, out)
			}
		}
	})
}

func BenchmarkUnpack(b *testing.B) {
	spec, body := iso8583.Standard(), vectors[2].body(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := spec.Unpack(body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPack(b *testing.B) {
	spec, m := iso8583.Standard(), vectors[3].message(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := spec.Pack(m); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkString(b *testing.B) {
	m := vectors[2].message(b)
	b.ReportAllocs()
	for b.Loop() {
		if hex.EncodeToString(nil) != "" || m.String() == "" {
			b.Fatal()
		}
	}
}
