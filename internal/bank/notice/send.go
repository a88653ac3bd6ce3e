package notice

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/outbox"
	"rocketbank/internal/base/vault"
)

// The stored states of a message.
const (
	stateAccepted    = 1
	stateDelivered   = 2
	stateUndelivered = 3
)

var (
	qSent = db.Query(`INSERT INTO sms (id, owner, gateway, state, sent_us, changed_us) VALUES ($1, $2, $3, $4, $5, $5)
		ON CONFLICT DO NOTHING`)
	// Only an accepted message changes: the first receipt stands.
	qReceipt = db.Query(`UPDATE sms SET state = $2, changed_us = $3 WHERE gateway = $1 AND state = $4`)
	qKnown   = db.Query(`SELECT state FROM sms WHERE gateway = $1`)
)

// Handlers gives the outbox topics that this room handles.
func (s *Service) Handlers() map[string]outbox.Handler {
	return map[string]outbox.Handler{
		access.SMSTopic:   s.sendSMS,
		access.AlertTopic: s.alert,
		TopicTransferDone: s.transferDone,
		TopicCard:         s.cardNews,
		TopicPurchase:     s.purchased,
		TopicDispute:      s.disputeNews,
		TopicPayout:       s.paidOut,
		TopicLimits:       s.limitsLoosened,
	}
}

// sendSMS sends a message that another room wrote, such as a one-time code.
func (s *Service) sendSMS(ctx context.Context, e outbox.Event) error {
	m, err := access.OpenSMS(s.d.Vault, e)
	if err != nil {
		return outbox.Final(fmt.Errorf("message %s: %w", uuid(e.ID), err))
	}
	if !m.Until.IsZero() && !s.d.Now().Before(m.Until) {
		s.d.Log.Warn("a message was too old to be sent", "event", uuid(e.ID), "attempt", e.Attempt)
		return nil
	}
	return s.send(ctx, e.Owner, m.Key, SMS{Key: uuid(m.Key), To: m.To, Text: m.Text})
}

// transferDone tells the payee.
func (s *Service) transferDone(ctx context.Context, e outbox.Event) error {
	op, err := id.FromBytes(e.Payload)
	if err != nil {
		return outbox.Final(err)
	}
	payee := client.ID(e.Owner)
	o, err := s.d.Operations.One(ctx, payee, op)
	if errors.Is(err, operation.ErrMissing) {
		return outbox.Final(err) // it landed with the event or not at all
	}
	if err != nil {
		return err
	}
	who, err := s.d.People.ByID(ctx, payee)
	if errors.Is(err, client.ErrNobody) {
		return outbox.Final(err)
	}
	if err != nil {
		return err
	}
	return s.send(ctx, e.Owner, e.ID, SMS{Key: uuid(e.ID), To: who.Phone, Text: vault.Hide(s.received(o, who.Lang))})
}

// received is the text to a payee. A Russian text of up to 70 characters is
// one part of a message; everything beyond is paid for again.
func (s *Service) received(o operation.Operation, lang locale.Lang) string {
	p := locale.For(lang)
	brand := s.d.Brand
	if brand == "" {
		brand = p.T("notice.brand")
	}
	return p.T("notice.transfer_in", locale.A("name", o.Details.Name), locale.A("amount", o.Amount), locale.A("brand", brand))
}

func (s *Service) send(ctx context.Context, owner int64, key id.ID, m SMS) error {
	gateway, err := s.d.Sender.Send(ctx, m)
	var no *Rejected
	if errors.As(err, &no) {
		// Final, and nobody can mend it: the event is done with.
		s.d.Log.Warn("the gateway rejected a message", "message", m.Key, "reason", no.Reason)
		return nil
	}
	if err != nil {
		return fmt.Errorf("message %s: %w", m.Key, err)
	}
	return s.d.DB.Write(ctx, func(tx db.Tx) error {
		_, err := tx.Exec(ctx, qSent, key.Bytes(), owner, gateway, int64(stateAccepted), s.d.Now().UnixMicro())
		return err
	})
}

// Receipt stores what the gateway says about a message; ErrUnknownMessage when
// it is none of ours. Repeated and late receipts change nothing.
func (s *Service) Receipt(ctx context.Context, r DeliveryReceipt) error {
	state := int64(stateUndelivered)
	if r.State == Delivered {
		state = stateDelivered
	}
	return s.d.DB.Write(ctx, func(tx db.Tx) error {
		n, err := tx.Exec(ctx, qReceipt, r.GatewayID, state, r.At.UnixMicro(), int64(stateAccepted))
		if err != nil || n > 0 {
			return err
		}
		var was int64
		err = tx.Row(ctx, qKnown, r.GatewayID).Scan(&was)
		if errors.Is(err, db.ErrNoRows) {
			return ErrUnknownMessage
		}
		return err
	})
}

// Status tells what became of a message, for support and tests: "accepted",
// Delivered or Undelivered; ErrUnknownMessage when it was never accepted.
func (s *Service) Status(ctx context.Context, gatewayID string) (string, error) {
	var state int64
	err := s.d.DB.Row(ctx, qKnown, gatewayID).Scan(&state)
	if errors.Is(err, db.ErrNoRows) {
		return "", ErrUnknownMessage
	}
	if err != nil {
		return "", err
	}
	return [...]string{stateAccepted: "accepted", stateDelivered: Delivered, stateUndelivered: Undelivered}[state], nil
}

// uuid is the usual text of an identifier (RFC 9562 §4).
func uuid(x id.ID) string {
	h := hex.EncodeToString(x[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
