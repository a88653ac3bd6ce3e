package access

import (
	"context"
	"errors"
	"fmt"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
)

// asking tells what a passkey's challenge is for; an answer to one is worthless
// for another.
type asking int16

const (
	toAdd    asking = 1 // a passkey is made
	toLogin  asking = 2 // nobody knows yet whose it is
	toStepUp asking = 3
	toOrder  asking = 4 // the challenge is the hash of the order's text
)

// question is a challenge that waits for its one answer.
type question struct {
	purpose asking
	client  client.ID // 0: nobody's yet
	session id.ID
	ref     string // the challenge in base64url
	text    string // what is signed with it
}

var (
	qAsk = db.Query(`INSERT INTO passkey_challenge (challenge, purpose, client, session, text, until_us)
		VALUES ($1, $2, $3, $4, $5, $6)`)
	qAnswered = db.Query(`DELETE FROM passkey_challenge
		WHERE challenge = $1 AND purpose = $2 AND client = $3 AND session = $4 AND until_us > $5 RETURNING text`)
	// An order's text asked about again waits for an answer again.
	qAskOrder = db.Query(`INSERT INTO passkey_challenge (challenge, purpose, client, session, text, until_us)
		VALUES ($1, $2, $3, $4, '', $5) ON CONFLICT (challenge) DO UPDATE
		SET session = excluded.session, until_us = excluded.until_us, answer = NULL
		WHERE passkey_challenge.client = excluded.client AND passkey_challenge.purpose = excluded.purpose`)
	qAnswerOrder = db.Query(`UPDATE passkey_challenge SET answer = $6
		WHERE challenge = $1 AND purpose = $2 AND client = $3 AND session = $4 AND until_us > $5 AND answer IS NULL`)
	qSameAnswer = db.Query(`SELECT COUNT(*) FROM passkey_challenge
		WHERE challenge = $1 AND purpose = $2 AND client = $3 AND session = $4 AND until_us > $5 AND answer = $6`)
)

func (s *Service) ask(ctx context.Context, q question) error {
	challenge, err := b64.DecodeString(q.ref)
	if err != nil {
		return fmt.Errorf("challenge: %w", err)
	}
	return s.write(ctx, qAsk, challenge, int16(q.purpose), int64(q.client), q.session.Bytes(), q.text,
		micro(s.now().Add(s.limits.Challenge)))
}

// answered uses a challenge up, whatever its answer is worth, and gives the
// text that was kept with it.
func (s *Service) answered(ctx context.Context, q question) (text string, err error) {
	challenge, err := b64.DecodeString(q.ref)
	if err != nil || b64.EncodeToString(challenge) != q.ref {
		return "", ErrChallenge
	}
	err = s.db.Write(ctx, func(tx db.Tx) error {
		err := tx.Row(ctx, qAnswered, challenge, int16(q.purpose), int64(q.client), q.session.Bytes(), micro(s.now())).Scan(&text)
		if errors.Is(err, db.ErrNoRows) {
			return ErrChallenge
		}
		return err
	})
	return text, err
}
