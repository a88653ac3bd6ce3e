package tariff

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
)

var (
	qVersions = db.Query(`SELECT number, content FROM tariff_version ORDER BY from_us, number`)
	qLock     = db.Query(`SELECT number, content FROM tariff_version ORDER BY from_us, number {for_update}`)
	qKeep     = db.Query(`INSERT INTO tariff_version (number, from_us, content, kept_us) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`)
	qReplace  = db.Query(`UPDATE tariff_version SET from_us = $2, content = $3, kept_us = $4 WHERE number = $1`)
)

// ReadBook reads every version that the database keeps.
func ReadBook(ctx context.Context, r db.Reader) (Book, error) { return read(ctx, r, qVersions) }

func read(ctx context.Context, r db.Reader, q *db.Stmt) (Book, error) {
	rows, err := r.Rows(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("versions of the tariff: %w", err)
	}
	defer rows.Close()
	var out Book
	for rows.Next() {
		var number int64
		var content string
		if err := rows.Scan(&number, &content); err != nil {
			return nil, err
		}
		v, err := Parse(content)
		if err == nil && v.Number != number {
			err = fmt.Errorf("it calls itself %d", v.Number)
		}
		if err != nil {
			return nil, fmt.Errorf("version %d of the tariff is damaged: %w", number, err)
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// begin gives a database without versions the price list of the house.
func (s *Service) begin(ctx context.Context) (Book, error) {
	v := Standard()
	err := s.db.Write(ctx, func(tx db.Tx) error {
		n, err := tx.Exec(ctx, qKeep, v.Number, v.From.UnixMicro(), v.Text(), tx.Now().UnixMicro())
		if err != nil || n == 0 { // another process was faster
			return err
		}
		return note(ctx, tx, "system", "tariff.kept", v)
	})
	if err != nil {
		return nil, fmt.Errorf("keep the price list of the house: %w", err)
	}
	return ReadBook(ctx, s.db)
}

// Outcome is what an import did.
type Outcome string

// The outcomes.
const (
	Kept     Outcome = "kept"
	Known    Outcome = "known"    // it came again, word for word
	Replaced Outcome = "replaced" // it was not in force yet
)

// Import keeps a version. The same again changes nothing. What is in force, or
// will be within Lead, never changes; a new version needs a greater number and
// a later moment than all before it.
func (s *Service) Import(ctx context.Context, v Version, actor string) (Outcome, error) {
	if err := v.complete(); err != nil {
		return "", err
	}
	if _, err := s.Book(ctx); err != nil { // so that there is a first version to build on
		return "", err
	}
	var done Outcome
	err := s.db.Write(ctx, func(tx db.Tx) error {
		book, err := read(ctx, tx, qLock)
		if err != nil {
			return err
		}
		if done, err = book.admit(v, s.now()); err != nil || done == Known {
			return err
		}
		q := qKeep
		if done == Replaced {
			q = qReplace
		}
		n, err := tx.Exec(ctx, q, v.Number, v.From.UnixMicro(), v.Text(), s.now().UnixMicro())
		if err != nil {
			return err
		}
		if n != 1 {
			return fmt.Errorf("version %d was kept by somebody else at this moment: import it again", v.Number)
		}
		return note(ctx, tx, actor, "tariff."+string(done), v)
	})
	if err != nil {
		return "", err
	}
	s.seen.Store(nil)
	return done, nil
}

// complete refuses a version that leaves something of today without a price.
func (v Version) complete() error {
	for _, k := range Kinds() {
		found := false
		for _, r := range v.Rules {
			found = found || r.Kind == k
		}
		if !found {
			return fmt.Errorf("version %d has no price for %s", v.Number, k)
		}
	}
	return nil
}

// admit says what an import may do beside the versions there are.
func (b Book) admit(v Version, now time.Time) (Outcome, error) {
	out := Kept
	for _, was := range b {
		if was.Number == v.Number {
			if was.Text() == v.Text() {
				return Known, nil
			}
			if !was.From.After(now.Add(Lead)) {
				return "", fmt.Errorf("version %d is in force since %s and never changes; give the next one a greater number and a later day", v.Number, moment(was.From))
			}
			out = Replaced
		}
	}
	for _, other := range b {
		switch {
		case other.Number < v.Number && !other.From.Before(v.From):
			return "", fmt.Errorf("version %d comes into force %s, and version %d is to come later", other.Number, moment(other.From), v.Number)
		case other.Number > v.Number && (out == Kept || !other.From.After(v.From)):
			return "", fmt.Errorf("version %d is there already; the next one has a greater number and comes later", other.Number)
		}
	}
	if v.From.Before(now.Add(Lead)) {
		return "", fmt.Errorf("version %d would come into force %s, and the bank must know it %d minutes before", v.Number, moment(v.From), int64(Lead/time.Minute))
	}
	return out, nil
}

func moment(t time.Time) string { return t.In(clock.Moscow).Format(dayTime) }

func note(ctx context.Context, tx db.Tx, actor, act string, v Version) error {
	return audit.Append(ctx, tx, audit.Entry{At: tx.Now(), Actor: actor, Act: act, Subject: strconv.FormatInt(v.Number, 10), Details: []byte(v.Text())})
}
