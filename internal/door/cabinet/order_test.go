package cabinet_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/phone"
)

// manager is a member of staff as the application room knows one.
type manager struct{}

func (manager) Name() string     { return "Ирина К." }
func (manager) FullName() string { return "Ковалёва Ирина" }
func (manager) Ref() string      { return "staff:st_test" }

// photo is a sharp picture of a page; seed makes it unlike the others.
func photo(t *testing.T, seed int) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 1400, 1000))
	for y := range 1000 {
		for x := range 1400 {
			v := uint8(245)
			if (x/(40+seed*7)+y/(30+seed*11))%2 == 0 && (x*7+y*13)%9 < 4 {
				v = 20
			}
			img.SetGray(x, y, color.Gray{Y: v})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// upload posts a file as a plain form does, without scripts.
func (b *browser) upload(page, name string, file []byte) answer {
	b.w.Helper()
	return b.uploadTo("/order/scans", page, name, file)
}

// uploadTo is upload for any page that takes photos; a device with a key sends
// it by its script, with a proof.
func (b *browser) uploadTo(path, page, name string, file []byte) answer {
	b.w.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	must := func(err error) {
		if err != nil {
			b.w.Fatal(err)
		}
	}
	must(m.WriteField("page", page))
	part, err := m.CreateFormFile("file", name)
	must(err)
	_, err = part.Write(file)
	must(err)
	must(m.Close())
	header := http.Header{"Content-Type": {m.FormDataContentType()}}
	if proof := b.proof(path, body.String()); proof != "" {
		header.Set("Device-Proof", proof)
	}
	a := b.do("POST", path, &body, header)
	if to := a.header.Get("Hx-Redirect"); to != "" { // a script goes on by itself
		a.status = http.StatusSeeOther
		a.header.Set("Location", to)
	}
	return a
}

var (
	goodPerson   = url.Values{"last": {"Соколова"}, "first": {"Анна"}, "middle": {"Петровна"}, "birth_date": {"17.05.1990"}, "email": {"anna@example.com"}}
	goodPassport = url.Values{"series": {"45 10"}, "number": {"123456"}, "department": {"770-001"}, "issued_on": {"20.05.2010"}, "issued_by": {"ОВД Замоскворечье"}, "birth_place": {"г. Москва"}}
	goodAddress  = url.Values{"post_code": {"119017"}, "region": {"77"}, "city": {"Москва"}, "street": {"Большая Ордынка"}, "house": {"17"}, "flat": {"5"}, "way": {"virtual"}, "wish": {""}}
	goodWord     = url.Values{"code_word": {"Барбарис"}, "consent_terms": {"1"}, "consent_personal_data": {"1"}}
)

// proved types a phone and its code.
func (b *browser) proved(p phone.Number) {
	b.w.Helper()
	b.post("/order", url.Values{"phone": {p.E164()}}).to("/order/code")
	b.post("/order/code", url.Values{"code": {b.w.Code(p)}}).to("/order/resume")
}

var shot = regexp.MustCompile(`/order/scans/sc_[0-9a-z]{26}`)

// shots gives the addresses of the pictures on the page of scans.
func (b *browser) shots() []string {
	b.w.Helper()
	return shot.FindAllString(b.get("/order/scans").is(200).body, -1)
}

// filled fills the questionnaire in up to the check page.
func (b *browser) filled(passport url.Values) {
	b.w.Helper()
	b.get("/order/resume").to("/order/person")
	b.post("/order/person", goodPerson).to("/order/passport")
	b.post("/order/passport", passport).to("/order/address")
	b.post("/order/address", goodAddress).to("/order/scans")
	b.upload("main", "IMG_1.jpg", photo(b.w.T, 0)).to("/order/scans")
	b.upload("registration", "IMG_2.jpg", photo(b.w.T, 3)).to("/order/scans")
	b.post("/order/scans/done", url.Values{}).to("/order/word")
	b.post("/order/word", goodWord).to("/order/check")
}

var number = regexp.MustCompile(`ap_[0-9a-z]{26}`)

func (a answer) application() id.ID {
	a.w.Helper()
	key, err := id.Parse(application.Prefix, number.FindString(a.body))
	if err != nil {
		a.w.Fatalf("%s names no application: %v\n%s", a.at, err, text(a.body))
	}
	return key
}

// reached takes an application and speaks with the person.
func (w *world) reached(key id.ID) {
	w.Helper()
	if err := w.Apply.Take(ctx, manager{}, key); err != nil {
		w.Fatal(err)
	}
	call, err := w.Apply.BeginCall(ctx, manager{}, key, true)
	if err != nil {
		w.Fatal(err)
	}
	if err := w.Apply.RecordCall(ctx, manager{}, key, call.ID, application.Reached, call.Again, ""); err != nil {
		w.Fatal(err)
	}
}

// From the phone to the first login, with a page taken again on the way.
func TestCardIsOrderedByAQuestionnaire(t *testing.T) {
	each(t, func(w *world) {
		me, mine := w.browser(), accesstest.Phone(1)
		me.get("/").is(200)
		me.get("/order").is(200).has("Шаг 1 из 6", "Зачем это нужно")
		me.post("/order", url.Values{"phone": {"8 (916) 555-00-01"}}).to("/order/code")
		code := w.Code(mine)
		me.post("/order/code", url.Values{"code": {accesstest.Other(code)}}).is(422).has("попыт")
		me.post("/order/code", url.Values{"code": {code}}).to("/order/resume")
		me.get("/order/scans").to("/order/resume")
		me.get("/order/resume").to("/order/person")
		me.get("/order/scans").to("/order/person") // a page that is not due leads to the one that is
		me.filled(goodPassport)
		me.get("/order/person").is(200).has("17.05.1990")
		me.get("/order/check").is(200).has("Соколова Анна Петровна", "4510 123456", "119017, Москва")
		me.get(me.shots()[0]).is(200)
		me.post("/order/submit", url.Values{}).to("/order/status")
		me.post("/order/submit", url.Values{}).to("/order/status") // a second tap
		status := me.get("/order/status").is(200).has("Заявка у нас", "Менеджер позвонит")
		key := status.application()
		me.post("/order/person", goodPerson).to("/order/status") // it is with the bank

		// A manager asks for a page again; only that one is taken.
		if err := w.Apply.Take(ctx, manager{}, key); err != nil {
			t.Fatal(err)
		}
		call, err := w.Apply.BeginCall(ctx, manager{}, key, true)
		if err != nil {
			t.Fatal(err)
		}
		me.get("/order/status").is(200).has(call.Phrase)
		w.browser().get("/order/status").to("/order")
		if err := w.Apply.RecordCall(ctx, manager{}, key, call.ID, application.Reached, call.Again, ""); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(me.get("/order/status").body, call.Phrase) {
			t.Error("the phrase outlives its call")
		}
		if err := w.Apply.AskRetake(ctx, manager{}, key, []application.Retaken{{Page: application.PageRegistration, Why: "glare", Note: "Снимите без вспышки"}}); err != nil {
			t.Fatal(err)
		}
		me.get("/order/status").is(200).has("Нужно переснять", "Снимите без вспышки")
		me.get("/order/scans").is(200).has("Снимите без вспышки")
		me.upload("main", "x.jpg", photo(t, 1)).is(409)
		me.post("/order/scans/done", url.Values{}).is(422)
		me.upload("registration", "x.jpg", photo(t, 5)).to("/order/scans")
		me.post("/order/scans/done", url.Values{}).to("/order/status")
		w.reached(key)
		if _, err := w.Apply.Approve(ctx, manager{}, key, application.Checks()); err != nil {
			t.Fatal(err)
		}
		me.get("/order/status").is(200).has("Карта одобрена")

		// The first login: code, code word and a new passcode.
		first := w.browser()
		w.Wait(3e11)
		first.post("/login", url.Values{"phone": {mine.E164()}}).to("/login/code")
		first.post("/login/code", url.Values{"code": {w.Code(mine)}}).to("/order/passcode")
		form := url.Values{"code_word": {"Барбарис"}, "passcode": {"7391"}, "repeat": {"7391"}}
		for field, value := range map[string]string{"code_word": "Кактус", "passcode": "1234", "repeat": "7392"} {
			bad := maps.Clone(form)
			bad.Set(field, value)
			if a := first.post("/order/passcode", bad); a.status != 422 || strings.Contains(a.body, "Барбарис") || strings.Contains(a.body, `value="7391"`) {
				t.Errorf("%s = %s: %d", field, value, a.status)
			}
		}
		first.get(first.post("/order/passcode", form).to("/order/done")).is(200).has("••")
		first.get("/home").is(200).has("Анна Соколова")
		first.get("/order/resume").to("/order/status")
		first.get("/order/status").is(200).has("Анкета принята")
	})
}

// What was typed on one device goes on on another, by phone and code.
func TestQuestionnaireGoesOnOnAnotherDevice(t *testing.T) {
	w := lite(t)
	one, other, mine := w.browser(), w.browser(), accesstest.Phone(1)
	one.proved(mine)
	one.get("/order/resume").to("/order/person")
	one.post("/order/person", goodPerson).to("/order/passport")
	one.post("/order/passport", goodPassport).to("/order/address")
	w.Wait(3e11)
	other.proved(mine)
	other.get("/order/resume").to("/order/address")
	other.get("/order/passport").is(200).has("ОВД Замоскворечье")
	other.post("/order/address", goodAddress).to("/order/scans")
	one.get("/order/resume").to("/order/scans")
	if got := one.get("/order/address").form("/order/address").Get("city"); got != "Москва" {
		t.Errorf("the first device sees %q", got)
	}
	// A stranger has nothing of it.
	stranger := w.browser()
	one.upload("main", "1.jpg", photo(t, 0)).to("/order/scans")
	taken := one.shots()[0]
	one.get(taken).is(200)
	stranger.get(taken).is(404)
	stranger.get("/order/passport").to("/order")
	stranger.proved(accesstest.Phone(2))
	stranger.get("/order/resume").to("/order/person")
	if got := stranger.get("/order/person").form("/order/person").Get("last"); got != "" {
		t.Errorf("a stranger sees %q", got)
	}
}

// A long form is not lost by the half hour that a way in lives otherwise.
func TestSavingKeepsTheWayOpen(t *testing.T) {
	w := lite(t)
	b := w.browser()
	b.proved(accesstest.Phone(1))
	b.get("/order/resume").to("/order/person")
	b.post("/order/person", goodPerson).to("/order/passport")
	w.Wait(90 * 60 * 1e9)
	b.post("/order/passport", goodPassport).to("/order/address")
	for range 8 {
		w.Wait(100 * 60 * 1e9)
		b.post("/order/passport", goodPassport)
	}
	b.get("/order/passport").to("/order") // twelve hours are the most
}

// Withdrawn, and begun anew.
func TestApplicationIsWithdrawn(t *testing.T) {
	w := lite(t)
	b := w.browser()
	b.proved(accesstest.Phone(1))
	b.filled(goodPassport)
	taken := b.shots()[0]
	b.post("/order/submit", url.Values{}).to("/order/status")
	b.get("/order/withdraw").is(200)
	b.post("/order/withdraw", url.Values{}).to("/order/status")
	b.get("/order/status").is(200).has("Заявка отозвана")
	b.get(taken).is(404)
	b.get("/order").to("/order/resume")
	b.get("/order/resume").to("/order/person")
	if got := b.get("/order/person").form("/order/person").Get("last"); got != "" {
		t.Errorf("a withdrawn form shows %q", got)
	}
}

// takenOn makes somebody a client the way the bank does, from another browser.
func (w *world) takenOn(n int, first, last string) {
	w.Helper()
	b := w.browser()
	b.proved(accesstest.Phone(n))
	b.get("/order/resume").to("/order/person")
	person, passport := maps.Clone(goodPerson), maps.Clone(goodPassport)
	person.Set("first", first)
	person.Set("last", last)
	passport.Set("number", fmt.Sprintf("%06d", n))
	b.post("/order/person", person).to("/order/passport")
	b.post("/order/passport", passport).to("/order/address")
	b.post("/order/address", goodAddress).to("/order/scans")
	b.upload("main", "1.jpg", photo(w.T, 0)).to("/order/scans")
	b.upload("registration", "2.jpg", photo(w.T, 3)).to("/order/scans")
	b.post("/order/scans/done", url.Values{}).to("/order/word")
	b.post("/order/word", goodWord).to("/order/check")
	b.post("/order/submit", url.Values{}).to("/order/status")
	key := b.get("/order/status").application()
	w.reached(key)
	if _, err := w.Apply.Approve(ctx, manager{}, key, application.Checks()); err != nil {
		w.Fatal(err)
	}
	w.Wait(150e9) // until a further code may be sent
}

// firstLogin is phone, code, code word and a passcode.
func (b *browser) firstLogin(n int) {
	b.w.Helper()
	b.post("/login", url.Values{"phone": {accesstest.Phone(n).E164()}}).to("/login/code")
	b.post("/login/code", url.Values{"code": {b.w.Code(accesstest.Phone(n))}}).to("/order/passcode")
	b.post("/order/passcode", url.Values{"code_word": {"барбарис"}, "passcode": {"7391"}, "repeat": {"7391"}}).to("/order/done")
}
