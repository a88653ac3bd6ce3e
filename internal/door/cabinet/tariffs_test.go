package cabinet_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/ledger"
)

// newTariff keeps a version by which friends pay and top-ups cost two per cent,
// in force in so long.
func (w *world) newTariff(number int64, in time.Duration) {
	w.Helper()
	text := strings.NewReplacer("rule;friend;;;;0;;;", "rule;friend;;;;1;10;;", "rule;topup;;;2999,99;1;30;;", "rule;topup;;;2999,99;2;40;;").Replace(tariff.Standard().Text())
	v, err := tariff.Parse(text)
	if err != nil {
		w.Fatal(err)
	}
	v.Number, v.From = number, w.clock.Now().Add(in)
	if _, err := tariff.New(w.DB).Import(context.Background(), v, "test"); err != nil {
		w.Fatal(err)
	}
}

// Everybody may read what things cost, today and later.
func TestTariffsPage(t *testing.T) {
	w := lite(t)
	b := w.browser()
	b.get("/tariffs").is(200).has("Тарифы", "На карту в другой банк, Банк Заря", "1,5\u00a0%, не меньше 30\u00a0₽", "На карту в другой банк, другие банки", "бесплатно до 100\u00a0000\u00a0₽ в месяц, дальше 0,5\u00a0%, не больше 1\u00a0500\u00a0₽", "Тариф № 1.")
	w.newTariff(2, 48*time.Hour)
	w.clock.Add(2 * time.Minute)
	b.get("/tariffs").is(200).has("Новые цены с 24 ноября 2026, 12:00", "2\u00a0%, не меньше 40\u00a0₽")
	w.clock.Add(48 * time.Hour)
	if a := b.get("/tariffs").is(200).has("Тариф № 2, действует с 24 ноября 2026"); strings.Contains(a.body, "Новые цены") {
		t.Error("the version in force is told as one to come")
	}
	w.person(1, 0).get("/tariffs").is(200).has("Другу, клиенту банка")
}

// A tariff that changes between the price and the tap is shown with the new
// price and asked for again: nobody pays what he has not seen.
func TestTariffChangesUnderAConfirmation(t *testing.T) {
	each(t, func(w *world) {
		p, friend := w.person(1, 5_000), w.person(2, 0)
		path, form := p.confirmation(friend.phone, "1 000", "")
		_, done := p.confirmation(friend.phone, "500", "")
		receipt := p.post("/transfer/confirm", done).to("/transfers/")
		w.newTariff(2, tariff.Lead)
		w.clock.Add(tariff.Lead)

		again := p.post("/transfer/confirm", form).is(422).has("Тариф изменился", "Комиссия теперь 10\u00a0₽", "1\u00a0%, не меньше 10\u00a0₽")
		if got := w.balance(friend.account); got != 500_00 {
			t.Fatalf("the friend has %d", got)
		}
		p.get(path).is(200).has("Тариф изменился", "10\u00a0₽")
		if late := p.post("/transfer/confirm", done).to("/transfers/"); late != receipt {
			t.Error("what was done before the change is repeated as", late)
		}
		form = again.form("/transfer/confirm")
		form.Set("passcode", accesstest.Passcode)
		if p.key != nil {
			form.Set("signature", b64.EncodeToString(p.key.Sign(orderText(again))))
		}
		if next := p.post("/transfer/confirm", form); next.status == 200 { // a device without a key: its code
			form = next.form("/transfer/confirm")
			form.Set("code", w.Code(p.phone))
			next = p.post("/transfer/confirm", form)
			next.to("/transfers/")
		}
		if a, b := w.balance(friend.account), w.balance(p.account); a != 1_500_00 || b != 3_490_00 {
			t.Fatalf("the friend has %d, the payer %d", a, b)
		}
	})
}

// The same for a top-up: the other bank's card is not charged what was not seen.
func TestTariffChangesUnderATopUp(t *testing.T) {
	w := lite(t)
	p := w.person(1, 0)
	form := p.topUpForm("1000")
	w.newTariff(2, tariff.Lead)
	w.clock.Add(tariff.Lead)
	again := p.post("/topup", form).is(422).has("Тариф изменился", "40\u00a0₽")
	if w.acquirer.asked != 0 {
		t.Fatal("charged a price that was over")
	}
	form = again.form("/topup")
	form.Set("card_number", "4111 1111 1111 1111")
	form.Set("card_cvc", "123")
	p.post("/topup", form).is(303)
	if w.acquirer.asked != 1 {
		t.Errorf("charged %d times", w.acquirer.asked)
	}
	if a, err := ledger.AccountByID(context.Background(), w.DB, ledger.Acquirer); err != nil || a.Reserved.Minor != 1_040_00 {
		t.Error(a.Reserved, err)
	}
	// A price that was left lying is asked for again too.
	form = p.topUpForm("1000")
	w.clock.Add(10 * time.Minute)
	p.post("/topup", form).is(422).has("Страница открыта давно", "40\u00a0₽")
	if w.acquirer.asked != 1 {
		t.Error("charged an old price")
	}
}
