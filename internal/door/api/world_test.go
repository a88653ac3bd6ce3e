package api_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/authentication"
	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/bin"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/claim"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/dispute"
	"rocketbank/internal/bank/friend"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/order/ordertest"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/bank/privacy"
	"rocketbank/internal/bank/receiver"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/bank/webhook"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/door/api"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/ledger"
)

var ctx = context.Background()

// world is a bank with its open API behind a real socket.
type world struct {
	*accesstest.World
	clock   *banktest.Clock
	book    *ledger.Book
	server  *httptest.Server
	door    *api.Door
	deps    api.Deps                // of the door
	shop    *authentication.Service // where shops ask about purchases
	log     *bytes.Buffer
	orders  *order.Service
	hooks   *webhook.Service
	program *listening        // of a client, which hooks tell
	uses    *uses             // how cards were used
	key     *ecdsa.PrivateKey // of every token that may send money
	public  []byte
	login   string // flow of a login, see loginFlow
	mu      sync.Mutex
	texts   map[string]string // order texts by quote

	network network // where other banks' cards are
	banks   banks   // other banks, by the phone-number rail
}

// each runs fn on both engines.
func each(t *testing.T, fn func(w *world)) {
	t.Helper()
	eachWith(t, api.Rate{PerSecond: -1}, fn)
}

func eachWith(t *testing.T, rate api.Rate, fn func(w *world)) {
	t.Helper()
	clock := &banktest.Clock{}
	dbtest.EachAt(t, clock, func(t *testing.T, d *db.DB) {
		clock.Set(banktest.Noon)
		fn(open(t, d, clock, rate))
	})
}

// lite is a world on SQLite alone, for what no database has a part in.
func lite(t *testing.T, rate api.Rate) *world {
	t.Helper()
	clock := &banktest.Clock{}
	clock.Set(banktest.Noon)
	return open(t, dbtest.Open(t, dbtest.SQLite(t), clock), clock, rate)
}

func open(t *testing.T, d *db.DB, clock *banktest.Clock, rate api.Rate) *world {
	t.Helper()
	v := vault.Ephemeral()
	w := &world{World: accesstest.New(t, d, v, access.Limits{}), clock: clock, log: &bytes.Buffer{}}
	var err error
	if w.book, err = ledger.NewBook(ctx, d, ledger.Options{Clock: clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.book.Close(); err != nil {
			t.Error(err)
		}
	})
	w.uses = &uses{}
	later := id.NewSource(func() time.Time { return time.Now().Add(time.Second) }) // than a client's first card
	if w.Cards, err = card.New(d, v, later, card.Options{Uses: w.uses, Now: w.Now}); err != nil {
		t.Fatal(err)
	}
	kit, err := ui.NewKit(ui.Brand{})
	if err != nil {
		t.Fatal(err)
	}
	operations, limits, tariffs := operation.New(d, v), limit.New(d, v, limit.Standard()), tariff.New(d)
	w.orders = order.New(order.Deps{
		DB: d, Vault: v, People: w.Clients, Messenger: w.Access, Host: "bank.example", Now: w.Now, Digits: access.NewCode,
	})
	w.key, w.public = ordertest.Key(7)
	w.texts = map[string]string{}
	w.shop = w.authentications(d, v)
	w.program = &listening{}
	w.hooks = webhook.New(webhook.Deps{
		DB: d, Vault: v, IDs: id.NewSource(d.Now), Operations: operations, Tokens: w.Access, Caller: w.program, Document: api.Document, Secret: access.NewHookSecret, Now: w.Now,
	})
	transfers := transfer.New(transfer.Deps{
		DB: d, Book: w.book, Vault: v, People: w.Clients, Operations: operations, Limits: limits, Tariffs: tariffs, Orders: w.orders,
	})
	w.deps = api.Deps{
		DB: d, Tokens: w.Access, Clients: w.Clients, Cards: w.Cards, Operations: operations, Limits: limits, Tariffs: tariffs, Orders: w.orders, Access: w.Access, Looks: looks{},
		Flows: w.Access, Applications: w.Apply, Authentications: w.shop,
		Disputes: dispute.New(dispute.Deps{DB: d, Book: w.book, Vault: v, IDs: id.NewSource(d.Now), Operations: operations}),
		Webhooks: w.hooks,
		Payouts: payout.New(payout.Deps{
			DB: d, Book: w.book, Vault: v, People: w.Clients, Operations: operations, Limits: limits, Tariffs: tariffs, Orders: w.orders,
			Rails: map[payout.Way]payout.Rail{payout.Card: &w.network, payout.Phone: &w.network}, Now: w.Now,
		}), Bins: bin.New(d),
		Links: claim.New(claim.Deps{
			DB: d, Book: w.book, Vault: v, People: w.Clients, Operations: operations, Limits: limits, Tariffs: tariffs, Orders: w.orders, Messenger: w.Access,
			IDs: id.NewSource(d.Now), Now: w.Now, Digits: access.NewCode, Origin: "https://bank.example", Host: "bank.example",
		}),
		Receivers: receiver.New(receiver.Deps{DB: d, Vault: v, People: w.Clients, Limits: limits, Rail: &w.banks, Now: w.Now}),
		Transfers: transfers,
		OwnLimits: limit.NewOwn(limit.OwnDeps{DB: d, Vault: v, IDs: id.NewSource(d.Now), People: w.Clients, Rules: limit.Standard()}),
		Friends:   friend.New(friend.Deps{DB: d, Vault: v, IDs: id.NewSource(d.Now), People: w.Clients, Limits: limits, Payees: transfers}),
		Kit:       kit, Log: slog.New(slog.NewJSONHandler(&safe{b: w.log}, nil)), Rate: rate, Now: w.Now,
	}
	w.door = api.New(w.deps)
	w.server = httptest.NewServer(w.door)
	t.Cleanup(w.server.Close)
	return w
}

