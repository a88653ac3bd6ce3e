package cabinet

import (
	"time"

	"rocketbank/internal/base/money"
	"rocketbank/internal/door/ui"
)

// linkGallery is money sent by a link in every state worth a look.
func linkGallery(in ui.Page, cards []ui.Card, say func(ru, en string) string, with func(ui.Page, ...ui.Problem) ui.Page) []exhibit {
	rub := func(r int64) money.Amount { return money.Rub(r * 100) }
	ways := []WayTab{{Href: "/transfer", Label: say("По телефону", "By phone")}, {Href: "/transfer/card", Label: say("На карту", "To a card")}, {Href: "/transfer/link", Label: say("По ссылке", "By a link"), Current: true}}
	form := LinkFormView{Page: in, Ways: ways, Sources: cards, Rule: say("без комиссии", "no fee"), LimitLeft: rub(295000), LimitCap: rub(300000)}
	wrong := form
	wrong.Page, wrong.Phone, wrong.Amount = with(in, ui.Problem{Field: "phone", Text: in.P.T("claim.phone")}), "+7 495 555-01-23", "1 500"
	waits := LinkView{
		Page: in, ID: "lk_06b3wq8s0f6e2v9c4y7n1h5k3m", Phone: "+7 903 555-01-99", From: cards[0], Amount: rub(1500), Fee: rub(0), Total: rub(1500),
		Message: say("с днём рождения", "happy birthday"), State: "waiting", At: in.Now, Until: in.Now.Add(7 * 24 * time.Hour), Fresh: true,
	}
	tried, spent, paying, done, back, over, returned := waits, waits, waits, waits, waits, waits, waits
	tried.Reason = in.P.T("payout.refused.no_such_card")
	spent.Reason, spent.Spent = tried.Reason, true
	paying.State, paying.Way = "paying", "wallet"
	done.State, done.Way, done.DoneAt = "done", "card", in.Now
	back.State, back.DoneAt = "cancelled", in.Now
	over.State, over.DoneAt = "expired", in.Now
	returned.State, returned.Way, returned.DoneAt = "returned", "card", in.Now
	late := tried
	late.Page = with(in, ui.Problem{Text: in.P.T("claim.under_way")})
	to := PayoutTo{Way: "link", Title: waits.Phone}
	quote := Quote{Amount: rub(1500), Fee: rub(0), Total: rub(1500), Left: rub(79045), LimitLeft: rub(295000), LimitCap: rub(300000), Rule: form.Rule}
	confirm := ConfirmView{Page: in, Action: "/link/confirm", Out: &to, From: cards[0], Quote: quote, Message: waits.Message, Hidden: []ui.Hidden{{Name: "draft", Value: "d"}}, BackHref: "/transfer/link?draft=x", Keyed: true}
	return []exhibit{
		{"link-form", LinkFormPage(form), false},
		{"link-form-wrong", LinkFormPage(wrong), false},
		{"link-confirm", ConfirmPage(confirm), false},
		{"link-waiting", LinkPage(waits), false},
		{"link-tried", LinkPage(tried), false},
		{"link-spent", LinkPage(spent), false},
		{"link-late", LinkPage(late), false},
		{"link-paying", LinkPage(paying), false},
		{"link-done", LinkPage(done), false},
		{"link-cancelled", LinkPage(back), false},
		{"link-expired", LinkPage(over), false},
		{"link-returned", LinkPage(returned), false},
		{"link-live", LinkLive(done), true},
		{"links", LinksPage(LinksView{Page: in, Links: []LinkView{waits, paying, done, over}}), false},
		{"links-none", LinksPage(LinksView{Page: in}), false},
		{"not-client-link", NotClientPage(NotClientView{Page: in, Phone: "+79165550199", ShareURL: "https://bank.example", LinkHref: "/transfer/link?draft=x"}), false},
	}
}
