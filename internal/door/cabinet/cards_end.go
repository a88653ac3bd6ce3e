package cabinet

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// dayForm is how a browser's own field writes a day.
const dayForm = "2006-01-02"

func (d *Door) getSuspend(w http.ResponseWriter, r *http.Request, k card.Card) error {
	return d.renderSuspend(w, r, http.StatusOK, k, SuspendView{Page: d.shown(w, r)})
}

func (d *Door) renderSuspend(w http.ResponseWriter, r *http.Request, status int, k card.Card, v SuspendView) error {
	found, err := d.face(r, k)
	if err != nil {
		return err
	}
	v.Card = found.shown
	v.First, v.Last = card.SuspendSpan(d.DB.Now())
	switch s := d.standing(k); {
	case s == card.Suspended:
		v.Until = k.Until
	case k.State.Dead():
		v.Never = v.P.Fault(card.ErrDead)
	case s == card.Frozen:
		v.Never = v.P.T("cabinet.cards.frozen_anyway")
	case s == card.NotActivated:
		v.Never = v.P.T("cabinet.cards.not_on_yet")
	}
	today := v.First.AddDate(0, 0, -1)
	for _, o := range []struct {
		key string
		day time.Time
	}{{"week", today.AddDate(0, 0, 7)}, {"month", card.MonthsLater(today, 1)}, {"longest", v.Last}} {
		v.Offers = append(v.Offers, DayOffer{Value: o.day.Format(dayForm), Text: v.P.T("cabinet.cards.pause_"+o.key, locale.A("day", v.P.Date(o.day, v.Now)))})
	}
	if v.Fails, err = d.Cards.WillFail(r.Context(), k.Client, k.ID); err != nil {
		return err
	}
	return d.render(w, r, status, SuspendPage(v))
}

// postSuspend stops a card until a day begins, or lets it work before its time.
func (d *Door) postSuspend(w http.ResponseWriter, r *http.Request, k card.Card) error {
	f := of(r).form
	v := SuspendView{Page: d.page(r), Typed: cut(f.Get("until"), keptShort)}
	err := errors.Join(f.Faults()...)
	left := noticeCardPaused
	switch {
	case err != nil:
	case f.Get("resume") != "":
		left = noticeCardResumed
		if err = d.Cards.Resume(r.Context(), k.Client, k.ID); errors.Is(err, card.ErrNotSuspended) && k.State == card.Active {
			err = nil // a second tap, or the day has come
		}
	default:
		day, bad := dayOf(orElse(f.Get("offer"), v.Typed))
		if err = bad; err == nil {
			err = d.Cards.Suspend(r.Context(), k.Client, k.ID, day)
		}
		if errors.Is(err, card.ErrNotActive) && k.State == card.Suspended && k.Until.Equal(day) {
			err = nil // a second tap
		}
	}
	if err == nil {
		leaveNotice(w, left)
		return seeOther(w, r, cardHref(k, ""))
	}
	return d.cardRefused(w, r, err, cardHref(k, "/suspend"), func(status int, problems ui.Errors) error {
		v.Errors = problems
		return d.renderSuspend(w, r, status, k, v)
	})
}

// dayOf reads a bank day the way a browser's field writes it, or people do.
func dayOf(typed string) (time.Time, error) {
	typed = strings.TrimSpace(typed)
	for _, form := range []string{dayForm, "02.01.2006", "2.1.2006"} {
		if day, err := time.ParseInLocation(form, typed, clock.Moscow); err == nil {
			return day, nil
		}
	}
	return time.Time{}, card.ErrUntil
}

// whys are the reasons a client may give for another card in the place of his.
func whys() []card.Why { return []card.Why{card.Lost, card.Stolen, card.Leaked, card.Worn} }

func (d *Door) getReissue(w http.ResponseWriter, r *http.Request, k card.Card) error {
	v := ReissueView{Page: d.shown(w, r), Key: d.IDs.New().Text(keyPrefix)}
	way, err := d.Cards.DeliveryOf(r.Context(), k.Client, k.ID)
	if err != nil && !errors.Is(err, card.ErrNoDelivery) {
		return err
	}
	v.Address, v.Wish = way.Place.Address, way.Place.Wish
	return d.renderReissue(w, r, http.StatusOK, k, v)
}

