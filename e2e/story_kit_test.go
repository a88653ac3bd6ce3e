package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"rocketbank/internal/base/tier"
)

// storyDemo tells a story on SQLite, and from tier ci on both databases.
func storyDemo(t *testing.T, story func(t *testing.T, d *Demo)) {
	t.Helper()
	if tier.Now() >= tier.CI {
		eachDemo(t, story)
		return
	}
	t.Run("sqlite", func(t *testing.T) { story(t, startDemo(t, "")) })
}

// in gives the demo to a part of a story: what fails there fails that part.
func (d *Demo) in(t testing.TB) *Demo {
	c := *d
	c.t = t
	return &c
}

// Login logs a client in on a device the bank does not know: phone, code from
// the SMS, the passcode that exists already.
func (p *Page) Login(d *Demo, phone, passcode string) {
	p.t.Helper()
	inbox := d.Inbox(phone)
	p.Go("/login")
	p.Fill("phone", phone)
	p.Submit("Получить код")
	p.At("/login/code")
	p.Fill("code", inbox.Code())
	p.Submit("Дальше")
	p.At("/login/passcode")
	p.Fill("passcode", passcode)
	p.Submit("Войти")
	p.At("/home")
}

// StartTopUp fills the top-up form in and sends it.
func (p *Page) StartTopUp(card TestCard, sum string) {
	p.t.Helper()
	p.Go("/topup")
	p.quoted(func() { p.Fill("amount", sum) })
	p.Fill("card_number", card.Number)
	p.Fill("card_expiry", card.Exp)
	p.Fill("card_cvc", card.CVC)
	p.Submit("Пополнить")
}

// TopUp puts money on the card from another bank's good card, through that
// bank's page, and ends at the result.
func (p *Page) TopUp(d *Demo, sum string) {
	p.t.Helper()
	card := d.Card("good")
	p.StartTopUp(card, sum)
	p.Pay3DS(card.Code)
	p.AtPrefix("/topup/tu_")
	p.Sees("Пополнили на")
}

// Pay3DS answers the other bank's page.
func (p *Page) Pay3DS(code string) {
	p.t.Helper()
	p.Sees("Подтвердите оплату")
	p.Fill("code", code)
	p.leave(func() { p.Click("#pay") })
}

// quoted runs act and waits for the price that the page then asks for.
func (p *Page) quoted(act func()) {
	p.t.Helper()
	if p.opt.NoJS {
		act()
		return
	}
	p.Swap(act)
}

// Find enters the phone of a payee and ends at the transfer form.
func (p *Page) Find(phone string, next ...string) {
	p.t.Helper()
	p.Fill("phone", phone)
	p.Submit(append(next, "Дальше")[0])
	p.At("/transfer")
	p.Until("document.querySelector('[name=amount]:not([type=hidden])')")
}

// Send walks a whole transfer from the menu to the receipt.
func (p *Page) Send(phone, sum, message, passcode string) {
	p.t.Helper()
	p.Go("/transfer")
	p.Find(phone)
	p.quoted(func() { p.Fill("amount", sum) })
	if message != "" {
		p.Fill("message", message)
	}
	p.Submit("Продолжить")
	p.At("/transfer/confirm")
	p.Confirm(passcode)
	p.AtPrefix("/transfers/tr_")
}

// Confirm enters the passcode, which is not counted as taps, and lets the money
// go: the script of the page signs the order with the device's key.
func (p *Page) Confirm(passcode string) {
	p.t.Helper()
	taps := p.taps
	p.Fill("passcode", passcode)
	p.taps = taps
	p.Submit("Перевести")
}

// AskOrderCode enters the passcode on a device without a key; the bank then
// sends a code for exactly this transfer, which the window waits for.
func (p *Page) AskOrderCode(phone *Inbox, passcode string) (code string) {
	p.t.Helper()
	p.Fill("passcode", passcode)
	p.Submit("Получить код для этого перевода")
	return phone.Code()
}

// ConfirmByCode confirms a transfer on a device without a key.
func (p *Page) ConfirmByCode(phone *Inbox, passcode string) {
	p.t.Helper()
	p.Fill("code", p.AskOrderCode(phone, passcode))
	p.Submit("Перевести")
}

var cyrillic = regexp.MustCompile(`\p{Cyrillic}`)

var notDigits = regexp.MustCompile(`[^\d,.−-]`)

