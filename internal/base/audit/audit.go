// Package audit keeps the trail of what was done: rows written in the same
// unit of work as the act itself, each chained to the one before by a hash.
//
// Whoever alters, deletes or reorders a row breaks the chain from there on, and
// whoever cuts its end disagrees with the head that stands beside it. Whoever
// rewrites the whole chain together with its head disagrees with the heads that
// the bank has signed into a file outside the database ([HeadFile]). The trail
// is data, not logging: an act that is rolled back leaves none.
package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"

	"rocketbank/internal/base/db"
)

// Entry is one act.
type Entry struct {
	At      time.Time
	Actor   string // who did it: "client", "system", "staff:…"
	Client  int64  // whom it is about; 0 for nobody
	Act     string // what was done, e.g. "login", "device.forgotten"
	Subject string // on what, in its outside form, e.g. "dv_…"; may be empty
	Details []byte // more, sealed or without personal data; may be empty
}

// Hash links an entry to everything before it.
type Hash [sha256.Size]byte

var (
	qLock = db.Query(`SELECT seq, hash FROM audit_head WHERE id = 1 {for_update}`)
	qMove = db.Query(`UPDATE audit_head SET seq = $1, hash = $2 WHERE id = 1`)
	qRows = db.Query(`SELECT seq, at_us, actor, client, act, subject, details, hash FROM audit
		WHERE seq > $1 ORDER BY seq LIMIT $2`)
	qHead = db.Query(`SELECT seq, hash FROM audit_head WHERE id = 1`)

	insert = db.NewInsert("audit",
		db.Col{Name: "seq", Type: db.Int}, db.Col{Name: "at_us", Type: db.Int}, db.Col{Name: "actor", Type: db.Text},
		db.Col{Name: "client", Type: db.Int}, db.Col{Name: "act", Type: db.Text}, db.Col{Name: "subject", Type: db.Text},
		db.Col{Name: "details", Type: db.Bytes}, db.Col{Name: "hash", Type: db.Bytes})
)

// Append writes entries at the end of the chain within a unit of work. Call it
// last: it holds the chain's head until the commit.
func Append(ctx context.Context, tx db.Tx, entries ...Entry) error {
	if len(entries) == 0 {
		return nil
	}
	var seq int64
	var hash []byte
	if err := tx.Row(ctx, qLock).Scan(&seq, &hash); err != nil {
		return fmt.Errorf("audit head: %w", err)
	}
	rows := make([]db.Row, 0, len(entries))
	for _, e := range entries {
		seq++
		if e.Details == nil {
			e.Details = []byte{}
		}
		h := link(hash, seq, e)
		hash = h[:]
		rows = append(rows, insert.Row(seq, e.At.UnixMicro(), e.Actor, e.Client, e.Act, e.Subject, e.Details, hash))
	}
	if err := tx.Insert(ctx, rows...); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	if _, err := tx.Exec(ctx, qMove, seq, hash); err != nil {
		return fmt.Errorf("audit head: %w", err)
	}
	return nil
}

// Breach is a place where the trail is not what was written.
type Breach struct {
	Seq  int64 // the row, or the one that should be there
	What string
}

// String is a sentence for verify's list.
func (b Breach) String() string { return fmt.Sprintf("audit row %d: %s", b.Seq, b.What) }

// maxBreaches bounds the list; one altered row breaks every later link.
const maxBreaches = 20

// Verify reads the whole trail and gives what is wrong with it and how many
// rows there are. Signed heads, if any are given, must stand in the trail. Run
// it in one snapshot (db.Read).
func Verify(ctx context.Context, r db.Reader, heads ...Head) (rows int64, breaches []Breach, err error) {
	var last int64
	var prev []byte
	signed := compare(heads)
	for {
		n, err := page(ctx, r, last, func(seq int64, e Entry, hash []byte) {
			rows++
			if seq != last+1 {
				breaches = append(breaches, Breach{last + 1, "is missing"})
			}
			if want := link(prev, seq, e); !bytes.Equal(hash, want[:]) {
				breaches = append(breaches, Breach{seq, "does not follow from the row before it"})
			}
			if want, ok := signed[seq]; ok {
				if want != hex.EncodeToString(hash) {
					breaches = append(breaches, Breach{seq, "is not the one that a signed head names"})
				}
				delete(signed, seq)
			}
			// Going on from what is stored names each altered row once
			// instead of every row behind it.
			last, prev = seq, hash
		})
		if err != nil {
			return rows, breaches, err
		}
		if n == 0 || len(breaches) >= maxBreaches {
			break
		}
	}
	if len(breaches) >= maxBreaches {
		return rows, breaches, nil
	}
	var headSeq int64
	var headHash []byte
	if err := r.Row(ctx, qHead).Scan(&headSeq, &headHash); err != nil {
		return rows, breaches, fmt.Errorf("audit head: %w", err)
	}
	if headSeq != last || !bytes.Equal(headHash, prev) {
		breaches = append(breaches, Breach{headSeq, fmt.Sprintf("is the head, but the trail ends at %d", last)})
	}
	for _, seq := range slices.Sorted(maps.Keys(signed)) {
		if breaches = append(breaches, Breach{seq, "is named by a signed head and missing"}); len(breaches) >= maxBreaches {
			break
		}
	}
	return rows, breaches, nil
}

const pageSize = 1000

func page(ctx context.Context, r db.Reader, after int64, each func(int64, Entry, []byte)) (n int, err error) {
	rows, err := r.Rows(ctx, qRows, after, pageSize)
	if err != nil {
		return 0, fmt.Errorf("read the audit trail: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var seq, us int64
		var e Entry
		var hash []byte
		if err := rows.Scan(&seq, &us, &e.Actor, &e.Client, &e.Act, &e.Subject, &e.Details, &hash); err != nil {
			return n, fmt.Errorf("read the audit trail: %w", err)
		}
		e.At = time.UnixMicro(us)
		each(seq, e, hash)
		n++
	}
	return n, rows.Err()
}

// link hashes an entry onto the chain; every part goes in behind its length.
func link(prev []byte, seq int64, e Entry) Hash {
	b := make([]byte, 0, 256)
	b = binary.BigEndian.AppendUint64(b, uint64(seq))
	b = binary.BigEndian.AppendUint64(b, uint64(e.At.UnixMicro()))
	b = binary.BigEndian.AppendUint64(b, uint64(e.Client))
	for _, part := range [...]string{string(prev), e.Actor, e.Act, e.Subject, string(e.Details)} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(part)))
		b = append(b, part...)
	}
	return sha256.Sum256(b)
}
