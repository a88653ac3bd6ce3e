package vault_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"rocketbank/internal/base/vault"
)

var row = vault.At{Table: "client.phone", Row: vault.Row64(1001)}

func TestSealOpens(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.json")
	v, err := vault.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := vault.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, class := range []vault.Class{vault.PAN, vault.PII, vault.Secret, vault.Chat} {
		for _, plain := range []string{"", "x", strings.Repeat("я", 5000)} {
			sealed, err := v.SealText(class, row, plain)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := again.OpenText(class, row, sealed); err != nil || got != plain {
				t.Errorf("%s: %.20q, %v", class, got, err)
			}
			if ver, ok := vault.VersionOf(sealed); !ok || ver != v.Newest(class) {
				t.Errorf("the ciphertext carries version %d", ver)
			}
		}
	}
	if _, err := v.SealText("other", row, "x"); err == nil {
		t.Error("an unknown class was sealed")
	}
}

// C10: a ciphertext opens in the row, column and class it was written for and nowhere else.
func TestC10_SwappedCiphertextFails(t *testing.T) {
	t.Parallel()
	v := vault.Ephemeral()
	sealed, err := v.SealText(vault.PII, row, "+79165550123")
	if err != nil {
		t.Fatal(err)
	}
	other, _ := v.SealText(vault.PII, row, "+79165550123")
	if bytes.Equal(sealed, other) {
		t.Error("equal values have equal ciphertexts")
	}
	for name, try := range map[string]func() error{
		"another row": func() error {
			_, err := v.Open(vault.PII, vault.At{Table: row.Table, Row: vault.Row64(1002)}, sealed)
			return err
		},
		"another column": func() error {
			_, err := v.Open(vault.PII, vault.At{Table: "client.name", Row: row.Row}, sealed)
			return err
		},
		"cut elsewhere": func() error {
			_, err := v.Open(vault.PII, vault.At{Table: row.Table + string(row.Row[:1]), Row: row.Row[1:]}, sealed)
			return err
		},
		"another class": func() error { _, err := v.Open(vault.PAN, row, sealed); return err },
		"other keys":    func() error { _, err := vault.Ephemeral().Open(vault.PII, row, sealed); return err },
		"empty":         func() error { _, err := v.Open(vault.PII, row, nil); return err },
	} {
		if err := try(); !errors.Is(err, vault.ErrSealed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if _, err := v.Open(vault.PII, row, bad); !errors.Is(err, vault.ErrSealed) {
			t.Errorf("byte %d flipped: %v", i, err)
		}
		if _, err := v.Open(vault.PII, row, sealed[:i]); !errors.Is(err, vault.ErrSealed) {
			t.Errorf("cut at %d: %v", i, err)
		}
	}
}

// C04: look-up goes by a keyed hash whose key is no other's.
func TestC04_LookupKeyed(t *testing.T) {
	t.Parallel()
	v, w := vault.Ephemeral(), vault.Ephemeral()
	a := v.Lookup(vault.Phone, "+79165550123")
	if !bytes.Equal(a, v.Lookup(vault.Phone, "+79165550123")) {
		t.Error("a value is not found again")
	}
	for name, b := range map[string][]byte{
		"another kind":  v.Lookup(vault.Number, "+79165550123"),
		"another value": v.Lookup(vault.Phone, "+79165550124"),
		"another vault": w.Lookup(vault.Phone, "+79165550123"),
		"the token key": v.MAC(string(vault.Phone), []byte("+79165550123")),
	} {
		if bytes.Equal(a, b) {
			t.Errorf("%s has the same hash", name)
		}
	}
}

func TestMACBindsEveryPart(t *testing.T) {
	t.Parallel()
	v := vault.Ephemeral()
	mac := v.MAC("quote", []byte("ab"), []byte("c"))
	if !v.CheckMAC(mac, "quote", []byte("ab"), []byte("c")) {
		t.Error("a right signature was refused")
	}
	if v.CheckMAC(mac, "quote", []byte("a"), []byte("bc")) || v.CheckMAC(mac, "payee", []byte("ab"), []byte("c")) ||
		v.CheckMAC(mac, "quote", []byte("ab")) || v.CheckMAC(nil, "quote") {
		t.Error("a wrong signature was taken")
	}
}

// C07: without keys, with somebody else's or with readable ones nothing starts.
func TestC07_NoKeysNoStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "keys.json")
	if _, err := vault.Load(path); !errors.Is(err, vault.ErrNoKeys) || !strings.Contains(err.Error(), "keys init") {
		t.Errorf("no file: %v", err)
	}
	if _, err := vault.Create(path); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%v, %v: something is left beside the key file", left, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	before, _ := os.ReadFile(path)
	if _, err := vault.Create(path); err == nil {
		t.Error("keys were overwritten")
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("the key file changed")
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.Load(path); !errors.Is(err, vault.ErrKeyFile) {
		t.Errorf("others may read it: %v", err)
	}
	for name, content := range map[string]string{
		"empty": "", "cut": string(before[:len(before)/2]), "no keys": `{"format":1}`, "newer": `{"format":2}`,
		"short key": strings.Replace(string(before), `"mac": "`, `"mac": "AAAA`, 1),
	} {
		bad := filepath.Join(dir, "bad.json")
		if err := os.WriteFile(bad, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := vault.Load(bad); !errors.Is(err, vault.ErrKeyFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A08: argon2id with the parameters in the hash, over a pepper from the vault.
func TestA08_PasscodeHash(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	v, err := vault.Create(filepath.Join(t.TempDir(), "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	hash, err := v.HashPasscode(ctx, "7391")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("the hash is %s", hash)
	}
	again, _ := v.HashPasscode(ctx, "7391")
	if hash == again {
		t.Error("no salt")
	}
	check := func(v *vault.Vault, hash, passcode string, want bool) {
		t.Helper()
		if ok, err := v.CheckPasscode(ctx, hash, passcode); ok != want || err != nil {
			t.Errorf("%q: %v, %v; want %v", passcode, ok, err, want)
		}
	}
	check(v, hash, "7391", true)
	check(v, hash, "7392", false)
	check(v, "", "7391", false)
	check(vault.Ephemeral(), hash, "7391", false) // another pepper
	for _, bad := range []string{"x", strings.Replace(hash, "m=19456", "m=99999999", 1), strings.Replace(hash, "t=2", "t=0", 1), hash + "$"} {
		if _, err := v.CheckPasscode(ctx, bad, "7391"); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

// Hashing is slow by design: few run at once, some wait, and the rest is told
// to come back instead of taking the machine.
func TestPasscodesAreBounded(t *testing.T) {
	t.Parallel()
	v, err := vault.Create(filepath.Join(t.TempDir(), "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	busy, wrong := 0, 0
	ctx, cancel := context.WithCancel(context.Background())
	for range 400 {
		wg.Go(func() {
			_, err := v.CheckPasscode(ctx, "", "1")
			mu.Lock()
			defer mu.Unlock()
			switch {
			case errors.Is(err, vault.ErrBusy):
				if busy++; busy == 100 {
					cancel() // who waits need not be served for the rest of this test
				}
			case err != nil && !errors.Is(err, context.Canceled):
				wrong++
			}
		})
	}
	wg.Wait()
	cancel()
	if busy < 100 || wrong > 0 {
		t.Errorf("%d of 400 were turned away, %d failed otherwise", busy, wrong)
	}
}

func TestHiddenStaysHidden(t *testing.T) {
	t.Parallel()
	h := vault.Hide("canary")
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, nil))
	log.Info("x", "h", h, "in", struct{ H vault.Hidden }{h})
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "h", h, "in", struct{ H vault.Hidden }{h})
	raw, err := json.Marshal(map[string]any{"h": h, "p": &h})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(raw)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb, h)
		fmt.Fprintf(&out, verb, struct{ H vault.Hidden }{h})
		fmt.Fprintf(&out, verb, []*vault.Hidden{&h})
		fmt.Fprintf(&out, verb, struct{ h vault.Hidden }{h})
	}
	out.WriteString(errors.Join(fmt.Errorf("x %v", h)).Error())
	if s := out.String(); strings.Contains(s, "canary") || strings.Contains(s, "63616e617279") {
		t.Error(s)
	}
	if h.Reveal() != "canary" || h.Empty() {
		t.Error("it cannot be revealed")
	}
}

func FuzzOpen(f *testing.F) {
	v := vault.Ephemeral()
	sealed, _ := v.SealText(vault.PAN, row, "5500000000000004")
	f.Add(sealed)
	f.Add([]byte{1, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		if plain, err := v.Open(vault.PAN, row, b); err == nil && !bytes.Equal(b, sealed) {
			t.Errorf("%x opened as %q", b, plain)
		}
	})
}
