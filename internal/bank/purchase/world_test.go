package purchase_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
	"rocketbank/internal/rail/emv"
)

// world is a bank in small with one client, one plastic card and a network
// that sends messages about it.
type world struct {
	*banktest.Bank
	svc    *purchase.Service
	cards  *wallet
	hsm    *safe
	proofs *proofs
	owner  banktest.Person
	card   card.Card
	number string

	mu   sync.Mutex
	stan int
	atc  int
}

// safe is a security module with keys that everybody knows: the tests of the
// real one are its own.
type safe struct{ imk, zpk emv.Key2 }

func newSafe(t *testing.T) *safe {
	t.Helper()
	imk, err := emv.ParseKey2("0123456789ABCDEFFEDCBA9876543210")
	if err != nil {
		t.Fatal(err)
	}
	zpk, err := emv.ParseKey2("11111111111111112222222222222222")
	if err != nil {
		t.Fatal(err)
	}
	return &safe{imk, zpk}
}

func (s *safe) VerifyPIN(number string, block []byte, _ bool, pvv string) (bool, error) {
	pin, err := emv.DecodeISO0(s.zpk, number, block)
	if err != nil {
		return false, err
	}
	return emv.VerifyPIN(s.imk, 1, number, pin, pvv)
}
func (s *safe) OpenPIN(number string, block []byte, _ bool) (vault.Hidden, error) {
	pin, err := emv.DecodeISO0(s.zpk, number, block)
	return vault.Hide(pin), err
}
func (s *safe) PVV(number string, pin vault.Hidden) (vault.Hidden, error) {
	v, err := emv.PVV(s.imk, 1, number, pin.Reveal())
	return vault.Hide(v), err
}
func (s *safe) Cryptogram(number, sequence string, tags emv.TLV) (emv.Cryptogram, error) {
	return emv.ARQC(emv.Mastercard, s.imk, number, sequence, emv.OptionA, tags)
}
func (s *safe) UnblockScript(string, string, emv.TLV) ([]byte, error) { return nil, nil }
func (s *safe) CVV(number, expiry, service string) (string, error) {
	return emv.CVV(s.imk, number, expiry, service)
}
func (s *safe) ICVV(number, expiry string) (string, error) {
	return emv.CVV(s.imk, number, expiry, "999")
}
func (s *safe) CVV2(number, expiry string) (string, error) {
	return emv.CVV(s.imk, number, expiry, "000")
}
func (s *safe) DynamicCVV2(string, string, time.Time) ([]string, error) { return nil, nil }

func (s *safe) DCVV(number, expiry, service, atc string) (string, error) {
	return emv.DCVV(s.imk, number, expiry, service, atc)
}

// proofs knows authentication values, each good once.
type proofs struct{ good map[string]bool }

var iProof = db.NewInsert("clearing_file", db.Col{Name: "id", Type: db.Text}, db.Col{Name: "network", Type: db.Text}, db.Col{Name: "day", Type: db.Text},
	db.Col{Name: "print", Type: db.Bytes}, db.Col{Name: "records", Type: db.Int}, db.Col{Name: "at_us", Type: db.Int})

func (p *proofs) Verify(_ context.Context, a purchase.Authenticated) (db.Row, bool, error) {
	// Any table with a unique name stands for the room of authentications.
	return iProof.Row("proof "+a.Value, "", "", []byte{}, int64(0), int64(0)), p.good[a.Value], nil
}

func each(t *testing.T, fn func(w *world)) {
	t.Helper()
	banktest.Each(t, func(b *banktest.Bank) { fn(newWorld(b, 10_000)) })
}

var qPAN = db.Query(`SELECT pan FROM card WHERE client = $1 AND id = $2`)

func (c *wallet) numberOf(w *world, one id.ID) string {
	w.Helper()
	var sealed []byte
	if err := w.DB.Row(context.Background(), qPAN, int64(w.owner.ID), one.Bytes()).Scan(&sealed); err != nil {
		w.Fatal(err)
	}
	n, err := w.Vault.OpenText(vault.PAN, vault.At{Table: "card.pan", Row: one.Bytes()}, sealed)
	if err != nil {
		w.Fatal(err)
	}
	return n
}

func newWorld(b *banktest.Bank, roubles int64) *world {
	b.Helper()
	w := &world{Bank: b, hsm: newSafe(b.T), proofs: &proofs{good: map[string]bool{}}, owner: b.Client("Анна", "Соколова", roubles)}
	var err error
	w.cards = &wallet{}
	if w.cards.Service, err = card.New(b.DB, b.Vault, b.IDs, card.Options{}); err != nil {
		b.Fatal(err)
	}
	b.Do(func(ctx context.Context, tx db.Tx) error {
		w.card, err = w.cards.Issue(ctx, tx, card.Order{Client: w.owner.ID, Account: w.owner.Account, Product: card.VirtualWorld, Name: client.Name{First: "Анна", Last: "Соколова"}})
		return err
	})
	w.number = w.cards.numberOf(w, w.card.ID)
	w.svc = w.service(b)
	return w
}

func (w *world) service(b *banktest.Bank) *purchase.Service {
	return purchase.New(purchase.Deps{DB: b.DB, Book: b.Book, Operations: b.Operations, Cards: w.cards, HSM: w.hsm, Proofs: w.proofs})
}

