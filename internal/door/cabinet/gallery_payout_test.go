package cabinet

import (
	"time"

	"rocketbank/internal/base/money"
	"rocketbank/internal/door/ui"
)

// payoutGallery is money for other banks in every state worth a look.
func payoutGallery(in ui.Page, cards []ui.Card, say func(ru, en string) string, with func(ui.Page, ...ui.Problem) ui.Page) []exhibit {
	rub := func(r int64) money.Amount { return money.Rub(r * 100) }
	ways := []WayTab{{Href: "/transfer", Label: say("По телефону", "By phone")}, {Href: "/transfer/card", Label: say("На карту", "To a card"), Current: true}}
	to := PayoutTo{Way: "card", Title: "220000••••••4821", Bank: say("Банк Заря", "Zarya Bank")}
	strange := PayoutTo{Way: "card", Title: "555555••••••4444"}
	rule := say("в Банк Заря: 1,5 %, не меньше 30 ₽; 1,9 %, не меньше 50 ₽", "to Zarya Bank: 1.5%, at least ₽30; 1.9%, at least ₽50")
	recent := []PayoutRow{{To: to, Href: "/transfer/card?repeat=po_1"}, {To: strange, Href: "/transfer/card?repeat=po_2"}}
	quote := &Quote{Amount: rub(5000), Fee: rub(75), Total: rub(5075), Left: rub(79045), LimitLeft: rub(295000), LimitCap: rub(300000), Rule: say("в Банк Заря: 1,5 %, не меньше 30 ₽", "to Zarya Bank: 1.5%, at least ₽30")}
	poor := *quote
	poor.Problem = say("Не хватает 340 ₽. Пополните карту или уменьшите сумму.", "You are ₽340 short. Top up your card or send less.")
	form := CardOutView{Page: in, Ways: ways, Rule: rule, Sources: cards[:1], Recent: recent, LimitLeft: rub(295000), LimitCap: rub(300000)}
	known := form
	known.To, known.Card, known.ChangeHref, known.Quote, known.Recent, known.Amount, known.Message = &to, "sealed", "/transfer/card?draft=x", quote, nil, "5 000", say("За ремонт", "For repairs")
	wrong := form
	wrong.Page, wrong.Number = with(in, ui.Problem{Field: "number", Text: in.P.T("payout.card_number")}, ui.Problem{Field: "amount", Text: in.P.T("amount.empty")}), "2200 0000 0000 4822"
	short := known
	short.Page, short.Quote, short.Sources = with(in, ui.Problem{Field: "amount", Text: poor.Problem}), &poor, cards
	again := form
	again.Again, again.Amount = to.Title, "5 000"
	confirm := ConfirmView{Page: in, Action: "/payout/confirm", Out: &to, From: cards[0], Quote: *quote, Message: known.Message, Hidden: []ui.Hidden{{Name: "draft", Value: "d"}}, BackHref: "/transfer/card?draft=x", Keyed: true, Passkeys: true}
	late := confirm
	late.Late, late.Out = true, &strange
	done := PayoutView{Page: in, ID: "po_06b3wq8s0f6e2v9c4y7n1h5k3m", State: PayoutDone, Fresh: true, To: to, From: cards[0], Amount: rub(5000), Fee: rub(75), Total: rub(5075), Message: known.Message, Reference: "632811000017", At: in.Now, DoneAt: in.Now, RepeatHref: "/transfer/card?repeat=po_1", SignedHref: "/payouts/po_1/receipt"}
	checking := done
	checking.State, checking.Reference, checking.DoneAt = PayoutChecking, "", time.Time{}
	refused := done
	refused.State, refused.Reason = PayoutRefused, in.P.T("payout.refused.no_such_card")
	returned := done
	returned.State = PayoutReturned
	op := OperationView{Page: in, Operation: ui.Operation{Href: "/operations/op_1", Kind: ui.PayoutOut, State: ui.Pending, Title: say("На карту •• 4821", "To card •• 4821"), Note: to.Bank, Amount: rub(-5075), At: in.Now}, ID: "op_06b3wq8s0f6e2v9c4y7n1h5k3m", Out: &to, Fee: &quote.Fee, ReceiptHref: "/payouts/po_1"}
	back := op
	back.Operation.Kind, back.Operation.State, back.Operation.Amount, back.Fee = ui.PayoutBack, ui.Done, rub(5000), nil
	return []exhibit{
		{"card-out", CardOutPage(form), false},
		{"card-out-known", CardOutPage(known), false},
		{"card-out-wrong", CardOutPage(wrong), false},
		{"card-out-short", CardOutPage(short), false},
		{"card-out-again", CardOutPage(again), false},
		{"card-out-quote", OutQuotePanel(OutQuoteView{Page: in, To: &to, Quote: quote, Rule: rule}), true},
		{"card-out-problem", OutQuotePanel(OutQuoteView{Page: in, Problem: in.P.T("amount.invalid"), Rule: rule, LimitLeft: rub(295000), LimitCap: rub(300000)}), true},
		{"payout-confirm", ConfirmPage(confirm), false},
		{"payout-confirm-late", ConfirmPage(late), false},
		{"payout-done", PayoutPage(done), false},
		{"payout-checking", PayoutPage(checking), false},
		{"payout-refused", PayoutPage(refused), false},
		{"payout-returned", PayoutPage(returned), false},
		{"payout-live", PayoutLive(done), true},
		{"payout-operation", OperationPage(op), false},
		{"payout-returned-operation", OperationPage(back), false},
		{"recipient-ways", RecipientPage(RecipientView{Page: in, LookupsLeft: -1, Ways: []WayTab{{Href: "/transfer", Label: ways[0].Label, Current: true}, {Href: "/transfer/card", Label: ways[1].Label}}, Cards: recent}), false},
		{"payments-cards", PaymentsPage(PaymentsView{Page: in, ToCards: true}), false},
	}
}
