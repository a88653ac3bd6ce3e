package vault_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/base/vault"
)

func sealFor(t *testing.T, d *db.DB, v *vault.Vault, owner int64, plain string) (out []byte) {
	t.Helper()
	ctx := context.Background()
	if err := d.Write(ctx, func(tx db.Tx) (err error) {
		out, err = v.SealFor(ctx, tx, owner, vault.PII, row, []byte(plain))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestClientsOwnKeys(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, path := context.Background(), filepath.Join(t.TempDir(), "keys.json")
		v, err := vault.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		anna, boris := sealFor(t, d, v, 1001, "Анна"), sealFor(t, d, v, 1002, "Борис")
		other, err := vault.Load(path) // another process, with nothing at hand
		if err != nil {
			t.Fatal(err)
		}
		open := func(v *vault.Vault, owner int64, c []byte) (string, error) {
			b, err := v.OpenFor(ctx, d, owner, vault.PII, row, c)
			return string(b), err
		}
		for _, v := range []*vault.Vault{v, other} {
			if got, err := open(v, 1001, anna); err != nil || got != "Анна" {
				t.Errorf("%q %v", got, err)
			}
			for name, try := range map[string]func() (string, error){
				"another owner": func() (string, error) { return open(v, 1002, anna) },
				"nobody's key":  func() (string, error) { return open(v, 1003, anna) },
				"another row": func() (string, error) {
					b, err := v.OpenFor(ctx, d, 1001, vault.PII, vault.At{Table: row.Table, Row: vault.Row64(7)}, anna)
					return string(b), err
				},
				"another class": func() (string, error) {
					b, err := v.OpenFor(ctx, d, 1001, vault.Chat, row, anna)
					return string(b), err
				},
				"the class's key":    func() (string, error) { return v.OpenText(vault.PII, row, anna) },
				"turned into such":   func() (string, error) { c := bytes.Clone(anna); c[0] = 1; return open(v, 1001, c) },
				"a version to come":  func() (string, error) { c := bytes.Clone(anna); c[4] = 2; return open(v, 1001, c) },
				"a strangers' vault": func() (string, error) { return open(vault.Ephemeral(), 1001, anna) },
			} {
				if got, err := try(); !errors.Is(err, vault.ErrSealed) {
					t.Errorf("%s: %q %v", name, got, err)
				}
			}
		}
		// Older values under the class's key open by the same call.
		before, _ := v.SealText(vault.PII, row, "раньше")
		if got, err := open(v, 1001, before); err != nil || got != "раньше" {
			t.Errorf("%q %v", got, err)
		}

		if err := d.Write(ctx, func(tx db.Tx) error { return v.Shred(ctx, tx, 1001) }); err != nil {
			t.Fatal(err)
		}
		fresh, _ := vault.Load(path)
		for _, v := range []*vault.Vault{v, fresh} {
			if got, err := open(v, 1001, anna); !errors.Is(err, vault.ErrShredded) {
				t.Errorf("after shredding: %q %v", got, err)
			}
			if got, err := open(v, 1002, boris); err != nil || got != "Борис" {
				t.Errorf("the neighbour: %q %v", got, err)
			}
			err := d.Write(ctx, func(tx db.Tx) error {
				_, err := v.SealFor(ctx, tx, 1001, vault.PII, row, []byte("again"))
				return err
			})
			if !errors.Is(err, vault.ErrShredded) {
				t.Errorf("a shredded owner got a new key: %v", err)
			}
		}
		// Shredding one who never had a key leaves none to be made either.
		if err := d.Write(ctx, func(tx db.Tx) error { return v.Shred(ctx, tx, 1009) }); err != nil {
			t.Fatal(err)
		}
		if err := d.Write(ctx, func(tx db.Tx) error { _, err := v.SealFor(ctx, tx, 1009, vault.PII, row, nil); return err }); !errors.Is(err, vault.ErrShredded) {
			t.Error(err)
		}
	})
}

// A key that was made in a unit of work which was rolled back seals nothing.
func TestRolledBackKeyIsForgotten(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, v, no := context.Background(), vault.Ephemeral(), errors.New("no")
		if err := d.Write(ctx, func(tx db.Tx) error {
			for range 2 {
				if _, err := v.SealFor(ctx, tx, 1001, vault.PII, row, []byte("x")); err != nil {
					return err
				}
			}
			return no
		}); !errors.Is(err, no) {
			t.Fatal(err)
		}
		sealed := sealFor(t, d, v, 1001, "kept")
		if got, err := v.OpenFor(ctx, d, 1001, vault.PII, row, sealed); err != nil || string(got) != "kept" {
			t.Fatalf("%q %v", got, err)
		}
	})
}

// Many units of work that come with the first value of one owner at once make
// one key, in two processes too.
func TestFirstValuesAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		path := filepath.Join(t.TempDir(), "keys.json")
		v, err := vault.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		w, err := vault.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		out := make([][]byte, 24)
		var wg sync.WaitGroup
		for i := range out {
			wg.Go(func() { out[i] = sealFor(t, d, []*vault.Vault{v, w}[i%2], 1001, fmt.Sprint(i)) })
		}
		wg.Wait()
		x, _ := vault.Load(path)
		for i, c := range out {
			if got, err := x.OpenFor(context.Background(), d, 1001, vault.PII, row, c); err != nil || string(got) != fmt.Sprint(i) {
				t.Errorf("%d: %q %v", i, got, err)
			}
		}
	})
}

func TestSigningKeys(t *testing.T) {
	t.Parallel()
	v := vault.Ephemeral()
	for _, k := range []vault.SigningKey{v.ReceiptKey(), v.AuditKey()} {
		sig := k.Sign([]byte("text"))
		if !ed25519.Verify(k.Public(), []byte("text"), sig) || ed25519.Verify(k.Public(), []byte("Text"), sig) || k.ID() != vault.KeyID(k.Public()) {
			t.Error("a signature does not verify, or any does")
		}
	}
	if _, ok := v.ReceiptKeys()[v.ReceiptKey().ID()]; !ok || len(v.AuditKeys()) != 1 {
		t.Error("the public keys are not told")
	}
}