// msg is a purchase at a terminal by chip without a PIN, with a fresh trace number.
func (w *world) msg(roubles int64, change ...func(*purchase.Request)) purchase.Request {
	w.mu.Lock()
	w.stan++
	w.atc++
	n, atc := w.stan, w.atc
	w.mu.Unlock()
	r := purchase.Request{
		Link: "test", Class: purchase.Authorisation, Number: vault.Hide(w.number), Process: purchase.Buy, Amount: money.Rub(roubles * 100),
		STAN: fmt.Sprintf("%06d", n), Sent: "1122090000", RRN: fmt.Sprintf("6326%08d", n), Acquirer: "123456", Entry: "051", Condition: "00",
		MCC: "5411", Country: "643", Terminal: "TERM0001", Merchant: purchase.Merchant{ID: "SHOP1", Name: "TEST SHOP", City: "MOSKVA", Country: "RU"},
	}
	for _, c := range change {
		c(&r)
	}
	if r.Chip == nil && (r.Entry[:2] == "05" || r.Entry[:2] == "07") {
		r.Chip = w.chip(r, atc)
	}
	return r
}

// chip makes chip data as the card would.
func (w *world) chip(r purchase.Request, atc int) []byte {
	w.Helper()
	var t emv.TLV
	set := func(tag, hexed string) {
		var raw []byte
		if _, err := fmt.Sscanf(hexed, "%x", &raw); err != nil {
			w.Fatal(tag, err)
		}
		if err := t.Set(tag, raw); err != nil {
			w.Fatal(tag, err)
		}
	}
	set("9F02", fmt.Sprintf("%012d", r.Amount.Minor))
	set("9F03", "000000000000")
	set("9F1A", "0643")
	set("95", "0000008000")
	set("5F2A", "0643")
	set("9A", w.Clock.Now().Add(3*time.Hour).Format("060102"))
	set("9C", r.Process)
	set("9F37", "11223344")
	set("82", "1900")
	set("9F36", fmt.Sprintf("%04x", atc))
	set("9F10", "0110A00003220000000000000000000000FF")
	set("9F27", "80")
	c, err := w.hsm.Cryptogram(w.number, "00", t)
	if err != nil {
		w.Fatal(err)
	}
	if err := t.Set("9F26", c.Value[:]); err != nil {
		w.Fatal(err)
	}
	return t.Bytes()
}

// ask sends a message and insists on the reason of the answer.
func (w *world) ask(r purchase.Request, want purchase.Reason) purchase.Answer {
	w.Helper()
	a, err := w.svc.Handle(context.Background(), r)
	if err != nil {
		w.Fatalf("%s %s: %v", r.Process, r.RRN, err)
	}
	if a.Reason != want {
		w.Fatalf("%s %s: answered %q (%s), want %q", r.Process, r.RRN, a.Reason, a.Switch, want)
	}
	return a
}

// back makes the reversal of a message.
func (w *world) back(r purchase.Request, change ...func(*purchase.Request)) purchase.Request {
	out := w.msg(0, func(b *purchase.Request) {
		b.Class, b.Advice, b.RRN, b.Amount, b.Process, b.Chip, b.Entry = purchase.Reversing, true, r.RRN, r.Amount, r.Process, []byte{}, r.Entry
		b.Original = purchase.Origin{Class: r.Class, STAN: r.STAN, Sent: r.Sent, Acquirer: r.Acquirer}
		b.TimedOut = true
	})
	for _, c := range change {
		c(&out)
	}
	return out
}

// stands insists on what the account has: posted and reserved roubles.
func (w *world) stands(posted, reserved int64) {
	w.Helper()
	a, err := ledger.AccountByID(context.Background(), w.DB, w.owner.Account)
	if err != nil {
		w.Fatal(err)
	}
	if a.Posted != money.Rub(posted*100) || a.Reserved != money.Rub(reserved*100) {
		w.Fatalf("the account has %v, %v reserved; want %d and %d roubles", a.Posted, a.Reserved, posted, reserved)
	}
}

// feed lists the client's operations, the newest first.
func (w *world) feed() []operation.Operation {
	w.Helper()
	p, err := w.Operations.Feed(context.Background(), w.owner.ID, operation.Filter{Limit: 100})
	if err != nil {
		w.Fatal(err)
	}
	return p.Operations
}

// newest insists on the newest operation.
func (w *world) newest(state operation.State, roubles int64) operation.Operation {
	w.Helper()
	list := w.feed()
	if len(list) == 0 {
		w.Fatal("the feed is empty")
	}
	o := list[0]
	if o.State != state || o.Amount != money.Rub(roubles*100) {
		w.Fatalf("the newest operation is %v of %v, want %v of %d roubles", o.State, o.Amount, state, roubles)
	}
	return o
}

// sound insists that the book adds up.
func (w *world) sound() {
	w.Helper()
	rep, err := ledger.Verify(context.Background(), w.DB, operation.Check, purchase.Check)
	if err != nil {
		w.Fatal(err)
	}
	for _, b := range rep.Breaches {
		w.Errorf("breach %s on %s (%s): %s", b.Rule, b.Account, b.Txn, b.Detail)
	}
}

// wallet is the card room, and knows numbers.
type wallet struct{ *card.Service }
