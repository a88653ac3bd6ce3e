package api_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/authentication"
	"rocketbank/internal/bank/order/ordertest"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/door/api"
	"rocketbank/internal/rail/threeds"
)

// scheme is the card scheme's directory, which hears everything, and the key
// of authentication values.
type scheme struct{}

func (scheme) Allowed(string) bool { return true }
func (scheme) Send(_ context.Context, _ string, body []byte) ([]byte, error) {
	r, bad := threeds.ParseRReq(body)
	if bad != nil {
		return nil, bad
	}
	return threeds.AnswerRReq(r, threeds.ResultsReceived).Encode(), nil
}
func (scheme) AuthenticationKey() (byte, []byte) { return 1, []byte("0123456789abcdef") }

// authentications is the room of 3-D Secure.
func (w *world) authentications(d *db.DB, v *vault.Vault) *authentication.Service {
	return authentication.New(authentication.Deps{
		DB: d, Vault: v, IDs: id.NewSource(time.Now), Cards: w.Cards, People: w.Clients, Messenger: w.Access, Keys: scheme{}, Directory: scheme{},
		Now: w.Now, Digits: access.NewCode, ChallengeURL: "https://acs.bank.example/acs/challenge", Host: "acs.bank.example",
	})
}

var qPAN = db.Query(`SELECT pan FROM card WHERE client = $1 AND id = $2`)

// browserOfShop is the proof of the browser that the shop sent for its challenge.
const browserOfShop = "the-browser-in-the-shop"

// asks has a shop ask about a person's first card until he is challenged; n
// makes the question's numbers.
func (w *world) asks(p person, n int, change ...func(*threeds.AReq)) (purchase string, shown authentication.Shown) {
	w.Helper()
	cards, err := w.Cards.Of(ctx, p.id)
	if err != nil || len(cards) == 0 {
		w.Fatal(len(cards), err)
	}
	var sealed []byte
	if err := w.DB.Row(ctx, qPAN, int64(p.id), cards[0].ID.Bytes()).Scan(&sealed); err != nil {
		w.Fatal(err)
	}
	number, err := w.Vault.OpenText(vault.PAN, vault.At{Table: "card.pan", Row: cards[0].ID.Bytes()}, sealed)
	if err != nil {
		w.Fatal(err)
	}
	pan, err := threeds.NewPAN(number)
	if err != nil {
		w.Fatal(err)
	}
	yes := true
	a := threeds.AReq{
		MessageType: threeds.TypeAReq, MessageVersion: threeds.Version,
		ServerTransID: fmt.Sprintf("6afa6072-9412-446b-9673-%012x", n), DSTransID: fmt.Sprintf("d65e93c3-35ab-41ba-b307-%012x", n),
		DSURL: "https://ds.example/rreq", DSReferenceNumber: "DS", ServerRefNumber: "3DSS", ServerURL: "https://3dss.example/", RequestorID: "REQ",
		RequestorName: "Books & Co", RequestorURL: "https://shop.example", AuthenticationInd: threeds.ForPayment, ChallengeInd: threeds.ChallengeMandated,
		Channel: threeds.ChannelBrowser, Category: threeds.Payment, AcctNumber: pan,
		PurchaseAmount: "125050", PurchaseCurrency: "643", PurchaseExponent: "2", PurchaseDate: "20261122094501",
		AcquirerBIN: "123456", AcquirerMerchantID: "SHOP1", MerchantName: "Books & Co", MCC: "5942", MerchantCountryCode: "643",
		NotificationURL: "https://shop.example/3ds/done", BrowserIP: "192.0.2.10", BrowserLanguage: "ru-RU", BrowserScript: &yes,
	}
	for _, c := range change {
		c(&a)
	}
	res, bad, err := w.shop.Answer(ctx, a)
	if bad != nil || err != nil || res.Status != threeds.Challenge {
		w.Fatalf("%+v %v %v", res, bad, err)
	}
	shown, err = w.shop.Begin(ctx, threeds.CReq{ServerTransID: a.ServerTransID, ACSTransID: res.ACSTransID, Window: threeds.Window390x400, MessageType: threeds.TypeCReq, MessageVersion: "2.2.0"}, nil, browserOfShop)
	if err != nil {
		w.Fatal(err)
	}
	list, err := w.shop.Pending(ctx, p.id)
	if err != nil || len(list) == 0 {
		w.Fatal(len(list), err)
	}
	return list[0].Text(), shown
}

