package cabinet_test

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/paper"
	"rocketbank/internal/bank/staff"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
)

// newPassport is what a client who married tells the contact centre.
var newPassport = map[string]string{
	"last": "Соболева", "series": "4526", "number": "654321", "department": "770-002", "issued_by": "ОВД Тверское", "issued_on": "2026-10-01",
}

var paperShot = regexp.MustCompile(`/profile/papers/sc_[0-9a-z]{26}`)

var lena = staff.NewActor(id.ID{7}, id.ID{8}, staff.Name{First: "Лена", Last: "Котова"}, staff.Support)

// asks is the contact centre's proposal, as far as the client sees it.
func (w *world) asks(who client.ID, fields map[string]string) staff.Proposal {
	w.Helper()
	p := staff.Proposal{ID: id.NewSource(time.Now).New(), Client: who, Kind: staff.ProposePerson, Fields: fields}
	if err := w.DB.Write(ctx, func(tx db.Tx) error { return w.papers.Ask(ctx, tx, lena, p) }); err != nil {
		w.Fatal(err)
	}
	return p
}

func (w *world) given(p staff.Proposal) error { return w.papers.Given(ctx, w.DB, p) }

// A change of the client's own data waits for his word: he sees it at home,
// photographs the page that shows it by the rules of the questionnaire, and
// signs exactly what will change and exactly these pictures.
func TestPapers(t *testing.T) {
	each(t, func(w *world) {
		p, stranger := w.person(1, 0), w.person(2, 0)
		p.get("/profile/papers").is(200).has("Подтверждать нечего")
		p.uploadTo("/profile/papers", "main", "1.jpg", photo(w.T, 0)).to("/profile/papers") // nobody asked
		x := w.asks(p.id, newPassport)
		p.get("/home").is(200).has("Подтвердите изменение данных", "Лена К. из Рокетбанка меняет ваши данные")
		page := p.get("/profile/papers").is(200).has("Соболева", "654321", "01.10.2026", "Разворот с фотографией", "Ещё нужна")
		if strings.Contains(text(page.body), "Страница с регистрацией") {
			w.Error("a page that shows nothing of the change is asked for")
		}
		p.post("/profile/papers/send", page.form("/profile/papers/send")).is(422).has("Загрузите страницу «Разворот с фотографией»")
		for name, file := range map[string][]byte{"empty": nil, "svg": []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)} {
			if a := p.uploadTo("/profile/papers", "main", "x.jpg", file); a.status != 422 || !strings.Contains(a.body, `aria-invalid="true"`) {
				w.Errorf("%s: %d\n%s", name, a.status, text(a.body))
			}
		}
		p.uploadTo("/profile/papers", "passport", "x.jpg", photo(w.T, 0)).is(404)
		p.uploadTo("/profile/papers", "registration", "x.jpg", photo(w.T, 0)).to("/profile/papers") // not asked for
		if n := len(paperShot.FindAllString(p.get("/profile/papers").body, -1)); n != 0 {
			w.Errorf("%d pictures that were refused are shown", n)
		}
		p.uploadTo("/profile/papers", "main", "1.jpg", photo(w.T, 0)).to("/profile/papers")
		page = p.get("/profile/papers").is(200).has("Страница получена")
		shown := paperShot.FindString(page.body)
		if a := p.get(shown).is(200); a.header.Get("Content-Type") != "image/jpeg" || !strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment") {
			w.Error("W10: not served as a file:", a.header)
		}
		stranger.get(shown).is(404)

		// Another picture than the one whose print was signed is not covered.
		p.uploadTo("/profile/papers", "main", "2.jpg", photo(w.T, 3)).to("/profile/papers")
		p.get(shown).is(404)
		if a := p.post("/profile/papers/send", page.form("/profile/papers/send")); a.status != 403 {
			w.Errorf("an order of another picture: %d", a.status)
		}
		if err := w.given(x); err != error(paper.ErrWaits) {
			w.Error("the bank takes it for given:", err)
		}
		page = p.get("/profile/papers").is(200)
		form := page.form("/profile/papers/send")
		p.post("/profile/papers/send", url.Values{"order": {(id.ID{1}).Text(order.Prefix)}}).is(409)
		p.post("/profile/papers/send", form).to("/profile/papers")
		p.post("/profile/papers/send", form).to("/profile/papers") // a double tap
		if err := w.given(x); err != nil {
			w.Error("sent and signed, and not given:", err)
		}
		p.get("/profile/papers").is(200).has("Отправлено, проверяем", "Соболева")
		p.uploadTo("/profile/papers", "main", "3.jpg", photo(w.T, 5)).to("/profile/papers") // too late
		p.get("/profile/orders").is(200).has("Изменение личных данных")

		// The evidence names every value and the picture.
		orders := order.New(order.Deps{DB: w.DB, Vault: w.Vault})
		changes, err := orders.Changes(ctx, p.id, 10)
		if err != nil || len(changes) != 1 || changes[0].Kind != order.PersonalData {
			w.Fatalf("%+v, %v", changes, err)
		}
		raw, err := orders.Receipt(ctx, p.id, changes[0].ID)
		if err != nil {
			w.Fatal(err)
		}
		report, err := order.Verify(raw, orders.Keys())
		if err != nil || report.Order.Words("family name") != "Соболева" || report.Order.Words("passport number") != "654321" ||
			!strings.HasPrefix(report.Order.Value("photo of main page"), "sha256 ") {
			w.Errorf("%v: %s", err, raw)
		}
	})
}

