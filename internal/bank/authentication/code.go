package authentication

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/rail/threeds"
)

const codeDigits = 6

// Resend sends another code; the one before is void.
func (s *Service) Resend(ctx context.Context, acsTransID, token string) (Shown, error) {
	r, err := s.own(ctx, acsTransID, token)
	if err != nil {
		return Shown{}, err
	}
	if r, err = s.send(ctx, r); err != nil {
		return Shown{}, err
	}
	return s.show(ctx, r)
}

// send draws a code and puts the message into the outbox.
func (s *Service) send(ctx context.Context, r row) (row, error) {
	who, err := s.d.People.ByID(ctx, r.client)
	if err != nil {
		return r, fmt.Errorf("send a code: %w", err)
	}
	code := s.d.Digits()
	was := r
	err = s.change(ctx, &r, func(tx db.Tx, r *row) error {
		now := s.now()
		switch {
		case r.state != Challenged || r.details.Decoupled:
			return nil
		case r.sends >= s.d.Rules.Sends:
			return ErrNoMoreCodes
		case !r.sent.IsZero() && now.Before(r.sent.Add(s.d.Rules.ResendAfter)):
			return ErrResendEarly.With("until", r.sent.Add(s.d.Rules.ResendAfter))
		}
		r.code, r.until, r.sent = s.codeMAC(*r, code), now.Add(s.d.Rules.CodeTTL), now
		r.sends++
		s.touch(r)
		if err := s.save(ctx, tx, r); err != nil {
			return err
		}
		return s.d.Messenger.SendOrderCode(ctx, tx, order.Message{
			Client: r.client, To: who.Phone, IP: r.details.IP, Text: vault.Hide(s.words(who.Lang, *r, code)), Until: r.until,
		})
	})
	if err != nil {
		return was, err
	}
	return r, nil
}

// words is the message: the code, what for, and the line by which a browser
// offers the code to this site alone (WebOTP).
func (s *Service) words(lang locale.Lang, r row, code string) string {
	p := locale.For(lang)
	args := []locale.Arg{locale.A("code", code), locale.A("shop", r.details.Shop), locale.A("card", r.details.Last4)}
	key := "authentication.sms_check"
	if sum := r.sum(); sum.Cur != 0 {
		key = "authentication.sms"
		args = append(args, locale.A("sum", sum.Text(p)))
	}
	return p.T(key, args...) + "\n\n@" + s.d.Host + " #" + code
}

// codeMAC binds a code to its transaction, card and sum.
func (s *Service) codeMAC(r row, code string) []byte {
	return s.d.Vault.MAC("authentication.sms_code", r.id.Bytes(), r.card.Bytes(), vault.Row64(r.amount), []byte(r.details.Currency), []byte(code))
}

// EnterCode takes what the buyer typed. The right code is the holder's yes; the
// last wrong one ends the challenge, and so does one too many of the card's,
// whatever purchase they were for.
func (s *Service) EnterCode(ctx context.Context, acsTransID, token, code string) (Shown, error) {
	r, err := s.own(ctx, acsTransID, token)
	if err != nil {
		return Shown{}, err
	}
	code, ok := readCode(code)
	if !ok {
		return Shown{}, ErrCodeForm
	}
	var why error
	err = s.change(ctx, &r, func(tx db.Tx, r *row) error {
		why = nil
		if r.state != Challenged {
			return nil
		}
		s.touch(r)
		if len(r.code) == 0 || !s.now().Before(r.until) {
			why = ErrCodeStale
			return s.save(ctx, tx, r)
		}
		err := tx.Row(ctx, qTurn, int64(r.client), r.card.Bytes(), s.wrongSince()).Scan(new([]byte))
		if err != nil && !errors.Is(err, db.ErrNoRows) {
			return fmt.Errorf("turn of a card: %w", err)
		}
		wrongs, err := s.wrongs(ctx, tx, r.client, r.card)
		if err != nil {
			return err
		}
		if wrongs >= s.d.Rules.CardTries {
			return s.conclude(ctx, tx, r, ending{status: threeds.Denied, reason: threeds.FrequencyExceeded})
		}
		if s.d.Vault.CheckMAC(r.code, "authentication.sms_code", r.id.Bytes(), r.card.Bytes(), vault.Row64(r.amount), []byte(r.details.Currency), []byte(code)) {
			return s.conclude(ctx, tx, r, ending{status: threeds.Authenticated, method: threeds.MethodSMSCode})
		}
		r.wrong++
		if r.wrong >= s.d.Rules.Tries || wrongs+1 >= s.d.Rules.CardTries {
			return s.conclude(ctx, tx, r, ending{status: threeds.Denied, reason: threeds.ExceedsChallenges})
		}
		why = ErrWrongCode.With("n", int(s.d.Rules.Tries-r.wrong))
		return s.save(ctx, tx, r)
	})
	if err == nil {
		err = why
	}
	if err != nil {
		return Shown{}, err
	}
	return s.show(ctx, r)
}

// wrongSince is since when wrong codes count.
func (s *Service) wrongSince() int64 { return s.now().Add(-s.d.Rules.CardPause).UnixMicro() }

// wrongs counts the wrong codes of a card lately, over all its purchases.
func (s *Service) wrongs(ctx context.Context, from db.Reader, who client.ID, card id.ID) (n int64, err error) {
	err = from.Row(ctx, qWrong, int64(who), card.Bytes(), s.wrongSince()).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("wrong codes of a card: %w", err)
	}
	return n, nil
}

// readCode takes a code as people and phones give it: «123 456», «123-456».
func readCode(s string) (string, bool) {
	if len(s) > 32 {
		return "", false
	}
	s = strings.NewReplacer(" ", "", "\u00a0", "", "-", "").Replace(strings.TrimSpace(s))
	return s, len(s) == codeDigits && strings.Trim(s, "0123456789") == ""
}
