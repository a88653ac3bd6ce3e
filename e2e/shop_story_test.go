package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/base/tier"
)

// A web shop of another site asks the bank before it charges, in every way it
// may end.
func TestShopStories(t *testing.T) {
	t.Parallel()
	tier.AtLeast(t, tier.CI)
	storyDemo(t, func(t *testing.T, d *Demo) {
		t.Run("given up", func(t *testing.T) { shopGivenUp(t, d.in(t)) })
		t.Run("a code", func(t *testing.T) { shopByCode(t, d.in(t)) })
		t.Run("the device's key", func(t *testing.T) { shopInTheApp(t, d.in(t)) })
		t.Run("a passkey", func(t *testing.T) { shopByPasskey(t, d.in(t)) })
		t.Run("without scripts", func(t *testing.T) { shopWithoutScripts(t, d.in(t)) })
		t.Run("switched off", func(t *testing.T) { shopSwitchedOff(t, d.in(t)) })
		t.Run("it wasn't me", func(t *testing.T) { notMine(t, d.in(t)) })
		d.Verify()
	})
}

// cardOf gives the name of somebody's first card of a product.
func (d *Demo) cardOf(who Person, product string) string {
	d.t.Helper()
	_, answer := d.Call(http.MethodGet, "/cards", who.Token, nil, nil)
	list, _ := answer["cards"].([]any)
	for _, one := range list {
		if c, _ := one.(map[string]any); c["product"] == product {
			id, _ := c["id"].(string)
			return id
		}
	}
	d.t.Fatalf("%s has no card %s: %v", who.Name, product, answer)
	return ""
}

// shop is a window at the sandbox's shop, which is another site than the bank.
func (d *Demo) shop(t *testing.T, o Opt) *Page {
	t.Helper()
	if strings.Contains(d.Sandbox, "localhost") || !strings.Contains(d.ACS, "localhost") {
		t.Fatalf("shop at %s and bank at %s are one site", d.Sandbox, d.ACS)
	}
	return Open(t, d.Sandbox, o)
}

// Buy puts somebody's virtual card into the shop's form and sends it; the bank
// is asked.
func (p *Page) Buy(d *Demo, who Person, amount string) {
	p.t.Helper()
	p.Go("/shop")
	p.Choose("card", d.cardOf(who, "virtual_world"))
	p.Fill("amount", amount)
	p.Submit("Купить")
	p.AtPrefix("/shop/so_")
}

// A code from the message that names shop, sum and card.
func shopByCode(t *testing.T, d *Demo) {
	who := d.Person("Света")
	before := d.Balance(who.Token)
	// A browser lets no frame of another site take the focus by itself.
	p := d.shop(t, Opt{Within: 3 * time.Minute, Allow: []string{"status of 422", "Blocked autofocusing"}})
	inbox := d.Inbox(who.Phone)
	p.Buy(d, who, "4990")
	p.Sees("Банк просит подтверждение")
	f := p.Frame(d.ACS)
	f.Sees("Подтвердите покупку")
	f.Sees("SANDBOX SHOP")
	f.Sees("4 990 ₽")
	f.Sees("покупка ждёт вас на главной")
	f.Axe("challenge")
	// In the frame that most shops give, the button is in sight without scrolling.
	p.JS("document.querySelector('iframe.acs').style.cssText='width:390px;height:400px'")
	f.Until("innerHeight<=400&&innerWidth<=390&&document.querySelector('main .btn').getBoundingClientRect().bottom<=innerHeight")
	m := inbox.Next("покупка 4 990 ₽, SANDBOX SHOP")
	code := sixDigits.FindStringSubmatch(m.Text)[1]
	if !strings.HasSuffix(m.Text, "@localhost #"+code) {
		t.Errorf("the message is not bound to the page: %s", m.Text)
	}
	f.Type("code", other(code))
	f.Push("Подтвердить")
	f.Sees("Код не подошёл, деньги на месте. Осталось попыток: 4")
	f.Type("code", code)
	f.Push("Подтвердить")
	p.Sees("Оплачено") // out of the frame by itself
	p.AtPrefix("/shop/so_")
	if got := d.Balance(who.Token); got != before {
		t.Errorf("%d kopecks moved before the clearing", before-got)
	}
	_, feed := d.Call(http.MethodGet, "/operations?limit=1", who.Token, nil, nil)
	list, _ := feed["operations"].([]any)
	if len(list) != 1 {
		t.Fatalf("the feed holds %v", feed)
	}
	if op, _ := list[0].(map[string]any); op["state"] != "pending" || minorOf(t, op["amount"]) != -4_990_00 {
		t.Errorf("the newest operation is %v", op)
	}
	// The shop is known by now: a small purchase is not asked about.
	p.Buy(d, who, "300")
	p.Sees("Оплачено")
	p.SeesNot("Банк просит подтверждение")
	// The shop collects by clearing, like the terminals do.
	d.Clear()
	if got := d.Balance(who.Token); before-got != 5_290_00 {
		t.Errorf("the clearing moved %d kopecks", before-got)
	}
	_, feed = d.Call(http.MethodGet, "/operations?limit=2", who.Token, nil, nil)
	list, _ = feed["operations"].([]any)
	for _, one := range list {
		if op, _ := one.(map[string]any); op["state"] != "done" {
			t.Errorf("after the clearing: %v", op)
		}
	}
}

