package cabinet

import (
	"strings"
	"time"

	"rocketbank/internal/bank/dispute"
	"rocketbank/internal/base/money"
	"rocketbank/internal/door/ui"
)

// disputeGallery lists the pages of disputes in every state worth a look.
func disputeGallery(in ui.Page, say func(ru, other string) string, with func(ui.Page, ...ui.Problem) ui.Page) []exhibit {
	bought := ui.Operation{Href: "/operations/op_1", Kind: ui.Purchase, Group: "entertainment", Title: say("Кинотеатр «Звезда»", "Zvezda Cinema"), Amount: money.Rub(-500_00), At: in.Now.Add(-50 * time.Hour), Card: say("Основная", "Main")}
	page := OperationView{
		Page: in, Operation: bought, ID: "op_06b3wq8s0f6e2v9c4y7n1h5k3m", Last4: "4821",
		Purchase: &PurchaseView{City: "Moskva", Channel: in.P.T("cabinet.purchase.internet"), Code: "A1B2C3", Steps: []ui.Step{{What: in.P.T("purchase.step.presented"), Sum: money.Rub(500_00), At: bought.At}}},
		Dispute:  &DisputeLine{Href: "/operations/op_1/dispute", Title: in.P.T("cabinet.dispute.open"), Text: in.P.T("cabinet.dispute.open_text")},
	}
	form := NewDisputeView{Page: in, Operation: bought, Promised: in.Now.Add(30 * 24 * time.Hour)}
	wrong := form
	wrong.Page, wrong.Why, wrong.Words = with(in, ui.Problem{Field: "words", Text: in.P.T("dispute.bad_words")}), "other", say("мало", "little")
	open := DisputeView{
		Page: in, ID: "di_06b3wq8s0f6e2v9c4y7n1h5k3m", Operation: bought, Reason: in.P.T("dispute.reason.twice"), State: dispute.Open,
		Made: in.Now.Add(-40 * time.Hour), Changed: in.Now.Add(-40 * time.Hour), Promised: form.Promised,
		Said: []dispute.Said{{By: dispute.ByClient, Text: say("Заплатил один раз,\nа списали два.", "I paid once\nand was charged twice."), At: in.Now.Add(-40 * time.Hour)}},
	}
	asked := open
	asked.State = dispute.NeedsAnswer
	asked.Said = append(asked.Said[:1:1], dispute.Said{By: dispute.ByBank, Text: say("Пришлите номер заказа. ", "Tell us the number of the order. ") + strings.Repeat("ох", 120), At: in.Now.Add(-time.Hour)})
	accepted, refused, withdrawn := asked, asked, open
	credit := money.Rub(500_00)
	accepted.State, accepted.Credit, accepted.CreditHref = dispute.Accepted, &credit, "/operations/op_2"
	refused.State, withdrawn.State, withdrawn.Said = dispute.Refused, dispute.Withdrawn, nil
	lines := []DisputeLine{
		disputeLine(in.P, dispute.Dispute{Reason: dispute.Twice, State: dispute.Open, Promised: form.Promised}, in.Now),
		disputeLine(in.P, dispute.Dispute{Reason: dispute.NotMe, State: dispute.Accepted}, in.Now),
	}
	return []exhibit{
		{"operation-purchase", OperationPage(page), false},
		{"dispute-new", NewDisputePage(form), false},
		{"dispute-new-error", NewDisputePage(wrong), false},
		{"dispute-open", DisputePage(open), false},
		{"dispute-asked", DisputePage(asked), false},
		{"dispute-accepted", DisputePage(accepted), false},
		{"dispute-refused", DisputePage(refused), false},
		{"dispute-withdrawn", DisputePage(withdrawn), false},
		{"disputes", DisputesPage(DisputesView{Page: in, Lines: lines}), false},
		{"disputes-none", DisputesPage(DisputesView{Page: in}), false},
	}
}
