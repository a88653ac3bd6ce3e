package cabinet_test

import (
	"net/url"
	"testing"

	"rocketbank/internal/bank/card"
)

func (o *things) frozen(w *world) bool {
	w.Helper()
	all, err := w.Cards.Of(ctx, o.p.id)
	if err != nil || len(all) != 1 {
		w.Fatal(len(all), err)
	}
	return all[0].State == card.Frozen
}

// client with the things that a message is about, and no order of a card beside.
func (w *world) alerted(n int) *things {
	w.Helper()
	o := &things{p: w.person(n, 100)}
	o.take(w)
	return o
}

// The link of a message: it shows what it is about, asks once more, and then
// stops everything, from any browser; opening it does nothing.
func TestNotMeByTheLink(t *testing.T) {
	each(t, func(w *world) {
		o, b := w.alerted(1), w.browser()
		for _, token := range []string{"x", "AAAAAAAAAAAAAAAA", o.notMe + "A", o.alert} {
			b.get("/n/" + token).is(404)
			b.post("/n/"+token, url.Values{}).is(404)
		}
		page := b.get("/n/"+o.notMe).is(200).has("Это были не вы?", "Это не я, всё закрыть")
		for _, secret := range []string{o.p.phone.E164(), "Соколова", o.p.card} {
			if contains(page.body, secret) {
				t.Errorf("the page tells %q to whoever has the link", secret)
			}
		}
		b.do("HEAD", "/n/"+o.notMe, nil, nil)
		o.p.get("/home").is(200) // looking has changed nothing
		if o.frozen(w) {
			t.Fatal("the card was frozen by looking")
		}
		b.post("/n/"+o.notMe, url.Values{}).is(200).has("Всё закрыли")
		o.p.get("/home").to("/login")
		if !o.frozen(w) {
			t.Error("the card is not frozen")
		}
		b.get("/home").to("/login") // … and it let nobody in
		b.post("/n/"+o.notMe, url.Values{}).is(200).has("Всё закрыли")
	})
}

// The same question on the client's own page: yes is noted, no shuts the
// others out and leaves him in.
func TestAlertsOfThePage(t *testing.T) {
	each(t, func(w *world) {
		o := w.alerted(1)
		o.p.post("/alerts", url.Values{}).is(404)
		o.p.post("/alerts", url.Values{"me": {"al_x"}}).is(404)
		o.p.post("/alerts", url.Values{"not_me": {"dv_x"}}).is(404)
		o.p.get("/home").is(200).has("Это вы?", "Нет, закрыть доступ")
		o.p.post("/alerts", url.Values{"me": {o.alert}}).to("/home")
		if page := o.p.get("/home").is(200); contains(page.body, "Это вы?") {
			t.Error("the question is asked again")
		}
		if o.frozen(w) {
			t.Error("«Это я» froze a card")
		}

		o = w.alerted(2)
		o.p.post("/alerts", url.Values{"not_me": {o.alert}}).to("/profile/devices")
		page := o.p.get("/profile/devices").is(200) // he is still inside
		if contains(page.body, o.device) {
			t.Error("the device it was about is still his")
		}
		if !o.frozen(w) {
			t.Error("the card is not frozen")
		}
	})
}
