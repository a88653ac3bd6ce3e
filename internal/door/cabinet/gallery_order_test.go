package cabinet

import (
	"time"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/door/ui"
)

// orderGallery is the way to a card in every state worth a look.
func orderGallery(out, in ui.Page, say func(ru, en string) string, with func(ui.Page, ...ui.Problem) ui.Page) []exhibit {
	now := out.Now
	quest := func(p ui.Page, at QuestPage, done ...QuestPage) QuestView {
		v := QuestView{Page: p, At: at, Born: "17.05.1990", Done: map[QuestPage]bool{QuestPhone: true}}
		for _, d := range done {
			v.Done[d] = true
		}
		return v
	}
	person := Typed{"last": say("Соколова", "Sokolova"), "first": say("Анна", "Anna"), "middle": say("Петровна", ""), "birth_date": "17.05.1990", "email": "anna@example.com"}
	passport := Typed{"series": "4510", "number": "123456", "department": "770-001", "issued_on": "20.05.2010", "issued_by": say("ОВД района Замоскворечье г. Москвы", "OVD Zamoskvorechye, Moscow"), "birth_place": say("г. Москва", "Moscow")}
	address := Typed{"post_code": "119017", "region": "77", "city": say("Москва", "Moscow"), "street": say("Большая Ордынка", "Bolshaya Ordynka"), "house": "17", "flat": "5", "way": "courier", "wish": ""}
	regions := []ui.Choice{{Value: "77", Label: say("Москва", "Moscow")}, {Value: "25", Label: say("Приморский край", "Primorsky Krai")}}
	shots := []Shot{
		{Page: "main", Thumb: "/order/scans/main?1"},
		{Page: "registration", Thumb: "/order/scans/registration?2", Trouble: say("Фото размыто. Положите паспорт на стол у окна и снимите ещё раз.", "The photo is blurred. Put the passport on a table by a window and take it again.")},
	}
	none := []Shot{{Page: "main"}, {Page: "registration"}}
	bad := []Shot{{Page: "main", Problem: say("Такой файл мы не открываем. Подойдут фото JPEG, PNG, HEIC или PDF.", "We cannot open this kind of file.")}, {Page: "registration", Problem: "…"}}
	again := []Shot{{Page: "main", Thumb: "/order/scans/main?1", Kept: true}, {Page: "registration", Ask: say("Виден не весь штамп.", "The stamp is cut off.")}}
	consents := []Consent{
		{Kind: "terms", Text: say("Принимаю условия договора и электронной подписи.", "I accept the terms."), Version: now, Needed: true, Given: true},
		{Kind: "personal_data", Text: say("Разрешаю обработать мои персональные данные для открытия счёта.", "You may process my data."), Version: now, Needed: true},
		{Kind: "marketing", Text: say("Хочу получать предложения.", "Send me offers."), Version: now},
	}
	all := []QuestPage{QuestPerson, QuestPassport, QuestAddress, QuestScans, QuestWord}
	parts := []CheckPart{
		{QuestPerson, []Fact{{say("Имя", "Name"), say("Соколова Анна Петровна", "Sokolova Anna")}, {say("Почта", "Mail"), ""}}, true},
		{QuestPassport, []Fact{{say("Серия и номер", "Number"), "4510 123456"}, {say("Кем выдан", "Issued by"), passport["issued_by"]}}, true},
		{QuestAddress, []Fact{{say("Адрес", "Address"), say("119017, Москва, Большая Ордынка, 17, 5", "119017, Moscow")}}, true},
		{QuestScans, []Fact{{say("загружены", "uploaded"), say("Разворот с фотографией", "Spread")}}, true},
		{QuestWord, []Fact{{say("Кодовое слово", "Code word"), say("выбрано", "chosen")}}, true},
	}
	status := func(p ui.Page, state string) StatusView {
		return StatusView{Page: p, ID: "ap_06b3wq8s0f6e2v9c4y7n1h5k3m", State: state, Promised: now.Add(4 * time.Hour), Zone: clock.Moscow, Submitted: now.Add(-time.Hour), MayLeave: true}
	}
	waits, called, retake := status(out, "submitted"), status(out, "call_due"), status(out, "retake")
	called.Phrase, called.NoAnswers, called.Courier = say("синий якорь 42", "синий якорь 42"), 2, true
	retake.Retakes = again[1:]
	wished := status(out, "call_due")
	wished.CallAt = now.Add(26 * time.Hour)
	refused := status(out, "refused")
	refused.Reason, refused.MayLeave = say("Не смогли подтвердить данные по документам.", "We could not confirm the data."), false
	approved, old := status(out, "approved"), status(in, "approved")
	approved.Courier, old.Old = true, true
	p := locale.For(out.Lang)
	papers := PapersView{
		Page: in, State: "asked", Keyed: true, Passkeys: true, ID: "or_1", Order: "rocketbank order 2\norder: or_1\n", Phone: "+79165550123",
		Lines: []VerifyLine{{say("Фамилия", "Family name"), say("Соболева", "Soboleva")}, {say("Кем выдан", "Issued by"), passport["issued_by"]}}, Shots: none,
	}
	papersBad, papersCode, papersGiven := papers, papers, papers
	papersBad.Page, papersBad.Shots = with(in, ui.Problem{Field: "file_main", Text: bad[0].Problem}), bad
	papersCode.Keyed, papersCode.CodeSent, papersCode.Shots = false, true, shots
	papersGiven.State, papersGiven.Shots = "given", nil
	return []exhibit{
		{"papers", PapersPage(papers), false},
		{"papers-errors", PapersPage(papersBad), false},
		{"papers-code", PapersPage(papersCode), false},
		{"papers-given", PapersPage(papersGiven), false},
		{"papers-none", PapersPage(PapersView{Page: in}), false},
		{"landing", LandingPage(LandingView{Page: out}), false},
		{"landing-ordered", LandingPage(LandingView{Page: out, Ordered: true}), false},
		{"order", OrderPage(OrderView{QuestView: quest(out, QuestPhone)}), false},
		{"order-errors", OrderPage(OrderView{QuestView: quest(with(out, ui.Problem{Field: "phone", Text: p.T("phone.short")}), QuestPhone), Phone: "+7 916 55"}), false},
		{"order-person", PersonPage(PersonView{quest(out, QuestPerson), Typed{}}), false},
		{"order-person-errors", PersonPage(PersonView{quest(with(out, ui.Problem{Field: "last", Text: p.T("cabinet.bad.letters")}, ui.Problem{Field: "birth_date", Text: p.T("cabinet.bad.young")}, ui.Problem{Field: "email", Text: p.T("cabinet.bad.email")}), QuestPerson), person}), false},
		{"order-person-old", PersonPage(PersonView{quest(in, QuestPerson), person}), false},
		{"order-passport", PassportPage(PassportView{quest(out, QuestPassport, QuestPerson), passport}), false},
		{"order-passport-expired", PassportPage(PassportView{quest(with(out, ui.Problem{Field: "issued_on", Text: p.T("cabinet.bad.expired")}), QuestPassport, QuestPerson), passport}), false},
		{"order-address", AddressPage(AddressView{quest(out, QuestAddress, QuestPerson, QuestPassport), address, regions}), false},
		{"order-address-errors", AddressPage(AddressView{quest(with(out, ui.Problem{Field: "region", Text: "…"}, ui.Problem{Field: "way", Text: "…"}), QuestAddress, QuestPerson, QuestPassport), Typed{}, regions}), false},
		{"order-scans", ScansPage(ScansView{QuestView: quest(out, QuestScans, all[:3]...), Shots: none}), false},
		{"order-scans-have", ScansPage(ScansView{QuestView: quest(out, QuestScans, all[:3]...), Shots: shots}), false},
		{"order-scans-errors", ScansPage(ScansView{QuestView: quest(with(out, ui.Problem{Field: "file_main", Text: bad[0].Problem}), QuestScans, all[:3]...), Shots: bad}), false},
		{"order-scans-retake", ScansPage(ScansView{QuestView: quest(out, QuestScans, all...), Shots: again, Retaking: true}), false},
		{"order-word", WordPage(WordView{QuestView: quest(out, QuestWord, all[:4]...), Consents: consents}), false},
		{"order-word-errors", WordPage(WordView{QuestView: quest(with(out, ui.Problem{Field: "code_word", Text: p.T("cabinet.bad.word")}, ui.Problem{Field: "consent_personal_data", Text: "…"}), QuestWord, all[:4]...), Consents: consents, Have: true}), false},
		{"order-check", CheckPage(CheckView{QuestView: quest(out, QuestCheck, all...), Parts: parts, Ready: true}), false},
		{"order-status", StatusPage(waits), false},
		{"order-status-call", StatusPage(called), false},
		{"order-status-wished", StatusPage(wished), false},
		{"order-status-retake", StatusPage(retake), false},
		{"order-status-approved", StatusPage(approved), false},
		{"order-status-approved-old", StatusPage(old), false},
		{"order-status-refused", StatusPage(refused), false},
		{"order-status-withdrawn", StatusPage(StatusView{Page: out, ID: waits.ID, State: "withdrawn", Zone: clock.Moscow}), false},
		{"order-withdraw", WithdrawPage(WithdrawView{out}), false},
		{"order-passcode", FirstLoginPage(FirstLoginView{Page: out, Flow: "fl_1"}), false},
		{"order-passcode-wrong", FirstLoginPage(FirstLoginView{Page: with(out, ui.Problem{Field: "code_word", Text: "…"}, ui.Problem{Field: "passcode", Text: say("Такой код легко угадать. Придумайте другой.", "That one is easy to guess. Choose another.")}), Flow: "fl_1"}), false},
	}
}
