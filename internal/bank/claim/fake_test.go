package claim_test

import (
	"context"
	"crypto/ecdsa"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/bin"
	"rocketbank/internal/bank/claim"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/order/ordertest"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/outbox"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/ledger"
)

var ctx = context.Background()

const friend = phone.Number("+79035550199")

// ways is a world of payouts in memory that moves money as the real room does:
// out of transit when a payout is done.
type ways struct {
	b  *banktest.Bank
	mu sync.Mutex
	// answer is what the next Go comes to; later, what Read says.
	answer  payout.State
	reason  string
	begun   map[id.ID]payout.Direct
	states  map[id.ID]payout.State
	reasons map[id.ID]string
	keys    map[ledger.Key]id.ID
}

func (w *ways) Begin(ctx context.Context, tx db.Tx, d payout.Direct) (id.ID, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if x, ok := w.keys[d.Key]; ok {
		return x, nil
	}
	x := w.b.IDs.New()
	w.keys[d.Key], w.begun[x], w.states[x] = x, d, payout.Reserved
	return x, nil
}

func (w *ways) Go(ctx context.Context, x id.ID) (payout.Payout, error) {
	w.mu.Lock()
	answer, reason := w.answer, w.reason
	w.mu.Unlock()
	w.come(x, answer, reason)
	return w.Read(ctx, nil, x)
}

// come takes a payout to a state; a done one moves its money.
func (w *ways) come(x id.ID, to payout.State, reason string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.states[x] == payout.Done {
		return
	}
	w.states[x], w.reasons[x] = to, reason
	if to != payout.Done {
		return
	}
	d := w.begun[x]
	_, err := w.b.Book.Post(ctx, ledger.Transaction{
		Owner: ledger.BankOwner, Key: d.Key, Kind: ledger.KindBench, Phase: ledger.Posted,
		Legs: []ledger.Leg{{Account: d.From, Amount: money.Rub(-d.Amount.Minor)}, {Account: ledger.Network, Amount: d.Amount}},
	})
	if err != nil {
		w.b.Error(err)
	}
}

// back sends a done payout back, as payout.Return does: with what its room adds
// in the same unit of work.
func (w *world) back(x id.ID) error {
	w.Helper()
	w.ways.mu.Lock()
	d := w.ways.begun[x]
	w.ways.states[x] = payout.Returned
	w.ways.mu.Unlock()
	also, err := w.claims.Returned(ctx, d.Owner, x)
	if err != nil {
		return err
	}
	return w.DB.Write(ctx, func(tx db.Tx) error {
		_, err := w.Book.PostTx(ctx, tx, ledger.Transaction{
			Owner: ledger.BankOwner, Key: ledger.Key(x), Kind: ledger.KindBench, Phase: ledger.Posted,
			Legs: []ledger.Leg{{Account: ledger.Network, Amount: money.Rub(-d.Amount.Minor)}, {Account: d.From, Amount: d.Amount}},
		})
		if err != nil {
			return err
		}
		return also(ctx, tx)
	})
}

func (w *ways) Read(_ context.Context, _ db.Reader, x id.ID) (payout.Payout, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return payout.Payout{ID: x, State: w.states[x], Reason: w.reasons[x]}, nil
}

func (w *ways) last() (id.ID, payout.Direct) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var x id.ID
	for y := range w.begun {
		if strings.Compare(string(y[:]), string(x[:])) > 0 {
			x = y
		}
	}
	return x, w.begun[x]
}

// partners knows two accounts and a wallet whose bank is gone.
type partners struct{ closed bool }

func (p *partners) Methods(context.Context) ([]claim.Method, error) {
	return []claim.Method{
		{Way: claim.ToCard},
		{Way: claim.ToMobile, Code: "orbita", RU: "Орбита", EN: "Orbita", Closed: p.closed, WhyRU: "ремонт", WhyEN: "repairs"},
		{Way: claim.ToWallet, Code: "kopilka", RU: "Копилка", EN: "Kopilka"},
		{Way: claim.ToWallet, Code: "zaliv", RU: "Залив", EN: "Zaliv", Closed: true, WhyRU: "у банка нет лицензии", WhyEN: "its bank has no licence"},
	}, nil
}

func (p *partners) Check(_ context.Context, _, number string) (string, error) {
	if strings.HasSuffix(number, "0000") {
		return "", claim.ErrNoReceiver
	}
	return "Павел К.", nil
}

// messages keeps what strangers were sent instead of the room of access.
type messages struct {
	mu   sync.Mutex
	sent []order.Message
	full bool
}

func (m *messages) SendOrderCode(_ context.Context, tx db.Tx, msg order.Message) error {
	if m.full {
		return access.ErrTooManyCodes
	}
	tx.AfterCommit(func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.sent = append(m.sent, msg)
	})
	return nil
}

func (m *messages) last() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sent[len(m.sent)-1].Text.Reveal()
}

type world struct {
	*banktest.Bank
	claims   *claim.Service
	orders   *order.Service
	ways     *ways
	partners *partners
	messages *messages
	anna     banktest.Person
	key      *ecdsa.PrivateKey
	spki     []byte
	real     *banktest.Clock
}

