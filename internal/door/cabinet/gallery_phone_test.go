package cabinet

import (
	"rocketbank/internal/base/money"
	"rocketbank/internal/door/ui"
)

// phoneGallery is money for other banks by phone, in every state worth a look.
func phoneGallery(in ui.Page, cards []ui.Card, say func(ru, en string) string, with func(ui.Page, ...ui.Problem) ui.Page) []exhibit {
	rub := func(r int64) money.Amount { return money.Rub(r * 100) }
	bank := func(id, ru, en string) Bank { return Bank{ID: id, Name: say(ru, en)} }
	preferred := bank("1", "Банк Заря", "Zarya Bank")
	down := bank("9", "Закрытый Банк", "Closed Bank")
	down.Down = true
	all := []Bank{bank("2", "Банк Лукошко", "Basket Bank"), bank("3", "Медный Грош", "Copper Penny"), bank("4", "Синий Кит", "Blue Whale"), down}
	list := BanksView{Page: in, Phone: "+79165559923", Draft: "sealed", Long: true, Preferred: &preferred, Banks: all}
	none := list
	none.Search, none.Banks, none.Preferred = say("Юпитер", "Jupiter"), nil, nil
	nobody := list
	nobody.Page, nobody.Preferred = with(in, ui.Problem{Field: "bank", Text: in.P.T("receiver.nobody")}), nil
	silent := BanksView{Page: with(in, ui.Problem{Text: in.P.T("receiver.down")}), Phone: list.Phone, Draft: "sealed"}
	to := &PayoutTo{Way: "phone", Title: "+7 916 ••• ••-23", Name: say("Иван Петрович С.", "Ivan Petrovich S."), Bank: preferred.Name}
	rule := say("бесплатно до 100 000 ₽ в месяц, дальше 0,5 %, не больше 1 500 ₽", "free up to ₽100,000 a month, then 0.5%, at most ₽1,500")
	form := PhoneOutView{
		Page: in, To: to, Token: "sealed", Phone: list.Phone, Sources: cards[:1], Rule: rule, LimitLeft: rub(295000), LimitCap: rub(300000),
		Free: rub(42000), FreeOf: rub(100000), ChangeHref: "/transfer/bank?draft=x",
	}
	priced := form
	priced.Amount, priced.Message = "5 000", say("За ужин", "For dinner")
	priced.Quote = &Quote{Amount: rub(5000), Total: rub(5000), Left: rub(79120), LimitLeft: rub(290000), LimitCap: rub(300000), Rule: rule}
	wrong := form
	wrong.Page, wrong.Sources = with(in, ui.Problem{Field: "amount", Text: in.P.T("amount.empty")}), cards
	return []exhibit{
		{"banks", BanksPage(list), false},
		{"banks-none", BanksPage(none), false},
		{"banks-nobody", BanksPage(nobody), false},
		{"banks-silent", BanksPage(silent), false},
		{"phone-out", PhoneOutPage(form), false},
		{"phone-out-priced", PhoneOutPage(priced), false},
		{"phone-out-wrong", PhoneOutPage(wrong), false},
	}
}
