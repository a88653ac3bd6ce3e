package app

import (
	"bytes"
	"context"
	"crypto/md5" // #nosec G501 -- what S3 calls an ETag
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// fakeS3 is as much of an S3 store as a backup needs: objects in one part or
// in several, which appear when they are whole.
type fakeS3 struct {
	mu      sync.Mutex
	objects map[string][]byte
	parts   map[string]map[int][]byte // upload → number → bytes
	broken  func(*http.Request) bool  // answers 503 instead
	seen    []byte                    // all that came over the line
}

func (s *fakeS3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, key := r.URL.Query(), strings.TrimPrefix(r.URL.Path, "/")
	if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=bank/") {
		http.Error(w, "who are you?", http.StatusForbidden)
		return
	}
	body, err := unchunked(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.seen = append(s.seen, body...)
	if s.broken != nil && s.broken(r) {
		http.Error(w, "", http.StatusServiceUnavailable)
		return
	}
	switch {
	case r.Method == http.MethodPost && q.Has("uploads"):
		id := strconv.Itoa(len(s.parts) + 1)
		s.parts[id] = map[int][]byte{}
		fmt.Fprintf(w, `<InitiateMultipartUploadResult><UploadId>%s</UploadId></InitiateMultipartUploadResult>`, id)
	case r.Method == http.MethodPut && q.Has("partNumber"):
		n, _ := strconv.Atoi(q.Get("partNumber"))
		s.parts[q.Get("uploadId")][n] = body
		w.Header().Set("ETag", etag(body))
	case r.Method == http.MethodPost && q.Has("uploadId"):
		var list struct{ Part []struct{ PartNumber int } }
		if err := xml.Unmarshal(body, &list); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		var whole []byte
		for _, p := range list.Part {
			whole = append(whole, s.parts[q.Get("uploadId")][p.PartNumber]...)
		}
		s.objects[key] = whole
		fmt.Fprintf(w, `<CompleteMultipartUploadResult><Bucket>safe</Bucket><Key>%s</Key><ETag>%s</ETag></CompleteMultipartUploadResult>`, key, etag(whole))
	case r.Method == http.MethodDelete:
		delete(s.parts, q.Get("uploadId"))
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPut:
		s.objects[key] = body
		w.Header().Set("ETag", etag(body))
	default:
		o, ok := s.objects[key]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("ETag", etag(o))
		http.ServeContent(w, r, "", time.Unix(1, 0), bytes.NewReader(o))
	}
}

// unchunked takes S3's signed chunks apart: size;chunk-signature=…\r\nbytes\r\n.
func unchunked(r *http.Request) ([]byte, error) {
	raw, err := io.ReadAll(r.Body)
	if err != nil || !strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		return raw, err
	}
	var out []byte
	for {
		head, rest, ok := bytes.Cut(raw, []byte("\r\n"))
		size, _, _ := strings.Cut(string(head), ";")
		n, err := strconv.ParseInt(size, 16, 32)
		if !ok || err != nil || int(n) > len(rest) {
			return nil, errors.New("no chunk")
		}
		if n == 0 {
			return out, nil
		}
		out = append(out, rest[:n]...)
		raw = bytes.TrimPrefix(rest[n:], []byte("\r\n"))
	}
}

func etag(b []byte) string {
	h := md5.Sum(b) // #nosec G401 -- what S3 calls an ETag
	return `"` + hex.EncodeToString(h[:]) + `"`
}

