package claim

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/token"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
)

// How patient codes are. All in real time.
const (
	codeTTL     = 5 * time.Minute
	resendAfter = 120 * time.Second
	maxWrong    = 5 // of one code
	maxSent     = 5 // codes of one link within sentIn
	sentIn      = 24 * time.Hour
	codeDigits  = 6
	passTTL     = 15 * time.Minute // how long a right code opens the choice
)

// Shown is what whoever has the link may see.
type Shown struct {
	Sender   string // masked: «Анна К.»
	Amount   money.Amount
	State    State        // Waiting, Paying or Done
	Phone    phone.Number // prints masked; the page shows no more of it
	Until    time.Time
	Reason   string    // of Waiting: why the last payout was refused
	Spent    bool      // of Waiting: so many were refused that only an account of ours is left
	CodeSent bool      // a code is on its way or there
	ResendAt time.Time // from when another may be asked for, real time
}

// Choice is what the receiver may choose from, once the code was right.
type Choice struct {
	Shown
	Pass    string // what the page carries
	Message string
	Mobile  phone.Number // his own, to fill the form with
	Own     bool         // he is our client: it may go to his account at once
	Methods []Method
}

var (
	qCode    = db.Query(`SELECT wrong, sent, since_us, sent_us, until_us FROM claim_code WHERE claim = $1`)
	qCodePut = db.Query(`INSERT INTO claim_code (claim, code, wrong, sent, since_us, sent_us, until_us) VALUES ($1, $2, 0, $3, $4, $5, $6)
		ON CONFLICT (claim) DO UPDATE SET code = excluded.code, wrong = 0, sent = excluded.sent, since_us = excluded.since_us,
		sent_us = excluded.sent_us, until_us = excluded.until_us`)
	// A try is taken before it is judged.
	qTry  = db.Query(`UPDATE claim_code SET wrong = wrong + 1 WHERE claim = $1 AND until_us > $2 AND wrong < $3 RETURNING wrong, code`)
	qUsed = db.Query(`UPDATE claim_code SET until_us = 0 WHERE claim = $1`)
)

// See reads what a link is about. ErrLink for one that never was and for one
// that is over; for an hour a link tells that its money has gone out.
func (s *Service) See(ctx context.Context, secret string) (Shown, error) {
	r, err := s.byLink(ctx, secret)
	if err != nil {
		return Shown{}, err
	}
	if r, err = s.follow(ctx, r); err != nil {
		return Shown{}, err
	}
	return s.shown(ctx, r)
}

// byLink finds the claim of a link that is not over.
func (s *Service) byLink(ctx context.Context, secret string) (row, error) {
	hash := s.hash(secret)
	if hash == nil {
		hash = make([]byte, 32) // ask all the same: no clock tells a wrong form from a wrong link
	}
	r, err := find(ctx, s.d.DB, qByToken, hash)
	switch {
	case errors.Is(err, ErrMissing):
		return r, ErrLink
	case err != nil:
		return r, err
	case r.state == Waiting && !s.d.DB.Now().Before(r.until):
		return r, ErrLink // the worker is merely late
	case r.state == Done && s.d.DB.Now().Before(time.UnixMicro(r.doneUS).Add(ShownFor)):
		return r, nil
	case r.state.Final():
		return r, ErrLink
	}
	return r, nil
}

func (s *Service) shown(ctx context.Context, r row) (Shown, error) {
	d, err := s.details(r)
	if err != nil {
		return Shown{}, err
	}
	out := Shown{Sender: d.Name, Amount: r.amount, State: r.state, Phone: d.phone(), Until: r.until}
	if r.state != Waiting {
		return out, nil
	}
	out.Reason, out.Spent = r.reason, r.spent()
	c, err := s.codeOf(ctx, s.d.DB, r)
	if err != nil {
		return Shown{}, err
	}
	if now := s.now(); now.Before(c.until) && c.wrong < maxWrong {
		out.CodeSent, out.ResendAt = true, c.sentAt.Add(resendAfter)
	}
	return out, nil
}

// sentCode is how the code of a link stands.
type sentCode struct {
	wrong, sent          int64
	since, sentAt, until time.Time
}

func (s *Service) codeOf(ctx context.Context, from db.Reader, r row) (c sentCode, err error) {
	var since, sent, until int64
	err = from.Row(ctx, qCode, r.id.Bytes()).Scan(&c.wrong, &c.sent, &since, &sent, &until)
	if errors.Is(err, db.ErrNoRows) {
		return c, nil
	}
	c.since, c.sentAt, c.until = time.UnixMicro(since).UTC(), time.UnixMicro(sent).UTC(), time.UnixMicro(until).UTC()
	return c, err
}

func (s *Service) now() time.Time { return s.d.Now().UTC().Truncate(time.Microsecond) }

func (s *Service) codeMAC(r row, code string) []byte {
	return s.d.Vault.MAC("claim.code", r.id.Bytes(), []byte(code))
}

