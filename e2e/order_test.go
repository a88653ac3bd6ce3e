package e2e

import (
	"strings"
	"testing"
	"time"
)

// newcomer is somebody the demo has never seen.
type newcomer struct {
	Last, First        string
	Phone, Birth       string
	Series, Number     string // of the passport
	Issued             string
	CodeWord, Passcode string
	Courier            bool   // wants the card from a courier: level full after the meeting
	seed               uint64 // what the pictures of the passport look like
}

// people nobody has seen; each story takes its own, so that stories may share a demo.
var (
	kira  = newcomer{Last: "Лунина", First: "Кира", Phone: "+79165557701", Birth: "14.05.1996", Series: "4516", Number: "204518", Issued: "20.06.2016", CodeWord: "ландыш", Passcode: "482917", seed: 1}
	lev   = newcomer{Last: "Зимин", First: "Лев", Phone: "+79165557702", Birth: "03.11.1988", Series: "4509", Number: "731202", Issued: "15.12.2008", CodeWord: "якорь", Passcode: "730264", seed: 2}
	nina  = newcomer{Last: "Ветрова", First: "Нина", Phone: "+79165557703", Birth: "21.02.1979", Series: "4524", Number: "118043", Issued: "12.03.2024", CodeWord: "черника", Passcode: "915038", seed: 3}
	oleg  = newcomer{Last: "Рощин", First: "Олег", Phone: "+79165557704", Birth: "09.09.1991", Series: "4511", Number: "560914", Issued: "01.10.2011", CodeWord: "верстак", Passcode: "264807", seed: 4}
	polly = newcomer{Last: "Brook", First: "Polly", Phone: "+79165557705", Birth: "17.01.1993", Series: "4513", Number: "902217", Issued: "05.02.2013", CodeWord: "marigold", Passcode: "608351", seed: 5}
	rita  = newcomer{Last: "Снегирёва", First: "Рита", Phone: "+79165557706", Birth: "28.07.1985", Series: "4505", Number: "337761", Issued: "10.08.2005", CodeWord: "крыжовник", Passcode: "371946", seed: 6}
	vera  = newcomer{Last: "Кленова", First: "Вера", Phone: "+79165557708", Birth: "21.02.1979", Series: "4524", Number: "660192", Issued: "12.03.2024", CodeWord: "брусника", Passcode: "519370", seed: 8}
	sava  = newcomer{Last: "Громов", First: "Савва", Phone: "+79165557707", Birth: "12.12.1990", Series: "4511", Number: "448325", Issued: "20.12.2010", CodeWord: "перекат", Passcode: "850472", seed: 7}
)

// first is the name people are greeted by.
func (n newcomer) first() string { return n.First }

// inEnglish is what an English reader presses, types and sees on the way to a card.
var inEnglish = map[string]string{
	"Заказать карту": "Get a card", "Получить код": "Get a code", "Дальше": "Next", "Сохранить и дальше": "Save and go on",
	"Отправить заявку": "Send the application", "Готово": "Done",
	"ОВД района Арбат города Москвы": "Arbat police, Moscow", "город Москва": "Moscow", "Москва": "Moscow", "улица Новый Арбат": "Novy Arbat",
	"Заявка у нас": "We have your application", "Карта готова!": "Your card is ready!", "Карта одобрена": "Your card is approved",
}

// w gives Russian words in the language of the window.
func (p *Page) w(words string) string {
	if strings.HasPrefix(p.opt.Lang, "en") {
		return inEnglish[words]
	}
	return words
}

// AskCode goes from the landing page to the page that waits for the code.
func (p *Page) AskCode(n newcomer) {
	p.t.Helper()
	p.Go("/")
	p.Submit(p.w("Заказать карту"))
	p.At("/order")
	p.Fill("phone", n.Phone)
	p.Submit(p.w("Получить код"))
}

