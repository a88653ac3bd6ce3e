package e2e

import (
	"regexp"
	"testing"
	"time"

	"rocketbank/internal/base/tier"
)

// TestConsolePages holds the staff's pages to what every page must be, and with
// them the clients' pages that show what staff have done: an application called
// about, asked for again and refused, a way back, a new number.
func TestConsolePages(t *testing.T) {
	t.Parallel()
	tier.AtLeast(t, tier.CI)
	d := startDemo(t, "")
	o := Opt{Within: 20 * time.Minute, Allow: []string{"status of 4"}}
	c := walk{d.Open(t, o), true}
	in := func(role string) walk { return walk{d.Staff(t, role, o), true} }

	out := walk{Open(t, d.Console, o), true}
	out.see("console-login", "/login")
	out.see("console-invite", d.Invite(t, "Ольга Седова", "manager"))
	out.see("console-no-link", "/enter/nothing")

	manager := in("manager")
	manager.gate("console-home", seldom)
	manager.see("console-queue", "/applications")
	applicationPages(d, manager, c)
	refusalPages(d, manager, c)
	manager.see("console-queue-done", "/applications?show=done")
	manager.see("console-me", "/me")
	manager.Shut()

	sveta := d.Person("Света")
	const next = "+79165557720"
	deskPages(in("support"), sveta, next)
	checker := in("compliance")
	checker.see("console-proposals", "/proposals")
	checker.Submit("Сменить номер телефона")
	checker.gate("console-proposal", seldom)
	checker.Submit("Одобрить")
	checker.Shut()
	watchPages(in)
	wayBackPages(d, c, sveta, next)
	checker = in("compliance")
	checker.Go("/proposals")
	checker.Submit("Изменить личные данные")
	checker.Sees("подтвердил и подписал")
	checker.gate("console-proposal-picture", seldom)
	checker.Submit("Одобрить")
	checker.At("/proposals")
}

// see opens a path and holds it to everything but its cost.
func (w walk) see(name, path string) {
	w.t.Helper()
	w.Go(path)
	w.gate(name, seldom)
}

// applicant comes back to an application that waits already.
func (w walk) applicant(d *Demo, phone string) (application string) {
	w.t.Helper()
	w.ClearCookies()
	w.ProvePhone(d, newcomer{Phone: phone})
	w.At("/order/status")
	return w.applicationNumber()
}

// applicationPages is an application called about and asked for a page again.
func applicationPages(d *Demo, m, c walk) {
	c.t.Helper()
	application := c.applicant(d, "+79165550211")
	c.see("order-withdraw", "/order/withdraw")
	m.see("console-application-shut", "/applications/"+application)
	m.Submit("Взять")
	m.Submit("Открыть")
	m.gate("console-application-reason", seldom)
	m.Fill("reason", "Звонок по заявке")
	m.Submit("Открыть")
	m.gate("console-application", seldom)
	m.BeginCall(c.Page)
	m.gate("console-call", seldom)
	c.gate("order-phrase", seldom)
	m.Choose("outcome", "reached")
	m.Submit("Записать")
	m.JS("document.querySelectorAll('details').forEach(d=>d.open=true)")
	m.gate("console-decision", seldom)
	m.Choose("why_registration", "cut")
	m.Submit("Попросить")
	c.see("order-retake", "/order/status")
	c.Submit("Переснять")
	c.At("/order/scans")
	c.gate("order-retake-scans", seldom)
	c.SendScan("registration", passportPicture(c.t, 211))
	c.Submit("Отправить заявку")
	c.At("/order/status")
}

// refusalPages is another one, refused.
func refusalPages(d *Demo, m, c walk) {
	c.t.Helper()
	m.TakeApplication(c.applicant(d, "+79165550233"))
	m.JS("document.querySelectorAll('details').forEach(d=>d.open=true)")
	m.Choose("reason", "documents")
	m.leave(func() { m.Click(".btn.danger") })
	m.SeesNot("Откройте дело") // decided: no case is missed any more
	m.gate("console-refused", seldom)
	c.see("order-refused", "/order/status")
}

