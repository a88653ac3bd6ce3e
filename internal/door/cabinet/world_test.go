package cabinet_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/authentication"
	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/bin"
	"rocketbank/internal/bank/claim"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/dispute"
	"rocketbank/internal/bank/friend"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/live"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/paper"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/bank/privacy"
	"rocketbank/internal/bank/purchase"
	"rocketbank/internal/bank/receiver"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/bank/topup"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/bank/webhook"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/door/cabinet"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
	"rocketbank/internal/ledger"
)

var ctx = context.Background()

// otherBank is where the acquirer's 3-D page lives.
const otherBank = "http://127.0.0.1:9"

// world is a bank with its cabinet behind a real socket.
type world struct {
	*accesstest.World
	clock    *banktest.Clock
	book     *ledger.Book
	hub      *live.Hub
	acquirer *acquirer
	network  *network // where other banks' cards are
	banks    *banks   // other banks, by the phone-number rail
	payouts  *payout.Service
	claims   *claim.Service
	door     *cabinet.Door
	shop     *authentication.Service // where shops ask about purchases
	papers   *paper.Service
	server   *httptest.Server
	origin   string
	log      *lockedLog
	stopping chan struct{}
	looked   []privacy.Look // what the room of staff would tell
	disputes *dispute.Service
	hooks    *webhook.Service
}

// each runs fn on both engines.
func each(t *testing.T, fn func(w *world)) {
	t.Helper()
	t.Parallel()
	clock := &banktest.Clock{}
	clock.Set(banktest.Noon)
	dbtest.EachAt(t, clock, func(t *testing.T, d *db.DB) { fn(open(t, d, clock, access.Limits{})) })
}

// lite is a world on SQLite alone, for what no database has a part in.
func lite(t *testing.T) *world {
	t.Helper()
	return liteWith(t, access.Limits{})
}

func liteWith(t *testing.T, l access.Limits) *world {
	t.Helper()
	t.Parallel()
	clock := &banktest.Clock{}
	clock.Set(banktest.Noon)
	return open(t, dbtest.Open(t, dbtest.SQLite(t), clock), clock, l)
}

