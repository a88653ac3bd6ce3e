package e2e

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
)

// What can go wrong with a transfer, and what may not.
func TestTransferStories(t *testing.T) {
	t.Parallel()
	storyDemo(t, func(t *testing.T, d *Demo) {
		t.Run("refusals keep the money and the form", func(t *testing.T) { refusals(t, d.in(t)) })
		t.Run("the session ends in the middle", func(t *testing.T) { sessionEnds(t, d.in(t)) })
		t.Run("sent twice, moved once", func(t *testing.T) { sentTwice(t, d.in(t)) })
		t.Run("to another bank's card", func(t *testing.T) { toAnotherBank(t, d.in(t)) })
		t.Run("a card pays at somebody else's terminal", func(t *testing.T) { cardPays(t, d.in(t)) })
		t.Run("a web shop asks for a code", func(t *testing.T) { shopByCode(t, d.in(t)) })
		d.Verify()
	})
}

func refusals(t *testing.T, d *Demo) {
	friend := d.Person("Света")
	p := d.Open(t, Opt{Mobile: true, Within: 4 * time.Minute, Allow: []string{"status of 4"}})
	p.Order(d, nina)
	p.TopUp(d, "3000")
	before := d.Balance(friend.Token)

	p.Go("/transfer")
	p.Find(friend.Phone)
	p.quoted(func() { p.Fill("amount", "3340") })
	p.Sees("Не хватает 340 ₽") // before anything is pressed
	p.Fill("message", "За воздушный шар")
	p.Submit("Продолжить")
	p.Sees("Не хватает 340 ₽")
	stillTyped(t, p, "3 340", "За воздушный шар")

	p.quoted(func() { p.Fill("amount", "100000,01") })
	p.Submit("Продолжить")
	p.Sees("За раз можно до 100 000 ₽")
	stillTyped(t, p, "100 000,01", "За воздушный шар")

	for _, typed := range []string{"0", "-5", "1e9", "٣٤", "NaN", ""} {
		p.Fill("amount", "1")
		p.JS("(document.getElementById('amount').value=" + quote(typed) + ",1)") // past the mask of the page
		p.Submit("Продолжить")
		p.At("/transfer")
		if p.JS("!!document.getElementById('amount-err')") != "true" {
			t.Errorf("%q was taken for a sum", typed)
		}
	}

	p.Go("/transfer")
	p.Fill("phone", nina.Phone)
	p.Submit("Дальше")
	p.Sees("Это ваш собственный номер")
	p.Fill("phone", "+7 916 555-99-88")
	p.Submit("Дальше")
	p.At("/transfer/bank")
	p.Sees("Среди наших клиентов этого номера нет")
	p.Submit("Банк неизвестен?")
	p.Sees("По этому номеру у нас никого нет")
	p.Sees("Приглашение")
	p.Sees("Деньги на месте")

	p.Go("/home")
	if got := p.Total(); got != 3_000_00 {
		t.Errorf("after refusals %d kopecks are left of 300000", got)
	}
	if got := d.Balance(friend.Token); got != before {
		t.Errorf("after refusals the friend has %d kopecks, had %d", got, before)
	}
}

func stillTyped(t *testing.T, p *Page, amount, message string) {
	t.Helper()
	if got := plainSpaces.Replace(p.FieldValue("amount")); got != amount {
		t.Errorf("the sum is %q, was typed %q", got, amount)
	}
	if got := p.FieldValue("message"); got != message {
		t.Errorf("the message is %q, was typed %q", got, message)
	}
}

// sessionEnds ends the session from another device, as the page «Устройства и
// сеансы» lets one do, while a form is being filled in.
func sessionEnds(t *testing.T, d *Demo) {
	who, friend := d.Person("Аня"), d.Person("Павел")
	p := d.Open(t, Opt{Within: 4 * time.Minute})
	far := d.Open(t, Opt{Mobile: true, Within: 4 * time.Minute})
	p.Login(d, who.Phone, who.Passcode)
	far.Login(d, who.Phone, who.Passcode)
	endOthers := func() {
		far.Go("/profile/devices")
		far.Submit("Выйти на всех остальных")
		far.Sees("Вышли на всех других устройствах")
	}
	before := d.Balance(friend.Token)

	p.Go("/transfer")
	p.Find(friend.Phone)
	p.quoted(func() { p.Fill("amount", "777,70") })
	p.Fill("message", "До завтра")
	endOthers()
	p.Submit("Продолжить")
	p.At("/login")
	p.Sees("Этот сеанс закрыли с другого устройства")
	p.Sees("Сумму и получателя мы запомнили")
	p.Fill("passcode", who.Passcode)
	p.Submit("Войти")
	p.At("/transfer")
	p.Sees("Павел К.")
	stillTyped(t, p, "777,70", "До завтра")

	p.Submit("Продолжить")
	p.At("/transfer/confirm")
	endOthers()
	p.Fill("passcode", who.Passcode)
	p.Submit("Перевести")
	p.At("/login")
	p.Fill("passcode", who.Passcode)
	p.Submit("Войти")
	p.At("/transfer/confirm")
	if got := d.Balance(friend.Token); got != before {
		t.Errorf("money moved without a session: %d", got-before)
	}
	p.Confirm(who.Passcode)
	p.AtPrefix("/transfers/tr_")
	if got := d.Balance(friend.Token); got != before+777_70 {
		t.Errorf("the friend got %d kopecks, want 77770", got-before)
	}
}

