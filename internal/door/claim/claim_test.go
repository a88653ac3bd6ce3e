package claim_test

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/bin"
	"rocketbank/internal/bank/claim"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/order/ordertest"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/phone"
	door "rocketbank/internal/door/claim"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
	"rocketbank/internal/ledger"
)

const (
	origin = "https://bank.example"
	friend = phone.Number("+79035550199")
)

var ctx = context.Background()

// world is the door over the real rooms; only rails and messages are played.
type world struct {
	*banktest.Bank
	h       http.Handler
	claims  *claim.Service
	payouts *payout.Service
	orders  *order.Service
	anna    banktest.Person
	says    payout.Outcome
	paid    []payout.Instruction
	message string
	real    *banktest.Clock
}

func (w *world) Send(_ context.Context, i payout.Instruction) (payout.Outcome, error) {
	w.paid = append(w.paid, i)
	return w.says, nil
}
func (w *world) Ask(context.Context, payout.Instruction) (payout.Outcome, error) { return w.says, nil }

func (w *world) SendOrderCode(_ context.Context, _ db.Tx, m order.Message) error {
	w.message = m.Text.Reveal()
	return nil
}

func (w *world) Methods(context.Context) ([]claim.Method, error) {
	return []claim.Method{
		{Way: claim.ToCard}, {Way: claim.ToMobile, Code: "orbita", RU: "Орбита", EN: "Orbita"}, {Way: claim.ToWallet, Code: "kopilka", RU: "Копилка", EN: "Kopilka"},
		{Way: claim.ToWallet, Code: "zaliv", RU: "Залив", EN: "Zaliv", Closed: true, WhyRU: "У банка кошелька отозвана лицензия", WhyEN: "Its bank has lost the licence"},
	}, nil
}

func (w *world) Check(_ context.Context, _, number string) (string, error) {
	if strings.HasSuffix(number, "0000") {
		return "", claim.ErrNoReceiver
	}
	return "Павел К.", nil
}

func each(t *testing.T, fn func(w *world)) {
	t.Helper()
	banktest.Each(t, func(b *banktest.Bank) {
		w := &world{Bank: b, anna: b.Client("Анна", "Комарова", 10_000), says: payout.Outcome{State: payout.Settled}, real: &banktest.Clock{}}
		w.real.Set(banktest.Noon)
		tariffs := tariff.New(b.DB)
		w.orders = order.New(order.Deps{DB: b.DB, Vault: b.Vault, People: b.Directory, Now: w.real.Now})
		payouts := payout.New(payout.Deps{
			DB: b.DB, Book: b.Book, Vault: b.Vault, People: b.Directory, Operations: b.Operations, Limits: b.Limits, Tariffs: tariffs,
			Rails: map[payout.Way]payout.Rail{payout.Card: w, payout.Mobile: w, payout.Wallet: w}, Now: w.real.Now,
		})
		w.claims = claim.New(claim.Deps{
			DB: b.DB, Book: b.Book, Vault: b.Vault, People: b.Directory, Operations: b.Operations, Limits: b.Limits, Tariffs: tariffs, Orders: w.orders,
			Messenger: w, Payouts: payouts, Partners: w, BINs: bin.New(b.DB), OwnBIN: "550000", IDs: b.IDs, Now: w.real.Now, Digits: access.NewCode,
			Origin: origin, Host: "bank.example",
		})
		w.payouts = payouts
		payouts.Tell(w.claims)
		w.h = w.door(web.Rate{PerSecond: -1})
		fn(w)
		report, err := ledger.Verify(ctx, b.DB, claim.Check, payout.Check)
		if err != nil || len(report.Breaches) > 0 {
			b.Errorf("verify: %v, %+v", err, report.Breaches)
		}
	})
}

func (w *world) door(r web.Rate) http.Handler {
	w.Helper()
	front, err := web.New(web.Options{Origin: origin, Rate: r, Now: w.real.Now})
	if err != nil {
		w.Fatal(err)
	}
	kit, err := ui.NewKit(ui.DefaultBrand())
	if err != nil {
		w.Fatal(err)
	}
	return door.New(door.Deps{Front: front, Kit: kit, Bank: w.claims, LangCookie: "__Host-lang", Now: w.real.Now, Business: w.DB.Now}).Handler()
}

