package application

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
)

// Begin reads a phone as people write it and sends it a code. The code is then
// taken by access.ConfirmCode with access.ForOrder; its Flow.Stage leads to
// Open (AtNewPasscode) or to the login's passcode (AtPasscode). Faults are
// about the field phone.
func (s *Service) Begin(ctx context.Context, number string, lang locale.Lang, from access.Visitor) (access.Flow, error) {
	p, err := phone.Parse(number)
	if e, ok := fault.As(err); ok {
		return access.Flow{}, Problems{e.At("phone")}
	}
	if !p.Mobile() {
		return access.Flow{}, Problems{access.ErrNotMobile.At("phone")}
	}
	return s.access.Begin(ctx, access.Beginning{Purpose: access.ForOrder, Phone: p, Lang: lang, From: from}, nil)
}

// owner is a holder that was looked up.
type owner struct {
	phone  phone.Number
	lang   locale.Lang
	client client.ID // an old client in his session; 0: a newcomer
	flow   string
	known  client.Client
}

// ownerOf tells who a holder is. A flow must have proved its phone.
func (s *Service) ownerOf(ctx context.Context, h Holder) (owner, error) {
	if h.flow == "" && h.session.Client == 0 {
		return owner{}, access.ErrNoFlow
	}
	if h.flow == "" {
		c, err := s.clients.ByID(ctx, h.session.Client)
		return owner{phone: c.Phone, lang: c.Lang, client: c.ID, known: c}, err
	}
	f, err := s.access.FlowOf(ctx, h.flow)
	switch {
	case err != nil:
		return owner{}, err
	case f.Purpose != access.ForOrder:
		return owner{}, access.ErrNoFlow
	case f.Stage != access.AtNewPasscode:
		return owner{}, access.ErrStep
	}
	return owner{phone: f.Phone, lang: f.Lang, flow: h.flow}, nil
}

// keepRefused is how long a refusal is shown to who comes again; afterwards he
// simply begins anew.
const keepRefused = 30 * 24 * time.Hour

// Open makes a draft or goes on with the application this person has: the live
// one, else the approved one (the first passcode comes next), else one that
// was refused lately (see Again). access.ErrStep tells that the flow stands
// elsewhere: the code is not given yet, or the phone is a client's.
func (s *Service) Open(ctx context.Context, h Holder) (View, error) { return s.openAs(ctx, h, false) }

// Again begins a new application after a refusal.
func (s *Service) Again(ctx context.Context, h Holder) (View, error) { return s.openAs(ctx, h, true) }

func (s *Service) openAs(ctx context.Context, h Holder, anew bool) (View, error) {
	o, err := s.ownerOf(ctx, h)
	if err != nil {
		return View{}, err
	}
	ticket := s.ticketOf(o)
	var key id.ID
	err = s.db.Write(ctx, func(tx db.Tx) error {
		fresh := false
		key, err = s.newest(ctx, tx, o, anew)
		if errors.Is(err, ErrMissing) {
			key, fresh, err = s.ids.New(), true, nil
		}
		if err != nil {
			return err
		}
		if fresh {
			if err := s.create(ctx, tx, s.draft(key, o)); err != nil {
				return err
			}
		}
		if ticket != "" {
			if err := s.keepTicket(ctx, tx, ticket, key); err != nil {
				return err
			}
		}
		if fresh {
			return s.record(ctx, tx, o, "application.opened", key)
		}
		return nil
	})
	if errors.Is(err, access.ErrStep) && ctx.Err() == nil {
		// Another browser of the same person was first: its draft is ours.
		if key, err = idOf(ctx, s.db, qLive, s.vault.Lookup(vault.Phone, o.phone.E164())); err != nil {
			return View{}, fmt.Errorf("open an application: %w", err)
		}
	}
	if err != nil {
		return View{}, err
	}
	v, err := s.view(ctx, key)
	v.Ticket = vault.Hide(ticket)
	return v, err
}

// newest finds the application to go on with; ErrMissing asks for a new one.
func (s *Service) newest(ctx context.Context, tx db.Tx, o owner, anew bool) (id.ID, error) {
	var key id.ID
	var err error
	if o.client != 0 {
		key, err = idOf(ctx, tx, qCardOf, int64(o.client))
	} else {
		key, err = idOf(ctx, tx, qCardNewest, s.vault.Lookup(vault.Phone, o.phone.E164()))
	}
	if err != nil {
		return key, err
	}
	a, err := s.read(ctx, tx, qCard, key)
	switch {
	case err != nil:
		return id.ID{}, err
	case a.state == Withdrawn,
		a.state == Refused && (anew || tx.Now().Sub(a.decided) > keepRefused):
		return id.ID{}, ErrMissing
	}
	return key, nil
}

