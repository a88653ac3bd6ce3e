package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/vault"
)

// S05: the auditor's command finds a trail whose end was cut together with
// its own head, by the signed heads beside the file or named on the line.
func TestS05_VerifyAgainstSignedHeads(t *testing.T) {
	t.Parallel()
	ctx, folder := context.Background(), t.TempDir()
	file := filepath.Join(folder, "bank.db")
	v, err := vault.Create(filepath.Join(folder, "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	heads := filepath.Join(folder, "audit-heads.jsonl")
	signedRows(t, file, heads, v)
	verify := func(flags ...string) (int, string) {
		var out bytes.Buffer
		code := run(ctx, append([]string{"verify", "--audit", "--db", "sqlite:" + file}, flags...), &out, &out)
		return code, out.String()
	}
	if code, out := verify(); code != 0 || !strings.Contains(out, "4 signed heads") || strings.Contains(out, "not checked") {
		t.Fatalf("a whole trail: %d %s", code, out)
	}
	public := hex.EncodeToString(v.AuditKey().Public())
	if code, out := verify("--audit-key", public, "--audit-heads", heads); code != 0 {
		t.Errorf("by a public key: %d %s", code, out)
	}
	stranger := hex.EncodeToString(vault.Ephemeral().AuditKey().Public())
	if code, out := verify("--audit-key", stranger); code != 1 || !strings.Contains(out, "is not signed by the bank") {
		t.Errorf("by a stranger's key: %d %s", code, out)
	}
	if code, out := verify("--audit-key", "beef"); code != 1 || !strings.Contains(out, "is no public key") {
		t.Errorf("by no key: %d %s", code, out)
	}

	raw, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	for _, q := range []string{`DELETE FROM audit WHERE seq > 2`, `UPDATE audit_head SET seq = 2, hash = (SELECT hash FROM audit WHERE seq = 2)`} {
		if _, err := raw.ExecContext(ctx, q); err != nil {
			t.Fatal(err)
		}
	}
	if code, out := verify("--json"); code != 1 || !strings.Contains(out, `"rule":"audit"`) || !strings.Contains(out, "audit row 4: is named by a signed head and missing") {
		t.Errorf("a cut trail: %d %s", code, out)
	}
	if err := os.Rename(heads, heads+".away"); err != nil {
		t.Fatal(err)
	}
	if code, out := verify(); code != 0 || !strings.Contains(out, "no signed heads of the audit trail are known") {
		t.Errorf("without heads it says so: %d %s", code, out)
	}
	if code, out := verify("--audit-heads", heads+".away", "--audit-key", public); code != 1 || !strings.Contains(out, "row 3: is named") {
		t.Errorf("a cut trail by a named file: %d %s", code, out)
	}
}

// signedRows makes a trail of four rows with a signed head after each.
func signedRows(t *testing.T, file, heads string, v *vault.Vault) {
	t.Helper()
	ctx := context.Background()
	d, err := db.Open(ctx, "sqlite:"+file, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	f, err := audit.OpenHeads(heads)
	if err != nil {
		t.Fatal(err)
	}
	for i := range int64(4) {
		err := d.Write(ctx, func(tx db.Tx) error {
			return audit.Append(ctx, tx, audit.Entry{At: time.Unix(i, 0), Actor: "staff:anna", Client: 7, Act: "look"})
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Add(ctx, d, v.AuditKey(), time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}
