// Package transferbench measures the whole friend transfer in process: quote,
// order, limits, the money, both feeds, the event and the answer, as a door
// calls them, between random clients.
package transferbench

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/binary"
	"fmt"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/bench"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
	"rocketbank/internal/ledger/ledgerbench"
)

// Config says what to measure.
type Config struct {
	bench.Load
	Accounts int
	Writers  int // PostgreSQL batch writers; 0 means the book's default
}

// pairsPerCaller is how many payers and payees each caller goes round. Their
// payee tokens are made beforehand: a client chooses from people he knows.
const pairsPerCaller = 2000

// World is a data set of clients who can pay each other. Client number i+1
// owns Accounts[i]. The keys live in memory alone, so no key file is needed.
type World struct {
	DB         *db.DB
	Book       *ledger.Book
	Vault      *vault.Vault
	IDs        *id.Source
	Transfers  *transfer.Service
	Operations *operation.Service
	Limits     *limit.Service
	Tariffs    *tariff.Service
	Orders     *order.Service
	Accounts   []ledger.AccountID
	// Key signs for every payer: what a signature costs does not depend on whose
	// it is.
	Key    *ecdsa.PrivateKey
	Public []byte // its SPKI
}

// Caps of the tokens by which the payers order.
func Caps() (order, day money.Amount) { return money.Rub(100_000_00), money.Rub(300_000_00) }

// Make empties a bench database and fills it with n clients.
func Make(ctx context.Context, d *db.DB, n, writers int) (*World, error) {
	if n < 2 {
		return nil, fmt.Errorf("a bench needs at least 2 accounts")
	}
	if err := d.Recreate(ctx, db.Bench); err != nil {
		return nil, err
	}
	w := &World{DB: d, Vault: vault.Ephemeral(), IDs: id.NewSource(clock.System().Now)}
	var err error
	if w.Book, err = ledger.NewBook(ctx, d, ledger.Options{IDs: w.IDs, Writers: writers}); err != nil {
		return nil, err
	}
	if w.Accounts, err = ledgerbench.Accounts(ctx, d, w.Book, n); err != nil {
		w.Book.Close()
		return nil, fmt.Errorf("make %d accounts: %w", n, err)
	}
	if err := w.people(ctx, n); err != nil {
		w.Book.Close()
		return nil, fmt.Errorf("make %d clients: %w", n, err)
	}
	if w.Key, err = ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{42}, 32)); err == nil {
		w.Public, err = x509.MarshalPKIXPublicKey(w.Key.Public())
	}
	if err != nil {
		w.Book.Close()
		return nil, err
	}
	w.Operations = operation.New(d, w.Vault)
	w.Orders = order.New(order.Deps{DB: d, Vault: w.Vault})
	w.Limits = limit.New(d, w.Vault, limit.Standard())
	w.Tariffs = tariff.New(d)
	w.Transfers = transfer.New(transfer.Deps{
		DB: d, Book: w.Book, Vault: w.Vault, People: crowd{w.Accounts}, Operations: w.Operations, Limits: w.Limits, Tariffs: w.Tariffs, Orders: w.Orders,
	})
	return w, nil
}

// Close stops the book.
func (w *World) Close() error { return w.Book.Close() }

var insClient = db.NewInsert("client",
	db.Col{Name: "id", Type: db.Int}, db.Col{Name: "uid", Type: db.Bytes}, db.Col{Name: "name", Type: db.Bytes}, db.Col{Name: "born", Type: db.Bytes},
	db.Col{Name: "phone", Type: db.Bytes}, db.Col{Name: "lang", Type: db.Text}, db.Col{Name: "theme", Type: db.Text}, db.Col{Name: "state", Type: db.Int},
	db.Col{Name: "level", Type: db.Int}, db.Col{Name: "account", Type: db.Int}, db.Col{Name: "created_us", Type: db.Int})

// people makes the rows that are read on the way of an order; nobody's name is
// in them.
func (w *World) people(ctx context.Context, n int) error {
	const batch = 5000
	for from := 0; from < n; from += batch {
		rows := make([]db.Row, 0, batch)
		for i := from; i < min(from+batch, n); i++ {
			rows = append(rows, insClient.Row(i+1, uid(client.ID(i+1)).Bytes(), []byte{}, []byte{}, []byte{}, string(locale.Russian), "",
				int64(client.Active), int64(client.Full), int64(w.Accounts[i]), int64(0)))
		}
		if err := w.DB.Write(ctx, func(tx db.Tx) error { return tx.Insert(ctx, rows...) }); err != nil {
			return err
		}
	}
	return nil
}

// uid is what a client of the bench is called outside.
func uid(who client.ID) (x id.ID) {
	binary.BigEndian.PutUint64(x[8:], uint64(who)) // #nosec G115 -- clients are numbered from 1
	return x
}

// crowd is the directory of the bench: every number is a client called Павел К.
type crowd struct{ accounts []ledger.AccountID }

