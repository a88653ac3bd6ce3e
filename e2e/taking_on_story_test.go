package e2e

import (
	"bytes"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"rocketbank/internal/base/tier"
)

// A client is taken on by two people at two screens, and both get in with a
// finger: she orders on her phone, a manager whom the operator has just hired
// calls her from his desk. Who copies her cookies gets nothing, nor does a
// manager without the case.
func TestTakingOnStory(t *testing.T) {
	t.Parallel()
	tier.AtLeast(t, tier.CI)
	storyDemo(t, func(t *testing.T, d *Demo) {
		friend := d.Person("Павел")
		m := d.Hire(t, "Ольга Седова", "manager", Opt{Within: 8 * time.Minute})
		m.Submit("Выйти")
		m.At("/login")
		begun := m.taps
		m.Press("Войти с ключом")
		m.At("/")
		m.Sees("Ольга")
		if taps := m.taps - begun; taps > 3 {
			t.Errorf("a manager's login by passkey took %d taps, at most 3", taps)
		}

		c := d.Open(t, Opt{Mobile: true, Within: 8 * time.Minute})
		c.ProvePhone(d, vera)
		c.ageIsTold()
		c.FillPerson(vera)
		c.passportIsTold()
		c.FillPassport(vera)
		c.FillAddress(vera)
		c.SendScans(vera)
		c.FillWord(vera)
		application := c.SendApplication(vera)
		m.TakeApplication(application)
		strangeManager(t, d.in(t), application, vera)
		m.Talk(c)
		m.Approve()
		c.FirstLogin(d, vera)
		d.Pay(friend, vera.Phone, "1000.00")
		stolenCookie(t, c, friend)

		// A passkey joins the passcode.
		c.Authenticator()
		c.Go("/profile/passkeys")
		c.Fill("name", "Телефон Веры")
		c.Fill("passcode", vera.Passcode)
		c.Submit("Добавить отпечаток, лицо или ключ")
		c.Sees("Подтвердите изменение") // an order of its own, signed by the device's key
		c.Submit("Подтвердить")
		c.At("/profile/passkeys")
		c.Sees("Телефон Веры")
		c.Logout()
		begun = c.taps
		c.Press("Войти по отпечатку или лицу")
		c.At("/home")
		if taps := c.taps - begun; taps > 3 {
			t.Errorf("a login by passkey took %d taps, at most 3", taps)
		}
		c.Sees("Привет, Вера")

		// It signs an order, over the order's own text.
		before := d.Balance(friend.Token)
		c.Go("/transfer")
		c.Find(friend.Phone)
		c.quoted(func() { c.Fill("amount", "750") })
		c.Submit("Продолжить")
		c.At("/transfer/confirm")
		c.Submit("Подтвердить отпечатком или ключом")
		c.AtPrefix("/transfers/tr_")
		c.Sees("Отправили 750 ₽")
		if got := d.Balance(friend.Token); got != before+750_00 {
			t.Errorf("the friend has %d kopecks, want %d", got, before+750_00)
		}
		signedByPasskey(t, c.JS("fetch(location.pathname+'/receipt').then(r=>r.text())"))

		// On a browser that the bank does not know, the phone's field offers the
		// passkey among its suggestions: no tap at all, and no SMS.
		c.ClearCookies()
		c.Go("/login")
		c.At("/home")
		c.Sees("Привет, Вера")
		d.Verify()
	})
}

// wrong types something wrong and leaves the field: the page says it at once,
// before anything is sent.
func (p *Page) wrong(field, typed, words string) {
	p.t.Helper()
	p.Fill(field, typed)
	p.Key(kb.Tab)
	p.Text("#"+field+"-err", words)
}

// right puts it right; the words go away.
func (p *Page) right(field, typed string) {
	p.t.Helper()
	p.Fill(field, typed)
	p.Key(kb.Tab)
	p.Until("!document.getElementById(" + quote(field+"-err") + ")&&!document.querySelector('#" + field + "[aria-invalid]')")
}

func (p *Page) ageIsTold() {
	p.t.Helper()
	p.At("/order/person")
	days := func(n int) string { return time.Now().AddDate(-18, 0, n).Format("02.01.2006") }
	p.wrong("birth_date", days(2), "Карту можно заказать с 18 лет.")
	p.right("birth_date", days(-2))
	p.wrong("birth_date", "31.02.1990", "Такого дня нет. Пример: 31.12.1990.")
}