// looks is a staff room in which one member once looked at everybody.
type looks struct{}

func (looks) Looks(context.Context, client.ID) ([]privacy.Look, error) {
	return []privacy.Look{{Who: "Maria O.", Role: "support", What: "person", Reason: "a call", At: banktest.Noon}}, nil
}

// person is a client with tokens.
type person struct {
	id       client.ID
	account  ledger.AccountID
	phone    phone.Number
	reading  string // token with the scope read
	transfer string // token with the scope transfer
	proof    access.Proof
	session  access.Session
}

// from is the account as the API names it.
func (p person) from() string { return api.AccountText(p.account) }

// person takes a client on and gives him money and tokens.
func (w *world) person(n int, roubles int64) person {
	w.Helper()
	return w.named(n, "Анна Соколова", roubles)
}

func (w *world) named(n int, name string, roubles int64) person {
	w.Helper()
	p := person{phone: accesstest.Phone(n)}
	first, last, _ := strings.Cut(name, " ")
	done := w.NewcomerNamed(p.phone, first, last)
	var err error
	p.id, p.session = done.Entry.Session.Client, done.Entry.Session
	if p.account, err = w.Cards.DefaultAccount(ctx, p.id); err != nil {
		w.Fatal(err)
	}
	confirmed, err := w.Access.ConfirmPasscode(ctx, done.Entry.Session, accesstest.Passcode)
	if err != nil {
		w.Fatal(err)
	}
	p.proof = confirmed.Proof
	p.reading, _ = w.token(p, 24*time.Hour, access.ScopeRead)
	p.transfer, _ = w.token(p, 24*time.Hour, access.ScopeTransfer)
	if roubles > 0 {
		sum := money.Rub(roubles * 100)
		if _, err := w.book.Post(ctx, ledger.Transaction{
			Owner: ledger.BankOwner, Key: ledger.KeyOf("fund", p.phone.E164()), Kind: ledger.KindOpening, Phase: ledger.Posted,
			Legs: []ledger.Leg{{Account: ledger.World, Amount: money.Rub(-sum.Minor)}, {Account: p.account, Amount: sum}},
		}); err != nil {
			w.Fatal(err)
		}
	}
	return p
}

func (w *world) token(p person, ttl time.Duration, scopes ...access.Scope) (string, access.Token) {
	w.Helper()
	n := access.NewToken{Name: "test", Scopes: scopes, TTL: ttl}
	if slices.Contains(scopes, access.ScopeTransfer) {
		n.PublicKey, n.OrderCap, n.DayCap = w.public, money.Rub(100_000_00), money.Rub(300_000_00)
		return w.signedToken(p, n)
	}
	t, secret, err := w.Access.CreateToken(ctx, p.proof, n)
	if err != nil {
		w.Fatal(err)
	}
	return secret.Reveal(), t
}

// signedToken makes a token that may send money: offered, signed by the
// client's device, made.
func (w *world) signedToken(p person, n access.NewToken) (string, access.Token) {
	w.Helper()
	offer, doc, err := w.Access.OfferToken(ctx, p.id, n)
	if err != nil {
		w.Fatal(err)
	}
	key, spki := ordertest.Key(8)
	signed, err := w.orders.Accept(p.id, doc, order.ByDevice(p.session.Device, spki, ordertest.Sign(w, key, doc.Text)))
	if err != nil {
		w.Fatal(err)
	}
	t, secret, err := w.Access.CreateSignedToken(ctx, p.proof, offer, signed)
	if err != nil {
		w.Fatal(err)
	}
	return secret.Reveal(), t
}

// balance is what the ledger says is on an account.
func (w *world) balance(p person) string {
	w.Helper()
	a, err := ledger.AccountByID(ctx, w.DB, p.account)
	if err != nil {
		w.Fatal(err)
	}
	return a.Posted.String()
}

// reply is an answer, read.
type reply struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
}

// text gives a member by its path: "amount.amount".
func (r reply) text(path string) string {
	var v any = r.body
	for _, name := range strings.Split(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return ""
		}
		v = m[name]
	}
	s, _ := v.(string)
	return s
}

