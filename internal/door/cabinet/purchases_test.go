package cabinet_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/authentication"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
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
func (w *world) authentications(d *db.DB) *authentication.Service {
	return authentication.New(authentication.Deps{
		DB: d, Vault: w.Vault, IDs: id.NewSource(time.Now), Cards: w.Cards, People: w.Clients, Messenger: w.Access, Keys: scheme{}, Directory: scheme{}, Live: w.hub,
		Now: w.Now, Digits: access.NewCode, ChallengeURL: "https://acs.bank.example/acs/challenge", Host: "acs.bank.example",
	})
}

var qPAN = db.Query(`SELECT pan FROM card WHERE client = $1 AND id = $2`)

// number is what stands on a person's card.
func (p *person) number() string {
	p.w.Helper()
	x, err := id.Parse(card.Prefix, p.card)
	if err != nil {
		p.w.Fatal(err)
	}
	var sealed []byte
	if err := p.w.DB.Row(ctx, qPAN, int64(p.id), x.Bytes()).Scan(&sealed); err != nil {
		p.w.Fatal(err)
	}
	number, err := p.w.Vault.OpenText(vault.PAN, vault.At{Table: "card.pan", Row: x.Bytes()}, sealed)
	if err != nil {
		p.w.Fatal(err)
	}
	return number
}

// browserOfShop is the proof of the browser that the shop sent for its challenge.
const browserOfShop = "the-browser-in-the-shop"

