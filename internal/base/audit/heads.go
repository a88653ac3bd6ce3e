package audit

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"rocketbank/internal/base/db"
)

// Signer signs heads of the trail: the vault's audit key.
type Signer interface {
	ID() string
	Sign(text []byte) []byte
}

// Head is the end of the trail at one moment, signed by the bank. A file of
// heads outside the database is what a cut or rewritten trail disagrees with,
// even where its own head was changed along.
type Head struct {
	Seq  int64     `json:"seq"`
	Hash string    `json:"hash"` // hex
	At   time.Time `json:"at"`   // real time
	Prev string    `json:"prev"` // SHA-256 of the line before, hex; empty in the first
	Key  string    `json:"key"`
	Sig  []byte    `json:"sig"`
}

// text is what is signed.
func (h Head) text() []byte {
	return fmt.Appendf(nil, "rocketbank audit head 1\n%d\n%s\n%s\n%s\n%s\n", h.Seq, h.Hash, h.At.UTC().Format(time.RFC3339Nano), h.Prev, h.Key)
}

// ErrHeads tells that the trail and the file of its signed heads disagree:
// somebody changed one of them.
var ErrHeads = errors.New("audit: the trail disagrees with its signed heads")

var qAt = db.Query(`SELECT hash FROM audit WHERE seq = $1`)

// HeadFile is a file to which signed heads are added, one JSON line each. One
// process writes one file. It is safe for concurrent use.
type HeadFile struct {
	path string

	mu   sync.Mutex
	last Head
	prev string // SHA-256 of the last line
}

// OpenHeads opens the file or begins it. A last line that a power cut has cut
// short is taken away; anything else in it is left for Verify to tell.
func OpenHeads(path string) (*HeadFile, error) {
	f := &HeadFile{path: path}
	raw, err := os.ReadFile(path) // #nosec G304 -- the operator names the file
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("signed heads: %w", err)
	}
	whole := raw[:bytes.LastIndexByte(raw, '\n')+1]
	if len(whole) < len(raw) {
		if err := os.Truncate(path, int64(len(whole))); err != nil {
			return nil, fmt.Errorf("signed heads: %w", err)
		}
	}
	lines := bytes.Split(bytes.TrimSuffix(whole, []byte("\n")), []byte("\n"))
	if last := lines[len(lines)-1]; len(last) > 0 {
		if err := json.Unmarshal(last, &f.last); err != nil {
			return nil, fmt.Errorf("signed heads: the last line of %s is none of ours", path)
		}
		f.prev = lineHash(last)
	}
	return f, nil
}

// Add signs the trail's end as it is now and adds it to the file, if it has
// moved since the last time. It first looks whether the trail still holds the
// last signed head; if not, the error is ErrHeads and nothing is added.
func (f *HeadFile) Add(ctx context.Context, r db.Reader, by Signer, now time.Time) (added bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.holds(ctx, r); err != nil {
		return false, err
	}
	h := Head{At: now.UTC(), Prev: f.prev, Key: by.ID()}
	var hash []byte
	if err := r.Row(ctx, qHead).Scan(&h.Seq, &hash); err != nil {
		return false, fmt.Errorf("audit head: %w", err)
	}
	h.Hash = hex.EncodeToString(hash)
	if h.Seq == f.last.Seq {
		return false, nil
	}
	h.Sig = by.Sign(h.text())
	line, err := json.Marshal(h)
	if err != nil {
		return false, fmt.Errorf("signed heads: %w", err)
	}
	if err := appendLine(f.path, line); err != nil {
		return false, fmt.Errorf("signed heads: %w", err)
	}
	f.last, f.prev = h, lineHash(line)
	return true, nil
}

// holds checks the last signed head against its row.
func (f *HeadFile) holds(ctx context.Context, r db.Reader) error {
	if f.last.Seq == 0 {
		return nil
	}
	var hash []byte
	err := r.Row(ctx, qAt, f.last.Seq).Scan(&hash)
	switch {
	case errors.Is(err, db.ErrNoRows):
		return fmt.Errorf("%w: row %d, which %s signs, is missing", ErrHeads, f.last.Seq, filepath.Base(f.path))
	case err != nil:
		return fmt.Errorf("audit: %w", err)
	case hex.EncodeToString(hash) != f.last.Hash:
		return fmt.Errorf("%w: row %d is another one than %s signs", ErrHeads, f.last.Seq, filepath.Base(f.path))
	}
	return nil
}

func appendLine(path string, line []byte) error {
	out, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600) // #nosec G304 -- the operator names the file
	if err != nil {
		return err
	}
	_, errWrite := out.Write(append(line, '\n'))
	return errors.Join(errWrite, out.Sync(), out.Close())
}

func lineHash(line []byte) string {
	h := sha256.Sum256(line)
	return hex.EncodeToString(h[:])
}

// ReadHeads reads a file of signed heads and checks that each line follows
// from the one before and is signed by one of the keys. Without keys the
// signatures are not checked.
func ReadHeads(in io.Reader, keys map[string]ed25519.PublicKey) (heads []Head, breaches []Breach, err error) {
	lines := bufio.NewScanner(in)
	prev := ""
	var last int64
	for n := 1; lines.Scan(); n++ {
		line := bytes.Clone(lines.Bytes())
		tell := func(what string) {
			breaches = append(breaches, Breach{last, fmt.Sprintf("signed head in line %d: %s", n, what)})
		}
		var h Head
		if err := json.Unmarshal(line, &h); err != nil {
			tell("is none")
			prev = lineHash(line)
			continue
		}
		if h.Prev != prev {
			tell("does not follow from the line before it")
		}
		if h.Seq <= last {
			tell("goes back")
		}
		if key, ok := keys[h.Key]; keys != nil && (!ok || !ed25519.Verify(key, h.text(), h.Sig)) {
			tell("is not signed by the bank")
		}
		last, prev = h.Seq, lineHash(line)
		heads = append(heads, h)
		if len(breaches) >= maxBreaches {
			break
		}
	}
	if err := lines.Err(); err != nil {
		return heads, breaches, fmt.Errorf("signed heads: %w", err)
	}
	return heads, breaches, nil
}

// compare gives the heads that rows of the trail must have, by seq.
func compare(heads []Head) map[int64]string {
	want := make(map[int64]string, len(heads))
	for _, h := range heads {
		if old, ok := want[h.Seq]; ok && old != h.Hash {
			h.Hash = "" // two heads disagree: no row can be right
		}
		want[h.Seq] = strings.ToLower(h.Hash)
	}
	return want
}
