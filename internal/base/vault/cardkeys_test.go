package vault

import (
	"bytes"
	"testing"
)

// Keys of cards have names of their own, are the same for every process and
// outlive a rotation: the cards are in people's pockets.
func TestCardKeysStay(t *testing.T) {
	t.Parallel()
	set := NewKeys()
	open := func(k Keys) *Vault {
		t.Helper()
		v, err := newVault(k.m, cost{1, 8, 1}, 1)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	key := func(v *Vault, name string) []byte {
		t.Helper()
		k, err := v.CardKey(name)
		if err != nil || len(k) != CardKeySize {
			t.Fatalf("%d bytes, %v", len(k), err)
		}
		return k
	}
	v := open(set)
	first := key(v, "imk-ac")
	if bytes.Equal(first, key(v, "imk-smi")) {
		t.Error("two names have one key")
	}
	raw, err := set.rotated().Bytes()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseKeys(raw)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, key(open(again), "imk-ac")) {
		t.Error("a rotation changed the keys of cards")
	}
	if bytes.Equal(first, key(open(NewKeys()), "imk-ac")) {
		t.Error("two banks have one key")
	}
}