// send makes a link and gives its path.
func (w *world) send(to phone.Number, roubles int64) string {
	w.Helper()
	q, err := w.claims.Quote(ctx, w.anna.ID, w.anna.Account, to, money.Rub(roubles*100))
	if err != nil {
		w.Fatal(err)
	}
	doc, err := w.claims.Order(w.anna.ID, q.Token, "за кино")
	if err != nil {
		w.Fatal(err)
	}
	key, spki := ordertest.Key(7)
	signed, err := w.orders.Accept(w.anna.ID, doc, order.ByDevice(w.IDs.New(), spki, ordertest.Sign(w.T, key, doc.Text)))
	if err != nil {
		w.Fatal(err)
	}
	if _, err := w.claims.Create(ctx, claim.Create{
		Client: w.anna.ID, Key: ledger.Key(w.IDs.New()), Quote: q.Token, Message: "за кино", Signed: signed, Standing: client.Standing{Level: client.Full},
	}); err != nil {
		w.Fatal(err)
	}
	return w.message[strings.Index(w.message, "/l/"):]
}

// do asks as a browser without scripts and cookies does.
func (w *world) do(method, path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, origin+path, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	r.Header.Set("Accept-Language", "ru")
	rec := httptest.NewRecorder()
	w.h.ServeHTTP(rec, r)
	return rec
}

// step posts a page's form and insists on what comes.
func (w *world) step(path string, form url.Values, status int, wants ...string) string {
	w.Helper()
	rec := w.do(http.MethodPost, path, form)
	text := html.UnescapeString(rec.Body.String())
	if rec.Code != status {
		w.Fatalf("%s: %d %s", path, rec.Code, text)
	}
	for _, want := range wants {
		if !strings.Contains(text, want) {
			w.Errorf("%s lacks %q: %s", path, want, text)
		}
	}
	return rec.Body.String()
}

var field = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)

func fields(page string) url.Values {
	out := url.Values{}
	for _, m := range field.FindAllStringSubmatch(page, -1) {
		out.Set(m[1], html.UnescapeString(m[2]))
	}
	return out
}

// prove gets to the choice.
func (w *world) prove(path string) url.Values {
	w.Helper()
	w.real.Add(3 * time.Minute)
	w.step(path, nil, 200, "Код из SMS")
	code := w.message[len(w.message)-6:]
	f := fields(w.step(path+"/code", url.Values{"code": {code}}, 200, "Куда зачислить?", "за кино"))
	return url.Values{"pass": f["pass"]}
}

func with(f url.Values, pairs ...string) url.Values {
	out := url.Values{"pass": f["pass"]}
	for i := 0; i < len(pairs); i += 2 {
		out.Set(pairs[i], pairs[i+1])
	}
	return out
}

// The receiver's whole way by each of the three ways, over HTTP.
func TestEachWay(t *testing.T) {
	each(t, func(w *world) {
		for name, x := range map[string]struct {
			method, field, typed, shown string
			way                         payout.Way
		}{
			"card":   {"card", "card", "4276 0000 0000 5677", "427600••••••5677", payout.Card},
			"mobile": {"mobile:orbita", "mobile", "8 903 555-01-99", "Орбита", payout.Mobile},
			"wallet": {"wallet:kopilka", "wallet", "+7 903 555-01-99", "Копилка", payout.Wallet},
		} {
			path := w.send(friend, 150)
			first := w.do(http.MethodGet, path, nil)
			for _, want := range []string{"Анна К.", "150", "Получить код", "noindex"} {
				if !strings.Contains(first.Body.String()+first.Header().Get("X-Robots-Tag"), want) {
					w.Errorf("%s: the first page lacks %q", name, want)
				}
			}
			if strings.Contains(first.Body.String(), "5550199") || strings.Contains(first.Body.String(), "за кино") {
				w.Errorf("%s: the first page tells too much", name)
			}
			f := w.prove(path)
			w.step(path+"/where", with(f, "method", x.method), 200, "Дальше")
			page := w.step(path+"/where", with(f, "method", x.method, x.field, x.typed), 200, "Всё верно?", x.shown)
			if strings.Contains(page, "4276000000005677") {
				w.Errorf("%s: the page holds the whole number", name)
			}
			plan := fields(page)
			for range 2 { // a second tap
				rec := w.do(http.MethodPost, path+"/take", plan)
				if rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != path {
					w.Fatalf("%s: %d %s", name, rec.Code, rec.Body)
				}
			}
			if end := w.do(http.MethodGet, path, nil); !strings.Contains(end.Body.String(), "Деньги у вас") {
				w.Errorf("%s: %s", name, end.Body)
			}
			if i := w.paid[len(w.paid)-1]; i.To.Way != x.way || i.Amount != money.Rub(150_00) {
				w.Errorf("%s: paid to %v", name, i.To.Way)
			}
		}
		if len(w.paid) != 3 || w.Balance(ledger.Transit) != 0 {
			w.Errorf("%d payouts, %d in transit", len(w.paid), w.Balance(ledger.Transit))
		}
	})
}

