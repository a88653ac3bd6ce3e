package db_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"rocketbank/internal/base/db"
)

// A backup that somebody has touched is loaded whole or not at all: never a
// crash, and after a refusal the database is as empty as it was.
func FuzzLoad(f *testing.F) {
	ctx, folder, n := context.Background(), f.TempDir(), 0
	fresh := func(t testing.TB) *db.DB {
		n++
		d, err := db.Open(ctx, "sqlite:"+filepath.Join(folder, strconv.Itoa(n)+".db"), db.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
		return d
	}
	dump := func(t testing.TB, d *db.DB) string {
		var b bytes.Buffer
		if err := d.Dump(ctx, &b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	d := fresh(f)
	empty := dump(f, d)
	head, _, _ := strings.Cut(empty, "\n")
	for _, s := range []string{
		"", empty, head + "\n", head + "\n[]\n{\"rows\":1}\n", head + "\n{\"table\":\"setting\",\"columns\":[\"name\",\"value\"]}\n[\"kind\",\"live\"]\n{\"rows\":1}\n",
		head + "\n{\"table\":\"setting\",\"columns\":[\"name\",\"value\"]}\n[\"kind\"]\n", head + "\n{\"table\":\"setting\",\"columns\":[]}\n[]\n{\"rows\":1}\n",
		head + "\n{\"table\":\"setting\",\"columns\":[\"name\",\"name\"]}\n[\"a\",\"b\"]\n{\"rows\":1}\n",
		head + "\n{\"table\":\"goose_db_version\",\"columns\":[\"id\"]}\n[9]\n{\"rows\":1}\n", head + "\n{\"rows\":0}\n", head + "\n1\n", head + "\nnull\n", head + "\n{\"table\":\"setting; DROP TABLE setting\",\"columns\":[]}\n",
		head + "\n{\"table\":\"counter\",\"columns\":[\"name\",\"value\"]}\n[\"x\",9223372036854775808]\n{\"rows\":1}\n",
		strings.Replace(head, "1", "2", 1) + "\n{\"rows\":0}\n", empty[:len(empty)/2],
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if err := d.Load(ctx, strings.NewReader(s)); err == nil {
			dump(t, d) // what was loaded can be read
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			d = fresh(t)
			return
		} else if errors.Is(err, db.ErrNotEmpty) {
			t.Fatalf("%q: something of an earlier load is there", s)
		}
		if now := dump(t, d); now != empty {
			t.Errorf("%q was refused, and yet something changed", s)
		}
	})
}
