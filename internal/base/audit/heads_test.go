package audit_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/base/vault"
)

var (
	qForget  = db.Query(`DELETE FROM audit WHERE seq > $1`)
	qRewind  = db.Query(`UPDATE audit_head SET seq = $1, hash = (SELECT hash FROM audit WHERE seq = $1)`)
	qRestart = db.Query(`UPDATE audit_head SET seq = 0, hash = $1`)
)

// forgeries are what somebody does who may write to the database and knows
// the program: the chain in it is whole again afterwards.
var forgeries = map[string]func(ctx context.Context, tx db.Tx) error{
	"last rows cut with the head": func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Exec(ctx, qForget, 7)
		if err == nil {
			_, err = tx.Exec(ctx, qRewind, 7)
		}
		return err
	},
	"one row altered and all behind it chained anew":  rewrite(func(all []audit.Entry) []audit.Entry { all[4].Client++; return all }),
	"one row deleted and all behind it chained anew":  rewrite(func(all []audit.Entry) []audit.Entry { return slices.Delete(all, 4, 5) }),
	"two rows swapped and all behind it chained anew": rewrite(func(all []audit.Entry) []audit.Entry { all[4], all[5] = all[5], all[4]; return all }),
	"one deleted, one added at the end": rewrite(func(all []audit.Entry) []audit.Entry {
		return append(slices.Delete(all, 4, 5), entry(99))
	}),
	"everything": rewrite(func([]audit.Entry) []audit.Entry { return []audit.Entry{entry(1)} }),
}

func rewrite(change func([]audit.Entry) []audit.Entry) func(context.Context, db.Tx) error {
	return func(ctx context.Context, tx db.Tx) error {
		all := make([]audit.Entry, 10)
		for i := range all {
			all[i] = entry(i)
		}
		if _, err := tx.Exec(ctx, qForget, 0); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qRestart, []byte{}); err != nil {
			return err
		}
		return audit.Append(ctx, tx, change(all)...)
	}
}

// S05: a trail that was forged together with its own head disagrees with the
// heads that the bank signed outside the database.
func TestS05_SignedHeadsFindAForgedTrail(t *testing.T) {
	t.Parallel()
	v := vault.Ephemeral()
	for name, forge := range forgeries {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				ctx, path := context.Background(), filepath.Join(t.TempDir(), "heads")
				f, err := audit.OpenHeads(path)
				if err != nil {
					t.Fatal(err)
				}
				for i := range 10 {
					if err := d.Write(ctx, func(tx db.Tx) error { return audit.Append(ctx, tx, entry(i)) }); err != nil {
						t.Fatal(err)
					}
					if i%3 == 0 { // heads at 1, 4, 7, 10
						if added, err := f.Add(ctx, d, v.AuditKey(), time.Now()); err != nil || !added {
							t.Fatalf("%v %v", added, err)
						}
					}
				}
				if added, err := f.Add(ctx, d, v.AuditKey(), time.Now()); err != nil || added {
					t.Fatalf("a trail that stands still got another head: %v %v", added, err)
				}
				heads := readHeads(t, path, v.AuditKeys())
				if n, bad := verifyWith(t, d, heads); n != 10 || len(bad) != 0 {
					t.Fatalf("before: %d rows, %v", n, bad)
				}
				if err := d.Write(ctx, func(tx db.Tx) error { return forge(ctx, tx) }); err != nil {
					t.Fatal(err)
				}
				if _, bad := verify(t, d); len(bad) != 0 {
					t.Fatalf("the forger left traces in the database itself: %v", bad)
				}
				if _, bad := verifyWith(t, d, heads); len(bad) == 0 {
					t.Error("nobody noticed")
				}
				// The bank that runs on notices too, and signs nothing more.
				again, err := audit.OpenHeads(path)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := again.Add(ctx, d, v.AuditKey(), time.Now()); !errors.Is(err, audit.ErrHeads) {
					t.Errorf("the running bank says %v", err)
				}
			})
		})
	}
}

