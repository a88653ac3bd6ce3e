package vault_test

import (
	"bytes"
	"fmt"
	"testing"

	"rocketbank/internal/base/vault"
)

// What stands where keys should: keys that are written down the same again, or
// a refusal that quotes nothing of it.
func FuzzParseKeys(f *testing.F) {
	whole, err := vault.NewKeys().Bytes()
	if err != nil {
		f.Fatal(err)
	}
	for _, b := range [][]byte{nil, whole, whole[:len(whole)/2], bytes.Replace(whole, []byte(`"format": 2`), []byte(`"format": 1`), 1), []byte("{}"), []byte("null"),
		[]byte(`{"format":1,"seals":{"pan":{"0":"AAAA"}}}`), bytes.Replace(whole, []byte(`"1"`), []byte(`"4294967295"`), 1), []byte("age-encryption.org/v1\n")} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		k, err := vault.ParseKeys(raw)
		if err != nil {
			return
		}
		if shown := fmt.Sprintf("%v %+v %#v %s", k, k, k, k); len(shown) > 100 {
			t.Errorf("printed as %d letters", len(shown))
		}
		once, err := k.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		again, err := vault.ParseKeys(once)
		if err != nil {
			t.Fatalf("written down and not read: %v", err)
		}
		if twice, err := again.Bytes(); err != nil || !bytes.Equal(once, twice) {
			t.Errorf("written down twice, and not alike: %v", err)
		}
	})
}
