// Package transferbench measures the whole friend transfer in process: quote,
// order, limits, the money, both feeds, the event and the answer, as a door
// calls them, between random clients.
package transferbench

import (
	"context"
	"fmt"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/operation"
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
	Accounts   []ledger.AccountID
}

// Make empties a bench database and fills it with n clients.
func Make(ctx context.Context, d *db.DB, n, writers int) (*World, error) {
	if n < 2 {
		return nil, fmt.Errorf("a bench needs at least 2 accounts")
	}
	if err := d.Recreate(ctx); err != nil {
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
	w.Operations = operation.New(d, w.Vault)
	w.Limits = limit.New(d, w.Vault, limit.Standard())
	w.Transfers = transfer.New(transfer.Deps{
		DB: d, Book: w.Book, Vault: w.Vault, People: crowd{w.Accounts}, Operations: w.Operations, Limits: w.Limits, Tariff: tariff.Standard(),
	})
	return w, nil
}

// Close stops the book.
func (w *World) Close() error { return w.Book.Close() }

// crowd is the directory of the bench: every number is a client called Павел К.
type crowd struct{ accounts []ledger.AccountID }

func (c crowd) Person(_ context.Context, who client.ID) (client.Person, error) {
	if who < 1 || int(who) > len(c.accounts) {
		return client.Person{}, client.ErrNobody
	}
	return client.Person{ID: who, Account: c.accounts[who-1], First: "Павел", Masked: "Павел К.", State: client.Active, Lang: locale.Russian}, nil
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
	q, err := w.Transfers.Quote(p.Payer, p.From, p.Payee.Token, money.Rub(kopecks))
	if err != nil {
		return transfer.Receipt{}, err
	}
	o, err := w.Transfers.Order(p.Payer, q.Token, message)
	if err != nil {
		return transfer.Receipt{}, err
	}
	return w.Transfers.ToFriend(ctx, transfer.ToFriend{
		Client: p.Payer, Key: ledger.Key(w.IDs.New()), Quote: q.Token, Message: message, Proof: o.Proved(transfer.ByToken, "bench"),
	})
}

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
)

// Agrees verifies the book and compares book, feeds and events with what the
// callers were told. No worker may have drained the events.
func (w *World) Agrees(ctx context.Context, transfers int64) error {
	for _, c := range []struct {
		what string
		q    *db.Stmt
		want int64
	}{{"operations", qOperations, 2 * transfers}, {"events", qEvents, transfers}} {
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
