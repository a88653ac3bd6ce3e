package cabinet

import (
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/money"
	"rocketbank/internal/door/ui"
)

// limitGallery lists the pages of limits in every state worth a look.
func limitGallery(in ui.Page, with func(ui.Page, ...ui.Problem) ui.Page) []exhibit {
	meter := func(left, most int64) Meter { return Meter{money.Rub(left * 100), money.Rub(most * 100)} }
	day := meter(11_500, 15_000)
	v := LimitsView{
		Page: in, One: money.Rub(100_000_00), Day: meter(295_000, 300_000), Month: meter(1_320_000, 1_500_000), TopUp: meter(150_000, 150_000),
		Resets: in.Now.Add(10 * time.Hour), Renews: in.Now.Add(200 * time.Hour), Own: OwnLimits{Delay: 24},
	}
	own := v
	own.One, own.Day, own.Caps = money.Rub(10_000_00), meter(4_500, 30_000), []LimitCap{{Why: "scriptless", Day: &day}, {Why: "own", Day: &day}}
	own.Own = OwnLimits{One: "10 000", Day: "30 000", Delay: 24, Until: in.Now.Add(24 * time.Hour), Next: capLines(in, client.Caps{One: money.Rub(50_000_00)})}
	wrong := own
	wrong.Page = with(in, ui.Problem{Field: "own_day", Text: in.P.T("amount.not_positive")})
	order := LimitsOrderView{Page: in, Offer: "offer", Order: "rocketbank order 2\norder: or_1\n", Next: own.Own.Next, Delay: 24, Keyed: true, Passkeys: true, Phone: "+79165550101"}
	code := order
	code.Keyed, code.Passkeys, code.CodeSent = false, false, true
	return []exhibit{
		{"limits-own-none", LimitsPage(v), false},
		{"limits-own", LimitsPage(own), false},
		{"limits-own-error", LimitsPage(wrong), false},
		{"limits-order", LimitsOrderPage(order), false},
		{"limits-order-code", LimitsOrderPage(code), false},
	}
}
