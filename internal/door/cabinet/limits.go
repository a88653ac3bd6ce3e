package cabinet

import (
	"net/http"

	"rocketbank/internal/bank/limit"
)

// getLimits tells what may still be moved, and which caps are narrower for this
// client or this device, and why.
func (d *Door) getLimits(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	left, err := d.Limits.Left(r.Context(), c.session.Client, c.session.Standing)
	if err != nil {
		return err
	}
	v := LimitsView{
		Page: d.shown(w, r), One: left.OneTransfer, Day: Meter(left.OutgoingDay), Month: Meter(left.OutgoingMonth), TopUp: Meter(left.TopUpDay), Resets: left.Resets, Renews: left.Renews,
	}
	v.Caps = shownCaps(left)
	return d.render(w, r, http.StatusOK, LimitsPage(v))
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
