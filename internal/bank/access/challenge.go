package access

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
)

// asking tells what a passkey's challenge is for; an answer to one is worthless
// for another.
type asking int16

const (
	toAdd    asking = 1 // a passkey is made
	toLogin  asking = 2 // nobody knows yet whose it is; kept only once it was answered
	toStepUp asking = 3
	toOrder  asking = 4 // the challenge is the hash of the order's text
)

// question is a challenge that waits for its one answer.
type question struct {
	purpose asking
	client  client.ID // 0: nobody's yet
	session id.ID
	ref     string // the challenge in base64url
}

var (
	qAsk = db.Query(`INSERT INTO passkey_challenge (challenge, purpose, client, session, until_us)
		VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`)
	qAnswered = db.Query(`DELETE FROM passkey_challenge
		WHERE challenge = $1 AND purpose = $2 AND client = $3 AND session = $4 AND until_us > $5`)
	// An order's text asked about again waits for an answer again.
	qAskOrder = db.Query(`INSERT INTO passkey_challenge (challenge, purpose, client, session, until_us)
		VALUES ($1, $2, $3, $4, $5) ON CONFLICT (challenge) DO UPDATE
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
	return s.write(ctx, qAsk, challenge, int16(q.purpose), int64(q.client), q.session.Bytes(), micro(s.now().Add(s.limits.Challenge)))
}

// answered uses a challenge up, whatever its answer is worth.
func (s *Service) answered(ctx context.Context, q question) error {
	challenge, err := b64.DecodeString(q.ref)
	if err != nil || b64.EncodeToString(challenge) != q.ref || len(challenge) > sha256.Size {
		return ErrChallenge
	}
	return s.db.Write(ctx, func(tx db.Tx) error {
		n, err := tx.Exec(ctx, qAnswered, challenge, int16(q.purpose), int64(q.client), q.session.Bytes(), micro(s.now()))
		if err == nil && n == 0 {
			err = ErrChallenge
		}
		return err
	})
}

// A login by passkey is begun by strangers, so beginning one writes nothing:
// its reference carries the text under a MAC, with the time it was made, and
// only the right answer takes a row, which keeps it from being right twice.
const (
	refMAC  = 16 // bytes
	refTime = 8
	refMost = 1000 // letters
)

func (s *Service) loginRef(text string, now time.Time) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(micro(now)))
	b = append(b, text...)
	return b64.EncodeToString(append(s.loginRefMAC(b), b...))
}

func (s *Service) loginRefMAC(b []byte) []byte {
	return s.vault.MAC("access.passkey_login", b)[:refMAC:refMAC]
}

// readLoginRef gives the text of a login that is still awaited, and until when.
func (s *Service) readLoginRef(ref string) (text string, ends time.Time, err error) {
	if len(ref) > refMost {
		return "", time.Time{}, ErrChallenge
	}
	raw, err := b64.DecodeString(ref)
	if err != nil || len(raw) < refMAC+refTime || b64.EncodeToString(raw) != ref || !hmac.Equal(raw[:refMAC], s.loginRefMAC(raw[refMAC:])) {
		return "", time.Time{}, ErrChallenge
	}
	raw = raw[refMAC:]
	ends = moment(int64(binary.BigEndian.Uint64(raw))).Add(s.limits.LoginOpen) // #nosec G115 -- our own number, see the MAC
	if !s.now().Before(ends) {
		return "", time.Time{}, ErrChallenge
	}
	return string(raw[refTime:]), ends, nil
}

// useLogin uses the challenge of a login up; of two answers at once, one does.
func (s *Service) useLogin(ctx context.Context, tx db.Tx, challenge []byte, ends time.Time) error {
	n, err := tx.Exec(ctx, qAsk, challenge, int16(toLogin), int64(0), id.ID{}.Bytes(), micro(ends))
	if err == nil && n == 0 {
		err = ErrChallenge
	}
	return err
}