// SendCode sends a fresh code to the phone of a link. The message says what it
// opens, and that nobody from the bank asks for it.
func (s *Service) SendCode(ctx context.Context, secret, ip string, lang locale.Lang) (Shown, error) {
	r, err := s.byLink(ctx, secret)
	if err != nil {
		return Shown{}, err
	}
	if r.state != Waiting {
		return s.shown(ctx, r)
	}
	d, err := s.details(r)
	if err != nil {
		return Shown{}, err
	}
	code, now := s.d.Digits(), s.now()
	err = s.d.DB.Write(ctx, func(tx db.Tx) error {
		if r, err = find(ctx, tx, qLock, r.id.Bytes()); err != nil {
			return err
		}
		c, err := s.codeOf(ctx, tx, r)
		if err != nil {
			return err
		}
		if now.Sub(c.since) >= sentIn {
			c.since, c.sent = now, 0
		}
		switch again := c.sentAt.Add(resendAfter); {
		case c.sent >= maxSent:
			return ErrNoMoreCodes
		case c.sent > 0 && now.Before(again):
			return ErrResendEarly.With("until", again)
		}
		until := now.Add(codeTTL)
		if _, err := tx.Exec(ctx, qCodePut, r.id.Bytes(), s.codeMAC(r, code), c.sent+1, c.since.UnixMicro(), now.UnixMicro(), until.UnixMicro()); err != nil {
			return err
		}
		text := s.words(lang).T("claim.sms_code", locale.A("code", code), locale.A("amount", r.amount), locale.A("name", d.Name)) + "\n\n@" + s.d.Host + " #" + code
		return s.d.Messenger.SendOrderCode(ctx, tx, order.Message{To: d.phone(), IP: ip, Text: vault.Hide(text), Until: until})
	})
	if err != nil {
		return Shown{}, err
	}
	s.tell()
	return s.shown(ctx, r)
}

// EnterCode takes the code and opens the choice. It counts once.
func (s *Service) EnterCode(ctx context.Context, secret, code string) (Choice, error) {
	code, ok := readCode(code)
	if !ok {
		return Choice{}, ErrCodeForm
	}
	r, err := s.byLink(ctx, secret)
	if err != nil {
		return Choice{}, err
	}
	var wrong int64
	right := false
	err = s.d.DB.Write(ctx, func(tx db.Tx) error {
		right = false
		var mac []byte
		err := tx.Row(ctx, qTry, r.id.Bytes(), s.now().UnixMicro(), int64(maxWrong)).Scan(&wrong, &mac)
		if errors.Is(err, db.ErrNoRows) {
			return ErrCodeStale
		}
		if err != nil {
			return fmt.Errorf("code of a link: %w", err)
		}
		if right = s.d.Vault.CheckMAC(mac, "claim.code", r.id.Bytes(), []byte(code)); !right {
			return nil // the try is kept
		}
		_, err = tx.Exec(ctx, qUsed, r.id.Bytes())
		return err
	})
	switch {
	case err != nil:
		return Choice{}, err
	case !right && wrong >= maxWrong:
		return Choice{}, ErrCodeStale
	case !right:
		return Choice{}, ErrWrongCode.With("n", maxWrong-wrong)
	}
	pass, err := token.Seal(s.d.Vault, passTable, r.client, &passBody{r.id, s.now().Add(passTTL).Unix()})
	if err != nil {
		return Choice{}, err
	}
	return s.choice(ctx, r, pass)
}

// readCode takes a code as people and phones give it: «123 456», «123-456».
func readCode(s string) (string, bool) {
	if len(s) > 32 {
		return "", false
	}
	s = strings.NewReplacer(" ", "", "\u00a0", "", "-", "").Replace(strings.TrimSpace(s))
	return s, len(s) == codeDigits && strings.Trim(s, "0123456789") == ""
}

const passTable = "claim.pass"

// passBody is what proves that the code of a link was right a moment ago.
type passBody struct {
	id    id.ID
	until int64 // Unix seconds, real
}

// Pack writes the body.
func (b *passBody) Pack(p *token.Packer) {
	p.ID(b.id)
	p.Int(b.until)
}

// Unpack reads it.
func (b *passBody) Unpack(u *token.Unpacker) { b.id, b.until = u.ID(), u.Int() }

// passed finds the claim of a link whose code was right a moment ago; ErrProof
// when that was not so.
func (s *Service) passed(ctx context.Context, secret, pass string) (row, error) {
	r, err := s.byLink(ctx, secret)
	if err != nil {
		return r, err
	}
	var b passBody
	if !token.Open(s.d.Vault, passTable, r.client, pass, &b) || b.id != r.id || s.now().Unix() >= b.until {
		return r, ErrProof
	}
	return r, nil
}

// Choose gives the choice again, for a page that is shown anew.
func (s *Service) Choose(ctx context.Context, secret, pass string) (Choice, error) {
	r, err := s.passed(ctx, secret, pass)
	if err != nil {
		return Choice{}, err
	}
	return s.choice(ctx, r, pass)
}

func (s *Service) choice(ctx context.Context, r row, pass string) (Choice, error) {
	d, err := s.details(r)
	if err != nil {
		return Choice{}, err
	}
	out := Choice{Pass: pass, Message: d.Message, Mobile: d.phone()}
	if out.Shown, err = s.shown(ctx, r); err != nil {
		return Choice{}, err
	}
	if out.Methods, err = s.d.Partners.Methods(ctx); err != nil {
		return Choice{}, err
	}
	for i := range out.Methods {
		if m := &out.Methods[i]; out.Spent && !m.Closed {
			m.Closed, m.WhyRU, m.WhyEN = true, s.words(locale.Russian).T("claim.spent"), s.words(locale.English).T("claim.spent")
		}
	}
	_, out.Own, err = s.owner(ctx, d)
	return out, err
}

// owner finds the client whose phone a link was sent to.
func (s *Service) owner(ctx context.Context, d details) (client.Person, bool, error) {
	who, err := s.d.People.ByPhone(ctx, d.phone())
	if errors.Is(err, client.ErrNobody) {
		return who, false, nil
	}
	return who, err == nil, err
}