// Questionnaire walks from the landing page to the sent application and gives
// its number.
func (p *Page) Questionnaire(d *Demo, n newcomer) (application string) {
	p.t.Helper()
	p.ProvePhone(d, n)
	p.FillPerson(n)
	p.FillPassport(n)
	p.FillAddress(n)
	p.SendScans(n)
	p.FillWord(n)
	return p.SendApplication(n)
}

// ProvePhone begins an application: phone and code.
func (p *Page) ProvePhone(d *Demo, n newcomer) {
	p.t.Helper()
	phone := d.Inbox(n.Phone)
	p.AskCode(n)
	p.At("/order/code")
	p.Fill("code", phone.Code())
	p.Submit(p.w("Дальше"))
}

// SendApplication looks at all of it once more, sends it and gives its number.
func (p *Page) SendApplication(n newcomer) (application string) {
	p.t.Helper()
	p.At("/order/check")
	p.Sees(n.Last)
	p.Submit(p.w("Отправить заявку"))
	p.At("/order/status")
	p.Sees(p.w("Заявка у нас"))
	return p.applicationNumber()
}

func (p *Page) FillPerson(n newcomer) {
	p.t.Helper()
	p.At("/order/person")
	p.Fill("last", n.Last)
	p.Fill("first", n.First)
	p.Fill("birth_date", n.Birth)
	p.Submit(p.w("Сохранить и дальше"))
}

func (p *Page) FillPassport(n newcomer) {
	p.t.Helper()
	p.At("/order/passport")
	p.Fill("series", n.Series)
	p.Fill("number", n.Number)
	p.Fill("department", "770001")
	p.Fill("issued_on", n.Issued)
	p.Fill("issued_by", p.w("ОВД района Арбат города Москвы"))
	p.Fill("birth_place", p.w("город Москва"))
	p.Submit(p.w("Сохранить и дальше"))
}

func (p *Page) FillAddress(n newcomer) {
	p.t.Helper()
	p.At("/order/address")
	p.Fill("post_code", "119019")
	p.Choose("region", "77")
	p.Fill("city", p.w("Москва"))
	p.Fill("street", p.w("улица Новый Арбат"))
	p.Fill("house", "12")
	p.Fill("flat", "48")
	way := "virtual"
	if n.Courier {
		way = "courier"
	}
	p.Choose("way", way)
	p.Submit(p.w("Сохранить и дальше"))
}

// SendScans sends both pages that are always asked for.
func (p *Page) SendScans(n newcomer) {
	p.t.Helper()
	p.At("/order/scans")
	for i, page := range []string{"main", "registration"} {
		p.SendScan(page, passportPicture(p.t, n.seed*10+uint64(i)))
	}
	p.Submit(p.w("Сохранить и дальше"))
}

// SendScan sends the picture of one page of the passport; where scripts run,
// the choice goes up by itself.
func (p *Page) SendScan(page, path string) {
	p.t.Helper()
	p.leave(func() {
		p.Attach("#file_"+page, path)
		if p.opt.NoJS {
			p.JS("document.querySelector('#file_" + page + "').form.querySelector('button').click()")
		}
	})
	p.Until("document.querySelector('[aria-labelledby=h-" + page + "] img')")
}

func (p *Page) FillWord(n newcomer) {
	p.t.Helper()
	p.At("/order/word")
	p.Fill("code_word", n.CodeWord)
	p.JS("document.querySelectorAll('input[type=checkbox][name^=consent_]').forEach(b=>{if(!b.checked)b.click()})")
	p.Submit(p.w("Сохранить и дальше"))
}

func (p *Page) applicationNumber() string {
	p.t.Helper()
	found := p.JS("(document.body.innerText.match(/ap_[0-9a-z]{26}/)??[''])[0]")
	if !strings.HasPrefix(found, "ap_") {
		p.t.Fatalf("the page names no application%s", p.where())
	}
	return found
}