// kopecks reads a sum as the pages print it.
func kopecks(t testing.TB, s string) int64 {
	t.Helper()
	plain := strings.NewReplacer("−", "-", ",", ".").Replace(notDigits.ReplaceAllString(s, ""))
	whole, part, _ := strings.Cut(plain, ".")
	part = (part + "00")[:2]
	n, err := strconv.ParseInt(whole+part, 10, 64)
	if err != nil {
		t.Fatalf("%q is no sum of money: %v", s, err)
	}
	return n
}

// Total is the sum on the home page that this window shows now.
func (p *Page) Total() int64 { p.t.Helper(); return kopecks(p.t, p.TextOf("#total")) }

// SeesTotal waits until the home page shows a sum without being loaded again.
func (p *Page) SeesTotal(minor int64) {
	p.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end) && p.Err() == nil; time.Sleep(20 * time.Millisecond) {
		if p.Total() == minor {
			return
		}
	}
	p.t.Fatalf("the total never became %d kopecks%s", minor, p.where())
}

// Balance asks the API for the sum of a client's accounts.
func (d *Demo) Balance(token string) int64 {
	d.t.Helper()
	status, answer := d.Call("GET", "/accounts", token, nil, nil)
	list, ok := answer["accounts"].([]any)
	if status != http.StatusOK || !ok {
		d.t.Fatalf("GET /accounts: %d %v", status, answer)
	}
	var sum int64
	for _, a := range list {
		sum += minorOf(d.t, a.(map[string]any)["balance"])
	}
	return sum
}

// minorOf reads {"amount":"204953.11","currency":"RUB"} of an API answer.
func minorOf(t testing.TB, v any) int64 {
	t.Helper()
	m, _ := v.(map[string]any)
	s, ok := m["amount"].(string)
	if !ok || m["currency"] != "RUB" {
		t.Fatalf("%v is no sum of roubles", v)
	}
	return kopecks(t, s)
}

// DoublePress presses twice without waiting, as an impatient finger does.
func (p *Page) DoublePress(words string) {
	p.t.Helper()
	p.until(named+"("+quote(words)+")", "a button «"+words+"»")
	p.JS("(b=>{b.click();b.click();return 1})(" + named + "(" + quote(words) + "))")
}

// Tab opens a second tab of the same window: one cookie jar.
func (p *Page) Tab() *Page {
	p.t.Helper()
	q := &Page{t: p.t, opt: p.opt, base: p.base, open: map[network.RequestID]*request{}}
	tab, cancel := chromedp.NewContext(p.Context, chromedp.WithListener(q.listen))
	q.Context = tab
	if err := chromedp.Do(tab); err != nil {
		cancel()
		p.t.Fatal(err)
	}
	q.Shut = sync.OnceFunc(func() { q.close(); cancel() })
	p.t.Cleanup(q.Shut)
	q.emulate(q.opt.Mobile, q.opt.Dark)
	q.Do(send(page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: watcher}))
	return q
}

// Hide puts the window behind another one, or brings it back, as far as the
// page can tell.
func (p *Page) Hide(hidden bool) {
	p.t.Helper()
	p.JS(fmt.Sprintf("(Object.defineProperty(document,'hidden',{configurable:true,get:()=>%v}),document.dispatchEvent(new Event('visibilitychange')))", hidden))
}

// Pay sends money by the API, for stories that need a sum on an account and
// are not about how it came there.
func (d *Demo) Pay(from Person, phone, amount string) {
	d.t.Helper()
	step := func(path string, body map[string]any, headers map[string]string) map[string]any {
		d.t.Helper()
		status, answer := d.Call("POST", path, from.Token, body, headers)
		if status/100 != 2 {
			d.t.Fatalf("%s: %d %v", path, status, answer)
		}
		return answer
	}
	_, accounts := d.Call("GET", "/accounts", from.Token, nil, nil)
	account := accounts["accounts"].([]any)[0].(map[string]any)["id"]
	who := step("/recipients", map[string]any{"phone": phone}, nil)
	sum := map[string]any{"amount": amount, "currency": "RUB"}
	quote := step("/quotes", map[string]any{"payee": who["payee"], "amount": sum, "from": account}, nil)
	signed := map[string]any{"quote": quote["quote"], "signature": from.Sign(d.t, quote["order_text"].(string))}
	step("/transfers", signed, map[string]string{"Idempotency-Key": "pay-" + phone[1:] + "-" + amount})
}
