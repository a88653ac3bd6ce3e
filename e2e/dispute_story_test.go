package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/base/tier"
)

// TestDisputePages tells a dispute from the page of a purchase to the money on
// the account, through the client's pages and the staff's, and holds each of
// them to what every page must be.
func TestDisputePages(t *testing.T) {
	t.Parallel()
	tier.AtLeast(t, tier.CI)
	d := startDemo(t, "")
	o := Opt{Within: 12 * time.Minute, Allow: []string{"status of 4"}}
	who := d.Person("Марина")
	bought, sum := d.cleared(who)
	had := d.Balance(who.Token)

	c := walk{d.Open(t, Opt{Mobile: true, Within: o.Within, Allow: o.Allow}), true}
	c.Login(d, who.Phone, who.Passcode)
	c.see("disputes-none", "/disputes")
	c.see("operation-purchase", "/operations/"+bought)
	c.Submit("Сообщить об ошибке")
	c.gate("dispute-new", seldom)
	c.Submit("Отправить")
	c.Sees("Выберите, что случилось")
	c.gate("dispute-new-error", seldom)
	c.Choose("why", "twice")
	c.Fill("words", "Заплатила один раз, списали два")
	c.Submit("Отправить")
	c.AtPrefix("/disputes/di_")
	c.gate("dispute-open", seldom)
	page := c.Path()

	officer := walk{d.Staff(t, "card_officer", o), true}
	officer.see("console-deliveries", "/deliveries")
	officer.see("console-breaks", "/breaks")
	officer.see("console-disputes", "/disputes")
	officer.leave(func() { officer.Click("td a[href$='" + strings.TrimPrefix(page, "/disputes/") + "']") })
	officer.SeesNot("Заплатила")
	officer.gate("console-dispute-free", seldom)
	officer.Submit("Взять")
	officer.gate("console-dispute-shut", seldom)
	officer.Fill("reason", "Разбираем обращение клиента")
	officer.Submit("Открыть")
	officer.Sees("Заплатила один раз")
	officer.gate("console-dispute", seldom)
	officer.Fill("words", "Пришлите номер заказа")
	officer.Submit("Спросить клиента")

	c.Reload()
	c.Sees("Пришлите номер заказа")
	c.gate("dispute-asked", seldom)
	c.Fill("words", "Номер 15")
	c.Submit("Ответить")
	c.At(page)

	officer.Reload()
	officer.Sees("Номер 15")
	officer.Fill("reason", "Магазин признал ошибку")
	officer.Submit("Отправить на проверку")
	officer.Shut()
	checker := walk{d.Staff(t, "compliance", o), true}
	checker.Go("/proposals")
	checker.Submit("Возврат по обращению")
	checker.gate("console-dispute-proposal", seldom)
	checker.Submit("Одобрить")
	checker.Shut()

	c.Reload()
	c.Sees("уже на вашем счёте")
	c.gate("dispute-accepted", seldom)
	c.Submit("Открыть операцию")
	c.Sees("Возврат по обращению")
	c.gate("operation-dispute-credit", seldom)
	c.see("disputes", "/disputes")
	if now := d.Balance(who.Token); now != had+sum {
		t.Errorf("the balance went from %d to %d, want %d more", had, now, sum)
	}
	d.Stop()
	d.Verify()
}

// cleared finds a purchase of a person that its shop has been paid for, and
// how much it took, in kopecks.
func (d *Demo) cleared(who Person) (operation string, sum int64) {
	d.t.Helper()
	_, feed := d.Call(http.MethodGet, "/operations?limit=100", who.Token, nil, nil)
	list, _ := feed["operations"].([]any)
	for _, one := range list {
		o, _ := one.(map[string]any)
		amount, _ := o["amount"].(map[string]any)
		text, _ := amount["amount"].(string)
		if o["kind"] == "purchase" && o["state"] == "done" && strings.HasPrefix(text, "-") {
			id, _ := o["id"].(string)
			return id, kopecks(d.t, strings.TrimPrefix(text, "-"))
		}
	}
	d.t.Fatalf("%s has bought nothing: %v", who.Name, feed)
	return "", 0
}