// The buyer gives up: the shop is told, nothing is charged.
func shopGivenUp(t *testing.T, d *Demo) {
	who := d.Person("Света")
	before := d.Balance(who.Token)
	p := d.shop(t, Opt{Mobile: true, Within: 2 * time.Minute})
	p.Buy(d, who, "5200")
	f := p.Frame(d.ACS)
	f.Push("Отменить покупку")
	p.Sees("Не подтверждено")
	if got := d.Balance(who.Token); got != before {
		t.Errorf("%d kopecks moved", before-got)
	}
}

// In the app: the purchase comes live to the open home page, the device's key
// signs it, and the shop's page goes on by itself.
func shopInTheApp(t *testing.T, d *Demo) {
	who := d.Person("Марина")
	c := d.Open(t, Opt{Mobile: true, Within: 4 * time.Minute})
	c.Login(d, who.Phone, who.Passcode)
	c.Live()
	p := d.shop(t, Opt{Within: 4 * time.Minute})
	p.Buy(d, who, "7300")
	p.Frame(d.ACS).Sees("Подтвердите покупку")
	c.Sees("Подтвердите покупку") // without reloading
	c.Sees("SANDBOX SHOP, 7 300 ₽")
	c.Gate("home-asks")
	c.Submit("Проверить")
	c.AtPrefix("/purchases/au_")
	c.Sees("7 300 ₽")
	c.Sees("Осталось времени")
	c.Gate("purchase")
	c.Fill("passcode", who.Passcode)
	c.Submit("Подтвердить")
	c.Sees("Покупка подтверждена")
	c.Gate("purchase-approved")
	p.Sees("Оплачено")
	c.Go("/home")
	c.SeesNot("Подтвердите покупку")
	c.Sees("Sandbox Shop")
}

// A passkey confirms with one tap of a finger.
func shopByPasskey(t *testing.T, d *Demo) {
	who := d.Person("Павел")
	c := d.Open(t, Opt{Within: 5 * time.Minute})
	c.Login(d, who.Phone, who.Passcode)
	c.Authenticator()
	c.Go("/profile/passkeys")
	c.Fill("name", "Ноутбук Павла")
	c.Fill("passcode", who.Passcode)
	c.Submit("Добавить отпечаток, лицо или ключ")
	c.Sees("Подтвердите изменение")
	c.Submit("Подтвердить")
	c.At("/profile/passkeys")
	c.Go("/home")
	c.Live()
	p := d.shop(t, Opt{Mobile: true, Within: 4 * time.Minute})
	p.Buy(d, who, "6100")
	p.Frame(d.ACS).Sees("Подтвердите покупку")
	c.Sees("SANDBOX SHOP, 6 100 ₽")
	c.Submit("Проверить")
	c.AtPrefix("/purchases/au_")
	c.Submit("Подтвердить отпечатком или ключом")
	c.Sees("Покупка подтверждена")
	p.Sees("Оплачено")
	c.Go("/profile/orders")
	c.Sees("покупка в интернете")
	// The same finger opens what was shut in the card's rules.
	rules := "/cards/" + d.cardOf(who, "virtual_world") + "/rules"
	for _, sure := range []bool{false, true} {
		c.Go(rules)
		c.Choose("abroad", "1")
		c.Submit("Сохранить")
		if sure {
			c.Sees("Операции за границей")
			c.Submit("Подтвердить отпечатком или ключом")
		}
		c.At(rules)
		c.Sees("Правила карты сохранены")
	}
}

