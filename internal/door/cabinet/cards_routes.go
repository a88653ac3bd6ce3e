package cabinet

import (
	"errors"
	"net/http"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// cardRoutes is the life of the client's cards: seen, made, stopped, ended.
func (d *Door) cardRoutes() []route {
	get, post := http.MethodGet, http.MethodPost
	return []route{
		{method: get, path: "/cards", who: insider, serve: d.getCards},
		{method: get, path: "/cards/new", who: insider, serve: d.getNewCard},
		{method: post, path: "/cards/new", who: insider, serve: d.postNewCard},
		{method: get, path: "/cards/{id}", who: insider, serve: d.withCard(d.getCard)},
		{method: post, path: "/cards/{id}/freeze", who: insider, serve: d.withCard(d.postFreeze), keep: backToCard},
		{method: post, path: "/cards/{id}/look", who: insider, serve: d.withCard(d.postLook), keep: backToCard},
		{method: get, path: "/cards/{id}/requisites", who: insider, serve: d.withCard(d.getRequisites)},
		{method: post, path: "/cards/{id}/requisites", who: insider, serve: d.withCard(d.postRequisites)},
		{method: get, path: "/cards/{id}/pin", who: insider, serve: d.withCard(d.getPIN)},
		{method: post, path: "/cards/{id}/pin", who: insider, serve: d.withCard(d.postPIN)},
		{method: get, path: "/cards/{id}/activate", who: insider, serve: d.withCard(d.getActivate)},
		{method: post, path: "/cards/{id}/activate", who: insider, serve: d.withCard(d.postActivate)},
		{method: get, path: "/cards/{id}/suspend", who: insider, serve: d.withCard(d.getSuspend)},
		{method: post, path: "/cards/{id}/suspend", who: insider, serve: d.withCard(d.postSuspend)},
		{method: get, path: "/cards/{id}/reissue", who: insider, serve: d.withCard(d.getReissue)},
		{method: post, path: "/cards/{id}/reissue", who: insider, serve: d.withCard(d.postReissue)},
		{method: get, path: "/cards/{id}/close", who: insider, serve: d.withCard(d.getClose)},
		{method: post, path: "/cards/{id}/close", who: insider, serve: d.withCard(d.postClose)},
	}
}

// What the next page says once about a card.
const (
	noticeCardFrozen   notice = "card_frozen"
	noticeCardUnfrozen notice = "card_unfrozen"
	noticeCardLook     notice = "card_look"
	noticeCardMade     notice = "card_made"
	noticeCardOrdered  notice = "card_ordered"
	noticeCardPIN      notice = "card_pin"
	noticeCardPINFree  notice = "card_pin_free"
	noticeCardOn       notice = "card_on"
	noticeCardPaused   notice = "card_paused"
	noticeCardResumed  notice = "card_resumed"
	noticeCardReissued notice = "card_reissued"
	noticeCardClosed   notice = "card_closed"
	noticeCardCVCMoves notice = "card_cvc_moves"
	noticeCardCVCStays notice = "card_cvc_stays"
)

// errNoCard tells somebody whose last card is closed why a form has none to offer.
var errNoCard = fault.New(fault.Refused, "cabinet.cards.none")

// byClient stands in the audit trail for what the client does himself.
const byClient = "client"

// withCard finds the client's own card that a path names before anything of
// the form is looked at: another's answers like one that is not there.
func (d *Door) withCard(serve func(http.ResponseWriter, *http.Request, card.Card) error) serve {
	return func(w http.ResponseWriter, r *http.Request) error {
		which, err := pathID(r, card.Prefix)
		if err != nil {
			return err
		}
		k, err := d.Cards.ByID(r.Context(), of(r).session.Client, which)
		if err != nil {
			return err
		}
		return serve(w, r, k)
	}
}

// backToCard brings a form of a card's page back to it after a login.
func backToCard(r *http.Request) (string, bool) { return "/cards/" + r.PathValue("id"), false }

func cardHref(k card.Card, page string) string { return "/cards/" + k.ID.Text(card.Prefix) + page }

// cardRefused answers a form of a card that was refused: again shows its page
// with the reasons, unless the refusal has a page of its own.
func (d *Door) cardRefused(w http.ResponseWriter, r *http.Request, err error, back string, again func(status int, problems ui.Errors) error) error {
	switch {
	case errors.Is(err, access.ErrPaused):
		t, _ := until(err)
		return d.renderLocked(w, r, t)
	case fault.CodeOf(err) == fault.Unauthenticated:
		return d.loginFor(w, r, back, false, err)
	case !web.OnForm(err):
		return err
	}
	problems, broken := explain(d.page(r).P, err)
	if broken != nil {
		return broken
	}
	return again(web.Status(err), problems)
}

// byBank tells a card that only the bank unfreezes.
func byBank(k card.Card) bool { return k.State == card.Frozen && k.FrozenBy > card.ByClient }

// standing is how a card stands now: a pause whose end has passed is over
// before the worker has said so.
func (d *Door) standing(k card.Card) card.State {
	if k.State == card.Suspended && !d.DB.Now().Before(k.Until) {
		return card.Active
	}
	return k.State
}
