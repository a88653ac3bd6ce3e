package cabinet

import (
	"errors"
	"net/http"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
	"rocketbank/internal/ledger"
)

// getCards lists the client's cards: the main one first, the dead ones folded
// away at the end.
func (d *Door) getCards(w http.ResponseWriter, r *http.Request) error {
	all, err := d.wallet(r)
	if err != nil {
		return err
	}
	v := CardsView{Page: d.shown(w, r)}
	accounts := map[ledger.AccountID]bool{}
	for _, k := range all {
		row := CardRow{Card: k.shown, State: d.stateWords(v.Page, k.card), Main: k.card.Main}
		if k.card.State.Dead() {
			v.Dead = append(v.Dead, row)
		} else {
			v.Shared, accounts[k.card.Account] = v.Shared || accounts[k.card.Account], true
			v.Cards = append(v.Cards, row)
		}
	}
	return d.render(w, r, http.StatusOK, CardsPage(v))
}

// stateWords says how a card stands: «Работает», «На паузе до 5 января».
func (d *Door) stateWords(p ui.Page, k card.Card) string {
	s := d.standing(k)
	switch {
	case s == card.Blocked && k.Why != "" && p.P.Has("card.why."+string(k.Why)):
		return p.P.T("card.state.blocked") + ": " + p.P.T("card.why."+string(k.Why))
	case s == card.Suspended:
		return p.P.T("cabinet.cards.paused_until", locale.A("day", p.P.Date(k.Until, p.Now)))
	}
	return p.P.T("card.state." + s.Word())
}

// cardRows is how many operations a card's page shows.
const cardRows = 6

func (d *Door) getCard(w http.ResponseWriter, r *http.Request, k card.Card) error {
	return d.renderCard(w, r, http.StatusOK, k, CardView{Page: d.shown(w, r)})
}

// renderCard completes the view of a card's page; what of its look was typed is
// there already when the form was refused.
func (d *Door) renderCard(w http.ResponseWriter, r *http.Request, status int, k card.Card, v CardView) error {
	all, err := d.wallet(r)
	if err != nil {
		return err
	}
	found, err := pick(all, k.ID.Text(card.Prefix))
	if err != nil {
		return err
	}
	v.Card, v.Main, v.Status, v.State = found.shown, found.card.Main, d.standing(k), d.stateWords(v.Page, k)
	v.Holder, v.FirstSix, v.Expires, v.Over = k.Holder, k.First6, k.Expires(), k.Over(d.DB.Now())
	v.FrozenBy, v.FrozenAt, v.Until, v.Ended = k.FrozenBy, k.FrozenAt, k.Until, k.Ended
	v.PINSet, v.PINBlocked, v.Dynamic = k.PINSet, k.PINSet && k.PINLeft == 0, k.DynamicCVC
	if !v.Looks {
		v.Name, v.Art = k.Name, string(found.shown.Art)
	}
	if !k.Heir.IsZero() {
		if heir, err := pick(all, k.Heir.Text(card.Prefix)); err == nil {
			v.Heir = heir.shown
		}
	}
	if v.Delivery, err = d.delivery(r, v.Page, k); err != nil {
		return err
	}
	page, err := d.Operations.Feed(r.Context(), of(r).session.Client, operation.Filter{Limit: 100})
	if err != nil {
		return err
	}
	var own []operation.Operation
	for _, o := range page.Operations {
		if ofCard(o, k) && len(own) < cardRows {
			own = append(own, o)
		}
	}
	if v.Operations, err = d.rows(r, v.P, own, all); err != nil {
		return err
	}
	return d.render(w, r, status, CardPage(v))
}

// ofCard tells whether an operation is a card's: it was paid with it, or it
// moved the account by itself and this is the main card of it.
func ofCard(o operation.Operation, k card.Card) bool {
	if b := o.Details.Purchase; b != nil {
		return b.Card == k.ID
	}
	return k.Main && o.Account == k.Account
}

