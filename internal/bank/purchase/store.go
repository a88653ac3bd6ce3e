package purchase

import (
	"context"
	"encoding/json"
	"time"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// Prefix is what identifiers of authorisations start with outside: pa_….
const Prefix = "pa"

// Kind says what an authorisation is about. Numbers are stored and never change.
type Kind int16

// The kinds.
const (
	KindBuy     Kind = 1
	KindCash    Kind = 2
	KindPreauth Kind = 3 // a sum to be completed later
	KindRefund  Kind = 4
	KindCredit  Kind = 5
)

// State is how far an authorisation has come. Numbers are stored and never change.
type State int16

// The states.
const (
	Held      State = 1 // money is reserved, or a refund is promised
	Posted    State = 2 // money has moved, nothing is held any more
	Reversed  State = 3 // taken back by the network
	Expired   State = 4 // held too long; a late clearing is still honoured
	Tombstone State = 5 // taken back before it came: it must never be honoured
)

// String names the state for logs and reports.
func (s State) String() string {
	switch s {
	case Held:
		return "held"
	case Posted:
		return "posted"
	case Reversed:
		return "reversed"
	case Expired:
		return "expired"
	case Tombstone:
		return "tombstone"
	}
	return "unknown"
}

// auth is a row of card_auth.
type auth struct {
	client   client.ID
	id       id.ID
	card     id.ID
	account  ledger.AccountID
	kind     Kind
	state    State
	origin   []byte
	message  []byte
	rrn      string
	code     string
	acquirer string
	shop     []byte
	mcc      string
	country  string
	channel  card.Channel
	local    money.Amount
	billing  money.Amount
	posted   money.Amount
	holds    []id.ID
	at       time.Time
	expires  time.Time
}

var iAuth = db.NewInsert("card_auth",
	db.Col{Name: "client", Type: db.Int}, db.Col{Name: "id", Type: db.Bytes}, db.Col{Name: "card", Type: db.Bytes}, db.Col{Name: "account", Type: db.Int},
	db.Col{Name: "kind", Type: db.Int}, db.Col{Name: "state", Type: db.Int}, db.Col{Name: "origin", Type: db.Bytes}, db.Col{Name: "message", Type: db.Bytes},
	db.Col{Name: "rrn", Type: db.Text}, db.Col{Name: "code", Type: db.Text}, db.Col{Name: "acquirer", Type: db.Text}, db.Col{Name: "merchant", Type: db.Bytes},
	db.Col{Name: "mcc", Type: db.Text}, db.Col{Name: "country", Type: db.Text}, db.Col{Name: "channel", Type: db.Int}, db.Col{Name: "currency", Type: db.Int},
	db.Col{Name: "local_minor", Type: db.Int}, db.Col{Name: "billing_minor", Type: db.Int}, db.Col{Name: "posted_minor", Type: db.Int},
	db.Col{Name: "holds", Type: db.Bytes}, db.Col{Name: "at_us", Type: db.Int}, db.Col{Name: "expires_us", Type: db.Int})

func (a auth) row() db.Row {
	var expires any
	if !a.expires.IsZero() {
		expires = a.expires.UnixMicro()
	}
	return iAuth.Row(int64(a.client), a.id.Bytes(), a.card.Bytes(), int64(a.account), int64(a.kind), int64(a.state), a.origin, a.message,
		a.rrn, a.code, a.acquirer, a.shop, a.mcc, a.country, int64(a.channel), int64(a.local.Cur),
		a.local.Minor, a.billing.Minor, a.posted.Minor, joined(a.holds), a.at.UnixMicro(), expires)
}

func joined(list []id.ID) []byte {
	out := make([]byte, 0, 16*len(list))
	for _, x := range list {
		out = append(out, x[:]...)
	}
	return out
}

// store is where the room keeps what it knows, and where it sees the accounts
// and holds of the book. In the bank that is the database (tables); the test
// that plays a million sequences of messages has it in memory.
type store interface {
	past(q Request, f card.Face) (past, error)
	// remembered finds the answer given to a message before, answer sets it anew,
	// twin keeps it under the name of a repeat.
	remembered(ctx context.Context, r db.Reader, key []byte) (a Answer, print []byte, found bool, err error)
	answer(ctx context.Context, tx db.Tx, key, raw []byte) error
	twin(ctx context.Context, tx db.Tx, key []byte, m db.Row) error

	// What is read within a unit of work is locked until it ends.
	byOrigin(ctx context.Context, tx db.Tx, who client.ID, origin []byte) (auth, bool, error)
	lock(ctx context.Context, tx db.Tx, who client.ID, one id.ID) (auth, bool, error)
	// byRRN and byCode list authorisations of a card by what the network calls
	// them, the oldest first; by nothing there are none.
	byRRN(ctx context.Context, r db.Reader, who client.ID, card id.ID, rrn string) ([]auth, error)
	byCode(ctx context.Context, r db.Reader, who client.ID, card id.ID, code string) ([]auth, error)
	// atShop lists what a card bought since then by one acquirer's terminals of
	// one kind of shop and has not got back whole, the newest first, at most maxAtShop.
	atShop(ctx context.Context, tx db.Tx, f card.Face, since time.Time, acquirer, mcc string) ([]auth, error)
	set(ctx context.Context, tx db.Tx, a auth) error
	due(ctx context.Context, r db.Reader, now time.Time, most int) ([]auth, error) // client and id alone

	// counters are a chip's latest, from the highest down, no fewer than the
	// window in which they may overtake each other.
	counters(ctx context.Context, r db.Reader, who client.ID, card id.ID) ([]int, error)
	seen(ctx context.Context, r db.Reader, who client.ID, card id.ID, shop []byte) (bool, error)

	begin(ctx context.Context, tx db.Tx, f File) error // ErrOtherFile
	done(ctx context.Context, tx db.Tx, file string) error
	item(ctx context.Context, tx db.Tx, arn string, kind int) (item, bool, error)
	presented(ctx context.Context, tx db.Tx, a auth) (int64, error) // by clearing, less what was taken back

	account(ctx context.Context, r db.Reader, a ledger.AccountID) (ledger.Account, error)
	hold(ctx context.Context, r db.Reader, txn id.ID) (ledger.Hold, bool, error)
}

// remember keeps the answer of a message that makes no authorisation of its
// own, also under the name by which a repeat is found whose transmission time
// was set anew. A message that makes one is found through it (see twin).
func (s *Service) remember(ctx context.Context, tx db.Tx, r Request, f card.Face, a Answer) error {
	m, err := message(r.key(), r.print(f.ID), f.Client, a.Auth, a, tx.Now())
	if err != nil {
		return err
	}
	if err := tx.Insert(ctx, m); err != nil || r.RRN == "" {
		return err
	}
	return s.rows.twin(ctx, tx, r.twin(f.ID), m)
}

var iMessage = db.NewInsert("card_message", db.Col{Name: "key", Type: db.Bytes}, db.Col{Name: "client", Type: db.Int}, db.Col{Name: "print", Type: db.Bytes},
	db.Col{Name: "auth", Type: db.Bytes}, db.Col{Name: "answer", Type: db.Bytes}, db.Col{Name: "at_us", Type: db.Int})

// message is the remembered answer of a message.
func message(key, print []byte, who client.ID, auth id.ID, a Answer, at time.Time) (db.Row, error) {
	raw, err := json.Marshal(a)
	if err != nil {
		return db.Row{}, err
	}
	return iMessage.Row(key, int64(who), print, auth.Bytes(), raw, at.UnixMicro()), nil
}

var iCounter = db.NewInsert("card_counter", db.Col{Name: "client", Type: db.Int}, db.Col{Name: "card", Type: db.Bytes}, db.Col{Name: "atc", Type: db.Int},
	db.Col{Name: "arqc", Type: db.Bytes}, db.Col{Name: "at_us", Type: db.Int})