// yes is the body that approves a purchase: its text, signed by the token's key.
func (w *world) yes(p person, purchase string) obj {
	w.Helper()
	r := w.get(p.reading, "/online-purchases/"+purchase)
	if r.status != 200 || r.text("order_text") == "" {
		w.Fatalf("%d %s", r.status, r.raw)
	}
	return obj{"signature": ordertest.Encoded(w, w.key, r.text("order_text"))}
}

func (w *world) approve(token, purchase string, body any) reply {
	w.Helper()
	return w.post(token, "/online-purchases/"+purchase+"/approve", body)
}

// passed tells whether the shop's own page is left with a yes.
func (w *world) passed(s authentication.Shown) bool {
	w.Helper()
	back, err := w.shop.Finish(ctx, s.ACSTransID, browserOfShop)
	if err != nil {
		w.Fatal(err)
	}
	return back.Passed
}

// A purchase waits, is read with the text to be signed, and is approved by the
// token's key; the same yes said again, at once and later, is the same answer.
func TestApproveOnlinePurchase(t *testing.T) {
	each(t, func(w *world) {
		anna := w.person(1, 5000)
		if r := w.get(anna.reading, "/online-purchases"); r.status != 200 || strings.TrimSpace(r.raw) != `{"purchases":[]}` {
			w.Errorf("%d %s", r.status, r.raw)
		}
		x, shown := w.asks(anna, 1)
		list := w.get(anna.reading, "/online-purchases")
		if !strings.Contains(list.raw, x) || strings.Contains(list.raw, "order_text") {
			w.Error(list.raw)
		}
		one := w.get(anna.reading, "/online-purchases/"+x)
		if one.text("state") != "waits" || one.text("merchant") != "Books & Co" || one.text("local_amount") != "1250.50" || one.text("local_currency") != "643" ||
			one.text("card") != w.cardOf(anna) || one.text("approve_by") != "2026-11-22T09:10:00Z" || !strings.HasPrefix(one.text("order_id"), "or_") {
			w.Error(one.raw)
		}
		for _, line := range []string{"what: purchase on the internet\n", "to: \"Books & Co\"\n", "amount: 1250.50 RUB\n", "order: " + one.text("order_id") + "\n"} {
			if !strings.Contains(one.text("order_text"), line) {
				w.Errorf("the text lacks %q:\n%s", line, one.text("order_text"))
			}
		}
		body, later := w.yes(anna, x), w.second(anna)
		const n = 12
		answers := make([]reply, n)
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				answers[i], _ = w.try(ask{method: "POST", path: "/api/v1/online-purchases/" + x + "/approve", token: anna.transfer, body: body})
			})
		}
		wg.Wait()
		for _, r := range answers {
			if r.status != 200 || r.raw != answers[0].raw || r.text("state") != "approved" || r.text("order_text") != "" {
				w.Errorf("%d %s", r.status, r.raw)
			}
		}
		if !w.passed(shown) {
			w.Error("the shop was told no")
		}
		w.Wait(20 * time.Minute)
		if r := w.approve(later, x, body); r.status != 200 || r.raw != answers[0].raw {
			w.Errorf("later, by another token: %d %s", r.status, r.raw)
		}
		if r := w.get(anna.reading, "/online-purchases"); strings.Contains(r.raw, x) {
			w.Error("it still waits: " + r.raw)
		}
		receipt := w.get(anna.reading, "/receipts/"+one.text("order_id"))
		if receipt.status != 200 || receipt.text("order") != one.text("order_text") || receipt.text("evidence.kind") != "token" {
			w.Errorf("the receipt: %d %s", receipt.status, receipt.raw)
		}
	})
}

