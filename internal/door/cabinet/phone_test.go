package cabinet_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/bank/receiver"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
)

const (
	zarya  = "100000000901"
	whale  = "100000000902"
	shut   = "100000000912"
	someIn = "+79165559923" // somebody in other banks
)

// banks are the other banks on the phone-number rail.
type banks struct {
	mu      sync.Mutex
	prefers string
	no      error // of look-ups
	down    error // of everything
	asked   []string
}

func newBanks() *banks { return &banks{prefers: zarya} }

func (b *banks) set(prefers string, no, down error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.prefers, b.no, b.down = prefers, no, down
}

func (b *banks) Members(context.Context) ([]receiver.Member, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := []receiver.Member{{ID: zarya, RU: "Банк Заря", EN: "Zarya Bank"}, {ID: whale, RU: "Синий Кит", EN: "Blue Whale"}, {ID: shut, RU: "Закрытый Банк", EN: "Closed Bank", Down: true}}
	for i := range 8 {
		out = append(out, receiver.Member{ID: fmt.Sprintf("10000000092%d", i), RU: fmt.Sprintf("Банк №%d", i), EN: fmt.Sprintf("Bank %d", i)})
	}
	return out, b.down
}

func (b *banks) Default(context.Context, phone.Number) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.prefers, b.down
}

func (b *banks) Look(_ context.Context, p phone.Number, bank string) (receiver.Found, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = append(b.asked, p.E164()+" "+bank)
	return receiver.Found{Name: "Иван Петрович С.", Token: vault.Hide("044599901.abc-1"), Life: 15 * time.Minute}, errors.Join(b.no, b.down)
}

// toBank finds somebody's bank and opens the form of the sum.
func (p *person) toBank(bank string) answer {
	p.w.Helper()
	form := p.get(p.post("/transfer/recipient", url.Values{"phone": {someIn}}).to("/transfer/bank")).is(200).form("/transfer/bank")
	form.Set("bank", bank)
	return p.get(p.post("/transfer/bank", form).to("/transfer/phone")).is(200)
}

// The whole way: the preferred bank first, the masked name, the price while one
// types, the confirmation, the page that tells it arrived, and once more.
func TestMoneyByPhoneToAnotherBank(t *testing.T) {
	each(t, func(w *world) {
		p, other := w.person(1, 200_000), w.person(2, 0)
		list := p.get(p.post("/transfer/recipient", url.Values{"phone": {"8 916 555-99-23"}, "amount": {"5000"}, "message": {"за ужин"}}).to("/transfer/bank")).is(200)
		list.has("Получатель просит сюда", "Банк Заря", "Синий Кит", "+7 916 555-99-23", "не отвечает", "Отправить по ссылке")
		if strings.Index(list.body, "Банк Заря") > strings.Index(list.body, "Банк №0") || strings.Contains(list.body, `value="`+shut+`"`) {
			t.Error("the preferred bank is not the first, or a bank that is shut is offered")
		}
		form := list.form("/transfer/bank")
		other.post("/transfer/bank", form).to("/transfer") // the draft is another's
		form.Set("bank", zarya)
		sum := p.get(p.post("/transfer/bank", form).to("/transfer/phone")).is(200)
		sum.has("Иван Петрович С.", "Банк Заря", "Без комиссии в этом месяце осталось 100 000 ₽ из 100 000 ₽")
		f := sum.form("/transfer/phone")
		if f.Get("amount") != "5000" || f.Get("message") != "за ужин" {
			t.Error("what was typed is lost:", f)
		}
		f.Set("from", p.card)
		p.htmx("/transfer/phone/quote", f).is(200).has("Без комиссии", "Иван Петрович С.")
		p.post("/transfer/phone/quote", f).is(200).has("Без комиссии")
		path := p.post("/transfer/phone", f).to("/payout/confirm")
		if strings.Contains(path, "9923") {
			t.Error("the address holds the phone")
		}
		confirm := p.get(path).is(200).has("Иван Петрович С.", "Банк Заря", "5 000", "за ужин").form("/payout/confirm")
		confirm.Set("passcode", accesstest.Passcode)
		done := p.post("/payout/confirm", confirm).to("/payouts/")
		p.get(done).is(200).has("Отправили 5 000 ₽", "Иван Петрович С.", "Банк Заря")
		if again := p.post("/payout/confirm", confirm).to("/payouts/"); again != done || w.balance(p.account) != 195_000_00 || len(w.network.sent) != 1 {
			t.Errorf("%s after %s: %d left after %d messages", again, done, w.balance(p.account), len(w.network.sent))
		}
		if i := w.network.sent[0]; i.To.Way != payout.Phone || i.To.Phone.E164() != someIn || i.To.Bank != zarya || i.To.Token.Reveal() != "044599901.abc-1" || i.Message != "за ужин" {
			t.Error("the rail was told", i.To.Bank, i.Amount, i.Message)
		}
		other.get(done).is(404)
		again := p.get("/transfer?repeat=" + strings.TrimPrefix(done, "/payouts/")).is(200).form("/transfer/recipient")
		if n, err := phone.Parse(again.Get("phone")); err != nil || n.E164() != someIn || again.Get("amount") != "5000" || again.Get("message") != "за ужин" {
			t.Error("repeat:", again)
		}
		other.get("/transfer?repeat=" + strings.TrimPrefix(done, "/payouts/")).is(404)
		// What is over the month's free part costs half a percent.
		p.toBank(zarya).has("осталось 95 000 ₽")
		if strings.Contains(w.log.String(), someIn) || strings.Contains(w.log.String(), "Петрович") {
			t.Error("the log names the receiver")
		}
	})
}

