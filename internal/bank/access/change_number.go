package access

import (
	"context"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
)

// The refusals of number changes.
var (
	ErrNoNumber    = fault.New(fault.Missing, "access.no_number_change") // none was started, or it is over
	ErrSameEyes    = fault.New(fault.Refused, "access.same_eyes")        // the second member of staff is the first
	ErrNumberWaits = fault.New(fault.Refused, "access.number_waits")     // until
)

const (
	// numberWait is how long a new device waits after a number change was
	// approved; a session on a known device need not.
	numberWait = 24 * time.Hour
	numberFor  = 7 * 24 * time.Hour
)

const numberColumns = `client, id, state, phone, staff, second, made_us, ready_us, ends_us`

var (
	qNumberNew = db.Query(`INSERT INTO number_change (client, id, state, phone_hash, phone, staff, second, made_us, ready_us, ends_us)
		VALUES ($1, $2, 1, $3, $4, $5, '', $6, 0, $7)`)
	qNumberLock    = db.Query(`SELECT ` + numberColumns + ` FROM number_change WHERE client = $1 AND id = $2 {for_update}`)
	qNumberOpen    = db.Query(`SELECT ` + numberColumns + ` FROM number_change WHERE client = $1 AND state = $2 AND ends_us > $3 ORDER BY id DESC LIMIT 1`)
	qNumberByPhone = db.Query(`SELECT ` + numberColumns + ` FROM number_change WHERE phone_hash = $1 AND state = 2 AND ends_us > $2 ORDER BY id DESC LIMIT 1`)
	qNumberApprove = db.Query(`UPDATE number_change SET state = 2, second = $3, ready_us = $4, ends_us = $5 WHERE client = $1 AND id = $2 AND state = 1`)
	qNumberDone    = db.Query(`UPDATE number_change SET state = 3, old_phone = $3 WHERE client = $1 AND id = $2 AND state = 2`)
	qNumberCancel  = db.Query(`UPDATE number_change SET state = 4 WHERE client = $1 AND state IN (1, 2)`)

	_ = vault.Declare(vault.Column{Table: "number_change", Name: "phone", Class: vault.PII, Key: []string{"client", "id"}, Row: []string{"id"}})
	_ = vault.Declare(vault.Column{Table: "number_change", Name: "old_phone", Class: vault.PII, Key: []string{"client", "id"}, Row: []string{"id"}, Where: "old_phone IS NOT NULL"})
)

// NumberChange is a client's number on its way to another one.
type NumberChange struct {
	ID       id.ID
	Client   client.ID
	New      phone.Number // prints masked
	Approved bool
	Ready    time.Time // from when a new device may end it; a known one need not wait
	Ends     time.Time

	staff, second string
}

// StartNumberChange proposes another number for a client who called and said
// his code word to this member of staff (else ErrNotHeard). A second one
// approves it.
func (s *Service) StartNumberChange(ctx context.Context, by Staff, who client.ID, to phone.Number) (out NumberChange, err error) {
	if !to.Mobile() {
		return NumberChange{}, ErrNotMobile.At("phone")
	}
	err = s.db.Write(ctx, func(tx db.Tx) error {
		if _, err := s.clients.HoldsPhone(ctx, tx, to); !missing(err) {
			return orElse(err, client.ErrPhoneTaken.At("phone"))
		}
		if err := s.useHeard(ctx, tx, who, by); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qNumberCancel, int64(who)); err != nil {
			return fmt.Errorf("start a number change: %w", err)
		}
		now := s.now()
		out = NumberChange{ID: s.ids.New(), Client: who, New: to, Ends: now.Add(numberFor), staff: by.Ref()}
		sealed, err := s.vault.SealText(vault.PII, numberAt("phone", out.ID), to.E164())
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, qNumberNew, int64(who), out.ID.Bytes(), s.vault.Lookup(vault.Phone, to.E164()), sealed, by.Ref(), micro(now), micro(out.Ends))
		if err != nil {
			return fmt.Errorf("start a number change: %w", err)
		}
		return s.recordBy(ctx, tx, staffActor(by), who, "number.proposed", out.ID.Text(NumberPrefix), "")
	})
	return out, err
}