// ask is one request to make.
type ask struct {
	method, path string
	token        string
	key          string // Idempotency-Key
	lang         string
	media        string // application/json when empty and there is a body
	body         any    // string or []byte: as it is; else JSON
	header       http.Header
}

func (w *world) do(a ask) reply {
	w.Helper()
	r, err := w.try(a)
	if err != nil {
		w.Fatal(err)
	}
	return r
}

func (w *world) try(a ask) (reply, error) {
	var body io.Reader
	switch b := a.body.(type) {
	case nil:
	case string:
		body = strings.NewReader(b)
	case []byte:
		body = bytes.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			return reply{}, err
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(a.method, w.server.URL+a.path, body)
	if err != nil {
		return reply{}, err
	}
	for k, v := range a.header {
		req.Header[k] = v
	}
	if a.token != "" {
		req.Header.Set("Authorization", "Bearer "+a.token)
	}
	if a.key != "" {
		req.Header.Set("Idempotency-Key", a.key)
	}
	if a.lang != "" {
		req.Header.Set("Accept-Language", a.lang)
	}
	if a.media == "" && body != nil {
		a.media = "application/json"
	}
	if a.media != "" && a.media != "-" {
		req.Header.Set("Content-Type", a.media)
	}
	resp, err := w.server.Client().Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return reply{}, err
	}
	out := reply{status: resp.StatusCode, header: resp.Header, raw: string(raw)}
	_ = json.Unmarshal(raw, &out.body) // not every answer is JSON
	return out, nil
}

func (w *world) get(token, path string) reply {
	w.Helper()
	return w.do(ask{method: "GET", path: "/api/v1" + path, token: token})
}

func (w *world) post(token, path string, body any) reply {
	w.Helper()
	return w.do(ask{method: "POST", path: "/api/v1" + path, token: token, body: body})
}

// order posts a transfer. A body of parts (payee, amount, from) becomes a
// quote first; what has a quote and no signature is signed.
func (w *world) order(token, key string, body any) reply {
	w.Helper()
	return w.do(ask{method: "POST", path: "/api/v1/transfers", token: token, key: key, body: w.signed(token, body)})
}

// signed makes the body of a transfer out of parts or a quote.
func (w *world) signed(token string, body any) any {
	w.Helper()
	b, ok := body.(obj)
	if !ok {
		return body
	}
	out := maps.Clone(b)
	if _, parts := b["payee"]; parts {
		q := w.quote(token, b)
		out = obj{"quote": q.text("quote")}
		if m, found := b["message"]; found {
			out["message"] = m
		}
	}
	w.mu.Lock()
	text, known := w.texts[fmt.Sprint(out["quote"])]
	w.mu.Unlock()
	if _, signed := out["signature"]; known && !signed {
		out["signature"] = ordertest.Encoded(w, w.key, text)
	}
	return out
}

// quote asks for a quote and remembers its text.
func (w *world) quote(token string, body obj) reply {
	w.Helper()
	q := w.post(token, "/quotes", body)
	if q.status != 200 {
		w.Fatalf("quote: %d %s", q.status, q.raw)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.texts[q.text("quote")] = q.text("order_text")
	return q
}

// payee finds a recipient.
func (w *world) payee(from, to person) string {
	w.Helper()
	r := w.post(from.transfer, "/recipients", obj{"phone": to.phone.E164()})
	if r.status != 200 {
		w.Fatalf("recipient: %d %s", r.status, r.raw)
	}
	return r.text("payee")
}

type obj = map[string]any

func rub(s string) obj { return obj{"amount": s, "currency": "RUB"} }

// problem checks that an answer is a well-formed refusal.
func (w *world) problem(r reply, status int, code string) {
	w.Helper()
	if r.status != status || r.text("code") != code {
		w.Errorf("%d %q, want %d %q: %s", r.status, r.text("code"), status, code, r.raw)
		return
	}
	if !listed(code) {
		w.Errorf("%s is not among the documented codes", code)
	}
	if ct := r.header.Get("Content-Type"); ct != "application/problem+json" {
		w.Errorf("%s: content type %q", code, ct)
	}
	for _, name := range []string{"type", "title", "detail", "request_id"} {
		if r.text(name) == "" {
			w.Errorf("%s has no %s: %s", code, name, r.raw)
		}
	}
	if r.text("detail") == code || strings.Contains(r.text("detail"), "{") || strings.HasPrefix(r.text("title"), "api.") {
		w.Errorf("%s is not said in words: %s", code, r.raw)
	}
	if r.text("request_id") != r.header.Get("X-Request-Id") {
		w.Errorf("%s: two request ids", code)
	}
	if r.header.Get("Cache-Control") != "no-store" || r.header.Get("X-Content-Type-Options") != "nosniff" {
		w.Errorf("%s: headers %v", code, r.header)
	}
	if strings.Contains(r.raw, "goroutine") || strings.Contains(r.raw, ".go:") {
		w.Errorf("%s shows a stack: %s", code, r.raw)
	}
}
