package cabinet

import (
	"time"

	"rocketbank/internal/door/ui"
)

// purchaseGallery is a purchase in the internet that waits for its holder, in
// every state worth a look.
func purchaseGallery(in ui.Page, home HomeView, say func(ru, en string) string, with func(ui.Page, ...ui.Problem) ui.Page) []exhibit {
	now := in.Now
	ask := PurchaseAsk{
		ID: "au_06b3wq8s0f6e2v9c4y7n1h5k3m", Href: "/purchases/au_06b3wq8s0f6e2v9c4y7n1h5k3m", Shop: "KNIZHNY MIR", Sum: say("4\u00a0990\u00a0₽", "₽4,990"),
		Card: "••\u00a04821", At: now.Add(-time.Minute), Left: 9*time.Minute + 12*time.Second,
	}
	keeps := ask
	keeps.ID, keeps.Shop, keeps.Sum = "au_2", say("Подписка на очень длинное название журнала о книгах", "A subscription with a very long name"), ""
	waits := AskedView{Page: in, Ask: ask, Fate: "waits", Order: "rocketbank order 2\norder: or_1\n", Keyed: true, Passkeys: true, Phone: "+79165550123"}
	code := waits
	code.Keyed, code.Passkeys = false, false
	sent := code
	sent.Page, sent.CodeSent = with(in, ui.Problem{Field: "code", Text: say("Код не подошёл, деньги на месте. Осталось попыток: 4.", "The code is wrong, your money is safe. Tries left: 4.")}), true
	keeping := waits
	keeping.Ask = keeps
	over := func(fate string, frozen bool) AskedView {
		return AskedView{Page: in, Ask: ask, Fate: fate, Frozen: frozen}
	}
	asking := home
	asking.Purchases = []PurchaseAsk{ask, keeps}
	hidden := asking
	hidden.SumsHidden = true
	return []exhibit{
		{"home-asks", HomePage(asking), false},
		{"home-asks-hidden", HomePage(hidden), false},
		{"home-asks-live", HomeLive(asking), true},
		{"purchase", AskedPage(waits), false},
		{"purchase-plain", AskedPage(code), false},
		{"purchase-code", AskedPage(sent), false},
		{"purchase-keeps", AskedPage(keeping), false},
		{"purchase-approved", AskedPage(over("approved", false)), false},
		{"purchase-refused", AskedPage(over("refused", false)), false},
		{"purchase-denied", AskedPage(over("refused", true)), false},
		{"purchase-expired", AskedPage(over("expired", false)), false},
	}
}
