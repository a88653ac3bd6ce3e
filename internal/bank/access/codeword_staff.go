package access

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
)

// Staff is a member of staff who acts for a client on the phone.
type Staff interface {
	Name() string // short, «Ирина К.», as the client may see it
	Ref() string  // in the audit trail, «sm_…»
}

// ErrNotHeard tells that the caller has not said his code word to this member
// of staff within the last quarter of an hour.
var ErrNotHeard = fault.New(fault.Refused, "access.code_word_not_heard")

// heardFor is how long a right code word allows its member of staff one act.
const heardFor = 15 * time.Minute

var (
	qHeard = db.Query(`INSERT INTO code_word_check (client, id, staff, fits, made_us) VALUES ($1, $2, $3, $4, $5)`)
	qUse   = db.Query(`UPDATE code_word_check SET used_us = $3
		WHERE client = $1 AND staff = $2 AND fits = 1 AND used_us IS NULL AND made_us > $4`)
	qSweepHeard = db.Query(`DELETE FROM code_word_check WHERE made_us < $1`)
)

// CheckCodeWord tells staff whether what the caller said is his code word: yes
// or no and nothing else (A12). The client is told of every check. A yes
// allows the same member of staff one act for this client: StartRecovery or
// StartNumberChange. The refusals are ErrCodeWordForm (nothing was tried),
// ErrNoCodeWord and ErrCodeWordPaused.
func (s *Service) CheckCodeWord(ctx context.Context, who client.ID, by Staff, word string) (bool, error) {
	has, err := s.HasCodeWord(ctx, who)
	if err != nil {
		return false, err
	}
	if !has {
		return false, ErrNoCodeWord
	}
	err = s.judgeCodeWord(ctx, who, word, staffActor(by))
	fits := err == nil
	if !fits && !errors.Is(err, ErrWrongCodeWord) && !errors.Is(err, ErrCodeWordPaused) {
		return false, err
	}
	refusal := err
	err = s.db.Write(ctx, func(tx db.Tx) error {
		n := 0
		if fits {
			n = 1
			if err := s.raise(ctx, tx, who, Alert{Kind: AlertCodeWordHeard, Staff: by.Name()}); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, qHeard, int64(who), s.ids.New().Bytes(), by.Ref(), n, micro(s.now())); err != nil {
			return fmt.Errorf("a code word was heard: %w", err)
		}
		act := "code_word.no"
		if fits {
			act = "code_word.yes"
		}
		return s.recordBy(ctx, tx, staffActor(by), who, act, "", "")
	})
	if err != nil {
		return false, err
	}
	if errors.Is(refusal, ErrCodeWordPaused) {
		return false, refusal
	}
	return fits, nil
}

// useHeard takes the one act that a right code word allows.
func (s *Service) useHeard(ctx context.Context, tx db.Tx, who client.ID, by Staff) error {
	now := s.now()
	n, err := tx.Exec(ctx, qUse, int64(who), by.Ref(), micro(now), micro(now.Add(-heardFor)))
	if err != nil {
		return fmt.Errorf("use a code word: %w", err)
	}
	if n == 0 {
		return ErrNotHeard
	}
	return nil
}

func staffActor(by Staff) string { return "staff:" + strings.TrimPrefix(by.Ref(), "staff:") }

// recordBy is record for an act of somebody named.
func (s *Service) recordBy(ctx context.Context, tx db.Tx, actor string, who client.ID, act, subject, details string) error {
	return audit.Append(ctx, tx, audit.Entry{
		At: tx.Now(), Actor: actor, Client: int64(who), Act: act, Subject: subject, Details: []byte(details),
	})
}

// Prefixes of what recovery makes.
const (
	AlertPrefix    = "al"
	RecoveryPrefix = "rv"
	NumberPrefix   = "nc"
)
