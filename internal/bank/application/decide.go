package application

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// RetakeReasons lists why a page may be asked for again; the texts are
// application.retake_REASON.
func RetakeReasons() []string {
	return []string{"blurred", "cut", "glare", "wrong_page", "unreadable", "missing"}
}

// RefuseReason is why the bank says no: a reason that the law lets it give.
type RefuseReason string

// The reasons; the texts are application.refused_REASON. ByRules is what a
// person reads who must not learn more (115-ФЗ).
const (
	ByDocuments   RefuseReason = "documents"
	ByMismatch    RefuseReason = "mismatch"
	ByUnreachable RefuseReason = "unreachable"
	ByWish        RefuseReason = "wish" // the person said so on the phone
	ByRules       RefuseReason = "rules"
)

// RefuseReasons lists them.
func RefuseReasons() []RefuseReason {
	return []RefuseReason{ByDocuments, ByMismatch, ByUnreachable, ByWish, ByRules}
}

func reasonKey(r RefuseReason) string { return "application.refused_" + string(r) }

// Checks is the list that a manager ticks off before he approves; the texts
// are application.check_NAME.
func Checks() []Check {
	return []Check{"phrase", "person", "photo", "data", "address"}
}

// AskRetake asks for pages again; the person reads which and why.
func (s *Service) AskRetake(ctx context.Context, by Actor, key id.ID, pages []Retaken) error {
	var asked []retake
	for _, p := range pages {
		_, known := ParsePage(p.Page.Name())
		words, wrong := field(p.Note, maxNote, false)
		switch {
		case !known || !slices.Contains(RetakeReasons(), p.Why):
			return ErrRetakeNeeded.At("why")
		case wrong != nil:
			return wrong.At("note")
		}
		asked = append(asked, retake{Page: p.Page, Why: p.Why, Note: words})
	}
	if len(asked) == 0 {
		return ErrRetakeNeeded.At("page")
	}
	return s.decide(ctx, by, key, "application.retake_asked", "", func(ctx context.Context, tx db.Tx, a *row) error {
		if err := mine(by, *a); err != nil {
			return err
		}
		if a.state != CallDue {
			return ErrState
		}
		a.state, a.note.Retakes, a.promised = Retake, asked, time.Time{}
		return s.tell(ctx, tx, *a, "application.sms_retake")
	})
}

// Refuse ends an application with a reason; words are for colleagues only.
func (s *Service) Refuse(ctx context.Context, by Actor, key id.ID, why RefuseReason, words string) error {
	words, wrong := field(words, maxNote, false)
	switch {
	case wrong != nil:
		return wrong.At("note")
	case !slices.Contains(RefuseReasons(), why):
		return ErrRefusal.At("reason")
	}
	return s.decide(ctx, by, key, "application.refused", string(why), func(ctx context.Context, tx db.Tx, a *row) error {
		if err := mine(by, *a); err != nil {
			return err
		}
		if a.state != CallDue && a.state != Retake {
			return ErrState
		}
		a.state, a.decided, a.promised, a.call = Refused, tx.Now(), time.Time{}, time.Time{}
		a.note.Reason, a.note.Words, a.note.Retakes = reasonKey(why), words, nil
		if err := s.tell(ctx, tx, *a, "application.sms_refused"); err != nil {
			return err
		}
		return s.end(ctx, tx, a)
	})
}

// tell sends a message that there is something to read on the status page.
func (s *Service) tell(ctx context.Context, tx db.Tx, a row, key string) error {
	text := locale.For(a.lang).T(key)
	return access.SendSMS(ctx, tx, s.vault, a.client, access.SMS{Key: s.ids.New(), To: a.phone, Text: vault.Hide(text)})
}

// Approve makes the person a client: account, card, papers, code word and a
// message. There is no passcode yet: he chooses it at his first login. A
// client of the old way keeps his account and card and gains his papers. Every
// check must be ticked and somebody must have spoken with the person.
func (s *Service) Approve(ctx context.Context, by Actor, key id.ID, ticked []Check) (out Approval, err error) {
	for _, c := range Checks() {
		if !slices.Contains(ticked, c) {
			return Approval{}, ErrChecks.At("check_" + string(c))
		}
	}
	err = s.db.Write(ctx, func(tx db.Tx) error {
		out = Approval{}
		a, err := s.read(ctx, tx, qCardLock, key)
		if err != nil {
			return err
		}
		if err := mine(by, a); err != nil {
			return err
		}
		if a.state == Approved { // a second tap
			out, err = s.approvalOf(ctx, tx, a)
			return err
		}
		if a.state != CallDue {
			return ErrState
		}
		if err := s.spoken(ctx, tx, a); err != nil {
			return err
		}
		if wrong, err := s.whole(ctx, tx, a); err != nil || len(wrong) > 0 {
			return errors.Join(err, wrong.orNil())
		}
		lines, err := s.welcomeIn(ctx, tx, by, &a, &out)
		if err != nil {
			return err
		}
		return audit.Append(ctx, tx, append(lines, audit.Entry{
			At: tx.Now(), Actor: by.Ref(), Client: int64(a.client), Act: "application.approved", Subject: key.Text(Prefix),
		})...)
	})
	return out, err
}