// deskPages is the contact centre with a caller who forgot his passcode and has
// a new number.
func deskPages(s walk, who Person, next string) {
	s.t.Helper()
	s.see("console-search", "/clients")
	s.Fill("q", "+79165550999")
	s.Submit("Найти")
	s.gate("console-nobody", seldom)
	s.Fill("q", who.Phone)
	s.Submit("Найти")
	s.AtPrefix("/clients/cl_")
	s.gate("console-client", seldom)
	client := s.Path()
	s.Submit("Клиент звонит")
	s.Fill("word", "ромашка")
	s.Submit("Проверить")
	s.gate("console-word-no", seldom)
	s.Fill("word", who.CodeWord)
	s.Submit("Проверить")
	s.gate("console-word-yes", seldom)
	for _, what := range []string{"person", "cards", "operations", "devices"} {
		s.Go(client)
		s.Choose("what", what)
		s.Fill("reason", "Клиент на линии")
		s.Submit("Открыть")
		s.gate("console-client-"+what, seldom)
	}
	s.Go(client)
	s.Fill("note", "Перезвонить после обеда: спрашивает о новой карте.")
	s.Submit("Записать")
	s.Submit("Начать восстановление кода") // which takes the word that was said
	s.Fill("word", who.CodeWord)
	s.Submit("Проверить")
	s.see("console-propose-person", client+"/propose/person")
	for name, typed := range map[string]string{
		"last": "Королёва", "series": "4526", "number": "918273", "department": "770-002", "issued_by": "ОВД Тверское",
		"issued_on": time.Now().AddDate(0, -1, 0).Format("02.01.2006"), "reason": "Клиентка вышла замуж",
	} {
		s.Fill(name, typed)
	}
	s.Submit("Отправить на проверку")
	s.AtPrefix("/clients/cl_")
	s.see("console-propose", client+"/propose/phone")
	s.Submit("Отправить на проверку")
	s.gate("console-propose-errors", seldom)
	s.Fill("phone", next)
	s.Fill("reason", "Клиент сменил номер")
	s.Submit("Отправить на проверку")
	s.AtPrefix("/clients/cl_")
	s.SeesNot("Сначала спросите")
	s.Shut()
}

// watchPages are those of the staff who see no client.
func watchPages(in func(role string) walk) {
	for role, paths := range map[string][]string{"auditor": {"/audit"}, "security": {"/watch"}, "admin": {"/staff"}} {
		w := in(role)
		w.t.Helper()
		for _, path := range paths {
			w.see("console"+path, path)
		}
		if role == "admin" {
			w.Fill("name", "Пётр Климов")
			w.Choose("roles", "support")
			w.Submit("Добавить и выдать ссылку")
			w.gate("console-staff-link", seldom)
		}
		w.Shut()
	}
}

var notMeLink = regexp.MustCompile(`/n/[A-Za-z0-9_-]+`)

// wayBackPages are the client's: the looks that staff took, the new number, the
// ways back on a device that is known and on a new one.
func wayBackPages(d *Demo, c walk, who Person, next string) {
	c.t.Helper()
	c.ClearCookies()
	inbox := func() *Inbox { return d.Inbox(who.Phone) }
	for _, m := range d.Messages(who.Phone) {
		if link := notMeLink.FindString(m.Text); link != "" {
			c.see("not-me", link)
			break
		}
	}
	c.AtPrefix("/n/")
	c.Login(d, who.Phone, who.Passcode)
	c.gate("home-alerts", seldom)
	c.see("looks-some", "/profile/looks")
	c.see("papers", "/profile/papers")
	c.Submit("Подтвердить и отправить")
	c.gate("papers-errors", seldom)
	c.SendScan("main", passportPicture(c.t, 220))
	c.gate("papers-whole", seldom)
	c.Submit("Подтвердить и отправить")
	c.Sees("Отправлено, проверяем")
	c.gate("papers-given", seldom)
	c.see("number-started", "/profile/number")
	c.Fill("passcode", who.Passcode)
	c.Submit("Получить код")
	c.gate("number-code", seldom)
	c.Logout()
	again := func(phone *Inbox, number, at string) {
		c.Go("/login?other=1")
		c.Fill("phone", number)
		c.Submit("Получить код")
		c.At("/login/code")
		c.Fill("code", phone.Code())
		c.Submit("Дальше")
		c.At(at)
	}
	again(inbox(), who.Phone, "/login/passcode")
	c.see("recover", "/login/recover")
	c.ClearCookies()
	again(inbox(), who.Phone, "/login/passcode")
	c.see("recover-waits", "/login/recover")
	c.ClearCookies()
	again(d.Inbox(next), next, "/login/number")
	c.gate("number-claim", seldom)
}
