package main

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"rocketbank/internal/app"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// signedTrail is the audit trail together with what its signed heads say.
type signedTrail struct {
	heads []audit.Head
	wrong []audit.Breach // in the files of heads themselves
	note  string
}

// signed reads the files of heads. Unless told otherwise it takes those that
// lie beside an SQLite file, as the demo and a small bank have them.
func (c verifyCmd) signed(ctx context.Context) (signedTrail, error) {
	beside := app.HeadsBeside(c.DB)
	files := c.AuditHeads
	if len(files) == 0 && beside != "" {
		if _, err := os.Stat(beside); err == nil {
			files = []string{beside}
		}
	}
	if len(files) == 0 {
		return signedTrail{note: "no signed heads of the audit trail are known (--audit-heads): whoever forged it together with its own head is not found"}, nil
	}
	keys, err := c.auditKeys(ctx, beside)
	if err != nil {
		return signedTrail{}, err
	}
	var t signedTrail
	for _, path := range files {
		in, err := os.Open(path) // #nosec G304 -- the operator names the file
		if err != nil {
			return signedTrail{}, fmt.Errorf("cannot read the signed heads: %w", err)
		}
		heads, wrong, err := audit.ReadHeads(in, keys)
		in.Close()
		if err != nil {
			return signedTrail{}, err
		}
		t.heads, t.wrong = append(t.heads, heads...), append(t.wrong, wrong...)
	}
	t.note = fmt.Sprintf("%d signed heads of the audit trail", len(t.heads))
	if keys == nil {
		t.note += "; their signatures were not checked (--audit-key or --keys)"
	}
	return t, nil
}

// auditKeys are the public keys that may have signed; nil when none are known.
func (c verifyCmd) auditKeys(ctx context.Context, beside string) (map[string]ed25519.PublicKey, error) {
	if len(c.AuditKey) > 0 {
		out := make(map[string]ed25519.PublicKey, len(c.AuditKey))
		for _, text := range c.AuditKey {
			raw, err := hex.DecodeString(strings.TrimSpace(text))
			if err != nil || len(raw) != ed25519.PublicKeySize {
				return nil, fmt.Errorf("--audit-key %q is no public key; keys status shows it", text)
			}
			out[vault.KeyID(raw)] = raw
		}
		return out, nil
	}
	path := c.Keys
	if path == "" && beside != "" {
		path = filepath.Join(filepath.Dir(beside), "keys.json")
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			path = ""
		}
	}
	if path == "" {
		return nil, nil
	}
	f, err := keyFile{path, c.KeysPassphraseFile}.file()
	if err != nil {
		return nil, err
	}
	v, err := vault.New(ctx, f)
	if err != nil {
		if c.Keys == "" {
			return nil, nil // not asked for, and not ours to open
		}
		return nil, err
	}
	return v.AuditKeys(), nil
}

// check is a ledger.Check.
func (t signedTrail) check(ctx context.Context, r db.Reader) ([]ledger.Breach, error) {
	_, broken, err := audit.Verify(ctx, r, t.heads...)
	if err != nil {
		return nil, err
	}
	out := make([]ledger.Breach, 0, len(broken)+len(t.wrong))
	for _, b := range append(broken, t.wrong...) {
		out = append(out, ledger.Breach{Rule: "audit", Detail: b.String()})
	}
	return out, nil
}
