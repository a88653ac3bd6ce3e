package order

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
)

// How patient codes are.
const (
	codeTTL     = 5 * time.Minute
	resendAfter = 120 * time.Second
	maxWrong    = 5                // wrong tries of one text, over all its codes
	maxWrongAll = 10               // … of all texts of a client within pauseFor
	pauseFor    = 30 * time.Minute // how far back wrong tries count
	keepCodes   = 24 * time.Hour
	codeDigits  = 6
)

// Asker is the session that confirms.
type Asker struct {
	Client  client.ID
	Session id.ID
	Device  id.ID
	Lang    locale.Lang
	IP      string // may be empty
	// To is where codes go instead of the client's number: one that he has just
	// proved outside any session.
	To phone.Number
}

// phone gives where a code goes.
func (a Asker) phone(own phone.Number) phone.Number {
	if a.To.IsZero() {
		return own
	}
	return a.To
}

// Sent tells how a code went out.
type Sent struct {
	To       phone.Number // prints masked
	Until    time.Time    // until when it works
	ResendAt time.Time    // from when another may be asked for
}

var (
	qCode    = db.Query(`SELECT session, wrong, sent_us, until_us, used_us IS NOT NULL FROM order_code WHERE client = $1 AND print = $2`)
	qCodeNew = db.Query(`INSERT INTO order_code (client, print, session, code, wrong, sent_us, until_us) VALUES ($1, $2, $3, $4, 0, $5, $6)
		ON CONFLICT (client, print) DO UPDATE SET session = excluded.session, code = excluded.code, sent_us = excluded.sent_us, until_us = excluded.until_us`)
	qWrongs = db.Query(`SELECT CAST(COALESCE(SUM(wrong), 0) AS BIGINT), CAST(COALESCE(MIN(sent_us), 0) AS BIGINT)
		FROM order_code WHERE client = $1 AND sent_us > $2 AND wrong > 0`)
	// A try is taken before it is judged.
	qTry = db.Query(`UPDATE order_code SET wrong = wrong + 1
		WHERE client = $1 AND print = $2 AND session = $3 AND until_us > $4 AND wrong < $5 RETURNING wrong, code, used_us IS NOT NULL`)
	qUse        = db.Query(`UPDATE order_code SET wrong = wrong - 1, used_us = COALESCE(used_us, $3) WHERE client = $1 AND print = $2`)
	qSweepCodes = db.Query(`DELETE FROM order_code WHERE until_us < $1`)
)

// SendCode sends a code for exactly this text to the client's phone. The
// message names what it is for: sum and payee of a transfer.
func (s *Service) SendCode(ctx context.Context, a Asker, d Document) (Sent, error) {
	p, err := Parse(d.Text)
	if err != nil || p.ID != d.ID || p.Kind != d.Kind {
		return Sent{}, ErrNotSigned.Because(err)
	}
	who, err := s.d.People.ByID(ctx, a.Client)
	if err != nil {
		return Sent{}, fmt.Errorf("send a code: %w", err)
	}
	code := s.d.Digits()
	print := d.Print()
	var out Sent
	err = s.d.DB.Write(ctx, func(tx db.Tx) error {
		now := s.now()
		if err := paused(ctx, tx, a.Client, now); err != nil {
			return err
		}
		var session []byte
		var wrong int
		var sent, until int64
		var used bool
		err := tx.Row(ctx, qCode, int64(a.Client), print[:]).Scan(&session, &wrong, &sent, &until, &used)
		switch {
		case errors.Is(err, db.ErrNoRows):
		case err != nil:
			return fmt.Errorf("code of an order: %w", err)
		case used || wrong >= maxWrong:
			return ErrCodeStale
		default:
			if again := time.UnixMicro(sent).Add(resendAfter); now.Before(again) {
				return ErrResendEarly.With("until", again.UTC())
			}
		}
		out = Sent{To: a.phone(who.Phone), Until: now.Add(codeTTL), ResendAt: now.Add(resendAfter)}
		mac := s.codeMAC(a, print, code)
		if _, err := tx.Exec(ctx, qCodeNew, int64(a.Client), print[:], a.Session.Bytes(), mac, now.UnixMicro(), out.Until.UnixMicro()); err != nil {
			return fmt.Errorf("code of an order: %w", err)
		}
		return s.d.Messenger.SendOrderCode(ctx, tx, Message{
			Client: a.Client, To: out.To, Claimed: out.To != who.Phone, IP: a.IP, Text: vault.Hide(s.words(a.Lang, p, code)), Until: out.Until,
		})
	})
	return out, err
}

// words is the message: what for, the code, and the line by which a browser
// offers the code to this site alone (WebOTP).
func (s *Service) words(lang locale.Lang, p Parsed, code string) string {
	l := locale.For(lang)
	text := ""
	sum, inRoubles := p.Amount("amount")
	switch {
	case p.Kind == Transfer && inRoubles:
		text = l.T("order.sms_transfer", locale.A("code", code), locale.A("sum", sum), locale.A("name", p.Words("to")))
	case p.Kind == Link && inRoubles:
		text = l.T("order.sms_link", locale.A("code", code), locale.A("sum", sum), locale.A("phone", phone.Number(p.Words("to")).Pretty()))
	case p.Kind == OnlinePurchase:
		text = purchaseWords(l, p, code)
	default:
		text = l.T("order.sms_other", locale.A("code", code), locale.A("what", l.T("order.what."+p.Kind.word())))
	}
	return text + "\n\n@" + s.d.Host + " #" + code
}

