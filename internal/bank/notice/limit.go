package notice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/outbox"
	"rocketbank/internal/base/vault"
)

// TopicLimits is the outbox topic of a client's own limits.
const TopicLimits = "limits.loosened"

// LimitsLoosened is the event that a client's own limits will be looser.
type LimitsLoosened struct {
	Client client.ID `json:"-"`
	From   time.Time `json:"from"`
}

// Event gives the outbox event under an identifier of its own.
func (n LimitsLoosened) Event(event id.ID) (outbox.Event, error) {
	raw, err := json.Marshal(n)
	if err != nil {
		return outbox.Event{}, fmt.Errorf("news of limits: %w", err)
	}
	return outbox.Event{ID: event, Topic: TopicLimits, Owner: int64(n.Client), Payload: raw}, nil
}

// limitsLoosened tells the client while there is time to say no.
func (s *Service) limitsLoosened(ctx context.Context, e outbox.Event) error {
	n := LimitsLoosened{Client: client.ID(e.Owner)}
	if err := json.Unmarshal(e.Payload, &n); err != nil {
		return outbox.Final(fmt.Errorf("news of limits: %w", err))
	}
	who, err := s.d.People.ByID(ctx, n.Client)
	if errors.Is(err, client.ErrNobody) {
		return outbox.Final(err)
	}
	if err != nil {
		return err
	}
	p := locale.For(who.Lang)
	text := p.T("notice.limits_loosened", locale.A("day", p.DateFull(n.From)), locale.A("time", n.From))
	return s.send(ctx, e.Owner, e.ID, SMS{Key: uuid(e.ID), To: who.Phone, Text: vault.Hide(text)})
}
