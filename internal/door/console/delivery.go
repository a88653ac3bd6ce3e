package console

import (
	"context"
	"errors"
	"net/http"
	"time"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/staff"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// deliveryRoutes are the pages of those who see to it that plastic reaches its
// owner. The table of routes appends them.
func (d *Door) deliveryRoutes() []route {
	return []route{
		{method: get, path: "/deliveries", who: member, roles: staff.CardOfficer, serve: d.getDeliveries},
		{method: get, path: "/deliveries/{uid}/{card}", who: member, roles: staff.CardOfficer, serve: d.getDelivery},
		{method: post, path: "/deliveries/{uid}/{card}", who: member, roles: staff.CardOfficer, serve: d.postDelivery},
		{method: post, path: "/deliveries/{uid}/{card}/open", who: member, roles: staff.CardOfficer, serve: d.postOpenDelivery},
	}
}

// deliveryStates are the queues, in the order a card passes them.
func deliveryStates() []card.DeliveryState {
	return []card.DeliveryState{card.Ordered, card.Made, card.WithCourier, card.HandedOver}
}

// DeliveriesView is the queue of one state.
type DeliveriesView struct {
	Page
	State card.DeliveryState
	Lines []DeliveryLine // the longest waiting first
	Next  string         // the key of the page's last line; empty: nothing follows
}

// DeliveryLine is one plastic card on its way.
type DeliveryLine struct {
	Path, UID, Masked, Last4 string
	State                    card.DeliveryState
	Since                    string // when it came to this state
	Ordered                  string
}

// DeliveryView is one delivery: where it stands, what can be done, and, opened
// by a look, where it goes.
type DeliveryView struct {
	Page
	Line   DeliveryLine
	Steps  []ui.Step
	Dead   bool // the card died on its way
	Case   bool // the member has a case about the client
	Place  *card.Place
	Reason string // as it was typed
}

func (d *Door) getDeliveries(w http.ResponseWriter, r *http.Request) error {
	v := DeliveriesView{Page: d.shown(w, r), State: card.Ordered}
	for _, s := range deliveryStates() {
		if s.Word() == r.URL.Query().Get("state") {
			v.State = s
		}
	}
	var after card.Delivery
	if text := r.URL.Query().Get("after"); text != "" {
		who, key, err := d.clientCursor(r, text, card.Prefix)
		if err == nil {
			after, err = d.Cards.DeliveryOf(r.Context(), who, key)
		}
		if err != nil {
			return badCursor(err)
		}
	}
	list, err := d.Cards.Deliveries(r.Context(), v.State, after, d.QueueRows+1)
	if err != nil {
		return err
	}
	list, more := cut(list, d.QueueRows)
	for _, one := range list {
		line, _, err := d.deliveryLine(r.Context(), one)
		if err != nil {
			return err
		}
		v.Lines = append(v.Lines, line)
		if more {
			v.Next = line.UID + "." + one.Card.Text(card.Prefix)
		}
	}
	return d.render(w, r, http.StatusOK, DeliveriesPage(v))
}

func (d *Door) deliveryLine(ctx context.Context, x card.Delivery) (DeliveryLine, card.Card, error) {
	who, err := d.Clients.ByID(ctx, x.Client)
	if err != nil {
		return DeliveryLine{}, card.Card{}, err
	}
	k, err := d.Cards.ByID(ctx, x.Client, x.Card)
	uid := who.UID.Text(client.Prefix)
	return DeliveryLine{
		Path: "/deliveries/" + uid + "/" + x.Card.Text(card.Prefix), UID: uid, Masked: who.Name.Masked(), Last4: k.Last4,
		State: x.State, Since: stampOf(reached(x)), Ordered: stampOf(x.Ordered),
	}, k, err
}

// reached tells when a delivery came to where it stands.
func reached(x card.Delivery) time.Time {
	switch x.State {
	case card.Made:
		return x.Made
	case card.WithCourier:
		return x.Sent
	case card.HandedOver:
		return x.Handed
	case card.Activated:
		return x.Activated
	}
	return x.Ordered
}

// deliveryOf reads whose delivery a page is about.
func (d *Door) deliveryOf(r *http.Request) (card.Delivery, error) {
	who, err := d.clientOf(r)
	if err != nil {
		return card.Delivery{}, err
	}
	key, err := id.Parse(card.Prefix, r.PathValue("card"))
	if err != nil {
		return card.Delivery{}, card.ErrNoDelivery
	}
	return d.Cards.DeliveryOf(r.Context(), who.ID, key)
}

func (d *Door) getDelivery(w http.ResponseWriter, r *http.Request) error {
	return d.showDelivery(w, r, http.StatusOK, nil)
}

// showDelivery builds the page. The address reaches it only through a look that
// was opened for a delivery.
func (d *Door) showDelivery(w http.ResponseWriter, r *http.Request, status int, refused error) error {
	ctx, c := r.Context(), of(r)
	x, err := d.deliveryOf(r)
	if err != nil {
		return err
	}
	v := DeliveryView{Page: d.shown(w, r), Reason: c.form.Get("reason")}
	line, k, err := d.deliveryLine(ctx, x)
	if err != nil {
		return err
	}
	v.Line, v.Dead = line, k.State.Dead()
	if refused != nil {
		v.Errors = ui.Explain(v.P, refused)
	}
	for s := card.Ordered; s <= x.State; s++ {
		done := x
		done.State = s
		v.Steps = append(v.Steps, ui.Step{What: v.P.T("console.delivery.at_" + s.Word()), At: reached(done)})
	}
	target := staff.Target{Client: x.Client}
	switch _, err := d.Staff.Holds(ctx, d.DB, c.actor, target); {
	case err == nil:
		v.Case = true
	case !errors.Is(err, staff.ErrNoCase):
		return err
	}
	if text := r.URL.Query().Get("look"); text != "" && refused == nil {
		key, err := id.Parse(staff.LookPrefix, text)
		if err != nil {
			return staff.ErrLookTooOld
		}
		look, err := d.Staff.Looking(ctx, c.actor, key, target)
		if err != nil {
			return err
		}
		if look.What != staff.WhatDelivery {
			return staff.ErrLookTooOld
		}
		v.Place = &x.Place
	}
	return d.render(w, r, status, DeliveryPage(v))
}

// postOpenDelivery opens where a card goes, with a reason.
func (d *Door) postOpenDelivery(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	x, err := d.deliveryOf(r)
	if err != nil {
		return err
	}
	look, err := d.Staff.Look(r.Context(), c.actor, staff.Target{Client: x.Client}, staff.WhatDelivery, c.form.Get("reason"))
	if err != nil && web.OnForm(err) {
		return d.showDelivery(w, r, http.StatusUnprocessableEntity, err)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, "/deliveries/"+r.PathValue("uid")+"/"+r.PathValue("card")+"?look="+look.ID.Text(staff.LookPrefix))
}

// postDelivery takes one step of a delivery.
func (d *Door) postDelivery(w http.ResponseWriter, r *http.Request) error {
	ctx, c := r.Context(), of(r)
	x, err := d.deliveryOf(r)
	if err != nil {
		return err
	}
	act, by := c.form.Get("act"), c.actor.Ref()
	err = d.DB.Write(ctx, func(tx db.Tx) error {
		switch act {
		case "made":
			return d.Cards.MakePlastic(ctx, tx, x.Client, x.Card, by)
		case "sent":
			return d.Cards.SendPlastic(ctx, tx, x.Client, x.Card, by)
		case "handed":
			return d.Cards.HandOver(ctx, tx, x.Client, x.Card, by, c.form.Get("passport"))
		}
		return staff.ErrMissing
	})
	if errors.Is(err, card.ErrPassport) {
		kept := d.DB.Write(ctx, func(tx db.Tx) error { return d.Cards.StrangePassport(ctx, tx, x.Client, x.Card, by) })
		if kept != nil {
			return kept
		}
	}
	if err != nil && web.OnForm(err) {
		return d.showDelivery(w, r, web.Status(err), err)
	}
	if err != nil {
		return err
	}
	leaveNotice(w, "delivery_"+act)
	return seeOther(w, r, "/deliveries/"+r.PathValue("uid")+"/"+r.PathValue("card"))
}
