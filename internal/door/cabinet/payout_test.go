package cabinet_test

import (
	"context"
	"maps"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/id"
)

// Cards of other banks: by the table that comes with the program, and of none in it.
const (
	cardOfZarya   = "2200000000034821"
	cardOfNobody  = "6011000000000004"
	maskedOfZarya = "2200 00•• •••• 4821"
)

// network is where other banks' cards are: it says what it was told to say.
type network struct {
	mu   sync.Mutex
	says payout.Outcome
	sent []payout.Instruction
}

func (n *network) Send(_ context.Context, i payout.Instruction) (payout.Outcome, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.sent = append(n.sent, i)
	return n.says, nil
}

func (n *network) Ask(context.Context, payout.Instruction) (payout.Outcome, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.says, nil
}

func (n *network) answers(o payout.Outcome) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.says = o
}

// toCard fills the form in and opens the page that asks for the passcode.
func (p *person) toCard(number, amount, message string) (path string, form url.Values) {
	p.w.Helper()
	path = p.post("/transfer/card", url.Values{"number": {number}, "from": {p.card}, "amount": {amount}, "message": {message}}).to("/payout/confirm")
	form = p.get(path).is(200).form("/payout/confirm")
	form.Set("passcode", accesstest.Passcode)
	return path, form
}

func (p *person) sendsToCard(amount string) string {
	p.w.Helper()
	_, form := p.toCard(cardOfZarya, amount, "")
	return p.post("/payout/confirm", form).to("/payouts/")
}

// The whole way: the price before anything is asked, the confirmation, the
// page that tells it arrived, its row in the feed and the signed receipt.
func TestMoneyToACard(t *testing.T) {
	each(t, func(w *world) {
		p, other := w.person(1, 10_000), w.person(2, 0)
		p.get("/transfer").is(200).has("На карту")
		p.get("/payments").is(200).has("Перевод на карту другого банка")
		p.get("/transfer/card").is(200).has("Номер карты получателя", "в Банк Заря: 1,5 %, не меньше 30 ₽", "300 000")
		live := p.htmx("/transfer/card/quote", url.Values{"number": {"2200 0000 0003 4821"}, "from": {p.card}, "amount": {"5000"}}).is(200)
		live.has("Комиссия 75 ₽", "в Банк Заря: 1,5 %, не меньше 30 ₽", "5 075", maskedOfZarya, "4 925")
		if strings.Contains(live.body, cardOfZarya) {
			t.Error("the panel holds the whole number")
		}
		path, form := p.toCard("2200 0000 0003 4821", "5000", "за ремонт")
		if strings.Contains(path, cardOfZarya) {
			t.Error("the address holds the number")
		}
		p.get(path).is(200).has(maskedOfZarya, "Банк Заря", "75,00 ₽", "1,5 %, не меньше 30 ₽", "5 075", "4 925,00 ₽", "за ремонт", "за пару минут")
		done := p.post("/payout/confirm", form).to("/payouts/")
		p.get(done).is(200).has("Отправили 5 000 ₽", maskedOfZarya, "Банк Заря", "75,00 ₽", "632811000017", "Скачать подписанный чек")
		if again := p.post("/payout/confirm", form).to("/payouts/"); again != done {
			t.Error("a second tap made", again)
		}
		if got := w.balance(p.account); got != 4_925_00 || len(w.network.sent) != 1 {
			t.Errorf("%d is left after %d messages", got, len(w.network.sent))
		}
		if i := w.network.sent[0]; i.To.Number.Reveal() != cardOfZarya || i.Amount.Minor != 5_000_00 || i.To.Bank != "zarya" {
			t.Error("the network was told", i.To.Bank, i.Amount)
		}
		row := strings.Replace(done, "/payouts/po_", "/operations/op_", 1)
		p.get("/home").is(200).has("На карту •• 4821")
		p.get(row).is(200).has("Перевод в другой банк", maskedOfZarya, "Банк Заря", "75,00 ₽").has("Повторить")
		other.get(done).is(404)
		other.get(done + "/receipt").is(404)
		file := p.get(done + "/receipt").is(200)
		w.browser().post("/receipts/verify", url.Values{"receipt": {file.body}}).is(200).has("Чек настоящий", "5000.00 RUB")
		if strings.Contains(file.body, cardOfZarya) || strings.Contains(w.log.String(), cardOfZarya) {
			t.Error("the receipt or the log holds the number")
		}
		// Money that went to a card is easily sent again, but for the number.
		p.get("/transfer").is(200).has("Недавние карты")
		again := p.get("/transfer/card?repeat="+strings.TrimPrefix(done, "/payouts/")).is(200).has(maskedOfZarya, "Введите номер ещё раз")
		if f := again.form("/transfer/card"); f.Get("amount") != "5000" || f.Get("message") != "за ремонт" || f.Get("number") != "" {
			t.Error(f)
		}
		other.get("/transfer/card?repeat=" + strings.TrimPrefix(done, "/payouts/")).is(404)
	})
}