// purchaseWords name shop, sum and card, as the code that goes to the shop's
// page does.
func purchaseWords(l *locale.Printer, p Parsed, code string) string {
	args := []locale.Arg{locale.A("code", code), locale.A("shop", p.Words("to")), locale.A("card", strings.TrimPrefix(p.Value("card"), "*"))}
	if p.Value("amount") == "none" {
		return l.T("order.sms_purchase_check", args...)
	}
	if sum, ok := p.Amount("amount"); ok {
		return l.T("order.sms_purchase", append(args, locale.A("sum", sum))...)
	}
	return l.T("order.sms_purchase", append(args, locale.A("sum", p.Value("amount")))...)
}

// word is the kind in catalogue keys.
func (k Kind) word() string {
	switch k {
	case NewToken:
		return "token"
	case NewPasskey, RemovePasskey:
		return "passkey"
	case PersonalData:
		return "person"
	case RaiseLimit:
		return "limit"
	case Closing:
		return "closing"
	case NewFactor:
		return "factor"
	case CardRules:
		return "card"
	case OnlinePurchase:
		return "purchase"
	case Link:
		return "link"
	}
	return "transfer"
}

func (s *Service) now() time.Time { return s.d.Now().UTC().Truncate(time.Microsecond) }

// codeMAC binds a code to client, session and text.
func (s *Service) codeMAC(a Asker, print [32]byte, code string) []byte {
	return s.d.Vault.MAC("order.code", vault.Row64(int64(a.Client)), a.Session.Bytes(), print[:], []byte(code))
}

// paused refuses a client who guessed too often lately, whatever the text.
func paused(ctx context.Context, r db.Reader, who client.ID, now time.Time) error {
	var n, first int64
	if err := r.Row(ctx, qWrongs, int64(who), now.Add(-pauseFor).UnixMicro()).Scan(&n, &first); err != nil {
		return fmt.Errorf("wrong codes: %w", err)
	}
	if n >= maxWrongAll {
		return ErrCodesPaused.With("until", time.UnixMicro(first).Add(pauseFor).UTC())
	}
	return nil
}

// AcceptCode takes the code for this text and counter-signs it, as Accept does
// for signatures. A code counts once: the same code with the same text again,
// as after a double tap, confirms the same order, which is carried out once.
func (s *Service) AcceptCode(ctx context.Context, a Asker, d Document, code string) (Signed, error) {
	code, ok := readCode(code)
	if !ok {
		return Signed{}, ErrCodeForm.At("code")
	}
	who, err := s.d.People.ByID(ctx, a.Client)
	if err != nil {
		return Signed{}, fmt.Errorf("accept a code: %w", err)
	}
	print := d.Print()
	var right bool
	var wrong int
	err = s.d.DB.Write(ctx, func(tx db.Tx) error {
		now := s.now()
		if err := paused(ctx, tx, a.Client, now); err != nil {
			return err
		}
		var mac []byte
		var used bool
		err := tx.Row(ctx, qTry, int64(a.Client), print[:], a.Session.Bytes(), now.UnixMicro(), maxWrong).Scan(&wrong, &mac, &used)
		if errors.Is(err, db.ErrNoRows) {
			return ErrCodeStale.At("code")
		}
		if err != nil {
			return fmt.Errorf("code of an order: %w", err)
		}
		right = s.d.Vault.CheckMAC(mac, "order.code", vault.Row64(int64(a.Client)), a.Session.Bytes(), print[:], []byte(code))
		if !right {
			return nil // the try is kept
		}
		_, err = tx.Exec(ctx, qUse, int64(a.Client), print[:], now.UnixMicro())
		return err
	})
	switch {
	case err != nil:
		return Signed{}, err
	case !right && wrong >= maxWrong:
		return Signed{}, ErrCodeStale.At("code")
	case !right:
		return Signed{}, ErrWrongCode.With("n", maxWrong-wrong).At("code")
	}
	return s.Accept(a.Client, d, Evidence{Kind: Code, By: a.Device.Text(devicePrefix), Phone: a.phone(who.Phone).Masked(), told: true})
}

// readCode takes a code as people and phones give it: «123 456», «123-456».
func readCode(s string) (string, bool) {
	if len(s) > 32 {
		return "", false
	}
	s = strings.NewReplacer(" ", "", "\u00a0", "", "-", "").Replace(strings.TrimSpace(s))
	for _, r := range s {
		if r < '0' || r > '9' {
			return "", false
		}
	}
	return s, len(s) == codeDigits
}

// Sweep forgets codes that are long over. The worker calls it now and then.
func (s *Service) Sweep(ctx context.Context) error {
	return s.d.DB.Write(ctx, func(tx db.Tx) error {
		_, err := tx.Exec(ctx, qSweepCodes, s.now().Add(-keepCodes).UnixMicro())
		return err
	})
}
