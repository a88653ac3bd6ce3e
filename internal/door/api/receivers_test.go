package api_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/order/ordertest"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/bank/receiver"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
)

const (
	zarya  = "100000000901"
	shut   = "100000000912"
	someIn = "+79031234523" // somebody in other banks
)

// banks are other banks on the phone-number rail; the last digits of a phone
// say who is there.
type banks struct{ down bool }

func (b *banks) Members(context.Context) ([]receiver.Member, error) {
	if b.down {
		return nil, errors.New("no answer")
	}
	return []receiver.Member{{ID: zarya, RU: "Банк Заря", EN: "Zarya Bank"}, {ID: shut, RU: "Закрытый Банк", EN: "Closed Bank", Down: true}}, nil
}

func (b *banks) Default(_ context.Context, p phone.Number) (string, error) {
	if strings.HasSuffix(p.E164(), "00") {
		return "", nil
	}
	return zarya, nil
}

func (b *banks) Look(_ context.Context, p phone.Number, _ string) (receiver.Found, error) {
	switch p.E164()[10:] {
	case "01":
		return receiver.Found{}, receiver.ErrNobody
	case "02":
		return receiver.Found{}, receiver.ErrUnwilling
	case "03":
		return receiver.Found{}, errors.New("an answer about +79031234523")
	}
	return receiver.Found{Name: "Иван Петрович С.", Token: vault.Hide("044599901.abc-1"), Life: 15 * time.Minute}, nil
}

// Somebody in another bank is found by phone and paid: the name before the
// price, one payout for one key; his token is good for who asked, for minutes.
func TestMoneyByPhone(t *testing.T) {
	each(t, func(w *world) {
		anna, pavel := w.person(1, 1000), w.person(2, 1000)
		list := w.get(anna.reading, "/banks").body["banks"].([]any)
		if len(list) != 2 || list[0].(obj)["name"] != "Банк Заря" || list[0].(obj)["open"] != true || list[1].(obj)["open"] != false {
			t.Error(list)
		}
		found := w.do(ask{method: "POST", path: "/api/v1/receivers", token: anna.transfer, lang: "en", body: obj{"phone": "8 (903) 123-45-23"}})
		if found.status != 200 || found.text("name") != "Иван Петрович С." || found.text("phone") != someIn || found.text("bank.id") != zarya || found.text("bank.name") != "Zarya Bank" {
			t.Fatal(found.raw)
		}
		to := func(from string) obj {
			return obj{"to": obj{"way": "phone", "receiver": found.text("receiver")}, "amount": rub("100.00"), "from": from}
		}
		q := w.post(anna.transfer, "/payout-quotes", to(anna.from()))
		if q.status != 200 || q.text("fee.amount") != "0.00" || q.text("to.way") != "phone" || q.text("to.name") != "Иван Петрович С." || q.text("to.bank") != "Банк Заря" {
			t.Fatal(q.raw)
		}
		body := obj{"quote": q.text("quote"), "signature": ordertest.Encoded(w, w.key, q.text("order_text"))}
		for range 2 {
			done := w.do(ask{method: "POST", path: "/api/v1/payouts", token: anna.transfer, key: "dinner", body: body})
			if done.status != 201 || done.text("state") != "done" || done.text("to.name") != "Иван Петрович С." {
				t.Error(done.raw)
			}
		}
		if len(w.network.sent) != 1 || w.network.sent[0].To.Way != payout.Phone || w.network.sent[0].To.Token.Reveal() != "044599901.abc-1" {
			t.Error("the rail was told", len(w.network.sent))
		}
		w.problem(w.post(pavel.transfer, "/payout-quotes", to(pavel.from())), 422, "receiver.token")
		w.clock.Add(16 * time.Minute)
		w.problem(w.post(anna.transfer, "/payout-quotes", to(anna.from())), 422, "receiver.old")
		if strings.Contains(w.log.String(), "1234523") || strings.Contains(w.log.String(), "Петрович") {
			t.Error("the log names the receiver")
		}
	})
}

// Each way of not finding somebody has its code; all are counted.
func TestReceiversNotFound(t *testing.T) {
	w := lite(t, unlimited)
	anna := w.person(1, 1000)
	for _, c := range []struct {
		phone, bank string
		status      int
		code        string
	}{
		{"+79031234500", "", 404, "receiver.no_default"}, {"+79031234501", zarya, 404, "receiver.nobody"}, {"+79031234502", "", 422, "receiver.unwilling"},
		{"+79031234503", zarya, 503, "receiver.down"}, {someIn, shut, 422, "receiver.not_connected"}, {someIn, "1", 422, "receiver.no_bank"},
		{someIn, "<b>\x00", 422, "receiver.no_bank"}, {"12", zarya, 422, "phone.short"}, {"", zarya, 422, "phone.empty"},
	} {
		w.problem(w.post(anna.transfer, "/receivers", obj{"phone": c.phone, "bank": c.bank}), c.status, c.code)
	}
	for range 20 {
		w.post(anna.transfer, "/receivers", obj{"phone": someIn})
	}
	w.problem(w.post(anna.transfer, "/receivers", obj{"phone": someIn}), 429, "limit.lookups")
	for _, token := range []any{"", "x", strings.Repeat("A", 5000), 7} {
		r := w.post(anna.transfer, "/payout-quotes", obj{"to": obj{"way": "phone", "receiver": token}, "amount": rub("1.00"), "from": anna.from()})
		if r.status != 422 {
			t.Errorf("receiver %.20v: %d %s", token, r.status, r.raw)
		}
	}
}

func TestSilentRail(t *testing.T) {
	w := lite(t, unlimited)
	w.banks.down = true
	w.problem(w.get(w.person(1, 0).reading, "/banks"), 503, "receiver.down")
}