// What does not fit is refused and the purchase waits on; what is over says so.
func TestApproveRefused(t *testing.T) {
	each(t, func(w *world) {
		anna, pavel := w.person(1, 5000), w.person(2, 0)
		first, _ := w.asks(anna, 1)
		x, shown := w.asks(anna, 2)
		stranger, _ := ordertest.Key(9)
		text := w.get(anna.reading, "/online-purchases/"+x).text("order_text")
		for name, c := range map[string]struct {
			body   any
			status int
			code   string
		}{
			"nothing":                     {obj{}, 422, "api.required"},
			"no document":                 {nil, 415, "api.media_type"},
			"a list":                      {[]any{}, 422, "api.wrong_type"},
			"a number":                    {obj{"signature": 5}, 422, "api.wrong_type"},
			"a code":                      {obj{"signature": someSignature, "code": "123456"}, 422, "api.unknown_field"},
			"no signature's form":         {obj{"signature": "x"}, 422, "api.signature_form"},
			"signature of nothing":        {obj{"signature": someSignature}, 403, "order.not_signed"},
			"another key":                 {obj{"signature": ordertest.Encoded(w, stranger, text)}, 403, "order.not_signed"},
			"another purchase":            {w.yes(anna, first), 403, "order.not_signed"},
			"the text without its end":    {obj{"signature": ordertest.Encoded(w, w.key, strings.TrimSuffix(text, "\n"))}, 403, "order.not_signed"},
			"a signature with an alias":   {obj{"signature": ordertest.Encoded(w, w.key, text) + "="}, 422, "api.signature_form"},
			"a signature of another sort": {obj{"signature": "подпись"}, 422, "api.signature_form"},
		} {
			r := w.approve(anna.transfer, x, c.body)
			if r.status != c.status || r.text("code") != c.code {
				w.Errorf("%s: %d %s", name, r.status, r.raw)
			}
		}
		good := w.yes(anna, x)
		w.problem(w.approve(pavel.transfer, x, good), 404, "authentication.missing")
		w.problem(w.approve(anna.reading, x, good), 403, "access.scope")
		for _, address := range []string{"x", "au_", "or" + x[2:], strings.ToUpper(x), x + "x", strings.Repeat("a", 3000), "%00", (id.ID{9}).Text(authentication.Prefix)} {
			w.problem(w.get(anna.reading, "/online-purchases/"+address), 404, "authentication.missing")
			w.problem(w.approve(anna.transfer, address, good), 404, "authentication.missing")
			w.problem(w.post(anna.transfer, "/online-purchases/"+address+"/deny", nil), 404, "authentication.missing")
		}
		if r := w.get(anna.reading, "/online-purchases/"+x); r.text("state") != "waits" {
			w.Error(r.raw)
		}
		w.Wait(11 * time.Minute)
		if r := w.get(anna.reading, "/online-purchases/"+x); r.text("state") != "expired" || r.text("order_text") != "" {
			w.Error(r.raw)
		}
		w.problem(w.approve(anna.transfer, x, good), 409, "authentication.over")
		if w.passed(shown) {
			w.Error("the shop was told yes")
		}
	})
}

