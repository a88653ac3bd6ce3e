package access

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/vault"
)

// The refusals of code words.
var (
	ErrCodeWordForm   = fault.New(fault.Invalid, "access.code_word_form")     // no try is lost
	ErrWrongCodeWord  = fault.New(fault.Invalid, "access.wrong_code_word")    // n
	ErrCodeWordPaused = fault.New(fault.Throttled, "access.code_word_paused") // until
	ErrNoCodeWord     = fault.New(fault.Refused, "access.no_code_word")       // a client of the old way: none was chosen yet
)

const (
	minCodeWord = 3 // letters and digits, after normalising
	maxCodeWord = 40
	// maxCodeWordInput bounds what is normalised.
	maxCodeWordInput = 400
	codeWordTries    = 5
	codeWordWindow   = 24 * time.Hour
	codeWordField    = "code_word"
)

// codeWords counts the tries of a client's code word, wherever they are made:
// on the phone, in the profile and on the way back (A12).
const codeWords tallyKind = 24

var (
	qCodeWord    = db.Query(`SELECT hash FROM code_word WHERE client = $1`)
	qCodeWordSet = db.Query(`INSERT INTO code_word (client, hash, set_us) VALUES ($1, $2, $3)
		ON CONFLICT (client) DO UPDATE SET hash = excluded.hash, set_us = excluded.set_us`)

	_ = vault.Declare(vault.Column{Table: "code_word", Name: "hash", Class: vault.Secret, Key: []string{"client"}})
)

// normalCodeWord is what is hashed: the word as it sounds. Case, spaces,
// hyphens and ё are not heard on the phone.
func normalCodeWord(word string) (string, error) {
	if len(word) > maxCodeWordInput {
		return "", ErrCodeWordForm.At(codeWordField)
	}
	var b strings.Builder
	letters, all := 0, 0
	for _, r := range strings.ToLower(norm.NFKC.String(word)) {
		switch {
		case unicode.IsSpace(r) || r == '-' || r == '\u2010' || r == '\u2011':
			continue
		case r == 'ё':
			r = 'е'
		}
		if unicode.IsLetter(r) {
			letters++
		} else if !unicode.IsDigit(r) && !unicode.IsMark(r) {
			return "", ErrCodeWordForm.At(codeWordField)
		}
		all++
		b.WriteRune(r)
	}
	if all < minCodeWord || all > maxCodeWord || letters == 0 {
		return "", ErrCodeWordForm.At(codeWordField)
	}
	return b.String(), nil
}

// ValidCodeWord tells what is wrong with a chosen code word; nil when nothing is.
func ValidCodeWord(word string) error {
	_, err := normalCodeWord(word)
	return err
}

// HashCodeWord hashes a code word for SetCodeWordHash. It takes a while by
// design, so call it outside a unit of work.
func (s *Service) HashCodeWord(ctx context.Context, word string) (vault.Hidden, error) {
	normal, err := normalCodeWord(word)
	if err != nil {
		return vault.Hidden{}, err
	}
	hash, err := s.vault.HashPasscode(ctx, spoken(normal))
	return vault.Hide(hash), err
}

// spoken keeps code words and passcodes apart: one never fits the other's hash.
func spoken(normal string) string { return "code word\x00" + normal }

// SetCodeWordHash keeps what HashCodeWord made. It tells nobody: whoever
// changes the word of a client who has one also calls MarkChanged.
func (s *Service) SetCodeWordHash(ctx context.Context, tx db.Tx, who client.ID, hash vault.Hidden) error {
	sealed, err := s.vault.SealText(vault.Secret, codeWordAt(who), hash.Reveal())
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, qCodeWordSet, int64(who), sealed, micro(s.now())); err != nil {
		return fmt.Errorf("set a code word: %w", err)
	}
	return nil
}

// SetCodeWord hashes and keeps a client's first code word.
func (s *Service) SetCodeWord(ctx context.Context, tx db.Tx, who client.ID, word string) error {
	hash, err := s.HashCodeWord(ctx, word)
	if err != nil {
		return err
	}
	return s.SetCodeWordHash(ctx, tx, who, hash)
}

// HasCodeWord tells whether a client has chosen a code word yet.
func (s *Service) HasCodeWord(ctx context.Context, who client.ID) (bool, error) {
	stored, err := s.storedCodeWord(ctx, s.db, who)
	return stored != "", err
}

// storedCodeWord reads a client's hash; empty, which no word fits, for who has none.
func (s *Service) storedCodeWord(ctx context.Context, r db.Reader, who client.ID) (string, error) {
	var sealed []byte
	err := r.Row(ctx, qCodeWord, int64(who)).Scan(&sealed)
	if errors.Is(err, db.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("code word: %w", err)
	}
	return s.vault.OpenText(vault.Secret, codeWordAt(who), sealed)
}

// judgeCodeWord checks a code word that came from heard («client», or who of
// the staff was on the phone); nil means right. Of all tries in a day, from
// wherever, five may be wrong, and a right one gives none of those back: it
// must not help whoever is guessing beside the client.
func (s *Service) judgeCodeWord(ctx context.Context, who client.ID, word, actor string) error {
	normal, err := normalCodeWord(word)
	if err != nil {
		return err
	}
	return s.once(ctx, func(ctx context.Context) error { return s.judgeNormal(ctx, who, normal, actor) },
		[]byte("code word"), vault.Row64(int64(who)), []byte(normal), []byte(actor))
}

func (s *Service) judgeNormal(ctx context.Context, who client.ID, normal, actor string) error {
	key := vault.Row64(int64(who))
	var stored string
	var tries int
	var until time.Time
	err := s.db.Write(ctx, func(tx db.Tx) (err error) {
		tries, until, err = count(ctx, tx, codeWords, key, s.now(), codeWordWindow)
		switch {
		case err != nil:
			return err
		case tries > codeWordTries:
			return ErrCodeWordPaused.With("until", until).At(codeWordField)
		}
		stored, err = s.storedCodeWord(ctx, tx, who)
		return err
	})
	if err != nil {
		return err
	}
	right, err := s.vault.CheckPasscode(ctx, stored, spoken(normal))
	switch {
	case errors.Is(err, vault.ErrBusy):
		return errors.Join(err, s.write(ctx, qUncount, int16(codeWords), key))
	case err != nil:
		return err
	case right:
		return s.write(ctx, qUncount, int16(codeWords), key)
	}
	refusal := ErrWrongCodeWord.With("n", codeWordTries-tries)
	if tries >= codeWordTries {
		refusal = ErrCodeWordPaused.With("until", until)
	}
	err = s.db.Write(ctx, func(tx db.Tx) error {
		if err := s.raise(ctx, tx, who, Alert{Kind: AlertCodeWordWrong}); err != nil {
			return err
		}
		return s.recordBy(ctx, tx, actor, who, "code_word.wrong", "", "")
	})
	if err != nil {
		return err
	}
	return refusal.At(codeWordField)
}

func codeWordAt(who client.ID) vault.At {
	return vault.At{Table: "code_word.hash", Row: vault.Row64(int64(who))}
}
