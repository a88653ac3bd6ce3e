package access

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
)

// CodeSent tells of a code on its way to a phone.
type CodeSent struct {
	Phone    phone.Number // prints masked
	ResendAt time.Time
	Ends     time.Time
}

// What a code inside a session is for; one for the other is worthless (A02).
const (
	codeForPasscode = 1
	codeForNumber   = 2
)

var (
	qFactorCode    = db.Query(`SELECT code, code_us, sent_us FROM factor_code WHERE client = $1 AND session = $2 AND purpose = $3 {for_update}`)
	qFactorCodeSet = db.Query(`INSERT INTO factor_code (client, session, purpose, code, code_us, sent_us) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (client, session, purpose) DO UPDATE SET code = excluded.code, code_us = excluded.code_us, sent_us = excluded.sent_us`)
	qFactorCodeEnd   = db.Query(`UPDATE factor_code SET code = NULL WHERE client = $1 AND session = $2 AND purpose = $3`)
	qSweepFactorCode = db.Query(`DELETE FROM factor_code WHERE code_us < $1`)
)

// fresh tells whether a proof is this session's own and of the last minutes.
func (s *Service) fresh(in Session, p Proof) error {
	if p.client == 0 || p.client != in.Client || p.session != in.ID || p.device != in.Device || s.now().Sub(p.at) > proofFor {
		return ErrStepUp
	}
	return nil
}

// sendFactorCode sends a code that is good for one change within one session.
func (s *Service) sendFactorCode(ctx context.Context, in Session, purpose int, to phone.Number, from Visitor) (out CodeSent, err error) {
	err = s.db.Write(ctx, func(tx db.Tx) error {
		now := s.now()
		if _, err := s.session(tx.Row(ctx, qAlive, int64(in.Client), in.ID.Bytes())); err != nil {
			return err
		}
		var old []byte
		var ends, sent int64
		err := tx.Row(ctx, qFactorCode, int64(in.Client), in.ID.Bytes(), purpose).Scan(&old, &ends, &sent)
		if err != nil && !noRows(err) {
			return fmt.Errorf("code of a change: %w", err)
		}
		if next := moment(sent).Add(s.limits.ResendAfter); sent != 0 && now.Before(next) {
			return ErrResendEarly.With("until", next)
		}
		phoneHash := s.vault.Lookup(vault.Phone, to.E164())
		n, until, err := counted(ctx, tx, wrongCodes, phoneHash, now, s.limits.CodePause)
		if err != nil {
			return err
		}
		if n >= s.limits.WrongCodes {
			return ErrCodesPaused.With("until", until)
		}
		if purpose != codeForNumber { // the new number of a changed one has a new card by right
			if err := s.simTrusted(ctx, tx, to); err != nil {
				return err
			}
		}
		if err := s.guardCost(ctx, tx, to, from.IP, now); err != nil {
			return err
		}
		code := newCode()
		out = CodeSent{Phone: to, ResendAt: now.Add(s.limits.ResendAfter), Ends: now.Add(s.limits.CodeTTL)}
		_, err = tx.Exec(ctx, qFactorCodeSet, int64(in.Client), in.ID.Bytes(), purpose, s.factorHash(in, purpose, phoneHash, code), micro(out.Ends), micro(now))
		if err != nil {
			return fmt.Errorf("code of a change: %w", err)
		}
		key := "access.sms_passcode"
		if purpose == codeForNumber {
			key = "access.sms_number"
		}
		text := locale.For(in.Lang).T(key, locale.A("code", code)) + s.codeLine(code)
		return SendSMS(ctx, tx, s.vault, in.Client, SMS{Key: s.ids.New(), To: to, Text: vault.Hide(text), Until: out.Ends})
	})
	return out, err
}

// codeLine is the last line of a code SMS, by which a browser offers the code
// to this site alone (WebOTP).
func (s *Service) codeLine(code string) string { return "\n\n@" + s.host + " #" + code }

func (s *Service) factorHash(in Session, purpose int, phoneHash []byte, code string) []byte {
	return s.vault.MAC("access.factor_code", vault.Row64(int64(in.Client)), in.ID.Bytes(), in.Device.Bytes(), []byte{byte(purpose)}, phoneHash, []byte(code))
}

// judgeFactorCode takes a code; nil means right. It does not yet use the code
// up, so that a slip in another field of the form costs no new SMS.
func (s *Service) judgeFactorCode(ctx context.Context, in Session, purpose int, to phone.Number, code string) error {
	code, ok := readCode(code)
	if !ok {
		return ErrCodeForm.At("code")
	}
	phoneHash := s.vault.Lookup(vault.Phone, to.E164())
	var refusal error // a wrong try must be kept, so it commits
	err := s.db.Write(ctx, func(tx db.Tx) error {
		refusal = nil
		now := s.now()
		n, until, err := count(ctx, tx, wrongCodes, phoneHash, now, s.limits.CodePause)
		switch {
		case err != nil:
			return err
		case n > s.limits.WrongCodes:
			return ErrCodesPaused.With("until", until).At("code")
		}
		want, err := s.factorCode(ctx, tx, in.Client, in, purpose, now)
		if err != nil {
			return err
		}
		if hmac.Equal(want, s.factorHash(in, purpose, phoneHash, code)) {
			_, err := tx.Exec(ctx, qUncount, int16(wrongCodes), phoneHash)
			return err
		}
		refusal = ErrWrongCode.With("n", s.limits.WrongCodes-n).At("code")
		if n == s.limits.WrongCodes {
			refusal = ErrCodesPaused.With("until", until).At("code")
			if err := s.endFactorCode(ctx, tx, in, purpose); err != nil {
				return err
			}
		}
		return s.record(ctx, tx, in.Client, "code.wrong", in.ID.Text(SessionPrefix), "")
	})
	return errors.Join(err, refusal)
}

func (s *Service) factorCode(ctx context.Context, tx db.Tx, who client.ID, in Session, purpose int, now time.Time) ([]byte, error) {
	var want []byte
	var ends, sent int64
	err := tx.Row(ctx, qFactorCode, int64(who), in.ID.Bytes(), purpose).Scan(&want, &ends, &sent)
	if err != nil && !noRows(err) {
		return nil, fmt.Errorf("code of a change: %w", err)
	}
	if err != nil || want == nil || !now.Before(moment(ends)) {
		return nil, ErrCodeStale.At("code")
	}
	return want, nil
}

func (s *Service) endFactorCode(ctx context.Context, tx db.Tx, in Session, purpose int) error {
	if _, err := tx.Exec(ctx, qFactorCodeEnd, int64(in.Client), in.ID.Bytes(), purpose); err != nil {
		return fmt.Errorf("code of a change: %w", err)
	}
	return nil
}

// useFactorCode uses a code up that was right a moment ago; of two changes
// that come at once with one code, one is made (A01).
func (s *Service) useFactorCode(ctx context.Context, tx db.Tx, in Session, purpose int, to phone.Number, code string) error {
	code, _ = readCode(code)
	want, err := s.factorCode(ctx, tx, in.Client, in, purpose, s.now())
	if err != nil {
		return err
	}
	if !hmac.Equal(want, s.factorHash(in, purpose, s.vault.Lookup(vault.Phone, to.E164()), code)) {
		return ErrCodeStale.At("code")
	}
	return s.endFactorCode(ctx, tx, in, purpose)
}
