// Package ledgerbench measures the book alone: callers that move money between
// random accounts, one transaction, two entries and two balances each.
package ledgerbench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"rocketbank/internal/base/bench"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// Config says what to measure.
type Config struct {
	bench.Load
	Accounts int
	// Hot is the share of transfers that touch one and the same account.
	Hot     float64
	Writers int // PostgreSQL batch writers; 0 means the book's default
}

// Opening is what each account of the data set starts with.
const Opening = 1_000_000_00

// perTxn is how many accounts one opening transaction fills: one leg each and
// one for the world they come from.
const perTxn = ledger.MaxLegs - 1

// Accounts makes the data set: n clients, numbered from 1, with one account
// each and money on it, through the book's own core.
func Accounts(ctx context.Context, d *db.DB, book *ledger.Book, n int) ([]ledger.AccountID, error) {
	all := make([]ledger.AccountID, 0, n)
	const chunk = 200 * perTxn
	for len(all) < n {
		var got []ledger.AccountID
		err := d.Write(ctx, func(tx db.Tx) error {
			list := make([]ledger.Opening, min(chunk, n-len(all)))
			for i := range list {
				list[i] = ledger.Opening{Owner: int64(len(all) + i + 1), Kind: ledger.KindCurrent, Currency: money.RUB}
			}
			var err error
			got, err = ledger.OpenAccounts(ctx, tx, list)
			return err
		})
		if err != nil {
			return nil, err
		}
		all = append(all, got...)
	}
	answers := make(chan error)
	waiting := 0
	for from := 0; from < n; from += perTxn {
		part := all[from:min(from+perTxn, n)]
		legs := []ledger.Leg{{Account: ledger.World, Amount: money.Rub(-Opening * int64(len(part)))}}
		for _, a := range part {
			legs = append(legs, ledger.Leg{Account: a, Amount: money.Rub(Opening)})
		}
		waiting++
		go func() {
			_, err := book.Post(ctx, ledger.Transaction{
				Owner: ledger.BankOwner, Key: ledger.KeyOf("bench opening", fmt.Sprint(part[0])),
				Kind: ledger.KindOpening, Phase: ledger.Posted, Legs: legs,
			})
			answers <- err
		}()
	}
	var first error
	for range waiting {
		if err := <-answers; err != nil && first == nil {
			first = err
		}
	}
	return all, first
}

// Run makes a fresh data set in a bench database, puts the load on the book
// and gives the figure. The book is verified afterwards, and must hold exactly
// what the callers were told.
func Run(ctx context.Context, d *db.DB, c Config) (bench.Figure, error) {
	if c.Accounts < 2 || c.Hot < 0 || c.Hot > 1 {
		return bench.Figure{}, fmt.Errorf("a bench needs at least 2 accounts and a hot share between 0 and 1")
	}
	if err := d.Recreate(ctx, db.Bench); err != nil {
		return bench.Figure{}, err
	}
	ids := id.NewSource(time.Now)
	book, err := ledger.NewBook(ctx, d, ledger.Options{IDs: ids, Writers: c.Writers})
	if err != nil {
		return bench.Figure{}, err
	}
	defer book.Close()
	accounts, err := Accounts(ctx, d, book, c.Accounts)
	if err != nil {
		return bench.Figure{}, fmt.Errorf("make %d accounts: %w", c.Accounts, err)
	}
	out, err := bench.Run(ctx, c.Load, func(i int) bench.Caller {
		r := rand.New(rand.NewPCG(uint64(i), 1)) // #nosec G404 -- a load, not a secret
		return func(ctx context.Context) (bool, error) {
			receipt, err := book.Post(ctx, Transfer(r, ids, accounts, c.Hot))
			return err == nil && !receipt.Refused(), err
		}
	})
	if err != nil {
		return bench.Figure{}, err
	}
	f := out.Figure("ledger", d.Engine().String(), c.Load)
	f.Hot = c.Hot
	if err := out.Failed(); err != nil {
		return f, err
	}
	return f, Agrees(ctx, d, ledger.KindBench, out.Ops)
}

// Transfer makes a transfer between two random accounts of the data set.
func Transfer(r *rand.Rand, ids *id.Source, accounts []ledger.AccountID, hot float64) ledger.Transaction {
	from := r.IntN(len(accounts))
	to := r.IntN(len(accounts) - 1)
	if to >= from {
		to++
	}
	if hot > 0 && r.Float64() < hot { // the first account gives or takes, in turn
		switch {
		case from == 0 || to == 0:
		case r.IntN(2) == 0:
			from = 0
		default:
			to = 0
		}
	}
	amount := int64(r.IntN(1000) + 1)
	return ledger.Transaction{
		Owner: int64(from + 1), Key: ledger.Key(ids.New()), Kind: ledger.KindBench, Phase: ledger.Posted,
		Legs: []ledger.Leg{
			{Account: accounts[from], Owner: int64(from + 1), Amount: money.Rub(-amount)},
			{Account: accounts[to], Amount: money.Rub(amount)},
		},
	}
}

var qCount = db.Query(`SELECT COUNT(*) FROM txn WHERE kind = $1 AND refused = 0`)

// Agrees verifies the book and compares it with the count of a bench.
func Agrees(ctx context.Context, d *db.DB, kind ledger.Kind, want int64) error {
	var got int64
	if err := d.Row(ctx, qCount, int64(kind)).Scan(&got); err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("the book holds %d transactions, the callers were told %d", got, want)
	}
	report, err := ledger.Verify(ctx, d)
	if err != nil {
		return fmt.Errorf("verify after the bench: %w", err)
	}
	if len(report.Breaches) > 0 {
		return fmt.Errorf("verify after the bench: %d breaches, the first: %+v", len(report.Breaches), report.Breaches[0])
	}
	return nil
}
