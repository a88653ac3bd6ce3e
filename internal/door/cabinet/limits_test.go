package cabinet_test

import (
	"net/url"
	"testing"

	"rocketbank/internal/bank/access/accesstest"
)

func ownLimits(one, day, month string) url.Values {
	return url.Values{"do": {"save"}, "own_one": {one}, "own_day": {day}, "own_month": {month}}
}

// Own limits through the door: lower at once, higher signed and later, and a
// transfer above one is refused with its name.
func TestOwnLimits(t *testing.T) {
	w := lite(t)
	p, pavel := w.person(1, 100_000), w.person(2, 0)
	const path = "/profile/limits"
	p.get(path).is(200).has("Свои лимиты", "через 24 часа")
	p.post(path, ownLimits("100 000,01", "", "")).is(422).has("Лимит банка 100 000 ₽")
	p.post(path, ownLimits("", "x", "")).is(422).has("Не поняли сумму").holds(`value="x"`)
	p.post(path, ownLimits("", "", "")).is(422).has("Лимиты уже такие")
	p.post(path, url.Values{"do": {"other"}}).is(400)
	p.post(path, ownLimits("500", "1 200", "")).to(path)
	p.get(path).is(200).has("действуют с этой минуты", "1 200 ₽").holds(`value="500`)

	// The form of a transfer foresees it.
	to := p.payeeToken(pavel.phone)
	sum := func(amount string) answer {
		return p.post("/transfer/quote", url.Values{"to": {to}, "from": {p.card}, "amount": {amount}})
	}
	sum("500,01").is(200).has("Ваш собственный лимит: за раз до 500 ₽")
	p.pay(pavel, "500")
	p.pay(pavel, "500")
	sum("200,01").is(200).has("По вашему лимиту на сегодня осталось 200 ₽ из 1 200 ₽")

	order := p.post(path, ownLimits("1000", "1200", "")).is(200).has("Через 24 часа", "За один перевод: 1 000 ₽", "В месяц: как у банка", "raise of a limit")
	sign := func(passcode, text string) url.Values {
		out := url.Values{"offer": {order.form(path).Get("offer")}, "passcode": {passcode}}
		if text != "" {
			out.Set("signature", b64.EncodeToString(p.key.Sign(text)))
		}
		return out
	}
	text := orderText(order)
	p.post(path, sign("0000", text)).is(422).has("За один перевод: 1 000 ₽")
	p.post(path, sign(accesstest.Passcode, "another text")).is(403)
	other := w.person(3, 0)
	other.post(path, sign(accesstest.Passcode, text)).to(path)
	p.post(path, sign(accesstest.Passcode, text)).to(path)
	p.get(path).is(200).has("Подтвердили", "Повысим", "Не повышать").holds(`value="500`)
	p.post(path, sign(accesstest.Passcode, text)).to(path) // a second tap
	p.post(path, url.Values{"do": {"keep"}}).to(path)
	p.get(path).is(200).lacks("Повысим")
	p.get("/profile/orders").is(200).has("Повышение лимита")
}

// A browser without a key confirms by passcode and a code for exactly the text.
func TestOwnLimitsByCode(t *testing.T) {
	w := lite(t)
	p := w.person(1, 0)
	const path = "/profile/limits"
	p.post(path, ownLimits("500", "", "")).to(path)
	b := w.scriptless(p)
	offer := b.post(path, ownLimits("", "", "")).is(200).form(path).Get("offer")
	b.post(path, url.Values{"offer": {offer}, "passcode": {accesstest.Passcode}}).is(200).has("Код отправлен на")
	b.post(path, url.Values{"offer": {offer}, "passcode": {accesstest.Passcode}, "code": {"000000"}}).is(422)
	b.post(path, url.Values{"offer": {offer}, "passcode": {accesstest.Passcode}, "code": {w.Code(p.phone)}}).to(path)
	b.get(path).is(200).has("Повысим")
}