func (d *Door) renderReissue(w http.ResponseWriter, r *http.Request, status int, k card.Card, v ReissueView) error {
	found, err := d.face(r, k)
	if err != nil {
		return err
	}
	v.Card, v.Plastic = found.shown, !k.Virtual()
	switch {
	case !k.Heir.IsZero():
		v.Never = v.P.Fault(card.ErrHeir)
	case k.State == card.Closed:
		v.Never = v.P.Fault(card.ErrDead)
	case byBank(k):
		v.Never = v.P.Fault(card.ErrBankFroze)
	}
	if v.Fails, err = d.Cards.WillFail(r.Context(), k.Client, k.ID); err != nil {
		return err
	}
	return d.render(w, r, status, ReissuePage(v))
}

// postReissue makes a card in the place of another, which dies at once. The
// page's key makes it happen once.
func (d *Door) postReissue(w http.ResponseWriter, r *http.Request, k card.Card) error {
	f := of(r).form
	v := ReissueView{Page: d.page(r), Key: f.Get("key"), Why: f.Get("why"), Address: cut(f.Get("address"), keptAddress), Wish: cut(f.Get("wish"), keptAddress)}
	err := errors.Join(f.Faults()...)
	var heir card.Card
	if err == nil {
		n := card.Reissue{Old: k.ID, Why: card.Why(v.Why), Place: card.Place{Address: v.Address, Wish: v.Wish}}
		if n.Key, err = pageKey(v.Key); err == nil {
			heir, err = d.Cards.Reissue(r.Context(), k.Client, n)
		}
	}
	if err == nil {
		leaveNotice(w, noticeCardReissued)
		return seeOther(w, r, cardHref(heir, ""))
	}
	return d.cardRefused(w, r, err, cardHref(k, "/reissue"), func(status int, problems ui.Errors) error {
		if fault.CodeOf(err) != fault.Busy {
			v.Key = d.IDs.New().Text(keyPrefix)
		}
		v.Errors = problems
		return d.renderReissue(w, r, status, k, v)
	})
}

func (d *Door) getClose(w http.ResponseWriter, r *http.Request, k card.Card) error {
	return d.renderClose(w, r, http.StatusOK, k, CloseView{Page: d.shown(w, r)})
}

func (d *Door) renderClose(w http.ResponseWriter, r *http.Request, status int, k card.Card, v CloseView) error {
	all, err := d.wallet(r)
	if err != nil {
		return err
	}
	found, err := pick(all, k.ID.Text(card.Prefix))
	if err != nil {
		return err
	}
	v.Card, v.Last, v.CanPause = found.shown, len(living(all)) == 1, d.standing(k) == card.Active
	switch {
	case k.State.Dead():
		v.Never = v.P.Fault(card.ErrDead)
	case byBank(k):
		v.Never = v.P.Fault(card.ErrBankFroze)
	}
	if v.Fails, err = d.Cards.WillFail(r.Context(), k.Client, k.ID); err != nil {
		return err
	}
	return d.render(w, r, status, ClosePage(v))
}

// postClose ends a card for ever; the page has asked whether he is sure.
func (d *Door) postClose(w http.ResponseWriter, r *http.Request, k card.Card) error {
	f := of(r).form
	err := errors.Join(f.Faults()...)
	if err == nil && f.Get("sure") == "" {
		err = web.ErrForm
	}
	if err == nil {
		if err = d.Cards.Close(r.Context(), k.Client, k.ID); errors.Is(err, card.ErrDead) && k.State == card.Closed {
			err = nil // a second tap
		}
	}
	if err == nil {
		leaveNotice(w, noticeCardClosed)
		return seeOther(w, r, "/cards")
	}
	return d.cardRefused(w, r, err, cardHref(k, "/close"), func(status int, problems ui.Errors) error {
		v := CloseView{Page: d.page(r)}
		v.Errors = problems
		return d.renderClose(w, r, status, k, v)
	})
}
