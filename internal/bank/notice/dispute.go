package notice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/outbox"
	"rocketbank/internal/base/vault"
)

// TopicDispute is the outbox topic of what happened to a dispute.
const TopicDispute = "dispute"

// DisputeWhat is what happened to a dispute. The words rest in events.
type DisputeWhat string

// What a client is told.
const (
	DisputeOpened   DisputeWhat = "opened"
	DisputeAsked    DisputeWhat = "asked"
	DisputeAccepted DisputeWhat = "accepted"
	DisputeRefused  DisputeWhat = "refused"
)

// DisputeNews is the event that something happened to a dispute. It names no
// sum and no merchant: the handler reads the client's operation, which is the
// credit itself once the money is back.
type DisputeNews struct {
	Client    client.ID
	What      DisputeWhat
	Operation id.ID
	Until     time.Time // the promised day
}

// storedDispute is the news as it rests in an event.
type storedDispute struct {
	What      DisputeWhat `json:"what"`
	Operation string      `json:"operation"`
	Until     time.Time   `json:"until,omitzero"`
}

// Event gives the outbox event under an identifier of its own.
func (n DisputeNews) Event(event id.ID) (outbox.Event, error) {
	raw, err := json.Marshal(storedDispute{n.What, n.Operation.Text(operation.Prefix), n.Until})
	if err != nil {
		return outbox.Event{}, fmt.Errorf("news of a dispute: %w", err)
	}
	return outbox.Event{ID: event, Topic: TopicDispute, Owner: int64(n.Client), Payload: raw}, nil
}

// disputeNews tells the client and wakes his pages.
func (s *Service) disputeNews(ctx context.Context, e outbox.Event) error {
	var in storedDispute
	if err := json.Unmarshal(e.Payload, &in); err != nil {
		return outbox.Final(fmt.Errorf("news of a dispute: %w", err))
	}
	op, err := id.Parse(operation.Prefix, in.Operation)
	if err != nil {
		return outbox.Final(fmt.Errorf("news of a dispute: %w", err))
	}
	n := DisputeNews{Client: client.ID(e.Owner), What: in.What, Operation: op, Until: in.Until}
	if s.d.Live != nil {
		s.d.Live.Kick(n.Client)
	}
	o, err := s.d.Operations.One(ctx, n.Client, n.Operation)
	if errors.Is(err, operation.ErrMissing) {
		return outbox.Final(err)
	}
	if err != nil {
		return err
	}
	who, err := s.d.People.ByID(ctx, n.Client)
	if errors.Is(err, client.ErrNobody) {
		return outbox.Final(err)
	}
	if err != nil {
		return err
	}
	return s.send(ctx, e.Owner, e.ID, SMS{Key: uuid(e.ID), To: who.Phone, Text: vault.Hide(n.text(o, who.Lang))})
}

func (n DisputeNews) text(o operation.Operation, lang locale.Lang) string {
	p := locale.For(lang)
	name := o.Details.Name
	if name == "" {
		name = p.T("notice.purchase_somewhere")
	}
	return p.T("notice.dispute_"+string(n.What), locale.A("name", name), locale.A("amount", o.Amount), locale.A("until", p.DateFull(n.Until)))
}
