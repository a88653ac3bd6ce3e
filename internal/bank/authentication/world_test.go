package authentication_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/authentication"
	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/rail/threeds"
)

var bg = context.Background()

const (
	notify = "https://shop.example/3ds/done"
	dsURL  = "https://ds.example/rreq"
	token  = "the-browser-of-anna"
)

// directory is the card scheme's server.
type directory struct {
	mu     sync.Mutex
	got    [][]byte
	broken int    // how many posts fail
	answer []byte // instead of the right one
	gate   chan struct{}
}

func (d *directory) Allowed(url string) bool { return strings.HasPrefix(url, "https://ds.example/") }

func (d *directory) Send(_ context.Context, url string, body []byte) ([]byte, error) {
	if d.gate != nil {
		<-d.gate
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if url != dsURL {
		return nil, fmt.Errorf("posted to %s", url)
	}
	d.got = append(d.got, append([]byte(nil), body...))
	if d.broken > 0 {
		d.broken--
		return nil, errors.New("connection reset")
	}
	if d.answer != nil {
		return d.answer, nil
	}
	r, bad := threeds.ParseRReq(body)
	if bad != nil {
		return bad.Encode(), nil
	}
	return threeds.AnswerRReq(r, threeds.ResultsReceived).Encode(), nil
}

func (d *directory) results() (out []threeds.RReq) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, b := range d.got {
		r, _ := threeds.ParseRReq(b)
		out = append(out, r)
	}
	return out
}

// world is the room with a client and her card.
type world struct {
	*banktest.Bank
	svc    *authentication.Service
	cards  *card.Service
	orders *order.Service
	ds     *directory
	anna   banktest.Person
	card   card.Card
	number string

	mu    sync.Mutex
	real  time.Time
	codes []string
	sms   []order.Message
	mute  error // what the messenger says
	n     int
	kicks int
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.real
}

// pass lets real and business time go on.
func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	w.real = w.real.Add(d)
	w.mu.Unlock()
	w.Clock.Add(d)
}

func (w *world) SendOrderCode(_ context.Context, _ db.Tx, m order.Message) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.mute != nil {
		return w.mute
	}
	w.sms = append(w.sms, m)
	return nil
}

func (w *world) Kick(client.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kicks++
}

func (w *world) digits() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	code := fmt.Sprintf("%06d", 739100+len(w.codes))
	w.codes = append(w.codes, code)
	return code
}

func (w *world) lastCode() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.codes[len(w.codes)-1]
}

func (w *world) AuthenticationKey() (byte, []byte) { return 1, []byte("0123456789abcdef") }

var qPAN = db.Query(`SELECT pan FROM card WHERE client = $1 AND id = $2`)

func each(t *testing.T, fn func(w *world)) {
	t.Helper()
	banktest.Each(t, func(b *banktest.Bank) { fn(newWorld(b)) })
}

func newWorld(b *banktest.Bank) *world {
	b.Helper()
	w := &world{Bank: b, ds: &directory{}, real: banktest.Noon.Add(3 * time.Hour), anna: b.Client("Анна", "Соколова", 10_000)}
	var err error
	if w.cards, err = card.New(b.DB, b.Vault, b.IDs, card.Options{}); err != nil {
		b.Fatal(err)
	}
	w.card, w.number = w.issue(w.anna)
	w.orders = order.New(order.Deps{DB: b.DB, Vault: b.Vault})
	w.svc = w.service(b)
	return w
}

func (w *world) issue(p banktest.Person) (c card.Card, number string) {
	w.Helper()
	w.Do(func(ctx context.Context, tx db.Tx) (err error) {
		c, err = w.cards.Issue(ctx, tx, card.Order{Client: p.ID, Account: p.Account, Product: card.VirtualWorld, Name: client.Name{First: "Анна", Last: "Соколова"}})
		return err
	})
	var sealed []byte
	if err := w.DB.Row(bg, qPAN, int64(p.ID), c.ID.Bytes()).Scan(&sealed); err != nil {
		w.Fatal(err)
	}
	number, err := w.Vault.OpenText(vault.PAN, vault.At{Table: "card.pan", Row: c.ID.Bytes()}, sealed)
	if err != nil {
		w.Fatal(err)
	}
	return c, number
}

func (w *world) service(b *banktest.Bank) *authentication.Service { return w.serviceBy(b, w.now) }

// serviceBy is the room with a clock of its own.
func (w *world) serviceBy(b *banktest.Bank, now func() time.Time) *authentication.Service {
	return authentication.New(authentication.Deps{
		DB: b.DB, Vault: b.Vault, IDs: b.IDs, Cards: w.cards, People: b.Directory, Messenger: w, Keys: w, Directory: w.ds, Live: w,
		Now: now, Digits: w.digits, ChallengeURL: "https://acs.bank.example/acs/challenge", Host: "acs.bank.example",
	})
}

