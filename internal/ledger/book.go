package ledger

import (
	"context"
	"log/slog"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
)

// Options say how a book is opened. Zero values work.
type Options struct {
	Clock   clock.Clock  // business time; the machine's clock when nil
	IDs     *id.Source   // made from real time when nil
	Log     *slog.Logger // silent when nil
	Writers int          // PostgreSQL batch writers, 1 or 2; 0 means the default
	Queue   int          // how many may wait; 0 means the default
}

// Book writes money on either engine. It is safe for concurrent use, and
// several processes may have a Book on one PostgreSQL.
type Book struct {
	db    *db.DB
	clock clock.Clock
	ids   *id.Source
	log   *slog.Logger
}

// NewBook opens the book on a migrated database and starts its writers.
func NewBook(ctx context.Context, d *db.DB, o Options) (*Book, error) {
	panic("unwritten")
}

// Post applies a transaction and answers when it is durable. A refusal is an
// answer with Receipt.Reason set; the errors are those of receipt.go. When ctx
// ends while the transaction is already taken, the answer is
// ErrUnknownOutcome and the money may move: ask again with the same key.
func (b *Book) Post(ctx context.Context, t Transaction) (Receipt, error) {
	panic("unwritten")
}

// PostTx applies transactions inside a unit of work, through the same core.
// Call it once per unit of work, with all its transactions, after the unit's
// own rows are locked and read; afterwards only insert and commit. A refusal
// is remembered only if the unit of work commits.
func (b *Book) PostTx(ctx context.Context, tx db.Tx, ts ...Transaction) ([]Receipt, error) {
	panic("unwritten")
}

// ExpireDue gives back up to limit holds whose time is over and tells how
// many. Several workers and restarts are harmless.
func (b *Book) ExpireDue(ctx context.Context, limit int) (int, error) {
	panic("unwritten")
}

// Healthy tells why the book takes no more transactions; nil while it does.
func (b *Book) Healthy() error {
	panic("unwritten")
}

// Close answers everybody who waits and stops the writers.
func (b *Book) Close() error {
	panic("unwritten")
}