// passportIsTold knows vera's birthday, 21.02.1979: passports are issued at 14,
// 20 and 45.
func (p *Page) passportIsTold() {
	p.t.Helper()
	p.At("/order/passport")
	p.wrong("series", "451", "В серии четыре цифры.")
	p.wrong("number", "66019", "В номере шесть цифр.")
	p.wrong("department", "77000", "В коде шесть цифр: 770-001.")
	p.right("department", "770001")
	const old = "Этот паспорт пора менять: в 20 и 45 лет выдают новый. Вернитесь с новым."
	p.wrong("issued_on", "20.02.1993", "Паспорт выдают с 14 лет. Проверьте дату.")
	p.wrong("issued_on", "21.02.1995", old)
	p.wrong("issued_on", "20.02.2024", old)
	p.wrong("issued_on", time.Now().AddDate(0, 0, 2).Format("02.01.2006"), "Этот день ещё не наступил.")
	p.right("issued_on", "21.02.2024")
}

// strangeManager is of the trade, and the case is not his: he sees whose it is
// and nothing of the person, whatever he asks for.
func strangeManager(t *testing.T, d *Demo, application string, n newcomer) {
	t.Helper()
	s := d.Staff(t, "manager", Opt{Allow: []string{"status of 403", "status of 404", "status of 409", "status of 422"}})
	s.Go("/applications/" + application)
	s.Sees("Данные закрыты")
	s.Sees("Заявку ведёт Ольга")
	html := s.JS("document.documentElement.outerHTML")
	for _, secret := range []string{n.Last, n.Number, n.Birth, n.Phone[2:], n.Phone[5:8] + " " + n.Phone[8:10], n.CodeWord, "Арбат"} {
		if strings.Contains(plainSpaces.Replace(html), secret) {
			t.Errorf("a manager without the case sees %q", secret)
		}
	}
	for _, scan := range []string{"main", "registration"} {
		if got := s.JS("fetch('/applications/" + application + "/scans/" + scan + "').then(r=>r.status+' '+r.headers.get('Content-Type'))"); !strings.HasPrefix(got, "4") || strings.Contains(got, "image") {
			t.Errorf("he asks for the scan %s and gets %s", scan, got)
		}
	}
	for _, act := range []string{"open", "call", "approve", "refuse", "retake"} {
		body := "new URLSearchParams({reason:'documents',why_main:'blurred'})"
		got := s.JS("fetch('/applications/" + application + "/" + act + "',{method:'POST',redirect:'manual',body:" + body + "}).then(r=>r.status)")
		if !slices.Contains([]string{"403", "404", "409", "422"}, got) {
			t.Errorf("he posts %s and is answered %s", act, got)
		}
	}
	s.Shut()
}

// stolenCookie copies the cookies of a device with a key to another browser:
// pages may open for the rest of the five minutes (that they end is shown by
// door/cabinet.TestStolenCookieOfAKeyedDevice), and nothing can be done.
func stolenCookie(t *testing.T, owner *Page, friend Person) {
	t.Helper()
	owner.Go("/home")
	total := owner.Total()
	thief := owner.Another(Opt{Mobile: true, Allow: []string{"status of 403"}})
	thief.Go("/home")
	if thief.Total() != total {
		t.Error("the copied cookies open no page: is this story about anything?")
	}
	thief.Go("/transfer")
	thief.Fill("phone", friend.Phone)
	thief.Submit("Дальше")
	thief.Sees("Нужна подпись устройства")
	refused := 0
	for _, path := range []string{"/transfer", "/topup", "/profile/devices", "/profile/passkeys", "/profile/passcode", "/profile/tokens?new=1", "/profile/data", "/profile/settings", "/more"} {
		thief.Go(path)
		answers := thief.JS(`Promise.all([...document.forms].filter(f=>f.method==='post').map(f=>fetch(f.action,{method:'POST',redirect:'manual',body:new URLSearchParams(new FormData(f))})
			.then(r=>(r.status||'redirect')+' '+new URL(f.action).pathname))).then(a=>a.join('\n'))`)
		for _, answer := range strings.Fields(strings.ReplaceAll(answers, " ", "_")) {
			refused++
			if !strings.HasPrefix(answer, "403_") {
				t.Errorf("on %s a copied cookie is answered %s", path, answer)
			}
		}
	}
	if refused < 10 {
		t.Errorf("only %d forms were tried", refused)
	}
	thief.Shut()
	owner.Go("/home") // she was not put out
	if owner.Total() != total {
		t.Error("money moved")
	}
}

// signedByPasskey checks a receipt without the bank.
func signedByPasskey(t *testing.T, receipt string) {
	t.Helper()
	cmd := exec.Command(binary(t), "inspect", "receipt", "-")
	cmd.Stdin = strings.NewReader(receipt)
	out, err := cmd.Output()
	if err != nil || !bytes.Contains(out, []byte(`"ok":true`)) || !bytes.Contains(out, []byte("passkey")) || !strings.Contains(receipt, "750.00") {
		t.Errorf("the receipt: %v %s\n%s", err, out, receipt)
	}
}