// Whose card it is decides the price; of a strange number that is said.
func TestTheBankOfACardIsTold(t *testing.T) {
	w := lite(t)
	p := w.person(1, 10_000)
	p.htmx("/transfer/card/quote", url.Values{"number": {cardOfNobody}, "from": {p.card}, "amount": {"5000"}}).is(200).has("Комиссия 95 ₽", "банк не определился: 1,9 %, не меньше 50 ₽")
	path, _ := p.toCard(cardOfNobody, "1000", "")
	p.get(path).is(200).has("не определился", "50,00 ₽")
	// Nothing typed yet: what the way costs to whomever.
	p.htmx("/transfer/card/quote", url.Values{"number": {""}, "from": {p.card}, "amount": {"5000"}}).is(200).has("в Банк Заря: 1,5 %")
}

// What is wrong is told at its place, and a number that was understood comes
// back under seal, so that it is not typed twice.
func TestBadInputIntoMoneyToACard(t *testing.T) {
	w := lite(t)
	p, stranger := w.person(1, 10_000), w.person(2, 0)
	good := url.Values{"number": {cardOfZarya}, "from": {p.card}, "amount": {"100"}, "message": {"за ремонт"}}
	with := func(field, value string) url.Values {
		form := maps.Clone(good)
		form.Set(field, value)
		return form
	}
	for name, value := range nasty() {
		for _, field := range []string{"number", "amount"} {
			a := p.post("/transfer/card", with(field, value))
			if a.status != 422 || !strings.Contains(a.body, `aria-invalid="true"`) || a.form("/transfer/card").Get("message") != "за ремонт" || strings.Contains(a.body, "<script>alert") {
				t.Errorf("%s = %s: %d", field, name, a.status)
			}
			if a := p.htmx("/transfer/card/quote", with(field, value)); a.status != 200 {
				t.Errorf("live price, %s = %s: %d", field, name, a.status)
			}
			if a := p.post("/transfer/card/quote", with(field, value)); a.status != 422 {
				t.Errorf("price, %s = %s: %d", field, name, a.status)
			}
		}
		if value != "" {
			if a := p.post("/transfer/card", with("from", value)); a.status != 404 && a.status != 422 {
				t.Errorf("from = %s: %d", name, a.status)
			}
		}
		p.post("/payout/confirm", url.Values{"draft": {value}, "passcode": {accesstest.Passcode}}).to("/transfer")
		for _, path := range []string{"/payout/confirm?draft=", "/transfer/card?draft=", "/transfer/card?repeat=", "/events?payout="} {
			if a := p.peek(path + url.QueryEscape(value)); a.status >= 500 {
				t.Errorf("%s%s: %d", path, name, a.status)
			}
		}
	}
	// A slip of one digit is told with its place, and the field keeps what was typed.
	slip := p.post("/transfer/card", with("number", "22000000000348211")).is(422).has("цифра лишняя")
	if got := slip.form("/transfer/card").Get("number"); got != "22000000000348211" {
		t.Errorf("the field has %q", got)
	}
	// A good number is kept under seal while the rest is corrected.
	poor := p.post("/transfer/card", with("amount", "50000")).is(422).has("Не хватает", maskedOfZarya, "Банк Заря")
	form := poor.form("/transfer/card")
	if form.Get("number") != "" || form.Get("card") == "" || strings.Contains(poor.body, cardOfZarya) {
		t.Error("the number is in the page:", form)
	}
	form.Set("amount", "100")
	p.post("/transfer/card", form).to("/payout/confirm")
	form.Set("from", stranger.card)
	stranger.post("/transfer/card", form).is(422) // the seal is another's
	form = poor.form("/transfer/card")
	form.Set("amount", "100")
	for range 8 {
		w.Wait(4 * time.Minute)
		p.post("/device/renew", url.Values{}).is(204)
	}
	p.post("/transfer/card", form).is(422).has("Введите номер карты получателя")
	// More than one transfer may be is refused with the reason.
	p.post("/transfer/card", with("amount", "100 000,01")).is(422).has("За раз можно до 100 000 ₽")
	p.post("/transfer/card", with("from", stranger.card)).is(404)
	for field := range good {
		twice := maps.Clone(good)
		twice[field] = []string{good.Get(field), good.Get(field)}
		if a := p.post("/transfer/card", twice); a.status != 422 {
			t.Errorf("%s twice: %d", field, a.status)
		}
	}
	if len(w.network.sent) != 0 || w.balance(p.account) != 10_000_00 {
		t.Error("money moved")
	}
}

