package emv

import (
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// sample gives chip data with the issuer data of each row of the table.
func sample(t testing.TB, at cvnOf) TLV {
	iad := map[Scheme]string{Visa: "0601%0003A00000", Mastercard: "01%00A000032200001234" + "0102030405060708", Mir: "01%00A000032200001234" + "0102030405060708"}[at.scheme]
	switch {
	case at == cvnOf{Visa, 0x22}:
		iad = "1F%0001" + strings.Repeat("A5", 29)
	case at == cvnOf{Mir, 0x0A}:
		iad = "0601%0003A00000"
	}
	return v2(t, strings.Replace(iad, "%00", upper([]byte{at.cvn}), 1))
}

// A bit flipped in anything that a version covers changes its cryptogram; in
// anything else it does not.
func TestEveryCoveredBitCounts(t *testing.T) {
	mk := key(t, testIMK)
	for at, s := range suites {
		tags := sample(t, at)
		whole, err := CardARQC(at.scheme, mk, tags)
		if err != nil {
			t.Fatalf("%v: %v", at, err)
		}
		raw, _ := tags.Get("9F10")
		iad, err := ParseIAD(at.scheme, raw)
		if err != nil || iad.CVN != at.cvn || iad.DKI != 1 {
			t.Fatalf("%v: %v, %v", at, iad, err)
		}
		var covered []string
		for _, tag := range s.tags {
			covered = append(covered, tagText(tag))
		}
		for _, tag := range tags.Tags() {
			v, _ := tags.Get(tag)
			for bit := range 8 * len(v) {
				flipped := slices.Clone(v)
				flipped[bit/8] ^= 0x80 >> (bit % 8)
				other := tags
				if err := other.Set(tag, flipped); err != nil {
					t.Fatal(err)
				}
				got, err := CardARQC(at.scheme, mk, other)
				want := slices.Contains(covered, tag)
				if tag == "9F10" {
					want = slices.Contains(coveredOfIAD(at), bit/8)
					if bit/8 == slices.Index(raw, at.cvn) || err != nil {
						continue // another version, or no issuer data any more
					}
				}
				if err != nil || got.Matches(whole.Value[:]) == want {
					t.Errorf("%v: bit %d of %s: changes %v, want %v (%v)", at, bit, tag, !want, want, err)
				}
			}
		}
	}
}

// coveredOfIAD lists the bytes of 9F10 that a version covers.
func coveredOfIAD(at cvnOf) (out []int) {
	from, to := 3, 7 // Visa's CVR
	switch {
	case at == cvnOf{Visa, 0x11}:
		from, to = 4, 5
	case at == cvnOf{Visa, 0x22}:
		from, to = 0, 32
	case at == cvnOf{Visa, 0x12}, at == cvnOf{Mir, 0x0A}:
		from, to = 0, 7
	case at.scheme != Visa:
		from, to = 2, 8
		if at.cvn&1 == 1 {
			out = []int{10, 11, 12, 13, 14, 15, 16, 17}
		}
	}
	for i := from; i < to; i++ {
		out = append(out, i)
	}
	return out
}

// Each version answers in its own way, or says that it does not.
func TestAnswers(t *testing.T) {
	for at := range suites {
		c, err := CardARQC(at.scheme, key(t, testIMK), sample(t, at))
		if err != nil {
			t.Fatal(err)
		}
		tag91, err := c.ARPC(at.scheme.ApprovalARC(), CSU(true), []byte{1, 2})
		switch c.ARPCSize() {
		case 0:
			if !errors.Is(err, ErrNoARPC) {
				t.Error(at, err)
			}
		case 4:
			if _, long := c.ARPC([2]byte{}, [4]byte{}, make([]byte, 9)); len(tag91) != 10 || !errors.Is(long, ErrProp) || tag91[5] != 0x80 {
				t.Error(at, tag91, long)
			}
		case 8:
			if len(tag91) != 10 || [2]byte(tag91[8:]) != at.scheme.ApprovalARC() {
				t.Error(at, tag91)
			}
		}
		// The script that gives PIN tries back is this card's and this
		// transaction's alone.
		smi := key(t, "FEDCBA98765432100123456789ABCDEF")
		s, err := c.UnblockPIN(smi, "1234567890123456", "00", OptionA, [4]byte{0, 0, 0, 1})
		if c.suite.script == noScript {
			if !errors.Is(err, ErrNoScript) {
				t.Error(at, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		var answer TLV
		if err := answer.Set("72", s.Bytes()); err != nil {
			t.Fatal(err)
		}
		v, _ := answer.Get("72")
		read, err := ParseScript(v)
		if err != nil || read.ID != s.ID || len(read.Commands) != 1 || len(read.Commands[0]) != 13 {
			t.Fatalf("%v: %v %v", at, read, err)
		}
		mk, err := MasterKeyA(smi, "1234567890123456", "00")
		if err != nil {
			t.Fatal(err)
		}
		later := c
		later.Value[0] ^= 1
		if !c.IsUnblockPIN(mk, read.Commands[0]) || later.IsUnblockPIN(mk, read.Commands[0]) || c.IsUnblockPIN(smi, read.Commands[0]) {
			t.Error(at, "the script is judged wrongly")
		}
	}
}

func TestARQCRefusals(t *testing.T) {
	imk := key(t, testIMK)
	good := v2(t, "06010A03A06010")
	set := func(tag, value string) TLV {
		tags := good
		if err := tags.Set(tag, unhex(t, value)); err != nil {
			t.Fatal(err)
		}
		return tags
	}
	drop := func(from TLV, tag string) TLV {
		i := slices.Index(from.Tags(), tag)
		rest := slices.Delete(slices.Clone(from.list()), i, i+1)
		return TLV{&rest}
	}
	without := func(tag string) TLV { return drop(good, tag) }
	for name, c := range map[string]struct {
		scheme Scheme
		tags   TLV
		want   error
	}{
		"unknown version":        {Visa, set("9F10", "06010B03A06010"), ErrCVN},
		"legacy version":         {Visa, set("9F10", "06010E03A06010"), ErrCVN},
		"version of another":     {Mastercard, set("9F10", "010A0000000000000000"), ErrCVN},
		"unknown scheme":         {"amex", good, ErrIAD},
		"no issuer data":         {Visa, without("9F10"), ErrMissing},
		"empty issuer data":      {Visa, set("9F10", ""), ErrIAD},
		"short issuer data":      {Visa, set("9F10", "06010A03A060"), ErrIAD},
		"odd issuer data":        {Visa, set("9F10", "07010A03A0601000"), ErrIAD},
		"short format 2":         {Visa, set("9F10", "1F2201"), ErrIAD},
		"long issuer data":       {Visa, set("9F10", "06010A03A06010"+strings.Repeat("00", 26)), ErrIAD},
		"no counters":            {Mastercard, set("9F10", "0111A00003220000"), ErrIAD},
		"no amount":              {Visa, without("9F02"), ErrMissing},
		"no counter":             {Visa, without("9F36"), ErrMissing},
		"short counter":          {Visa, set("9F36", "01"), ErrLength},
		"long amount":            {Visa, set("9F02", "00000000004000"), ErrLength},
		"short unpredictable":    {Visa, set("9F37", "52BF45"), ErrLength},
		"no unpredictable (SKD)": {Mastercard, drop(set("9F10", "0110A00003220000"), "9F37"), ErrMissing},
	} {
		if _, err := ARQC(c.scheme, imk, "1234567890123456", "00", OptionA, c.tags); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if Supported(Visa, 0x0E) || !Supported(Mastercard, 0x15) || Supported("amex", 0x0A) {
		t.Error("Supported is wrong")
	}
	// A terminal without another amount may leave it out.
	a, err := ARQC(Visa, imk, "1234567890123456", "", OptionA, without("9F03"))
	if err != nil || upper(a.Value[:]) != "29CCA15AE665FA2E" {
		t.Error("without 9F03:", err)
	}
}

func FuzzParseIAD(f *testing.F) {
	for _, s := range []string{"06010A03A06010", "0110A00003220000", "0111A0000322000012340102030405060708", "1F2201" + strings.Repeat("A5", 29), ""} {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, s := range []Scheme{Visa, Mastercard, Mir, "?"} {
			d, err := ParseIAD(s, b)
			if err == nil && (len(d.CVR) < 4 || len(d.CVR) > 6 || d.Counters != nil && len(d.Counters) != 8 || len(d.Raw) > 32) {
				t.Errorf("%s %X: %v", s, b, d)
			}
		}
	})
}

var (
	panGen = rapid.StringMatching(`[0-9]{13,19}`)
	pinGen = rapid.StringMatching(`[0-9]{4,12}`)
	keyGen = rapid.Map(rapid.SliceOfN(rapid.Byte(), 16, 16), func(b []byte) Key2 { return newKey2([16]byte(b)) })
)

func TestPINBlocksComeBack(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		zpk, pan, pin := keyGen.Draw(r, "key"), panGen.Draw(r, "pan"), pinGen.Draw(r, "pin")
		block, err := EncodeISO0(zpk, pan, pin)
		if err != nil {
			r.Fatal(err)
		}
		if got, err := DecodeISO0(zpk, pan, block); err != nil || got != pin {
			r.Fatalf("format 0: %q, %v", got, err)
		}
		aesKey := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(r, "aes")
		short := pan[:rapid.IntRange(1, len(pan)).Draw(r, "digits")]
		block, err = EncodeISO4(aesKey, short, pin, rand.Reader)
		if err != nil {
			r.Fatal(err)
		}
		if got, err := DecodeISO4(aesKey, short, block); err != nil || got != pin {
			r.Fatalf("format 4: %q, %v", got, err)
		}
		other := "1" + pan[1:]
		if other == pan {
			other = "2" + pan[1:]
		}
		if got, err := DecodeISO4(aesKey, other, block); err == nil && got == pin && other != short {
			r.Fatal("format 4 is not bound to the card")
		}
	})
}

func TestPINBlockRefusals(t *testing.T) {
	zpk := key(t, testIMK)
	const pan = "5544332211009966"
	seal := func(clear string) []byte {
		b := [8]byte(unhex(t, clear))
		field, err := panField0(pan)
		if err != nil {
			t.Fatal(err)
		}
		for i := range b {
			b[i] ^= field[i]
		}
		zpk.k().encrypt(&b)
		return b[:]
	}
	for clear, ok := range map[string]bool{
		"041234FFFFFFFFFF": true, "0C123456789012FF": true,
		"141234FFFFFFFFFF": false, "341234FFFFFFFFFF": false, // other formats
		"03123FFFFFFFFFFF": false, "0D1234567890123F": false, // lengths
		"0412A4FFFFFFFFFF": false, "041234FFFFFFFFFE": false, "0412345FFFFFFFFF": false, // digits and fill
	} {
		if _, err := DecodeISO0(zpk, pan, seal(clear)); (err == nil) != ok || err != nil && !errors.Is(err, ErrPINBlock) {
			t.Errorf("%s: %v", clear, err)
		}
	}
	// Another key gives a bad block, not a wrong PIN.
	if _, err := DecodeISO0(key(t, "FEDCBA98765432100123456789ABCDEF"), pan, seal("041234FFFFFFFFFF")); !errors.Is(err, ErrPINBlock) {
		t.Error("another key:", err)
	}
}

func FuzzDecodeISO0(f *testing.F) {
	f.Add("5544332211009966", []byte("12345678"))
	f.Add("", []byte(nil))
	f.Fuzz(func(t *testing.T, pan string, block []byte) {
		pin, err := DecodeISO0(keyOne, pan, block)
		if err != nil {
			return
		}
		if back, err := EncodeISO0(keyOne, pan, pin); err != nil || upper(back) != upper(block) {
			t.Errorf("%X comes back as %X, %v", block, back, err)
		}
	})
}

func FuzzDecodeISO4(f *testing.F) {
	f.Add("1234567890123456789", make([]byte, 16), make([]byte, 16))
	f.Add("", []byte(nil), []byte(nil))
	f.Fuzz(func(t *testing.T, pan string, aesKey, block []byte) {
		pin, err := DecodeISO4(aesKey, pan, block)
		if err == nil && !isPIN(pin) {
			t.Errorf("%X gives %q", block, pin)
		}
	})
}

func TestSequentialOrRepeated(t *testing.T) {
	for pin, want := range map[string]bool{
		"0000": true, "1111": true, "1234": true, "4321": true, "9876": true, "0123": true, "7890": true, "3210": true, "0987": true,
		"1357": false, "1122": false, "1233": false, "1223": false, "1243": false, "1212": false, "2580": false, "": false, "111": false,
		"91111": true, "90123": true, "512345": true, "121234": true, "112233": false, "12321": false,
	} {
		if SequentialOrRepeated(pin) != want {
			t.Errorf("%q: %v", pin, !want)
		}
	}
	bad := 0
	for n := range 10000 {
		if SequentialOrRepeated(string([]byte{'0' + byte(n/1000), '0' + byte(n/100%10), '0' + byte(n/10%10), '0' + byte(n%10)})) {
			bad++
		}
	}
	if bad != 30 {
		t.Errorf("%d of 10,000 are refused, want ten of each kind", bad)
	}
}

// Values of one card differ by what goes in, and have their form.
func TestCardValues(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		k, pan := keyGen.Draw(r, "key"), panGen.Draw(r, "pan")
		cvv, err := CVV(k, pan, "2812", "201")
		if err != nil || !isDigits(cvv, 3, 3) {
			r.Fatalf("%q, %v", cvv, err)
		}
		pvv, err := PVV(k, 1, pan, pinGen.Draw(r, "pin"))
		if err != nil || !isDigits(pvv, 4, 4) {
			r.Fatalf("%q, %v", pvv, err)
		}
		if d, err := DCVV(k, pan, "2812", "201", "0001"); err != nil || !isDigits(d, 3, 3) {
			r.Fatalf("%q, %v", d, err)
		}
		if c, err := CAVV(k, pan, "1234", "2", "01"); err != nil || !isDigits(c, 3, 3) {
			r.Fatalf("%q, %v", c, err)
		}
	})
	mk := card(t, OptionA, "1234567890123456", "00")
	want, err := CVV(mk, "0017567890123456", "2812", "201")
	if err != nil {
		t.Fatal(err)
	}
	got, err := DCVV(key(t, testIMK), "1234567890123456", "2812", "201", "0017")
	if err != nil || got != want {
		t.Errorf("dCVV %s, want %s, %v", got, want, err)
	}
}

