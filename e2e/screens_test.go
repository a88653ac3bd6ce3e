package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"rocketbank/internal/base/tier"
)

// screensVariable names the folder that gets the pictures of docs/screens anew.
const screensVariable = "ROCKETBANK_SCREENS"

// walk goes through the pages and holds each to what every page must be.
type walk struct {
	*Page
	all bool // every page, else the ones people see daily
}

// TestPages holds every page to DESIGN §2: no axe violation, no sideways
// scroll down to 320 px, light and dark, phone and desktop, the first load
// within the budget. By default the daily pages are held to it, from tier ci
// all of them.
func TestPages(t *testing.T) {
	t.Parallel()
	d := startDemo(t, "")
	anya, pavel := d.Person("Аня"), d.Person("Павел")
	p := d.Open(t, Opt{Within: 20 * time.Minute, Allow: []string{"status of 4"}})
	w := walk{p, tier.Now() >= tier.CI || artefacts() != ""}

	w.look("landing", "/", daily)
	w.look("order", "/order", seldom)
	w.orderPages(d)
	w.loginPages(d, anya)
	w.look("home", "/home", daily)
	w.look("operations", "/operations", seldom)
	w.operation()
	w.look("payments", "/payments", seldom)
	receipt := w.transferPages(d, pavel, anya.Passcode)
	w.topUpPages(d)
	for name, path := range map[string]string{
		"more": "/more", "devices": "/profile/devices", "tokens": "/profile/tokens", "settings": "/profile/settings",
		"passkeys": "/profile/passkeys", "passcode": "/profile/passcode", "number": "/profile/number", "limits": "/profile/limits", "data": "/profile/data",
		"looks": "/profile/looks", "orders": "/profile/orders", "verify": "/receipts/verify", "help": "/help", "guide": "/help/transfer", "offline": "/offline", "api-docs": "/api/docs", "api-docs-chapter": "/api/docs/cards",
		"cards": "/cards", "card-new": "/cards/new", "card-new-plastic": "/cards/new?kind=plastic", "card-out": "/transfer/card",
	} {
		w.look(name, path, seldom)
	}
	if w.all {
		w.signedPages(anya, receipt)
		w.factorPages(d, anya)
		p.Go("/home")
		p.Submit("Основная")
		w.gate("card", seldom)
		w.cardPages()
		p.Go("/no-such-page")
		w.gate("404", seldom)
	}
}

type often bool

const (
	daily  often = true
	seldom often = false
)

// look opens a path and holds it to everything, its cost included.
func (w walk) look(name, path string, how often) {
	w.t.Helper()
	if !w.all && how != daily {
		return
	}
	w.Go(path)
	w.gate(name, how)
	if !strings.HasPrefix(path, "/api/") { // the API's page is for desks: only the gates hold there
		w.cost(path)
	}
}

// cost holds the first load of a path and the next one to the budgets.
func (w walk) cost(path string) {
	w.t.Helper()
	w.Budget(path)
	c := w.Warm(path)
	if c.ByKind["Document"] > 10<<10 {
		w.t.Errorf("%s: the page takes %d bytes, at most 10 KB", path, c.ByKind["Document"])
	}
	for _, kind := range []string{"Stylesheet", "Script", "Font"} {
		if c.ByKind[kind] > 0 {
			w.t.Errorf("%s: a warm load fetches its %s again: %v", path, kind, c.URLs)
		}
	}
	if c.Shift > 0.01 {
		w.t.Errorf("%s: layout shifts by %.3f, at most 0.01", path, c.Shift)
	}
}

// gate holds the page as it stands to everything but its cost.
func (w walk) gate(name string, how often) {
	w.t.Helper()
	if !w.all && how != daily {
		return
	}
	if dir := os.Getenv(screensVariable); dir != "" {
		w.keep(dir, name)
	}
	w.Gate(name)
	if w.JS("document.querySelectorAll('h1').length") != "1" || w.JS("!!document.querySelector('a.skip,[href=\"#main\"]')") != "true" {
		w.t.Errorf("%s: want one h1 and a skip link", name)
	}
}