// delivery tells how far plastic has come; nil for a card that nobody brings.
func (d *Door) delivery(r *http.Request, p ui.Page, k card.Card) (*Delivery, error) {
	if k.Virtual() || k.State.Dead() {
		return nil, nil
	}
	way, err := d.Cards.DeliveryOf(r.Context(), k.Client, k.ID)
	if errors.Is(err, card.ErrNoDelivery) || err == nil && way.State == card.Activated {
		return nil, nil // it came in another way, or is at work already
	}
	if err != nil {
		return nil, err
	}
	out := &Delivery{Address: way.Place.Address, Wish: way.Place.Wish, InHands: way.State == card.HandedOver}
	for _, s := range []struct {
		state card.DeliveryState
		at    DeliveryStep
	}{
		{card.Ordered, DeliveryStep{At: way.Ordered}}, {card.Made, DeliveryStep{At: way.Made}}, {card.WithCourier, DeliveryStep{At: way.Sent}},
		{card.HandedOver, DeliveryStep{At: way.Handed}}, {card.Activated, DeliveryStep{At: way.Activated}},
	} {
		s.at.What, s.at.Done, s.at.Next = p.P.T("card.delivery."+s.state.Word()), s.state <= way.State, s.state == way.State+1
		out.Steps = append(out.Steps, s.at)
	}
	return out, nil
}

// postFreeze stops a card or lets it work again, at once. What stands so
// already stands so: a second tap is no mistake.
func (d *Door) postFreeze(w http.ResponseWriter, r *http.Request, k card.Card) error {
	c := of(r)
	err := errors.Join(c.form.Faults()...)
	left := noticeCardFrozen
	if err == nil {
		err = d.DB.Write(r.Context(), func(tx db.Tx) error {
			switch c.form.Get("state") {
			case "frozen":
				left = noticeCardFrozen
				return d.Cards.Freeze(r.Context(), tx, c.session.Client, k.ID, card.ByClient, byClient)
			case "active":
				left = noticeCardUnfrozen
				return d.Cards.Unfreeze(r.Context(), tx, c.session.Client, k.ID, card.ByClient, byClient)
			}
			return web.ErrForm
		})
	}
	if err == nil || errors.Is(err, card.ErrNotActive) && k.State == card.Frozen || errors.Is(err, card.ErrNotFrozen) && k.State == card.Active {
		leaveNotice(w, left)
		return seeOther(w, r, cardHref(k, ""))
	}
	return d.cardRefused(w, r, err, cardHref(k, ""), func(status int, problems ui.Errors) error {
		v := CardView{Page: d.page(r)}
		v.Errors = problems
		return d.renderCard(w, r, status, k, v)
	})
}

// postLook names a card, paints it and makes it the main one; only what differs
// is written.
func (d *Door) postLook(w http.ResponseWriter, r *http.Request, k card.Card) error {
	c := of(r)
	f, who := c.form, c.session.Client
	err := errors.Join(f.Faults()...)
	if err == nil && !f.Has("name") {
		err = web.ErrForm
	}
	var art card.Art
	if err == nil {
		art, err = artOf(f.Get("art"))
	}
	if err == nil && f.Get("name") != k.Name {
		err = d.Cards.Rename(r.Context(), who, k.ID, f.Get("name"))
	}
	if err == nil && art != 0 && art != k.Art {
		err = d.Cards.SetArt(r.Context(), who, k.ID, art)
	}
	if err == nil && f.Get("main") != "" && !k.Main {
		err = d.Cards.SetMain(r.Context(), who, k.ID)
	}
	if err == nil {
		leaveNotice(w, noticeCardLook)
		return seeOther(w, r, cardHref(k, ""))
	}
	return d.cardRefused(w, r, err, cardHref(k, ""), func(status int, problems ui.Errors) error {
		v := CardView{Page: d.page(r), Looks: true, Name: f.Get("name"), Art: f.Get("art")}
		v.Errors = problems
		return d.renderCard(w, r, status, k, v)
	})
}

// arts are the pictures by the words of forms and styles.
func arts() []ui.Art { return []ui.Art{ui.Night, ui.Flame, ui.Mint} }

// artOf reads a picture; none is the page's own choice.
func artOf(word string) (card.Art, error) {
	switch ui.Art(word) {
	case "":
		return 0, nil
	case ui.Night:
		return card.Night, nil
	case ui.Flame:
		return card.Flame, nil
	case ui.Mint:
		return card.Mint, nil
	}
	return 0, card.ErrArt
}
