package cabinet

import (
	"errors"
	"net/http"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// getLanding is for strangers; who is inside, or opens the installed app on a
// device of his, goes on to his money.
func (d *Door) getLanding(w http.ResponseWriter, r *http.Request) error {
	if of(r).inside || r.URL.Query().Get("src") == "pwa" && web.Cookie(r, deviceCookie) != "" {
		return seeOther(w, r, "/home")
	}
	return d.render(w, r, http.StatusOK, LandingPage(LandingView{Page: d.shown(w, r)}))
}

func (d *Door) getOrder(w http.ResponseWriter, r *http.Request) error {
	if of(r).inside {
		return seeOther(w, r, "/home")
	}
	return d.render(w, r, http.StatusOK, OrderPage(OrderView{Page: d.shown(w, r)}))
}

func (d *Door) postOrder(w http.ResponseWriter, r *http.Request) error {
	f := of(r).form
	v := OrderView{Page: d.page(r), Phone: f.Get("phone"), Name: f.Get("name"), BirthDate: f.Get("birth_date")}
	err := errors.Join(f.Faults()...)
	var flow access.Flow
	if err == nil {
		flow, err = d.Applications.Start(r.Context(), application.Form{Phone: v.Phone, Name: v.Name, BirthDate: v.BirthDate, Lang: v.Lang}, visitorOf(r))
	}
	if err == nil {
		d.keepFlow(w, flow)
		return seeOther(w, r, "/order/code")
	}
	if !onForm(err) {
		return err
	}
	if f, ok := fault.As(err); ok && f.Field == "" && f.Code == fault.Throttled {
		err = f.At("phone")
	}
	var broken error
	if v.Errors, broken = explain(v.P, err); broken != nil {
		return broken
	}
	return d.render(w, r, web.Status(err), OrderPage(v))
}

func (d *Door) getOrderPasscode(w http.ResponseWriter, r *http.Request) error {
	if _, err := d.flowAt(r, access.AtNewPasscode); err != nil {
		return d.strayed(w, r, err, "/order")
	}
	return d.render(w, r, http.StatusOK, PasscodeSetPage(PasscodeSetView{Page: d.shown(w, r)}))
}

// postOrderPasscode makes the newcomer a client. A second tap gets the same
// client, so it may go on as if it were the first.
func (d *Door) postOrderPasscode(w http.ResponseWriter, r *http.Request) error {
	f := of(r).form
	err := errors.Join(f.Faults()...)
	var done application.Done
	if err == nil {
		done, err = d.Applications.Finish(r.Context(), web.Cookie(r, flowCookie), f.Get("passcode"), f.Get("repeat"), visitorOf(r))
	}
	switch {
	case err == nil:
		if err := d.letIn(w, r, done.Entry); err != nil {
			return err
		}
		return seeOther(w, r, "/order/done")
	case errors.Is(err, access.ErrNoFlow), errors.Is(err, access.ErrStep):
		return d.strayed(w, r, err, "/order")
	case !onForm(err):
		return err
	}
	v := PasscodeSetView{Page: d.page(r)}
	var broken error
	if v.Errors, broken = explain(v.P, err); broken != nil {
		return broken
	}
	return d.render(w, r, web.Status(err), PasscodeSetPage(v))
}

func (d *Door) getOrderDone(w http.ResponseWriter, r *http.Request) error {
	cards, err := d.cards(r)
	if err != nil {
		return err
	}
	v := OrderDoneView{Page: d.shown(w, r)}
	if len(cards) > 0 {
		v.Card = cards[0].shown
	} else {
		v.Card = ui.Card{}
	}
	return d.render(w, r, http.StatusOK, OrderDonePage(v))
}
