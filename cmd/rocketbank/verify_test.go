package main

import (
	"bytes"
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
)

// verify --audit finds an altered line of the trail, which the book alone does
// not know of.
func TestVerifyReadsTheAuditTrail(t *testing.T) {
	t.Parallel()
	ctx, file := context.Background(), filepath.Join(t.TempDir(), "bank.db")
	d, err := db.Open(ctx, "sqlite:"+file, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	err = d.Write(ctx, func(tx db.Tx) error {
		for _, act := range []string{"login", "step_up", "session.ended"} {
			if err := audit.Append(ctx, tx, audit.Entry{At: time.Unix(1, 0), Actor: "client", Client: 7, Act: act}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	verify := func(flags ...string) (int, string) {
		var out bytes.Buffer
		code := run(ctx, append([]string{"verify", "--db", "sqlite:" + file}, flags...), &out, &out)
		return code, out.String()
	}
	if code, out := verify("--audit"); code != 0 {
		t.Fatalf("a whole trail: %d %s", code, out)
	}
	raw, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if _, err := raw.ExecContext(ctx, `UPDATE audit SET act = 'logout' WHERE seq = 2`); err != nil {
		t.Fatal(err)
	}
	if code, out := verify("--audit", "--json"); code != 1 || !strings.Contains(out, `"rule":"audit"`) || !strings.Contains(out, "audit row 2") {
		t.Errorf("an altered trail: %d %s", code, out)
	}
	if code, out := verify(); code != 0 {
		t.Errorf("the book is right: %d %s", code, out)
	}
}
