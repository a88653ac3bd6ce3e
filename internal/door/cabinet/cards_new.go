package cabinet

import (
	"errors"
	"net/http"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// What a new virtual card is good for, as its form says it.
const (
	useAny      = "any"
	useOnce     = "one_shot"
	useMerchant = "merchant"
)

func (d *Door) getNewCard(w http.ResponseWriter, r *http.Request) error {
	all, err := d.wallet(r)
	if err != nil {
		return err
	}
	v := NewCardView{Page: d.shown(w, r), Plastic: r.URL.Query().Get("kind") == "plastic", Key: d.IDs.New().Text(keyPrefix), Use: useAny}
	v.Art = string(arts()[len(all)%len(arts())]) // another one than the last card's
	return d.render(w, r, http.StatusOK, NewCardPage(v))
}

// postNewCard makes a virtual card or orders plastic. The key came with the
// page: a second tap and a repeated POST are led to the same card.
func (d *Door) postNewCard(w http.ResponseWriter, r *http.Request) error {
	f := of(r).form
	v := NewCardView{
		Plastic: f.Get("kind") == "plastic", Key: f.Get("key"), Name: cut(f.Get("name"), keptLong), Art: f.Get("art"), Use: f.Get("use"),
		Merchant: cut(f.Get("merchant"), keptLong), Ceiling: cut(f.Get("ceiling"), keptShort), Dynamic: f.Get("dynamic") != "",
		Address: cut(f.Get("address"), keptAddress), Wish: cut(f.Get("wish"), keptAddress),
	}
	err := errors.Join(f.Faults()...)
	var made card.Card
	left := noticeCardMade
	switch {
	case err != nil:
	case f.Get("kind") == "virtual":
		made, err = d.makeVirtual(r, v)
	case v.Plastic:
		made, err = d.orderPlastic(r, v)
		left = noticeCardOrdered
	default:
		err = web.ErrForm
	}
	if err == nil {
		leaveNotice(w, left)
		return seeOther(w, r, cardHref(made, ""))
	}
	return d.cardRefused(w, r, err, "/cards/new", func(status int, problems ui.Errors) error {
		if fault.CodeOf(err) != fault.Busy { // then nobody knows what became of it
			v.Key = d.IDs.New().Text(keyPrefix)
		}
		v.Page = d.page(r)
		v.Errors = problems
		return d.render(w, r, status, NewCardPage(v))
	})
}

// keptAddress is how much of an address comes back with a form that was refused.
const keptAddress = 600

// pageKey reads the key of a page that makes a card; without a good one nobody
// could tell a second tap from a second card.
func pageKey(text string) (id.ID, error) {
	key, err := id.Parse(keyPrefix, text)
	if err != nil {
		return key, card.ErrKey.Because(err)
	}
	return key, nil
}

func (d *Door) makeVirtual(r *http.Request, v NewCardView) (card.Card, error) {
	key, err := pageKey(v.Key)
	if err != nil {
		return card.Card{}, err
	}
	n := card.NewVirtual{Key: key, Name: v.Name, Rules: card.Standard(), Dynamic: v.Dynamic}
	var errs []error
	if n.Art, err = artOf(v.Art); err != nil {
		errs = append(errs, err)
	}
	switch v.Use {
	case useAny:
	case useOnce:
		n.Rules.OneShot = true
	case useMerchant:
		if n.Rules.Merchant = v.Merchant; n.Rules.Merchant == "" {
			n.Rules.Merchant = card.FirstMerchant
		}
	default:
		errs = append(errs, web.ErrForm)
	}
	if v.Ceiling != "" {
		if n.Rules.Ceiling, err = locale.ParseAmount(v.Ceiling); err != nil {
			errs = append(errs, at(err, "ceiling"))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return card.Card{}, err
	}
	return d.Cards.IssueVirtual(r.Context(), of(r).session.Client, n)
}

func (d *Door) orderPlastic(r *http.Request, v NewCardView) (card.Card, error) {
	key, err := pageKey(v.Key)
	if err != nil {
		return card.Card{}, err
	}
	art, err := artOf(v.Art)
	if err != nil {
		return card.Card{}, err
	}
	return d.Cards.OrderPlastic(r.Context(), of(r).session.Client, card.NewPlastic{
		Key: key, Name: v.Name, Art: art, Place: card.Place{Address: v.Address, Wish: v.Wish},
	})
}
