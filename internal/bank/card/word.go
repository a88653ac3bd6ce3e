package card

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"strconv"
	"time"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

var (
	qWord  = db.Query(`SELECT print, main FROM card_word WHERE client = $1 AND card = $2`)
	qWords = db.Query(`INSERT INTO card_word (client, card, print, main) VALUES ($1, $2, $3, $4)`)
)

// wish is what a program's word stands for, beside the card itself.
type wish struct {
	word  string // empty: a page's key makes the card
	place Place
}

// print tells one wish from another. It is keyed, so that nobody reads an
// address out of it by trying.
func (s *Service) print(c Card, place Place) ([]byte, error) {
	rules, err := c.Rules.pack()
	if err != nil {
		return nil, err
	}
	n := func(n int64) []byte { return strconv.AppendInt(nil, n, 10) }
	return s.vault.MAC("card.wish", vault.Row64(int64(c.Client)), n(int64(c.Product)), n(int64(c.Account)), []byte(c.Name), n(int64(c.Art)),
		[]byte(rules), []byte(c.Rules.Merchant), n(flag(c.DynamicCVC)), []byte(place.Address), []byte(place.Wish)), nil
}

// keepWish remembers what a word was given for.
func (s *Service) keepWish(ctx context.Context, tx db.Tx, c Card, w wish) error {
	print, err := s.print(c, w.place)
	if err != nil {
		return err
	}
	main, err := mainOf(ctx, tx, c.Client)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, qWords, int64(c.Client), c.ID.Bytes(), print, flag(main == c.ID)); err != nil {
		return fmt.Errorf("wish of a card: %w", err)
	}
	return nil
}

// firstAnswer gives a card as its word made it: whatever became of it since, a
// program that asks again gets the answer it lost. ErrKey when the word was
// given for something else. Of cards older than this memory nothing of the kind
// is known: they are told as they stand.
func (s *Service) firstAnswer(ctx context.Context, asked Card, w wish, which id.ID) (Card, error) {
	was, err := s.ByID(ctx, asked.Client, which)
	if err != nil {
		return Card{}, err
	}
	was.Replay = true
	var kept []byte
	var main int64
	err = s.db.Row(ctx, qWord, int64(asked.Client), which.Bytes()).Scan(&kept, &main)
	if errors.Is(err, db.ErrNoRows) {
		return was, nil
	}
	if err != nil {
		return Card{}, fmt.Errorf("wish of a card: %w", err)
	}
	print, err := s.print(asked, w.place)
	if err != nil {
		return Card{}, err
	}
	if !hmac.Equal(kept, print) {
		return Card{}, ErrKey
	}
	was.State, was.Name, was.Art, was.Rules, was.DynamicCVC, was.Main = asked.State, asked.Name, asked.Art, asked.Rules, asked.DynamicCVC, main != 0
	was.FrozenBy, was.FrozenAt, was.Until, was.Why, was.Heir, was.Ended = 0, time.Time{}, time.Time{}, "", id.ID{}, time.Time{}
	was.PINSet, was.PINLeft = false, maxPIN
	return was, nil
}
