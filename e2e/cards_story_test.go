package e2e

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"rocketbank/internal/base/tier"
)

// The client and his card: stopped and started by the keyboard, its requisites
// shown once and gone with the page; and the same switch in a browser that runs
// no scripts.
func TestCardStoryInTheCabinet(t *testing.T) {
	t.Parallel()
	tier.AtLeast(t, tier.CI)
	d := startDemo(t, "")
	anya := d.Person("Аня")
	p := d.Open(t, Opt{Mobile: true, Within: 5 * time.Minute, Allow: []string{"status of 422"}})
	p.Login(d, anya.Phone, anya.Passcode)
	p.Submit("Все карты")
	p.At("/cards")
	p.Submit("Основная")
	p.AtPrefix("/cards/cd_")
	card := p.Path()

	p.TabTo("Заморозить карту")
	p.leave(func() { p.Key(" ") })
	p.Sees("Заморозили вы")
	p.TabTo("Заморозить карту")
	p.leave(func() { p.Key(kb.Enter) })
	p.Sees("Карта снова в строю")

	p.Submit("Реквизиты")
	p.Fill("passcode", "1111")
	p.Submit("Показать реквизиты")
	p.Sees("не подошёл")
	p.Fill("passcode", anya.Passcode)
	p.Submit("Показать реквизиты")
	p.Sees("Спрячем через")
	const shown = "!!document.getElementById('pan')"
	if p.JS(shown) != "true" || p.JS("document.getElementById('pan').textContent.length") != "16" {
		t.Error("no number is shown")
	}
	p.Submit("Спрятать")
	p.At(card)
	p.Back()
	if p.JS(shown) != "false" {
		t.Error("the back button brings the number again")
	}
	p.Sees("Сначала подтвердите, что это вы")

	plain := d.Open(t, Opt{Mobile: true, NoJS: true, Within: 5 * time.Minute})
	plain.Login(d, anya.Phone, anya.Passcode)
	plain.Go(card)
	plain.leave(func() { plain.Click("button[role=switch]") })
	plain.Sees("Заморозили вы")
	plain.leave(func() { plain.Click("button[role=switch]") })
	plain.Sees("Карта снова в строю")
	plain.Submit("Реквизиты")
	plain.Fill("passcode", anya.Passcode)
	plain.Submit("Показать реквизиты")
	plain.Sees("Номер карты")
	plain.SeesNot("Скопировать")
}
