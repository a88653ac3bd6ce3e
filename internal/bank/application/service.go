package application

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/scan"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// The states of the short registration.
const (
	oldDraft    = 1
	oldApproved = 2
)

// keepDraft is how long an application that nobody finishes is kept.
const keepDraft = 24 * time.Hour

// Service takes applications. It is safe for concurrent use.
type Service struct {
	db      *db.DB
	vault   *vault.Vault
	ids     *id.Source
	clients *client.Directory
	access  *access.Service
	cards   *card.Service
	scans   *scan.Service
}

// New makes the service.
func New(d *db.DB, v *vault.Vault, ids *id.Source, clients *client.Directory, a *access.Service, cards *card.Service) *Service {
	return &Service{db: d, vault: v, ids: ids, clients: clients, access: a, cards: cards, scans: scan.New(d, v, ids)}
}

var (
	qNew = db.Query(`INSERT INTO application (id, flow, person, state, client, created_us, changed_us)
		VALUES ($1, $2, $3, $4, NULL, $5, $5)`)
	qOf      = db.Query(`SELECT id, person, state FROM application WHERE flow = $1`)
	qApprove = db.Query(`UPDATE application SET state = $2, client = $3, changed_us = $4, person = $5 WHERE id = $1 AND state = $6`)
	qSweep   = db.Query(`DELETE FROM application WHERE state = $1 AND changed_us < $2`)
)

// record is what an application keeps of a person, under seal.
type record struct {
	First string `json:"first"`
	Last  string `json:"last"`
	Born  string `json:"born"`
}

// Start checks the form and sends a code. What is wrong comes back as Problems.
// The code is then taken by access.ConfirmCode with access.ForOrder; its
// Flow.Stage leads to Finish (AtNewPasscode) or to access.FinishLogin
// (AtPasscode), because the phone is a client's already.
func (s *Service) Start(ctx context.Context, f Form, from access.Visitor) (access.Flow, error) {
	p, wrong := f.check(s.db.Now())
	if len(wrong) > 0 {
		return access.Flow{}, wrong
	}
	b := access.Beginning{Purpose: access.ForOrder, Phone: p.phone, Lang: f.Lang, From: from}
	return s.access.Begin(ctx, b, func(ctx context.Context, tx db.Tx, flow id.ID) error {
		key := s.ids.New()
		sealed, err := s.seal(key, record{First: p.name.First, Last: p.name.Last, Born: p.born.ISO()})
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, qNew, key.Bytes(), flow.Bytes(), sealed, int16(oldDraft), tx.Now().UnixMicro())
		return err
	})
}

// Done is a newcomer who is a client now.
type Done struct {
	Entry access.Entry
	Card  card.Card
}

// Finish takes the chosen passcode twice and makes client, account, card,
// device and session at once. Said again with the same flow and passcode it
// makes nothing new: the answer is the same client, card and device and a
// session of its own. access.ErrStep tells that the phone became a client's
// meanwhile; the flow then waits for the existing passcode.
func (s *Service) Finish(ctx context.Context, flowToken, passcode, repeat string, from access.Visitor) (Done, error) {
	flow, err := s.access.FlowOf(ctx, flowToken)
	if err != nil {
		return Done{}, err
	}
	switch {
	case flow.Purpose != access.ForOrder:
		return Done{}, access.ErrNoFlow
	case flow.Stage == access.AtEnd:
		return s.again(ctx, flowToken, passcode, from)
	case flow.Stage != access.AtNewPasscode:
		return Done{}, access.ErrStep
	}
	a, err := s.of(ctx, s.db, flow.ID)
	if err != nil {
		return Done{}, err
	}
	if wrong := checkPasscode(passcode, repeat, person{phone: flow.Phone, name: a.name, born: a.born}); len(wrong) > 0 {
		return Done{}, wrong
	}
	hash, err := s.vault.HashPasscode(ctx, passcode) // slow by design, so outside the unit of work
	if err != nil {
		return Done{}, err
	}

	var out Done
	var stage access.Stage
	err = s.db.Write(ctx, func(tx db.Tx) error {
		out = Done{}
		taken, err := s.access.Take(ctx, tx, access.ForOrder, flowToken)
		if err != nil {
			return err
		}
		if stage = taken.Stage; stage != access.AtNewPasscode {
			return nil // another tap of the same finger was first
		}
		// Two flows may have proved one phone; whoever ends first is the client.
		switch who, err := s.clients.HoldsPhone(ctx, tx, taken.Phone); {
		case err == nil:
			stage = access.AtPasscode
			return s.access.TurnToLogin(ctx, tx, taken, who)
		case !errors.Is(err, client.ErrNobody):
			return err
		}
		out, err = s.takeOn(ctx, tx, taken, a, hash, from)
		return err
	})
	switch {
	case errors.Is(err, client.ErrPhoneTaken):
		// The other flow committed between our look and our insert: look again.
		return s.Finish(ctx, flowToken, passcode, repeat, from)
	case err != nil:
		return Done{}, err
	case stage == access.AtEnd:
		return s.again(ctx, flowToken, passcode, from)
	case stage != access.AtNewPasscode:
		return Done{}, access.ErrStep
	}
	return out, nil
}