// Sent back, the client is asked once more: the pictures are gone and his old
// word counts no more. Refused, nothing is left.
func TestPapersAgain(t *testing.T) {
	w := lite(t)
	p := w.person(1, 0)
	x := w.asks(p.id, newPassport)
	sends := func(seed int) url.Values {
		t.Helper()
		p.uploadTo("/profile/papers", "main", "1.jpg", photo(t, seed)).to("/profile/papers")
		form := p.get("/profile/papers").is(200).form("/profile/papers/send")
		p.post("/profile/papers/send", form).to("/profile/papers")
		return form
	}
	old := sends(0)
	if err := w.DB.Write(ctx, func(tx db.Tx) error { return w.papers.Again(ctx, tx, lena, x) }); err != nil {
		t.Fatal(err)
	}
	p.get("/profile/papers").is(200).has("Ещё нужна")
	p.post("/profile/papers/send", old).is(409)
	if err := w.given(x); err != error(paper.ErrWaits) {
		t.Error("the old word counts:", err)
	}
	sends(3)
	if err := w.given(x); err != nil {
		t.Error(err)
	}
	x.State = staff.Refused
	if err := w.DB.Write(ctx, func(tx db.Tx) error { return w.papers.End(ctx, tx, x) }); err != nil {
		t.Fatal(err)
	}
	p.get("/profile/papers").is(200).has("Подтверждать нечего")
	if q, err := w.papers.Of(ctx, x); err != nil || slices.ContainsFunc(q.Pages, func(v application.PageView) bool { return v.Have }) {
		t.Error("a refused change keeps its pictures:", err)
	}
}

// «Не я» on the question at home ends the change, whatever was signed before.
func TestPapersDenied(t *testing.T) {
	w := lite(t)
	p := w.person(1, 0)
	x := w.asks(p.id, map[string]string{"email": "thief@example.com"})
	form := p.get("/profile/papers").is(200).has("thief@example.com").form("/profile/papers/send")
	p.post("/profile/papers/send", form).to("/profile/papers")
	if err := w.given(x); err != nil {
		t.Fatal(err)
	}
	alerts, err := w.Access.Alerts(ctx, (&things{p: p}).in(w))
	if err != nil || len(alerts) != 1 || alerts[0].Kind != access.AlertPersonAsked {
		t.Fatalf("%+v, %v", alerts, err)
	}
	p.post("/alerts", url.Values{"not_me": {alerts[0].ID.Text("al")}}).to("/profile/devices")
	if err := w.given(x); err != error(paper.ErrDenied) {
		t.Error("the change goes on:", err)
	}
	p.get("/profile/papers").is(200).has("Подтверждать нечего")
}

// Without scripts the photo goes up as a plain form, and a code that was sent
// for exactly this change confirms it.
func TestPapersWithoutScripts(t *testing.T) {
	w := lite(t)
	b, me := w.browser(), w.Newcomer(accesstest.Phone(7)).Entry
	b.cookie("__Host-rb", me.SessionToken.Reveal())
	b.cookie("__Host-rbd", me.DeviceToken.Reveal())
	moved := maps.Clone(newPassport)
	maps.Copy(moved, map[string]string{"city": "Тверь", "street": "Советская", "house": "1"})
	x := w.asks(me.Session.Client, moved)
	b.uploadTo("/profile/papers", "main", "1.jpg", append(photo(t, 0), make([]byte, 16<<20)...)).is(422)
	b.uploadTo("/profile/papers", "main", "1.jpg", photo(t, 0)).to("/profile/papers")
	b.uploadTo("/profile/papers", "registration", "2.jpg", photo(t, 0)).to("/profile/papers")
	b.get("/profile/papers").is(200).has("Похоже на фото")
	b.uploadTo("/profile/papers", "registration", "2.jpg", photo(t, 3)).to("/profile/papers")
	page := b.post("/profile/papers/send", b.get("/profile/papers").is(200).form("/profile/papers/send")).is(200).has("Код отправлен")
	form := page.form("/profile/papers/send")
	code := w.OrderCode(accesstest.Phone(7))
	form.Set("code", accesstest.Other(code))
	b.post("/profile/papers/send", form).is(422)
	form.Set("code", code)
	b.post("/profile/papers/send", form).to("/profile/papers")
	if err := w.given(x); err != nil {
		t.Error(err)
	}
}