// sentTwice asks for one transfer in every way people and browsers do twice.
func sentTwice(t *testing.T, d *Demo) {
	who, friend := d.Person("Света"), d.Person("Тимур")
	p := d.Open(t, Opt{Within: 5 * time.Minute, Allow: []string{"status of 4"}})
	p.Login(d, who.Phone, who.Passcode)
	before := d.Balance(friend.Token)
	want := int64(0)
	once := func(how string) {
		t.Helper()
		want += 150_00
		if got := d.Balance(friend.Token) - before; got != want {
			t.Errorf("%s: the friend got %d kopecks, want %d", how, got, want)
		}
	}
	confirm := func() {
		t.Helper()
		p.Go("/transfer")
		p.Find(friend.Phone)
		p.quoted(func() { p.Fill("amount", "150") })
		p.Submit("Продолжить")
		p.At("/transfer/confirm")
	}

	confirm()
	p.Fill("passcode", who.Passcode)
	p.leave(func() { p.DoublePress("Перевести") })
	p.AtPrefix("/transfers/tr_")
	receipt := p.Path()
	once("double tap")

	p.Back()
	p.At("/transfer/confirm")
	p.Confirm(who.Passcode)
	p.AtPrefix("/transfers/tr_")
	if p.Path() != receipt {
		t.Errorf("back and again led to %s, the receipt was %s", p.Path(), receipt)
	}
	want -= 150_00
	once("back button")

	confirm()
	tab := p.Tab()
	tab.Go(p.JS("location.pathname+location.search"))
	tab.At("/transfer/confirm")
	p.Confirm(who.Passcode)
	p.AtPrefix("/transfers/tr_")
	tab.Confirm(who.Passcode)
	tab.AtPrefix("/transfers/tr_")
	if p.Path() != tab.Path() {
		t.Errorf("two tabs, two receipts: %s and %s", p.Path(), tab.Path())
	}
	once("two tabs")

	// A recorded request of a device with a key is worth nothing: its proof was
	// taken once. On a device without one it meets the order it has made.
	plain := d.Open(t, Opt{NoJS: true, Within: 5 * time.Minute, Allow: []string{"status of 4"}})
	plain.Login(d, who.Phone, who.Passcode)
	p, q := plain, p
	confirm()
	code := p.AskOrderCode(d.Inbox(who.Phone), who.Passcode)
	form := p.FormData()
	form.Set("code", code)
	cookies := p.Cookies()
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() { _, _ = p.post("/transfer/confirm", cookies, form) })
	}
	all.Wait()
	status, to := p.post("/transfer/confirm", cookies, form)
	t.Logf("a replayed POST is answered %d, to %s", status, to)
	once("replayed POST")
	status, to = q.post("/transfer/confirm", q.Cookies(), form)
	if status/100 != 4 && !strings.HasPrefix(to, "/login") {
		t.Errorf("a POST of a key device without a proof is answered %d, to %s", status, to)
	}
	want -= 150_00
	once("POST without a proof")
}

// FormData is the confirmation form as the browser would send it.
func (p *Page) FormData() url.Values {
	p.t.Helper()
	raw := p.JS("new URLSearchParams(new FormData(document.querySelector('form[action=\"/transfer/confirm\"]'))).toString()")
	form, err := url.ParseQuery(raw)
	if err != nil || form.Get("draft") == "" {
		p.t.Fatalf("the form holds %q, %v", raw, err)
	}
	return form
}

// post sends a form by hand with the window's cookies, as a replayed request
// would be. It reports the status and where the answer leads; a server that is
// being killed answers nothing.
func (p *Page) post(path string, cookies []*network.Cookie, form url.Values) (status int, to string) {
	req, err := http.NewRequest(http.MethodPost, p.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, err.Error()
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", p.base)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	for _, c := range cookies {
		req.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	res, err := noRedirects.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode, res.Header.Get("Location")
}

var noRedirects = &http.Client{
	Timeout:       20 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}
