package bin

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
)

var (
	qNewest  = db.Query(`SELECT number FROM bin_table ORDER BY number DESC LIMIT 1`)
	qContent = db.Query(`SELECT content FROM bin_table WHERE number = $1`)
	qKeep    = db.Query(`INSERT INTO bin_table (number, content, lines, kept_us) VALUES ($1, $2, $3, $4)`)
)

// fresh is how long a process goes on without asking whether there is a newer table.
const fresh = time.Minute

// Service knows the table that the operator imported last, or the one that
// came with the program. It is safe for concurrent use.
type Service struct {
	db *db.DB

	mu     sync.Mutex
	table  *Table
	number int64 // of table; 0: the one that came with the program
	asked  time.Time
}

// New makes the service.
func New(d *db.DB) *Service { return &Service{db: d} }

// Find tells who issued a card.
func (s *Service) Find(ctx context.Context, digits string) (Issuer, error) {
	t, err := s.Table(ctx)
	if err != nil {
		return Issuer{}, err
	}
	return t.Find(digits), nil
}

// Table gives the table in force; another process's import is seen within a minute.
func (s *Service) Table(ctx context.Context) (*Table, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.db.Now()
	if s.table != nil && !now.Before(s.asked) && now.Sub(s.asked) < fresh {
		return s.table, nil
	}
	number, err := newest(ctx, s.db)
	if err != nil {
		return nil, err
	}
	if s.table == nil || number != s.number {
		t := Standard()
		if number > 0 {
			if t, err = load(ctx, s.db, number); err != nil {
				return nil, err
			}
		}
		s.table, s.number = t, number
	}
	s.asked = now
	return s.table, nil
}

func newest(ctx context.Context, r db.Reader) (int64, error) {
	var number int64
	err := r.Row(ctx, qNewest).Scan(&number)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return 0, fmt.Errorf("newest table of card prefixes: %w", err)
	}
	return number, nil
}

func load(ctx context.Context, r db.Reader, number int64) (*Table, error) {
	var content string
	if err := r.Row(ctx, qContent, number).Scan(&content); err != nil {
		return nil, fmt.Errorf("table %d of card prefixes: %w", number, err)
	}
	t, err := Parse(content)
	if err != nil {
		return nil, fmt.Errorf("table %d of card prefixes is damaged: %w", number, err)
	}
	return t, nil
}

// Import keeps a table, which counts from now on; the one in force again
// changes nothing (false). Earlier ones stay, so that it can be told later
// which bank a card was taken for.
func (s *Service) Import(ctx context.Context, text, actor string) (t *Table, fresh bool, err error) {
	if t, err = Parse(text); err != nil {
		return nil, false, err
	}
	err = s.db.Write(ctx, func(tx db.Tx) error {
		number, err := newest(ctx, tx)
		if err != nil {
			return err
		}
		if number > 0 {
			var content string
			if err := tx.Row(ctx, qContent, number).Scan(&content); err != nil {
				return err
			}
			if content == text {
				fresh = false
				return nil
			}
		}
		fresh = true
		if _, err := tx.Exec(ctx, qKeep, number+1, text, int64(t.lines), tx.Now().UnixMicro()); err != nil {
			if db.IsUnique(err) {
				return errors.New("another table was kept at this moment: import again")
			}
			return err
		}
		return audit.Append(ctx, tx, audit.Entry{At: tx.Now(), Actor: actor, Act: "bins.kept", Subject: strconv.FormatInt(number+1, 10)})
	})
	if err != nil {
		return nil, false, err
	}
	s.mu.Lock()
	s.table = nil
	s.mu.Unlock()
	return t, fresh, nil
}