// A refusal tells why and where the money is; an answer that is late is told
// to the page that waits for it.
func TestOutcomesOfMoneyToACard(t *testing.T) {
	each(t, func(w *world) {
		p := w.person(1, 10_000)
		w.network.answers(payout.Outcome{State: payout.Declined, Reason: "no_such_card"})
		refused := p.sendsToCard("1000")
		p.get(refused).is(200).has("Перевод не прошёл", "Такой карты нет", "Деньги у вас", "Исправить и отправить")
		p.get("/home").is(200).has("Не прошёл, деньги у вас")
		if got := w.balance(p.account); got != 10_000_00 {
			t.Errorf("%d is left of a refusal", got)
		}
		w.network.answers(payout.Outcome{})
		waits := p.sendsToCard("1000")
		p.get(waits).is(200).has("Проверяем перевод", "Сумма отложена", "Проверить")
		w.network.answers(payout.Outcome{State: payout.Settled})
		which, err := id.Parse(payout.Prefix, strings.TrimPrefix(waits, "/payouts/"))
		if err != nil {
			t.Fatal(err)
		}
		events, stop := p.listen("?payout=" + which.Text(payout.Prefix))
		defer stop()
		if err := w.payouts.Hint(ctx, which); err != nil {
			t.Fatal(err)
		}
		await(t, events, "Отправили 1 000 ₽")
		await(t, events, "event: bye")
		p.get(waits).is(200).has("Отправили 1 000 ₽")
		if err := w.payouts.Return(ctx, which, w.network.sent[1].Amount, "R1"); err != nil {
			t.Fatal(err)
		}
		p.get(waits).is(200).has("1 000 ₽ вернулись", "30,00 ₽")
		p.get("/home").is(200).has("Возврат перевода")
	})
}

// The number of a card of ours leads to its holder, like his phone.
func TestMoneyToACardOfOurs(t *testing.T) {
	w := lite(t)
	p, friend := w.person(1, 1000), w.person(2, 0)
	at := "/cards/" + friend.card + "/requisites"
	number := digits.ReplaceAllString(fullNumber.FindString(friend.post(at, url.Values{"passcode": {accesstest.Passcode}}).is(200).body), "")
	form := url.Values{"number": {number}, "from": {p.card}, "amount": {"100"}, "message": {"за обед"}}
	p.htmx("/transfer/card/quote", form).is(200).has("это карта нашего банка")
	page := p.get(p.post("/transfer/card", form).to("/transfer")).is(200).has("Анна С.")
	f := page.form("/transfer")
	if f.Get("amount") != "100" || f.Get("message") != "за обед" {
		t.Error(f)
	}
	p.post("/transfer", f).to("/transfer/confirm")
	own := digits.ReplaceAllString(fullNumber.FindString(p.post("/cards/"+p.card+"/requisites", url.Values{"passcode": {accesstest.Passcode}}).is(200).body), "")
	form.Set("number", own)
	if a := p.post("/transfer/card", form).is(422); strings.Contains(a.body, own) {
		t.Error("the number is in the page")
	}
	if len(w.network.sent) != 0 {
		t.Error("the network heard of it")
	}
}