// A way that does not work leads back to the choice; what is closed says why.
func TestRefusedWays(t *testing.T) {
	each(t, func(w *world) {
		path := w.send(friend, 20)
		f := w.prove(path)
		w.step(path+"/where", with(f, "method", "wallet:zaliv", "wallet", "+79035550199"), 422, "отозвана лицензия", "Сюда сейчас отправить нельзя")
		w.step(path+"/where", with(f, "method", "bitcoin"), 422, "Выберите, куда")
		w.step(path+"/where", with(f, "method", "account"), 422, "Выберите, куда")
		w.step(path+"/where", with(f, "method", "card", "card", "4276 0000 0000 5678"), 422, "Такой карты нет")
		w.step(path+"/where", with(f, "method", "card", "card", "5500000000000004"), 422, "карта нашего банка")
		w.step(path+"/where", with(f, "method", "mobile:orbita", "mobile", "12"), 422, "мобильный номер")
		w.step(path+"/where", with(f, "method", "wallet:kopilka", "wallet", "+79035550000"), 422, "не знают такого номера")
		w.says = payout.Outcome{State: payout.Declined, Reason: "no_such_card"}
		plan := fields(w.step(path+"/where", with(f, "method", "card", "card", "4276000000005677"), 200))
		w.step(path+"/take", plan, 200, "не получилось", "Банк карты такой не знает", "Куда зачислить?")
		w.says = payout.Outcome{} // no answer yet
		plan = fields(w.step(path+"/where", with(f, "method", "wallet:kopilka", "wallet", "+79035550199"), 200))
		if rec := w.do(http.MethodPost, path+"/take", plan); rec.Code != http.StatusSeeOther {
			w.Fatal(rec.Code)
		}
		if rec := w.do(http.MethodGet, path, nil); !strings.Contains(rec.Body.String(), "Проверяем") || !strings.HasSuffix(rec.Header().Get("Refresh"), "; url="+path) {
			w.Error(rec.Header(), rec.Body)
		}
	})
}

// After five refusals every way but an account of ours is shut, and says so.
func TestNoMoreTries(t *testing.T) {
	each(t, func(w *world) {
		pavel := w.Client("Павел", "Котов", 0)
		path := w.send(pavel.Phone, 20)
		f := w.prove(path)
		w.says = payout.Outcome{State: payout.Declined, Reason: "no_such_card"}
		var plan url.Values
		for range claim.MaxTries {
			plan = fields(w.step(path+"/where", with(f, "method", "card", "card", "4276000000005677"), 200))
			w.step(path+"/take", plan, 200, "не получилось")
		}
		w.step(path+"/take", plan, 422, "больше пробовать нельзя", "Попытки закончились", "На ваш счёт у нас")
		w.step(path+"/where", with(f, "method", "card", "card", "4276000000005677"), 422, "больше пробовать нельзя")
		if len(w.paid) != claim.MaxTries {
			w.Errorf("%d payouts", len(w.paid))
		}
		plan = fields(w.step(path+"/where", with(f, "method", "account"), 200))
		if rec := w.do(http.MethodPost, path+"/take", plan); rec.Code != http.StatusSeeOther || w.Balance(pavel.Account) != 20_00 {
			w.Error(rec.Code, w.Balance(pavel.Account))
		}
	})
}

// What the other side sends back goes to the sender in one unit of work with
// the payout; a bank that forgot to ask for it would be told which link it is.
func TestSentBack(t *testing.T) {
	each(t, func(w *world) {
		path := w.send(friend, 20)
		f := w.prove(path)
		take := func() payout.Instruction {
			w.Helper()
			plan := fields(w.step(path+"/where", with(f, "method", "card", "card", "4276000000005677"), 200))
			if rec := w.do(http.MethodPost, path+"/take", plan); rec.Code != http.StatusSeeOther {
				w.Fatal(rec.Code)
			}
			return w.paid[len(w.paid)-1]
		}
		check := func() string {
			w.Helper()
			breaches, err := claim.Check(ctx, w.DB)
			if err != nil {
				w.Fatal(err)
			}
			return fmt.Sprint(breaches)
		}
		x := take()
		for range 2 {
			if err := w.payouts.Return(ctx, x.ID, x.Amount, "R-1"); err != nil {
				w.Fatal(err)
			}
		}
		if got := check(); got != "[]" || w.Balance(w.anna.Account) != 10_000_00 || w.Balance(ledger.Transit) != 0 {
			w.Error(got, w.Balance(w.anna.Account))
		}
		path = w.send(friend, 30)
		f = w.prove(path)
		x = take()
		w.payouts.Tell(nil)
		also, err := w.claims.Returned(ctx, w.anna.ID, x.ID)
		if err != nil {
			w.Fatal(err)
		}
		if err := w.payouts.Return(ctx, x.ID, x.Amount, "R-2"); err != nil {
			w.Fatal(err)
		}
		links, err := w.claims.Latest(ctx, w.anna.ID, 1)
		if err != nil {
			w.Fatal(err)
		}
		if got := check(); !strings.Contains(got, links[0].Text()+" is done and its payout came back to nobody") || !strings.Contains(got, "it holds 3000; links that wait come to 0") {
			w.Error(got)
		}
		if err := w.DB.Write(ctx, func(tx db.Tx) error { return also(ctx, tx) }); err != nil {
			w.Fatal(err)
		}
	})
}