// ApproveNumberChange is the second pair of eyes. The old number and the old
// devices are told, with «Это не я»; the client ends the change himself, by
// OfferNumber in a session or by ClaimNumber on a new device. Said again by
// the same member of staff it changes nothing.
func (s *Service) ApproveNumberChange(ctx context.Context, by Staff, who client.ID, change id.ID) (out NumberChange, err error) {
	p, err := s.clients.Person(ctx, who)
	if err != nil {
		return NumberChange{}, err
	}
	err = s.db.Write(ctx, func(tx db.Tx) error {
		now := s.now()
		var state int
		if out, state, err = s.number(tx.Row(ctx, qNumberLock, int64(who), change.Bytes()).Scan); err != nil {
			return err
		}
		switch {
		case state == approvedState && out.second == by.Ref():
			return nil // said again: it stands
		case state != startedState || !now.Before(out.Ends):
			return ErrNoNumber
		case out.staff == by.Ref():
			return ErrSameEyes
		}
		out.Approved, out.Ready, out.Ends = true, now.Add(numberWait), now.Add(numberFor)
		if _, err := tx.Exec(ctx, qNumberApprove, int64(who), change.Bytes(), by.Ref(), micro(out.Ready), micro(out.Ends)); err != nil {
			return fmt.Errorf("approve a number change: %w", err)
		}
		if err := s.raise(ctx, tx, who, Alert{Kind: AlertPhoneAsked, Staff: by.Name(), Phone: out.New.Masked(), Ready: out.Ready}); err != nil {
			return err
		}
		text := locale.For(p.Lang).T("access.sms_new_number")
		if err := SendSMS(ctx, tx, s.vault, who, SMS{Key: s.ids.New(), To: out.New, Text: vault.Hide(text), Until: out.Ready}); err != nil {
			return err
		}
		return s.recordBy(ctx, tx, staffActor(by), who, "number.approved", change.Text(NumberPrefix), "")
	})
	return out, err
}

// NumberChangeOf tells what number change waits for its client; ErrNoNumber
// when none does.
func (s *Service) NumberChangeOf(ctx context.Context, who client.ID) (NumberChange, error) {
	out, _, err := s.number(s.db.Row(ctx, qNumberOpen, int64(who), approvedState, micro(s.now())).Scan)
	return out, err
}

// ProposedNumberChange tells what number change waits for its second pair of eyes.
func (s *Service) ProposedNumberChange(ctx context.Context, who client.ID) (NumberChange, error) {
	out, _, err := s.number(s.db.Row(ctx, qNumberOpen, int64(who), startedState, micro(s.now())).Scan)
	return out, err
}

// SendNumberCode sends a code to the new number, to whoever has just proved
// himself in his session.
func (s *Service) SendNumberCode(ctx context.Context, in Session, p Proof, from Visitor) (CodeSent, error) {
	if err := s.fresh(in, p); err != nil {
		return CodeSent{}, err
	}
	c, err := s.NumberChangeOf(ctx, in.Client)
	if err != nil {
		return CodeSent{}, err
	}
	return s.sendFactorCode(ctx, in, codeForNumber, c.New, from)
}

// OfferNumber begins the end of an approved number change in a session: a known
// device, a fresh proof and the code that came to the new number. The change
// itself is an order that CarryOut takes.
func (s *Service) OfferNumber(ctx context.Context, in Session, p Proof, code string) (Offer, error) {
	if err := s.fresh(in, p); err != nil {
		return Offer{}, err
	}
	c, err := s.NumberChangeOf(ctx, in.Client)
	if err != nil {
		return Offer{}, err
	}
	old, err := s.clients.ByID(ctx, in.Client)
	if err != nil {
		return Offer{}, err
	}
	if err := s.judgeFactorCode(ctx, in, codeForNumber, c.New, code); err != nil {
		return Offer{}, err
	}
	err = s.db.Write(ctx, func(tx db.Tx) error {
		if err := s.standsOn(ctx, tx, in); err != nil {
			return err
		}
		return s.useFactorCode(ctx, tx, in, codeForNumber, c.New, code)
	})
	if err != nil {
		return Offer{}, err
	}
	return s.offer(ctx, in, changeBody{Number: &offeredNumber{ID: c.ID, From: old.Phone.E164(), To: c.New.E164()}})
}

// NumberClaim tells whether a flow that stands AtNobody proved a number that
// is about to become a client's; ErrNoNumber when it did not.
func (s *Service) NumberClaim(ctx context.Context, flowToken string) (NumberChange, error) {
	_, c, err := s.claim(ctx, flowToken)
	return c, err
}