func open(t *testing.T, d *db.DB, clock *banktest.Clock, l access.Limits) *world {
	t.Helper()
	v := vault.Ephemeral()
	w := &world{World: accesstest.New(t, d, v, l), clock: clock, log: &lockedLog{}, stopping: make(chan struct{})}
	var err error
	if w.book, err = ledger.NewBook(ctx, d, ledger.Options{Clock: clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.book.Close(); err != nil {
			t.Error(err)
		}
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	w.origin = "http://localhost:" + port
	w.acquirer = &acquirer{charges: map[string]topup.Outcome{}}
	w.network = &network{says: payout.Outcome{State: payout.Settled, Reference: "632811000017"}}
	w.banks = newBanks()
	log := slog.New(slog.NewJSONHandler(w.log, nil))
	operations, limits := operation.New(d, v), limit.New(d, v, limit.Standard())
	tariffs := tariff.New(d)
	w.hub = live.New(operations, d.Now, log)
	w.disputes = dispute.New(dispute.Deps{DB: d, Book: w.book, Vault: v, IDs: id.NewSource(d.Now), Operations: operations, Live: w.hub})
	front, err := web.New(web.Options{Origin: w.origin, FormTargets: []string{otherBank}, Rate: web.Rate{PerSecond: -1}, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	orders := order.New(order.Deps{DB: d, Vault: v, People: w.Clients, Messenger: w.Access, Host: "bank.example", Now: w.Now, Digits: access.NewCode})
	ids := id.NewSource(time.Now)
	kit, err := ui.NewKit(ui.DefaultBrand())
	if err != nil {
		t.Fatal(err)
	}
	w.payouts = payout.New(payout.Deps{
		DB: d, Book: w.book, Vault: v, People: w.Clients, Operations: operations, Limits: limits, Tariffs: tariffs, Orders: orders, Live: w.hub,
		Rails: map[payout.Way]payout.Rail{payout.Card: w.network, payout.Phone: w.network}, Log: log, Now: w.Now,
	})
	w.claims = w.links(claim.Deps{
		DB: d, Book: w.book, Vault: v, Operations: operations, Limits: limits, Tariffs: tariffs, Orders: orders, Payouts: w.payouts, IDs: ids, Live: w.hub,
	})
	w.shop = w.authentications(d)
	transfers := transfer.New(transfer.Deps{
		Cards: w.Cards, DB: d, Book: w.book, Vault: v, People: w.Clients, Operations: operations, Limits: limits, Tariffs: tariffs, Orders: orders, Live: w.hub,
	})
	w.papers = paper.New(paper.Deps{DB: d, Vault: v, IDs: ids, Clients: w.Clients, Scans: w.Apply.Scans(), Now: w.Now})
	w.hooks = webhook.New(webhook.Deps{
		DB: d, Vault: w.Vault, IDs: id.NewSource(d.Now), Operations: operations, Tokens: w.Access, Document: func(o operation.Operation) any { return o.Text() },
		Secret: access.NewHookSecret, Now: w.Now,
	})
	w.door = cabinet.New(cabinet.Deps{
		Front: front, Kit: kit, DB: d, Vault: v, Book: w.book, IDs: id.NewSource(d.Now), Clients: w.Clients, Cards: w.Cards, Access: w.Access,
		Applications: w.Apply, Authentications: w.shop, Limits: limits, Tariffs: tariffs, Orders: orders, Papers: w.papers,
		OwnLimits: limit.NewOwn(limit.OwnDeps{DB: d, Vault: v, IDs: ids, People: w.Clients, Rules: limit.Standard()}),
		Privacy: privacy.New(privacy.Deps{DB: d, IDs: ids, Clients: w.Clients, Cards: w.Cards, Operations: operations, Access: w.Access, Now: w.Now,
			Ports: privacy.Ports{Looks: func(context.Context, client.ID) ([]privacy.Look, error) { return w.looked, nil }}}),
		Operations: operations, Live: w.hub,
		Transfers: transfers, Friends: friend.New(friend.Deps{DB: d, Vault: v, IDs: ids, People: w.Clients, Limits: limits, Payees: transfers}),
		Payouts: w.payouts, Links: w.claims, Bins: bin.New(d),
		Receivers: receiver.New(receiver.Deps{DB: d, Vault: v, People: w.Clients, Limits: limits, Rail: w.banks, Own: "100000000900", Now: w.Now, Log: log}),
		Topups: topup.New(topup.Deps{
			DB: d, Book: w.book, Vault: v, Operations: operations, Limits: limits, Tariffs: tariffs, Acquirer: w.acquirer, Live: w.hub,
			Log: log, Now: w.Now, ReturnURL: func(s string) string { return w.origin + "/topup/" + s }, OwnBINs: []string{"550000"},
		}),
		Purchases: purchase.New(purchase.Deps{DB: d, Book: w.book, Operations: operations, Cards: w.Cards}), Disputes: w.disputes, Webhooks: w.hooks,
		Log: log, Now: w.Now, Stopping: w.stopping,
	})
	w.server = &httptest.Server{Listener: listener, Config: &http.Server{Handler: w.door.Handler(), ReadHeaderTimeout: time.Second}}
	w.server.Start()
	t.Cleanup(w.server.Close)
	return w
}

// lockedLog is a log that many may write.
type lockedLog struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// acquirer is another bank that asks for a code and then does as it is told.
type acquirer struct {
	mu      sync.Mutex
	charges map[string]topup.Outcome
	asked   int // calls of Charge
}

func (a *acquirer) Charge(_ context.Context, c topup.Charge) (topup.Outcome, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked++
	o := topup.Outcome{ID: "ch_" + c.Key, Key: c.Key, Amount: c.Amount, State: topup.ChargeActionRequired, ActionURL: otherBank + "/3ds/" + c.Key}
	a.charges[c.Key] = o
	return o, nil
}

func (a *acquirer) Find(_ context.Context, key string) (topup.Outcome, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if o, ok := a.charges[key]; ok {
		return o, nil
	}
	return topup.Outcome{}, topup.ErrNoSuchCharge
}

// settle is the other bank's page.
func (a *acquirer) settle(key string, s topup.ChargeState, reason string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	o := a.charges[key]
	o.State, o.Reason, o.ActionURL = s, reason, ""
	a.charges[key] = o
}

// browser is one person's browser: it keeps cookies and follows nothing by itself.
type browser struct {
	w      *world
	client *http.Client
	header http.Header
	key    *accesstest.Key // of its device; nil without scripts
	order  string          // the order's text that was shown last
}

func (w *world) browser() *browser {
	w.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.Fatal(err)
	}
	return &browser{w: w, header: http.Header{"Sec-Fetch-Site": {"same-origin"}, "Accept-Language": {"ru"}, "User-Agent": {accesstest.Agent}},
		client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// answer is what came back.
type answer struct {
	w      *world
	status int
	header http.Header
	cookie []*http.Cookie
	body   string
	at     string // what was asked for
}

func (b *browser) do(method, path string, body io.Reader, header http.Header) answer {
	b.w.Helper()
	r, err := http.NewRequest(method, b.w.origin+path, body)
	if err != nil {
		b.w.Fatal(err)
	}
	for _, set := range []http.Header{b.header, header} {
		for name, values := range set {
			r.Header[name] = values
		}
	}
	resp, err := b.client.Do(r)
	if err != nil {
		b.w.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		b.w.Fatal(err)
	}
	a := answer{w: b.w, status: resp.StatusCode, header: resp.Header, cookie: resp.Cookies(), body: string(raw), at: method + " " + path}
	if text := orderText(a); text != "" {
		b.order = text
	}
	return a
}

func (b *browser) get(path string) answer {
	b.w.Helper()
	return b.do("GET", path, nil, nil)
}

var urlencoded = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}

func (b *browser) post(path string, form url.Values) answer {
	b.w.Helper()
	body := b.dressed(path, form)
	if proof := b.proof(path, body); proof != "" {
		body = strings.TrimPrefix(body+"&device_proof="+url.QueryEscape(proof), "&")
	}
	return b.do("POST", path, strings.NewReader(body), urlencoded)
}

// dressed signs the order that was shown last, as the page's script does.
func (b *browser) dressed(path string, form url.Values) string {
	signs := []string{"/transfer/confirm", "/payout/confirm", "/link/confirm", "/profile/change", "/purchases/approve", "/profile/papers/send"}
	if b.key == nil || !slices.Contains(signs, path) || form.Has("signature") {
		return form.Encode()
	}
	out := url.Values{"signature": {b64.EncodeToString(b.key.Sign(b.order))}}
	for name, values := range form {
		out[name] = values
	}
	return out.Encode()
}

// proof signs a request; of a login it covers nothing secret.
func (b *browser) proof(path, body string) string {
	b.w.Helper()
	if b.key == nil {
		return ""
	}
	nonce := b.get("/device/nonce").header.Get("Device-Nonce")
	if nonce == "" {
		return ""
	}
	if path == "/login/passcode" {
		body = ""
	}
	return b.key.Header(nonce, "POST", path, []byte(body))
}

// htmx posts as the script of a page does.
func (b *browser) htmx(path string, form url.Values) answer {
	b.w.Helper()
	h := http.Header{"Content-Type": urlencoded["Content-Type"], "Hx-Request": {"true"}}
	body := b.dressed(path, form)
	if proof := b.proof(path, body); proof != "" {
		h.Set("Device-Proof", proof)
	}
	return b.do("POST", path, strings.NewReader(body), h)
}

// is fails unless the answer has this status.
func (a answer) is(status int) answer {
	a.w.Helper()
	if a.status != status {
		a.w.Fatalf("%s: %d, want %d (to %q)\n%s", a.at, a.status, status, a.header.Get("Location"), text(a.body))
	}
	return a
}

// to fails unless the answer leads to a path; it gives the whole address.
func (a answer) to(path string) string {
	a.w.Helper()
	a.is(http.StatusSeeOther)
	loc := a.header.Get("Location")
	if got, _, _ := strings.Cut(loc, "?"); got != path && !(strings.HasSuffix(path, "/") && strings.HasPrefix(got, path)) {
		a.w.Fatalf("%s leads to %s, want %s", a.at, loc, path)
	}
	return loc
}

// has fails unless the page says all of it.
func (a answer) has(words ...string) answer {
	a.w.Helper()
	plain := text(a.body)
	for _, s := range words {
		if !strings.Contains(plain, s) && !strings.Contains(a.body, html.EscapeString(s)) {
			a.w.Fatalf("%s does not say %q:\n%s", a.at, s, plain)
		}
	}
	return a
}

// form gives the fields of the form that posts to action, as a browser would
// send them untouched.
func (a answer) form(action string) url.Values {
	a.w.Helper()
	doc, err := html.Parse(strings.NewReader(a.body))
	if err != nil {
		a.w.Fatal(err)
	}
	var out url.Values
	var walk func(n *html.Node, in bool)
	walk = func(n *html.Node, in bool) {
		if n.Type == html.ElementNode {
			switch n.Data {
			case "form":
				if in = attrOf(n, "action") == action && strings.EqualFold(attrOf(n, "method"), "post") && out == nil; in {
					out = url.Values{}
				}
			case "input":
				kind := attrOf(n, "type")
				_, checked := find(n, "checked")
				if name := attrOf(n, "name"); in && name != "" && kind != "submit" && (kind != "radio" && kind != "checkbox" || checked) {
					out.Add(name, attrOf(n, "value"))
				}
			case "select":
				if name := attrOf(n, "name"); in && name != "" {
					out.Set(name, chosen(n))
				}
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c, in)
		}
	}
	walk(doc, false)
	if out == nil {
		a.w.Fatalf("%s has no form to %s:\n%s", a.at, action, text(a.body))
	}
	return out
}

func chosen(sel *html.Node) (value string) {
	first := true
	for n := range sel.Descendants() {
		if n.Type == html.ElementNode && n.Data == "option" {
			if _, ok := find(n, "selected"); ok || first {
				value, first = attrOf(n, "value"), false
			}
		}
	}
	return value
}

func find(n *html.Node, key string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val, true
		}
	}
	return "", false
}

func attrOf(n *html.Node, key string) string {
	v, _ := find(n, key)
	return v
}

// text is what a reader sees, in one line.
func text(page string) string {
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return page
	}
	var b strings.Builder
	for n := range doc.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "script" && n.Parent.Data != "style" {
			b.WriteString(n.Data + " ")
		}
	}
	return strings.Join(strings.Fields(strings.ReplaceAll(b.String(), "\u00a0", " ")), " ")
}

