package access

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/outbox"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
)

// SMSTopic is the outbox topic of text messages to be sent.
const SMSTopic = "sms.send"

// SMS is a text message on its way. In the outbox it is under seal.
type SMS struct {
	Key  id.ID // the event's id and the gateway's idempotency key
	To   phone.Number
	Text vault.Hidden
	// Until is when the message has become pointless and must not be sent any
	// more, in real time; zero: never.
	Until time.Time
}

type smsPayload struct {
	To    string `json:"to"`
	Text  string `json:"text"`
	Until int64  `json:"until,omitempty"` // Unix seconds
}

// SendSMS puts a message into the outbox within a unit of work.
func SendSMS(ctx context.Context, tx db.Tx, v *vault.Vault, owner client.ID, m SMS) error {
	p := smsPayload{To: m.To.E164(), Text: m.Text.Reveal()}
	if !m.Until.IsZero() {
		p.Until = m.Until.Unix()
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("sms: %w", err)
	}
	sealed, err := v.Seal(vault.PII, smsAt(m.Key), raw)
	if err != nil {
		return err
	}
	return outbox.Add(ctx, tx, outbox.Event{ID: m.Key, Topic: SMSTopic, Owner: int64(owner), Payload: sealed})
}

// OpenSMS reads an event of SMSTopic.
func OpenSMS(v *vault.Vault, e outbox.Event) (SMS, error) {
	raw, err := v.Open(vault.PII, smsAt(e.ID), e.Payload)
	if err != nil {
		return SMS{}, fmt.Errorf("sms %s: %w", e.ID.Text("sm"), err)
	}
	var p smsPayload
	if err := json.Unmarshal(raw, &p); err != nil {
		// The cause is left out: it may quote the message.
		return SMS{}, fmt.Errorf("sms %s is malformed", e.ID.Text("sm"))
	}
	m := SMS{Key: e.ID, To: phone.Number(p.To), Text: vault.Hide(p.Text)}
	if p.Until != 0 {
		m.Until = time.Unix(p.Until, 0)
	}
	return m, nil
}

func smsAt(key id.ID) vault.At { return vault.At{Table: "outbox.sms", Row: key.Bytes()} }