// Staff opens a browser at the console in one role, by the sandbox's link.
func (d *Demo) Staff(t testing.TB, role string, o Opt) *Page {
	t.Helper()
	p := Open(t, d.Console, o)
	p.Go(d.StaffLink(role))
	p.Until("location.origin===" + quote(d.Console) + "&&!location.pathname.startsWith('/enter')&&document.readyState==='complete'")
	return p
}

// StaffLink gives a fresh one-time link into the console.
func (d *Demo) StaffLink(role string) string {
	d.t.Helper()
	var all []struct{ Role, URL string }
	d.getJSON(d.Sandbox+"/staff.json", &all)
	for _, l := range all {
		if l.Role == role {
			return l.URL
		}
	}
	d.t.Fatalf("the sandbox has no link for %q: %v", role, all)
	return ""
}

// TakeApplication takes an application and opens its papers with a reason.
func (p *Page) TakeApplication(application string) {
	p.t.Helper()
	p.Go("/applications/" + application)
	p.Submit("Взять")
	p.Fill("reason", "Звонок по заявке")
	p.Submit("Открыть")
}

// Talk calls the person, whose window shows the phrase that the manager says
// first, and keeps that he was reached.
func (p *Page) Talk(client *Page) {
	p.t.Helper()
	p.BeginCall(client)
	p.Choose("outcome", "reached")
	p.Submit("Записать")
}

// BeginCall begins a call; both sides read one phrase.
func (p *Page) BeginCall(client *Page) {
	p.t.Helper()
	if p.JS("!!document.querySelector('[name=anyway]')") == "true" {
		p.JS("document.querySelector('[name=anyway]').click()") // it is night where he lives
	}
	p.Submit("Начать звонок")
	p.Until("document.querySelector('[data-phrase]')")
	said := p.TextOf("[data-phrase]")
	client.Go("/order/status")
	client.Text("[data-phrase]", said)
	if len(strings.Fields(said)) < 2 {
		p.t.Errorf("the phrase of the call is %q: too little to be known by", said)
	}
}

// Approve ticks every check and takes the person on.
func (p *Page) Approve() {
	p.t.Helper()
	p.JS("document.querySelectorAll('input[type=checkbox][name^=check_]').forEach(b=>{if(!b.checked)b.click()})")
	p.Submit("Одобрить")
	p.Sees("Клиент принят")
}

// FirstLogin takes an approved newcomer from the status page into his cabinet:
// phone, code, code word and a passcode of his choice.
func (p *Page) FirstLogin(d *Demo, n newcomer) {
	p.t.Helper()
	phone := d.Inbox(n.Phone)
	p.Go("/login?other=1")
	p.Fill("phone", n.Phone)
	p.Submit(p.w("Получить код"))
	p.At("/login/code")
	p.Fill("code", phone.Code())
	p.Submit(p.w("Дальше"))
	p.At("/order/passcode")
	p.Fill("code_word", n.CodeWord)
	p.Fill("passcode", n.Passcode)
	p.Fill("repeat", n.Passcode)
	p.Submit(p.w("Готово"))
	p.At("/order/done")
	p.Sees(p.w("Карта готова!"))
}

// Approve has a manager take an application, phone the client and approve it.
func (d *Demo) Approve(t testing.TB, application string, client *Page) {
	t.Helper()
	m := d.Staff(t, "manager", Opt{Within: 4 * time.Minute})
	m.TakeApplication(application)
	m.Talk(client)
	m.Approve()
	m.Shut()
}

// Order walks from the landing page to the page that shows the new card; a
// manager phones and approves meanwhile.
func (p *Page) Order(d *Demo, n newcomer) (application string) {
	p.t.Helper()
	application = p.Questionnaire(d, n)
	d.Approve(p.t, application, p)
	p.Go("/order/status")
	p.Sees(p.w("Карта одобрена"))
	p.FirstLogin(d, n)
	return application
}