// A long list is searched without script, in either language, and says when
// nothing is found; the preferred bank stays.
func TestSearchOfBanks(t *testing.T) {
	w := lite(t)
	p := w.person(1, 100)
	path := p.post("/transfer/recipient", url.Values{"phone": {someIn}}).to("/transfer/bank")
	for q, want := range map[string]string{"кит": "Синий Кит", "WHALE": "Синий Кит", " №3 ": "Банк №3", "нет такого": "Банка «нет такого» в списке нет"} {
		a := p.get(path+"&q="+url.QueryEscape(q)).is(200).has(want, "Банк Заря")
		if strings.Contains(a.body, "Банк №5") {
			t.Errorf("%q finds everything", q)
		}
	}
	for name, value := range nasty() {
		if a := p.get(path + "&q=" + url.QueryEscape(value)); a.status != 200 || strings.Contains(a.body, "<script>alert") {
			t.Errorf("search for %s: %d", name, a.status)
		}
	}
	w.banks.set("", nil, nil)
	a := p.get(p.post("/transfer/recipient", url.Values{"phone": {someIn}}).to("/transfer/bank")).is(200)
	if strings.Contains(a.body, "Получатель просит сюда") {
		t.Error("a preferred bank of who has none")
	}
}

// Every way of not finding somebody has its words, leaves the list where it was
// and tells nobody's name; the person can be invited all the same.
func TestNobodyInAnotherBank(t *testing.T) {
	w := lite(t)
	for i, c := range []struct {
		no     error
		bank   string
		status int
		want   string
	}{
		{receiver.ErrNobody, zarya, 422, "никого нет"},
		{receiver.ErrNotConnected, zarya, 422, "не принимает переводы по телефону"},
		{receiver.ErrUnwilling, zarya, 422, "запретил переводы"},
		{errors.New("nonsense about +79165559923"), zarya, 503, "Банки сейчас не отвечают"},
		{nil, shut, 422, "не принимает переводы по телефону"},
		{nil, "100000000999", 422, "Такого банка в списке нет"},
		{nil, "", 422, "Такого банка в списке нет"},
	} {
		p := w.person(i+1, 100)
		w.banks.set(zarya, c.no, nil)
		path := p.post("/transfer/recipient", url.Values{"phone": {someIn}}).to("/transfer/bank")
		form := p.get(path).is(200).form("/transfer/bank")
		form.Set("bank", c.bank)
		a := p.post("/transfer/bank", form).is(c.status).has(c.want, "Синий Кит", "Отправить по ссылке")
		if strings.Contains(a.body, "Петрович") {
			t.Error("a name is told with", c.want)
		}
		p.get(strings.Replace(path, "/transfer/bank", "/transfer/nobody", 1)).is(200).has("+7 916 555-99-23")
	}
	p := w.person(20, 100)
	path := p.post("/transfer/recipient", url.Values{"phone": {someIn}}).to("/transfer/bank")
	form := p.get(path).form("/transfer/bank")
	last := 0
	for range 25 {
		w.banks.set(zarya, receiver.ErrNobody, nil)
		form.Set("bank", zarya)
		last = p.post("/transfer/bank", form).status
	}
	if last != 429 {
		t.Error("look-ups in other banks are not counted:", last)
	}
}