// Rows and heads that were tampered with in the simple ways are found as well
// when both are looked at.
func TestSignedHeadsBesideSimpleTampering(t *testing.T) {
	t.Parallel()
	for name, q := range tampers {
		t.Run(name, func(t *testing.T) {
			d, heads := dbtest.Open(t, dbtest.SQLite(t), nil), []audit.Head(nil)
			fill(t, d, 10)
			ctx, v, path := context.Background(), vault.Ephemeral(), filepath.Join(t.TempDir(), "heads")
			f, err := audit.OpenHeads(path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Add(ctx, d, v.AuditKey(), time.Now()); err != nil {
				t.Fatal(err)
			}
			heads = readHeads(t, path, v.AuditKeys())
			if err := d.Write(ctx, func(tx db.Tx) error { _, err := tx.Exec(ctx, q); return err }); err != nil {
				t.Fatal(err)
			}
			if _, bad := verifyWith(t, d, heads); len(bad) == 0 {
				t.Error("nobody noticed")
			}
		})
	}
}

// The file of heads itself: a line that was altered, deleted, moved, added or
// signed by another key is told; a line cut by a power cut is taken away.
func TestS05_FileOfHeads(t *testing.T) {
	t.Parallel()
	d, ctx, v, path := dbtest.Open(t, dbtest.SQLite(t), nil), context.Background(), vault.Ephemeral(), filepath.Join(t.TempDir(), "heads")
	grow := func(by audit.Signer) {
		t.Helper()
		fill(t, d, 2)
		f, err := audit.OpenHeads(path)
		if err != nil {
			t.Fatal(err)
		}
		if added, err := f.Add(ctx, d, by, time.Now()); err != nil || !added {
			t.Fatalf("%v %v", added, err)
		}
	}
	for range 5 {
		grow(v.AuditKey())
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(bytes.TrimSpace(whole), []byte("\n"))
	lines[4] = append(lines[4], '\n')
	join := func(l ...[]byte) []byte { return bytes.Join(l, nil) }
	for name, forged := range map[string][]byte{
		"altered":          bytes.Replace(whole, []byte(`"seq":4`), []byte(`"seq":5`), 1),
		"deleted":          join(lines[0], lines[2], lines[3], lines[4]),
		"first deleted":    join(lines[1], lines[2], lines[3], lines[4]),
		"moved":            join(lines[0], lines[2], lines[1], lines[3], lines[4]),
		"repeated":         join(lines[0], lines[1], lines[1], lines[2], lines[3], lines[4]),
		"no head":          join(lines[0], []byte("hello\n"), lines[1]),
		"other signature":  bytes.Replace(whole, []byte(`"sig":"`), []byte(`"sig":"AA`), 1),
		"without anything": join(lines[0], []byte("{}\n")),
	} {
		if _, bad, err := audit.ReadHeads(bytes.NewReader(forged), v.AuditKeys()); err != nil || len(bad) == 0 {
			t.Errorf("%s: nobody noticed (%v)", name, err)
		}
	}
	if _, bad, _ := audit.ReadHeads(bytes.NewReader(whole), vault.Ephemeral().AuditKeys()); len(bad) == 0 {
		t.Error("another bank's keys fit")
	}
	// Heads that somebody signs with a key of his own.
	grow(vault.Ephemeral().AuditKey())
	forged, _ := os.ReadFile(path)
	if _, bad, _ := audit.ReadHeads(bytes.NewReader(forged), v.AuditKeys()); len(bad) != 1 || !strings.Contains(bad[0].What, "not signed by the bank") {
		t.Errorf("a head signed by a stranger: %v", bad)
	}
	// Without keys the chain of lines and the rows are compared still.
	if heads, bad, _ := audit.ReadHeads(bytes.NewReader(forged), nil); len(bad) != 0 || len(heads) != 6 {
		t.Errorf("%d heads, %v", len(heads), bad)
	}

	if err := os.WriteFile(path, append(whole, []byte(`{"seq":99,"ha`)...), 0o600); err != nil {
		t.Fatal(err)
	}
	grow(v.AuditKey())
	if _, bad, err := audit.ReadHeads(open(t, path), v.AuditKeys()); err != nil || len(bad) != 0 {
		t.Errorf("after a power cut: %v %v", bad, err)
	}
}

func open(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func readHeads(t *testing.T, path string, keys map[string]ed25519.PublicKey) []audit.Head {
	t.Helper()
	heads, bad, err := audit.ReadHeads(open(t, path), maps.Clone(keys))
	if err != nil || len(bad) != 0 || len(heads) == 0 {
		t.Fatalf("%d heads, %v, %v", len(heads), bad, err)
	}
	return heads
}

func verifyWith(t *testing.T, d *db.DB, heads []audit.Head) (n int64, breaches []audit.Breach) {
	t.Helper()
	if err := d.Read(context.Background(), func(r db.Reader) (err error) {
		n, breaches, err = audit.Verify(context.Background(), r, heads...)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n, breaches
}
