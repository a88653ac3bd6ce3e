package vault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rocketbank/internal/base/db"
)

// BeginRotation makes a new version of every key and uses it from now on. A
// rotation that was begun and not ended goes on under the keys it has.
func (v *Vault) BeginRotation(ctx context.Context) (again bool, err error) {
	err = v.store(ctx, func(k Keys) Keys {
		if again = k.m.moving; again {
			return k
		}
		return k.rotated()
	})
	return again, err
}

// EndRotation notes that all values have moved. The old keys stay: backups
// hold values under them.
func (v *Vault) EndRotation(ctx context.Context) error { return v.store(ctx, Keys.moved) }

// Rotating tells whether a rotation was begun and not ended.
func (v *Vault) Rotating() bool { return v.state.Load().keys.m.moving }

// Pace says how gently values move. The zero value is for a bank that is open.
type Pace struct {
	Values int           // in one unit of work; 0 means 100
	Pause  time.Duration // between two units of work
	Each   func(Moved)   // told after each unit of work; may be nil
}

// Moved is how far a rotation has come.
type Moved struct {
	Column string
	Values int64 // sealed anew so far
	Late   int64 // had changed under our hands and were left to the next round
}

// Rounds after which values that keep coming under old keys are somebody's fault.
const maxRounds = 5

// tryFor is how long a unit of work is tried again when the database is busy.
const tryFor = time.Minute

// Damaged lists values that open under no key: a rotation leaves them as they are.
type Damaged struct{ Values []string }

// Error names the first of them.
func (d *Damaged) Error() string {
	return fmt.Sprintf("vault: %d values do not open and stay as they are: %s", len(d.Values), strings.Join(d.Values[:min(len(d.Values), 5)], ", "))
}

// ErrStillOld tells that values keep being sealed under old keys.
var ErrStillOld = errors.New("vault: values are still being sealed under old keys; see that every process reads the new key file, and run again")

// Move seals every value of the columns under the newest keys, in small units
// of work while others read and write. It may be killed at any moment and
// started again: what has moved is passed over.
func (v *Vault) Move(ctx context.Context, d *db.DB, columns []Column, p Pace) (Moved, error) {
	if p.Values <= 0 {
		p.Values = 100
	}
	total := Moved{}
	for range maxRounds {
		var damaged Damaged
		old := int64(0)
		for _, c := range columns {
			n, err := v.moveColumn(ctx, d, c, p, &total, &damaged)
			old += n
			if err != nil {
				return total, fmt.Errorf("rotate %s: %w", c, err)
			}
		}
		switch {
		case old > int64(len(damaged.Values)):
			continue // once more, until a round finds nothing
		case old > 0:
			return total, &damaged
		}
		return total, nil
	}
	return total, ErrStillOld
}

// value is a ciphertext with the key of its row.
type value struct {
	key    []any
	sealed []byte
}

// moveColumn tells how many old values it found.
func (v *Vault) moveColumn(ctx context.Context, d *db.DB, c Column, p Pace, total *Moved, damaged *Damaged) (old int64, err error) {
	total.Column = c.String()
	var last []any
	for {
		page, err := c.page(ctx, d, last, c.few(p.Values))
		if err != nil || len(page) == 0 {
			return old, err
		}
		last = page[len(page)-1].key
		var was, is []value
		for _, one := range page {
			if ver, ok := VersionOf(one.sealed); !ok || ver >= v.Newest(c.Class) {
				continue
			}
			old++
			at, err := c.at(one.key)
			if err != nil {
				return old, err
			}
			plain, err := v.Open(c.Class, at, one.sealed)
			if errors.Is(err, ErrSealed) {
				damaged.Values = append(damaged.Values, fmt.Sprintf("%s of row %x", c, at.Row))
				continue
			}
			if err != nil {
				return old, err
			}
			fresh, err := v.Seal(c.Class, at, plain)
			clear(plain)
			if err != nil {
				return old, err
			}
			was, is = append(was, one), append(is, value{one.key, fresh})
		}
		if len(is) == 0 {
			continue
		}
		n, err := put(ctx, d, c, was, is)
		if err != nil {
			return old, err
		}
		total.Values += n
		total.Late += int64(len(is)) - n
		if p.Each != nil {
			p.Each(*total)
		}
		if err := sleep(ctx, p.Pause); err != nil {
			return old, err
		}
	}
}