// kept are the pictures of docs/screens, with the looks each is kept in.
var kept = map[string][]string{
	"home": {"light-390", "dark-390", "light-1280", "dark-1280"}, "transfer": {"light-390", "dark-390", "light-1280", "dark-1280"},
	"landing": {"light-390", "light-1280"}, "login": {"light-390", "dark-1280"}, "confirm": {"light-390", "light-1280"},
	"success": {"light-390", "dark-1280"}, "topup": {"light-390", "light-1280"}, "operation": {"light-390", "dark-1280"},
}

// keep makes the pictures of docs/screens: the window, not the whole page, at
// twice the pixels on a phone.
func (w walk) keep(dir, name string) {
	w.t.Helper()
	for _, look := range kept[name] {
		theme, width, _ := strings.Cut(look, "-")
		mobile := width == "390"
		w.emulate(mobile, theme == "dark")
		w.Reload()
		w.Idle(200 * time.Millisecond)
		w.settle()
		png := get(w.Page, chromedp.CaptureScreenshot())
		_, height := screen(mobile)
		file := filepath.Join(dir, name+"-"+theme+"-"+width+"x"+map[int64]string{844: "844", 800: "800"}[height]+".png")
		if err := os.WriteFile(file, png, 0o644); err != nil {
			w.t.Fatal(err)
		}
	}
	w.emulate(w.opt.Mobile, w.opt.Dark)
}

func (w walk) orderPages(d *Demo) {
	w.t.Helper()
	if !w.all {
		return
	}
	w.Go("/order")
	w.Fill("phone", "12")
	w.Submit("Получить код")
	w.gate("order-errors", seldom)
	phone := d.Inbox(sava.Phone)
	w.Fill("phone", sava.Phone)
	w.Submit("Получить код")
	w.At("/order/code")
	w.gate("order-code", seldom)
	code := phone.Code()
	w.Fill("code", other(code))
	w.Submit("Дальше")
	w.gate("order-code-error", seldom)
	w.Fill("code", code)
	w.Submit("Дальше")
	w.At("/order/person")
	w.gate("order-person", seldom)
	w.Submit("Сохранить и дальше")
	w.gate("order-person-errors", seldom)
	w.FillPerson(sava)
	w.gate("order-passport", seldom)
	w.Submit("Сохранить и дальше")
	w.gate("order-passport-errors", seldom)
	w.FillPassport(sava)
	w.gate("order-address", seldom)
	w.Submit("Сохранить и дальше")
	w.gate("order-address-errors", seldom)
	w.FillAddress(sava)
	w.gate("order-scans", seldom)
	w.Submit("Сохранить и дальше")
	w.gate("order-scans-errors", seldom)
	w.SendScan("main", passportPicture(w.t, sava.seed*10))
	w.gate("order-scans-one", seldom)
	w.SendScan("registration", passportPicture(w.t, sava.seed*10+1))
	w.Submit("Сохранить и дальше")
	w.gate("order-word", seldom)
	w.Submit("Сохранить и дальше")
	w.gate("order-word-errors", seldom)
	w.FillWord(sava)
	w.gate("order-check", seldom)
	w.Submit("Отправить заявку")
	w.At("/order/status")
	w.gate("order-status", seldom)
	d.Approve(w.t, w.applicationNumber(), w.Page)
	w.Go("/order/status")
	w.gate("order-approved", seldom)
	phone = d.Inbox(sava.Phone)
	w.Go("/login?other=1")
	w.Fill("phone", sava.Phone)
	w.Submit("Получить код")
	w.At("/login/code")
	w.Fill("code", phone.Code())
	w.Submit("Дальше")
	w.At("/order/passcode")
	w.gate("order-passcode", seldom)
	w.Fill("code_word", sava.CodeWord)
	w.Fill("passcode", "1234")
	w.Fill("repeat", "4321")
	w.Submit("Готово")
	w.gate("order-passcode-error", seldom)
	w.Fill("code_word", sava.CodeWord)
	w.Fill("passcode", sava.Passcode)
	w.Fill("repeat", sava.Passcode)
	w.Submit("Готово")
	w.At("/order/done")
	w.gate("order-done", seldom)
	w.Submit("На главную")
	w.At("/home")
	w.gate("home-empty", seldom)
	w.ClearCookies()
}