// A client of ours takes it to his account.
func TestAccount(t *testing.T) {
	each(t, func(w *world) {
		pavel := w.Client("Павел", "Котов", 0)
		path := w.send(pavel.Phone, 30)
		f := w.prove(path)
		plan := fields(w.step(path+"/where", with(f, "method", "account"), 200, "На ваш счёт у нас", "Павел К."))
		if rec := w.do(http.MethodPost, path+"/take", plan); rec.Code != http.StatusSeeOther || w.Balance(pavel.Account) != 30_00 {
			w.Error(rec.Code, w.Balance(pavel.Account))
		}
	})
}

// Every link that leads nowhere gets the same answer, whichever step it tries,
// and every answer is shut off from other sites.
func TestNowhere(t *testing.T) {
	each(t, func(w *world) {
		path := w.send(friend, 20)
		links, err := w.claims.Open(ctx, w.anna.ID)
		if err != nil || len(links) != 1 {
			w.Fatal(links, err)
		}
		open := w.do(http.MethodGet, path, nil).Header()
		if _, err := w.claims.Cancel(ctx, w.anna.ID, links[0].ID); err != nil {
			w.Fatal(err)
		}
		request := regexp.MustCompile(`<span class="num">[0-9A-Z]{16}</span>|name="back" value="[^"]*"`)
		same := map[string]string{}
		for _, p := range []string{path, "/l/AAAAAAAAAAAAAAAAAAAAAA", "/l/x", "/l/%00", "/l/" + strings.Repeat("a", 3000)} {
			for _, x := range []struct {
				method, step string
			}{{"GET", ""}, {"POST", ""}, {"POST", "/code"}, {"POST", "/where"}, {"POST", "/take"}} {
				rec := w.do(x.method, p+x.step, url.Values{"code": {"123456"}, "pass": {"x"}, "plan": {"x"}, "method": {"card"}})
				text := request.ReplaceAllString(rec.Body.String(), "")
				if rec.Code != http.StatusNotFound || rec.Header().Get("Set-Cookie") != "" {
					w.Errorf("%s %s: %d", x.method, p+x.step, rec.Code)
				}
				h := rec.Header()
				for name, want := range map[string]string{"Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY", "Cache-Control": "no-store", "X-Robots-Tag": open.Get("X-Robots-Tag"), "Content-Security-Policy": open.Get("Content-Security-Policy")} {
					if h.Get(name) != want {
						w.Errorf("%s %s: %s is %q", x.method, p+x.step, name, h.Get(name))
					}
				}
				if !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
					w.Error(h.Get("Content-Security-Policy"))
				}
				same[text] = p
			}
		}
		if len(same) != 1 {
			w.Errorf("%d different answers", len(same))
		}
	})
}

func TestNasty(t *testing.T) {
	each(t, func(w *world) {
		path := w.send(friend, 20)
		w.step(path+"/code", url.Values{"code": {"123456"}}, 422, "уже не действует")
		w.step(path+"/where", url.Values{"pass": {"x"}, "method": {"card"}}, 422, "введите код ещё раз")
		w.step(path+"/take", url.Values{"plan": {"x"}}, 422, "введите код ещё раз")
		w.step(path+"/code", url.Values{"code": {"1", "2"}}, 400)
		w.step(path+"/code", url.Values{"code": {"\x00"}}, 400)
		w.step(path+"/code", url.Values{"code": {strings.Repeat("1", 9000)}}, 413)
		if rec := w.do(http.MethodGet, path+"/take", nil); rec.Code != http.StatusMethodNotAllowed {
			w.Error(rec.Code)
		}
		f := w.prove(path)
		w.step(path, nil, 429, "Новый можно запросить")
		w.real.Add(16 * time.Minute)
		w.step(path+"/where", with(f, "method", "card"), 422, "введите код ещё раз")
		// Who guesses is slowed down.
		w.h = w.door(door.Rate)
		last := 0
		for range door.Rate.Burst + 1 {
			last = w.do(http.MethodGet, "/l/AAAAAAAAAAAAAAAAAAAAAA", nil).Code
		}
		if last != http.StatusTooManyRequests {
			w.Error(last)
		}
	})
}