// ask is a question of a shop, each with numbers of its own.
func (w *world) ask(roubles int64, change ...func(a *threeds.AReq)) threeds.AReq {
	w.Helper()
	w.mu.Lock()
	w.n++
	n := w.n
	w.mu.Unlock()
	pan, err := threeds.NewPAN(w.number)
	if err != nil {
		w.Fatal(err)
	}
	yes := true
	a := threeds.AReq{
		MessageType: threeds.TypeAReq, MessageVersion: threeds.Version,
		ServerTransID: fmt.Sprintf("6afa6072-9412-446b-9673-%012x", n), DSTransID: fmt.Sprintf("d65e93c3-35ab-41ba-b307-%012x", n),
		DSURL: dsURL, DSReferenceNumber: "DS", ServerRefNumber: "3DSS", ServerURL: "https://3dss.example/", RequestorID: "REQ", RequestorName: "Test Shop", RequestorURL: "https://shop.example",
		AuthenticationInd: threeds.ForPayment, Channel: threeds.ChannelBrowser, Category: threeds.Payment, AcctNumber: pan,
		PurchaseAmount: fmt.Sprint(roubles * 100), PurchaseCurrency: "643", PurchaseExponent: "2", PurchaseDate: "20261122094501",
		AcquirerBIN: "123456", AcquirerMerchantID: "SHOP1", MerchantName: "Test Shop", MCC: "5411", MerchantCountryCode: "643",
		NotificationURL: notify, BrowserIP: "192.0.2.10", BrowserLanguage: "ru-RU", BrowserScript: &yes,
	}
	for _, c := range change {
		c(&a)
	}
	return a
}

func (w *world) answer(a threeds.AReq) threeds.ARes {
	w.Helper()
	res, bad, err := w.svc.Answer(bg, a)
	if bad != nil || err != nil {
		w.Fatalf("%v %v", bad, err)
	}
	if err := res.Check(a); err != nil {
		w.Fatal(err)
	}
	return res
}

// begin asks for something that is challenged and brings the browser.
func (w *world) begin(roubles int64, change ...func(a *threeds.AReq)) (threeds.AReq, authentication.Shown) {
	w.Helper()
	a := w.ask(roubles, change...)
	res := w.answer(a)
	if res.Status != threeds.Challenge {
		w.Fatalf("answered %s %s", res.Status, res.Reason)
	}
	session := "c2Vzc2lvbg"
	shown, err := w.svc.Begin(bg, creq(a, res), &session, token)
	if err != nil {
		w.Fatal(err)
	}
	return a, shown
}

func creq(a threeds.AReq, res threeds.ARes) threeds.CReq {
	return threeds.CReq{ServerTransID: a.ServerTransID, ACSTransID: res.ACSTransID, Window: threeds.Window390x400, MessageType: threeds.TypeCReq, MessageVersion: "2.2.0"}
}

// passed goes through a challenge by code to the end and gives the value.
func (w *world) passed(roubles int64, change ...func(a *threeds.AReq)) (a threeds.AReq, value string) {
	w.Helper()
	a, shown := w.begin(roubles, change...)
	if _, err := w.svc.EnterCode(bg, shown.ACSTransID, token, w.lastCode()); err != nil {
		w.Fatal(err)
	}
	back, err := w.svc.Finish(bg, shown.ACSTransID, token)
	if err != nil || !back.Passed {
		w.Fatalf("%+v %v", back, err)
	}
	all := w.ds.results()
	return a, all[len(all)-1].AuthenticationValue
}

// waiting gives the one purchase that waits in the cabinet.
func (w *world) waiting() authentication.Waiting {
	w.Helper()
	list, err := w.svc.Pending(bg, w.anna.ID)
	if err != nil || len(list) != 1 {
		w.Fatalf("waiting: %+v %v", list, err)
	}
	return list[0]
}

// result is the only thing that the directory was told.
func (w *world) result() threeds.RReq {
	w.Helper()
	all := w.ds.results()
	if len(all) != 1 {
		w.Fatalf("the directory was told %d results", len(all))
	}
	return all[0]
}

func (w *world) step() {
	w.Helper()
	if _, err := w.svc.Step(bg); err != nil {
		w.Fatal(err)
	}
}

func (w *world) presented(value string, kopecks int64) authentication.Presented {
	p := authentication.Presented{Client: w.anna.ID, Card: w.card.ID, Number: vault.Hide(w.number), MCC: "5411", Merchant: "TEST SHOP", Value: value}
	p.Amount.Minor, p.Amount.Cur = kopecks, 643
	return p
}

func (w *world) use(row db.Row) error {
	return w.DB.Write(bg, func(tx db.Tx) error { return tx.Insert(bg, row) })
}

func parseID(t testing.TB, text string) id.ID {
	t.Helper()
	x, err := authentication.ParseID(text)
	if err != nil {
		t.Fatal(err)
	}
	return x
}
