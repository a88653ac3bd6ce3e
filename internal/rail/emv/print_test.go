package emv

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// No key and no card number comes out of any verb, log or dump, also when the
// value sits in another struct.
func TestNothingIsPrinted(t *testing.T) {
	const pan = "2200000000000004"
	k := key(t, testIMK)
	tags := chip(t, "5A", pan, "57", pan+"D2812201")
	c, err := CardARQC(Visa, k, v2(t, "06010A03A06010"))
	if err != nil {
		t.Fatal(err)
	}
	type held struct {
		Key   Key2
		key   Key2
		Tags  TLV
		tags  TLV
		Made  Cryptogram
		byRef *Key2
	}
	var out strings.Builder
	log := slog.New(slog.NewJSONHandler(&out, nil))
	for _, v := range []any{k, &k, tags, &tags, c, &c, []Key2{k}, map[string]TLV{"a": tags}, held{k, k, tags, tags, c, &k}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%b", "%o", "%t"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		log.Info("x", "v", v)
		b, err := json.Marshal(v)
		fmt.Fprintln(&out, string(b), err)
	}
	raw := k.Reveal()
	for _, secret := range []string{testIMK, testIMK[:16], pan, fmt.Sprint(raw[:4])[1:10], fmt.Sprintf("%#v", raw[:3])[7:20], string(raw[:4]),
		fmt.Sprintf("%o", raw[:4])[1:12], fmt.Sprintf("%b", raw[:4])[1:20], "[34 0 0", "[]byte{0x22, 0x0"} {
		if strings.Contains(strings.ToUpper(out.String()), strings.ToUpper(secret)) {
			t.Errorf("%q was printed", secret)
		}
	}
	if strings.Count(out.String(), stars) < 10 {
		t.Error("no stars")
	}
}

// Whatever goes in wrongly, no error repeats it.
func TestErrorsTellNoValues(t *testing.T) {
	k := key(t, testIMK)
	const bad = "7777x"
	var zero Key2
	fails := map[string]error{}
	add := func(name string, err error) { fails[name] = err }
	_, err := ParseKey2(bad)
	add("key", err)
	_, err = NewKey2(make([]byte, 24))
	add("long key", err)
	for name, in := range map[string]struct {
		k                     Key2
		pan, psn, exp, sc, pn string
	}{
		"zero key": {zero, "1234567890123456", "00", "9912", "220", "1234"},
		"pan":      {k, bad, "00", "9912", "220", "1234"},
		"rest":     {k, "1234567890123456", bad, bad, bad, bad},
		"long pan": {k, "12345678901234567777", "00", "9912", "220", "1234"},
	} {
		_, err = MasterKeyA(in.k, in.pan, in.psn)
		add(name+" A", err)
		_, err = MasterKeyB(in.k, in.pan+"0", in.psn)
		add(name+" B", err)
		_, err = CVV(in.k, in.pan, in.exp, in.sc)
		add(name+" CVV", err)
		_, err = DCVV(in.k, in.pan, in.exp, in.sc, in.exp)
		add(name+" dCVV", err)
		_, err = CAVV(in.k, in.pan, in.exp, "1", in.psn)
		add(name+" CAVV", err)
		_, err = PVV(in.k, 1, in.pan, in.pn)
		add(name+" PVV", err)
		_, err = EncodeISO0(in.k, in.pan, in.pn)
		add(name+" 0", err)
		_, err = EncodeISO4(nil, in.pan, in.pn, nil)
		add(name+" 4", err)
		_, err = ARQC(Visa, in.k, in.pan, in.psn, 'C', TLV{})
		add(name+" ARQC", err)
	}
	_, err = PVV(k, 10, "1234567890123456", "1234")
	add("pvki", err)
	_, err = DecodeISO0(k, "1234567890123456", []byte(bad))
	add("block 0", err)
	_, err = DecodeISO4(make([]byte, 16), "1234567890123456", []byte(bad))
	add("block 4", err)
	_, err = DecodeISO0(zero, "1234567890123456", nil)
	add("no key 0", err)
	_, err = CardARQC(Visa, zero, TLV{})
	add("no key", err)
	for name, err := range fails {
		if err == nil {
			t.Errorf("%s is taken", name)
		} else if strings.Contains(fmt.Sprintf("%#v %v", err, err), "7777") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := EncodeISO4(make([]byte, 16), "1234567890123456", "1234", bytes.NewReader(nil)); err == nil {
		t.Error("a block without chance")
	}
}