// The token's caps hold for purchases too: one order, a bank day, roubles.
func TestApproveWithinCaps(t *testing.T) {
	w := lite(t, unlimited)
	anna := w.person(1, 5000)
	secret, _ := w.signedToken(anna, access.NewToken{
		Name: "shop", Scopes: []access.Scope{access.ScopeTransfer}, TTL: time.Hour, PublicKey: w.public, OrderCap: money.Rub(1_250_50), DayCap: money.Rub(2_000_00),
	})
	sum := func(kopecks string) func(*threeds.AReq) { return func(a *threeds.AReq) { a.PurchaseAmount = kopecks } }
	large, _ := w.asks(anna, 1, sum("125051"))
	w.problem(w.approve(secret, large, w.yes(anna, large)), 422, "limit.token_one")
	foreign, _ := w.asks(anna, 2, func(a *threeds.AReq) { a.PurchaseCurrency, a.PurchaseAmount = "840", "100" })
	if r := w.get(secret, "/online-purchases/"+foreign); r.text("local_amount") != "1.00" || r.text("local_currency") != "840" {
		t.Error(r.raw)
	}
	w.problem(w.approve(secret, foreign, w.yes(anna, foreign)), 422, "api.foreign_purchase")
	first, _ := w.asks(anna, 3)
	body := w.yes(anna, first)
	for range 3 { // counted once
		if r := w.approve(secret, first, body); r.status != 200 {
			t.Fatalf("%d %s", r.status, r.raw)
		}
	}
	second, _ := w.asks(anna, 4, sum("74951"))
	r := w.approve(secret, second, w.yes(anna, second))
	w.problem(r, 422, "limit.token_day")
	if r.text("values.left.amount") != "749.50" || r.text("values.cap.amount") != "2000.00" || r.text("field") != "" {
		t.Error(r.raw)
	}
	third, _ := w.asks(anna, 5, sum("74950"))
	if r := w.approve(secret, third, w.yes(anna, third)); r.status != 200 {
		t.Errorf("%d %s", r.status, r.raw)
	}
	keeping, _ := w.asks(anna, 6, func(a *threeds.AReq) {
		a.Category, a.AuthenticationInd = threeds.NonPayment, threeds.ForAddCard
		a.PurchaseAmount, a.PurchaseCurrency, a.PurchaseExponent, a.PurchaseDate = "", "", "", ""
	})
	if r := w.approve(secret, keeping, w.yes(anna, keeping)); r.status != 200 || strings.Contains(r.raw, "local_") {
		t.Errorf("nothing is paid: %d %s", r.status, r.raw)
	}
	for _, x := range []string{large, foreign, second} {
		if r := w.get(secret, "/online-purchases/"+x); r.text("state") != "waits" {
			t.Error(r.raw)
		}
	}
}

// «Это не я» refuses the shop and freezes the card for the bank alone to lift,
// however often it is said and also when the purchase is over.
func TestDenyOnlinePurchase(t *testing.T) {
	each(t, func(w *world) {
		anna := w.person(1, 5000)
		over, _ := w.asks(anna, 1)
		x, shown := w.asks(anna, 2)
		if r := w.approve(anna.transfer, over, w.yes(anna, over)); r.status != 200 {
			w.Fatalf("%d %s", r.status, r.raw)
		}
		body := w.yes(anna, x)
		w.problem(w.post(anna.reading, "/online-purchases/"+x+"/deny", nil), 403, "access.scope")
		for range 2 {
			if r := w.post(anna.transfer, "/online-purchases/"+x+"/deny", nil); r.status != 200 || r.text("state") != "refused" {
				w.Errorf("%d %s", r.status, r.raw)
			}
		}
		if r := w.with(anna, "GET", "", nil); r.text("state") != "frozen" || r.text("frozen_by") != "not_me" {
			w.Error(r.raw)
		}
		w.problem(w.with(anna, "POST", "/unfreeze", nil), 422, "card.bank_froze")
		w.problem(w.approve(anna.transfer, x, body), 409, "authentication.over")
		if w.passed(shown) {
			w.Error("the shop was told yes")
		}
		if r := w.post(anna.transfer, "/online-purchases/"+over+"/deny", nil); r.status != 200 || r.text("state") != "approved" {
			w.Errorf("what is over: %d %s", r.status, r.raw)
		}
	})
}

// A bank without 3-D Secure asks nobody.
func TestNoOnlinePurchases(t *testing.T) {
	w := lite(t, unlimited)
	anna := w.person(1, 0)
	x, _ := w.asks(anna, 1)
	without := w.deps
	without.Authentications = nil
	server := httptest.NewServer(api.New(without))
	defer server.Close()
	w = &world{World: w.World, server: server}
	if r := w.get(anna.reading, "/online-purchases"); r.status != 200 || strings.Contains(r.raw, x) {
		t.Errorf("%d %s", r.status, r.raw)
	}
	w.problem(w.get(anna.reading, "/online-purchases/"+x), 404, "authentication.missing")
	w.problem(w.approve(anna.transfer, x, obj{"signature": someSignature}), 404, "authentication.missing")
	w.problem(w.post(anna.transfer, "/online-purchases/"+x+"/deny", nil), 404, "authentication.missing")
}
