// Package outbox carries what must happen after a commit: messages, wake-ups,
// calls to other systems.
//
// An event is a row in the same unit of work as the thing it tells about. A
// [Worker] takes due events under a lease, hands each to the handler of its
// topic and deletes it when the handler succeeds. So an event is handled at
// least once, possibly by another process after a crash: a handler passes the
// event's id on as its idempotency key. Several processes may run workers on
// one database.
package outbox

import (
	"context"
	"time"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
)

// Event is one thing to do after the commit.
type Event struct {
	ID      id.ID  // given by the writer; the handler's idempotency key
	Topic   string // names the handler, e.g. "sms.send"
	Owner   int64  // the client it is about; 0 for the bank itself
	Payload []byte // what the handler needs; personal data only sealed

	// Attempt counts the times the event was taken, this one included.
	Attempt int
}

var insert = db.NewInsert("outbox",
	db.Col{Name: "id", Type: db.Bytes}, db.Col{Name: "topic", Type: db.Text}, db.Col{Name: "owner", Type: db.Int},
	db.Col{Name: "payload", Type: db.Bytes}, db.Col{Name: "attempts", Type: db.Int}, db.Col{Name: "due_us", Type: db.Int})

// Row gives the event as a row that a ledger transaction can carry. It is due
// at once: due_us 0 spares the writer a clock.
func (e Event) Row() db.Row {
	return insert.Row(e.ID.Bytes(), e.Topic, e.Owner, e.Payload, int64(0), int64(0))
}

// Add writes the event in a unit of work.
func Add(ctx context.Context, tx db.Tx, e Event) error { return tx.Insert(ctx, e.Row()) }

// AddAt writes an event that is not due before a moment of business time.
func AddAt(ctx context.Context, tx db.Tx, e Event, due time.Time) error {
	return tx.Insert(ctx, insert.Row(e.ID.Bytes(), e.Topic, e.Owner, e.Payload, int64(0), due.UnixMicro()))
}