func each(t *testing.T, fn func(w *world)) {
	banktest.Each(t, func(b *banktest.Bank) {
		w := &world{
			Bank: b, partners: &partners{}, messages: &messages{}, real: &banktest.Clock{},
			ways: &ways{b: b, answer: payout.Done, begun: map[id.ID]payout.Direct{}, states: map[id.ID]payout.State{}, reasons: map[id.ID]string{}, keys: map[ledger.Key]id.ID{}},
		}
		w.real.Set(banktest.Noon)
		w.orders = order.New(order.Deps{DB: b.DB, Vault: b.Vault, People: b.Directory, Now: w.real.Now, Digits: access.NewCode})
		w.key, w.spki = ordertest.Key(7)
		w.claims = w.open(b)
		w.anna = b.Client("Анна", "Комарова", 10_000)
		fn(w)
		w.right()
	})
}

func (w *world) open(b *banktest.Bank) *claim.Service {
	return claim.New(claim.Deps{
		DB: b.DB, Book: b.Book, Vault: b.Vault, People: b.Directory, Operations: b.Operations, Limits: b.Limits, Tariffs: tariff.New(b.DB), Orders: w.orders,
		Messenger: w.messages, Payouts: w.ways, Partners: w.partners, BINs: bin.New(b.DB), OwnBIN: "550000", IDs: b.IDs, Now: w.real.Now,
		Digits: access.NewCode, Origin: "https://bank.example", Host: "bank.example",
	})
}

// right fails unless the book, the feeds and the links agree.
func (w *world) right() {
	w.Helper()
	report, err := ledger.Verify(ctx, w.DB, claim.Check, operation.Check, operation.CheckPrices)
	if err != nil || len(report.Breaches) > 0 {
		w.Errorf("verify: %v, %+v", err, report.Breaches)
	}
}

func (w *world) order(roubles int64, to phone.Number) claim.Create {
	w.Helper()
	q, err := w.claims.Quote(ctx, w.anna.ID, w.anna.Account, to, money.Rub(roubles*100))
	if err != nil {
		w.Fatal(err)
	}
	return w.signed(q, "с днём рождения")
}

func (w *world) signed(q claim.Quote, message string) claim.Create {
	w.Helper()
	doc, err := w.claims.Order(w.anna.ID, q.Token, message)
	if err != nil {
		w.Fatal(err)
	}
	signed, err := w.orders.Accept(w.anna.ID, doc, order.ByDevice(w.IDs.New(), w.spki, ordertest.Sign(w.T, w.key, doc.Text)))
	if err != nil {
		w.Fatal(err)
	}
	return claim.Create{Client: w.anna.ID, Key: ledger.Key(w.IDs.New()), Quote: q.Token, Message: message, Signed: signed, Standing: client.Standing{Level: client.Full}}
}

// send makes a link and gives what its message carries.
func (w *world) send(roubles int64) (claim.Link, string) {
	w.Helper()
	l, err := w.claims.Create(ctx, w.order(roubles, friend))
	if err != nil {
		w.Fatal(err)
	}
	return l, w.secret()
}

func (w *world) secret() string {
	_, secret, ok := strings.Cut(w.messages.last(), "https://bank.example/l/")
	if !ok || len(secret) != 22 {
		w.Fatalf("no link in %q", w.messages.last())
	}
	return secret
}

// prove asks for a code and enters it.
func (w *world) prove(secret string) claim.Choice {
	w.Helper()
	w.real.Add(3 * time.Minute)
	if _, err := w.claims.SendCode(ctx, secret, "", locale.Russian); err != nil {
		w.Fatal(err)
	}
	c, err := w.claims.EnterCode(ctx, secret, w.code())
	if err != nil {
		w.Fatal(err)
	}
	return c
}

func (w *world) code() string {
	text := w.messages.last()
	return text[len(text)-6:]
}

// plan chooses.
func (w *world) plan(secret string, wish claim.Wish) claim.Plan {
	w.Helper()
	p, err := w.claims.Check(ctx, secret, w.prove(secret).Pass, wish)
	if err != nil {
		w.Fatal(err)
	}
	return p
}

func (w *world) transit() int64 { return w.Balance(ledger.Transit) }

func (w *world) one(l claim.Link) claim.Link {
	w.Helper()
	got, err := w.claims.One(ctx, w.anna.ID, l.ID)
	if err != nil {
		w.Fatal(err)
	}
	return got
}

// sms reads the messages that wait in the outbox.
func (w *world) sms() (out []string) {
	w.Helper()
	var mu sync.Mutex // handlers run side by side
	worker := outbox.NewWorker(w.DB, map[string]outbox.Handler{access.SMSTopic: func(_ context.Context, e outbox.Event) error {
		m, err := access.OpenSMS(w.Vault, e)
		if err == nil {
			mu.Lock()
			defer mu.Unlock()
			out = append(out, fmt.Sprintf("%s %s", m.To.E164(), m.Text.Reveal()))
		}
		return err
	}}, nil)
	if _, err := worker.Once(ctx); err != nil {
		w.Fatal(err)
	}
	return out
}
