package purchase

import (
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/notice"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/outbox"
)

// Told is the event that something happened with a card. It names no sum and
// no merchant: the handler reads the client's operation.
type Told struct {
	Client    client.ID
	Operation id.ID
}

func (t Told) event(event id.ID) outbox.Event {
	return outbox.Event{ID: event, Topic: notice.TopicPurchase, Owner: int64(t.Client), Payload: t.Operation.Bytes()}
}
