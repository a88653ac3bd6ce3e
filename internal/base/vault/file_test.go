package vault_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rocketbank/internal/base/vault"
)

// cheap is a file whose passphrase costs a test nothing.
func cheap(t *testing.T, word string) vault.File {
	return vault.File{Path: filepath.Join(t.TempDir(), "keys.age"), Passphrase: vault.Hide(word), WorkFactor: 4}
}

func newVault(t *testing.T, p vault.Provider) *vault.Vault {
	t.Helper()
	v, err := vault.New(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// What the first release wrote opens still, and what came since is the same
// in every process that reads the old file.
func TestFormatOneKeepsOpening(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/keys-format-1.json")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	v, w := newVault(t, vault.File{Path: path}), newVault(t, vault.File{Path: path})
	for class, text := range map[vault.Class]string{
		vault.PAN:    "01000000019908984e838b1970916f13c1a9ec87dd4e8299d51ad7458176702a32a59108259415d603c853e1a0",
		vault.PII:    "01000000012f10a9c14412688a9f2d500e98da0c16eae8ebb26de9ed05417a56bb6e834124920cb60654be4c47",
		vault.Secret: "0100000001367858bbcccd610d93db016a11347fb695861edf9b257a11e1862daeb5883232a98f2d6187381ded",
		vault.Chat:   "01000000019bd17b87a489312765375ce840fc36a41895acbb02869415015823f16707021dff69e4b0eff1489b",
	} {
		sealed, _ := hex.DecodeString(text)
		if got, err := v.OpenText(class, row, sealed); err != nil || got != "+79165550123" {
			t.Errorf("%s: %q %v", class, got, err)
		}
	}
	if got := hex.EncodeToString(v.Lookup(vault.Phone, "+79165550123")); got != "0c878324cd6998f2e701447b7acaa9beed39a4adc08f6a97550fed66b75fa85c" {
		t.Errorf("a phone is found under %s now", got)
	}
	if ok, err := v.CheckPasscode(context.Background(), "$argon2id$v=19$m=19456,t=2,p=1$WcUAGVDgdX+yClR7SzWrTQ$DXQgiBMdPjpbVFZt13Gobar07gNGsVtgy1cObJET4hA", "7391"); !ok || err != nil {
		t.Errorf("the passcode: %v %v", ok, err)
	}
	scan, err := v.SealText(vault.Scan, row, "a picture")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := w.OpenText(vault.Scan, row, scan); err != nil || got != "a picture" {
		t.Errorf("the other process reads %q %v", got, err)
	}
	if v.ReceiptKey().ID() != w.ReceiptKey().ID() || v.AuditKey().ID() != w.AuditKey().ID() || v.ReceiptKey().ID() == v.AuditKey().ID() {
		t.Error("signing keys differ between processes, or are one key")
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(raw, after) {
		t.Error("reading changed the file")
	}
	// A rotation writes all of them down.
	if again, err := v.BeginRotation(context.Background()); err != nil || again {
		t.Fatal(again, err)
	}
	x := newVault(t, vault.File{Path: path})
	if got, err := x.OpenText(vault.Scan, row, scan); err != nil || got != "a picture" {
		t.Errorf("after a rotation: %q %v", got, err)
	}
	if _, ok := x.ReceiptKeys()[w.ReceiptKey().ID()]; !ok || x.ReceiptKey().ID() == w.ReceiptKey().ID() {
		t.Error("old receipts do not verify any more, or are signed by the old key")
	}
}

func TestEncryptedKeyFile(t *testing.T) {
	t.Parallel()
	ctx, f := context.Background(), cheap(t, "correct horse")
	if err := f.Create(vault.NewKeys()); err != nil {
		t.Fatal(err)
	}
	v := newVault(t, f)
	sealed, _ := v.SealText(vault.PII, row, "x")
	raw, _ := os.ReadFile(f.Path)
	if !bytes.HasPrefix(raw, []byte("age-encryption.org/v1\n")) || bytes.Contains(raw, []byte("lookup")) {
		t.Error("the file is not encrypted")
	}
	for name, word := range map[string]string{"none": "", "another": "x"} {
		if _, err := vault.New(ctx, vault.File{Path: f.Path, Passphrase: vault.Hide(word)}); !errors.Is(err, vault.ErrPassphrase) || !errors.Is(err, vault.ErrKeyFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := f.Create(vault.NewKeys()); err == nil {
		t.Error("keys were overwritten")
	}
	for i := range raw {
		bad := bytes.Clone(raw)
		bad[i] ^= 4
		if err := os.WriteFile(f.Path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := vault.New(ctx, f); err == nil {
			t.Fatalf("byte %d flipped: it was taken", i)
		}
	}
	if err := os.WriteFile(f.Path, raw[:len(raw)-1], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.New(ctx, f); !errors.Is(err, vault.ErrKeyFile) {
		t.Errorf("cut: %v", err)
	}
	if err := os.WriteFile(f.Path, raw, 0o600); err != nil {
		t.Fatal(err)
	}

	// A rotation keeps it encrypted; another passphrase keeps the keys.
	if _, err := v.BeginRotation(ctx); err != nil {
		t.Fatal(err)
	}
	if yes, err := f.Encrypted(); err != nil || !yes {
		t.Fatal("a rotation laid the keys open")
	}
	if err := f.Encrypt(ctx, vault.Hide("battery staple")); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.New(ctx, f); !errors.Is(err, vault.ErrPassphrase) {
		t.Errorf("the old passphrase: %v", err)
	}
	f.Passphrase = vault.Hide("battery staple")
	if got, err := newVault(t, f).OpenText(vault.PII, row, sealed); err != nil || got != "x" {
		t.Errorf("%q %v", got, err)
	}
	if left, _ := os.ReadDir(filepath.Dir(f.Path)); len(left) != 1 {
		t.Errorf("something is left beside the key file: %v", left)
	}
}

// A plain file stays plain in a rotation even where a passphrase is known:
// servers that know none must not be shut out. Encrypt is the way.
func TestPlainFileStaysPlain(t *testing.T) {
	t.Parallel()
	ctx, path := context.Background(), filepath.Join(t.TempDir(), "keys.json")
	if _, err := vault.Create(path); err != nil {
		t.Fatal(err)
	}
	f := vault.File{Path: path, Passphrase: vault.Hide("x"), WorkFactor: 4}
	if _, err := newVault(t, f).BeginRotation(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.Load(path); err != nil {
		t.Error(err)
	}
	if err := f.Encrypt(ctx, f.Passphrase); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.Load(path); !errors.Is(err, vault.ErrPassphrase) {
		t.Error(err)
	}
}

// Two processes over one file: what the one seals under a new key the other
// opens at once, and Refresh moves it to the new key too.
func TestAnotherProcessLearnsOfNewKeys(t *testing.T) {
	t.Parallel()
	ctx, f := context.Background(), cheap(t, "x")
	if err := f.Create(vault.NewKeys()); err != nil {
		t.Fatal(err)
	}
	serve, late, tool := newVault(t, f), newVault(t, f), newVault(t, f)
	old, _ := serve.SealText(vault.PII, row, "old")
	if _, err := tool.BeginRotation(ctx); err != nil {
		t.Fatal(err)
	}
	sealed, _ := tool.SealText(vault.PII, row, "new")
	for name, v := range map[string]*vault.Vault{"serve": serve, "tool": tool} {
		for want, c := range map[string][]byte{"new": sealed, "old": old} {
			if got, err := v.OpenText(vault.PII, row, c); err != nil || got != want {
				t.Errorf("%s: %q %v", name, got, err)
			}
		}
	}
	if serve.Newest(vault.PII) != 2 || late.Newest(vault.PII) != 1 {
		t.Errorf("versions %d and %d", serve.Newest(vault.PII), late.Newest(vault.PII))
	}
	if changed, err := late.Refresh(ctx); !changed || err != nil || late.Newest(vault.PAN) != 2 {
		t.Errorf("%v %v", changed, err)
	}
	if changed, err := late.Refresh(ctx); changed || err != nil {
		t.Errorf("%v %v", changed, err)
	}
	// A key that nobody has is no reason to stop; a file that went away neither.
	forged := bytes.Clone(sealed)
	forged[4] = 9
	if _, err := serve.Open(vault.PII, row, forged); !errors.Is(err, vault.ErrSealed) {
		t.Error(err)
	}
	if err := os.Remove(f.Path); err != nil {
		t.Fatal(err)
	}
	if _, err := serve.Refresh(ctx); err == nil {
		t.Error("a lost key file is told")
	}
	if got, err := serve.OpenText(vault.PII, row, sealed); err != nil || got != "new" {
		t.Errorf("%q %v", got, err)
	}
}

// A set of keys shows nothing of itself.
func TestKeysAreNotPrinted(t *testing.T) {
	t.Parallel()
	k := vault.NewKeys()
	raw, err := k.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	var plain struct{ Lookup []byte }
	if err := json.Unmarshal(raw, &plain); err != nil || len(plain.Lookup) != 32 {
		t.Fatal(err)
	}
	asJSON, _ := json.Marshal(map[string]any{"k": k, "p": &k})
	text := string(asJSON) + fmt.Sprintf("%v %+v %#v %s %x %v", k, k, k, k, k, struct{ K vault.Keys }{k}) + fmt.Sprintf("%v %x", vault.Ephemeral().AuditKey(), vault.Ephemeral().AuditKey())
	for _, s := range []string{hex.EncodeToString(plain.Lookup), string(plain.Lookup), fmt.Sprint(plain.Lookup), strings.Trim(string(raw[len(raw)-60:len(raw)-10]), " \n")} {
		if strings.Contains(text, s) {
			t.Errorf("keys were printed: %s", text)
		}
	}
	if again, err := vault.ParseKeys(raw); err != nil {
		t.Error(err)
	} else if b, _ := again.Bytes(); !bytes.Equal(b, raw) {
		t.Error("keys change when written down")
	}
}