// spoken fails unless a call has reached the person since he handed it in.
func (s *Service) spoken(ctx context.Context, tx db.Tx, a row) error {
	calls, err := s.callsIn(ctx, tx, a.id)
	if err != nil {
		return err
	}
	for _, c := range calls {
		if c.Outcome == Reached {
			return nil
		}
	}
	return ErrNoCall
}

func (s *Service) approvalOf(ctx context.Context, tx db.Tx, a row) (Approval, error) {
	c, err := s.clients.ByID(ctx, a.client)
	if err != nil {
		return Approval{}, err
	}
	cards, err := s.cards.Of(ctx, a.client)
	if err != nil || len(cards) == 0 {
		return Approval{Client: a.client, UID: c.UID}, err
	}
	return Approval{Client: a.client, UID: c.UID, Last4: cards[0].Last4}, nil
}

// welcomeIn makes everything a new client has, in one unit of work.
func (s *Service) welcomeIn(ctx context.Context, tx db.Tx, by Actor, a *row, out *Approval) (lines []audit.Entry, err error) {
	word, err := s.vault.OpenText(vault.Secret, wordAt(a.id), a.word)
	if err != nil {
		return nil, fmt.Errorf("code word of application %s: %w", a.id.Text(Prefix), err)
	}
	if a.client == 0 {
		if lines, err = s.makeClient(ctx, tx, by, a, out); err != nil {
			return nil, err
		}
	} else if *out, err = s.approvalOf(ctx, tx, *a); err != nil {
		return nil, err
	}
	if err := s.clients.PutPapers(ctx, tx, a.client, a.q.papers(), a.id.Text(Prefix)); err != nil {
		return nil, err
	}
	if err := s.access.SetCodeWordHash(ctx, tx, a.client, vault.Hide(word)); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, qConsentWho, a.id.Bytes(), int64(a.client)); err != nil {
		return nil, err
	}
	if err := s.scans.Belong(ctx, tx, a.id, a.client); err != nil {
		return nil, err
	}
	a.state, a.decided, a.promised, a.call = Approved, tx.Now(), time.Time{}, time.Time{}
	return lines, s.end(ctx, tx, a)
}

func (s *Service) makeClient(ctx context.Context, tx db.Tx, by Actor, a *row, out *Approval) ([]audit.Entry, error) {
	who, err := client.NextID(ctx, tx)
	if err != nil {
		return nil, err
	}
	account, err := ledger.OpenAccount(ctx, tx, ledger.Opening{Owner: int64(who), Kind: ledger.KindCurrent, Currency: money.RUB})
	if err != nil {
		return nil, fmt.Errorf("open the account: %w", err)
	}
	born, _ := client.ParseDate(a.q.Born)
	uid := s.ids.New()
	err = s.clients.Create(ctx, tx, client.New{
		ID: who, UID: uid, Name: a.q.clientName(), Born: born, Phone: a.phone, Lang: a.lang, Level: client.Simplified, Account: account,
	})
	if err != nil {
		return nil, err
	}
	issued, err := s.cards.Issue(ctx, tx, card.Order{Client: who, Account: account, Product: card.VirtualWorld, Name: a.q.clientName()})
	if err != nil {
		return nil, err
	}
	if err := s.welcome(ctx, tx, who, a.phone, a.lang, issued); err != nil {
		return nil, err
	}
	a.client, *out = who, Approval{Client: who, UID: uid, Last4: issued.Last4}
	return []audit.Entry{
		{At: tx.Now(), Actor: by.Ref(), Client: int64(who), Act: "client.created", Subject: a.id.Text(Prefix)},
		{At: tx.Now(), Actor: by.Ref(), Client: int64(who), Act: "card.issued", Subject: issued.ID.Text(card.Prefix)},
	}, nil
}

// RecordMeeting keeps that the courier has met the person and compared him
// with his passport: the client is identified in full from now on.
func (s *Service) RecordMeeting(ctx context.Context, by Actor, key id.ID) error {
	return s.db.Write(ctx, func(tx db.Tx) error {
		a, err := s.read(ctx, tx, qCardLock, key)
		if err != nil {
			return err
		}
		switch {
		case a.state != Approved:
			return ErrState
		case !a.met.IsZero():
			return ErrMet
		}
		a.met = tx.Now()
		if err := s.save(ctx, tx, a); err != nil {
			return err
		}
		if err := s.clients.SetLevel(ctx, tx, a.client, client.Full); err != nil {
			return err
		}
		if err := s.tell(ctx, tx, a, "application.sms_met"); err != nil {
			return err
		}
		return s.audited(ctx, tx, by, a, "application.met", "")
	})
}
