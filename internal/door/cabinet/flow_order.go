package cabinet

import (
	"context"
	"errors"
	"net/http"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/door/web"
)

// errCodeSent is no refusal: the code for the order of a change is on its way,
// and the page that asks for it comes next.
var errCodeSent = fault.New(fault.Invalid, "cabinet.flow.code_sent")

// signsFlow has the order of a change outside any session confirmed: by the key
// of the browser that ends it, or by a code that is sent for exactly this text.
func (d *Door) signsFlow(r *http.Request) access.Signer {
	f := of(r).form
	return func(ctx context.Context, c access.FlowChange, device id.ID, key []byte) (order.Signed, error) {
		if key != nil {
			return d.Orders.Accept(c.Client, c.Order, order.ByDevice(device, key, unbase64(f.Get("signature"))))
		}
		asker := c.Asker(device, web.VisitOf(r).IP)
		asker.Lang = d.page(r).P.Lang()
		if f.Get("code") != "" {
			signed, err := d.Orders.AcceptCode(ctx, asker, c.Order, f.Get("code"))
			return signed, at(err, "code")
		}
		if _, err := d.Orders.SendCode(ctx, asker, c.Order); err != nil && !errors.Is(err, order.ErrResendEarly) {
			return order.Signed{}, at(err, "code")
		}
		return order.Signed{}, errCodeSent
	}
}

// flowOrder is what the page shows of it. The code's field stays as long as a
// code was sent or typed.
func flowOrder(r *http.Request, c access.FlowChange, why error) FlowOrder {
	out := FlowOrder{Text: c.Order.Text}
	if errors.Is(why, errCodeSent) || of(r).form.Get("code") != "" {
		out.Sent = c.To.E164()
	}
	return out
}
