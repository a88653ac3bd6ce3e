package access

import (
	"context"
	"crypto/hmac"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
)

// flowRow is a flow as it is stored.
type flowRow struct {
	token     []byte // hash of the browser's token
	id        id.ID
	purpose   Purpose
	stage     Stage
	phoneHash []byte
	phone     []byte // sealed
	lang      locale.Lang
	code      []byte // nil: used up
	codeEnds  time.Time
	sent      time.Time
	client    client.ID // 0: not known yet, or nobody
	ends      time.Time
}

const flowColumns = `token, id, purpose, stage, phone_hash, phone, lang, code, code_us, sent_us, client, ends_us`

var (
	qFlow     = db.Query(`SELECT ` + flowColumns + ` FROM flow WHERE token = $1`)
	qFlowLock = db.Query(`SELECT ` + flowColumns + ` FROM flow WHERE token = $1 {for_update}`)
	qFlowNew  = db.Query(`INSERT INTO flow (` + flowColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL, $11)`)
	qFlowSave = db.Query(`UPDATE flow SET stage = $2, code = $3, code_us = $4, sent_us = $5, client = $6, ends_us = $7 WHERE token = $1`)
)

// StartLogin sends a code to a phone for logging in on a new device. What it
// does and answers is the same whether the phone is a client's or not.
func (s *Service) StartLogin(ctx context.Context, p phone.Number, lang locale.Lang, from Visitor) (Flow, error) {
	return s.Begin(ctx, Beginning{Purpose: ForLogin, Phone: p, Lang: lang, From: from}, nil)
}

// Beginning describes a flow to be begun.
type Beginning struct {
	Purpose Purpose
	Phone   phone.Number
	Lang    locale.Lang
	From    Visitor
}

// Begin makes a flow and sends its first code. What also writes lands in the
// same unit of work. Nothing is looked up by the phone: not even this process
// knows whose it is.
func (s *Service) Begin(ctx context.Context, b Beginning, also func(context.Context, db.Tx, id.ID) error) (Flow, error) {
	if !b.Phone.Mobile() {
		return Flow{}, ErrNotMobile.At("phone")
	}
	token := newSecret()
	var out Flow
	err := s.db.Write(ctx, func(tx db.Tx) error {
		now := s.now()
		f := flowRow{
			token: s.hash(token), id: s.ids.New(), purpose: b.Purpose, stage: AtCode,
			phoneHash: s.vault.Lookup(vault.Phone, b.Phone.E164()), lang: b.Lang, ends: now.Add(s.limits.FlowTTL),
		}
		var err error
		if f.phone, err = s.vault.SealText(vault.PII, phoneAt(f.id), b.Phone.E164()); err != nil {
			return err
		}
		if err := s.sendCode(ctx, tx, &f, b.Phone, b.From.IP, now); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qFlowNew, f.token, f.id.Bytes(), int16(f.purpose), int16(f.stage), f.phoneHash, f.phone,
			string(f.lang), f.code, micro(f.codeEnds), micro(f.sent), micro(f.ends)); err != nil {
			return err
		}
		if out, err = s.read(ctx, tx, f); err != nil || also == nil {
			return err
		}
		return also(ctx, tx, f.id)
	})
	if err != nil {
		return Flow{}, err
	}
	out.Token = vault.Hide(token)
	return out, nil
}

// FlowOf reads the flow of a browser's flow cookie; ErrNoFlow when it has none.
func (s *Service) FlowOf(ctx context.Context, token string) (Flow, error) {
	f, err := s.flow(ctx, s.db, qFlow, token)
	if err != nil {
		return Flow{}, err
	}
	return s.read(ctx, s.db, f)
}

// read turns a stored flow into what a page shows.
func (s *Service) read(ctx context.Context, r db.Reader, f flowRow) (Flow, error) {
	whole, err := s.openPhone(f)
	if err != nil {
		return Flow{}, err
	}
	n, _, err := counted(ctx, r, wrongCodes, f.phoneHash, s.now(), s.limits.CodePause)
	if err != nil {
		return Flow{}, err
	}
	return s.shown(f, whole, max(0, s.limits.WrongCodes-n)), nil
}

func (s *Service) shown(f flowRow, p phone.Number, left int) Flow {
	return Flow{
		ID: f.id, Purpose: f.purpose, Stage: f.stage, Phone: p, Client: f.client, Lang: f.lang,
		ResendAt: f.sent.Add(s.limits.ResendAfter), CodeEnds: f.codeEnds, Ends: f.ends, TriesLeft: left,
		Spent: f.stage == AtCode && (f.code == nil || left == 0 || !s.now().Before(f.codeEnds)),
	}
}

// flow finds a live flow by the browser's token.
func (s *Service) flow(ctx context.Context, r db.Reader, q *db.Stmt, token string) (flowRow, error) {
	hash := s.hash(token)
	if hash == nil {
		return flowRow{}, ErrNoFlow
	}
	var f flowRow
	var raw []byte
	var codeEnds, sent, ends int64
	var who sql.NullInt64
	err := r.Row(ctx, q, hash).Scan(&f.token, &raw, &f.purpose, &f.stage, &f.phoneHash, &f.phone, &f.lang, &f.code, &codeEnds, &sent, &who, &ends)
	if errors.Is(err, db.ErrNoRows) {
		return flowRow{}, ErrNoFlow
	}
	if err != nil {
		return flowRow{}, fmt.Errorf("read a flow: %w", err)
	}
	if f.id, err = id.FromBytes(raw); err != nil {
		return flowRow{}, fmt.Errorf("read a flow: %w", err)
	}
	f.codeEnds, f.sent, f.ends, f.client = moment(codeEnds), moment(sent), moment(ends), client.ID(who.Int64)
	if !s.now().Before(f.ends) {
		return flowRow{}, ErrNoFlow
	}
	return f, nil
}

func (s *Service) save(ctx context.Context, tx db.Tx, f flowRow) error {
	who := sql.NullInt64{Int64: int64(f.client), Valid: f.client != 0}
	_, err := tx.Exec(ctx, qFlowSave, f.token, int16(f.stage), f.code, micro(f.codeEnds), micro(f.sent), who, micro(f.ends))
	return err
}

func (s *Service) openPhone(f flowRow) (phone.Number, error) {
	e164, err := s.vault.OpenText(vault.PII, phoneAt(f.id), f.phone)
	if err != nil {
		return "", fmt.Errorf("phone of a flow: %w", err)
	}
	return phone.Number(e164), nil
}

// Resend sends a further code for the flow; the earlier one stops working.
// Wrong tries stay counted.
func (s *Service) Resend(ctx context.Context, p Purpose, token string, from Visitor) (out Flow, err error) {
	err = s.db.Write(ctx, func(tx db.Tx) error {
		f, err := s.flow(ctx, tx, qFlowLock, token)
		if err != nil {
			return err
		}
		now := s.now()
		switch next := f.sent.Add(s.limits.ResendAfter); {
		case f.purpose != p:
			return ErrNoFlow
		case f.stage != AtCode:
			return ErrStep
		case now.Before(next):
			return ErrResendEarly.With("until", next)
		}
		whole, err := s.openPhone(f)
		if err != nil {
			return err
		}
		if err := s.sendCode(ctx, tx, &f, whole, from.IP, now); err != nil {
			return err
		}
		f.ends = now.Add(s.limits.FlowTTL)
		if err := s.save(ctx, tx, f); err != nil {
			return err
		}
		out, err = s.read(ctx, tx, f)
		return err
	})
	return out, err
}

// ConfirmCode takes the code from the SMS. On success Flow.Stage says which
// page comes next; only then it is known whose phone it is.
func (s *Service) ConfirmCode(ctx context.Context, p Purpose, token, code string) (out Flow, err error) {
	code, ok := readCode(code)
	if !ok {
		return Flow{}, ErrCodeForm.At("code")
	}
	var refusal error // a wrong try must be kept, so it commits
	err = s.db.Write(ctx, func(tx db.Tx) error {
		out, refusal = Flow{}, nil
		f, err := s.flow(ctx, tx, qFlowLock, token)
		if err != nil {
			return err
		}
		now := s.now()
		switch {
		case f.purpose != p:
			return ErrNoFlow
		case f.stage != AtCode:
			return ErrStep
		}
		// The try is counted before it is judged: of a thousand at once, five
		// are looked at.
		n, until, err := count(ctx, tx, wrongCodes, f.phoneHash, now, s.limits.CodePause)
		switch {
		case err != nil:
			return err
		case n > s.limits.WrongCodes:
			return ErrCodesPaused.With("until", until).At("code")
		case f.code == nil || !now.Before(f.codeEnds):
			return ErrCodeStale.At("code") // rolled back: no try is lost on it
		}
		if !hmac.Equal(f.code, s.codeHash(f, code)) {
			refusal = ErrWrongCode.With("n", s.limits.WrongCodes-n).At("code")
			if n == s.limits.WrongCodes {
				f.code, refusal = nil, ErrCodesPaused.With("until", until).At("code")
				if err := s.save(ctx, tx, f); err != nil {
					return err
				}
			}
			return s.record(ctx, tx, 0, "code.wrong", "", "")
		}
		if err := s.proved(ctx, tx, &f, now); err != nil {
			return err
		}
		out, err = s.read(ctx, tx, f)
		return err
	})
	if err == nil {
		err = refusal
	}
	return out, err
}

// proved moves a flow on: its phone is the visitor's.
func (s *Service) proved(ctx context.Context, tx db.Tx, f *flowRow, now time.Time) error {
	whole, err := s.openPhone(*f)
	if err != nil {
		return err
	}
	who, err := s.clients.HoldsPhone(ctx, tx, whole)
	stored := ""
	if err == nil {
		// Of a client whose card was approved and who never was in: his first
		// passcode, see FirstLogin.
		if stored, err = s.storedPasscode(ctx, tx, who); err != nil {
			return err
		}
	}
	switch {
	case err == nil && stored == "":
		f.stage = AtNewPasscode
	case err == nil:
		f.stage = AtPasscode
	case errors.Is(err, client.ErrNobody) && f.purpose == ForOrder:
		f.stage = AtNewPasscode
	case errors.Is(err, client.ErrNobody):
		f.stage = AtNobody
	default:
		return err
	}
	f.client, f.code, f.ends = who, nil, now.Add(s.limits.FlowTTL)
	if err := forget(ctx, tx, wrongCodes, f.phoneHash); err != nil {
		return err
	}
	if err := s.save(ctx, tx, *f); err != nil {
		return err
	}
	return s.record(ctx, tx, who, "code.right", "", "")
}

// record writes one line of the audit trail; it comes last in a unit of work.
func (s *Service) record(ctx context.Context, tx db.Tx, who client.ID, act, subject, details string) error {
	actor := "client"
	if who == 0 {
		actor = "visitor"
	}
	return audit.Append(ctx, tx, audit.Entry{
		At: tx.Now(), Actor: actor, Client: int64(who), Act: act, Subject: subject, Details: []byte(details),
	})
}
