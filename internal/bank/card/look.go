package card

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

// The refusals of how a card looks.
var (
	ErrName = fault.New(fault.Invalid, "card.bad_name").At("name") // up to 30 visible characters
	ErrArt  = fault.New(fault.Invalid, "card.bad_art").At("art")
)

const maxName = 30

var (
	qRename = db.Query(`UPDATE card SET name = $3 WHERE client = $1 AND id = $2 AND state NOT IN (3, 6)`)
	qArt    = db.Query(`UPDATE card SET art = $3 WHERE client = $1 AND id = $2 AND state NOT IN (3, 6)`)
	// All cards in one statement: whoever comes second finds the rows locked
	// and sets them all again, so there is one main card at any time.
	qSetMain = db.Query(`UPDATE card SET main = CASE WHEN id = $2 THEN 1 ELSE 0 END WHERE client = $1
		AND EXISTS (SELECT 1 FROM card o WHERE o.client = $1 AND o.id = $2 AND o.state NOT IN (3, 6))`)
)

// Rename gives a card the name its owner calls it; an empty one takes it away.
func (s *Service) Rename(ctx context.Context, who client.ID, card id.ID, name string) error {
	name, err := cardName(name)
	if err != nil {
		return err
	}
	sealed, err := s.sealName(card, name)
	if err != nil {
		return err
	}
	return s.simple(ctx, who, card, "card.renamed", qRename, sealed)
}

// cardName gives a name in its one form: visible characters, one blank between
// words.
func cardName(name string) (string, error) {
	name = strings.Join(strings.Fields(name), " ")
	if !utf8.ValidString(name) || utf8.RuneCountInString(name) > maxName {
		return "", ErrName
	}
	for _, r := range name {
		if !unicode.IsPrint(r) {
			return "", ErrName
		}
	}
	return name, nil
}

func (s *Service) sealName(card id.ID, name string) ([]byte, error) {
	if name == "" {
		return []byte{}, nil
	}
	return s.vault.SealText(vault.PII, at("card.name", card), name)
}

// SetArt chooses the picture on a card.
func (s *Service) SetArt(ctx context.Context, who client.ID, card id.ID, a Art) error {
	if !a.known() {
		return ErrArt
	}
	return s.simple(ctx, who, card, "card.painted", qArt, int16(a))
}

func (a Art) known() bool { return a >= 0 && a <= Mint }

// SetMain makes a card the one that is shown first and that forms choose.
func (s *Service) SetMain(ctx context.Context, who client.ID, card id.ID) error {
	return s.simple(ctx, who, card, "card.made_main", qSetMain)
}

// simple runs one UPDATE of a living card, with its line in the audit trail.
func (s *Service) simple(ctx context.Context, who client.ID, card id.ID, act string, q *db.Stmt, args ...any) error {
	return s.db.Write(ctx, func(tx db.Tx) error {
		n, err := tx.Exec(ctx, q, append([]any{int64(who), card.Bytes()}, args...)...)
		if err != nil {
			return fmt.Errorf("%s: %w", act, err)
		}
		if n == 0 {
			return s.why(ctx, tx, who, card, ErrDead)
		}
		return record(ctx, tx, who, byClient, act, card.Text(Prefix))
	})
}