// takeOn makes everything a new client has, in one unit of work.
func (s *Service) takeOn(ctx context.Context, tx db.Tx, f access.Taken, a applicant, hash string, from access.Visitor) (Done, error) {
	who, err := client.NextID(ctx, tx)
	if err != nil {
		return Done{}, err
	}
	account, err := ledger.OpenAccount(ctx, tx, ledger.Opening{Owner: int64(who), Kind: ledger.KindCurrent, Currency: money.RUB})
	if err != nil {
		return Done{}, fmt.Errorf("open the account: %w", err)
	}
	err = s.clients.Create(ctx, tx, client.New{
		ID: who, UID: s.ids.New(), Name: a.name, Born: a.born, Phone: f.Phone, Lang: f.Lang,
		Level: client.Simplified, Account: account,
	})
	if err != nil {
		return Done{}, err
	}
	issued, err := s.cards.Issue(ctx, tx, card.Order{Client: who, Account: account, Product: card.VirtualWorld, Name: a.name})
	if err != nil {
		return Done{}, err
	}
	// The client's own rows hold the person from now on; the application keeps no second copy.
	empty, err := s.seal(a.id, record{})
	if err != nil {
		return Done{}, err
	}
	n, err := tx.Exec(ctx, qApprove, a.id.Bytes(), int16(oldApproved), int64(who), tx.Now().UnixMicro(), empty, int16(oldDraft))
	if err != nil {
		return Done{}, err
	}
	if n != 1 {
		return Done{}, fmt.Errorf("application %s is no draft", a.id.Text(Prefix))
	}
	if err := s.welcome(ctx, tx, who, f.Phone, f.Lang, issued); err != nil {
		return Done{}, err
	}
	entry, err := s.access.Admit(ctx, tx, f, who, hash, from)
	if err != nil {
		return Done{}, err
	}
	err = audit.Append(ctx, tx,
		audit.Entry{At: tx.Now(), Actor: "client", Client: int64(who), Act: "client.created", Subject: a.id.Text(Prefix)},
		audit.Entry{At: tx.Now(), Actor: "client", Client: int64(who), Act: "card.issued", Subject: issued.ID.Text(card.Prefix)})
	return Done{Entry: entry, Card: issued}, err
}

func (s *Service) welcome(ctx context.Context, tx db.Tx, who client.ID, to phone.Number, lang locale.Lang, c card.Card) error {
	text := locale.For(lang).T("application.sms_welcome", locale.A("card", "•• "+c.Last4))
	return access.SendSMS(ctx, tx, s.vault, who, access.SMS{Key: s.ids.New(), To: to, Text: vault.Hide(text)})
}

// again answers a repeated Finish: the passcode proves that it is the same
// newcomer, and nothing is made but a session.
func (s *Service) again(ctx context.Context, flowToken, passcode string, from access.Visitor) (Done, error) {
	entry, err := s.access.FinishLogin(ctx, flowToken, passcode, from)
	if err != nil {
		return Done{}, err
	}
	cards, err := s.cards.Of(ctx, entry.Session.Client)
	if err != nil {
		return Done{}, err
	}
	if len(cards) == 0 {
		return Done{}, fmt.Errorf("client %d has no card", entry.Session.Client)
	}
	return Done{Entry: entry, Card: cards[0]}, nil
}

type applicant struct {
	id   id.ID
	name client.Name
	born client.Date
}

func (s *Service) of(ctx context.Context, r db.Reader, flow id.ID) (applicant, error) {
	var raw, sealed []byte
	var state State
	err := r.Row(ctx, qOf, flow.Bytes()).Scan(&raw, &sealed, &state)
	if errors.Is(err, db.ErrNoRows) {
		return applicant{}, access.ErrNoFlow
	}
	if err != nil {
		return applicant{}, fmt.Errorf("read an application: %w", err)
	}
	var a applicant
	if a.id, err = id.FromBytes(raw); err != nil {
		return applicant{}, fmt.Errorf("read an application: %w", err)
	}
	plain, err := s.vault.Open(vault.PII, at(a.id), sealed)
	if err != nil {
		return applicant{}, fmt.Errorf("application %s: %w", a.id.Text(Prefix), err)
	}
	var rec record
	if err := json.Unmarshal(plain, &rec); err != nil {
		// The cause is left out: it may quote a name.
		return applicant{}, fmt.Errorf("application %s is malformed", a.id.Text(Prefix))
	}
	a.name = client.Name{First: rec.First, Last: rec.Last}
	a.born, _ = client.ParseDate(rec.Born)
	return a, nil
}

func (s *Service) seal(key id.ID, rec record) ([]byte, error) {
	plain, err := json.Marshal(rec)
	if err != nil {
		return nil, fmt.Errorf("application: %w", err)
	}
	return s.vault.Seal(vault.PII, at(key), plain)
}

func at(key id.ID) vault.At { return vault.At{Table: "application.person", Row: key.Bytes()} }

// Sweep forgets applications that nobody finished. The worker calls it now and then.
func (s *Service) Sweep(ctx context.Context) error {
	return s.db.Write(ctx, func(tx db.Tx) error {
		_, err := tx.Exec(ctx, qSweep, int16(oldDraft), tx.Now().Add(-keepDraft).UnixMicro())
		return err
	})
}