// few is how many values of the column are held in memory at once: pictures
// are a thousand times as large as names.
func (c Column) few(values int) int {
	if c.Class == Scan {
		return max(1, values/25)
	}
	return values
}

func (c Column) page(ctx context.Context, r db.Reader, after []any, limit int) ([]value, error) {
	q, args := c.first, []any{limit}
	if after != nil {
		q, args = c.next, append(slices.Clone(after), limit)
	}
	rows, err := r.Rows(ctx, q, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []value
	for rows.Next() {
		one := value{key: make([]any, len(c.Key))}
		to := make([]any, 0, len(c.Key)+1)
		for i := range one.key {
			to = append(to, &one.key[i])
		}
		if err := rows.Scan(append(to, &one.sealed)...); err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, rows.Err()
}

// put writes values in the place of others, one unit of work, and tells how
// many were still what they had been.
func put(ctx context.Context, d *db.DB, c Column, was, is []value) (n int64, err error) {
	deadline := time.Now().Add(tryFor)
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		err = d.Write(ctx, func(tx db.Tx) error {
			n = 0
			for i := range is {
				args := append(append([]any{is[i].sealed}, is[i].key...), was[i].sealed)
				done, err := tx.Exec(ctx, c.put, args...)
				if err != nil {
					return err
				}
				n += done
			}
			return nil
		})
		// A commit of unknown outcome may be done again: the old value stands
		// in the condition.
		if err == nil || !errors.Is(err, db.ErrBusy) && !errors.Is(err, db.ErrUnknownOutcome) && !db.Retriable(err) || time.Now().After(deadline) {
			return n, err
		}
		if err := sleep(ctx, wait); err != nil {
			return 0, err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Standing tells how many values of a column rest under which version.
type Standing struct {
	Column string
	Class  Class
	Newest uint32
	// ByVersion counts values under keys of the class.
	ByVersion map[uint32]int64
	Owners    int64 // values under data keys of clients
	Plain     int64 // values that are no ciphertext of ours
}

// Old counts the values under other versions than the newest.
func (s Standing) Old() (n int64) {
	for version, count := range s.ByVersion {
		if version != s.Newest {
			n += count
		}
	}
	return n
}

// Census counts the values of every column.
func (v *Vault) Census(ctx context.Context, r db.Reader, columns []Column) ([]Standing, error) {
	out := make([]Standing, 0, len(columns))
	for _, c := range columns {
		s := Standing{Column: c.String(), Class: c.Class, Newest: v.Newest(c.Class), ByVersion: map[uint32]int64{}}
		if err := c.count(ctx, r, &s); err != nil {
			return nil, fmt.Errorf("count %s: %w", c, err)
		}
		out = append(out, s)
	}
	return out, nil
}

func (c Column) count(ctx context.Context, r db.Reader, s *Standing) error {
	rows, err := r.Rows(ctx, c.census)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var head []byte
		var n int64
		if err := rows.Scan(&head, &n); err != nil {
			return err
		}
		version, ok := VersionOf(head)
		switch {
		case ok:
			s.ByVersion[version] += n
		case len(head) == headerSize && head[0] == formatOwner:
			s.Owners += n
		default:
			s.Plain += n
		}
	}
	return rows.Err()
}

// Unreadable counts the values of a column that do not open under these keys.
// Values under clients' own data keys are told by the column of those keys.
func (v *Vault) Unreadable(ctx context.Context, r db.Reader, c Column) (bad int64, err error) {
	var last []any
	for {
		page, err := c.page(ctx, r, last, c.few(500))
		if err != nil || len(page) == 0 {
			return bad, err
		}
		last = page[len(page)-1].key
		for _, one := range page {
			if len(one.sealed) >= headerSize && one.sealed[0] == formatOwner {
				continue
			}
			at, err := c.at(one.key)
			if err != nil {
				return bad, err
			}
			if plain, err := v.Open(c.Class, at, one.sealed); err != nil {
				bad++
			} else {
				clear(plain)
			}
		}
	}
}
