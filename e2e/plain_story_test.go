package e2e

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"rocketbank/internal/base/tier"
)

// The client's path in a browser that runs no scripts: links and forms alone.
func TestWithoutScriptsStory(t *testing.T) {
	t.Parallel()
	tier.AtLeast(t, tier.CI)
	storyDemo(t, func(t *testing.T, d *Demo) {
		friend, good := d.Person("Павел"), d.Card("good")
		before := d.Balance(friend.Token)
		p := d.Open(t, Opt{Mobile: true, NoJS: true, Within: 5 * time.Minute, Allow: []string{"status of 422"}})
		p.Order(d, oleg)
		p.Submit("Пополнить карту")
		p.At("/topup")
		p.Fill("amount", "2 000,00")
		p.Submit("Рассчитать")
		p.Sees("Комиссия 30 ₽")
		p.Sees("всего 2 030 ₽")
		p.Fill("amount", "10 000")
		p.Submit("Рассчитать")
		p.Sees("Без комиссии")
		p.Fill("card_number", good.Number)
		p.Fill("card_expiry", good.Exp)
		p.Fill("card_cvc", good.CVC)
		p.Submit("Пополнить")
		p.Pay3DS(good.Code)
		p.AtPrefix("/topup/tu_")
		p.Sees("10 000,00 ₽")
		for range 10 { // the other bank's word may be on its way: a script would look again by itself
			if p.JS("document.body.innerText.includes('Проверяем')") != "true" {
				break
			}
			p.Submit("Проверить ещё раз")
		}
		p.Sees("Пополнили на 10 000 ₽")
		p.Submit("На главную")
		p.SeesTotal(10_000_00)

		p.Submit("Перевести")
		p.Find(friend.Phone)
		p.Fill("amount", "12000.00")
		p.Submit("Рассчитать")
		p.Sees("Не хватает 2 000 ₽")
		p.Fill("amount", "1500.50")
		p.Fill("message", "Без скриптов")
		p.Submit("Рассчитать")
		p.Sees("Без комиссии")
		p.Sees("останется 8 499,50 ₽")
		if got := p.FieldValue("message"); got != "Без скриптов" {
			t.Errorf("«Рассчитать» lost the message: %q", got)
		}
		p.Submit("Продолжить")
		p.At("/transfer/confirm")
		p.Sees("8 499,50 ₽")
		p.ConfirmByCode(d.Inbox(oleg.Phone), oleg.Passcode)
		p.AtPrefix("/transfers/tr_")
		p.Sees("Отправили 1 500,50 ₽")
		p.Submit("Повторить")
		p.At("/transfer")
		if got := plainSpaces.Replace(p.FieldValue("amount")); got != "1500,50" && got != "1 500,50" {
			t.Errorf("«Повторить» brings %q", got)
		}
		p.Go("/operations")
		p.leave(func() { p.Click("a[href^='/operations/op_']") })
		p.Sees("Без скриптов")
		p.Logout()
		p.Sees("Вы вышли")
		p.Fill("passcode", oleg.Passcode)
		p.Submit("Войти")
		p.At("/home")
		p.SeesTotal(8_499_50)
		if got := d.Balance(friend.Token) - before; got != 1_500_50 {
			t.Errorf("the friend got %d kopecks, want 150050", got)
		}
		d.Verify()
	})
}

// Login and transfer with Tab and Enter alone; whatever has the focus shows it.
func TestKeyboardStory(t *testing.T) {
	t.Parallel()
	tier.AtLeast(t, tier.CI)
	storyDemo(t, func(t *testing.T, d *Demo) {
		who, friend := d.Person("Аня"), d.Person("Света")
		inbox := d.Inbox(who.Phone)
		before := d.Balance(friend.Token)
		p := d.Open(t, Opt{Within: 5 * time.Minute})
		p.Go("/")
		p.Key(kb.Tab)
		if p.JS("document.activeElement.getAttribute('href')") != "#main" {
			t.Error("the first stop is not the skip link")
		}
		p.focusShown()
		p.Key(kb.Enter)
		p.Until("document.querySelector('#main').contains(document.activeElement)||location.hash==='#main'")
		p.TabTo("Я уже с вами")
		p.SubmitKey()
		p.At("/login")
		p.TabTo("phone")
		p.Key(who.Phone)
		p.SubmitKey()
		p.At("/login/code")
		p.TabTo("code")
		p.Key(inbox.Code())
		p.SubmitKey()
		p.At("/login/passcode")
		p.TabTo("passcode")
		p.Key(who.Passcode)
		p.SubmitKey()
		p.At("/home")

		p.TabTo("Перевести")
		p.SubmitKey()
		p.At("/transfer")
		p.TabTo("phone")
		p.Key(friend.Phone)
		p.SubmitKey()
		p.Until("document.querySelector('#amount')")
		p.TabTo("amount")
		p.Swap(func() { p.Key("321") })
		p.TabTo("message")
		p.Key("Tab, Enter")
		p.TabTo("Продолжить")
		p.SubmitKey()
		p.At("/transfer/confirm")
		p.TabTo("passcode")
		p.Key(who.Passcode)
		p.TabTo("Перевести 321 ₽")
		p.SubmitKey()
		p.AtPrefix("/transfers/tr_")
		p.Sees("Отправили 321 ₽")
		if got := d.Balance(friend.Token) - before; got != 321_00 {
			t.Errorf("the friend got %d kopecks, want 32100", got)
		}
	})
}

// TabTo presses Tab until the field with this name, or the button or link with
// these words, has the focus. A field that has it already needs no key.
func (p *Page) TabTo(what string) {
	p.t.Helper()
	there := `((want)=>{const plain=` + plain + `,e=document.activeElement;
		return e.name===want||plain(e.getAttribute('aria-label')||e.innerText)===plain(want)})(` + quote(what) + `)`
	for range 60 {
		if p.JS(there) == "true" {
			p.focusShown()
			return
		}
		p.Key(kb.Tab)
	}
	p.t.Fatalf("60 tabs do not lead to «%s»%s", what, p.where())
}

// focusShown fails when the element with the focus does not show it, or is
// hidden under something.
func (p *Page) focusShown() {
	p.t.Helper()
	p.Until("document.activeElement.matches(':focus-visible')")
	p.settle()
	if shown := p.JS(`(e=>{
		for(let x=e;x&&x!==document.body;x=x.parentElement){
			const s=getComputedStyle(x);
			if(s.outlineStyle!=='none'&&parseFloat(s.outlineWidth)>=2||s.boxShadow!=='none')return true}
		return e.outerHTML.slice(0,200)})(document.activeElement)`); shown != "true" {
		p.t.Errorf("the focus is not seen on %s", shown)
	}
	if covered := p.JS(`(e=>{const r=e.getBoundingClientRect(),x=r.x+r.width/2,y=r.y+r.height/2,top=document.elementFromPoint(x,y);
		return top&&(e.contains(top)||top.contains(e))?'':e.outerHTML.slice(0,200)})(document.activeElement)`); covered != "" {
		p.t.Errorf("the focus is out of sight: %s", covered)
	}
}
