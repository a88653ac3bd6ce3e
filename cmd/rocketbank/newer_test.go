package main

import (
	"bytes"
	"context"
	"database/sql"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
)

// told runs a command that must end with one sentence and exit code 1.
func told(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(t.Context(), args, &out, &errs)
	if code != 1 || out.Len() > 0 || strings.Count(strings.TrimSpace(errs.String()), "\n") > 0 {
		t.Errorf("%q ended with %d and said %q, %q", args, code, out.String(), errs.String())
	}
	return errs.String()
}

// A program that is older than the database says so, whatever it is asked to
// do, and changes nothing.
func TestDatabaseNewerThanTheProgram(t *testing.T) {
	t.Parallel()
	ctx, folder := context.Background(), t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	right := func(args ...string) {
		t.Helper()
		var out bytes.Buffer
		if code := run(ctx, args, &out, &out); code != 0 {
			t.Fatalf("%q: %d %s", args, code, out.String())
		}
	}
	who, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at("identity"), []byte(who.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const file = "bank.db"
	url := "sqlite:" + at(file)
	right("migrate", "up", "--db", url)
	right("backup", "--db", url, "--out", at("backup.age"), "--recipient", who.Recipient().String())
	raw, err := sql.Open("sqlite", at(file))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := raw.ExecContext(ctx, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`); err != nil {
		t.Fatal(err)
	}
	if err := raw.Close(); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"verify", "--db", url},
		{"migrate", "up", "--db", url},
		{"backup", "--db", url, "--out", at("again.age"), "--recipient", who.Recipient().String()},
		{"restore", "--db", url, "--in", at("backup.age"), "--identity", at("identity")},
		{"demo", "--addr", "127.0.0.1:0", "--data", at("demo"), "--db", url},
		{"bench", "ledger", "--db", url},
	} {
		if said := told(t, args...); !strings.Contains(said, "has schema 9999") || !strings.Contains(said, "start a newer rocketbank") {
			t.Errorf("%s: %s", args[0], said)
		}
	}
}

// A port that somebody holds is named, with what to do.
func TestBusyPort(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	busy := l.Addr().String()
	for flag, door := range map[string]string{"--addr": "the cabinet", "--sandbox-addr": "the sandbox", "--console-addr": "the console"} {
		args := []string{"demo", "--data", t.TempDir(), "--addr", "127.0.0.1:0", flag, busy}
		said := told(t, args...)
		for _, want := range []string{"cannot listen on " + busy + " for " + door, "in use", "stop the program that holds it or name another address"} {
			if !strings.Contains(said, want) {
				t.Errorf("%s: %q says nothing of %q", flag, said, want)
			}
		}
	}
}
