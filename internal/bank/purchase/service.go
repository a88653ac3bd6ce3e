package purchase

import (
	"context"
	"hash/maphash"
	"log/slog"
	"sync"
	"time"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
	"rocketbank/internal/rail/emv"
)

// Cards finds cards and keeps their PINs (card.Service).
type Cards interface {
	ByNumber(number string) (card.Face, error)
	FaceIn(ctx context.Context, tx db.Tx, who client.ID, one id.ID) (card.Face, error)
	CountWrongPIN(ctx context.Context, tx db.Tx, who client.ID, one id.ID) (left int, err error)
	PINRight(ctx context.Context, tx db.Tx, who client.ID, one id.ID) error
	NetworkPIN(ctx context.Context, tx db.Tx, who client.ID, one id.ID, pvv vault.Hidden) error
	NetworkUnblockPIN(ctx context.Context, tx db.Tx, who client.ID, one id.ID) error
	// Bind locks a card that waits for its first shop to this one; false when
	// it is another shop's by now.
	Bind(ctx context.Context, tx db.Tx, who client.ID, one id.ID, merchant string) (bool, error)
	// ScriptSent notes that the chip was told of an unblocked PIN.
	ScriptSent(ctx context.Context, tx db.Tx, who client.ID, one id.ID) error
}

// HSM checks what only the keys of the cards can check (hsm.Soft).
type HSM interface {
	// VerifyPIN opens an enciphered block; emv.ErrPINBlock tells that it is none.
	VerifyPIN(number string, block []byte, iso4 bool, pvv string) (bool, error)
	PVV(number string, pin vault.Hidden) (vault.Hidden, error)
	OpenPIN(number string, block []byte, iso4 bool) (vault.Hidden, error)
	Cryptogram(number, sequence string, tags emv.TLV) (emv.Cryptogram, error)
	UnblockScript(number, sequence string, tags emv.TLV) ([]byte, error)
	CVV(number, expiry, service string) (string, error)
	ICVV(number, expiry string) (string, error)
	CVV2(number, expiry string) (string, error)
	DynamicCVV2(number, expiry string, at time.Time) ([]string, error) // those that are good at a moment
	DCVV(number, expiry, service, atc string) (string, error)
}

// Authentications tells what 3-D Secure found out about a purchase
// (authentication.Service).
type Authentications interface {
	// Verify reads an authentication value; ok false means it proves nothing for
	// this card, sum and merchant, or was used before. The row, carried with the
	// money, uses it up.
	Verify(ctx context.Context, a Authenticated) (row db.Row, ok bool, err error)
}

// Authenticated is what a value must have been made for.
type Authenticated struct {
	Client   client.ID
	Card     id.ID
	Number   vault.Hidden
	Amount   money.Amount
	MCC      string
	Merchant string
	Value    string
}

// Disputes tells what of the network's money is the bank's (dispute.Service).
type Disputes interface {
	// Recover tells how much of what comes back for an operation its client was
	// paid already, and notes that it came.
	Recover(ctx context.Context, tx db.Tx, who client.ID, op id.ID, back money.Amount) (money.Amount, error)
	// Unrecover takes back what Recover noted: it was a mistake.
	Unrecover(ctx context.Context, tx db.Tx, who client.ID, op id.ID, sum money.Amount) error
	// Paid lists the operations that a client was paid for and nothing came back for yet.
	Paid(ctx context.Context, tx db.Tx, who client.ID) ([]id.ID, error)
}

// Live wakes open pages (live.Hub).
type Live interface{ Kick(client.ID) }

// Kicker wakes the outbox worker.
type Kicker interface{ Kick() }

// Database runs units of work (db.DB).
type Database interface {
	db.Reader
	Now() time.Time
	Write(ctx context.Context, fn func(db.Tx) error) error
}

// Book moves the money (ledger.Book).
type Book interface {
	Post(ctx context.Context, t ledger.Transaction) (ledger.Receipt, error)
	PostTx(ctx context.Context, tx db.Tx, ts ...ledger.Transaction) ([]ledger.Receipt, error)
}

// Feed is what the client sees of it (operation.Service).
type Feed interface {
	NewID() id.ID
	Row(o operation.Operation) (db.Row, error)
	Add(ctx context.Context, tx db.Tx, o operation.Operation) error
	Change(ctx context.Context, tx db.Tx, who client.ID, op id.ID, fn func(*operation.Operation)) error
	One(ctx context.Context, who client.ID, op id.ID) (operation.Operation, error)
	Lock(ctx context.Context, tx db.Tx, who client.ID, op id.ID) (operation.Operation, error)
}

// Deps is what a Service works with.
type Deps struct {
	DB         Database
	Book       Book
	Operations Feed
	Cards      Cards
	HSM        HSM
	Proofs     Authentications // nil: no purchase in the internet is proved
	Disputes   Disputes        // nil: nobody disputes anything
	Live       Live            // may be nil
	Outbox     Kicker          // may be nil
	Log        *slog.Logger    // may be nil
	Now        func() time.Time
	Rules      Rules
}

// Rules are what the bank decides by. Zero values take the usual ones.
type Rules struct {
	Hold        time.Duration // how long a usual hold lasts: 7 days
	Preauth     time.Duration // … of a pre-authorisation: 30 days
	NoPIN       money.Amount  // most that goes contactless without a PIN: 3,000 ₽
	CounterJump int           // a chip counter that jumps further is refused: 1,000
	ChipFails   int64         // wrong cryptograms in a day that stop the chip: 3
	Tip         int64         // how much above the hold restaurants may present, in percent: 20
}

func (r Rules) orUsual() Rules {
	day := 24 * time.Hour
	if r.Hold == 0 {
		r.Hold = 7 * day
	}
	if r.Preauth == 0 {
		r.Preauth = 30 * day
	}
	if r.NoPIN.Cur == 0 {
		r.NoPIN = money.Rub(3_000_00)
	}
	if r.CounterJump == 0 {
		r.CounterJump = 1000
	}
	if r.ChipFails == 0 {
		r.ChipFails = 3
	}
	if r.Tip == 0 {
		r.Tip = 20
	}
	return r
}

// Service decides. It is safe for concurrent use, also by several processes.
type Service struct {
	d     Deps
	rows  store
	locks keyed
}

// New makes the service.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = d.DB.Now
	}
	d.Rules = d.Rules.orUsual()
	return &Service{d: d, rows: newTables(d.DB), locks: keyed{seed: maphash.MakeSeed(), held: map[uint64]*turn{}}}
}

// tell wakes the client's pages and the worker that sends messages.
func (s *Service) tell(who client.ID) {
	if s.d.Live != nil {
		s.d.Live.Kick(who)
	}
	if s.d.Outbox != nil {
		s.d.Outbox.Kick()
	}
}

// keyed lets one message of a card be judged at a time in this process: a
// repeat waits for its original, and PINs are tried one after the other.
// Between processes the rows of the database decide.
type keyed struct {
	mu   sync.Mutex
	seed maphash.Seed
	held map[uint64]*turn // by hash of the number: two cards that share one only wait
}

type turn struct {
	sync.Mutex
	waiting int
}

// lock takes the turn of a card; the result gives it back.
func (k *keyed) lock(number string) func() {
	card := maphash.String(k.seed, number)
	k.mu.Lock()
	t := k.held[card]
	if t == nil {
		t = &turn{}
		k.held[card] = t
	}
	t.waiting++
	k.mu.Unlock()
	t.Lock()
	return func() {
		t.Unlock()
		k.mu.Lock()
		if t.waiting--; t.waiting == 0 {
			delete(k.held, card)
		}
		k.mu.Unlock()
	}
}
