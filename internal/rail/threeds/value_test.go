package threeds_test

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rocketbank/internal/rail/threeds"
)

func makeValue(key []byte, v threeds.Value, s threeds.Sealed) (string, error) {
	v, err := threeds.Seal(key, v, s)
	return v.Text(), err
}

func sealedExample(t testing.TB) threeds.Sealed {
	t.Helper()
	p, err := threeds.NewPAN("2200000000000004")
	if err != nil {
		t.Fatal(err)
	}
	return threeds.Sealed{PAN: p, DSTransID: dsTransID, Amount: "125050", Currency: "643", Exponent: "2", MerchantName: "Test Shop"}
}

// The vector of the reference.
func TestValue_Vector(t *testing.T) {
	t.Parallel()
	s := sealedExample(t)
	got, err := makeValue(key(), threeds.Value{Result: threeds.ByChallenge, KeyID: 1, ATN: 123456789}, s)
	if err != nil || got != valueExample {
		t.Fatalf("made %s %v, want %s", got, err, valueExample)
	}
	raw, _ := base64.StdEncoding.DecodeString(got)
	if h := strings.ToUpper(hex.EncodeToString(raw)); h != "B101014961241CC374ECE300000000075BCD1500" {
		t.Errorf("bytes %s", h)
	}
	v, err := threeds.ParseValue(valueExample)
	if err != nil || v.Result != threeds.ByChallenge || v.KeyID != 1 || v.ATN != 123456789 {
		t.Fatalf("read %+v %v", v, err)
	}
	if err := v.Verify(key(), s); err != nil {
		t.Error(err)
	}
}

// The seal holds every field: whatever one of them says otherwise, it breaks.
func TestValue_Bound(t *testing.T) {
	t.Parallel()
	s := sealedExample(t)
	v, err := threeds.ParseValue(valueExample)
	if err != nil {
		t.Fatal(err)
	}
	other, err := threeds.NewPAN("5100000000000008")
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(s *threeds.Sealed){
		"card":        func(s *threeds.Sealed) { s.PAN = other },
		"transaction": func(s *threeds.Sealed) { s.DSTransID = acsTransID },
		"amount":      func(s *threeds.Sealed) { s.Amount = "125051" },
		"currency":    func(s *threeds.Sealed) { s.Currency = "840" },
		"exponent":    func(s *threeds.Sealed) { s.Exponent = "0" },
		"shop":        func(s *threeds.Sealed) { s.MerchantName = "Test Shop 2" },
	} {
		c := s
		if change(&c); !errors.Is(v.Verify(key(), c), threeds.ErrValueSeal) {
			t.Errorf("%s may be another", name)
		}
	}
	upper := s
	if upper.MerchantName = "TEST SHOP"; v.Verify(key(), upper) != nil {
		t.Error("the shop's name is not taken in capitals")
	}
	result := v
	if result.Result = threeds.Frictionless; !errors.Is(result.Verify(key(), s), threeds.ErrValueSeal) {
		t.Error("a frictionless one passes for a challenge")
	}
	wrong := key()
	if wrong[31] ^= 1; !errors.Is(v.Verify(wrong, s), threeds.ErrValueSeal) {
		t.Error("another key opens it")
	}
	moved := s
	moved.Amount, moved.Currency = "125050\x1f643", ""
	if !errors.Is(v.Verify(key(), moved), threeds.ErrValue) {
		t.Error("a mark within a field is taken")
	}
	for name, make := range map[string]func() (string, error){
		"short key": func() (string, error) { return makeValue(key()[:15], v, s) },
		"no card":   func() (string, error) { return makeValue(key(), v, threeds.Sealed{}) },
		"no result": func() (string, error) { return makeValue(key(), threeds.Value{}, s) },
	} {
		if _, err := make(); !errors.Is(err, threeds.ErrValue) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestValue_Malformed(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"nothing": "", "short": valueExample[:24], "long": valueExample + "AAAA", "other letters": strings.Replace(valueExample, "s", "-", 1),
		"other format": "sgEBSWEkHMN07OMAAAAAB1vNFQA=", "result 0": "sQABSWEkHMN07OMAAAAAB1vNFQA=", "result 4": "sQQBSWEkHMN07OMAAAAAB1vNFQA=",
		"last byte": "sQEBSWEkHMN07OMAAAAAB1vNFQE=", "loose bits": "sQEBSWEkHMN07OMAAAAAB1vNFQB=", "line end": "sQEBSWEkHMN07OMAAAAAB1vNFQA\n",
	} {
		if _, err := threeds.ParseValue(in); !errors.Is(err, threeds.ErrValue) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is made is read back and holds, and nothing else does.
func TestValue_RoundTrip(t *testing.T) {
	t.Parallel()
	s := sealedExample(t)
	rapid.Check(t, func(t *rapid.T) {
		c := s
		c.Amount = rapid.StringMatching(`[0-9]{1,12}`).Draw(t, "amount")
		c.MerchantName = rapid.StringMatching(`[A-Za-zА-Яа-я &]{1,40}`).Draw(t, "shop")
		want := threeds.Value{
			Result: threeds.Result(rapid.IntRange(1, 3).Draw(t, "result")), KeyID: rapid.Byte().Draw(t, "key"), ATN: rapid.Uint64().Draw(t, "atn"),
		}
		text, err := makeValue(key(), want, c)
		if err != nil {
			t.Fatal(err)
		}
		got, err := threeds.ParseValue(text)
		if err != nil || got.Result != want.Result || got.KeyID != want.KeyID || got.ATN != want.ATN || got.Verify(key(), c) != nil {
			t.Fatalf("%+v became %+v, %v", want, got, err)
		}
	})
}
