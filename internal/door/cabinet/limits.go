package cabinet

import (
	"net/http"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/door/ui"
)

// getLimits tells what may still be moved, and which caps are narrower for this
// client or this device, and why.
func (d *Door) getLimits(w http.ResponseWriter, r *http.Request) error {
	own, err := d.OwnLimits.Of(r.Context(), of(r).session.Client)
	if err != nil {
		return err
	}
	now := own.At(d.DB.Now())
	p := d.shown(w, r)
	typed := func(a money.Amount) string {
		if a.Cur == 0 {
			return ""
		}
		return p.P.MoneyInput(a)
	}
	return d.renderLimits(w, r, http.StatusOK, p, own, OwnLimits{One: typed(now.One), Day: typed(now.Day), Month: typed(now.Month)})
}

func (d *Door) renderLimits(w http.ResponseWriter, r *http.Request, status int, p ui.Page, own client.OwnCaps, typed OwnLimits) error {
	c := of(r)
	left, err := d.Limits.Left(r.Context(), c.session.Client, c.session.Standing)
	if err != nil {
		return err
	}
	v := LimitsView{
		Page: p, One: left.OneTransfer, Day: Meter(left.OutgoingDay), Month: Meter(left.OutgoingMonth), TopUp: Meter(left.TopUpDay),
		Resets: left.Resets, Renews: left.Renews, Caps: shownCaps(left), Own: typed,
	}
	if one := c.session.Standing.Own.One; one.Cur != 0 {
		v.One = one
	}
	v.Own.Delay = int(d.OwnLimits.Delay().Hours())
	if own.Waits(d.DB.Now()) {
		v.Own.Next, v.Own.Until = capLines(p, own.Next), own.From
	}
	return d.render(w, r, status, LimitsPage(v))
}

// capLines says a client's own limits in words, one line each.
func capLines(p ui.Page, c client.Caps) []string {
	var out []string
	for _, l := range []struct {
		key string
		sum money.Amount
	}{{"one", c.One}, {"day", c.Day}, {"month", c.Month}} {
		what := p.P.T("cabinet.limits.own_none")
		if l.sum.Cur != 0 {
			what = p.P.MoneyShort(l.sum)
		}
		out = append(out, p.P.T("cabinet.limits.own_line", locale.A("name", p.P.T("cabinet.limits.own_"+l.key)), locale.A("sum", what)))
	}
	return out
}

func shownCaps(left limit.Left) []LimitCap {
	var out []LimitCap
	for _, x := range left.Caps {
		k := LimitCap{Why: string(x.Why), Until: x.Until}
		if x.Order.Cur != 0 {
			k.Order = &x.Order
		}
		if x.Day.Cap.Cur != 0 {
			m := Meter(x.Day)
			k.Day = &m
		}
		out = append(out, k)
	}
	return out
}
