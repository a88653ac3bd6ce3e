package emv

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestParseTLV(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want string // the tags, or
		flaw error
	}{
		"nothing":                {in: "", want: ""},
		"padding":                {in: "00FF 9C0100 0000 9A03261122 FF", want: "9C 9A"},
		"order is kept":          {in: "9A03261122 9C0100", want: "9A 9C"},
		"long form":              {in: "9C810100", want: "9C"},
		"longer form":            {in: "9C82000100", want: "9C"},
		"empty value":            {in: "9F7C00", want: "9F7C"},
		"unknown tag":            {in: "DF810201AA", want: "DF8102"},
		"templates":              {in: "7200 710A 9F180400000001 8601AA", want: "72 71"},
		"a short template":       {in: "710B 9F180400000001 8601AA", flaw: ErrTruncated},
		"script":                 {in: "720D 9F180400000001 8601AA 8601BB", want: "72"},
		"no value":               {in: "9C", flaw: ErrTruncated},
		"short value":            {in: "9F0206000000", flaw: ErrTruncated},
		"half a tag":             {in: "9F", flaw: ErrTruncated},
		"half a length":          {in: "9C81", flaw: ErrTruncated},
		"half a long length":     {in: "9C8201", flaw: ErrTruncated},
		"endless length":         {in: "9C80 00 0000", flaw: ErrLength},
		"length of three bytes":  {in: "9C83000001 00", flaw: ErrLength},
		"tag of four bytes":      {in: "DF81828301AA", flaw: ErrTag},
		"twice":                  {in: "9C0100 9A03261122 9C0100", flaw: ErrDuplicate},
		"unknown template":       {in: "A5039C0100", flaw: ErrConstructed},
		"unknown long template":  {in: "BF0C039C0100", flaw: ErrConstructed},
		"bad inside":             {in: "7003 9C0200", flaw: ErrTruncated},
		"twice inside":           {in: "7006 9C0100 9C0100", flaw: ErrDuplicate},
		"template in a template": {in: "7005 72039C0100", flaw: ErrConstructed},
		"too long":               {in: strings.Repeat("00", 256), flaw: ErrTooLong},
		"as long as it may be":   {in: "9F5B81FB" + strings.Repeat("AB", 251), want: "9F5B"},
	} {
		tags, err := ParseTLV(unhex(t, c.in))
		if !errors.Is(err, c.flaw) || strings.Join(tags.Tags(), " ") != c.want {
			t.Errorf("%s: %v, %v", name, tags, err)
		}
	}
}

// Cut anywhere but between objects, chip data are refused.
func TestTruncatedTLV(t *testing.T) {
	whole := unhex(t, frame55)
	full, err := ParseTLV(whole)
	if err != nil {
		t.Fatal(err)
	}
	between := map[int]bool{}
	for n := range full.list() {
		first := full.list()[:n]
		between[len(TLV{&first}.Bytes())] = true
	}
	for n := range whole {
		if _, err := ParseTLV(whole[:n]); errors.Is(err, ErrTruncated) == between[n] {
			t.Errorf("cut at %d: %v", n, err)
		}
	}
}

func TestTLVIsAValue(t *testing.T) {
	raw := unhex(t, "9C0100")
	a, err := ParseTLV(raw)
	if err != nil {
		t.Fatal(err)
	}
	raw[2] = 0x99 // the reader keeps no hold of the sender's buffer
	b := a
	if err := b.Set("9c", []byte{0x20}); err != nil {
		t.Fatal(err)
	}
	if err := b.Set("91", make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	same(t, "the old", upper(a.Bytes()), "9C0100")
	same(t, "the new", upper(b.Bytes()), "9C0120910A00000000000000000000")
	for tag, v := range map[string][]byte{"": nil, "9F": nil, "9F0": nil, "9C9A": nil, "00": nil, "FF": nil, "GG": nil, "A5": nil,
		"9F0201FF": nil, "9F5B": make([]byte, 250), "72": {1}} {
		if err := b.Set(tag, v); err == nil {
			t.Errorf("%q was set", tag)
		}
		if _, ok := b.Get(tag); ok {
			t.Errorf("%q is there", tag)
		}
	}
	same(t, "after refusals", upper(b.Bytes()), "9C0120910A00000000000000000000")
}

func FuzzParseTLV(f *testing.F) {
	for _, s := range []string{frame55, "7200", "720D9F1804000000018601AA8601BB", "00FF9C810100", "DF810201AA"} {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		tags, err := ParseTLV(b)
		if err != nil {
			return
		}
		again, err := ParseTLV(tags.Bytes())
		if err != nil || !bytes.Equal(again.Bytes(), tags.Bytes()) || len(tags.Bytes()) > len(b) {
			t.Errorf("%X reads as %X, then as %X, %v", b, tags.Bytes(), again.Bytes(), err)
		}
		for _, tag := range tags.Tags() {
			if v, ok := tags.Get(tag); !ok || again.Set(tag, v) != nil {
				t.Errorf("%s is lost", tag)
			}
		}
		for _, s := range []Scheme{Visa, Mastercard, Mir} {
			CardARQC(s, keyOne, tags) //nolint:errcheck // it must not panic
		}
		Check(tags, Message{})
		TVROf(tags)
		CVMOf(tags)
		KindOf(tags)
		for _, tag := range []string{"71", "72"} {
			if v, ok := tags.Get(tag); ok {
				if s, err := ParseScript(v); err == nil {
					if _, err := ParseScript(s.Bytes()); err != nil {
						t.Errorf("script %X: %v", v, err)
					}
				}
			}
		}
	})
}

var keyOne = newKey2([16]byte{1})