// A rail that is silent is said on the page; nothing breaks.
func TestSilentRail(t *testing.T) {
	w := lite(t)
	p := w.person(1, 100)
	w.banks.set("", nil, errors.New("no answer"))
	p.get(p.post("/transfer/recipient", url.Values{"phone": {someIn}}).to("/transfer/bank")).is(503).has("Банки сейчас не отвечают", "Отправить по ссылке")
}

// The name holds for minutes: after that it is looked up again, with everything
// that was typed; a token of somebody else is worth nothing.
func TestOldNameOfAReceiver(t *testing.T) {
	w := lite(t)
	p, other := w.person(1, 10_000), w.person(2, 10_000)
	f := p.toBank(zarya).form("/transfer/phone")
	f.Set("from", p.card)
	f.Set("amount", "100 000,01")
	p.post("/transfer/phone", f).is(422).has("За раз можно до 100 000 ₽", "Иван Петрович С.")
	f.Set("amount", "50000")
	p.post("/transfer/phone", f).is(422).has("Не хватает")
	f.Set("amount", "100")
	f.Set("message", strings.Repeat("я", 141))
	p.post("/transfer/phone", f).is(422)
	f.Set("message", "за ужин")
	f.Set("from", other.card)
	p.post("/transfer/phone", f).is(404)
	other.post("/transfer/phone", f).is(422).has("Получателя не узнать")
	f.Set("from", p.card)
	for name, value := range nasty() {
		g := url.Values{"to": f["to"], "from": f["from"], "amount": {value}, "message": {"x"}}
		if a := p.post("/transfer/phone", g); a.status != 422 || strings.Contains(a.body, "<script>alert") {
			t.Errorf("amount %s: %d", name, a.status)
		}
		g = url.Values{"to": {value}, "from": f["from"], "amount": {"1"}}
		if a := p.post("/transfer/phone", g); a.status != 422 {
			t.Errorf("to %s: %d", name, a.status)
		}
		if a := p.post("/transfer/phone/quote", g); a.status != 422 {
			t.Errorf("to of a quote %s: %d", name, a.status)
		}
		g = url.Values{"draft": {value}, "bank": {zarya}}
		if a := p.post("/transfer/bank", g); a.status != 303 {
			t.Errorf("draft %s: %d", name, a.status)
		}
		p.get("/transfer/phone?draft=" + url.QueryEscape(value)).is(303)
		p.get("/transfer/nobody?draft=" + url.QueryEscape(value)).is(303)
	}
	w.clock.Add(16 * time.Minute)
	a := p.post("/transfer/phone", f).is(422).has("Имя получателя пора проверить снова", "Банк Заря")
	form := a.form("/transfer/bank")
	form.Set("bank", zarya)
	back := p.get(p.post("/transfer/bank", form).to("/transfer/phone")).is(200).form("/transfer/phone")
	if back.Get("amount") != "100" || back.Get("message") != "за ужин" {
		t.Error("what was typed is lost:", back)
	}
}

// A confirmation that stood open longer than the name holds leads to the banks
// again with everything that was typed, and nothing is sent.
func TestConfirmationOutlivesTheReceiver(t *testing.T) {
	w := lite(t)
	p := w.person(1, 10_000)
	f := p.toBank(zarya).form("/transfer/phone")
	w.clock.Add(10 * time.Minute)
	f.Set("from", p.card)
	f.Set("amount", "1 000")
	f.Set("message", "за ужин")
	path := p.post("/transfer/phone", f).to("/payout/confirm")
	confirm := p.get(path).is(200).form("/payout/confirm")
	confirm.Set("passcode", accesstest.Passcode)
	w.clock.Add(5 * time.Minute)
	p.get(path).is(422).has("Имя получателя пора проверить снова")
	form := p.post("/payout/confirm", confirm).is(422).has("Имя получателя пора проверить снова", "Банк Заря").form("/transfer/bank")
	form.Set("bank", zarya)
	back := p.get(p.post("/transfer/bank", form).to("/transfer/phone")).is(200).form("/transfer/phone")
	if back.Get("amount") != "1000" || back.Get("message") != "за ужин" || back.Get("from") != p.card || len(w.network.sent) != 0 {
		t.Error("what was typed is lost:", back)
	}
}