func (s *fakeS3) names() (out []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.objects {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

func startS3(t *testing.T) (*fakeS3, S3Config) {
	t.Helper()
	s := &fakeS3{objects: map[string][]byte{}, parts: map[string]map[int][]byte{}}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return s, S3Config{Endpoint: srv.URL, Region: "us-east-1", Bucket: "safe", Prefix: "bank/", Access: "bank", Secret: vault.Hide("store secret"), Part: 5 << 20}
}

// filled is a database with a trail, a sealed value and random ballast, which
// no compression makes small.
func filled(t *testing.T, url string, v *vault.Vault, ballast int) *db.DB {
	t.Helper()
	ctx, d := context.Background(), dbtest.Open(t, url, clock.System())
	err := d.Write(ctx, func(tx db.Tx) error {
		if _, err := v.SealFor(ctx, tx, 1001, vault.PII, vault.At{Table: "x"}, []byte("x")); err != nil {
			return err
		}
		chance := rand.NewChaCha8([32]byte{1})
		for range ballast {
			noise := make([]byte, 1<<20)
			chance.Read(noise)
			if err := audit.Append(ctx, tx, audit.Entry{At: time.Unix(1, 0), Act: "canary-of-the-trail", Details: noise}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// R18: a backup of either engine goes to a folder or to an S3 store, encrypted
// before it leaves the process and without the keys; what comes back verifies
// in full, sealed values included, and a drill with another key file tells.
func TestR18_BackupAndRestoreDrill(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		ctx, folder := context.Background(), t.TempDir()
		keys := vault.File{Path: filepath.Join(folder, "keys.json")}
		if err := keys.Create(vault.NewKeys()); err != nil {
			t.Fatal(err)
		}
		v, err := vault.New(ctx, keys)
		if err != nil {
			t.Fatal(err)
		}
		d := filled(t, url, v, 7) // more than one part of the upload
		who, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		fake, c := startS3(t)
		remote, err := NewS3(c)
		if err != nil {
			t.Fatal(err)
		}
		for name, store := range map[string]Store{"folder": Folder(folder), "s3": remote} {
			size, err := Backup(ctx, d, store, "b.age", []age.Recipient{who.Recipient()})
			if err != nil || size < 1<<20 {
				t.Fatalf("%s: %d bytes, %v", name, size, err)
			}
			back := restored(t, store, who)
			if bad := checked(t, back, v); len(bad) != 0 {
				t.Errorf("%s: %v", name, bad)
			}
			if bad := checked(t, back, vault.Ephemeral()); len(bad) != 1 || bad[0].Rule != "vault" || !strings.Contains(bad[0].Detail, "data_key.wrapped") {
				t.Errorf("%s: another bank's keys: %v", name, bad)
			}
		}
		if got := fake.names(); len(got) != 1 || got[0] != "safe/bank/b.age" {
			t.Errorf("the store holds %v", got)
		}
		// Nothing readable went over the line, and no key.
		raw, _ := os.ReadFile(keys.Path)
		for _, s := range []string{"canary-of-the-trail", "rocketbank-dump", "data_key", "seals", string(raw[100:140]), "store secret"} {
			if bytes.Contains(fake.seen, []byte(s)) {
				t.Errorf("%q went to the store", s)
			}
		}
	})
}

func restored(t *testing.T, from Store, who age.Identity) *db.DB {
	t.Helper()
	ctx := context.Background()
	back, err := db.Open(ctx, dbtest.SQLite(t), db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { back.Close() })
	if err := Restore(ctx, back, from, "b.age", []age.Identity{who}); err != nil {
		t.Fatal(err)
	}
	return back
}

func checked(t *testing.T, d *db.DB, v *vault.Vault) []ledger.Breach {
	t.Helper()
	r, err := ledger.Verify(context.Background(), d, SealedCheck(v))
	if err != nil {
		t.Fatal(err)
	}
	return r.Breaches
}

// A store that fails now and then gets its backup; one that stays away gets
// none, and nothing half appears under its name.
func TestStoreInTrouble(t *testing.T) {
	t.Parallel()
	ctx, v := context.Background(), vault.Ephemeral()
	d := filled(t, dbtest.SQLite(t), v, 7)
	who, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	fake, c := startS3(t)
	store, err := NewS3(c)
	if err != nil {
		t.Fatal(err)
	}
	hits := 0
	fake.broken = func(r *http.Request) bool {
		if r.URL.Query().Get("partNumber") == "2" {
			hits++
		}
		return hits == 1
	}
	if _, err := Backup(ctx, d, store, "once.age", []age.Recipient{who.Recipient()}); err != nil || hits < 2 {
		t.Fatalf("one failure: %v after %d tries", err, hits)
	}
	fake.broken = func(r *http.Request) bool { return r.URL.Query().Get("partNumber") == "2" }
	short, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if _, err := Backup(short, d, store, "never.age", []age.Recipient{who.Recipient()}); err == nil {
		t.Error("a store that takes nothing got a backup")
	}
	// The dump itself breaks off: no object, no file.
	broken := errors.New("the disk is gone")
	folder := t.TempDir()
	for name, store := range map[string]Store{"s3": store, "folder": Folder(folder)} {
		_, err := store.Put(ctx, "half.age", func(w io.Writer) error {
			if _, err := w.Write(make([]byte, 100)); err != nil {
				return err
			}
			return broken
		})
		if !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if left, _ := os.ReadDir(folder); len(left) != 0 {
		t.Errorf("the folder holds %v", left)
	}
	if got := fake.names(); len(got) != 1 || got[0] != "safe/bank/once.age" {
		t.Errorf("the store holds %v", got)
	}
	if _, err := store.Get(ctx, "none.age"); err == nil || !strings.Contains(err.Error(), "bank/none.age") {
		t.Errorf("a backup that is not there: %v", err)
	}
}