func (w walk) loginPages(d *Demo, who Person) {
	w.t.Helper()
	w.look("login-phone", "/login", seldom)
	inbox := d.Inbox(who.Phone)
	w.Go("/login")
	w.Fill("phone", who.Phone)
	w.Submit("Получить код")
	w.At("/login/code")
	w.gate("login-code", seldom)
	w.Fill("code", inbox.Code())
	w.Submit("Дальше")
	w.At("/login/passcode")
	w.gate("login-passcode", seldom)
	if w.all {
		w.Go("/login/recover")
		w.gate("recover-none", seldom)
		w.Go("/login/passcode")
	}
	w.Fill("passcode", who.Passcode)
	w.Submit("Войти")
	w.At("/home")
	w.Logout()
	w.Go("/login")
	w.Sees("Привет, Аня!")
	w.gate("login", daily)
	w.look("forgot", "/login/forgot", seldom)
	w.Go("/login")
	w.Fill("passcode", "1111")
	w.Submit("Войти")
	w.gate("login-error", seldom)
	w.Fill("passcode", who.Passcode)
	w.Submit("Войти")
	w.At("/home")
}

func (w walk) operation() {
	w.t.Helper()
	w.Go("/home")
	w.leave(func() { w.Click("a[href^='/operations/op_']") })
	w.AtPrefix("/operations/op_")
	w.gate("operation", daily)
	w.cost(w.Path())
}

// cardPages are those of the card whose page stands open.
func (w walk) cardPages() {
	w.t.Helper()
	card := w.Path()
	for _, page := range []string{"requisites", "pin", "suspend", "reissue", "close", "activate"} {
		w.look("card-"+page, card+"/"+page, seldom)
	}
	w.Go(card + "/requisites")
	w.Fill("passcode", "1111")
	w.Submit("Показать реквизиты")
	w.gate("card-requisites-error", seldom)
	w.Go(card)
	w.leave(func() { w.Click("button[role=switch]") })
	w.gate("card-frozen", seldom)
	w.leave(func() { w.Click("button[role=switch]") })
	w.Sees("Карта снова в строю")
}

// signedPages are those of a token that may send money, of a passkey's removal
// and of a receipt that is checked.
func (w walk) signedPages(who Person, receipt string) {
	w.t.Helper()
	for name, text := range map[string]string{"verify-right": receipt, "verify-wrong": strings.Replace(receipt, "amount", "sum", 1)} {
		w.Go("/receipts/verify")
		w.JS("document.querySelector('textarea[name=receipt]').value=" + quote(text))
		w.JS("document.querySelector('textarea[name=receipt]').form.requestSubmit()")
		w.Until("document.querySelector('main .banner')") // the form goes by script, and its answer takes the page's place
		w.gate(name, seldom)
	}
	w.Go("/profile/tokens?new=1")
	w.gate("token-new", seldom)
	w.Fill("name", "Бухгалтерия")
	w.Choose("scope", "transfer")
	w.JS("document.querySelectorAll('details').forEach(d=>d.open=true)")
	w.Fill("per_order", "1000")
	w.Fill("per_day", "5000")
	w.Fill("passcode", who.Passcode)
	w.Submit("Создать токен")
	w.gate("token-error", seldom)
	w.JS("document.getElementById('public_key').value=" + quote(who.PublicKey(w.t)))
	w.Fill("passcode", who.Passcode)
	w.Submit("Создать токен")
	w.gate("token-order", seldom)
}