func (c crowd) Person(_ context.Context, who client.ID) (client.Person, error) {
	if who < 1 || int(who) > len(c.accounts) {
		return client.Person{}, client.ErrNobody
	}
	return client.Person{ID: who, UID: uid(who), Account: c.accounts[who-1], First: "Павел", Masked: "Павел К.", State: client.Active, Lang: locale.Russian}, nil
}

func (c crowd) ByPhone(context.Context, phone.Number) (client.Person, error) {
	return client.Person{}, client.ErrNobody
}

// Pair is a payer and somebody he knows.
type Pair struct {
	Payer client.ID
	From  ledger.AccountID
	Payee transfer.Payee
}

// Pairs makes so many pairs of different clients; seed chooses which.
func (w *World) Pairs(ctx context.Context, n int, seed uint64) ([]Pair, error) {
	next := dice(seed)
	out := make([]Pair, n)
	for i := range out {
		from, to := next(len(w.Accounts)), next(len(w.Accounts)-1)
		if to >= from {
			to++
		}
		payee, err := w.Transfers.Known(ctx, client.ID(from+1), client.ID(to+1))
		if err != nil {
			return nil, err
		}
		out[i] = Pair{Payer: client.ID(from + 1), From: w.Accounts[from], Payee: payee}
	}
	return out, nil
}

// Pay sends so many kopecks from the payer to the payee of a pair.
func (w *World) Pay(ctx context.Context, p Pair, kopecks int64) (transfer.Receipt, error) {
	q, err := w.Transfers.Quote(ctx, p.Payer, p.From, p.Payee.Token, money.Rub(kopecks))
	if err != nil {
		return transfer.Receipt{}, err
	}
	o, err := w.Transfers.Order(p.Payer, q.Token, message)
	if err != nil {
		return transfer.Receipt{}, err
	}
	signature, err := w.Sign(o.Text)
	if err != nil {
		return transfer.Receipt{}, err
	}
	signed, err := w.Orders.Accept(p.Payer, o, order.ByToken(uid(p.Payer), w.Public, signature))
	if err != nil {
		return transfer.Receipt{}, err
	}
	standing := client.Standing{Level: client.Full, Token: uid(p.Payer)}
	standing.TokenOrder, standing.TokenDay = Caps()
	return w.Transfers.ToFriend(ctx, transfer.ToFriend{
		Client: p.Payer, Key: ledger.Key(w.IDs.New()), Quote: q.Token, Message: message, Signed: signed, Standing: standing,
	})
}

// Sign is the payer's part: his signature over the text of an order.
func (w *World) Sign(text string) ([]byte, error) { return order.Sign(w.Key, text) }

const message = "За кофе, спасибо!"

// Run makes a fresh data set in a bench database, puts the load on it and gives
// the figure. The book is verified afterwards, and book, feeds and events must
// hold exactly what the callers were told.
func Run(ctx context.Context, d *db.DB, c Config) (bench.Figure, error) {
	w, err := Make(ctx, d, c.Accounts, c.Writers)
	if err != nil {
		return bench.Figure{}, err
	}
	defer w.Close()
	pairs := make([][]Pair, max(c.Callers, 0))
	for i := range pairs {
		if pairs[i], err = w.Pairs(ctx, pairsPerCaller, uint64(i)); err != nil {
			return bench.Figure{}, err
		}
	}
	out, err := bench.Run(ctx, c.Load, func(i int) bench.Caller {
		next, turn := dice(uint64(i)<<32), 0
		return func(ctx context.Context) (bool, error) {
			turn++
			_, err := w.Pay(ctx, pairs[i][turn%pairsPerCaller], int64(next(1000)+1))
			return err == nil, err
		}
	})
	if err != nil {
		return bench.Figure{}, err
	}
	f := out.Figure("transfer", d.Engine().String(), c.Load)
	if err := out.Failed(); err != nil {
		return f, err
	}
	return f, w.Agrees(ctx, out.Ops)
}

var (
	qOperations = db.Query(`SELECT COUNT(*) FROM operation`)
	qEvents     = db.Query(`SELECT COUNT(*) FROM outbox`)
	qOrders     = db.Query(`SELECT COUNT(*) FROM signed_order WHERE txn IS NOT NULL`)
)

// Agrees verifies the book and compares book, feeds, events and signed
// orders with what the callers were told. No worker may have drained the events.
func (w *World) Agrees(ctx context.Context, transfers int64) error {
	for _, c := range []struct {
		what string
		q    *db.Stmt
		want int64
	}{{"operations", qOperations, 2 * transfers}, {"events", qEvents, transfers}, {"signed orders", qOrders, transfers}} {
		var got int64
		if err := w.DB.Row(ctx, c.q).Scan(&got); err != nil {
			return err
		}
		if got != c.want {
			return fmt.Errorf("%d %s for %d transfers", got, c.what, transfers)
		}
	}
	return ledgerbench.Agrees(ctx, w.DB, ledger.KindTransfer, transfers)
}

// dice gives numbers below n that look like chance and are the same in every
// run (SplitMix64).
func dice(seed uint64) func(n int) int {
	return func(n int) int {
		seed += 0x9e3779b97f4a7c15
		z := seed
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		z ^= z >> 31
		return int(z % uint64(n))
	}
}
