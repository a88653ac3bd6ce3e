package cabinet_test

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/banktest"
	"rocketbank/internal/bank/privacy"
)

func contains(page, s string) bool {
	return strings.Contains(page, s) || strings.Contains(text(page), s)
}

// The page shows what is held; a file of all of it takes a fresh proof.
func TestOwnData(t *testing.T) {
	each(t, func(w *world) {
		p, friend := w.person(1, 1000), w.person(2, 0)
		p.pay(friend, "12.34")
		p.get("/profile/data").is(200).has("Мои данные", "Анна Соколова", "Выгрузить всё, что у нас есть")
		for _, ask := range []string{"json", "pdf", "delete"} {
			for what, passcode := range map[string]string{"no passcode": "", "a wrong one": "0000"} {
				got := p.post("/profile/data", url.Values{"ask": {ask}, "passcode": {passcode}})
				if got.status != 422 || got.header.Get("Content-Disposition") != "" {
					t.Errorf("%s with %s: %d", ask, what, got.status)
				}
			}
		}
		if got := p.post("/profile/data", url.Values{"ask": {"xml"}, "passcode": {accesstest.Passcode}}); got.status < 400 || got.status >= 500 {
			t.Errorf("another kind of file: %d", got.status)
		}

		file := p.post("/profile/data", url.Values{"ask": {"json"}, "passcode": {accesstest.Passcode}}).is(200)
		if ct, as := file.header.Get("Content-Type"), file.header.Get("Content-Disposition"); ct != "application/json" || !strings.Contains(as, "attachment") || !strings.Contains(as, "my-data.json") {
			t.Errorf("%s, %s", ct, as)
		}
		var all map[string]any
		if err := json.Unmarshal([]byte(file.body), &all); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"Соколова", p.phone.E164(), "за обед", "Chrome, Android"} {
			if !strings.Contains(file.body, want) {
				t.Errorf("the file lacks %q", want)
			}
		}
		for _, secret := range []string{accesstest.Passcode + `"`, accesstest.CodeWord} {
			if strings.Contains(file.body, secret) {
				t.Errorf("the file holds %q", secret)
			}
		}
		pdf := p.post("/profile/data", url.Values{"ask": {"pdf"}, "passcode": {accesstest.Passcode}}).is(200)
		if !bytes.HasPrefix([]byte(pdf.body), []byte("%PDF-")) || pdf.header.Get("Content-Type") != "application/pdf" || pdf.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%v", pdf.header)
		}
	})
}

// A request to delete is taken once, told with its day, and taken back.
func TestDeletionIsAskedFor(t *testing.T) {
	each(t, func(w *world) {
		p := w.person(1, 0)
		ask := url.Values{"ask": {"delete"}, "passcode": {accesstest.Passcode}}
		p.get("/profile/data?ask=delete").is(200)
		if got := p.post("/profile/data", url.Values{"ask": {"stay"}}); got.status != 404 {
			t.Errorf("nothing to take back: %d", got.status)
		}
		p.post("/profile/data", ask).to("/profile/data")
		p.get("/profile/data").is(200).has("Просьба об удалении у нас", "Ответим до")
		if got := p.post("/profile/data", ask); got.status < 400 || got.status >= 500 {
			t.Errorf("asked twice: %d", got.status)
		}
		if all, err := privacyOf(w, p); err != nil || all != 1 {
			t.Errorf("%d requests, %v", all, err)
		}
		p.post("/profile/data", url.Values{"ask": {"stay"}}).to("/profile/data")
		if page := p.get("/profile/data").is(200); contains(page.body, "Просьба об удалении у нас") {
			t.Error("it is not taken back")
		}
	})
}

func privacyOf(w *world, p *person) (int, error) {
	all, err := privacy.New(privacy.Deps{DB: w.DB, Now: w.Now}).Deletions(ctx, p.id)
	return len(all), err
}

// «Кто смотрел мои данные»: member, role, time and reason; or that nobody did.
func TestWhoLooked(t *testing.T) {
	w := lite(t)
	p := w.person(1, 0)
	p.get("/profile/looks").is(200).has("Никто не смотрел")
	w.looked = []privacy.Look{
		{Who: "Лена К.", Role: "support", What: "person", Reason: "Клиент звонит", At: banktest.Noon},
		{Who: "Олег П.", Role: "manager", What: "no_such_part", Reason: "<b>сверка</b>", At: banktest.Noon},
	}
	page := p.get("/profile/looks").is(200).has("Кто смотрел мои данные", "Лена К.", "Клиент звонит", "Олег П.", "<b>сверка</b>")
	if strings.Contains(page.body, "<b>сверка") || contains(page.body, "Никто не смотрел") {
		t.Error("a reason is not told as it was written")
	}
	if strings.Contains(text(page.body), "support") || !strings.Contains(text(page.body), ", Лена К.") {
		t.Error("the role is not said in words:", text(page.body))
	}
}
