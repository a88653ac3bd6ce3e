package e2e

import (
	"testing"
	"time"

	"rocketbank/internal/base/tier"
)

// other gives six digits that are not this code.
func other(code string) string {
	if code == "000000" {
		return "111111"
	}
	return "000000"
}

// Getting in when something is wrong: guesses end with words and a pause, and
// a thief's guesses do not lock the owner out.
func TestGettingInStories(t *testing.T) {
	t.Parallel()
	tier.AtLeast(t, tier.CI)
	storyDemo(t, func(t *testing.T, d *Demo) {
		t.Run("wrong code five times", func(t *testing.T) { wrongCodes(t, d.in(t)) })
		t.Run("wrong passcode", func(t *testing.T) { wrongPasscodes(t, d.in(t)) })
		t.Run("a stranger's guesses", func(t *testing.T) { strangersGuesses(t, d.in(t)) })
		d.Verify()
	})
}

func wrongCodes(t *testing.T, d *Demo) {
	p := d.Open(t, Opt{Mobile: true, Within: 3 * time.Minute, Allow: []string{"status of 4"}})
	phone := d.Inbox(lev.Phone)
	p.AskCode(lev)
	p.At("/order/code")
	code := phone.Code()
	for _, left := range []string{"Осталось 4 попытки", "Осталось 3 попытки", "Осталось 2 попытки", "Осталась 1 попытка"} {
		p.Fill("code", other(code))
		p.Submit("Дальше")
		p.Sees("Код не подошёл. " + left)
	}
	p.Fill("code", other(code))
	p.Submit("Дальше")
	p.Sees("на паузе")
	if p.JS("!!document.querySelector('[name=code]')") == "true" {
		t.Error("a sixth try is offered")
	}
	p.Go("/order/person") // the right code would not help any more, nor does walking around it
	if path := p.Path(); path == "/order/person" {
		t.Errorf("without a code one stands at %s", path)
	}
	p.Go("/order")
	p.Fill("phone", lev.Phone)
	p.Submit("Получить код")
	p.Sees("Ввод кода на паузе")
	if got := p.FieldValue("phone"); notDigits.ReplaceAllString(got, "") == "" {
		t.Error("the phone was lost")
	}
}

func wrongPasscodes(t *testing.T, d *Demo) {
	who := d.Person("Тимур")
	p := d.Open(t, Opt{Mobile: true, Within: 3 * time.Minute, Allow: []string{"status of 4"}})
	p.Login(d, who.Phone, who.Passcode)
	p.Logout()
	for _, left := range []string{"Осталось 4 попытки", "Осталось 3 попытки", "Осталось 2 попытки", "Осталась 1 попытка"} {
		p.Go("/login")
		p.Fill("passcode", "113355")
		p.Submit("Войти")
		p.Sees("не подошёл. " + left)
	}
	p.Fill("passcode", "113355")
	p.Submit("Войти")
	p.Sees("Вход на паузе")
	p.Sees("Деньги на месте")
	p.Go("/login")
	if p.JS("!!document.querySelector('[name=passcode]')") == "true" {
		p.Fill("passcode", who.Passcode)
		p.Submit("Войти")
	}
	p.Sees("на паузе")
	p.Go("/home")
	p.At("/login")
}

func strangersGuesses(t *testing.T, d *Demo) {
	who := d.Person("Марина")
	p := d.Open(t, Opt{Mobile: true, Within: 3 * time.Minute, Allow: []string{"status of 4"}})
	p.Login(d, who.Phone, who.Passcode)
	p.Logout()

	thief := d.Open(t, Opt{Within: 3 * time.Minute, Allow: []string{"status of 4"}}) // has the SIM, not the passcode
	inbox := d.Inbox(who.Phone)
	thief.Go("/login")
	thief.Fill("phone", who.Phone)
	thief.Submit("Получить код")
	thief.At("/login/code")
	thief.Fill("code", inbox.Code())
	thief.Submit("Дальше")
	thief.At("/login/passcode")
	for range 5 {
		thief.Fill("passcode", "113355")
		thief.Submit("Войти")
	}
	thief.Sees("Вход на паузе")

	p.Go("/login") // the owner's own device goes on working
	p.Sees("Привет, Марина!")
	p.Fill("passcode", who.Passcode)
	p.Submit("Войти")
	p.At("/home")
}

// Logout leaves by the menu.
func (p *Page) Logout() {
	p.t.Helper()
	p.Go("/more")
	p.Submit("Выйти")
	p.At("/login")
}