// draft is a new application; what is known of an old client is filled in.
func (s *Service) draft(key id.ID, o owner) row {
	a := row{id: key, state: Draft, lang: o.lang, phone: o.phone, client: o.client}
	if o.client != 0 {
		a.q.First, a.q.Last, a.q.Born = o.known.Name.First, o.known.Name.Last, o.known.Born.ISO()
	}
	return a
}

// Wanted tells whether a client is to be asked for the questionnaire: he was
// taken on the old way and nothing of his is with the bank.
func (s *Service) Wanted(ctx context.Context, who client.ID) (bool, error) {
	known, err := s.clients.HasPapers(ctx, s.db, who)
	if err != nil || known {
		return false, err
	}
	key, err := idOf(ctx, s.db, qCardOf, int64(who))
	if errors.Is(err, ErrMissing) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	a, err := s.read(ctx, s.db, qCard, key)
	return err == nil && (a.state == Draft || a.state == Retake || a.state == Withdrawn), err
}

var (
	qTicketKeep = db.Query(`INSERT INTO card_application_ticket (hash, application, until_us) VALUES ($1, $2, $3)
		ON CONFLICT (hash) DO UPDATE SET application = excluded.application, until_us = excluded.until_us`)
	qTicket = db.Query(`SELECT application FROM card_application_ticket WHERE hash = $1 AND until_us > $2`)
)

// keepTickets is how long a browser may look at the status without a code.
const keepTickets = 30 * 24 * time.Hour

// ticketOf derives a browser's ticket from its flow's secret, so that an
// answer asked for twice carries the same ticket. Empty for a session.
func (s *Service) ticketOf(o owner) string {
	if o.flow == "" {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(s.vault.MAC("application.ticket", []byte(o.flow)))
}

func (s *Service) keepTicket(ctx context.Context, tx db.Tx, ticket string, key id.ID) error {
	_, err := tx.Exec(ctx, qTicketKeep, s.vault.Lookup(vault.Token, ticket), key.Bytes(), tx.Now().Add(keepTickets).UnixMicro())
	return err
}

// Status tells how the application of a ticket or of a proved flow stands.
func (s *Service) Status(ctx context.Context, token string) (Status, error) {
	if len(token) == 0 || len(token) > 64 {
		return Status{}, ErrMissing
	}
	key, err := idOf(ctx, s.db, qTicket, s.vault.Lookup(vault.Token, token), s.db.Now().UnixMicro())
	if errors.Is(err, ErrMissing) {
		f, flowErr := s.access.FlowOf(ctx, token)
		if flowErr != nil || f.Purpose != access.ForOrder || f.Stage == access.AtCode {
			return Status{}, ErrMissing
		}
		key, err = idOf(ctx, s.db, qCardNewest, s.vault.Lookup(vault.Phone, f.Phone.E164()))
	}
	if err != nil {
		return Status{}, err
	}
	a, err := s.read(ctx, s.db, qCard, key)
	if err != nil {
		return Status{}, err
	}
	return s.status(ctx, a)
}

// status is what the owner may know. Who came second with one passport sees
// how the first attempt stands, and nothing of its data.
func (s *Service) status(ctx context.Context, a row) (Status, error) {
	own := a
	if !a.twin.IsZero() {
		first, err := s.read(ctx, s.db, qCard, a.twin)
		if err != nil {
			return Status{}, err
		}
		first.note.Retakes, first.note.Words = nil, ""
		if first.state == Retake {
			first.state = CallDue
		}
		a = first
	}
	st := Status{
		ID: own.id, State: a.state, Lang: own.lang, Promised: a.promised, Zone: own.q.zone(), CallAt: a.call, NoAnswers: a.noAnswers,
		Retakes: a.note.open(), Reason: a.note.Reason, Submitted: own.submitted, Decided: a.decided, Delivery: own.q.Delivery, Met: !a.met.IsZero(),
	}
	if own.twin.IsZero() && a.state == CallDue {
		c, err := s.current(ctx, a.id)
		if err != nil {
			return Status{}, err
		}
		st.Phrase = c.Phrase
	}
	return st, nil
}

// record writes one line of the audit trail about an act of the owner.
func (s *Service) record(ctx context.Context, tx db.Tx, o owner, act string, key id.ID) error {
	actor := "visitor"
	if o.client != 0 {
		actor = "client"
	}
	return audit.Append(ctx, tx, audit.Entry{At: tx.Now(), Actor: actor, Client: int64(o.client), Act: act, Subject: key.Text(Prefix)})
}

// steps that are saved by a form of their own.
func (q questionnaire) seen(st Step) bool { return slices.Contains(q.Seen, st) }