// A browser that runs no scripts has no key: the passcode and a code for exactly
// this purchase confirm it.
func shopWithoutScripts(t *testing.T, d *Demo) {
	who := d.Person("Аня")
	c := d.Open(t, Opt{Mobile: true, NoJS: true, Within: 5 * time.Minute})
	c.Login(d, who.Phone, who.Passcode)
	p := d.shop(t, Opt{Within: 5 * time.Minute})
	p.Buy(d, who, "8800")
	p.Frame(d.ACS).Sees("8 800 ₽")
	c.Go("/home") // nothing comes by itself
	c.Sees("SANDBOX SHOP, 8 800 ₽")
	c.Submit("Проверить")
	inbox := d.Inbox(who.Phone)
	c.Fill("passcode", who.Passcode)
	c.Submit("Получить код")
	c.Sees("Отправили код для этой покупки")
	m := inbox.Next("покупка 8 800 ₽, SANDBOX SHOP")
	c.Fill("code", sixDigits.FindStringSubmatch(m.Text)[1])
	c.Fill("passcode", who.Passcode)
	c.Submit("Подтвердить")
	c.Sees("Покупка подтверждена")
	p.Sees("Оплачено")
}

// A card whose holder has switched the internet off is refused before anybody
// is asked; switched on again, under his signature, it is asked about.
func shopSwitchedOff(t *testing.T, d *Demo) {
	who := d.Person("Тимур")
	before := d.Balance(who.Token)
	c := d.Open(t, Opt{Mobile: true, Within: 4 * time.Minute})
	c.Login(d, who.Phone, who.Passcode)
	rules := "/cards/" + d.cardOf(who, "virtual_world") + "/rules"
	c.Go(rules)
	c.Choose("internet", "1")
	c.Submit("Сохранить")
	c.At(rules)
	p := d.shop(t, Opt{Within: 4 * time.Minute})
	p.Buy(d, who, "4100")
	p.Sees("Не подтверждено")
	p.SeesNot("Банк просит подтверждение")
	p.Sees("transStatusReason 12") // not permitted
	c.Go("/home")
	c.SeesNot("Подтвердите покупку")
	c.Go(rules)
	c.Choose("internet", "1")
	c.Submit("Сохранить")
	c.Fill("passcode", who.Passcode)
	c.Submit("Подтвердить")
	c.At(rules)
	p.Buy(d, who, "4100")
	p.Sees("Банк просит подтверждение")
	p.Frame(d.ACS).Push("Отменить покупку")
	p.Sees("Не подтверждено")
	if got := d.Balance(who.Token); got != before {
		t.Errorf("%d kopecks moved", before-got)
	}
}

// «Это не я»: the shop is refused and the card frozen; the next purchase is
// refused without a question, and so is a terminal.
func notMine(t *testing.T, d *Demo) {
	who := d.Person("Света")
	before := d.Balance(who.Token)
	c := d.Open(t, Opt{Mobile: true, Within: 4 * time.Minute})
	c.Login(d, who.Phone, who.Passcode)
	p := d.shop(t, Opt{Within: 4 * time.Minute})
	p.Buy(d, who, "19900") // much money: asked about though the shop is known
	p.Frame(d.ACS).Sees("Подтвердите покупку")
	c.Sees("SANDBOX SHOP, 19 900 ₽")
	c.Submit("Проверить")
	c.Submit("Это не я")
	c.Sees("Карта заморожена")
	c.Gate("purchase-denied")
	p.Sees("Не подтверждено")
	p.Buy(d, who, "100")
	p.Sees("Не подтверждено")
	p.SeesNot("Банк просит подтверждение")
	if s := d.Swipe(who, "shop", "phone", "100", ""); s.Code == "00" {
		t.Errorf("a frozen card paid: %+v", s)
	}
	if got := d.Balance(who.Token); got != before {
		t.Errorf("%d kopecks moved", before-got)
	}
}