// person is a client with a browser that is logged in.
type person struct {
	*browser
	id      client.ID
	account ledger.AccountID
	phone   phone.Number
	card    string
}

// person takes a client on behind the door's back and hands him the cookies.
func (w *world) person(n int, roubles int64) *person {
	w.Helper()
	p := w.newcomer(n)
	w.fund(p.account, roubles)
	return p
}

// newcomer is a client identified in full whose first browser has a key.
func (w *world) newcomer(n int) *person {
	w.Helper()
	p := &person{browser: w.browser(), phone: accesstest.Phone(n)}
	p.key = accesstest.NewKey(w.T)
	token := w.Ordered(p.phone)
	asked := w.Fill(application.ByFlow(token), p.phone, "Анна", "Соколова")
	w.Approve(asked)
	if err := w.Apply.RecordMeeting(ctx, accesstest.Manager, asked); err != nil {
		w.Fatal(err)
	}
	flow, err := w.Access.FlowOf(ctx, token)
	if err != nil {
		w.Fatal(err)
	}
	from := accesstest.Home
	from.Key = p.key.Enrol(flow.ID.Text(access.FlowPrefix))
	e, err := w.Access.FirstLogin(ctx, token, access.First{CodeWord: accesstest.CodeWord, Passcode: accesstest.Passcode, Repeat: accesstest.Passcode}, from)
	if err != nil {
		w.Fatal(err)
	}
	cards, err := w.Cards.Of(ctx, e.Session.Client)
	if err != nil || len(cards) != 1 {
		w.Fatal(len(cards), err)
	}
	p.id, p.card, p.account = e.Session.Client, cards[0].ID.Text("cd"), cards[0].Account
	p.cookie("__Host-rb", e.SessionToken.Reveal())
	p.cookie("__Host-rbd", e.DeviceToken.Reveal())
	return p
}

