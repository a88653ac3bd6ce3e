package cabinet

import (
	"time"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/door/ui"
)

// cardGallery are the pages of the client's cards.
func cardGallery(in ui.Page, cards []ui.Card, feed []ui.Operation, say func(ru, en string) string, with func(ui.Page, ...ui.Problem) ui.Page) []exhibit {
	at := func(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 5, 0, 0, clock.Moscow) }
	main, trip, paused := cards[0], cards[1], cards[2]
	plastic := ui.Card{ID: "cd_4", Href: "/cards/cd_4", Name: say("Пластик для поездок и дальних дорог", "Plastic for long journeys and far roads"), Last4: "1177", Balance: main.Balance, Art: ui.Mint, State: ui.CardWaiting}
	frozen, dead := trip, main
	frozen.State, dead.State = ui.CardFrozen, ui.CardDead
	words := func(s card.State) string { return in.P.T("card.state." + s.Word()) }
	works := CardView{
		Page: in, Card: main, Main: true, Status: card.Active, State: words(card.Active), Holder: "ANNA SOKOLOVA", FirstSix: "550000", Expires: "11/30",
		Art: "night", Operations: feed[:5],
	}
	cold, stopped, bank, away, over, block, sleeping := works, works, works, works, works, works, works
	cold.Card, cold.Main, cold.Status, cold.FrozenBy, cold.FrozenAt, cold.Operations = frozen, false, card.Frozen, card.ByClient, at(21, 14), nil
	stopped.Status, stopped.FrozenBy, stopped.FrozenAt, stopped.Card = card.Frozen, card.ByNotMe, at(22, 9), frozen
	bank.Status, bank.FrozenBy, bank.FrozenAt, bank.Card = card.Frozen, card.ByBank, at(20, 11), frozen
	way := Delivery{Address: say("Москва, Мясницкая ул., 12, кв. 34", "12 Myasnitskaya, Moscow, flat 34"), Wish: say("Позвоните за час", "Call an hour before"), Steps: []DeliveryStep{
		{What: in.P.T("card.delivery.ordered"), At: at(19, 10), Done: true}, {What: in.P.T("card.delivery.made"), At: at(20, 12), Done: true},
		{What: in.P.T("card.delivery.with_courier"), Next: true}, {What: in.P.T("card.delivery.handed_over")}, {What: in.P.T("card.delivery.activated")},
	}}
	away.Card, away.Status, away.State, away.Delivery, away.Main, away.Operations = plastic, card.NotActivated, words(card.NotActivated), &way, false, nil
	near := way
	near.InHands = true
	here := away
	here.Delivery = &near
	over.Card, over.Status, over.State, over.Ended, over.Over = dead, card.Closed, words(card.Closed), at(18, 16), true
	block.Card, block.Status, block.State, block.Ended, block.Heir = dead, card.Blocked, words(card.Blocked), at(18, 16), trip
	sleeping.Card, sleeping.Status, sleeping.Until = paused, card.Suspended, at(30, 0)
	pin := works
	pin.Card, pin.PINSet, pin.PINBlocked = plastic, true, true
	pin.Card.State = ui.CardActive
	looks := works
	looks.Page, looks.Looks, looks.Main = with(in, ui.Problem{Field: "name", Text: in.P.T("card.bad_name")}), true, false
	refused := works
	refused.Page = with(in, ui.Problem{Text: in.P.T("card.bank_froze")})
	fails := []string{"Кинотеатр «Звезда»", "Music Cloud"}
	bad := with(in, ui.Problem{Field: "passcode", Text: say("Код не подошёл. Осталось 2 попытки.", "Wrong passcode. 2 tries left.")})
	shown := RequisitesView{Page: in, Card: main, Virtual: true, Dynamic: true, Number: "5500000123454821", Expires: "11/30", CVC: "123", Holder: "ANNA SOKOLOVA", CVCUntil: at(22, 15)}
	first, last := card.SuspendSpan(at(22, 14))
	pause := SuspendView{Page: in, Card: main, First: first, Last: last, Fails: fails, Offers: []DayOffer{
		{"2026-11-29", say("На неделю, до 29 ноября", "For a week, until 29 November")}, {"2026-12-22", say("На месяц, до 22 декабря", "For a month, until 22 December")},
	}}
	awake := pause
	awake.Until = at(30, 0)
	never := pause
	never.Never = in.P.T("cabinet.cards.frozen_anyway")
	late := pause
	late.Page, late.Typed = with(in, ui.Problem{Field: "until", Text: in.P.T("card.bad_until")}), "2027-11-30"
	return []exhibit{
		{"cards", CardsPage(CardsView{Page: in, Cards: []CardRow{{main, words(card.Active), true}, {frozen, words(card.Frozen), false}, {plastic, words(card.NotActivated), false}},
			Dead: []CardRow{{dead, words(card.Closed), false}}}), false},
		{"cards-none", CardsPage(CardsView{Page: in}), false},
		{"card", CardPage(works), false},
		{"card-frozen", CardPage(cold), false},
		{"card-frozen-not-me", CardPage(stopped), false},
		{"card-frozen-bank", CardPage(bank), false},
		{"card-paused", CardPage(sleeping), false},
		{"card-delivery", CardPage(away), false},
		{"card-in-hands", CardPage(here), false},
		{"card-closed", CardPage(over), false},
		{"card-replaced", CardPage(block), false},
		{"card-pin-blocked", CardPage(pin), false},
		{"card-look", CardPage(looks), false},
		{"card-refused", CardPage(refused), false},
		{"card-new", NewCardPage(NewCardView{Page: in, Key: "k", Art: "night", Use: useAny}), false},
		{"card-new-errors", NewCardPage(NewCardView{Page: with(in, ui.Problem{Field: "name", Text: in.P.T("card.bad_name")}, ui.Problem{Field: "ceiling", Text: in.P.T("amount.invalid")}),
			Key: "k", Art: "mint", Use: useMerchant, Merchant: "Music Cloud", Ceiling: "много", Dynamic: true}), false},
		{"card-new-plastic", NewCardPage(NewCardView{Page: in, Plastic: true, Key: "k", Art: "flame"}), false},
		{"card-new-plastic-errors", NewCardPage(NewCardView{Page: with(in, ui.Problem{Field: "address", Text: in.P.T("card.bad_place")}), Plastic: true, Key: "k", Address: "Москва"}), false},
		{"requisites", RequisitesPage(RequisitesView{Page: in, Card: main, Virtual: true, Passkeys: true}), false},
		{"requisites-wrong", RequisitesPage(RequisitesView{Page: bad, Card: main, Virtual: true, Dynamic: true}), false},
		{"requisites-shown", RequisitesPage(shown), false},
		{"requisites-never", RequisitesPage(RequisitesView{Page: in, Card: plastic, Never: in.P.T("card.not_shown")}), false},
		{"pin", PINPage(PINView{Page: in, Card: plastic, Passkeys: true}), false},
		{"pin-weak", PINPage(PINView{Page: with(in, ui.Problem{Field: "pin", Text: in.P.T("card.pin_weak")}), Card: plastic, Set: true}), false},
		{"pin-blocked", PINPage(PINView{Page: in, Card: plastic, Set: true, Blocked: true}), false},
		{"pin-unblock", PINPage(PINView{Page: in, Card: plastic, Set: true, Blocked: true, Unblock: true}), false},
		{"pin-never", PINPage(PINView{Page: in, Card: main, Never: in.P.T("card.virtual_pin")}), false},
		{"activate", ActivatePage(ActivateView{Page: in, Card: plastic, Passkeys: true}), false},
		{"activate-not-yet", ActivatePage(ActivateView{Page: in, Card: plastic, Never: in.P.T("card.not_in_hands")}), false},
		{"suspend", SuspendPage(pause), false},
		{"suspend-error", SuspendPage(late), false},
		{"suspended", SuspendPage(awake), false},
		{"suspend-never", SuspendPage(never), false},
		{"reissue", ReissuePage(ReissueView{Page: in, Card: main, Key: "k", Fails: fails}), false},
		{"reissue-plastic", ReissuePage(ReissueView{Page: with(in, ui.Problem{Field: "why", Text: in.P.T("card.bad_why")}), Card: plastic, Plastic: true, Key: "k", Why: "worn", Address: way.Address}), false},
		{"reissue-never", ReissuePage(ReissueView{Page: in, Card: dead, Never: in.P.T("card.replaced")}), false},
		{"close", ClosePage(CloseView{Page: in, Card: main, Last: true, CanPause: true, Fails: fails}), false},
		{"close-holds", ClosePage(CloseView{Page: with(in, ui.Problem{Text: say("Незавершённых операций по карте: 2. Закрыть её можно после них.", "Unfinished operations of the card: 2.")}), Card: main}), false},
	}
}