// Few decimal digits are made up with letters, from the left again.
func TestDecimalise(t *testing.T) {
	for in, want := range map[string]string{"1234567890123456": "1234", "ABCDEF0123456789": "0123", "ABCDEFABCDEF12AB": "1201", "FEDCBAFEDCBAFEDC": "5432"} {
		same(t, in, decimalise(unhex(t, in), 4), want)
	}
	rapid.Check(t, func(r *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), 8, 20).Draw(r, "b")
		n := rapid.IntRange(1, 16).Draw(r, "n")
		if s := decimalise(b, n); !isDigits(s, n, n) {
			r.Fatal(s)
		}
	})
}

// A whole PIN check of the hot path, and a whole cryptogram with its answer.
func BenchmarkPIN(b *testing.B) {
	zpk, pvk := key(b, testIMK), key(b, "FEDCBA98765432100123456789ABCDEF")
	const pan = "1122334455667788"
	block, err := EncodeISO0(zpk, pan, "4524")
	if err != nil {
		b.Fatal(err)
	}
	pvv, err := PVV(pvk, 1, pan, "4524")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		pin, err := DecodeISO0(zpk, pan, block)
		if err != nil {
			b.Fatal(err)
		}
		if ok, err := VerifyPIN(pvk, 1, pan, pin, pvv); !ok || err != nil {
			b.Fatal("refused")
		}
	}
}

func BenchmarkARQC(b *testing.B) {
	imk, raw := key(b, testIMK), unhex(b, frame55)
	b.ReportAllocs()
	for b.Loop() {
		tags, err := ParseTLV(raw)
		if err != nil {
			b.Fatal(err)
		}
		c, err := ARQC(Visa, imk, "1234567890123456", "00", OptionA, tags)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := c.ARPC([2]byte{}, CSU(true), nil); err != nil {
			b.Fatal(err)
		}
	}
}