func (b *browser) cookie(name, value string) {
	b.w.Helper()
	u, err := url.Parse(b.w.origin)
	if err != nil {
		b.w.Fatal(err)
	}
	b.client.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/", Secure: true}})
}

func (w *world) fund(a ledger.AccountID, roubles int64) {
	w.Helper()
	if roubles == 0 {
		return
	}
	err := w.DB.Write(ctx, func(tx db.Tx) error {
		_, err := w.book.PostTx(ctx, tx, ledger.Transaction{
			Owner: ledger.BankOwner, Key: ledger.Key(id.NewSource(time.Now).New()), Kind: ledger.KindOpening, Phase: ledger.Posted,
			Legs: []ledger.Leg{{Account: ledger.World, Amount: money.Rub(-roubles * 100)}, {Account: a, Amount: money.Rub(roubles * 100)}},
		})
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
}

// balance is what is on an account, in kopecks.
func (w *world) balance(a ledger.AccountID) int64 {
	w.Helper()
	got, err := ledger.AccountByID(ctx, w.DB, a)
	if err != nil {
		w.Fatal(err)
	}
	return got.Posted.Minor
}

// payeeToken looks a friend up the way the page does.
func (p *person) payeeToken(friend phone.Number) string {
	p.w.Helper()
	loc := p.post("/transfer/recipient", url.Values{"phone": {friend.E164()}}).to("/transfer")
	u, err := url.Parse(loc)
	if err != nil {
		p.w.Fatal(err)
	}
	return u.Query().Get("to")
}

// confirmation fills the transfer form and opens the page that asks for the passcode.
func (p *person) confirmation(friend phone.Number, amount, message string) (path string, form url.Values) {
	p.w.Helper()
	path = p.post("/transfer", url.Values{"to": {p.payeeToken(friend)}, "from": {p.card}, "amount": {amount}, "message": {message}}).to("/transfer/confirm")
	page := p.get(path).is(200)
	form = page.form("/transfer/confirm")
	form.Set("passcode", accesstest.Passcode)
	if p.key != nil {
		form.Set("signature", b64.EncodeToString(p.key.Sign(orderText(page))))
	}
	return path, form
}
