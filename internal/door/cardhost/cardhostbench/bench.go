// Package cardhostbench measures purchases as the card network asks for them:
// over TCP on loopback, each with a true cryptogram of a chip and a PIN that
// are both checked, each held durably before it is answered. Callers and bank
// share the machine, so the figure carries the cost of both.
package cardhostbench

import (
	"context"
	"fmt"
	"net"
	"time"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/bank/transfer/transferbench"
	"rocketbank/internal/base/bench"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/door/cardhost"
	"rocketbank/internal/ledger"
	"rocketbank/internal/ledger/ledgerbench"
)

// Config says what to measure.
type Config struct {
	bench.Load
	Accounts int
	Writers  int // PostgreSQL batch writers; 0 means the book's default
}

// cardsPerCaller is how many cards each caller's terminals see in turn. A card
// pays at one place at a time.
const cardsPerCaller = 100

// Run makes a fresh data set in a bench database, opens the line of the card
// network on loopback, puts the load on it and gives the figure. The book is
// verified afterwards, and book, authorisations, feeds, events and remembered
// answers must hold exactly what the callers were told.
func Run(ctx context.Context, d *db.DB, c Config) (bench.Figure, error) {
	if c.Accounts < c.Callers {
		return bench.Figure{}, fmt.Errorf("a bench of cards needs at least as many accounts as callers: each caller has cards of his own")
	}
	w, err := transferbench.Make(ctx, d, c.Accounts, c.Writers)
	if err != nil {
		return bench.Figure{}, err
	}
	defer w.Close()
	cards, err := card.New(d, w.Vault, w.IDs, card.Options{})
	if err != nil {
		return bench.Figure{}, err
	}
	m, err := newModule()
	if err != nil {
		return bench.Figure{}, err
	}
	plastic, err := issue(ctx, w, cards, m, min(c.Accounts, c.Callers*cardsPerCaller))
	if err != nil {
		return bench.Figure{}, fmt.Errorf("make cards: %w", err)
	}
	pressed, err := count(ctx, d, qEvents) // what making the cards told of
	if err != nil {
		return bench.Figure{}, err
	}
	bank := purchase.New(purchase.Deps{DB: d, Book: w.Book, Operations: w.Operations, Cards: cards, HSM: m})
	addr, stop, err := serve(ctx, cardhost.Options{Bank: bank, Lines: c.Callers, Answer: time.Minute})
	if err != nil {
		return bench.Figure{}, err
	}
	defer stop()
	lines := make([]*caller, c.Callers)
	for i := range lines {
		if lines[i], err = dial(ctx, addr, m, i); err != nil {
			return bench.Figure{}, err
		}
		defer lines[i].conn.Close()
		for n := i; n < len(plastic); n += c.Callers {
			lines[i].cards = append(lines[i].cards, plastic[n])
		}
	}
	out, err := bench.Run(ctx, c.Load, func(i int) bench.Caller {
		return func(context.Context) (bool, error) {
			err := lines[i].buy()
			return err == nil, err
		}
	})
	if err != nil {
		return bench.Figure{}, err
	}
	f := out.Figure("cards", d.Engine().String(), c.Load)
	if err := out.Failed(); err != nil {
		return f, err
	}
	return f, agrees(ctx, d, out.Ops, pressed)
}

// serve opens the line on a free loopback port.
func serve(ctx context.Context, o cardhost.Options) (addr string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- cardhost.New(o).Run(ctx, l) }()
	return l.Addr().String(), func() { cancel(); <-ended }, nil
}

// chip is a card as its holder carries it.
type chip struct {
	number, expiry, sequence string
	atc                      int
}

// issueBatch is how many cards one unit of work makes.
const issueBatch = 250

var qNumber = db.Query(`SELECT pan FROM card WHERE client = $1 AND id = $2`)

// issue makes one plastic card for each of the first n clients.
func issue(ctx context.Context, w *transferbench.World, cards *card.Service, m *module, n int) ([]*chip, error) {
	out := make([]*chip, 0, n)
	for from := 0; from < n; from += issueBatch {
		var batch []*chip
		err := w.DB.Write(ctx, func(tx db.Tx) error {
			batch = batch[:0]
			for i := from; i < min(from+issueBatch, n); i++ {
				one, err := press(ctx, tx, w, cards, m, client.ID(i+1))
				if err != nil {
					return err
				}
				batch = append(batch, one)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		out = append(out, batch...)
	}
	return out, nil
}

func press(ctx context.Context, tx db.Tx, w *transferbench.World, cards *card.Service, m *module, who client.ID) (*chip, error) {
	c, err := cards.Issue(ctx, tx, card.Order{
		Client: who, Account: w.Accounts[who-1], Product: card.PlasticWorld, Name: client.Name{First: "Павел", Last: "Кузнецов"},
	})
	if err != nil {
		return nil, err
	}
	number, err := numberOf(ctx, tx, w, who, c.ID)
	if err != nil {
		return nil, err
	}
	pvv, err := m.PVV(number, vault.Hide(pin))
	if err != nil {
		return nil, err
	}
	if err := cards.NetworkPIN(ctx, tx, who, c.ID, pvv); err != nil {
		return nil, err
	}
	return &chip{number: number, expiry: fmt.Sprintf("%02d%02d", c.Year%100, int(c.Month)), sequence: "01"}, nil
}

func numberOf(ctx context.Context, tx db.Tx, w *transferbench.World, who client.ID, one id.ID) (string, error) {
	var sealed []byte
	if err := tx.Row(ctx, qNumber, int64(who), one.Bytes()).Scan(&sealed); err != nil {
		return "", err
	}
	return w.Vault.OpenText(vault.PAN, vault.At{Table: "card.pan", Row: one.Bytes()}, sealed)
}

var (
	qAuths      = db.Query(`SELECT COUNT(*) FROM card_auth`)
	qMessages   = db.Query(`SELECT COUNT(*) FROM card_message`)
	qCounters   = db.Query(`SELECT COUNT(*) FROM card_counter`)
	qOperations = db.Query(`SELECT COUNT(*) FROM operation`)
	qEvents     = db.Query(`SELECT COUNT(*) FROM outbox`)
)

func count(ctx context.Context, d *db.DB, q *db.Stmt) (n int64, err error) {
	err = d.Row(ctx, q).Scan(&n)
	return n, err
}

// agrees compares what landed with what the callers were told, and verifies.
// No worker may have drained the events; the first pressed of them are of the
// time before the load.
func agrees(ctx context.Context, d *db.DB, bought, pressed int64) error {
	for _, c := range []struct {
		what   string
		q      *db.Stmt
		before int64
	}{{"authorisations", qAuths, 0}, {"answers", qMessages, 0}, {"counters", qCounters, 0}, {"operations", qOperations, 0}, {"events", qEvents, pressed}} {
		got, err := count(ctx, d, c.q)
		if err != nil {
			return err
		}
		if got-c.before != bought {
			return fmt.Errorf("%d %s for %d purchases", got-c.before, c.what, bought)
		}
	}
	breaches, err := purchase.Check(ctx, d)
	if err != nil {
		return err
	}
	if len(breaches) > 0 {
		return fmt.Errorf("%d breaches, the first: %+v", len(breaches), breaches[0])
	}
	return ledgerbench.Agrees(ctx, d, ledger.KindPurchase, bought)
}