func (s *Service) claim(ctx context.Context, flowToken string) (flowRow, NumberChange, error) {
	f, err := s.flow(ctx, s.db, qFlow, flowToken)
	if err != nil {
		return flowRow{}, NumberChange{}, err
	}
	if f.stage != AtNobody {
		return flowRow{}, NumberChange{}, ErrStep
	}
	c, _, err := s.number(s.db.Row(ctx, qNumberByPhone, f.phoneHash, micro(s.now())).Scan)
	return f, c, err
}

// ClaimNumber ends an approved number change on a new device: a flow whose
// code came to the new number and which therefore stands AtNobody, the day of
// waiting, the client's passcode, and his word on the order (ClaimOrder). The
// device becomes known.
func (s *Service) ClaimNumber(ctx context.Context, flowToken, passcode string, from Visitor, sign Signer) (e Entry, err error) {
	f, c, err := s.claim(ctx, flowToken)
	if err != nil {
		return Entry{}, err
	}
	if !ValidPasscode(passcode) {
		return Entry{}, ErrPassForm.At("passcode")
	}
	if s.now().Before(c.Ready) {
		return Entry{}, ErrNumberWaits.With("until", c.Ready)
	}
	signed, err := s.newKey(f.id.Text(FlowPrefix), from)
	if err != nil {
		return Entry{}, err
	}
	old, err := s.clients.ByID(ctx, c.Client)
	if err != nil {
		return Entry{}, err
	}
	if err := s.judgeStrange(ctx, c.Client, passcode, from); err != nil {
		return Entry{}, err
	}
	change, err := s.claimChange(ctx, f, c)
	if err != nil {
		return Entry{}, err
	}
	device := s.ids.New()
	word, err := change.confirmed(ctx, sign, device, signed.PublicKey)
	if err != nil {
		return Entry{}, err
	}
	err = s.db.Write(ctx, func(tx db.Tx) error {
		f, err := s.flow(ctx, tx, qFlowLock, flowToken)
		if err != nil {
			return err
		}
		if f.stage != AtNobody {
			return ErrStep
		}
		if err := keep(ctx, tx, word); err != nil {
			return err
		}
		if err := s.switchNumber(ctx, tx, c, old.Phone, id.ID{}); err != nil {
			return err
		}
		e, err = s.admit(ctx, tx, f, flowToken, c.Client, device, signed, from, client.Person{ID: c.Client, Lang: old.Lang})
		return err
	})
	if err != nil {
		return Entry{}, err
	}
	return s.standing(ctx, e)
}

// switchNumber makes the new number the client's; the old one is told and kept.
func (s *Service) switchNumber(ctx context.Context, tx db.Tx, c NumberChange, old phone.Number, session id.ID) error {
	sealed, err := s.vault.SealText(vault.PII, numberAt("old_phone", c.ID), old.E164())
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, qNumberDone, int64(c.Client), c.ID.Bytes(), sealed)
	if err != nil || n == 0 {
		return orElse(err, ErrNoNumber)
	}
	if err := s.clients.ChangePhone(ctx, tx, c.Client, c.New); err != nil {
		return err
	}
	return s.MarkChanged(ctx, tx, c.Client, Changed{Factor: FactorPhone, Session: session, Old: old, New: c.New})
}

func (s *Service) number(scan func(...any) error) (c NumberChange, state int, err error) {
	var raw, sealed []byte
	var made, ready, ends int64
	err = scan(&c.Client, &raw, &state, &sealed, &c.staff, &c.second, &made, &ready, &ends)
	if noRows(err) {
		return NumberChange{}, 0, ErrNoNumber
	}
	if err != nil {
		return NumberChange{}, 0, fmt.Errorf("number change: %w", err)
	}
	if c.ID, err = idOf(raw, "number change"); err != nil {
		return NumberChange{}, 0, err
	}
	e164, err := s.vault.OpenText(vault.PII, numberAt("phone", c.ID), sealed)
	if err != nil {
		return NumberChange{}, 0, fmt.Errorf("number change %s: %w", c.ID.Text(NumberPrefix), err)
	}
	c.New, c.Approved, c.Ready, c.Ends = phone.Number(e164), state == approvedState, moment(ready), moment(ends)
	return c, state, nil
}

func numberAt(column string, change id.ID) vault.At {
	return vault.At{Table: "number_change." + column, Row: change.Bytes()}
}

func missing(err error) bool { return fault.CodeOf(err) == fault.Missing && err != nil }