var (
	fullNumber = regexp.MustCompile(`\d{4}[ \x{a0}]\d{4}[ \x{a0}]\d{4}[ \x{a0}]\d{4}`)
	digits     = regexp.MustCompile(`\D`)
)

// A quote that ran out and a price that changed are asked again on the page,
// which alone knows the number.
func TestQuotesOfMoneyToACardAreAskedAgain(t *testing.T) {
	w := lite(t)
	p := w.person(1, 10_000)
	_, form := p.toCard(cardOfZarya, "1000", "")
	w.clock.Add(11 * time.Minute)
	late := p.post("/payout/confirm", form).is(422).has("Страница была открыта долго", "30,00 ₽")
	form = late.form("/payout/confirm")
	form.Set("passcode", accesstest.Passcode)
	done := p.post("/payout/confirm", form).to("/payouts/")
	p.get(done).is(200).has("Отправили 1 000 ₽")
	w.newTariff(2, tariff.Lead)
	w.clock.Add(tariff.Lead - time.Minute)
	path, form := p.toCard(cardOfZarya, "1000", "")
	w.clock.Add(time.Minute)
	changed := p.post("/payout/confirm", form).is(422).has("Тариф изменился", "30,00 ₽")
	form = changed.form("/payout/confirm")
	form.Set("passcode", accesstest.Passcode)
	if again := p.post("/payout/confirm", form).to("/payouts/"); again == done {
		t.Error("another transfer led to", again)
	}
	p.get(path).is(200)
	if got := w.balance(p.account); got != 7_940_00 {
		t.Errorf("%d is left", got)
	}
}

// What was typed survives the end of the session; the number does not.
func TestExpiredSessionKeepsTheFormOfACard(t *testing.T) {
	w := lite(t)
	p := w.person(1, 10_000)
	w.Wait(6 * time.Minute)
	loc := p.post("/transfer/card", url.Values{"number": {cardOfZarya}, "from": {p.card}, "amount": {"100"}, "message": {"за ремонт"}}).to("/login")
	form := p.get(loc).is(200).form("/login/passcode")
	form.Set("passcode", accesstest.Passcode)
	back := p.get(p.post("/login/passcode", form).to("/transfer/card")).is(200).has("Номер карты введите ещё раз")
	if f := back.form("/transfer/card"); f.Get("amount") != "100" || f.Get("message") != "за ремонт" || f.Get("number") != "" || f.Get("card") != "" {
		t.Error(f)
	}
}

// Whoever had too many cards refused is told so on the form and on the
// confirmation that is open still; other ways work.
func TestTooManyRefusedCards(t *testing.T) {
	w := lite(t)
	p := w.person(1, 10_000)
	path, _ := p.toCard(cardOfZarya, "1000", "")
	w.network.answers(payout.Outcome{State: payout.Declined, Reason: "no_such_card"})
	for range limit.Standard().CardRefusals {
		p.sendsToCard("100")
	}
	const words = "слишком много переводов на карты не прошло"
	p.post("/transfer/card", url.Values{"number": {cardOfZarya}, "from": {p.card}, "amount": {"100"}}).is(422).has(words)
	p.htmx("/transfer/card/quote", url.Values{"number": {cardOfZarya}, "from": {p.card}, "amount": {"100"}}).is(200).has(words)
	open := p.get(path).is(200).form("/payout/confirm")
	open.Set("passcode", accesstest.Passcode)
	p.post("/payout/confirm", open).is(429).has(words)
	p.toBank(zarya)
	if n := int64(len(w.network.sent)); n != limit.Standard().CardRefusals {
		t.Errorf("%d cards were asked about", n)
	}
}