// factorPages are those that end at a changed way in, with what goes wrong on
// them, and the questions a client is asked before something leaves or ends.
func (w walk) factorPages(d *Demo, who Person) {
	w.t.Helper()
	w.look("papers-none", "/profile/papers", seldom)
	for _, ask := range []string{"json", "delete"} {
		w.look("data-"+ask, "/profile/data?ask="+ask, seldom)
	}
	w.Go("/profile/devices")
	w.Submit("Забыть")
	w.gate("forget", seldom)
	w.Authenticator()
	w.Go("/profile/passkeys")
	w.Fill("passcode", who.Passcode)
	w.Submit("Добавить отпечаток, лицо или ключ")
	w.gate("passkeys-error", seldom)
	w.Fill("name", "Телефон Ани")
	w.Fill("passcode", who.Passcode)
	w.Submit("Добавить отпечаток, лицо или ключ")
	w.gate("change", seldom)
	w.Submit("Подтвердить")
	w.At("/profile/passkeys")
	w.gate("passkeys-one", seldom)
	w.Submit("Назвать")
	w.gate("passkeys-rename", seldom)
	w.Go("/profile/passkeys")
	w.Submit("Удалить")
	w.gate("passkeys-remove", seldom)
	w.look("orders-some", "/profile/orders", seldom)
	inbox := d.Inbox(who.Phone)
	w.Go("/profile/passcode")
	w.Fill("passcode", who.Passcode)
	w.Submit("Получить код")
	w.gate("passcode-code", seldom)
	w.Fill("code", inbox.Code())
	w.Fill("new", "0000")
	w.Fill("repeat", "1111")
	w.Fill("passcode", who.Passcode)
	w.Submit("Сменить")
	w.gate("passcode-errors", seldom)
}

// transferPages ends at a receipt and gives the signed one.
func (w walk) transferPages(d *Demo, to Person, passcode string) (receipt string) {
	w.t.Helper()
	w.look("recipient", "/transfer", seldom)
	w.Go("/transfer")
	w.Fill("phone", "12345")
	w.Submit("Дальше")
	w.gate("recipient-error", seldom)
	w.Fill("phone", "+79165550999")
	w.Submit("Дальше")
	w.At("/transfer/bank")
	w.Submit("Банк неизвестен?")
	w.gate("not-a-client", seldom)
	w.Go("/transfer")
	w.Find(to.Phone)
	w.quoted(func() { w.Fill("amount", "9999999") })
	w.Submit("Продолжить")
	w.gate("transfer-error", seldom)
	w.quoted(func() { w.Fill("amount", "5000") })
	w.Fill("message", "За пиццу в пятницу")
	w.Submit("Продолжить")
	w.At("/transfer/confirm")
	confirm := w.JS("location.href")
	w.Submit("Изменить")
	w.At("/transfer")
	w.gate("transfer", daily)
	w.cost(w.JS("location.pathname+location.search"))
	w.Go(confirm)
	w.gate("confirm", daily)
	w.cost(w.JS("location.pathname+location.search"))
	w.Fill("passcode", "1111")
	w.Submit("Перевести")
	w.gate("confirm-error", seldom)
	w.Confirm(passcode)
	w.AtPrefix("/transfers/tr_")
	w.gate("success", daily)
	receipt = w.JS("fetch(location.pathname+'/receipt').then(r=>r.text())")
	w.cost(w.Path())
	return receipt
}

func (w walk) topUpPages(d *Demo) {
	w.t.Helper()
	good := d.Card("good")
	w.look("topup", "/topup", daily)
	if !w.all {
		return
	}
	w.Go("/topup")
	w.quoted(func() { w.Fill("amount", "500") })
	w.gate("topup-fee", seldom)
	w.Fill("card_number", "1234")
	w.Submit("Пополнить")
	w.gate("topup-error", seldom)
	w.StartTopUp(good, "5000")
	w.Pay3DS(good.Code)
	w.Sees("Пополнили на")
	w.gate("topup-done", seldom)
	w.StartTopUp(d.Card("poor"), "5000")
	w.Pay3DS(d.Card("poor").Code)
	w.Sees("Не получилось")
	w.gate("topup-refused", seldom)
	w.StartTopUp(d.Card("slow"), "5000")
	w.Sees("Проверяем")
	w.gate("topup-processing", seldom)
}
