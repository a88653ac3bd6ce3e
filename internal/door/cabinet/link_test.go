package cabinet_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/bin"
	"rocketbank/internal/bank/claim"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/ledger"
)

// outsider is somebody whom the bank does not know.
const outsider = phone.Number("+79035550199")

// chooser knows of cards and of nothing else.
type chooser struct{}

func (chooser) Methods(context.Context) ([]claim.Method, error) {
	return []claim.Method{{Way: claim.ToCard}}, nil
}
func (chooser) Check(context.Context, string, string) (string, error) {
	return "", claim.ErrNoReceiver
}

// links makes the room of money sent by links.
func (w *world) links(d claim.Deps) *claim.Service {
	d.People, d.Messenger, d.Partners, d.BINs, d.Now, d.Digits, d.Origin, d.Host = w.Clients, w.Access, chooser{}, bin.New(d.DB), w.Now, access.NewCode, "https://bank.example", "bank.example"
	return claim.New(d)
}

// sendsLink sends money by a link.
func (p *person) sendsLink(amount string) string {
	p.w.Helper()
	path := p.post("/transfer/link", url.Values{"phone": {string(outsider)}, "from": {p.card}, "amount": {amount}, "message": {"на подарок"}}).to("/link/confirm")
	form := p.get(path).is(200).has("+7 903 555-01-99", "Когда получатель выберет").form("/link/confirm")
	form.Set("passcode", accesstest.Passcode)
	done := p.post("/link/confirm", form).to("/links/")
	if again := p.post("/link/confirm", form).to("/links/"); again != done {
		p.w.Error("a second tap made", again)
	}
	return done
}

// The sender's whole way: from a phone that nobody has to the page that waits,
// the message, the feed, the list, and the money back.
func TestMoneyByALink(t *testing.T) {
	each(t, func(w *world) {
		p, other := w.person(1, 1_000), w.person(2, 0)
		p.get("/transfer").is(200).has("По ссылке")
		p.get("/payments").is(200).has("Тому, чьего банка вы не знаете")
		p.get("/links").is(200).has("Ссылок пока нет")
		banks := p.post("/transfer/recipient", url.Values{"phone": {string(outsider)}, "amount": {"150"}, "message": {"привет"}}).to("/transfer/bank")
		offer := p.get(strings.Replace(banks, "/transfer/bank", "/transfer/nobody", 1)).is(200).has("Отправить деньги по ссылке")
		_, after, _ := strings.Cut(offer.body, `href="/transfer/link?draft=`)
		token, _, _ := strings.Cut(after, `"`)
		if f := p.get("/transfer/link?draft=" + token).is(200).form("/transfer/link"); f.Get("phone") != "+7 903 555-01-99" || f.Get("amount") != "150" || f.Get("message") != "привет" {
			t.Error(f)
		}
		link := p.sendsLink("150")
		p.get(link).is(200).has("Ждёт получателя", "+7 903 555-01-99", "150", "на подарок", "Отменить и вернуть деньги", "Скачать подписанный чек")
		if got := w.balance(p.account); got != 850_00 {
			t.Error("left", got)
		}
		sent := w.Sent(outsider)
		if len(sent) != 1 || !strings.Contains(sent[0].Text.Reveal(), "https://bank.example/l/") {
			t.Fatalf("%d messages", len(sent))
		}
		_, secret, _ := strings.Cut(sent[0].Text.Reveal(), "/l/")
		if strings.Contains(p.get(link).body, secret) || strings.Contains(w.log.String(), secret) {
			t.Error("the page or the log holds what opens the link")
		}
		p.get("/home").is(200).has("+7 903 555-01-99")
		p.get(strings.Replace(link, "/links/lk_", "/operations/op_", 1)).is(200).has("Перевод по ссылке", link)
		p.get("/links").is(200).has("Ждёт получателя", link)
		other.get(link).is(404)
		other.get(link + "/receipt").is(404)
		other.post(link+"/cancel", nil).is(404)
		file := p.get(link + "/receipt").is(200)
		w.browser().post("/receipts/verify", url.Values{"receipt": {file.body}}).is(200).has("Чек настоящий", "150.00 RUB")
		events, stop := p.listen("?link=" + strings.TrimPrefix(link, "/links/"))
		defer stop()
		p.post(link+"/cancel", nil).to(link)
		await(t, events, "Перевод отменён")
		await(t, events, "event: bye")
		p.get(link).is(200).has("Перевод отменён", "Деньги снова на вашем счёте")
		if got := w.balance(p.account); got != 1_000_00 {
			t.Error("back came", got)
		}
		p.post(link+"/cancel", nil).to(link)
		if a, err := ledger.AccountByID(ctx, w.DB, ledger.Transit); err != nil || a.Posted.Minor != 0 {
			t.Error(a.Posted, err)
		}
	})
}

func TestNastyLinks(t *testing.T) {
	each(t, func(w *world) {
		p := w.person(1, 100)
		good := url.Values{"phone": {string(outsider)}, "from": {p.card}, "amount": {"10"}, "message": {""}}
		for name, x := range map[string]struct {
			field, value, says string
		}{
			"no phone":      {"phone", "", ""},
			"letters":       {"phone", "позвони мне", ""},
			"a house":       {"phone", "+74955550123", "российский мобильный"},
			"oneself":       {"phone", string(p.phone), "собственный номер"},
			"nothing":       {"amount", "0", ""},
			"no sum":        {"amount", "", ""},
			"too much":      {"amount", "100000,01", "100 000"},
			"not there":     {"amount", "101", "Не хватает"},
			"a line":        {"message", "a\nb", ""},
			"another order": {"message", "a\u202eb", ""},
		} {
			form := url.Values{}
			for k, v := range good {
				form[k] = v
			}
			form.Set(x.field, x.value)
			got := p.post("/transfer/link", form).is(422)
			if x.says != "" {
				got.has(x.says)
			}
			_ = name
		}
		form := url.Values{"phone": {string(outsider)}, "from": {"cd_zzzzzzzzzzzzzzzzzzzzzzzzzz"}, "amount": {"10"}}
		p.post("/transfer/link", form).is(404)
		p.post("/link/confirm", url.Values{"draft": {"x"}}).to("/transfer/link")
		p.get("/events?link=lk_1").is(404)
		p.get("/links/lk_zzzz").is(404)
	})
}