// challenged has a shop ask about a person's card, until he is challenged.
func (p *person) challenged(n int, change ...func(*threeds.AReq)) (path string, shown authentication.Shown) {
	p.w.Helper()
	pan, err := threeds.NewPAN(p.number())
	if err != nil {
		p.w.Fatal(err)
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
	res, bad, err := p.w.shop.Answer(ctx, a)
	if bad != nil || err != nil || res.Status != threeds.Challenge {
		p.w.Fatalf("%+v %v %v", res, bad, err)
	}
	shown, err = p.w.shop.Begin(ctx, threeds.CReq{ServerTransID: a.ServerTransID, ACSTransID: res.ACSTransID, Window: threeds.Window390x400, MessageType: threeds.TypeCReq, MessageVersion: "2.2.0"}, nil, browserOfShop)
	if err != nil {
		p.w.Fatal(err)
	}
	list, err := p.w.shop.Pending(ctx, p.id)
	if err != nil || len(list) == 0 {
		p.w.Fatal(len(list), err)
	}
	return "/purchases/" + list[0].Text(), shown
}

// ended tells how the shop's own page is left.
func (w *world) ended(s authentication.Shown) authentication.Return {
	w.Helper()
	back, err := w.shop.Finish(ctx, s.ACSTransID, browserOfShop)
	if err != nil {
		w.Fatal(err)
	}
	return back
}

// A purchase comes live to the home page, names shop, sum and card, and is
// confirmed by passcode and the device's key over its own text; once over, its
// page says how it ended, and a second tap does nothing more.
func TestApprovePurchase(t *testing.T) {
	each(t, func(w *world) {
		p, other := w.person(1, 5000), w.person(2, 0)
		p.get("/home").is(200)
		events, stop := p.listen()
		defer stop()
		await(t, events, "hx-partial")
		path, shown := p.challenged(1)
		e := await(t, events, path)
		for _, want := range []string{"Подтвердите покупку", "Books &amp; Co", "1 250,50 ₽"} {
			if !strings.Contains(strings.ReplaceAll(e, "\u00a0", " "), want) {
				t.Errorf("the message lacks %q:\n%s", want, e)
			}
		}
		last4 := p.number()[12:]
		p.get("/home").is(200).has("Подтвердите покупку", "Books & Co", "1 250,50 ₽", last4, "Проверить")
		page := p.get(path).is(200).has("Books & Co", "1 250,50 ₽", last4, "Осталось времени", "Это не я")
		if strings.Contains(page.body, p.number()) {
			t.Error("the page tells the card's number")
		}
		other.get(path).is(404)
		other.get("/home").is(200)
		form := page.form("/purchases/approve")
		other.post("/purchases/approve", form).is(404)
		other.post("/purchases/approve/ask", form).is(404)
		other.post("/purchases/deny", form).is(404)

		p.get(path) // the text to be signed
		p.post("/purchases/approve", form).is(422)
		form.Set("passcode", "0000")
		p.post("/purchases/approve", form).is(422).has("Осталось")
		form.Set("passcode", accesstest.Passcode)
		forged := url.Values{"purchase": form["purchase"], "passcode": form["passcode"], "signature": {b64.EncodeToString(p.key.Sign("another text"))}}
		p.post("/purchases/approve", forged).is(403)
		p.get(path)
		p.post("/purchases/approve", form).to(path)
		p.post("/purchases/approve", form).to(path) // a double tap
		p.get(path).is(200).has("Покупка подтверждена", "Вернитесь в магазин")
		await(t, events, "hx-partial")
		if home := p.get("/home").is(200); strings.Contains(home.body, path) {
			t.Error("the home page still asks")
		}
		if back := w.ended(shown); !back.Passed {
			t.Errorf("the shop's page: %+v", back)
		}
		p.get("/profile/orders").is(200).has("покупка в интернете")
	})
}

// A purchase that came while the page was on its way, or its stream was cut, is
// told when the stream opens.
func TestMissedPurchases(t *testing.T) {
	w := lite(t)
	p := w.person(1, 0)
	path, _ := p.challenged(1)
	events, stop := p.listen()
	defer stop()
	await(t, events, path)
}

// On a browser without a key the passcode and a code for exactly this purchase
// confirm it; the message names shop, sum and card.
func TestApprovePurchaseByCode(t *testing.T) {
	w := lite(t)
	p := w.person(1, 0)
	c := &person{browser: w.browser(), id: p.id, phone: p.phone, card: p.card}
	c.post("/login", url.Values{"phone": {p.phone.E164()}}).to("/login/code")
	c.post("/login/code", url.Values{"code": {w.Code(p.phone)}}).to("/login/passcode")
	login := c.get("/login/passcode").form("/login/passcode")
	login.Set("passcode", accesstest.Passcode)
	c.post("/login/passcode", login).to("/home")
	w.Wait(3 * time.Minute)
	path, shown := c.challenged(1)
	w.Wait(time.Minute)
	form := c.get(path).is(200).form("/purchases/approve")
	c.post("/purchases/approve", form).is(422)
	form.Set("passcode", accesstest.Passcode)
	sent := c.post("/purchases/approve", form).is(200).has("Отправили код для этой покупки")
	all := w.Sent(p.phone)
	message := strings.ReplaceAll(all[len(all)-1].Text.Reveal(), "\u00a0", " ")
	code := w.OrderCode(p.phone)
	for _, want := range []string{code, "1 250,50 ₽", "Books & Co", p.number()[12:], "@bank.example #" + code} {
		if !strings.Contains(message, want) {
			t.Errorf("the message lacks %q: %s", want, message)
		}
	}
	form = sent.form("/purchases/approve")
	form.Set("passcode", accesstest.Passcode)
	form.Set("code", accesstest.Other(code))
	c.post("/purchases/approve", form).is(422).has("Код не подошёл")
	form.Set("again", "1")
	c.post("/purchases/approve", form).is(429).has("Новый можно запросить")
	form.Del("again")
	form.Set("code", code)
	c.post("/purchases/approve", form).to(path)
	c.post("/purchases/approve", form).to(path)
	c.get(path).is(200).has("Покупка подтверждена")
	if back := w.ended(shown); !back.Passed {
		t.Errorf("%+v", back)
	}
}

// A passkey confirms without a passcode.
func TestApprovePurchaseByPasskey(t *testing.T) {
	w := lite(t)
	p := w.person(1, 0)
	in := (&things{p: p}).in(w)
	stick, _ := w.WithPasskey(accesstest.Person{ID: p.id, Phone: p.phone, Key: p.key, Entry: access.Entry{Session: in}})
	first, _ := p.challenged(1)
	second, shown := p.challenged(2)
	p.get(second).is(200).has("Подтвердить отпечатком или ключом")
	of := func(path string) url.Values { return p.get(path).is(200).form("/purchases/approve") }
	asked := p.post("/purchases/approve/ask", of(first)).ceremony(200)
	got, err := stick.Get(asked.Options)
	if err != nil {
		t.Fatal(err)
	}
	form := of(second)
	form.Set("passkey", string(got))
	if a := p.post("/purchases/approve", form); a.status == 303 {
		t.Errorf("the answer for another purchase: %d", a.status)
	}
	asked = p.post("/purchases/approve/ask", of(second)).ceremony(200)
	if got, err = stick.Get(asked.Options); err != nil {
		t.Fatal(err)
	}
	form.Set("passkey", string(got))
	p.post("/purchases/approve", form).to(second)
	if back := w.ended(shown); !back.Passed {
		t.Errorf("%+v", back)
	}
	p.post("/purchases/approve/ask", form).ceremony(409)
	p.get(first).is(200).has("Подтвердите покупку") // the other one goes on waiting
}

// «Это не я» refuses the shop and freezes the card for the bank alone to lift,
// also when the purchase is over already.
func TestDenyPurchase(t *testing.T) {
	w := lite(t)
	p, late := w.person(1, 0), w.person(2, 0)
	path, shown := p.challenged(1)
	form := p.get(path).is(200).form("/purchases/deny")
	p.post("/purchases/deny", form).to(path)
	p.post("/purchases/deny", form).to(path)
	page := p.get(path).is(200).has("Карта заморожена", "Позвоните нам")
	if strings.Contains(page.body, `action="/purchases/`) {
		t.Error("the page still asks")
	}
	if back := w.ended(shown); back.Passed {
		t.Errorf("%+v", back)
	}
	state := func(p *person) (card.State, card.By) {
		cards, err := w.Cards.Of(ctx, p.id)
		if err != nil || len(cards) != 1 {
			t.Fatal(cards, err)
		}
		return cards[0].State, cards[0].FrozenBy
	}
	if s, by := state(p); s != card.Frozen || by != card.ByNotMe {
		t.Errorf("the card is %v by %v", s, by)
	}
	over, shown := late.challenged(2)
	if _, err := w.shop.Cancel(ctx, shown.ACSTransID, browserOfShop); err != nil {
		t.Fatal(err)
	}
	late.post("/purchases/deny", late.get(over).is(200).has("Покупка отклонена", "начните оплату заново").form("/purchases/deny")).to(over)
	if s, by := state(late); s != card.Frozen || by != card.ByNotMe {
		t.Errorf("the card of the late one is %v by %v", s, by)
	}
}

// Nobody waits for ever: the page says so, and a yes that comes too late does
// nothing.
func TestPurchaseExpires(t *testing.T) {
	w := lite(t)
	p := w.person(1, 0)
	path, shown := p.challenged(1, func(a *threeds.AReq) { a.PurchaseCurrency, a.PurchaseAmount = "840", "25000" })
	page := p.get(path).is(200).has("250,00 USD")
	form := page.form("/purchases/approve")
	form.Set("passcode", accesstest.Passcode)
	for range 3 {
		w.Wait(220 * time.Second)
		p.post("/device/renew", url.Values{}).is(204)
	}
	p.post("/purchases/approve", form).to(path)
	p.get(path).is(200).has("Время вышло", "деньги на месте")
	if home := p.get("/home").is(200); strings.Contains(home.body, path) {
		t.Error("the home page still asks")
	}
	if _, err := w.shop.Step(ctx); err != nil { // the worker ends it
		t.Fatal(err)
	}
	if back := w.ended(shown); back.Passed {
		t.Errorf("%+v", back)
	}
	p.get(path).is(200).has("Время вышло")
}

// Keeping a card is confirmed like a purchase, without a sum.
func TestApproveKeepingACard(t *testing.T) {
	w := lite(t)
	p := w.person(1, 0)
	path, _ := p.challenged(1, func(a *threeds.AReq) {
		a.Category, a.AuthenticationInd = threeds.NonPayment, threeds.ForAddCard
		a.PurchaseAmount, a.PurchaseCurrency, a.PurchaseExponent, a.PurchaseDate = "", "", "", ""
	})
	form := p.get(path).is(200).has("Магазин сохраняет карту").form("/purchases/approve")
	form.Set("passcode", accesstest.Passcode)
	p.get(path)
	p.post("/purchases/approve", form).to(path)
}

// Whatever stands in the fields of a purchase that waits, it goes on waiting.
func TestBadInputIntoAPurchase(t *testing.T) {
	w := lite(t)
	p := w.person(1, 0)
	path, _ := p.challenged(1)
	good := p.get(path).is(200).form("/purchases/approve")
	for name, value := range nasty() {
		for _, field := range []string{"purchase", "code", "passkey", "signature"} {
			form := url.Values{"purchase": good["purchase"]}
			form.Set(field, value)
			for _, to := range []string{"/purchases/approve", "/purchases/approve/ask"} {
				if a := p.post(to, form); a.status < 400 && to == "/purchases/approve" || a.status >= 500 || strings.Contains(a.body, "<script>alert") {
					t.Errorf("%s, %s = %s: %d", to, field, name, a.status)
				}
			}
		}
		if a := p.post("/purchases/deny", url.Values{"purchase": {value}}); a.status != 404 {
			t.Errorf("deny %s: %d", name, a.status)
		}
		if a := p.get("/purchases/" + url.PathEscape(value)); a.status >= 500 || a.status == 200 && value != "" {
			t.Errorf("GET %s: %d", name, a.status)
		}
	}
	twice := url.Values{"purchase": {good.Get("purchase"), good.Get("purchase")}}
	p.post("/purchases/approve", twice).is(422)
	p.post("/purchases/deny", twice).is(422)
	p.get(path).is(200).has("Подтвердите покупку")
}

// A signature of the order room is not one of another kind of order.
func TestPurchaseIsNoOtherOrder(t *testing.T) {
	w := lite(t)
	p := w.person(1, 0)
	path, _ := p.challenged(1)
	text, err := order.Parse(orderText(p.get(path).is(200)))
	if err != nil || text.Kind != order.OnlinePurchase || text.Words("to") != "Books & Co" || text.Value("card") != "*"+p.number()[12:] || text.Value("amount") != "1250.50 RUB" {
		t.Errorf("%+v %v", text, err)
	}
	p.post("/transfer/confirm", url.Values{"draft": {strings.TrimPrefix(path, "/purchases/")}, "passcode": {accesstest.Passcode}}).to("/transfer")
}
